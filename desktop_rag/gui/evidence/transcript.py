"""The transcript of a recording, with the time of each passage."""

from __future__ import annotations

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from desktop_rag.gui.evidence.passage_pager import PassagePager
from desktop_rag.gui.evidence.quote_matching import innermost
from desktop_rag.gui.widgets.formatting import format_clock, tr
from desktop_rag.gui.widgets.theme import GRID, theme
from desktop_rag.types import Chunk, TimeSpan

Index = QModelIndex | QPersistentModelIndex

_NOWHERE = QModelIndex()
_SPOKEN = Qt.ItemDataRole.UserRole
_CITED = Qt.ItemDataRole.UserRole + 1
_TIME = Qt.ItemDataRole.UserRole + 2
_WRAP = Qt.TextFlag.TextWordWrap.value


class Transcript(QListView):
    """``chosen`` with the second to jump to. The passage being spoken is marked."""

    chosen = Signal(float)

    def __init__(self, passages: PassagePager) -> None:
        super().__init__()
        self.setAccessibleName(tr("Transcript"))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.lines = _TranscriptModel(passages)
        self.setModel(self.lines)
        self.setItemDelegate(_TranscriptDelegate(self))
        self.clicked.connect(self._choose)
        self.activated.connect(self._choose)
        theme().changed.connect(self.viewport().update)

    def begin(self, cited: set[int]) -> None:
        self.lines.begin(cited)
        at = self.lines.first_cited()
        if at is not None:
            self.setCurrentIndex(at)
            self.scrollTo(at, QAbstractItemView.ScrollHint.PositionAtTop)

    def follow(self, seconds: float) -> None:
        """Mark what is spoken now; it is scrolled to when it changes."""
        at = self.lines.speak(seconds)
        if at is not None:
            self.scrollTo(at)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()

    def _choose(self, at: QModelIndex) -> None:
        self.chosen.emit(float(at.data(_TIME)))


class _TranscriptModel(QAbstractListModel):
    def __init__(self, passages: PassagePager) -> None:
        super().__init__(passages)
        self._passages = passages
        self._cited: set[int] = set()
        self._spoken = -1
        self.said: list[tuple[TimeSpan, Chunk]] = []
        passages.added.connect(self._on_added)

    def begin(self, cited: set[int]) -> None:
        self.beginResetModel()
        self._cited = cited
        self.said = [(place, one) for one in self._passages.known if (place := _time(one)) is not None]
        first = self.first_cited()
        self._spoken = -1 if first is None else first.row()
        self.endResetModel()

    def first_cited(self) -> QModelIndex | None:
        for at, (_, passage) in enumerate(self.said):
            if passage.id in self._cited:
                return self.index(at)
        return None

    def speak(self, seconds: float) -> QModelIndex | None:
        """Remember what is spoken; its place, when that is another than before."""
        found = next((at for at, (span, _) in enumerate(self.said) if span.start_s <= seconds < span.end_s), -1)
        if found in (-1, self._spoken):
            return None
        before, self._spoken = self._spoken, found
        for at in (before, found):
            self.dataChanged.emit(self.index(at), self.index(at))
        return self.index(found)

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.said)

    def canFetchMore(self, _parent: Index) -> bool:
        return self._passages.after > 0

    def fetchMore(self, _parent: Index) -> None:
        self._passages.more(before=False)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        span, passage = self.said[index.row()]
        text = " ".join(passage.text.split())
        if role == Qt.ItemDataRole.DisplayRole:
            return text
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{format_clock(span.start_s)} {text}"
        return {
            _SPOKEN: index.row() == self._spoken, _CITED: passage.id in self._cited, _TIME: span.start_s,
        }.get(role)  # fmt: skip

    def _on_added(self, before: bool, fresh: list[Chunk]) -> None:
        said = [(place, one) for one in fresh if (place := _time(one)) is not None]
        if not said:
            return
        at = 0 if before else len(self.said)
        self.beginInsertRows(_NOWHERE, at, at + len(said) - 1)
        self.said[at:at] = said
        self._spoken += len(said) if before and self._spoken >= 0 else 0
        self.endInsertRows()


class _TranscriptDelegate(QStyledItemDelegate):
    """The second in the accent colour, and the words beside it."""

    def __init__(self, view: QListView, parent: QObject | None = None) -> None:
        super().__init__(parent or view)
        self._view = view

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect, look = option.rect, theme()
        painter.save()
        if index.data(_SPOKEN):
            painter.fillRect(rect, look.colour("mark"))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, look.colour("hover"))
        if index.data(_CITED):
            painter.fillRect(QRect(rect.left(), rect.top(), 3, rect.height()), look.colour("accent"))
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(look.colour("accent"))
            painter.drawRect(rect.adjusted(0, 0, -1, -1))
        time, words = self._parts(rect)
        painter.setPen(look.colour("text" if index.data(_SPOKEN) else "accent"))
        painter.drawText(time, Qt.AlignmentFlag.AlignLeft.value, format_clock(float(index.data(_TIME))))
        painter.setPen(look.colour("text"))
        painter.drawText(words, _WRAP, str(index.data()))
        painter.restore()

    def sizeHint(self, _option: QStyleOptionViewItem, index: Index) -> QSize:
        width = self._view.viewport().width()
        _, words = self._parts(QRect(0, 0, width, 100_000))
        text = self._view.fontMetrics().boundingRect(words, _WRAP, str(index.data()))
        return QSize(width, text.height() + 2 * GRID)

    def _parts(self, rect: QRect) -> tuple[QRect, QRect]:
        time = self._view.fontMetrics().horizontalAdvance("0:00:00")
        inside = rect.adjusted(2 * GRID, GRID, -GRID, -GRID)
        return QRect(inside.left(), inside.top(), time, inside.height()), inside.adjusted(time + GRID, 0, 0, 0)


def _time(passage: Chunk) -> TimeSpan | None:
    place = innermost(passage.locator)
    return place if isinstance(place, TimeSpan) else None
