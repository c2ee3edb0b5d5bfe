"""Shows the steps and the current one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QLabel, QWidget

from desktop_rag.gui.widgets.basic import label, row
from desktop_rag.gui.widgets.formatting import tr
from desktop_rag.gui.widgets.theme import GRID


class Stepper(QWidget):
    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self._names = tuple(names)
        self._labels: list[QLabel] = []
        line = row(None, spacing=3 * GRID)
        for number, name in enumerate(names, 1):
            self._labels.append(label(f"{number}   {name}", "quiet"))
            line.addWidget(self._labels[-1])
        line.addStretch(1)
        self.setLayout(line)
        self.show_step(0)

    def show_step(self, now: int) -> None:
        for at, shown in enumerate(self._labels):
            shown.setProperty("step", "now" if at == now else "done" if at < now else "ahead")
            shown.style().polish(shown)
        self.setAccessibleName(
            tr("Step {number} of {count}: {name}").format(number=now + 1, count=len(self._names), name=self._names[now])
        )
