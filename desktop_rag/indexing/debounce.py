"""Hints that something changed -> the places that have come to rest and may be read.

A file is often hinted at many times while it is written, and one hint may stand for a whole tree. A place is at rest
when no hint came for a while and it looks as it did at the beginning of that while. The clock is handed in and nothing
is waited for here; it is not the computer's time of day, which may be set anew.
"""

from __future__ import annotations

import os
import stat
import threading
from collections import defaultdict
from collections.abc import Callable, Collection
from typing import TypeAlias

from msgspec import Struct

_MOST = 2000
"""Places that wait at once. With more, places in the same folder are merged into that folder: looking through it costs
less than keeping, and asking about, tens of thousands of names."""

Look: TypeAlias = tuple[int, ...] | None
"""What can be seen of a place without opening it; None: nothing."""


class _Waiting(Struct, frozen=True):
    due: float
    look: Look


def look_at(path: str) -> Look:
    """A file's identity, size in bytes and time of the last change. Of a folder only the identity: its size and time
    change with every file that is made in it, and these have hints of their own."""
    try:
        status = os.stat(path)  # noqa: PTH116 (many times quicker, and a storm of hints must cost little)
    except (OSError, ValueError):
        return None
    if stat.S_ISDIR(status.st_mode):
        return status.st_dev, status.st_ino
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


class Debouncer:
    """Holds hints back until what they point at is at rest. May be used by many threads.

    Moments are seconds of a clock that never goes back, such as ``time.monotonic()``. When very many places wait, they
    are merged into the folders around them, up to the ``roots`` and never beyond; these may be set anew at any time.
    """

    def __init__(
        self,
        quiet_s: float,
        roots: Collection[str] = (),
        *,
        most: int = _MOST,
        look: Callable[[str], Look] = look_at,
    ) -> None:
        self.roots = roots
        self._quiet_s = quiet_s
        self._most = most
        self._look = look
        self._guard = threading.Lock()
        self._waiting: dict[str, _Waiting] = {}
        """In the order in which they are due: what is looked at goes to the end, as all wait equally long."""

    def __len__(self) -> int:
        return len(self._waiting)

    def hint(self, path: str, now: float) -> None:
        """Something changed at ``path``; if it is a folder, perhaps below it."""
        with self._guard:
            self._wait(path, now)
            if len(self._waiting) > self._most:
                self._merge(now)

    def ready(self, now: float) -> list[str]:
        """Hand out the places at rest, those first that have waited longest. A folder stands for all that is below it,
        but for what is at or below the places that are ``pending()`` then: their turn comes later."""
        at_rest: dict[str, None] = {}
        with self._guard:
            while self._waiting:
                path, waiting = next(iter(self._waiting.items()))
                if waiting.due > now:
                    break
                if self._look(path) == waiting.look:
                    del self._waiting[path]
                    at_rest[path] = None
                else:
                    self._wait(path, now)
        return [path for path in at_rest if not below(path, at_rest)]

    def pending(self) -> set[str]:
        """The places that still wait. What is at or below them may be half written, or on its way to another name."""
        with self._guard:
            return set(self._waiting)

    def next_due(self) -> float | None:
        """When something may be ready; None while nothing waits."""
        with self._guard:
            return next(iter(self._waiting.values())).due if self._waiting else None

    def _wait(self, path: str, now: float) -> None:
        self._waiting.pop(path, None)
        self._waiting[path] = _Waiting(now + self._quiet_s, self._look(path))

    def _merge(self, now: float) -> None:
        """Put folders in the place of what waits in them, the deepest first, until there is room again."""
        roots = frozenset(self.roots)
        levels: defaultdict[int, set[str]] = defaultdict(set)
        for path in self._waiting:
            if below(path, roots):
                levels[path.count(os.sep)].add(path)
        while levels and len(self._waiting) > self._most // 2:
            level = max(levels)
            deepest = levels.pop(level)
            for path in deepest:
                del self._waiting[path]
            for folder in {_folder(path) for path in deepest}:
                self._wait(folder, now)
                if folder not in roots:
                    levels[level - 1].add(folder)


def below(path: str, folders: Collection[str]) -> bool:
    """Whether ``path`` lies below one of ``folders``, which should be a set or a dictionary."""
    while (folder := _folder(path)) != path:
        if folder in folders:
            return True
        path = folder
    return False


def _folder(path: str) -> str:
    return os.path.dirname(path)  # noqa: PTH120 (as above)
