"""Labels, buttons, layouts and other small parts used everywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPushButton,
    QSizePolicy,
    QSpacerItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from desktop_rag.gui.widgets.formatting import tr
from desktop_rag.gui.widgets.icons import icon, pixmap
from desktop_rag.gui.widgets.theme import GRID, scaled, text_width, theme

Tone = Literal["", "quiet", "good", "warn", "bad"]
ButtonKind = Literal["", "next", "plain", "danger", "status"]
_SENTENCE_WIDTH = 520


def label(text: str = "", tone: Tone = "", factor: float = 1.0, *, bold: bool = False, wrap: bool = False) -> QLabel:
    """Plain text: what looks like HTML in a file's name is shown, not obeyed."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setProperty("tone", tone)
    if factor != 1.0 or bold:
        made.setFont(scaled(made.font(), factor, bold=bold))
    made.setWordWrap(wrap)
    return made


def button(
    text: str,
    press: Callable[[], object],
    *,
    kind: ButtonKind = "",
    drawing: str = "",
) -> QPushButton:
    """The kind "next" marks the main action; there is at most one in a place."""
    made = QPushButton(text)
    made.setProperty("kind", kind)
    if drawing:
        made.setIcon(icon(drawing, "on_accent" if kind == "next" else "bad" if kind == "danger" else "text"))
    made.clicked.connect(lambda: press())
    return made


def tool(drawing: str, name: str, press: Callable[[], object] | None = None, *, keys: str = "") -> QToolButton:
    """A button with an icon only; ``name`` is its tooltip and its accessible name."""
    made = QToolButton()
    made.setIcon(icon(drawing))
    made.setIconSize(QSize(18, 18))
    made.setAccessibleName(name)
    made.setToolTip(f"{name} ({keys})" if keys else name)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    if press is not None:
        made.clicked.connect(lambda: press())
    return made


def row(*parts: QWidget | None, spacing: int = GRID) -> QHBoxLayout:
    """A row of widgets; None stands for a gap that takes the remaining space."""
    made = QHBoxLayout()
    made.setContentsMargins(0, 0, 0, 0)
    made.setSpacing(spacing)
    for part in parts:
        if part is None:
            made.addItem(QSpacerItem(0, 0, QSizePolicy.Policy.Expanding))
        else:
            made.addWidget(part)
    return made


def column(parent: QWidget | None = None, *, margin: int = 0, spacing: int = GRID) -> QVBoxLayout:
    made = QVBoxLayout(parent) if parent is not None else QVBoxLayout()
    made.setContentsMargins(margin, margin, margin, margin)
    made.setSpacing(spacing)
    return made


def clear(layout: QLayout) -> None:
    """Take everything out of a layout, and let go of it."""
    while (item := layout.takeAt(0)) is not None:
        if (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()
        elif (inner := item.layout()) is not None:
            clear(inner)


class Elided(QLabel):
    """One line that is cut off with "…" when there is no space; the tooltip has all of it."""

    def __init__(self, text: str = "", tone: Tone = "", mode: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle) -> None:
        super().__init__()
        self._mode = mode
        self._full = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("tone", tone)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setText(text)

    def setText(self, text: str) -> None:
        self._full = text
        self.setAccessibleName(text)
        self._fit()

    def full_text(self) -> str:
        return self._full

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def sizeHint(self) -> QSize:
        return QSize(QFontMetrics(self.font()).horizontalAdvance(self._full) + 2, super().sizeHint().height())

    def _fit(self) -> None:
        shown = QFontMetrics(self.font()).elidedText(self._full, self._mode, max(self.width(), 24))
        super().setText(shown)
        self.setToolTip(self._full if shown != self._full else "")


class EmptyState(QWidget):
    """What a page is for, in a sentence, and the button to begin with."""

    def __init__(self, drawing: str, title: str, sentence: str, *buttons: QWidget) -> None:
        super().__init__()
        self._drawing = drawing
        self._picture = QLabel()
        self._picture.setAccessibleName("")
        heading = label(title, factor=1.25, bold=True)
        self.sentence = label(sentence, "quiet", wrap=True)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        width = min(text_width(self), _SENTENCE_WIDTH)
        self.sentence.setFixedWidth(width)
        self.sentence.setMinimumHeight(self.sentence.heightForWidth(width))
        inner = column(spacing=GRID)
        inner.addStretch(2)
        for part in (self._picture, heading, self.sentence):
            inner.addWidget(part, 0, Qt.AlignmentFlag.AlignHCenter)
        inner.addSpacing(GRID)
        inner.addLayout(row(None, *buttons, None))
        self._below = column()
        inner.addLayout(self._below)
        inner.addStretch(3)
        outer = column(self, margin=3 * GRID)
        outer.addLayout(inner)
        self._paint()
        theme().changed.connect(self._paint)

    def add_below(self, part: QWidget) -> None:
        """Put something under the buttons."""
        self._below.addWidget(part)

    def _paint(self) -> None:
        self._picture.setPixmap(pixmap(self._drawing, 40, "quiet", self.devicePixelRatioF()))


class Notice(QFrame):
    """A problem with its remedy, or something in progress; hidden while there is nothing to say."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("banner")
        self._text = label(wrap=True)
        self._action = button("", self._press, kind="plain")
        self._action.hide()
        self._do: Callable[[], object] = lambda: None
        close = tool("close", tr("Close this message"), self.hide)
        inner = row(self._text, self._action, close)
        inner.setContentsMargins(2 * GRID, GRID // 2, GRID, GRID // 2)
        inner.setStretch(0, 1)
        self.setLayout(inner)
        self.hide()

    def say(self, text: str, tone: Tone = "", action: str = "", do: Callable[[], object] | None = None) -> None:
        self._text.setText(text)
        self._text.setProperty("tone", tone)
        self._text.style().polish(self._text)
        self._action.setText(action)
        self._action.setVisible(bool(action))
        self._do = do or (lambda: None)
        self.show()

    def _press(self) -> None:
        self._do()


class ShareBar(QWidget):
    """A thin bar, filled to ``share``; parts of it may have a colour of their own (what takes which memory)."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._parts: tuple[tuple[float, str], ...] = ()
        self.setAccessibleName(name)
        self.setFixedHeight(GRID)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().changed.connect(self.update)

    def set_share(self, share: float) -> None:
        self.set_parts((share, "accent"))

    def set_parts(self, *parts: tuple[float, str]) -> None:
        """Shares of the whole (0 to 1) with the name of their colour, from the left."""
        self._parts = parts
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().colour("hover"))
        painter.drawRoundedRect(self.rect(), 4, 4)
        left = 0.0
        for share, colour in self._parts:
            width = max(0.0, min(share, 1.0)) * self.width()
            painter.setBrush(theme().colour(colour))
            painter.drawRoundedRect(round(left), 0, round(width), self.height(), 4, 4)
            left += width
