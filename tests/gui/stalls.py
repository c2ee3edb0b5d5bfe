"""How long the main thread was busy at a stretch: what a person feels as a window that hangs."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QTimer

_BEAT_MS = 5


class Stalls:
    """``longest_s`` is the longest time between two turns of the event loop; ``where`` says what was done then.

    On Linux, time in which the main thread could have gone on, but other programs had all the processors, does not
    count: it says something of the machine, and nothing of the window.
    """

    def __init__(self) -> None:
        self.longest_s = 0.0
        self.where = ""
        self._beat = time.perf_counter()
        self._kept = _kept_waiting_s()
        self._main = threading.main_thread().ident
        self._timer = QTimer()
        self._timer.setInterval(_BEAT_MS)
        self._timer.timeout.connect(self._turn)
        self._closed = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def start(self) -> None:
        self._beat, self._kept = time.perf_counter(), _kept_waiting_s()
        self._timer.start()
        self._watcher.start()

    def stop(self) -> None:
        self._turn()
        self._timer.stop()
        self._closed.set()
        self._watcher.join()

    def _turn(self) -> None:
        now, kept = time.perf_counter(), _kept_waiting_s()
        self.longest_s = max(self.longest_s, now - self._beat - (kept - self._kept) - _BEAT_MS / 1000)
        self._beat, self._kept = now, kept

    def _watch(self) -> None:
        """From another thread: look what the main thread does while it keeps the loop waiting."""
        while not self._closed.wait(0.01):
            waited = time.perf_counter() - self._beat
            if waited > max(0.04, self.longest_s):
                frame = sys._current_frames().get(self._main or 0)
                if frame is not None:
                    self.where = "".join(traceback.format_stack(frame)[-6:])


def _kept_waiting_s() -> float:
    """How long this thread was kept from a processor, in all."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9
    except OSError:
        return 0.0


@contextmanager
def watched() -> Iterator[Stalls]:
    """Measure the main thread for as long as this goes on."""
    stalls = Stalls()
    stalls.start()
    try:
        yield stalls
    finally:
        stalls.stop()
