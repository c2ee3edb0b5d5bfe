"""What clients may ask of an engine: one type for each method of ``Engine``, with its arguments."""

# ruff: noqa: ARG002 (each call gets what any call may need)

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Struct

from desktop_rag.engine.queries.query_by_example import SampleKind
from desktop_rag.engine.results import Check, Explanation, IndexReport, Mode, SearchResult, Status
from desktop_rag.engine.views import DocumentPart, DocumentView, FileList
from desktop_rag.retrieval.filters import Filters
from desktop_rag.storage.backup import BackupReport
from desktop_rag.types import Answer, AnswerEvent, Conversation, FileState, Locator, Person, Progress, Turn

if TYPE_CHECKING:
    from desktop_rag.engine.engine import Engine

Tell = Callable[[Progress | AnswerEvent], None]
"""Hears how far a call is, or how an answer grows."""


class Call(Struct, frozen=True, tag_field="kind", tag=True):
    """Base of the calls: ``perform`` does it in the engine's process; ``returns`` is the type of its result."""

    returns: ClassVar[Any] = None

    def perform(self, engine: Engine, tell: Tell, stop: threading.Event) -> Any:
        raise NotImplementedError


class AddRoot(Call, frozen=True):
    path: str
    returns: ClassVar[Any] = str

    def perform(self, engine: Engine, tell: Tell, stop: threading.Event) -> str:
        return engine.add_root(Path(self.path))


class RemoveRoot(Call, frozen=True):
    path: str
    returns: ClassVar[Any] = int

    def perform(self, engine: Engine, tell: Tell, stop: threading.Event) -> int:
        return engine.remove_root(Path(self.path))


class Index(Call, frozen=True):
    paths: tuple[str, ...] | None
    force: bool
    returns: ClassVar[Any] = IndexReport

    def perform(self, engine: Engine, tell: Tell, stop: threading.Event) -> IndexReport:
        paths = None if self.paths is None else [Path(path) for path in self.paths]
        return engine.index(paths, on_progress=tell, stop=stop, force=self.force)


class Forget(Call, frozen=True):
    path: str
    returns: ClassVar[Any] = int

    def perform(self, engine: Engine, tell: Tell, stop: threading.Event) -> int:
        return engine.forget(Path(self.path))


class Search(Call, frozen=True):
    question: str
    limit: int
    mode: Mode
    filters: Filters
    per_document: int | None
    like: str | None
    like_kind: SampleKind
    wait: bool
    rerank: bool
    returns: ClassVar[Any] = SearchResult

    def perform(self, engine: Engine, tell: Tell, stop: threading.Event) -> SearchResult:
        return engine.search(
            self.question,
            limit=self.limit,
            mode=self.mode,
            filters=self.filters,
            per_document=self.per_document,
            like=None if self.like is None else Path(self.like),
            like_kind=self.like_kind,
            wait=self.wait,
            rerank=self.rerank,
        )


class Ask(Call, frozen=True):
    question: str
    filters: Filters
    limit: int
    like: str | None
    like_kind: SampleKind
    conversation: int | None
    remember: bool
    quote: bool
    rerank: bool
    returns: ClassVar[Any] = Answer

    def perform(self, engine: Engine, tell: Tell, stop: threading.Event) -> Answer:
        return engine.ask(
            self.question,
            filters=self.filters,
            limit=self.limit,
            like=None if self.like is None else Path(self.like),
            like_kind=self.like_kind,
            conversation=self.conversation,
            remember=self.remember,
            quote=self.quote,
            rerank=self.rerank,
            on_event=tell,
            stop=stop,
        )


class Conversations(Call, frozen=True):
    limit: int
    returns: ClassVar[Any] = list[Conversation]

    def perform(self, engine: Engine, tell: Tell, stop: threading.Event) -> list[Conversation]:
        return engine.conversations(self.limit)


class Turns(Call, frozen=True):
    conversation: int
    returns: ClassVar[Any] = list[Turn]

    def perform(self, engine: Engine, tell: Tell, stop: threading.Event) -> list[Turn]:
        return engine.turns(self.conversation)


class RenameConversation(Call, frozen=True):
    conversation: int
    title: str

    def perform(self, engine: Engine, tell: Tell, stop: threading.Event) -> None:
        engine.rename_conversation(self.conversation, self.title)


class DeleteConversation(Call, frozen=True):
    conversation: int

    def perform(self, engine: Engine, tell: Tell, stop: threading.Event) -> None:
        engine.delete_conversation(self.conversation)


