"""Ctrl-C while indexing: the first asks the engine to stop soon, the second ends the program at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from desktop_rag.cli.terminal import say


@contextmanager
def stop_on_interrupt() -> Iterator[threading.Event]:
    """Gives the event that is set by the first Ctrl-C."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():  # only the main thread gets signals
        yield stop
        return

    def on_interrupt(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        # Standard error may be in use by the code that was interrupted; a thread of its own waits for its turn.
        threading.Thread(
            target=say, args=("Stopping; what was done is kept. Press Ctrl-C again to stop at once.",), daemon=True
        ).start()

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)
