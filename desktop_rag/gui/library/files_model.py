"""The files of the library as a model for very long lists: loaded in pages, and refreshed where the person looks,
without moving rows that stay."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from pathlib import Path, PurePath
from typing import Any

from msgspec import Struct
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from desktop_rag.engine.views import FileList
from desktop_rag.errors import DesktopRagError
from desktop_rag.gui.library.wording import folder_of, reason_of, state_name
from desktop_rag.gui.services.bridge import BridgeCall, EngineBridge
from desktop_rag.gui.widgets.formatting import safe, tr
from desktop_rag.types import File, FileState

PAGE = 200
_AROUND = 50
"""Rows above and below those in sight that are brought up to date with them."""

NAME, FOLDER, STATE, REASON = range(4)
FILE_ROLE = Qt.ItemDataRole.UserRole
"""The ``File`` of a row."""

_Index = QModelIndex | QPersistentModelIndex


class FilesQuery(Struct, frozen=True):
    """Which files are listed. ``root`` is a chosen folder, "" for all; ``name`` is a part of the file's name."""

    states: tuple[FileState, ...] = ()
    root: str = ""
    name: str = ""


class FilesModel(QAbstractTableModel):
    """``counted`` tells how many files the whole list has; ``to_change`` and ``changed`` are around rows that come, go
    or are new, ``failed`` has what kept a page from being read."""

    counted = Signal(int)
    to_change = Signal()
    changed = Signal()
    failed = Signal(object)

    def __init__(self, bridge: EngineBridge) -> None:
        super().__init__()
        self._bridge = bridge
        self.wanted = FilesQuery()
        self._listed: FilesQuery | None = None
        self._rows: list[File] = []
        self._paths: list[str] = []
        self._read_at: list[int] = []
        """For each row, at which ``_now`` it was read."""
        self._now = 0
        self._complete = True
        self._checked_at = -1
        """At which ``_now`` the end of the list was read."""
        self._reading = 0
        self._pending: BridgeCall | None = None

    # --- what is listed ---

    def choose(self, wanted: FilesQuery) -> None:
        """List other files, from the first; what was listed stays until they are there."""
        self.wanted = wanted
        if self._pending is not None:
            self._pending.drop()
            self._pending = None
        self._ask("", PAGE, self._begin)

    def outdate(self) -> None:
        """Something has changed: what is looked at is to be read again."""
        self._now += 1

    def look_at(self, first: int, last: int) -> bool:
        """Bring these rows up to date where they are not; False when that has to wait."""
        if self._listed != self.wanted:  # its first page could not be read
            if self._pending is None:
                self.choose(self.wanted)
            return False
        first, last = max(0, first), min(last, len(self._rows) - 1)
        if last < first:
            fresh = self._checked_at == self._now
        else:
            fresh = min(self._read_at[first : last + 1]) == self._now and (
                last < len(self._rows) - 1 or self._checked_at == self._now
            )
        if fresh:
            return True
        if self._pending is not None:
            return False
        begin = max(0, first - _AROUND)
        limit = max(PAGE, last - begin + 1 + _AROUND)
        after = self._paths[begin - 1] if begin else ""
        self._ask(after, limit, lambda found: self._merge(after, found, limit))
        return True

    def more(self) -> None:
        """Read the next page, unless one is being read or there is none."""
        if self.canFetchMore():
            self.fetchMore()

    def file(self, row: int) -> File | None:
        return self._rows[row] if 0 <= row < len(self._rows) else None

    def row_of(self, path: str) -> int:
        """Where the file at ``path`` is, or would be."""
        return bisect_left(self._paths, path)

    # --- for the view ---

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 (as Qt has it)
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else 4

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        file = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(file, index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return safe(file.path) if index.column() in (NAME, FOLDER) else reason_of(file)
        if role == FILE_ROLE:
            return file
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return (tr("Name"), tr("Folder"), tr("Status"), tr("Details"))[section]
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return None

    def canFetchMore(self, parent: _Index = QModelIndex()) -> bool:  # noqa: B008
        return not parent.isValid() and not self._complete and self._pending is None

    def fetchMore(self, parent: _Index = QModelIndex()) -> None:  # noqa: B008, ARG002
        after = self._paths[-1] if self._paths else ""
        self._ask(after, PAGE, lambda found: self._merge(after, found, PAGE))

    # --- inside ---

    def _ask(self, after: str, limit: int, hear: Any) -> None:
        wanted, now = self.wanted, self._now
        root = Path(wanted.root) if wanted.root else None

        def done(found: FileList) -> None:
            self._pending = None
            self._reading = now
            hear(found)
            self.counted.emit(found.total)
            self.changed.emit()

        def failed(error: DesktopRagError) -> None:
            self._pending = None
            self.failed.emit(error)

        self._pending = self._bridge.call(
            "look",
            lambda client, _: client.files(states=wanted.states, root=root, name=wanted.name, after=after, limit=limit),
            self,
            done,
            failed,
        )

    def _begin(self, found: FileList) -> None:
        self._listed = self.wanted
        self.beginResetModel()
        self._rows = list(found.files)
        self._paths = [file.path for file in found.files]
        self._read_at = [self._reading] * len(self._rows)
        self._complete = len(found.files) < PAGE
        self._checked_at = self._reading if self._complete else -1
        self.endResetModel()

    def _merge(self, after: str, found: FileList, limit: int) -> None:
        """Make the rows after ``after`` what was found there, as far as it goes."""
        files = found.files
        begin = bisect_right(self._paths, after) if after else 0
        is_all = len(files) < limit
        end = len(self._rows) if is_all else bisect_right(self._paths, files[-1].path)
        if is_all:
            self._complete = True
            self._checked_at = self._reading
        self.to_change.emit()
        old, new = end - 1, len(files) - 1
        while old >= begin or new >= 0:  # from the end, so that what comes or goes moves nothing yet to be looked at
            if new < 0 or (old >= begin and self._paths[old] > files[new].path):
                last = old
                while old >= begin and (new < 0 or self._paths[old] > files[new].path):
                    old -= 1
                self._take_out(old + 1, last)
            elif old < begin or self._paths[old] < files[new].path:
                last = new
                while new >= 0 and (old < begin or self._paths[old] < files[new].path):
                    new -= 1
                self._put_in(old + 1, files[new + 1 : last + 1])
            else:
                self._read_at[old] = self._reading
                if self._rows[old] != files[new]:
                    self._rows[old] = files[new]
                    self.dataChanged.emit(self.index(old, 0), self.index(old, REASON))
                old, new = old - 1, new - 1

    def _take_out(self, first: int, last: int) -> None:
        self.beginRemoveRows(QModelIndex(), first, last)
        del self._rows[first : last + 1], self._paths[first : last + 1], self._read_at[first : last + 1]
        self.endRemoveRows()

    def _put_in(self, at: int, files: tuple[File, ...]) -> None:
        self.beginInsertRows(QModelIndex(), at, at + len(files) - 1)
        self._rows[at:at] = files
        self._paths[at:at] = [file.path for file in files]
        self._read_at[at:at] = [self._reading] * len(files)
        self.endInsertRows()


def _text(file: File, column: int) -> str:
    match column:
        case 0:
            return safe(PurePath(file.path).name)
        case 1:
            return folder_of(file)
        case 2:
            return state_name(file.state)
    return reason_of(file)
