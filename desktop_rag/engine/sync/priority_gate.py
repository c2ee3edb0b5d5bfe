"""Who may use the machine: questions come before indexing, and what the person does with it before both."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from desktop_rag.config import Pace

_LONGEST_WAIT_S = 5.0
"""Questions that keep coming hold indexing up for no longer than this at a time."""
_SLOW = 3.0
"""A slow pace rests this many times as long as it works."""
_LONGEST_REST_S = 2.0


class PriorityGate:
    """``pace`` tells how hard indexing may work now; ``closing`` ends all waiting."""

    def __init__(self, pace: Callable[[], Pace], closing: threading.Event) -> None:
        self._pace = pace
        self._closing = closing
        self._quiet = threading.Condition()
        self._questions = 0
        self._worked_since = time.monotonic()

    @contextmanager
    def question(self) -> Iterator[None]:
        """Around the answering of a question."""
        with self._quiet:
            self._questions += 1
        try:
            yield
        finally:
            with self._quiet:
                self._questions -= 1
                self._quiet.notify_all()

    def checkpoint(self) -> None:
        """Called by indexing between two batches: waits while questions are answered, and rests at a slow pace."""
        with self._quiet:
            self._quiet.wait_for(lambda: not self._questions, _LONGEST_WAIT_S)
        if self._pace() == "slow":
            self._closing.wait(min(_LONGEST_REST_S, _SLOW * (time.monotonic() - self._worked_since)))
        self._worked_since = time.monotonic()
