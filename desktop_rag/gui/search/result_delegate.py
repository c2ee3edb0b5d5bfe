"""Paints a result: as a row with the best lines of its passage, or as a picture."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QIcon, QPainter, QPainterPath, QPen, QPixmap, QTextLayout, QTextOption
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from desktop_rag.gui.search.excerpt import Excerpt, name_of, origin_of
from desktop_rag.gui.search.preview_cache import PreviewCache, is_picture
from desktop_rag.gui.search.result_model import ResultModel, date_of
from desktop_rag.gui.widgets.formatting import KINDS, short_path
from desktop_rag.gui.widgets.icons import icon
from desktop_rag.gui.widgets.theme import GRID, TEXT_COLUMN, scaled, theme
from desktop_rag.types import Hit

_TILE = 5 * GRID
"""Pixels of the picture or drawing at the left of a row."""
_SMALL = 0.88
_ROUND = 6.0
_EXCERPT_LINES = 2
_LONG_WORD = 14

Index = QModelIndex | QPersistentModelIndex


class _ResultDelegate(QStyledItemDelegate):
    """What rows and pictures have in common."""

    def __init__(self, model: ResultModel, previews: PreviewCache, view: QListView) -> None:
        super().__init__(view)
        self._model = model
        self._previews = previews
        self._view = view

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        hit = self._model.hit(index)
        if hit is None:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self._paint_ground(painter, option)
        self._paint_hit(painter, option.rect, option.font, hit)
        painter.restore()

    def _paint_hit(self, painter: QPainter, rect: QRect, font: QFont, hit: Hit) -> None:
        raise NotImplementedError

    def _paint_ground(self, painter: QPainter, option: QStyleOptionViewItem) -> None:
        state = option.state
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        if not chosen and not hovered:
            return
        focused = chosen and self._view.hasFocus()
        painter.setPen(QPen(theme().colour("accent"), 1) if focused else Qt.PenStyle.NoPen)
        painter.setBrush(theme().colour("chosen" if chosen else "hover"))
        painter.drawRoundedRect(QRectF(option.rect).adjusted(1.5, 1.5, -1.5, -1.5), _ROUND, _ROUND)

    def _picture_of(self, hit: Hit) -> QPixmap | None:
        return self._previews.get(hit.chunk.id) if is_picture(hit) else None


class RowDelegate(_ResultDelegate):
    """All rows are of one height, so that nothing moves when one is replaced by another."""

    def sizeHint(self, option: QStyleOptionViewItem, _index: Index) -> QSize:
        font: QFont = option.font
        return QSize(20 * GRID, row_height(font))

    def _paint_hit(self, painter: QPainter, rect: QRect, font: QFont, hit: Hit) -> None:
        inner = rect.adjusted(GRID, GRID, -2 * GRID, -GRID)
        self._paint_tile(painter, QRect(inner.topLeft(), QSize(_TILE, _TILE)), hit)
        text = inner.adjusted(_TILE + GRID + 4, 0, 0, 0)
        small = scaled(font, _SMALL)
        lines, small_lines = QFontMetrics(font), QFontMetrics(small)

        date = date_of(hit)
        wide = small_lines.horizontalAdvance(date)
        painter.setFont(small)
        painter.setPen(theme().colour("quiet"))
        line = QRect(text.left(), text.top(), text.width(), lines.height())
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, date)

        bold = scaled(font, 1.0, bold=True)
        painter.setFont(bold)
        painter.setPen(theme().colour("text"))
        _line(painter, line.adjusted(0, 0, -wide - 2 * GRID if date else 0, 0), name_of(hit), bold)

        column = min(text.width(), lines.averageCharWidth() * TEXT_COLUMN)
        top = text.top() + lines.height() + 2
        _paint_excerpt(painter, QRect(text.left(), top, column, 0), font, self._model.excerpt(hit))

        foot = QRect(text.left(), text.bottom() - small_lines.height() + 1, text.width(), small_lines.height())
        painter.setFont(small)
        painter.setPen(theme().colour("quiet"))
        origin = origin_of(hit)
        told = small_lines.elidedText(origin, Qt.TextElideMode.ElideRight, text.width() * 2 // 3)
        told += " · " if told else ""
        _line(painter, foot, told, small)
        rest = foot.adjusted(small_lines.horizontalAdvance(told), 0, 0, 0)
        _line(painter, rest, short_path(hit.path), small, Qt.TextElideMode.ElideMiddle)

    def _paint_tile(self, painter: QPainter, place: QRect, hit: Hit) -> None:
        picture = self._picture_of(hit)
        if picture is not None:
            _paint_cover(painter, place, picture)
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().colour("panel"))
        painter.drawRoundedRect(place, _ROUND, _ROUND)
        _paint_kind(painter, place, hit, 22)


class PictureDelegate(_ResultDelegate):
    """A picture, and its name below it; as large as the view's grid."""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: Index) -> QSize:
        return self._view.gridSize()

    def _paint_hit(self, painter: QPainter, rect: QRect, font: QFont, hit: Hit) -> None:
        small = scaled(font, _SMALL)
        lines = QFontMetrics(small)
        inner = rect.adjusted(GRID, GRID, -GRID, -GRID)
        place = inner.adjusted(0, 0, 0, -2 * lines.height() - GRID // 2)
        picture = self._picture_of(hit)
        if picture is None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().colour("panel"))
            painter.drawRoundedRect(place, _ROUND, _ROUND)
            _paint_kind(painter, place, hit, 32)
        else:
            _paint_cover(painter, place, picture)
        name = QRect(inner.left(), place.bottom() + GRID // 2, inner.width(), lines.height())
        painter.setFont(small)
        painter.setPen(theme().colour("text"))
        _line(painter, name, name_of(hit), small, Qt.TextElideMode.ElideMiddle)
        painter.setPen(theme().colour("quiet"))
        _line(painter, name.translated(0, lines.height()), date_of(hit), small)


def row_height(font: QFont) -> int:
    """Pixels of a row: a title, two lines of the passage, and where it is."""
    line, small = QFontMetrics(font).height(), QFontMetrics(scaled(font, _SMALL)).height()
    return 2 * GRID + line + 2 + _EXCERPT_LINES * line + 4 + small


def _line(
    painter: QPainter, place: QRect, text: str, font: QFont, elide: Qt.TextElideMode = Qt.TextElideMode.ElideRight
) -> None:
    if place.width() > 0:
        shown = QFontMetrics(font).elidedText(text, elide, place.width())
        painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)


