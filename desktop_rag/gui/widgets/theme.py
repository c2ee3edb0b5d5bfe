"""The look of the window: one theme in light and dark, which follows the system unless the person has chosen."""

from __future__ import annotations

from string import Template
from typing import Literal, cast

import msgspec
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory, QWidget

from desktop_rag.gui.widgets.colours import DARK, LIGHT, Colours
from desktop_rag.paths import resources_dir

ThemeChoice = Literal["system", "light", "dark"]

GRID = 8
"""Pixels between things, and multiples of it."""
TEXT_COLUMN = 75
"""Characters of a line of text that is read, at most."""


class Theme(QObject):
    """The theme of an application; ``changed`` after it has turned from light to dark or back."""

    changed = Signal()

    def __init__(self, application: QApplication) -> None:
        super().__init__(application)
        self._application = application
        self._choice: ThemeChoice = "system"
        self.colours: Colours = LIGHT
        self._sheet = Template((resources_dir() / "styles" / "window.qss").read_text(encoding="utf-8"))
        application.setStyle(QStyleFactory.create("Fusion"))
        application.styleHints().colorSchemeChanged.connect(self._follow)
        self._apply()

    @property
    def choice(self) -> ThemeChoice:
        return self._choice

    def choose(self, choice: ThemeChoice) -> None:
        if choice != self._choice:
            self._choice = choice
            self._follow()

    def colour(self, name: str) -> QColor:
        """One of the fields of ``Colours``."""
        return QColor(str(getattr(self.colours, name)))

    def _follow(self) -> None:
        before = self.colours
        self._apply()
        if self.colours is not before:
            self.changed.emit()

    def _apply(self) -> None:
        dark = self._choice == "dark" or (
            self._choice == "system" and self._application.styleHints().colorScheme() == Qt.ColorScheme.Dark
        )
        self.colours = DARK if dark else LIGHT
        self._application.setPalette(_palette(self.colours))
        tick = resources_dir() / "styles" / ("tick-dark.svg" if dark else "tick-light.svg")
        named = msgspec.structs.asdict(self.colours) | {"tick": tick.as_posix()}
        self._application.setStyleSheet(self._sheet.substitute(named))


def theme() -> Theme:
    """The theme of the running application."""
    application = QApplication.instance()
    assert application is not None
    found = application.findChild(Theme)
    return found if found is not None else Theme(cast(QApplication, application))


def scaled(font: QFont, factor: float, *, bold: bool | None = None) -> QFont:
    """A font so many times as large as another: no size of its own, so that text follows the system's."""
    changed = QFont(font)
    if font.pointSizeF() > 0:
        changed.setPointSizeF(font.pointSizeF() * factor)
    else:
        changed.setPixelSize(max(1, round(font.pixelSize() * factor)))
    if bold is not None:
        changed.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    return changed


def text_width(widget: QWidget) -> int:
    """Pixels of the widest column of text that is easily read."""
    return QFontMetrics(widget.font()).averageCharWidth() * TEXT_COLUMN


def _palette(colours: Colours) -> QPalette:
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: colours.paper, QPalette.ColorRole.WindowText: colours.text,
        QPalette.ColorRole.Base: colours.raised, QPalette.ColorRole.AlternateBase: colours.panel,
        QPalette.ColorRole.Text: colours.text, QPalette.ColorRole.Button: colours.raised,
        QPalette.ColorRole.ButtonText: colours.text, QPalette.ColorRole.BrightText: colours.bad,
        QPalette.ColorRole.Highlight: colours.accent, QPalette.ColorRole.HighlightedText: colours.on_accent,
        QPalette.ColorRole.Link: colours.accent, QPalette.ColorRole.LinkVisited: colours.accent,
        QPalette.ColorRole.ToolTipBase: colours.raised, QPalette.ColorRole.ToolTipText: colours.text,
        QPalette.ColorRole.PlaceholderText: colours.quiet, QPalette.ColorRole.Mid: colours.line,
        QPalette.ColorRole.Light: colours.raised, QPalette.ColorRole.Midlight: colours.hover,
        QPalette.ColorRole.Dark: colours.edge, QPalette.ColorRole.Shadow: colours.edge,
    }  # fmt: skip
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText, QPalette.ColorRole.WindowText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(colours.quiet))
    palette.setColor(QPalette.ColorRole.Accent, QColor(colours.accent))
    return palette
