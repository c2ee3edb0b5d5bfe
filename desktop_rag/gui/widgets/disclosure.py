"""A part of a view that is shown when asked for."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from desktop_rag.gui.widgets.basic import button, column, row
from desktop_rag.gui.widgets.icons import icon


class Disclosure(QWidget):
    """A part under a button that shows and hides it; ``toggled`` says which."""

    toggled = Signal(bool)

    def __init__(self, title: str, inside: QWidget) -> None:
        super().__init__()
        self.inside = inside
        self.button = button(title, self._turn, kind="plain", drawing="forward")
        self.button.setCheckable(True)
        inner = column(self, spacing=0)
        inner.addLayout(row(self.button, None))
        inner.addWidget(inside)
        inside.hide()

    def _turn(self) -> None:
        shown = self.button.isChecked()
        self.inside.setVisible(shown)
        self.button.setIcon(icon("chevron-down" if shown else "forward"))
        self.toggled.emit(shown)
