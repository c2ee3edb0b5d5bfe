"""Icons: drawings in ``resources/icons`` in the colour of the theme, sharp at any scale."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from desktop_rag.gui.widgets.theme import theme
from desktop_rag.paths import resources_dir


def icon(name: str, colour: str = "text") -> QIcon:
    """The drawing ``name`` in a colour of the theme; what is disabled is drawn quiet."""
    return QIcon(_Drawing(name, colour))


def pixmap(name: str, side: int, colour: str = "text", ratio: float = 1.0) -> QPixmap:
    """A drawing ``side`` pixels wide and high, on a screen with so many device pixels for one."""
    return icon(name, colour).pixmap(QSize(side, side), ratio)


class _Drawing(QIconEngine):
    """Drawn anew whenever it is painted: the theme may have changed since."""

    def __init__(self, name: str, colour: str) -> None:
        super().__init__()
        self._name = name
        self._colour = colour

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, _state: QIcon.State) -> None:
        colour = "quiet" if mode == QIcon.Mode.Disabled else self._colour
        _renderer(self._name, theme().colour(colour).name()).render(painter, QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        image = QPixmap(size)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        painter.end()
        return image

    def clone(self) -> QIconEngine:
        return _Drawing(self._name, self._colour)


@cache
def _renderer(name: str, colour: str) -> QSvgRenderer:
    drawing = (resources_dir() / "icons" / f"{name}.svg").read_bytes().replace(b"currentColor", colour.encode())
    return QSvgRenderer(QByteArray(drawing))