def _paint_excerpt(painter: QPainter, place: QRect, font: QFont, shown: Excerpt) -> None:
    """Two lines, the second of which ends in "…" where there is more; marks lie behind their words."""
    text = _cut(shown.text, font, place.width())
    layout = QTextLayout(text, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    formats = []
    for first, last in shown.marks:
        if last <= len(text):
            marked = QTextLayout.FormatRange()
            # In units of UTF-16, as Qt counts.
            marked.start, marked.length = _units(text[:first]), _units(text[first:last])
            marked.format.setBackground(theme().colour("mark"))
            formats.append(marked)
    layout.setFormats(formats)
    _lay_out(layout, place.width())
    painter.setPen(theme().colour("text"))
    layout.draw(painter, QPointF(place.topLeft()))


def _cut(text: str, font: QFont, width: int) -> str:
    """As much of a text as has room in two lines."""
    layout = QTextLayout(text, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    end = _lay_out(layout, width)
    units = text.encode("utf-16-le")
    if end * 2 >= len(units):
        return text
    last = layout.lineAt(layout.lineCount() - 1)
    room = QFontMetrics(font).horizontalAdvance("…")
    shown = units[: end * 2].decode("utf-16-le", "ignore").rstrip()
    begin = units[: last.textStart() * 2].decode("utf-16-le", "ignore")
    while len(shown) > len(begin) and QFontMetrics(font).horizontalAdvance(shown[len(begin) :]) + room > width:
        shown = shown[:-1].rstrip()
    space = shown.rfind(" ")
    shown = shown[:space] if space > len(shown) - _LONG_WORD else shown
    return f"{shown.rstrip(' .,;:·')}…"


def _lay_out(layout: QTextLayout, width: int) -> int:
    """Break into lines of this width; returns where the last of them ends, in units of UTF-16."""
    end = 0
    top = 0.0
    layout.beginLayout()
    for _ in range(_EXCERPT_LINES):
        line = layout.createLine()
        if not line.isValid():
            break
        line.setLineWidth(max(1, width))
        line.setPosition(QPointF(0, top))
        top += line.height()
        end = line.textStart() + line.textLength()
    layout.endLayout()
    return end


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _paint_cover(painter: QPainter, place: QRect, picture: QPixmap) -> None:
    """A picture that fills a place; what does not fit is cut off on both sides alike."""
    outline = QPainterPath()
    outline.addRoundedRect(QRectF(place), _ROUND, _ROUND)
    share = max(place.width() / picture.width(), place.height() / picture.height())
    wide, high = place.width() / share, place.height() / share
    part = QRectF((picture.width() - wide) / 2, (picture.height() - high) / 2, wide, high)
    painter.save()
    painter.setClipPath(outline, Qt.ClipOperation.IntersectClip)
    painter.drawPixmap(QRectF(place), picture, part)
    painter.restore()


def _paint_kind(painter: QPainter, place: QRect, hit: Hit, side: int) -> None:
    drawing: QIcon = icon(KINDS.get(hit.document.kind, "file"), "quiet")
    middle = QRect(0, 0, side, side)
    middle.moveCenter(place.center())
    drawing.paint(painter, middle)
