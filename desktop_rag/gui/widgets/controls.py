"""Controls for settings. Scrolling with the pointer over one of them changes nothing."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QAbstractSpinBox, QCheckBox, QComboBox, QDoubleSpinBox, QSpinBox, QWidget

from desktop_rag.gui.widgets.icons import icon
from desktop_rag.gui.widgets.theme import GRID, theme

_TRACK = QSize(36, 20)


class Switch(QCheckBox):
    """On or off; to accessibility a checkbox."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        text = self.fontMetrics().horizontalAdvance(self.text()) + GRID if self.text() else 0
        return QSize(_TRACK.width() + 4 + text, max(_TRACK.height() + 4, self.fontMetrics().height() + 4))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def hitButton(self, _pos: object) -> bool:
        return True

    def paintEvent(self, _event: QPaintEvent) -> None:
        colour = theme().colour
        on, usable = self.isChecked(), self.isEnabled()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track = QRectF(2, (self.height() - _TRACK.height()) / 2, _TRACK.width(), _TRACK.height())
        if self.hasFocus():
            painter.setPen(QPen(colour("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(track.adjusted(-1, -1, 1, 1), 11, 11)
        painter.setPen(QPen(colour("accent" if on and usable else "edge" if usable else "line"), 1))
        painter.setBrush(colour("accent" if on and usable else "raised" if usable else "panel"))
        painter.drawRoundedRect(track.adjusted(2, 2, -2, -2), 8, 8)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour("on_accent" if on and usable else "edge" if usable else "line"))
        side = track.height() - 10
        left = track.right() - side - 5 if on else track.left() + 5
        painter.drawEllipse(QRectF(left, track.top() + 5, side, side))
        painter.setPen(colour("text" if usable else "quiet"))
        words = self.rect().adjusted(_TRACK.width() + 4 + GRID, 0, 0, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextShowMnemonic, self.text())


class ChoiceBox(QComboBox):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        side = 2 * GRID
        painter = QPainter(self)
        icon("unfold", "quiet").paint(painter, self.width() - side - 6, (self.height() - side) // 2, side, side)


class NumberBox(QSpinBox):
    def __init__(self) -> None:
        super().__init__()
        _as_field(self)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class DecimalBox(QDoubleSpinBox):
    def __init__(self) -> None:
        super().__init__()
        _as_field(self)
        self.setDecimals(2)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


def _as_field(number: QAbstractSpinBox) -> None:
    """One types into it, or uses the arrow keys: the arrows to click would be too small to hit."""
    number.setProperty("arrows", "none")
    number.lineEdit().setTextMargins(GRID, 0, GRID, 0)  # the stylesheet's padding does not reach it
    number.setGroupSeparatorShown(True)
    number.setKeyboardTracking(False)
    number.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
