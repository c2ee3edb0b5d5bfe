"""The results as a list or a grid."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QSize, Qt, Signal, SignalInstance
from PySide6.QtGui import QContextMenuEvent, QFontMetrics, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView

from desktop_rag.gui.search.preview_cache import PreviewCache
from desktop_rag.gui.search.result_delegate import PictureDelegate, RowDelegate
from desktop_rag.gui.search.result_model import ResultModel, key_of
from desktop_rag.gui.widgets.theme import GRID, scaled
from desktop_rag.types import Hit

_TILE = 22 * GRID
"""Pixels of a picture's place in the grid, at least."""
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class ResultView(QListView):
    """``chosen`` to show a result, ``started`` to open it with its program, ``peeked`` to preview it, ``walked`` when
    another one is selected; ``near_end`` when the end of the list is near."""

    chosen = Signal(object)
    started = Signal(object)
    peeked = Signal(object)
    walked = Signal(object)
    copied = Signal(object)
    menu_wanted = Signal(object, QPoint)
    near_end = Signal()
    left_upwards = Signal()
    """Up was pressed in the first row."""
    escaped = Signal()
    typed = Signal(str)
    """Something that belongs in the search field."""

    def __init__(self, model: ResultModel, previews: PreviewCache, name: str) -> None:
        super().__init__()
        self._results = model
        self.setModel(model)
        self.setAccessibleName(name)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setItemDelegate(self._delegate(model, previews))
        previews.arrived.connect(self.viewport().update)
        self.clicked.connect(lambda index: self._tell(self.chosen, index))
        self.doubleClicked.connect(lambda index: self._tell(self.started, index))
        self.verticalScrollBar().valueChanged.connect(self._on_scrolled)
        self.verticalScrollBar().rangeChanged.connect(lambda _low, _high: self._on_scrolled())

    def selected(self) -> Hit | None:
        """The result that a person has selected."""
        indexes = self.selectionModel().selectedIndexes()
        return self._results.hit(indexes[0]) if indexes else None

    def held(self) -> set[int]:
        """The keys of the results that must not move: the selected one, and the one pointed at."""
        held = {key_of(hit) for hit in (self.selected(),) if hit is not None}
        if self.viewport().underMouse():
            hit = self._results.hit(self.indexAt(self.viewport().mapFromGlobal(self.cursor().pos())))
            held |= {key_of(hit)} if hit is not None else set()
        return held

    def select(self, row: int) -> Hit | None:
        """Select a row, as if a person had walked there."""
        index = self._results.index(row)
        if index.isValid():
            self.setCurrentIndex(index)
        return self._results.hit(index)

    def forget(self) -> None:
        """Nothing is selected, and the first row is at the top."""
        self.selectionModel().clear()
        self.scrollToTop()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, hit = event.key(), self.selected()
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if key in _ENTER and hit is not None:
            (self.started if control else self.chosen).emit(hit)
        elif key == Qt.Key.Key_Space and hit is not None:
            self.peeked.emit(hit)
        elif key == Qt.Key.Key_Escape:
            self.escaped.emit()
        elif event.matches(QKeySequence.StandardKey.Copy) and hit is not None:
            self.copied.emit(hit)
        elif key == Qt.Key.Key_Up and not self._is_below():
            self.left_upwards.emit()
        elif key == Qt.Key.Key_Backspace or (event.text().isprintable() and event.text().strip() and not control):
            self.typed.emit("" if key == Qt.Key.Key_Backspace else event.text())
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        hit = self._results.hit(index)
        if hit is not None:
            self.setCurrentIndex(index)
            place = self.visualRect(index).center() if by_key else event.pos()
            self.menu_wanted.emit(hit, self.viewport().mapToGlobal(place))

    def currentChanged(
        self, current: QModelIndex | QPersistentModelIndex, previous: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().currentChanged(current, previous)
        hit = self._results.hit(current)
        if hit is not None and self.hasFocus():
            self.walked.emit(hit)

    def _delegate(self, model: ResultModel, previews: PreviewCache) -> RowDelegate | PictureDelegate:
        self.setUniformItemSizes(True)
        return RowDelegate(model, previews, self)

    def _is_below(self) -> bool:
        """Whether Up leads to another result."""
        return self.currentIndex().row() > 0

    def _tell(self, signal: SignalInstance, index: QModelIndex) -> None:
        hit = self._results.hit(index)
        if hit is not None:
            signal.emit(hit)

    def _on_scrolled(self) -> None:
        bar = self.verticalScrollBar()
        if self.isVisible() and bar.value() >= bar.maximum() - bar.pageStep():
            self.near_end.emit()


class PictureGrid(ResultView):
    """The same in a grid that fills the width."""

    def _delegate(self, model: ResultModel, previews: PreviewCache) -> RowDelegate | PictureDelegate:
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setWrapping(True)
        self.setUniformItemSizes(True)
        self.setWordWrap(False)
        self._fit()
        return PictureDelegate(model, previews, self)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()
        super().resizeEvent(event)

    def _fit(self) -> None:
        wide = max(_TILE, self.viewport().width() - 2)
        side = wide // max(1, wide // _TILE)
        lines = 2 * QFontMetrics(scaled(self.font(), 0.88)).height()
        self.setGridSize(QSize(side, side * 3 // 4 + lines + GRID))

    def _is_below(self) -> bool:
        return self.currentIndex().row() >= max(1, self.viewport().width() // max(1, self.gridSize().width()))
