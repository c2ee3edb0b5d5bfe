"""How far a run is: counts, rate and time left, told a few times a second."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from desktop_rag.indexing.storing import ToIndex
from desktop_rag.types import Progress

_REPORT_EVERY_S = 0.1
_RATE_WINDOW_S = 20.0
_NO_GUESS_S = 3.0


class Meter:
    """Progress with the rate of the last seconds, reported ten times a second at most."""

    def __init__(self, report: Callable[[Progress], None]) -> None:
        self._report = report
        self._guard = threading.Lock()
        self._files = self._bytes = self._total_files = self._total_bytes = self._chunks = 0
        self._last = 0.0
        self._history: deque[tuple[float, float]] = deque()
        self._current = ""

    def begin(self, files: Sequence[ToIndex]) -> None:
        self._total_files = len(files)
        self._total_bytes = sum(file.size for file in files)
        self._history.append((time.monotonic(), 0.0))
        self._tell(force=True)

    def done(self, file: ToIndex) -> None:
        with self._guard:
            self._files += 1
            self._bytes += file.size
            self._current = file.path
        self._tell()

    def embedded(self, chunks: int) -> None:
        with self._guard:
            self._chunks += chunks
        self._tell()

    def end(self) -> None:
        self._report(self._progress("done", None))

    def _tell(self, force: bool = False) -> None:
        now = time.monotonic()
        with self._guard:
            if not force and now - self._last < _REPORT_EVERY_S:
                return
            self._last = now
            share = self._share()
            self._history.append((now, share))
            while len(self._history) > 2 and now - self._history[0][0] > _RATE_WINDOW_S:
                self._history.popleft()
            began, before = self._history[0]
            rate = (share - before) / (now - began) if now > began else 0.0
            # The first seconds tell nothing: the model starts, and nothing is stored yet.
            left = (1.0 - share) / rate if rate > 0 and now - began > _NO_GUESS_S else None
        self._report(self._progress("indexing", left))

    def _share(self) -> float:
        """How much is done, 0 to 1: half by files, half by bytes, as neither alone tells the work."""
        return 0.5 * self._files / max(1, self._total_files) + 0.5 * self._bytes / max(1, self._total_bytes)

    def _progress(self, phase: str, left: float | None) -> Progress:
        return Progress(
            "done" if phase == "done" else "indexing",
            self._files,
            self._total_files,
            self._bytes,
            self._total_bytes,
            self._chunks,
            self._current,
            left,
        )
