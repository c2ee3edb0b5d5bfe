"""What became of the files, as chips with counts: press one to see only those."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QPushButton, QWidget

from desktop_rag.gui.library.flow import Flow
from desktop_rag.gui.library.said import STATES, state_name
from desktop_rag.gui.words import tr
from desktop_rag.types import FileState


class StateChips(QWidget):
    """``chosen`` tells a ``FileState``, or None for all. A state that no file is in is not shown, unless it is the one
    chosen."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._group = QButtonGroup(self)
        self._chips: dict[FileState | None, QPushButton] = {}
        flow = Flow(self)
        for state in (None, *STATES):
            chip = QPushButton()
            chip.setProperty("kind", "chip")
            chip.setCheckable(True)
            self._group.addButton(chip)
            self._chips[state] = chip
            flow.addWidget(chip)
            chip.clicked.connect(lambda _=False, state=state: self.chosen.emit(state))
        self._chips[None].setChecked(True)
        self.show_counts({}, 0)

    def show_counts(self, states: Mapping[str, int], files: int) -> None:
        for state, chip in self._chips.items():
            count = files if state is None else states.get(state.value, 0)
            name = tr("All") if state is None else state_name(state)
            chip.setText(f"{name}  {tr('%n', count)}")
            chip.setAccessibleName(f"{name}: {tr('%n file(s)', count)}")
            chip.setVisible(state is None or count > 0 or chip.isChecked())

    def choose(self, state: FileState | None) -> None:
        self._chips[state].setChecked(True)
        self._chips[state].show()
        self.chosen.emit(state)

    def chip(self, state: FileState | None) -> QPushButton:
        return self._chips[state]
