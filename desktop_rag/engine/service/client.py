"""The engine's API from another process. It loads no model and opens no database."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from desktop_rag import __version__
from desktop_rag.engine import api
from desktop_rag.engine.events import Event
from desktop_rag.engine.queries.query_by_example import SampleKind
from desktop_rag.engine.results import Check, Explanation, IndexReport, Mode, SearchResult, Status
from desktop_rag.engine.service import wire
from desktop_rag.engine.views import DocumentPart, DocumentView, FileList
from desktop_rag.errors import ConfigError, EngineFull, EngineGone
from desktop_rag.retrieval.filters import Filters
from desktop_rag.storage.backup import BackupReport
from desktop_rag.types import Answer, AnswerEvent, Conversation, FileState, Locator, Person, Progress, Turn

_PATIENCE_S = 15.0
"""How long a client waits for an engine that has died to be started again."""
_ROOM_S = 3.0
"""How long it waits for room beside an engine's other clients."""
_STOP_EVERY_S = 0.05


class EngineClient:
    """A connection to the engine that owns ``library``. One call at a time; use one client for each thread.

    An engine that dies during a call is waited for, and asked again: a call can be repeated without harm. Each method
    is that of ``Engine``, and raises its errors; ``EngineGone`` when the engine does not come back.
    """

    def __init__(self, library: Path, connection: Connection[Any, Any]) -> None:
        self.library = library
        self._connection = connection
        self._busy = threading.Lock()

    @classmethod
    def connect(cls, library: Path) -> EngineClient | None:
        """A client of the engine that runs for this library; None when none does. Raises ``ConfigError`` when it is
        one of another version, ``EngineFull`` when it has no room for another client."""
        library = library.expanduser().absolute()
        connection = _connect(library)
        return None if connection is None else cls(library, connection)

    def close(self) -> None:
        """Leave the engine; it goes on."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- the engine's methods ----------------------------------------------------------------------------------------

    def add_root(self, path: Path) -> str:
        root: str = self._call(api.AddRoot(_full(path)))
        return root

    def remove_root(self, path: Path) -> int:
        count: int = self._call(api.RemoveRoot(_full(path)))
        return count

    def index(
        self,
        paths: Sequence[Path] | None = None,
        *,
        on_progress: Callable[[Progress], None] | None = None,
        stop: threading.Event | None = None,
        force: bool = False,
    ) -> IndexReport:
        chosen = None if paths is None else tuple(_full(path) for path in paths)
        report: IndexReport = self._call(api.Index(chosen, force), on_progress, stop)
        return report

    def forget(self, path: Path) -> int:
        count: int = self._call(api.Forget(_full(path)))
        return count

    def pause(self) -> None:
        self._call(api.Pause())

    def resume(self) -> None:
        self._call(api.Resume())

    def rebuild(self, on_progress: Callable[[Progress], None] | None = None) -> int:
        count: int = self._call(api.Rebuild(), on_progress)
        return count

    def search(
        self,
        question: str = "",
        *,
        limit: int = 10,
        mode: Mode = "hybrid",
        filters: Filters = Filters(),  # noqa: B008 (immutable)
        per_document: int | None = None,
        like: Path | None = None,
        like_kind: SampleKind = "any",
        wait: bool = True,
        rerank: bool = True,
    ) -> SearchResult:
        file = None if like is None else _full(like)
        result: SearchResult = self._call(
            api.Search(question, limit, mode, filters, per_document, file, like_kind, wait, rerank)
        )
        return result

    def ask(
        self,
        question: str = "",
        *,
        filters: Filters = Filters(),  # noqa: B008 (immutable)
        limit: int = 8,
        like: Path | None = None,
        like_kind: SampleKind = "any",
        conversation: int | None = None,
        remember: bool = False,
        quote: bool = False,
        rerank: bool = True,
        on_event: Callable[[AnswerEvent], None] | None = None,
        stop: threading.Event | None = None,
    ) -> Answer:
        file = None if like is None else _full(like)
        call = api.Ask(question, filters, limit, file, like_kind, conversation, remember, quote, rerank)
        answer: Answer = self._call(call, on_event=on_event, stop=stop)
        return answer

    def conversations(self, limit: int = 50) -> list[Conversation]:
        found: list[Conversation] = self._call(api.Conversations(limit))
        return found

    def turns(self, conversation: int) -> list[Turn]:
        found: list[Turn] = self._call(api.Turns(conversation))
        return found

    def rename_conversation(self, conversation: int, title: str) -> None:
        self._call(api.RenameConversation(conversation, title))

    def delete_conversation(self, conversation: int) -> None:
        self._call(api.DeleteConversation(conversation))

    def export_conversation(self, conversation: int) -> str:
        text: str = self._call(api.ExportConversation(conversation))
        return text

    def rate(self, conversation: int, turn: int, rating: int) -> None:
        self._call(api.RateTurn(conversation, turn, rating))

    def suggestions(self, limit: int = 4) -> tuple[str, ...]:
        questions: tuple[str, ...] = self._call(api.Suggestions(limit))
        return questions

    def files(
        self,
        *,
        states: Sequence[FileState] = (),
        root: Path | None = None,
        name: str = "",
        after: str = "",
        limit: int = 200,
    ) -> FileList:
        inside = None if root is None else _full(root)
        found: FileList = self._call(api.Files(tuple(states), inside, name, after, limit))
        return found

    def view(
        self, path: Path, *, document: int | None = None, chunk: int | None = None, limit: int = 60
    ) -> DocumentView:
        view: DocumentView = self._call(api.View(_full(path), document, chunk, limit))
        return view

    def part(self, path: Path, locator: Locator) -> DocumentPart:
        part: DocumentPart = self._call(api.ReadPart(_full(path), locator))
        return part

    def previews(self, chunks: Sequence[int]) -> dict[int, bytes]:
        found: dict[int, bytes] = self._call(api.Previews(tuple(chunks)))
        return found

    def people(self, name: str = "", limit: int = 20) -> tuple[Person, ...]:
        found: tuple[Person, ...] = self._call(api.People(name, limit))
        return found

    def status(self) -> Status:
        status: Status = self._call(api.GetStatus())
        return status

    def why(self, path: Path, question: str = "") -> Explanation:
        explanation: Explanation = self._call(api.Why(_full(path), question))
        return explanation

    def doctor(self, *, repair: bool = False) -> list[Check]:
        checks: list[Check] = self._call(api.Doctor(repair))
        return checks

    def backup(
        self, file: Path, *, force: bool = False, on_progress: Callable[[Progress], None] | None = None
    ) -> BackupReport:
        report: BackupReport = self._call(api.Backup(_full(file), force), on_progress)
        return report

    def restore(self, file: Path, *, on_progress: Callable[[Progress], None] | None = None) -> BackupReport:
        report: BackupReport = self._call(api.Restore(_full(file)), on_progress)
        return report

    def subscribe(self) -> RemoteSubscription:
        connection = _connect(self.library)
        if connection is None:
            raise _gone(self.library)
        return RemoteSubscription(connection)

    def shut_down(self) -> None:
        """Have the engine process end in an orderly way; it has answered, but may take a moment."""
        self._call(api.ShutDown())

    # --- inside ------------------------------------------------------------------------------------------------------

    def _call(
        self,
        call: api.Call,
        on_progress: Callable[[Progress], None] | None = None,
        stop: threading.Event | None = None,
        on_event: Callable[[AnswerEvent], None] | None = None,
    ) -> Any:
        with self._busy:
            deadline = time.monotonic() + _PATIENCE_S
            while True:
                try:
                    return self._once(call, on_progress, stop, on_event)
                except (OSError, EOFError):
                    if isinstance(call, api.ShutDown):
                        return None
                    self._reconnect(deadline)

    def _once(
        self,
        call: api.Call,
        on_progress: Callable[[Progress], None] | None,
        stop: threading.Event | None,
        on_event: Callable[[AnswerEvent], None] | None,
    ) -> Any:
        connection = self._connection
        connection.send_bytes(wire.encode(call))
        asked_to_stop = False
        while True:
            if stop is not None and stop.is_set() and not asked_to_stop:
                connection.send_bytes(wire.encode(wire.Stop()))
                asked_to_stop = True
            if stop is not None and not connection.poll(_STOP_EVERY_S):
                continue
            answer = wire.decode_answer(connection.recv_bytes())
            if isinstance(answer, wire.Failure):
                raise wire.error_of(answer)
            if isinstance(answer, wire.Result):
                return msgspec.msgpack.decode(answer.value, type=call.returns)
            if isinstance(answer, wire.Update) and answer.progress is not None and on_progress is not None:
                on_progress(answer.progress)
            if isinstance(answer, wire.Update) and answer.answer is not None and on_event is not None:
                on_event(answer.answer)

    def _reconnect(self, deadline: float) -> None:
        self._connection.close()
        while time.monotonic() < deadline:
            connection = _connect(self.library)
            if connection is not None:
                self._connection = connection
                return
            time.sleep(0.05)
        raise _gone(self.library)


class RemoteSubscription:
    """The events of an engine in another process: iterate over it, or ``get`` one. It has ``ended`` with the engine."""

    def __init__(self, connection: Connection[Any, Any]) -> None:
        self._connection = connection
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self.ended = False
        connection.send_bytes(wire.encode(api.Subscribe()))
        self._reader = threading.Thread(target=self._read, name="events", daemon=True)
        self._reader.start()

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
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _read(self) -> None:
        try:
            while True:
                answer = wire.decode_answer(self._connection.recv_bytes())
                if isinstance(answer, wire.Update) and answer.event is not None:
                    self._events.put(answer.event)
                elif isinstance(answer, wire.Result | wire.Failure):
                    return
        except (OSError, EOFError, TypeError):  # closed, on this side (then with a TypeError) or the other
            return
        finally:
            self._events.put(None)


def _connect(library: Path) -> Connection[Any, Any] | None:
    """A connection that both sides trust; None when nobody listens. Raises ``EngineFull`` when it is hung up on, again
    and again, as an engine does that serves as many as it can; one that is about to end does so only for a moment."""
    deadline = time.monotonic() + _ROOM_S
    while True:
        try:
            return _greet(library)
        except (EOFError, ConnectionResetError):
            if time.monotonic() > deadline:
                raise EngineFull(
                    "The engine already answers as many programs as it can.", "Close some of them, or try again later."
                ) from None
            time.sleep(_STOP_EVERY_S)


def _greet(library: Path) -> Connection[Any, Any] | None:
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
    try:
        connection.send_bytes(wire.encode(wire.Hello(wire.PROTOCOL, __version__)))
        hello = wire.decode_answer(connection.recv_bytes())
    except (OSError, EOFError, msgspec.MsgspecError):
        connection.close()
        return None
    if not isinstance(hello, wire.Hello) or hello.protocol != wire.PROTOCOL:
        connection.close()
        raise ConfigError(
            f"The engine that runs for this library is of version {address.version}, this program of {__version__}.",
            "Start it again: desktop-rag engine restart",
        )
    return connection


def _gone(library: Path) -> EngineGone:
    return EngineGone(f"The engine of the library {library} has stopped.", "Start it again: desktop-rag engine start")


def _full(path: Path) -> str:
    """The engine has a working folder of its own."""
    return str(path.expanduser().absolute())
