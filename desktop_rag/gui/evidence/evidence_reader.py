"""Read-only text that loads nothing and follows no link, with the evidence marked."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QRectF, Qt, QUrl
from PySide6.QtGui import (
    QFontDatabase,
    QImage,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
)  # fmt: skip
from PySide6.QtWidgets import QFrame, QTextBrowser, QTextEdit, QWidget

from desktop_rag.gui.evidence.quote_matching import Span
from desktop_rag.gui.widgets.theme import GRID, scaled, text_width, theme

_NOTHING = QImage(1, 1, QImage.Format.Format_ARGB32_Premultiplied)
_NOTHING.fill(Qt.GlobalColor.transparent)
_LINE_HEIGHT = 135
"""Per cent of a line of prose."""


class EvidenceReader(QTextBrowser):
    """Plain text put together of pieces. Positions are those of Qt, which counts UTF-16 units."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setOpenLinks(False)
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.document().setDocumentMargin(2 * GRID)
        self.document().setIndentWidth(2.0 * GRID)
        self._marks: list[Span] = []
        self._tones: list[tuple[Span, str]] = []
        self._gutter: _Gutter | None = None
        self._code = False
        theme().changed.connect(self._paint_tones)

    def loadResource(self, _kind: int, name: QUrl | str) -> object:
        """What stands in the document itself is left to it. For all else there is something in its place: Qt would look
        for a file of that name where there is nothing."""
        if isinstance(name, QUrl) and name.scheme() == "data":
            return None
        return _NOTHING

    def begin(self, *, code: bool = False) -> None:
        """Empty it for another text. Code has numbered lines that do not wrap."""
        self.clear()
        self._marks, self._tones = [], []
        self._code = code
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont) if code else self.font()
        self.document().setDefaultFont(font)
        self.setLineWrapMode(QTextEdit.LineWrapMode.NoWrap if code else QTextEdit.LineWrapMode.FixedPixelWidth)
        if code and self._gutter is None:
            self._gutter = _Gutter(self)
        if self._gutter is not None:
            self._gutter.setVisible(code)
        self._fit()

    def add(
        self,
        text: str,
        *,
        tone: str = "text",
        factor: float = 1.0,
        bold: bool = False,
        indent: int = 0,
        gap: float = 1.0,
    ) -> Span:
        """Append paragraphs with ``gap`` lines of space above; returns where they begin and end."""
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        shape = QTextBlockFormat()
        shape.setIndent(indent)
        if not self._code:
            shape.setLineHeight(_LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        first = QTextBlockFormat(shape)
        first.setTopMargin(0.0 if self.document().isEmpty() else gap * self.fontMetrics().height())
        look = QTextCharFormat()
        look.setForeground(theme().colour(tone))
        look.setFont(scaled(self.document().defaultFont(), factor, bold=bold))
        if not self.document().isEmpty():
            cursor.insertBlock(first, look)
        else:
            cursor.setBlockFormat(first)
        begin = cursor.position()
        paragraphs = text.replace("\r\n", "\n").replace("\0", "").split("\n")
        cursor.insertText(paragraphs[0], look)
        for paragraph in paragraphs[1:]:
            cursor.insertBlock(shape, look)
            cursor.insertText(paragraph, look)
        self._tones.append(((begin, cursor.position()), tone))
        return begin, cursor.position()

    def number_lines(self, span: Span, first: int) -> None:
        """Say the number of each line of ``span``, beginning with ``first``."""
        block = self.document().findBlock(span[0])
        while block.isValid() and block.position() <= span[1]:
            block.setUserState(first)
            first += 1
            block = block.next()
        self._fit()

    def mark(self, spans: Sequence[Span]) -> None:
        self._marks = list(spans)
        self._paint_marks()

    def marked(self) -> list[str]:
        """The words that are marked."""
        return [selection.cursor.selectedText().replace("\u2029", "\n") for selection in self.extraSelections()]

    def mark_top(self) -> float:
        """How far below the top of the text the first mark begins, in pixels."""
        if not self._marks:
            return 0.0
        cursor = QTextCursor(self.document())
        cursor.setPosition(min(begin for begin, _ in self._marks))
        return self.cursorRect(cursor).top() + float(self.verticalScrollBar().value())

    def show_mark(self) -> None:
        """Scroll so that the first mark stands in the upper third."""
        self.verticalScrollBar().setValue(round(self.mark_top() - self.viewport().height() / 4))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._gutter is not None:
            self._gutter.update()

    def visible_numbers(self) -> list[tuple[int, QRectF]]:
        """The numbered lines that are seen, and where."""
        found = []
        layout, top = self.document().documentLayout(), self.verticalScrollBar().value()
        block = self.document().begin()
        while block.isValid():
            place = layout.blockBoundingRect(block).translated(0, -top)
            if place.top() > self.viewport().height():
                break
            if block.userState() >= 0 and place.bottom() >= 0:
                found.append((block.userState(), place))
            block = block.next()
        return found

    def _fit(self) -> None:
        if self._code and self._gutter is not None:
            width = self._gutter.wanted_width()
            self.setViewportMargins(width, 0, 0, 0)
            self._gutter.setGeometry(QRect(0, 0, width, self.height()))
        else:
            self.setViewportMargins(0, 0, 0, 0)
            self.setLineWrapColumnOrWidth(min(self.viewport().width(), text_width(self) + 4 * GRID))

    def _paint_tones(self) -> None:
        for span, tone in self._tones:
            look = QTextCharFormat()
            look.setForeground(theme().colour(tone))
            self._over(span).mergeCharFormat(look)
        self._paint_marks()

    def _paint_marks(self) -> None:
        look = QTextCharFormat()
        look.setBackground(theme().colour("mark"))
        look.setForeground(theme().colour("text"))
        made = []
        for span in self._marks:
            selection = QTextEdit.ExtraSelection()
            selection.cursor = self._over(span)
            selection.format = look
            made.append(selection)
        self.setExtraSelections(made)

    def _over(self, span: Span) -> QTextCursor:
        cursor = QTextCursor(self.document())
        cursor.setPosition(span[0])
        cursor.setPosition(span[1], QTextCursor.MoveMode.KeepAnchor)
        return cursor


class _Gutter(QWidget):
    """The numbers of lines, left of them."""

    def __init__(self, reader: EvidenceReader) -> None:
        super().__init__(reader)
        self._reader = reader

    def wanted_width(self) -> int:
        last = max(self._reader.document().lastBlock().userState(), 999)
        metrics = self._reader.fontMetrics()
        return metrics.horizontalAdvance("9" * len(str(last))) + 2 * GRID

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self._reader.document().defaultFont())
        painter.setPen(theme().colour("quiet"))
        height = painter.fontMetrics().height()
        for number, place in self._reader.visible_numbers():
            top = place.bottom() - height  # space above a passage belongs to its first line
            painter.drawText(
                QRectF(0, top, self.width() - GRID, height), Qt.AlignmentFlag.AlignRight.value, str(number)
            )
        painter.end()


def units(text: str) -> int:
    """The length of a text as Qt counts it."""
    return len(text) + sum(1 for character in text if ord(character) > 0xFFFF)


def placed(spans: Sequence[Span], text: str, begin: int) -> list[Span]:
    """Spans of a text, in characters, as positions in a reader that has the text at ``begin``."""
    return [(begin + units(text[:one]), begin + units(text[:two])) for one, two in spans]
