"""A page or picture to zoom and scroll, with the evidence marked on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from PySide6.QtCore import QPoint, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QShortcut,
    QWheelEvent,
)  # fmt: skip
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolButton, QWidget

from desktop_rag.gui.widgets.basic import tool
from desktop_rag.gui.widgets.colours import LIGHT
from desktop_rag.gui.widgets.formatting import tr
from desktop_rag.gui.widgets.theme import GRID, theme

Fit = Literal["width", "whole"]

_STEP = 1.25
_SMALLEST, _LARGEST = 0.25, 8.0


class Canvas(QAbstractScrollArea):
    """Shows an image of something that is ``size`` large (in any unit), at first as large as fits.

    ``rescaled`` when it should be drawn in another size (``wanted_pixels``); ``turned`` when the person scrolls past
    the end (1) or the beginning (-1).
    """

    rescaled = Signal()
    turned = Signal(int)

    def __init__(self, name: str, fit: Fit, *, paper: bool = False) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._fit = fit
        self._paper = paper
        self._size = QSizeF()
        self._image = QImage()
        self._words: list[QRectF] = []
        self._box: QRectF | None = None
        self._zoom = 1.0
        theme().changed.connect(self.viewport().update)

    def zoom_from(self, widget: QWidget) -> None:
        """Have the usual keys make it larger and smaller while the focus is anywhere in ``widget``."""
        for keys, act in (
            ("Ctrl++", lambda: self.zoom_by(1)),
            ("Ctrl+=", lambda: self.zoom_by(1)),
            ("Ctrl+-", lambda: self.zoom_by(-1)),
            ("Ctrl+0", self.fit),
        ):
            QShortcut(QKeySequence(keys), widget, act, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)

    @property
    def zoom(self) -> float:
        """1 where it fits."""
        return self._zoom

    def set_size(self, size: QSizeF) -> None:
        """Begin with something else, of this size; its image is to follow."""
        self._size = size
        self._image = QImage()
        self._words, self._box = [], None
        self._lay_out()

    def set_image(self, image: QImage) -> None:
        self._image = image
        self.viewport().update()

    def image(self) -> QImage:
        return self._image

    def set_marks(self, words: Sequence[QRectF], box: QRectF | None = None) -> None:
        """Places as fractions of the size: of words, and of a region that gets an edge."""
        self._words, self._box = list(words), box
        self.viewport().update()

    def marks(self) -> list[QRectF]:
        """The marked places, as fractions of the size."""
        return [*self._words, *([self._box] if self._box is not None else [])]

    def show_mark(self) -> None:
        """Scroll so that the first mark is seen; to the top without one."""
        place = self._place()
        marks = self.marks()
        first = min(marks, key=lambda mark: mark.top()) if marks else QRectF()
        top, left = first.top() * place.height(), first.left() * place.width()
        self.verticalScrollBar().setValue(round(top - self.viewport().height() / 3) if marks else 0)
        self.horizontalScrollBar().setValue(round(left - self.viewport().width() / 3) if marks else 0)

    def zoom_tools(self, fit: str) -> tuple[QToolButton, QToolButton, QToolButton]:
        """Buttons to zoom out, zoom in, and fit, which is called ``fit``."""
        return (
            tool("minus", tr("Zoom out"), lambda: self.zoom_by(-1), keys="Ctrl+-"),
            tool("plus", tr("Zoom in"), lambda: self.zoom_by(1), keys="Ctrl++"),
            tool("fit", fit, self.fit, keys="Ctrl+0"),
        )

    def zoom_by(self, steps: float, at: QPoint | None = None) -> None:
        """Larger (or smaller) around a point of the viewport, or its middle."""
        self._zoom_to(self._zoom * _STEP**steps, at)

    def fit(self) -> None:
        self._zoom_to(1.0, None)

    def wanted_pixels(self, most: float) -> QSize:
        """The size of an image that is sharp on this screen, with ``most`` pixels altogether."""
        place, ratio = self._place(), self.devicePixelRatioF()
        pixels = place.width() * ratio * place.height() * ratio
        if pixels > most:
            ratio *= (most / pixels) ** 0.5
        return QSize(max(1, round(place.width() * ratio)), max(1, round(place.height() * ratio)))

    # --- events ---

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def wheelEvent(self, event: QWheelEvent) -> None:
        turns = event.angleDelta().y() / 120
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_by(turns, event.position().toPoint())
            event.accept()
            return
        bar = self.verticalScrollBar()
        if turns < 0 and bar.value() == bar.maximum():
            self.turned.emit(1)
        elif turns > 0 and bar.value() == bar.minimum():
            self.turned.emit(-1)
        else:
            super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        bar, key = self.verticalScrollBar(), event.key()
        if key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_by(1)
        elif key == Qt.Key.Key_Minus:
            self.zoom_by(-1)
        elif key == Qt.Key.Key_0:
            self.fit()
        elif key in (Qt.Key.Key_PageDown, Qt.Key.Key_Space) and bar.value() == bar.maximum():
            self.turned.emit(1)
        elif key == Qt.Key.Key_PageUp and bar.value() == bar.minimum():
            self.turned.emit(-1)
        elif key in (Qt.Key.Key_PageDown, Qt.Key.Key_Space):
            bar.setValue(bar.value() + bar.pageStep())
        elif key == Qt.Key.Key_PageUp:
            bar.setValue(bar.value() - bar.pageStep())
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        place = self._place()
        if self._paper:
            painter.fillRect(place, QColor(LIGHT.paper))
        if not self._image.isNull():
            painter.drawImage(place, self._image)
        if self._paper:
            painter.setPen(theme().colour("line"))
            painter.drawRect(place)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Multiply)
        for words in self._words:  # a page is white in either theme, and so is marked as in the light one
            painter.fillRect(_part(place, words).adjusted(-1, -1, 1, 1), QColor(LIGHT.mark))
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
        if self._box is not None:
            self._paint_box(painter, _part(place, self._box))

    def _paint_box(self, painter: QPainter, box: QRectF) -> None:
        """In the accent colour, with a paler edge around: seen on light and on dark pictures."""
        edge = box.adjusted(-2, -2, 2, 2)
        painter.setPen(QPen(theme().colour("on_accent"), 5))
        painter.drawRoundedRect(edge, 3, 3)
        painter.setPen(QPen(theme().colour("accent"), 2.5))
        painter.drawRoundedRect(edge, 3, 3)

    # --- inside ---

    def _scale(self) -> float:
        """Pixels of a unit of the size."""
        if self._size.isEmpty():
            return 1.0
        room = QSizeF(self.viewport().size()) - QSizeF(2 * GRID, 2 * GRID)
        width, height = room.width() / self._size.width(), room.height() / self._size.height()
        return max(0.01, width if self._fit == "width" else min(width, height)) * self._zoom

    def _place(self) -> QRectF:
        """Where the whole is in the viewport, of which it may be larger."""
        size, room = self._size * self._scale(), self.viewport().size()
        left = max(float(GRID), (room.width() - size.width()) / 2) - self.horizontalScrollBar().value()
        top = max(float(GRID), (room.height() - size.height()) / 2 if self._fit == "whole" else 0.0)
        return QRectF(left, top - self.verticalScrollBar().value(), size.width(), size.height())

    def _zoom_to(self, zoom: float, at: QPoint | None) -> None:
        zoom = min(max(zoom, _SMALLEST), _LARGEST)
        if zoom == self._zoom or self._size.isEmpty():
            return
        fixed = at or self.viewport().rect().center()
        before = self._place()
        across = (fixed.x() - before.left()) / before.width()
        down = (fixed.y() - before.top()) / before.height()
        self._zoom = zoom
        self._lay_out()
        place = self._place()
        bars = (self.horizontalScrollBar(), self.verticalScrollBar())
        bars[0].setValue(round(bars[0].value() + place.left() + across * place.width() - fixed.x()))
        bars[1].setValue(round(bars[1].value() + place.top() + down * place.height() - fixed.y()))

    def _lay_out(self) -> None:
        size, room = self._size * self._scale(), self.viewport().size()
        for bar, whole, seen in (
            (self.horizontalScrollBar(), size.width(), room.width()),
            (self.verticalScrollBar(), size.height(), room.height()),
        ):
            bar.setPageStep(seen)
            bar.setSingleStep(3 * GRID)
            bar.setRange(0, max(0, round(whole + 2 * GRID - seen)))
        self.viewport().update()
        self.rescaled.emit()


def _part(place: QRectF, fraction: QRectF) -> QRectF:
    return QRectF(
        place.left() + fraction.left() * place.width(),
        place.top() + fraction.top() * place.height(),
        fraction.width() * place.width(),
        fraction.height() * place.height(),
    )
