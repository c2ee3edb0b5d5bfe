"""One end of a connection between an engine process and a client, which any thread may close."""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection

from desktop_rag.engine.service import wire

_LOOK_EVERY_S = 0.2
"""How often a reader of a named pipe, which cannot be shut down under it, looks whether it is to end."""
_LEAVE_S = 5.0
"""How long closing waits for whoever reads."""


class Lost(Exception):
    """The other side has gone, or the channel was closed here."""


class Channel:
    """Sends messages and reads answers. Several threads may send; one at a time reads."""

    def __init__(self, connection: Connection[object, object]) -> None:
        self._connection = connection
        self._sending = threading.Lock()
        self._reading = threading.Lock()
        self._closed = threading.Event()

    def send(self, message: object) -> None:
        """Raises ``Lost``."""
        with self._sending:
            try:
                self._connection.send_bytes(wire.encode(message))
            except OSError as error:
                raise Lost from error

    def receive(self, within_s: float | None = None) -> wire.Answer | None:
        """The next answer; None when there was none in time. Raises ``Lost``."""
        with self._reading:
            if self._closed.is_set():
                raise Lost
            try:
                return self._receive(within_s)
            except (OSError, EOFError) as error:
                raise Lost from error

    def _receive(self, within_s: float | None) -> wire.Answer | None:
        if within_s is None and sys.platform == "win32":
            while not self._connection.poll(_LOOK_EVERY_S):
                if self._closed.is_set():
                    raise Lost
        elif within_s is not None and not self._connection.poll(within_s):
            return None
        return wire.decode_answer(self._connection.recv_bytes())

    def close(self) -> None:
        """Have whoever reads leave, then close. A descriptor that is closed under a reader may be given to another
        file, which it would go on to read."""
        self._closed.set()
        if sys.platform != "win32":
            with suppress(OSError), socket.socket(fileno=self._duplicate()) as end:
                end.shutdown(socket.SHUT_RDWR)
        with _held(self._reading), _held(self._sending):
            self._connection.close()

    def _duplicate(self) -> int:
        return os.dup(self._connection.fileno())


@contextmanager
def _held(lock: threading.Lock) -> Iterator[None]:
    """With the lock, once whoever holds it has left; without, if that takes for ever."""
    held = lock.acquire(timeout=_LEAVE_S)
    try:
        yield
    finally:
        if held:
            lock.release()
