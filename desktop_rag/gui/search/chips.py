"""Chips: a filter that is set or can be, and small remarks beside it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QMenu, QPushButton, QSizePolicy, QWidget

from desktop_rag.gui.icons import icon
from desktop_rag.gui.theme import GRID
from desktop_rag.gui.widgets import clear, label, row, tool
from desktop_rag.gui.words import safe, tr, unmarked

_LONGEST = 24
"""Characters of a chip."""


class FilterChip(QWidget):
    """A button that offers the choices of one filter. While one is set, the chip says which, and can be cleared."""

    pressed = Signal()
    cleared = Signal()

    def __init__(self, name: str, unset: str) -> None:
        super().__init__()
        self._name = name
        self._unset = unset
        self._button = QPushButton()
        self._button.setProperty("kind", "chip")
        self._button.setCheckable(True)
        self._button.setIcon(icon("chevron-down", "quiet"))
        self._button.setIconSize(QSize(14, 14))
        self._button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # the arrow stands behind the words
        self._button.setMinimumWidth(6 * GRID)  # where room is short, it is cut off
        self._button.clicked.connect(self._press)
        self._clear = tool("close", tr("Remove this filter"), self.cleared.emit)
        self._clear.setIconSize(QSize(14, 14))
        self._clear.setProperty("kind", "small")
        line = row(self._button, self._clear, spacing=0)
        self.setLayout(line)
        self.set_value("")

    def set_value(self, value: str, full: str = "") -> None:
        """What is chosen, "" for nothing; ``full`` tells more to one who points at it."""
        shown = safe(value)
        shown = shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
        self._chosen = bool(shown)
        self._button.setText(unmarked(shown or self._unset))
        self._button.setChecked(self._chosen)
        self._button.setToolTip(safe(full))
        said = f"{self._name}: {safe(value) or self._unset}"
        self._button.setAccessibleName(said)
        self._clear.setAccessibleName(tr("Remove the filter “{name}”").format(name=said))
        self._clear.setVisible(self._chosen)

    def value(self) -> str:
        """What the chip says."""
        return self._button.text().replace("&&", "&")

    def offer(self, menu: QMenu) -> None:
        """Show a menu below the chip."""
        menu.setAccessibleName(self._name)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.below())

    def below(self) -> QPoint:
        """Where on the screen a menu belongs."""
        return self.mapToGlobal(QPoint(0, self.height() + 2))

    def focus(self) -> None:
        self._button.setFocus()

    def _press(self) -> None:
        self._button.setChecked(self._chosen)
        self.pressed.emit()


def example(text: str, press: Callable[[], object]) -> QPushButton:
    """A chip that stands for something to be typed."""
    made = QPushButton(unmarked(text))
    made.setProperty("kind", "chip")
    made.setAccessibleName(tr("Search for {text}").format(text=text))
    made.clicked.connect(lambda: press())
    return made


class Remarks(QWidget):
    """What was understood, in quiet chips: as many as there is room for."""

    def __init__(self) -> None:
        super().__init__()
        self._said: tuple[str, ...] = ()
        self._chips: list[QLabel] = []
        self._line = row(spacing=GRID // 2)
        self.setLayout(self._line)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def say(self, said: tuple[str, ...]) -> None:
        if said == self._said:
            return
        self._said = said
        self._chips = []
        clear(self._line)
        for text in said:
            made = label(safe(text), "quiet")
            made.setProperty("kind", "remark")
            made.setToolTip(tr("Understood from what you typed"))
            made.setAccessibleDescription(made.toolTip())
            self._chips.append(made)
            self._line.addWidget(made)
        self._line.addStretch()
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        room = self.width()
        for chip in self._chips:
            room -= chip.sizeHint().width() + GRID // 2
            chip.setVisible(room >= 0)
