"""Being told when something changes in the chosen folders, and saying where that cannot be had.

What comes of it are hints, nothing more: some are missed and some are about nothing. Whoever gets one looks for
himself, and all folders are looked through now and then whatever happens here.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, Protocol

from msgspec import Struct

from desktop_rag.indexing.filesystems import Mount, mount_of, mounts, mounts_below
from desktop_rag.indexing.inotify import Inotify, WatchedArea, WatchTrouble
from desktop_rag.indexing.observed import ObserverWatch
from desktop_rag.messages import say, sentences
from desktop_rag.worker_thread import Report, log_only, problem_of

_RETRY_S = 600.0
"""How long to poll a folder before trying again to watch it; two failures of the watching thread within this are one
too many."""

_INSTEAD = say("indexing.checked-changes-time-time-instead")


class Watching(Struct, frozen=True):
    """How a root is watched. ``polling``: nothing is told of it, somebody must look through it regularly.
    ``reason`` says in words why it is not ``events``, or what is missed nevertheless."""

    root: str
    how: Literal["events", "polling", "missing"]
    reason: str = ""


class _WatchedTree(Protocol):
    @property
    def trouble(self) -> WatchTrouble | None: ...
    def close(self) -> None: ...


class _EventSource(Protocol):
    @property
    def alive(self) -> bool: ...
    def watch(self, area: WatchedArea) -> _WatchedTree: ...
    def close(self) -> None: ...


class _RootPlace(Struct, frozen=True):
    """What is found where a root should be; another one if it was replaced."""

    real: str
    """Without links."""
    top: str
    """The folder to watch: the root itself, or the folder of a root that is a single file."""
    device: int
    inode: int


class _WatchedRoot(Struct):
    state: Watching
    leave_out: Callable[[str], bool] | None
    place: _RootPlace | None = None
    mount: Mount | None = None
    below: frozenset[Mount] = frozenset()
    tree: _WatchedTree | None = None
    lost: int = 0
    """How often the system dropped events."""
    retry_at: float = 0.0


class Watcher:
    """Calls ``on_hint``, from any thread, with each path at or below a watched root that may have changed; the root
    itself means that anything may have. ``on_hint`` must be quick; what it raises is told to ``report``, and all is
    looked through again. Nothing is told of what is in ``own``, our own folders.

    ``refresh`` is to be called every few seconds. It reads the state of each root and writes nothing.
    """

    def __init__(self, on_hint: Callable[[str], None], own: Sequence[Path] = (), report: Report = log_only) -> None:
        self._on_hint = on_hint
        self._report = report
        self._own = tuple(os.path.realpath(folder) for folder in own)
        self._guard = threading.Lock()
        self._roots: dict[str, _WatchedRoot] = {}
        self._attached = mounts()
        self._source: _EventSource | None = None
        self._source_died_at: float | None = None
        self._no_source_until = 0.0
        self._closed = False

    def watch(self, root: str, leave_out: Callable[[str], bool] | None = None) -> None:
        """Tell of changes at or below ``root``, a folder or a file, from when this returns; look through it after that.
        For a folder with many others in it this takes a while. Folders for which ``leave_out`` is true are not watched.
        """
        with self._guard:
            self._end(self._roots.pop(root, None))
            if not self._closed:
                fresh = self._roots[root] = _WatchedRoot(Watching(root, "missing"), leave_out)
                self._begin(fresh)

    def unwatch(self, root: str) -> None:
        """Forget a root; one that is not watched is no error."""
        with self._guard:
            self._end(self._roots.pop(root, None))

    def states(self) -> list[Watching]:
        """How each root is watched. Waits for nothing."""
        return [root.state for root in list(self._roots.values())]

    def refresh(self) -> None:
        """See to roots that went, came or came back, to drives that were attached, to lost events and dead threads."""
        hints = []
        with self._guard:
            before, self._attached = self._attached, mounts()
            if self._source is not None and not self._source.alive:
                self._bury(self._source)
            for root in self._roots.values():
                if self._is_as_it_was(root, remounted=before != self._attached):
                    continue
                was = root.state.how
                self._begin(root)
                if root.state.how == "events" or root.state.how != was:
                    hints.append(root.state.root)
        for hint in hints:  # outside, as whoever is told may have to wait for somebody who asks for the states
            self._on_hint(hint)

    def close(self) -> None:
        """End all threads. Nothing is hinted at when this has returned."""
        with self._guard:
            self._closed = True
            self._roots.clear()
            source, self._source = self._source, None
        if source is not None:
            source.close()

    # --- one root ----------------------------------------------------------------------------------------------------

    def _is_as_it_was(self, root: _WatchedRoot, *, remounted: bool) -> bool:
        if root.state.how == "missing":
            return False
        if remounted:
            real = Path(root.place.real if root.place is not None else root.state.root)
            if mount_of(real, self._attached) != root.mount or mounts_below(real, self._attached) != root.below:
                return False
        if root.mount is not None and root.mount.silent:
            return True  # a network that does not answer would hold us up here
        if root.tree is not None and root.tree.trouble:
            root.lost += root.tree.trouble == "lost"
            return False
        if root.tree is None and time.monotonic() >= root.retry_at:
            return False
        try:
            return _find(root.state.root) == root.place
        except OSError:
            return False

    def _begin(self, root: _WatchedRoot) -> None:
        """Watch a root anew, as it is now."""
        self._end(root)
        how, reason = self._try(root)
        root.state = Watching(root.state.root, how, reason)
        root.retry_at = time.monotonic() + _RETRY_S

    def _try(self, root: _WatchedRoot) -> tuple[Literal["events", "polling", "missing"], str]:
        name = root.state.root
        root.mount = mount_of(Path(name), self._attached)
        root.below = frozenset()
        root.place = None
        try:
            if not (root.mount and root.mount.silent):
                root.place = _find(name)
                root.mount = mount_of(Path(root.place.real), self._attached)
                root.below = mounts_below(Path(root.place.real), self._attached)
            if root.mount and root.mount.silent:
                where = say("indexing.network-cloud-drive", folder=root.mount.folder, kind=root.mount.kind)
                return "polling", say("indexing.does-not-report-changes", where=where, instead=_INSTEAD)
            assert root.place is not None
            tree = self._open_source().watch(self._area(root, root.place))
        except PermissionError as error:
            if root.place is not None and root.place.top != root.place.real:
                return "polling", _why_not(error)  # a file in a folder that cannot be listed can be read
            return "missing", say("indexing.do-not-permission-open")
        except (FileNotFoundError, NotADirectoryError):
            return "missing", say("indexing.cannot-found")
        except OSError as error:
            return "polling", _why_not(error)
        if tree.trouble == "full":
            tree.close()
            return "polling", _why_not(OSError(errno.ENOSPC, ""))
        root.tree = tree
        return "events", self._what_is_missed(root)

    def _end(self, root: _WatchedRoot | None) -> None:
        if root is not None and root.tree is not None:
            root.tree.close()
            root.tree = None

    def _area(self, root: _WatchedRoot, place: _RootPlace) -> WatchedArea:
        name, leave_out = root.state.root, root.leave_out

        def shown(path: str) -> str:
            inside = path[len(place.real) :].lstrip(os.sep)
            return str(Path(name, inside)) if inside else name

        def hint(path: str) -> None:
            if not self._is_own(path):
                self._on_hint(shown(path))

        def leaves_out(path: str) -> bool:
            return self._is_own(path) or (leave_out is not None and leave_out(shown(path)))

        return WatchedArea(place.top, None if place.top == place.real else place.real, hint, leaves_out, self._failed)

    def _failed(self, error: Exception) -> None:
        self._report(problem_of(error, say("indexing.watching-folders")))

    def _is_own(self, path: str) -> bool:
        return any(path == folder or path.startswith(folder + os.sep) for folder in self._own)

    def _what_is_missed(self, root: _WatchedRoot) -> str:
        reasons = []
        if root.lost:
            times = "once" if root.lost == 1 else say("indexing.times", lost=root.lost)
            reasons.append(say("indexing.changes-came-too-fast-follow-whole", times=times))
        reasons += [
            say("indexing.contains-network-cloud-drive-where-changes", folder=mount.folder, kind=mount.kind)
            for mount in sorted(root.below, key=lambda mount: mount.folder)
            if mount.silent
        ]
        return sentences(*reasons)

    # --- where the events come from ----------------------------------------------------------------------------------

    def _open_source(self) -> _EventSource:
        """One for all roots, as a person may have only so many (128 on most Linux systems, all programs together)."""
        if self._source is None:
            if time.monotonic() < self._no_source_until:
                raise OSError(errno.EIO, say("indexing.watching-failed-twice"))
            self._source = _open_events()
        return self._source

    def _bury(self, source: _EventSource) -> None:
        """Begin anew after a thread died of a mistake; with the second one so soon, poll for a while."""
        now = time.monotonic()
        again = self._source_died_at is not None and now - self._source_died_at < _RETRY_S
        self._source_died_at = now
        self._no_source_until = now + _RETRY_S if again else now
        self._source = None
        source.close()
        for root in self._roots.values():
            if root.tree is not None:
                root.tree, root.retry_at = None, now


def _open_events() -> _EventSource:
    return Inotify() if sys.platform == "linux" else ObserverWatch()


def _why_not(error: OSError) -> str:
    if sys.platform == "linux" and error.errno in (errno.ENOSPC, errno.EMFILE):
        limit = "max_user_watches" if error.errno == errno.ENOSPC else "max_user_instances"
        try:
            now = int(Path("/proc/sys/fs/inotify", limit).read_text(encoding="ascii"))
        except (OSError, ValueError):
            now = 0
        what = (
            say("indexing.too-many-folders-being-watched")
            if error.errno == errno.ENOSPC
            else say("indexing.too-many-programs-watching-changes")
        )
        return say("indexing.fs-inotify-raise", what=what, limit=limit, now=now, instead=_INSTEAD)
    return say("indexing.cannot-watched", reason=error.strerror or error, instead=_INSTEAD)


def _find(root: str) -> _RootPlace:
    """Raises ``OSError`` when there is nothing."""
    real = Path(os.path.realpath(root))  # not resolve(), which fails in its own way on links that lead in circles
    status = real.stat()
    top = real if stat.S_ISDIR(status.st_mode) else real.parent
    status = top.stat()
    return _RootPlace(str(real), str(top), status.st_dev, status.st_ino)
