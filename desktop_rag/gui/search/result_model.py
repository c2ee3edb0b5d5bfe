"""The list model of results, which keeps its place while better results arrive."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from desktop_rag.gui.search.controller import SearchUpdate
from desktop_rag.gui.search.excerpt import Excerpt, excerpt, name_of, origin_of
from desktop_rag.gui.search.query import ALL, PICTURES, ResultTab
from desktop_rag.gui.widgets.formatting import format_date, safe, short_path
from desktop_rag.types import Hit

Index = QModelIndex | QPersistentModelIndex


def key_of(hit: Hit) -> int:
    """What makes a hit the same one in another list of results."""
    return hit.chunk.id


def settled(shown: Sequence[int], fresh: Sequence[int], held: Collection[int]) -> list[int]:
    """The order of ``fresh``, in which those that are ``held`` stay in the row where they are shown."""
    places = [(row, key) for row, key in enumerate(shown) if key in held]
    order = [key for key in dict.fromkeys(fresh) if key not in {key for _, key in places}]
    for row, key in places:
        order.insert(row, key)
    return order


class ResultPool:
    """All results for one query so far: from the search in everything, and from those in one tab."""

    def __init__(self) -> None:
        self._found: dict[ResultTab, tuple[Hit, ...]] = {}

    def take(self, found: SearchUpdate) -> None:
        if found.how == "quick" or (found.how == "full" and found.tab is ALL):
            self._found = {}
        self._found[found.tab] = found.hits

    def clear(self) -> None:
        self._found = {}

    def of(self, tab: ResultTab) -> list[Hit]:
        """The results of a tab, best first."""
        everything = [hit for hit in self._found.get(ALL, ()) if tab.holds(hit)]
        known = {key_of(hit) for hit in everything}
        more = self._found.get(tab, ()) if tab is not ALL else ()
        found = everything + [hit for hit in more if tab.holds(hit) and key_of(hit) not in known]
        return _each_once(found) if tab is PICTURES else found


def _each_once(hits: Sequence[Hit]) -> list[Hit]:
    """Of the passages of one picture, what it shows rather than what is written in it."""
    best: dict[int, Hit] = {}
    for hit in hits:
        # The pictures of a document are told apart.
        key = -hit.chunk.id if hit.document.kind != "image" else hit.document.id
        if key not in best or (hit.chunk.role == "picture" and best[key].chunk.role != "picture"):
            best[key] = hit
    return list(best.values())


class ResultModel(QAbstractListModel):
    """Hits in rows. ``show`` changes as few rows as possible, so that selection and scroll position stay."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._hits: list[Hit] = []
        self._stems: frozenset[str] = frozenset()
        self._excerpts: dict[int, Excerpt] = {}

    def show(self, hits: Sequence[Hit], stems: frozenset[str], held: Collection[int] = ()) -> None:
        """Show these, with those that are ``held`` (by key) where they are, though they be not among ``hits``."""
        known = {key_of(hit): hit for hit in self._hits} | {key_of(hit): hit for hit in hits}
        order = settled([key_of(hit) for hit in self._hits], [key_of(hit) for hit in hits], held)
        self._excerpts = {}
        self._stems = stems
        self._remove_all_but(set(order))
        for row, key in enumerate(order):
            self._put(row, known[key])
        if order:
            self.dataChanged.emit(self.index(0), self.index(len(order) - 1))

    def hits(self) -> list[Hit]:
        return list(self._hits)

    def keys(self) -> list[int]:
        return [key_of(hit) for hit in self._hits]

    def hit(self, index: Index) -> Hit | None:
        return self._hits[index.row()] if index.isValid() and index.row() < len(self._hits) else None

    def excerpt(self, hit: Hit) -> Excerpt:
        known = self._excerpts.get(key_of(hit))
        if known is None:
            known = self._excerpts[key_of(hit)] = excerpt(hit.text, self._stems)
        return known

    # --- what Qt asks ---

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 (Qt's own form)
        return 0 if parent.isValid() else len(self._hits)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        hit = self.hit(index)
        if hit is None:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return name_of(hit)
            case Qt.ItemDataRole.ToolTipRole:
                return safe(hit.path)
            case Qt.ItemDataRole.AccessibleTextRole:
                said = (name_of(hit), date_of(hit), origin_of(hit), self.excerpt(hit).text, short_path(hit.path))
                return ", ".join(filter(None, said))
        return None

    # --- inside ---

    def _remove_all_but(self, keys: set[int]) -> None:
        for row in range(len(self._hits) - 1, -1, -1):
            if key_of(self._hits[row]) not in keys:
                self.beginRemoveRows(QModelIndex(), row, row)
                del self._hits[row]
                self.endRemoveRows()

    def _put(self, row: int, hit: Hit) -> None:
        key = key_of(hit)
        if row < len(self._hits) and key_of(self._hits[row]) == key:
            self._hits[row] = hit
            return
        before = next((at for at in range(row, len(self._hits)) if key_of(self._hits[at]) == key), None)
        if before is None:
            self.beginInsertRows(QModelIndex(), row, row)
            self._hits.insert(row, hit)
            self.endInsertRows()
        else:
            self.beginMoveRows(QModelIndex(), before, before, QModelIndex(), row)
            del self._hits[before]
            self._hits.insert(row, hit)
            self.endMoveRows()


def date_of(hit: Hit) -> str:
    """When it was written or sent, or what it is inside of; "" when it does not say."""
    created = hit.document.created or (hit.parent.created if hit.parent is not None else None)
    return format_date(created) if created is not None else ""
