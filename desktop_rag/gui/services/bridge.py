"""The window's connection to the engine: calls run in threads of their own, answers come back to the main thread.

Calls of one lane run one after the other; each lane has a thread and a connection, so typing into the search field
never waits for an answer that is being written. A newer call can replace an earlier one of the same name. Nothing here
blocks the main thread, and the modules that speak to the engine are imported in those threads while the window is
painted.

Qt objects may only be deleted by the main thread, and Python deletes an object where its last reference goes. So a
call, which refers to them, is always released by the main thread; reference cycles are collected only there; and a
bridge is never deleted once it was used.
"""

from __future__ import annotations

import gc
import logging
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from shiboken6 import isValid

from desktop_rag.errors import DesktopRagError, EngineGone
from desktop_rag.gui.services.errors import shown_error
from desktop_rag.gui.widgets.formatting import window_language
from desktop_rag.messages import translated
from desktop_rag.worker_thread import Backoff, WorkerThread, log_only

if TYPE_CHECKING:
    from desktop_rag.engine.results import Status
    from desktop_rag.engine.service.client import EngineClient

Lane = Literal["ask", "typing", "search", "look", "work", "status"]
"""``ask``: answers. ``typing``: results by words, at every key. ``search``: all there is for a query. ``look``: what
is shown of a file or a list. ``work``: what takes long. ``status``: the bridge's own."""

_STATUS_EVERY_MS = 1000
"""How often the status is asked for while things change."""
_RECONNECT_S = 0.25
_COLLECT_EVERY_MS = 1000
_LEAVING_S = 1.0
"""How long the end of the window waits for who listens."""

Work = Callable[["EngineClient", "BridgeCall"], Any]


class BridgeCall:
    """A call to the engine. ``stop`` ends it early, where the engine can; the result of a dropped call is ignored."""

    def __init__(self, work: Work, owner: QObject, done: Callable[[Any], None], failed: Callable[[Any], None]) -> None:
        self.stop = threading.Event()
        self.work = work
        self.owner = owner
        self.done = done
        self.failed = failed
        self.key = ""
        self.dropped = False
        self._tell: Callable[[Callable[[Any], None], Any], None] | None = None

    def drop(self) -> None:
        self.dropped = True
        self.stop.set()

    def tell(self, hear: Callable[[Any], None], what: Any) -> None:
        """From the call's thread: have the main thread call ``hear`` with ``what``."""
        assert self._tell is not None
        self._tell(hear, what)

    def wired_to(self, tell: Callable[[Callable[[Any], None], Any], None]) -> None:
        self._tell = tell


_USED: list[EngineBridge] = []