class ExportConversation(Call, frozen=True):
    conversation: int
    returns: ClassVar[Any] = str

    def perform(self, engine: Engine, tell: Tell, stop: threading.Event) -> str:
        return engine.export_conversation(self.conversation)


class RateTurn(Call, frozen=True):
    conversation: int
    turn: int
    rating: int

    def perform(self, engine: Engine, tell: Tell, stop: threading.Event) -> None:
        engine.rate(self.conversation, self.turn, self.rating)


class Suggestions(Call, frozen=True):
    limit: int
    returns: ClassVar[Any] = tuple[str, ...]

    def perform(self, engine: Engine, tell: Tell, stop: threading.Event) -> tuple[str, ...]:
        return engine.suggestions(self.limit)


class Files(Call, frozen=True):
    states: tuple[FileState, ...]
    root: str | None
    name: str
    after: str
    limit: int
    returns: ClassVar[Any] = FileList

    def perform(self, engine: Engine, tell: Tell, stop: threading.Event) -> FileList:
        root = None if self.root is None else Path(self.root)
        return engine.files(states=self.states, root=root, name=self.name, after=self.after, limit=self.limit)


class View(Call, frozen=True):
    path: str
    document: int | None
    chunk: int | None
    limit: int
    returns: ClassVar[Any] = DocumentView

    def perform(self, engine: Engine, tell: Tell, stop: threading.Event) -> DocumentView:
        return engine.view(Path(self.path), document=self.document, chunk=self.chunk, limit=self.limit)


class ReadPart(Call, frozen=True):
    path: str
    locator: Locator
    returns: ClassVar[Any] = DocumentPart

    def perform(self, engine: Engine, tell: Tell, stop: threading.Event) -> DocumentPart:
        return engine.part(Path(self.path), self.locator)


class Previews(Call, frozen=True):
    chunks: tuple[int, ...]
    returns: ClassVar[Any] = dict[int, bytes]

    def perform(self, engine: Engine, tell: Tell, stop: threading.Event) -> dict[int, bytes]:
        return engine.previews(self.chunks)


class People(Call, frozen=True):
    name: str
    limit: int
    returns: ClassVar[Any] = tuple[Person, ...]

    def perform(self, engine: Engine, tell: Tell, stop: threading.Event) -> tuple[Person, ...]:
        return engine.people(self.name, self.limit)


class GetStatus(Call, frozen=True):
    returns: ClassVar[Any] = Status

    def perform(self, engine: Engine, tell: Tell, stop: threading.Event) -> Status:
        return engine.status()


class Why(Call, frozen=True):
    path: str
    question: str
    returns: ClassVar[Any] = Explanation

    def perform(self, engine: Engine, tell: Tell, stop: threading.Event) -> Explanation:
        return engine.why(Path(self.path), self.question)


class Doctor(Call, frozen=True):
    repair: bool
    returns: ClassVar[Any] = list[Check]

    def perform(self, engine: Engine, tell: Tell, stop: threading.Event) -> list[Check]:
        return engine.doctor(repair=self.repair)


class Rebuild(Call, frozen=True):
    returns: ClassVar[Any] = int

    def perform(self, engine: Engine, tell: Tell, stop: threading.Event) -> int:
        return engine.rebuild(tell)


class Backup(Call, frozen=True):
    file: str
    force: bool
    returns: ClassVar[Any] = BackupReport

    def perform(self, engine: Engine, tell: Tell, stop: threading.Event) -> BackupReport:
        return engine.backup(Path(self.file), force=self.force, on_progress=tell)


class Restore(Call, frozen=True):
    file: str
    returns: ClassVar[Any] = BackupReport

    def perform(self, engine: Engine, tell: Tell, stop: threading.Event) -> BackupReport:
        return engine.restore(Path(self.file), on_progress=tell)


class Pause(Call, frozen=True):
    def perform(self, engine: Engine, tell: Tell, stop: threading.Event) -> None:
        engine.pause()


class Resume(Call, frozen=True):
    def perform(self, engine: Engine, tell: Tell, stop: threading.Event) -> None:
        engine.resume()


class Subscribe(Call, frozen=True):
    """Answered with an ``Update`` for each event, until ``Stop``."""


class ShutDown(Call, frozen=True):
    """The engine process ends in an orderly way, after it has answered."""


AnyCall = (
    AddRoot | RemoveRoot | Index | Forget | Search | Ask | Conversations | Turns | RenameConversation
    | DeleteConversation | ExportConversation | RateTurn | Suggestions | Files | View | ReadPart | Previews | People
    | GetStatus | Why | Doctor | Rebuild | Backup | Restore
    | Pause | Resume | Subscribe | ShutDown
)  # fmt: skip
