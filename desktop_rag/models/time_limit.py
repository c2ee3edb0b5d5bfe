"""Work in a model's process that may take no longer than so long, whatever it does: the parent ends the process.

Python cannot stop a loop, nor a call into C that holds all threads up. So the process says beforehand what it is about
to do, and its parent watches how long it works. Outside such a process nobody watches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Announce = Callable[[float, str], None]
"""Tells the parent: from now on so many seconds, and what to say when they are over. 0 seconds: all went well."""

_announce: Announce | None = None


def announce_with(announce: Announce | None) -> None:
    """How limits are told to whoever watches."""
    global _announce
    _announce = announce


@contextmanager
def within(seconds: float, said: str) -> Iterator[None]:
    """What is done inside may take ``seconds`` of the processor's time; then the process is ended, and ``said`` is the
    error's message."""
    announce = _announce
    if announce is None:
        yield
        return
    announce(seconds, said)
    try:
        yield
    finally:
        announce(0.0, "")
