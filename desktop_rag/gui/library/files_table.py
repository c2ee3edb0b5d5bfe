"""The table of files. It keeps its scroll position when rows above come and go."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from desktop_rag.gui.library.files_model import FILE_ROLE, FOLDER, NAME, PAGE, REASON, STATE, FilesModel
from desktop_rag.gui.library.wording import STATES
from desktop_rag.gui.widgets.formatting import tr
from desktop_rag.gui.widgets.theme import GRID, theme
from desktop_rag.types import File

_LOOK_AFTER_MS = 150
_DOT = 8
_SHARES = {NAME: 0.34, FOLDER: 0.24, STATE: 0.0, REASON: 0.42}
"""What each column gets of the width that the states leave."""

_ELIDED = {
    NAME: Qt.TextElideMode.ElideMiddle, FOLDER: Qt.TextElideMode.ElideLeft,
    STATE: Qt.TextElideMode.ElideRight, REASON: Qt.TextElideMode.ElideRight,
}  # fmt: skip

_Index = QModelIndex | QPersistentModelIndex


class FilesTable(QTableView):
    """``picked`` when a file was chosen, with the keyboard or the mouse; ``opened`` when it is to be opened, ``left``
    when Escape was pressed."""

    picked = Signal(object)
    opened = Signal(object)
    left = Signal()

    def __init__(self, model: FilesModel) -> None:
        super().__init__()
        self._model = model
        self._anchor: tuple[str, int] | None = None
        self._changing = False
        self._picked = ""
        self.setModel(model)
        self.setItemDelegate(_Delegate(self))
        self.setAccessibleName(tr("Files"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(QFontMetrics(self.font()).height() + 2 * GRID)
        columns = self.horizontalHeader()
        columns.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        columns.setHighlightSections(False)
        columns.setSectionsClickable(False)
        columns.setStretchLastSection(True)
        self._look = QTimer(self, singleShot=True, interval=_LOOK_AFTER_MS)
        self._look.timeout.connect(self.look)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        model.to_change.connect(self._remember_place)
        model.changed.connect(self._keep_place)
        self.selectionModel().selectionChanged.connect(self._select)
        self.doubleClicked.connect(lambda index: self.opened.emit(index.data(FILE_ROLE)))
        theme().changed.connect(self.viewport().update)

    def look(self) -> None:
        """Have what is in sight brought up to date."""
        if not self.isVisible():
            return
        if not self._model.look_at(*self._in_sight()):
            self._look.start()

    def show_reasons(self, shown: bool) -> None:
        """Whether there is room for the column that says why a file is in its state."""
        self.setColumnHidden(REASON, not shown)
        self._share_width()

    def look_soon(self) -> None:
        if not self._look.isActive():
            self._look.start()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        file = self.currentIndex().data(FILE_ROLE)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and isinstance(file, File):
            self.opened.emit(file)
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share_width()
        self.look_soon()

    # --- inside ---

    def _in_sight(self) -> tuple[int, int]:
        height = self.verticalHeader().defaultSectionSize()
        first = self.verticalScrollBar().value() // height
        return first, first + self.viewport().height() // height + 1

    def _scrolled(self) -> None:
        self.look_soon()
        if self._in_sight()[1] > self._model.rowCount() - PAGE // 2:
            self._model.more()

    def _remember_place(self) -> None:
        self._changing = True
        top = self._in_sight()[0]
        file = self._model.file(top)
        height = self.verticalHeader().defaultSectionSize()
        self._anchor = (file.path, self.verticalScrollBar().value() - top * height) if file is not None else None

    def _keep_place(self) -> None:
        """Have at the top what was there before, and chosen what was: Qt chooses the next row for one that goes."""
        self._changing = False
        rows = self.selectionModel().selectedRows()
        if rows and rows[0].data(FILE_ROLE).path != self._picked:
            self.clearSelection()
        if self._anchor is not None:
            path, offset = self._anchor
            self._anchor = None
            self.updateGeometries()  # else the scroll bar would not know yet how far it reaches
            self.verticalScrollBar().setValue(
                self._model.row_of(path) * self.verticalHeader().defaultSectionSize() + offset
            )
        self.look_soon()

    def _select(self) -> None:
        rows = self.selectionModel().selectedRows()
        if rows and not self._changing:
            self._picked = rows[0].data(FILE_ROLE).path
            self.picked.emit(rows[0].data(FILE_ROLE))

    def _share_width(self) -> None:
        metrics = QFontMetrics(self.font())
        states = max(metrics.horizontalAdvance(tr(name)) for name, _ in STATES.values()) + _DOT + 4 * GRID
        left = max(0, self.viewport().width() - states)
        whole = sum(share for column, share in _SHARES.items() if not self.isColumnHidden(column))
        for column, share in _SHARES.items():
            self.setColumnWidth(column, round(left * share / whole) or states)


class _Delegate(QStyledItemDelegate):
    """Names stand out, where they are and why they are in their state is quiet, and a state has a dot of its tone."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        self.initStyleOption(option, index)
        file = index.data(FILE_ROLE)
        if not isinstance(file, File):
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        if chosen or hovered:
            painter.fillRect(option.rect, theme().colour("chosen" if chosen else "hover"))
        area = option.rect.adjusted(GRID, 0, -GRID, 0)
        column = index.column()
        if column == STATE:
            tone = STATES[file.state][1]
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme().colour(tone or "quiet"))
            painter.drawEllipse(QRect(area.x(), area.center().y() - _DOT // 2 + 1, _DOT, _DOT))
            area.setLeft(area.x() + _DOT + GRID)
        painter.setPen(theme().colour("text" if column in (NAME, STATE) else "quiet"))
        painter.drawText(
            area,
            Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextSingleLine,
            option.fontMetrics.elidedText(str(index.data()), _ELIDED[column], area.width()),
        )
        if option.state & QStyle.StateFlag.State_HasFocus and column == NAME:
            painter.fillRect(option.rect.x(), option.rect.y(), 2, option.rect.height(), theme().colour("accent"))
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, _index: _Index) -> QSize:
        return QSize(0, option.fontMetrics.height() + 2 * GRID)
