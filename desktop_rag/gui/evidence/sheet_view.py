"""The cited rows of a table and those around them, as a table again."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from desktop_rag.gui.evidence.base import EvidenceView, LoadedEvidence
from desktop_rag.gui.evidence.passage_pager import PassagePager
from desktop_rag.gui.evidence.quote_matching import Span, find_quote, innermost
from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.gui.widgets.basic import Notice, button, column, label, row
from desktop_rag.gui.widgets.formatting import safe, tr
from desktop_rag.gui.widgets.theme import GRID, theme
from desktop_rag.types import Cells, Chunk

Index = QModelIndex | QPersistentModelIndex

_NOWHERE = QModelIndex()
_WIDEST = 260
"""Pixels of a column at first; the person may pull it wider."""


class SheetRow(Struct):
    """A row: its number where it is known, and the text of its cells by the name of their column ("": the only one
    that a line outside of the table has). ``marked`` are the columns that are evidence."""

    number: int | None
    cells: dict[str, str]
    marked: frozenset[str] = frozenset()


class SheetView(EvidenceView):
    """The sheet of the cited rows."""

    def __init__(self, mediator: Mediator) -> None:
        super().__init__(mediator)
        self.passages = PassagePager(mediator, self)
        self.passages.added.connect(self._on_added)
        self.notice = Notice()
        self.passages.failed.connect(lambda said: self.notice.say(said, "bad"))
        self.model = SheetModel(self.passages)
        self.table = QTableView()
        self.table.setAccessibleName(tr("Table rows"))
        self.table.setObjectName("rows")
        self.table.setModel(self.model)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.table.setWordWrap(False)
        self.table.setTabKeyNavigation(False)
        self.table.horizontalHeader().setHighlightSections(False)
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self._name = label("", "quiet")
        self.earlier = button(
            tr("Show earlier rows"), lambda: self.passages.more(before=True), kind="plain", drawing="chevron-up"
        )
        head = row(self._name, None, self.earlier)
        head.setContentsMargins(2 * GRID, GRID // 2, GRID, GRID // 2)
        inner = column(self, spacing=0)
        inner.addWidget(self.notice)
        inner.addLayout(head)
        inner.addWidget(self.table, 1)
        theme().changed.connect(self.table.viewport().update)

    def show_evidence(self, shown: LoadedEvidence) -> None:
        self.notice.hide()
        self.passages.begin(shown.view)
        self.model.begin(shown)
        sheet = self.model.sheet
        self._name.setText(tr("Sheet “{name}”").format(name=safe(sheet)) if sheet else "")
        self._fit()
        at = self.model.first_marked()
        if at is not None:
            self.table.scrollTo(at, QAbstractItemView.ScrollHint.PositionAtCenter)
            self.table.horizontalScrollBar().setValue(0)
            self.table.scrollTo(at)

    def leave(self) -> None:
        self.model.clear()

    def _on_added(self, before: bool, fresh: Sequence[Chunk]) -> None:
        bar = self.table.verticalScrollBar()
        below = bar.maximum() - bar.value()
        self.model.add(fresh, before=before)
        if before:
            bar.setValue(bar.maximum() - below)
        self.earlier.setVisible(self.passages.before > 0)

    def _fit(self) -> None:
        self.earlier.setVisible(self.passages.before > 0)
        self.table.resizeColumnsToContents()
        header = self.table.horizontalHeader()
        for at in range(header.count()):
            header.resizeSection(at, min(header.sectionSize(at) + GRID, _WIDEST))
        self.table.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + GRID)


class SheetModel(QAbstractTableModel):
    """The rows loaded so far; more are loaded when the person scrolls to the end."""

    def __init__(self, passages: PassagePager) -> None:
        super().__init__(passages)
        self._passages = passages
        self._shown: LoadedEvidence | None = None
        self._cited: set[int] = set()
        self.sheet = ""
        self.columns: list[str] = []
        self.rows: list[SheetRow] = []

    def begin(self, shown: LoadedEvidence) -> None:
        self.beginResetModel()
        self._shown = shown
        self._cited = {passage.id for passage in shown.cited}
        first = next(iter(shown.cited or shown.view.passages), None)
        place = innermost(first.locator) if first is not None else None
        self.sheet = place.sheet if isinstance(place, Cells) else ""
        self.columns = []
        self.rows = self._read(self._passages.known)
        self.endResetModel()

    def clear(self) -> None:
        self.beginResetModel()
        self._shown = None
        self.columns, self.rows = [], []
        self.endResetModel()

    def add(self, fresh: Sequence[Chunk], *, before: bool) -> None:
        known = len(self.columns)
        rows = self._read(fresh)
        if len(self.columns) > known:
            added, self.columns = self.columns, self.columns[:known]
            self.beginInsertColumns(_NOWHERE, known, len(added) - 1)
            self.columns = added
            self.endInsertColumns()
        if not rows:
            return
        at = 0 if before else len(self.rows)
        self.beginInsertRows(_NOWHERE, at, at + len(rows) - 1)
        self.rows[at:at] = rows
        self.endInsertRows()

    def first_marked(self) -> QModelIndex | None:
        for at, line in enumerate(self.rows):
            marked = [column for column, name in enumerate(self.columns) if name in line.marked]
            if marked:
                return self.index(at, marked[0])
        return None

    # --- of Qt's model ---

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def canFetchMore(self, _parent: Index) -> bool:
        return self._passages.after > 0

    def fetchMore(self, _parent: Index) -> None:
        self._passages.more(before=False)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        line, name = self.rows[index.row()], self.columns[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return safe(line.cells.get(name, ""))
        if role == Qt.ItemDataRole.ToolTipRole:
            return safe(line.cells.get(name, ""))[:400] or None
        if role == Qt.ItemDataRole.BackgroundRole and name in line.marked:
            return theme().colour("mark")
        if role == Qt.ItemDataRole.AccessibleTextRole:
            said = f"{safe(name)}: {safe(line.cells.get(name, ''))}"
            return tr("{cell} (source)").format(cell=said) if name in line.marked else said
        if role == Qt.ItemDataRole.TextAlignmentRole and _is_number(line.cells.get(name, "")):
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def headerData(self, at: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if orientation == Qt.Orientation.Horizontal:
            return safe(self.columns[at])
        number = self.rows[at].number
        return "" if number is None else str(number)

    # --- passages -> rows ---

    def _read(self, passages: Sequence[Chunk]) -> list[SheetRow]:
        rows: list[SheetRow] = []
        for passage in passages:
            place = innermost(passage.locator)
            if not isinstance(place, Cells) or place.sheet != self.sheet:
                continue
            lines = passage.text.split("\n")
            names = columns_of(passage.context, lines)
            self.columns += [name for name in names if name not in self.columns and not name.endswith("…")]
            exact = len(lines) == place.last - place.first + 1
            spans = self._cited_parts(passage)
            begin = 0
            for at, text in enumerate(lines):
                cells = cells_of(text, names)
                self.columns += [name for name in cells if name not in self.columns]
                number = place.first + at if exact or at == 0 else None
                rows.append(SheetRow(number, cells, _marked(cells, text, begin, spans)))
                begin += len(text) + 1
        return rows

    def _cited_parts(self, passage: Chunk) -> list[Span]:
        """What of a passage's text is evidence: the quote; all of it when there is none, or it is not found."""
        if self._shown is None or passage.id not in self._cited:
            return []
        return find_quote(self._shown.evidence.quote, passage.text) or [(0, len(passage.text))]


