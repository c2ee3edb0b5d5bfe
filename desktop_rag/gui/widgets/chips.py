"""Chips: small round buttons that narrow a list, offer something to ask for, or say what was understood."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import partial

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QLabel, QMenu, QPushButton, QSizePolicy, QWidget

from desktop_rag.gui.widgets.basic import clear, label, row, tool
from desktop_rag.gui.widgets.flow_layout import FlowLayout
from desktop_rag.gui.widgets.formatting import escape_mnemonics, safe, tr
from desktop_rag.gui.widgets.icons import icon
from desktop_rag.gui.widgets.theme import GRID

_LONGEST = 24
"""Characters of a chip."""


def chip(text: str, press: Callable[[], object]) -> QPushButton:
    """A chip that does something; ``text`` may come from a file."""
    made = QPushButton(escape_mnemonics(safe(text)))
    made.setProperty("kind", "chip")
    made.clicked.connect(lambda: press())
    return made


class ChoiceChips(QWidget):
    """One chip for each of some choices, of which exactly one is chosen; ``chosen`` tells which. Each shows a count,
    and is hidden while that is 0, unless it is the first or the chosen one."""

    chosen = Signal(object)

    def __init__(self, choices: Sequence[tuple[Hashable, str]]) -> None:
        """``choices`` are values and their names. The first one stands for all, and is chosen at first."""
        super().__init__()
        self._names = dict(choices)
        self._all = choices[0][0]
        self._group = QButtonGroup(self)
        self._chips: dict[Hashable, QPushButton] = {}
        flow = FlowLayout(self)
        for value, name in choices:
            made = chip(name, partial(self.chosen.emit, value))
            made.setCheckable(True)
            self._group.addButton(made)
            self._chips[value] = made
            flow.addWidget(made)
        self._chips[self._all].setChecked(True)
        self.show_counts({})

    def show_counts(self, counts: Mapping[Hashable, int]) -> None:
        for value, shown in self._chips.items():
            count, name = counts.get(value, 0), self._names[value]
            shown.setText(escape_mnemonics(f"{name}  {tr('%n', count)}"))
            shown.setAccessibleName(f"{name}: {tr('%n file(s)', count)}")
            shown.setVisible(value == self._all or count > 0 or shown.isChecked())

    def choose(self, value: Hashable) -> None:
        self._chips[value].setChecked(True)
        self._chips[value].show()
        self.chosen.emit(value)

    def chip(self, value: Hashable) -> QPushButton:
        return self._chips[value]


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
        self._says = shown or self._unset
        self._button.setText(escape_mnemonics(self._says))
        self._button.setChecked(self._chosen)
        self._button.setToolTip(safe(full))
        said = f"{self._name}: {safe(value) or self._unset}"
        self._button.setAccessibleName(said)
        self._clear.setAccessibleName(tr("Remove the filter “{name}”").format(name=said))
        self._clear.setVisible(self._chosen)

    def value(self) -> str:
        """What the chip says."""
        return self._says

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


def example_chip(text: str, press: Callable[[], object]) -> QPushButton:
    """A chip that stands for something to be typed."""
    made = chip(text, press)
    made.setAccessibleName(tr("Search for {text}").format(text=text))
    return made


class UnderstoodChips(QWidget):
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
            made.setToolTip(tr("Recognized in what you typed"))
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