class EngineBridge(QObject):
    """The engine of ``library``. It is started if it does not run, and keeps running when the window closes.

    ``connected`` when it can be called, ``lost`` when it has died (it is restarted automatically), ``failed_to_start``
    with the error that keeps it from starting. ``event_received`` forwards the engine's events, ``status_changed`` its
    status.
    """

    connected = Signal()
    lost = Signal()
    failed_to_start = Signal(object)
    event_received = Signal(object)
    status_changed = Signal(object)
    _news = Signal()
    _happened = Signal(str, object)

    def __init__(self, library: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.library = library
        self.status: Status | None = None
        self.restarts = False
        """Set by whoever has the engine begin anew: it is not ``lost`` then."""
        self._lanes: dict[Lane, _Lane] = {}
        self._closed = threading.Event()
        self._listener: WorkerThread | None = None
        self.is_connected = False
        self._delivered: deque[list[Any]] = deque()
        self._news.connect(self._run, Qt.ConnectionType.QueuedConnection)
        self._garbage = QTimer(self, interval=_COLLECT_EVERY_MS)
        self._garbage.timeout.connect(_collect)
        self._happened.connect(self._tell, Qt.ConnectionType.QueuedConnection)
        self._soon = QTimer(self, singleShot=True, interval=_STATUS_EVERY_MS)
        self._soon.timeout.connect(self.refresh)
        self._asking_status = False
        self._ask_again = False
        self.event_received.connect(self._on_event)

    def start(self) -> None:
        """Connect, and begin to listen."""
        _USED.append(self)
        gc.disable()
        gc.freeze()  # what the program consists of is no garbage: looking through it would take long
        self._garbage.start()
        self._listener = WorkerThread(
            "events",
            self._listen,
            report=log_only,
            requeue=lambda: self._signal("lost"),
            backoff=Backoff(_RECONNECT_S),
            stopping=self._closed,
        )
        self._listener.start()

    def call(
        self,
        lane: Lane,
        work: Work,
        owner: QObject,
        done: Callable[[Any], None] | None = None,
        failed: Callable[[DesktopRagError], None] | None = None,
        *,
        instead: str = "",
    ) -> BridgeCall:
        """Run ``work(client, call)`` in a lane's thread; then ``done(result)`` or ``failed(error)`` in the main thread,
        unless the call was dropped or its ``owner`` was deleted. With ``instead``, an earlier call of this name is
        dropped, and stopped if possible."""
        call = BridgeCall(work, owner, done or _ignore, failed or self._log)
        call.key = instead
        call.wired_to(lambda hear, what: self.deliver([call, hear, what]))
        if self._closed.is_set():
            call.drop()
            return call
        if lane not in self._lanes:
            self._lanes[lane] = _Lane(lane, self)
        self._lanes[lane].put(call)
        return call

    def refresh(self) -> None:
        """Ask for the status now; ``status_changed`` follows."""
        if self._asking_status:
            self._ask_again = True
            return
        self._asking_status = True
        self.call("status", lambda client, _: client.status(), self, self._on_status, self._no_status)

    def close(self) -> None:
        """Disconnect from the engine, which keeps running. Calls in progress are dropped."""
        self._closed.set()
        self._garbage.stop()
        gc.enable()
        for lane in self._lanes.values():
            lane.close()
        if self._listener is not None:
            self._listener.stop(_LEAVING_S)

    # --- inside: the main thread ---

    @Slot()
    def _run(self) -> None:
        while self._delivered:
            parcel = self._delivered.popleft()
            call, hear, what = parcel
            parcel.clear()  # the thread it comes from may still hold it, and nothing in it from now on
            if not call.dropped and not self._closed.is_set() and isValid(call.owner):
                hear(what)

    @Slot(str, object)
    def _tell(self, signal: str, what: tuple[Any, ...]) -> None:
        """Emit a signal here, in the main thread: whoever was made meanwhile hears of it, too."""
        if self._closed.is_set():
            return
        if signal == "connected":
            self.is_connected, self.restarts = True, False
            self.refresh()
        elif signal == "lost":
            self.is_connected = False
        getattr(self, signal).emit(*what)

    def _on_event(self, _event: object) -> None:
        if not self._soon.isActive():
            self._soon.start()

    def _on_status(self, status: Status) -> None:
        self._asking_status = False
        self.status = status
        self.status_changed.emit(status)
        if self._ask_again:
            self._ask_again = False
            self._soon.start()

    def _no_status(self, error: DesktopRagError) -> None:
        self._asking_status = False
        self._log(error)

    def _log(self, error: DesktopRagError) -> None:
        logging.getLogger("desktop_rag").warning("%s: %s", error.code, error.message)

    # --- inside: other threads ---

    def deliver(self, parcel: list[Any]) -> None:
        """Hand over a call, who is to hear something of it in the main thread, and what that is."""
        self._delivered.append(parcel)
        self._news.emit()

    def client(self) -> EngineClient:
        """A connection of one's own; the engine is started if need be. Raises ``DesktopRagError``."""
        from desktop_rag.engine.service.opening import start_engine

        return start_engine(self.library)

    def _listen(self) -> float:
        """Connect, and hand on events until the engine is gone; returns after how many seconds to begin anew."""
        try:
            with self.client() as client, client.subscribe() as events:
                self._signal("connected")
                while not self._closed.is_set():
                    event = events.get(0.2)
                    if event is not None:
                        self._signal("event_received", translated(event, window_language()))
                    elif events.ended:
                        break
        except DesktopRagError as error:
            self._signal("failed_to_start", error)
            return 4 * _RECONNECT_S
        self._signal("lost")
        return _RECONNECT_S

    def _signal(self, signal: str, *what: Any) -> None:
        if not self._closed.is_set():
            self._happened.emit(signal, what)


class _Lane:
    """A thread with a connection of its own that works through calls."""

    def __init__(self, name: str, bridge: EngineBridge) -> None:
        self._bridge = bridge
        self._news = threading.Condition()
        self._waiting: deque[BridgeCall] = deque()
        self._now: BridgeCall | None = None
        self._closed = False
        self._client: EngineClient | None = None
        WorkerThread(name, self._work, report=log_only).start()

    def put(self, call: BridgeCall) -> None:
        with self._news:
            if call.key:
                for other in (*self._waiting, self._now):
                    if other is not None and other.key == call.key:
                        other.drop()
            self._waiting.append(call)
            self._news.notify()

    def close(self) -> None:
        with self._news:
            self._closed = True
            for call in (*self._waiting, self._now):
                if call is not None:
                    call.drop()
            self._news.notify()

    def _next(self) -> list[Any]:
        """The next call, in a list that nobody else holds; empty at the end."""
        with self._news:
            self._news.wait_for(lambda: self._waiting or self._closed)
            if self._closed:
                return []
            self._now = self._waiting.popleft()
            return [self._now]

    def _work(self) -> float | None:
        """Do one call; None at the end."""
        parcel = self._next()
        if not parcel:
            if self._client is not None:
                self._client.close()
            return None
        self._do(parcel)
        self._now = None
        self._bridge.deliver(parcel)
        return 0.0

    def _do(self, parcel: list[Any]) -> None:
        """Do the call in the parcel, and add to it who is to hear of its end, and what."""
        call: BridgeCall = parcel[0]
        if call.dropped:
            parcel += [_ignore, None]
            return
        try:
            if self._client is None:
                self._client = self._bridge.client()
            parcel += [call.done, translated(call.work(self._client, call), window_language())]
        except BaseException as error:  # a panic of a Rust library is no ``Exception``
            if isinstance(error, EngineGone):
                self._client = None
            parcel += [call.failed, shown_error(error)]
            error.__traceback__ = None  # its frames hold the parcel's call


def _collect() -> None:
    """What Python would do by itself now and then, in whichever thread that happened to be."""
    young, middle, old = gc.get_threshold()
    counts = gc.get_count()
    if counts[0] > young:
        gc.collect(2 if counts[2] > old else 1 if counts[1] > middle else 0)


def _ignore(_result: Any) -> None:
    """For calls of which nobody waits for the end."""