def _marked(cells: dict[str, str], text: str, begin: int, spans: Sequence[Span]) -> frozenset[str]:
    """The cells of a row, of which the text begins at ``begin``, that ``spans`` touch."""
    found = []
    at = 0
    for name, value in cells.items():
        place = text.find(value, at)
        at = place + len(value) if place >= 0 else at
        if place >= 0 and any(one < begin + at and begin + place < two for one, two in spans):
            found.append(name)
    return frozenset(found)


def columns_of(context: str, lines: Sequence[str] = ()) -> list[str]:
    """The names of the columns that a passage's context tells; the last ends in "…" if more were cut off. A name that
    holds a comma itself is put together again as the rows have it."""
    _, told, listed = context.rpartition("Columns: ")
    names = [name for name in listed.split(", ") if name] if told else []
    for part in (part for line in lines for part in line.split("; ")):
        pieces = part.partition(": ")[0].split(", ")
        at = names.index(pieces[0]) if len(pieces) > 1 and pieces[0] in names else -1
        if at >= 0 and names[at : at + len(pieces)] == pieces:
            names[at : at + len(pieces)] = [", ".join(pieces)]
    return names


def cells_of(text: str, names: Sequence[str]) -> dict[str, str]:
    """A row of "column: value; column: value". What begins with no known column goes on with the cell before it: a
    value may hold any character. Names that were cut off are taken from the row."""
    if not names:
        return {f"{at}": value for at, value in enumerate(text.split(" | "), 1)}
    whole = {name for name in names if not name.endswith("…")}
    is_cut = len(whole) < len(names)
    cells: dict[str, str] = {}
    last = ""
    for part in text.split("; "):
        name, told, value = part.partition(": ")
        starts = told and name not in cells and (name in whole or is_cut or not cells)
        if starts:
            last = name
            cells[name] = value
        elif last:
            cells[last] += f"; {part}"
        else:
            last = names[0]
            cells[last] = part
    return cells


def _is_number(text: str) -> bool:
    return bool(text) and text.strip("+-$€£%").replace(",", "").replace(".", "").replace(" ", "").isdigit()
