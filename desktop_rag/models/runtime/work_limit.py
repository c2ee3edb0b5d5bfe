"""How long a model's process may work on what it has announced: watched by its parent, see ``time_limit``."""

from __future__ import annotations

import threading

import msgspec

from desktop_rag.child_process import ChildProcess
from desktop_rag.models.runtime.protocol import WithinMessage

_LOOK_EVERY_S = 0.05

_decoder = msgspec.msgpack.Decoder(WithinMessage)


class WorkLimit:
    """Ends a child once it has worked for longer than it said it would, even if nobody waits for it any more.

    ``overdue`` says why it was ended; "" for a child that was not.
    """

    def __init__(self) -> None:
        self.overdue = ""
        self._child: ChildProcess | None = None
        self._limit: WithinMessage | None = None

    def watch(self, child: ChildProcess) -> None:
        """The child whose limits are overheard."""
        self._child = child

    def overhear(self, frame: bytes) -> bool:
        """Take up a limit, if ``frame`` announces one; anything else is for whoever asked. For the child's reader."""
        try:
            limit = _decoder.decode(frame)
        except msgspec.MsgspecError:
            return False
        self._limit = limit if limit.seconds > 0 else None
        if self._limit is not None and self._child is not None:
            self._look(self._child, self._limit, self._child.processor_s() + self._limit.seconds)
        return True

    def _look(self, child: ChildProcess, limit: WithinMessage, until_s: float) -> None:
        if self._limit is not limit or not child.running:
            return
        left_s = until_s - child.processor_s()
        if left_s > 0:  # on a busy machine it has hardly had a turn
            clock = threading.Timer(max(left_s, _LOOK_EVERY_S), self._look, (child, limit, until_s))
            clock.daemon = True
            clock.start()
        else:
            self.overdue = limit.message
            child.kill()
