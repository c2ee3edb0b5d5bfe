"""The theme, and what happens when the window is closed."""

from __future__ import annotations

from PySide6.QtWidgets import QButtonGroup, QRadioButton, QSystemTrayIcon, QWidget

from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.gui.services.preferences import CLOSE_TO_TRAY, THEME
from desktop_rag.gui.settings.fields import heading
from desktop_rag.gui.widgets.basic import column, label
from desktop_rag.gui.widgets.controls import Switch
from desktop_rag.gui.widgets.formatting import tr
from desktop_rag.gui.widgets.theme import GRID, ThemeChoice, theme


class AppearanceSection(QWidget):
    def __init__(self, mediator: Mediator) -> None:
        super().__init__()
        self._mediator = mediator
        inner = column(self)
        inner.addWidget(heading(tr("Theme")))
        self.themes: dict[ThemeChoice, QRadioButton] = {
            "system": QRadioButton(tr("Same as system")), "light": QRadioButton(tr("Light")),
            "dark": QRadioButton(tr("Dark")),
        }  # fmt: skip
        together = QButtonGroup(self)
        for choice, one in self.themes.items():
            one.setChecked(choice == theme().choice)
            one.toggled.connect(lambda on, choice=choice: self._choose(choice) if on else None)
            together.addButton(one)
            inner.addWidget(one)
        inner.addWidget(label(tr("Text size follows your system."), "quiet"))
        inner.addSpacing(GRID)
        inner.addWidget(heading(tr("When you close the window")))
        self.stay = Switch(tr("Keep running in the tray"))
        there = QSystemTrayIcon.isSystemTrayAvailable()
        self.stay.setEnabled(there)
        self.stay.setChecked(there and bool(mediator.settings.value(CLOSE_TO_TRAY, False, type=bool)))
        self.stay.toggled.connect(lambda on: mediator.settings.setValue(CLOSE_TO_TRAY, on))
        inner.addWidget(self.stay)
        said = (
            tr("The icon next to the clock stays, for quick questions and to open the window again.")
            if there
            else tr("This desktop does not show tray icons, so this is not available.")
        )
        inner.addWidget(label(said, "quiet", wrap=True))
        inner.addWidget(label(tr("Your files are kept up to date either way."), "quiet", wrap=True))
        inner.addStretch()

    def _choose(self, choice: ThemeChoice) -> None:
        theme().choose(choice)
        self._mediator.settings.setValue(THEME, choice)
