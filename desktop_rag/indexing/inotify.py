"""Watching on Linux: one watch of the kernel for each folder, all read by one thread of watchdog.

watchdog's own way of watching a tree is not used, because it keeps to itself what a person must know: that the kernel
refused to watch some folder, or dropped events. It also waits half a second to pair the two halves of a rename, goes on
watching folders that were moved out of the tree, and watches those whose content is ignored. As everything is only a
hint here, none of the pairing is needed: a folder that moves out is forgotten, one that moves in is a new one.
"""

from __future__ import annotations

import errno
import itertools
import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from msgspec import Struct

from desktop_rag.indexing.scan import is_text

if TYPE_CHECKING:
    from watchdog.observers.inotify_c import CallbackId, InotifyEvent, InotifyFD, Mask, WatchDescriptor

WatchTrouble: TypeAlias = Literal["gone", "lost", "full", "failed"]
"""Why a tree must be watched anew: its top is gone or is another; events were lost; no more folders can be watched;
whoever was told of an event failed."""

_IDS = itertools.count(1)


class WatchedArea(Struct, frozen=True):
    """What is to be watched, without links in its paths."""

    top: str
    only: str | None
    """A single file in the folder ``top``; None: everything below it."""
    hint: Callable[[str], None]
    """Called from another thread with each path that changed; must not wait."""
    leave_out: Callable[[str], bool]
    """Whether a folder need not be watched, with all that is below it."""
    failed: Callable[[Exception], None] = lambda _: None
    """Called with what ``hint`` and ``leave_out`` raised all the same."""


class Inotify:
    """The kernel's queue of changes. Raises ``OSError`` when no further one may be opened."""

    def __init__(self) -> None:
        from watchdog.observers.inotify_c import InotifyFD

        self._kernel = InotifyFD()
        self._kernel.start()

    @property
    def alive(self) -> bool:
        return self._kernel.is_alive()

    def watch(self, area: WatchedArea) -> InotifyTree:
        """Watch from now on; what is there already is not hinted at. Raises ``OSError`` when the top cannot be."""
        return InotifyTree(self._kernel, area)

    def close(self) -> None:
        """End the thread; nothing is hinted at any more."""
        self._kernel.stop()
        self._kernel.join()


class InotifyTree:
    """The watches of one area. A new folder is first watched, then hinted at: whatever came into it earlier is found
    by looking through it, and whatever comes later is hinted at by itself."""

    trouble: WatchTrouble | None = None

    def __init__(self, kernel: InotifyFD, area: WatchedArea) -> None:
        self._kernel = kernel
        self._area = area
        self._mask = _mask()
        self._guard = threading.Lock()
        self._closed = False
        self._by_path: dict[str, WatchDescriptor] = {}
        self._by_watch: dict[WatchDescriptor, tuple[str, CallbackId]] = {}
        self._add(area.top)
        if area.only is None:
            self._add_below(area.top)

    def __len__(self) -> int:
        """The number of folders watched."""
        return len(self._by_path)

    def close(self) -> None:
        with self._guard:
            self._closed = True
            watches = [(watch, id_) for watch, (_, id_) in self._by_watch.items()]
            self._by_path.clear()
            self._by_watch.clear()
        self._kernel.remove_callbacks(watches)

    # --- called by the kernel's thread -------------------------------------------------------------------------------

    def on_event(self, event: InotifyEvent) -> None:
        """The kernel's thread is not ours: it would die of an error, and with it what all other trees are told."""
        if self.trouble == "failed":
            return  # all of it is to be looked through
        try:
            self._take(event)
        except Exception as error:
            self.trouble = "failed"
            self._area.failed(error)

    def _take(self, event: InotifyEvent) -> None:
        with self._guard:
            folder, _ = self._by_watch.get(event.wd, (None, None))
        if folder is None:
            return
        if not event.name:  # of the folder itself, which the folder above it tells by name, except for the top
            if event.is_attrib and folder == self._area.top and self._area.only is None:
                self._area.hint(folder)
            return
        if self._area.only is not None:
            if _join(folder, os.fsdecode(event.name)) == self._area.only:
                self._area.hint(self._area.only)
            return
        try:
            path = _join(folder, event.name.decode())
        except UnicodeDecodeError:  # cannot be named in a hint
            self._area.hint(folder)
            return
        if event.is_directory:
            if event.is_moved_from:
                self._forget_tree(path)
            elif event.is_create or event.is_moved_to or event.is_attrib:  # it may be readable only now
                self._add_tree(path)
        self._area.hint(path)

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        with self._guard:
            path, _ = self._by_watch.pop(wd, (None, None))
            if path is not None and self._by_path.get(path) == wd:
                del self._by_path[path]
        if path == self._area.top:
            self.trouble = "gone"

    def on_queue_overflow(self) -> None:
        self.trouble = "lost"

    # --- watches -----------------------------------------------------------------------------------------------------

    def _add_tree(self, top: str) -> None:
        try:
            if self._area.leave_out(top) or not self._add(top):
                return
        except OSError:
            return  # gone already, or it may not be read
        self._add_below(top)

    def _add_below(self, top: str) -> None:
        todo = [top]
        while todo and self.trouble != "full":
            folder = todo.pop()
            for path in _folders_in(folder):
                try:
                    if not self._area.leave_out(path) and self._add(path):
                        todo.append(path)
                except OSError:
                    continue

    def _add(self, path: str) -> bool:
        """Watch one folder; False if it is watched already, and whoever did that sees to what is below it."""
        with self._guard:
            if self._closed or path in self._by_path:
                return False
            # Each watch has its own id, as the kernel answers with the same watch for a folder that was moved here.
            id_ = cast("CallbackId", next(_IDS))
            try:
                wd = self._kernel.add_callback(os.fsencode(path), self._mask, self, id_)
            except OSError as error:
                if error.errno in (errno.ENOSPC, errno.ENOMEM):
                    self.trouble = "full"
                raise
            if wd < 0:  # watchdog's way of saying so
                self._kernel.remove_callbacks([(wd, id_)])
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
            former = self._by_watch.get(wd)
            if former is not None:
                self._by_path.pop(former[0], None)
                self._kernel.remove_callbacks([(wd, former[1])])
            self._by_path[path] = wd
            self._by_watch[wd] = (path, id_)
            return True

    def _forget_tree(self, top: str) -> None:
        inside = _join(top, "")
        with self._guard:
            paths = [path for path in self._by_path if path == top or path.startswith(inside)]
            watches = [self._by_path.pop(path) for path in paths]
            forgotten = [(wd, self._by_watch.pop(wd)[1]) for wd in watches]
        self._kernel.remove_callbacks(forgotten)


def _mask() -> Mask:
    from watchdog.observers.inotify_c import InotifyConstants as Kernel
    from watchdog.observers.inotify_c import Mask

    # No opening, reading or closing without a change: looking at files must not look like a change.
    changes = Kernel.IN_CREATE | Kernel.IN_MODIFY | Kernel.IN_CLOSE_WRITE | Kernel.IN_ATTRIB | Kernel.IN_DELETE
    moves = Kernel.IN_MOVED_FROM | Kernel.IN_MOVED_TO
    return Mask(changes | moves | Kernel.IN_ONLYDIR | Kernel.IN_DONT_FOLLOW | Kernel.IN_EXCL_UNLINK)


def _join(folder: str, name: str) -> str:
    return folder + name if folder.endswith(os.sep) else folder + os.sep + name


def _folders_in(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.path for entry in entries if entry.is_dir(follow_symlinks=False) and is_text(entry.name)]
    except OSError:
        return []
