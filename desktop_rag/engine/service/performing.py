"""Performs the calls of all clients of an engine process.

Calls of different lanes are performed by different threads: what controls the engine never waits behind a long indexing
run, nor a question behind others' backups. A call that must not have its effect twice is noted before and after.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace

import msgspec

from desktop_rag.engine.call import Call, CallListener, Lane
from desktop_rag.engine.engine import Engine
from desktop_rag.engine.events import Subscription
from desktop_rag.engine.service import wire
from desktop_rag.errors import DesktopRagError, InternalError
from desktop_rag.log import ENGINE, record_bug
from desktop_rag.messages import say
from desktop_rag.storage.call_journal import CallJournal

_THREADS: dict[Lane, int] = {"control": 2, "question": 4, "look": 4, "work": 6}
"""For all clients together: each thread that is used holds a connection to the catalog with a cache of its own."""
_LEAVE_S = 5.0
"""How long calls that were told to stop may take to end."""


class Performing:
    """Performs calls of all clients: each lane has threads of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._journal = CallJournal(engine.context.library.catalog)
        self._lanes = {lane: ThreadPoolExecutor(count, f"{lane} calls") for lane, count in _THREADS.items()}
        self._going_on: set[Future[None]] = set()

    def begin(
        self, wanted: wire.CallRequest, listener: CallListener, end: Callable[[wire.Result | wire.Failure], None]
    ) -> None:
        """Have a call performed; ``end`` gets its result. Raises ``msgspec.MsgspecError`` for what is no call, and
        ``RuntimeError`` when no calls are taken any more."""
        call = wire.decode_call(wanted)
        future = self._lanes[call.lane].submit(lambda: end(self._answer(call, wanted.id, listener)))
        self._going_on.add(future)
        future.add_done_callback(self._going_on.discard)

    def subscribe(self) -> Subscription:
        return self._engine.subscribe()

    def finish(self) -> bool:
        """Take no calls any more. False when one does not come to its end."""
        for threads in self._lanes.values():
            threads.shutdown(wait=False)
        return not wait(list(self._going_on), _LEAVE_S).not_done

    def _answer(self, call: Call[object], call_id: str, listener: CallListener) -> wire.Result | wire.Failure:
        try:
            return wire.Result(msgspec.Raw(self._perform(call, call_id, listener)))
        except DesktopRagError as error:
            return wire.failure_of(error)
        except Exception as error:
            said = say("engine.something-went-wrong-inside-program", kind=type(error).__name__)
            return wire.failure_of(InternalError(said, record_bug(error, ENGINE)))

    def _perform(self, call: Call[object], call_id: str, listener: CallListener) -> bytes:
        """The reply, as it is sent. A call with an id that was performed already is not performed again."""
        if call.repeat != "once" or not call_id:
            return wire.encode(self._engine.perform(call, replace(listener, call_id=call_id)))
        before = self._journal.begin(call_id)
        if before is not None and before.reply is not None:
            return before.reply
        listener = replace(listener, call_id=call_id, first_tried=None if before is None else before.began)
        try:
            reply = wire.encode(self._engine.perform(call, listener))
        except Exception:
            self._journal.failed(call_id)
            raise
        self._journal.done(call_id, reply)
        return reply
