"""The engine's API from another process. It loads no model and opens no database."""

from __future__ import annotations

import queue
import threading
import time
import uuid
from collections.abc import Iterator
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from desktop_rag import __version__
from desktop_rag.engine.api import EngineApi
from desktop_rag.engine.call import NEVER, Call, CallListener, Reply
from desktop_rag.engine.events import Event
from desktop_rag.engine.service import wire
from desktop_rag.engine.service.channel import Channel, Lost
from desktop_rag.engine.this_process import perform_here
from desktop_rag.errors import ConfigError, EngineFull, EngineGone
from desktop_rag.messages import say
from desktop_rag.worker_thread import run_in_thread

_PATIENCE_S = 15.0
"""How long a client waits for an engine that has died to be started again."""
_ROOM_S = 3.0
"""How long it waits for room beside an engine's other clients."""
_STOP_EVERY_S = 0.05


class EngineClient(EngineApi):
    """A connection to the engine that owns ``library``. One call at a time; use one client for each thread.

    An engine that dies during a call is waited for, and asked again; a call that must not have its effect twice is sent
    under an id by which the next engine knows it. Each method is that of ``Engine``, and raises its errors;
    ``EngineGone`` when the engine does not come back, or the client is closed by another thread.
    """

    def __init__(self, library: Path, channel: Channel) -> None:
        self.library = library
        self._channel: Channel | None = channel
        self._busy = threading.Lock()
        self._closed = False
        self._answered = True

    @classmethod
    def connect(cls, library: Path) -> EngineClient | None:
        """A client of the engine that runs for this library; None when none does. Raises ``ConfigError`` when it is
        one of another version, ``EngineFull`` when it has no room for another client."""
        library = library.expanduser().absolute()
        channel = _connect(library)
        return None if channel is None else cls(library, channel)

    def close(self) -> None:
        """Leave the engine; it goes on. A call that another thread waits for ends with ``EngineGone``."""
        self._closed = True
        channel = self._channel
        if channel is not None:
            channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def perform(self, call: Call[Reply], listener: CallListener | None = None) -> Reply:
        """Have the engine perform a call; one whose place is the caller's process is performed here."""
        listener = listener or CallListener()
        if call.place == "caller":
            return perform_here(call, listener)
        request = wire.request(call, uuid.uuid4().hex if call.once() else "")
        with self._busy:
            deadline = time.monotonic() + _PATIENCE_S
            while True:
                try:
                    return wire.reply_of(call, self._request(request, listener, deadline))
                except Lost:
                    self._hang_up()
                except BaseException:
                    if self._channel is not None and not self._answered:
                        self._hang_up()  # what is still to come of this call must not be taken for that of the next
                    raise

    def subscribe(self) -> RemoteSubscription:
        """What happens in the engine from now on, as events; close it when done."""
        channel = _connect(self.library)
        if channel is None:
            raise _gone(self.library)
        return RemoteSubscription(channel)

    def shut_down(self) -> None:
        """Have the engine process end in an orderly way; it has answered, but may take a moment."""
        with self._busy:
            try:
                self._request(wire.ShutDown(), CallListener(), time.monotonic())
            except (Lost, EngineGone):  # it has ended already
                self._hang_up()

    # --- inside ------------------------------------------------------------------------------------------------------

    def _request(self, message: wire.Message, listener: CallListener, deadline: float) -> wire.Result:
        """Send a message and wait for the result, telling ``listener`` what comes meanwhile. Raises ``Lost`` when the
        connection breaks: what a function of the listener raises is never that."""
        channel = self._channel or self._reconnect(deadline)
        self._answered = False
        channel.send(message)
        asked_to_stop = False
        while True:
            if listener.stop.is_set() and not asked_to_stop:
                channel.send(wire.Stop())
                asked_to_stop = True
            answer = channel.receive(None if asked_to_stop or listener.stop is NEVER else _STOP_EVERY_S)
            if isinstance(answer, wire.Failure):
                self._answered = True
                raise wire.error_of(answer)
            if isinstance(answer, wire.Result):
                self._answered = True
                return answer
            if isinstance(answer, wire.Update) and answer.progress is not None:
                listener.on_progress(answer.progress)
            if isinstance(answer, wire.Update) and answer.answer is not None:
                listener.on_event(answer.answer)

    def _hang_up(self) -> None:
        channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()

    def _reconnect(self, deadline: float) -> Channel:
        """Raises ``EngineGone``."""
        while not self._closed:
            channel = _connect(self.library)
            if channel is not None:
                self._channel = channel
                if self._closed:  # meanwhile, by another thread
                    self._hang_up()
                    break
                return channel
            if time.monotonic() > deadline:
                break
            time.sleep(_STOP_EVERY_S)
        raise _gone(self.library)


class RemoteSubscription:
    """The events of an engine in another process: iterate over it, or ``get`` one. It has ``ended`` with the engine."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self.ended = False
        try:
            channel.send(wire.Subscribe())
        except Lost:
            self._events.put(None)
        self._reader = run_in_thread("events", self._read)

    def get(self, timeout_s: float | None = None) -> Event | None:
        """The next event; None when there was none in time, or when the engine has gone."""
        try:
            event = self._events.get(timeout=timeout_s)
        except queue.Empty:
            return None
        self.ended = self.ended or event is None
        return event

    def __iter__(self) -> Iterator[Event]:
        while (event := self.get()) is not None:
            yield event

    def close(self) -> None:
        self._channel.close()
        self._reader.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self) -> None:
        try:
            while True:
                answer = self._channel.receive()
                if isinstance(answer, wire.Update) and answer.event is not None:
                    self._events.put(answer.event)
                elif isinstance(answer, wire.Result | wire.Failure):
                    return
        except Lost:
            return
        finally:
            self._events.put(None)


def _connect(library: Path) -> Channel | None:
    """A connection that both sides trust; None when nobody listens. Raises ``EngineFull`` when it is hung up on, again
    and again, as an engine does that serves as many as it can; one that is about to end does so only for a moment."""
    deadline = time.monotonic() + _ROOM_S
    while True:
        try:
            return _greet(library)
        except (EOFError, ConnectionResetError):
            if time.monotonic() > deadline:
                raise EngineFull(
                    say("engine.engine-cannot-serve-any-more-programs"),
                    say("engine.close-program-uses-try-again-later"),
                ) from None
            time.sleep(_STOP_EVERY_S)


def _greet(library: Path) -> Channel | None:
    """Raises ``EOFError`` or ``ConnectionResetError`` when the other side hangs up."""
    address = wire.read_address(library)
    if address is None:
        return None
    try:
        connection = Client(address.address, authkey=bytes.fromhex(address.key))
    except ConnectionResetError:
        raise
    except (OSError, ValueError, AuthenticationError):  # left by a process that is no more
        return None
    channel = Channel(connection)
    try:
        channel.send(wire.Hello(wire.PROTOCOL, __version__))
        hello = channel.receive()
    except (Lost, msgspec.MsgspecError):
        channel.close()
        return None
    if not isinstance(hello, wire.Hello) or hello.protocol != wire.PROTOCOL:
        channel.close()
        raise ConfigError(
            say("engine.running-engine-version-but-program-version", theirs=address.version, ours=__version__),
            say("engine.restart-desktop-rag-engine-restart"),
        )
    return channel


def _gone(library: Path) -> EngineGone:
    return EngineGone(
        say("engine.engine-library-stopped", library=library), say("engine.start-again-desktop-rag-engine-start")
    )
