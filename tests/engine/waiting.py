"""Waiting for what happens in the background: until it is so, or for long enough to be sure that it will not be."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

LONG_S = 60.0


def until(condition: Callable[[], T], what: str = "", within_s: float = LONG_S) -> T:
    """The first true value of ``condition``; fails when there is none in time."""
    deadline = time.monotonic() + within_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s:g} s: {what or condition}")
        time.sleep(0.02)
