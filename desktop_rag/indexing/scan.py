"""Folders -> the files in them. Only directory entries and their status are read; no file is opened."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from msgspec import Struct

from desktop_rag.indexing.rules import Folder, Rules, is_at_or_below, is_link

_CASE_FOLDED = sys.platform in {"win32", "darwin"}
"""Whether a file is found under its name in other case, too."""


class ScannedFile(Struct, frozen=True):
    """Size in bytes and time of the last change of a file."""

    size: int
    mtime_ns: int


class Scan(Struct):
    """What a scan of one root saw. ``unread`` are folders that could not be listed: nothing is known of what is below
    them, so nothing there counts as gone."""

    files: dict[str, ScannedFile]
    unread: list[str]
    unnameable: list[str] = []
    """Files and folders whose names are not valid Unicode (Linux allows any bytes): they cannot be stored or shown."""
    missing: bool = False
    """The root itself could not be read."""
    mounts: list[str] = []
    """Where other drives are attached: folders below the root, and the nearest at or above it. One that is unplugged,
    as it seems, stays among them."""


def scan(root: Path, rules: Rules, *, at: Path | None = None, mounts: Collection[str] = ()) -> Scan:
    """List the files at or below ``at`` (a folder, a file or nothing; the root if None) that no rule leaves out.

    ``mounts`` are those of the scan before. Where one of them is empty or gone, a drive was unplugged, not emptied:
    its folder is unread, and the root missing if it was on it. Raises ``ValueError`` if ``at`` is not below ``root``.
    """
    base = str(at or root)
    names = Path(base).relative_to(root).parts
    result = Scan({}, [])
    unplugged = [mount for mount in mounts if _is_unplugged(mount)]
    try:
        status = root.stat()
        result.missing = any(is_at_or_below(str(root), mount) for mount in unplugged)
    except OSError:
        result.missing = True
    if result.missing or rules.matching(root) is not None:
        return result
    if stat.S_ISREG(status.st_mode):
        result.files[str(root)] = ScannedFile(status.st_size, status.st_mtime_ns)
        return result
    walk = _Walk(rules, result)
    walk.note_mount_of(root)
    walk.lost = {
        mount for mount in unplugged if is_at_or_below(mount, str(root)) and rules.matching(Path(mount)) is None
    }
    result.unread += sorted(walk.lost)
    result.mounts += sorted(walk.lost)
    if not any(is_at_or_below(base, mount) for mount in walk.lost):
        walk.go_to(names)
    walk.look_back()
    # What is behind a folder that could not be listed may have been unplugged by the time it can be.
    result.mounts += [
        mount
        for mount in mounts
        if mount not in result.mounts and any(is_at_or_below(mount, folder) for folder in result.unread)
    ]
    result.missing = str(root) in result.unread
    return result


def is_text(name: str) -> bool:
    """Whether a file's name is valid Unicode."""
    return name.isascii() or not any("\ud800" <= character <= "\udfff" for character in name)


class _Walk:
    """The way of one scan through the folders of a root."""

    def __init__(self, rules: Rules, result: Scan) -> None:
        self._rules = rules
        self._result = result
        self._start = rules.start()
        self._devices = {self._start.path: self._start.identity[0]}
        self.lost: Collection[str] = ()

    def note_mount_of(self, root: Path) -> None:
        """Take down where the drive that the root is on is attached."""
        for folder in (root, *root.parents):
            if os.path.ismount(folder):
                if str(folder) != "/":
                    self._note_mount(str(folder), folder.stat().st_dev)
                return

    def go_to(self, names: Sequence[str]) -> None:
        """List what is at or below the entry that these names lead to, folder by folder."""
        folder = self._start
        for depth, name in enumerate(names, 1):
            try:
                if _CASE_FOLDED and name not in os.listdir(folder.path):  # noqa: PTH208
                    return
                judged, status = self._rules.look(folder, name)
            except (FileNotFoundError, NotADirectoryError):
                return
            except OSError:
                self._result.unread.append(folder.path)
                return
            if not isinstance(judged, Folder):
                if judged is None and depth == len(names):
                    self._take(folder, name, status)
                return
            if not self._is_nameable(judged.path, name):
                return
            self._cross(folder, judged)
            folder = judged
        self._list(folder)

    def look_back(self) -> None:
        """Whatever drive was unplugged during the scan, nothing is known of what is on it."""
        for path, device in self._devices.items():
            try:
                same = os.stat(path).st_dev == device  # noqa: PTH116
            except OSError:
                same = False
            if not same:
                above = is_at_or_below(self._start.path, path)
                self._result.unread.append(self._start.path if above else path)

    def _list(self, folder: Folder) -> None:
        todo = [folder]
        while todo:
            folder = todo.pop()
            try:
                with os.scandir(folder.path) as listing:
                    entries = list(listing)
            except OSError:
                self._result.unread.append(folder.path)
                continue
            for entry in entries:
                below = self._look_at(folder, entry)
                if below is not None:
                    todo.append(below)

    def _look_at(self, folder: Folder, entry: os.DirEntry[str]) -> Folder | None:
        """Take a file; return a folder that is to be listed."""
        try:
            if sys.platform == "win32":  # whose directory entries may hold an old size, and no identity
                link = is_link(entry.stat(follow_symlinks=False))
                status = os.stat(entry.path)  # noqa: PTH116
            else:
                link = entry.is_symlink()
                status = entry.stat()
        except FileNotFoundError:
            return None  # vanished meanwhile, or a link to nowhere
        except OSError:
            self._note_unread(folder, entry)
            return None
        judged = self._rules.judge(folder, entry.name, link=link, status=status)
        if judged is None:
            self._take(folder, entry.name, status)
        if not isinstance(judged, Folder) or judged.path in self.lost or not self._is_nameable(judged.path, entry.name):
            return None
        self._cross(folder, judged)
        return judged

    def _take(self, folder: Folder, name: str, status: os.stat_result) -> None:
        path = os.path.join(folder.path, name)  # noqa: PTH118
        if stat.S_ISREG(status.st_mode) and self._is_nameable(path, name):
            self._result.files[path] = ScannedFile(status.st_size, status.st_mtime_ns)

    def _is_nameable(self, path: str, name: str) -> bool:
        if is_text(name):
            return True
        self._result.unnameable.append(path)
        return False

    def _note_unread(self, folder: Folder, entry: os.DirEntry[str]) -> None:
        """An entry that is there, but refuses to say more: a folder is unread, of a file the folder around it is."""
        if entry.is_symlink():
            return
        unread = entry.path if entry.is_dir(follow_symlinks=False) else folder.path
        if unread not in self._result.unread:
            self._result.unread.append(unread)

    def _cross(self, above: Folder, folder: Folder) -> None:
        if folder.identity[0] != above.identity[0]:
            self._note_mount(folder.path, folder.identity[0])

    def _note_mount(self, path: str, device: int) -> None:
        self._result.mounts.append(path)
        self._devices[path] = device


def _is_unplugged(mount: str) -> bool:
    """Whether nothing is attached at this folder, and it is empty or gone."""
    try:
        if os.path.ismount(mount) or os.stat(mount).st_dev != os.stat(os.path.dirname(mount)).st_dev:  # noqa: PTH116, PTH120
            return False
        with os.scandir(mount) as listing:
            return next(listing, None) is None
    except FileNotFoundError:
        return True
    except OSError:
        return False  # it is there; that it cannot be listed is seen on the way
