"""The engine: one open library, and everything one can do with it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from desktop_rag.config import Config, config_path, load_config
from desktop_rag.engine.events import EventBus, Subscription, Trouble
from desktop_rag.engine.library import CATALOG_NAME as CATALOG_NAME
from desktop_rag.engine.library import VECTORS_NAME as VECTORS_NAME
from desktop_rag.engine.library import Library
from desktop_rag.engine.queries import explain
from desktop_rag.engine.queries.answers import AnswerQueries
from desktop_rag.engine.queries.doctor import examine
from desktop_rag.engine.queries.document_queries import DocumentQueries
from desktop_rag.engine.queries.query_by_example import SampleKind
from desktop_rag.engine.queries.search import SearchQueries, SearchRequest, parse
from desktop_rag.engine.queries.status_queries import StatusQueries
from desktop_rag.engine.results import Check, Explanation, IndexReport, Mode, SearchResult, Status
from desktop_rag.engine.sync.index_commands import IndexCommands
from desktop_rag.engine.sync.model_watcher import ModelWatcher
from desktop_rag.engine.sync.priority_gate import PriorityGate
from desktop_rag.engine.sync.sync_worker import SyncWorker
from desktop_rag.engine.sync.throttle import Throttle
from desktop_rag.engine.sync.warmup import Warmup
from desktop_rag.engine.views import DocumentPart, DocumentView, FileList
from desktop_rag.errors import ConfigError, LibraryBusy
from desktop_rag.indexing.indexer import Scope
from desktop_rag.models.requests import INSTALLABLE
from desktop_rag.retrieval.filters import Filters
from desktop_rag.storage.backup import BackupReport, restore_backup, write_backup
from desktop_rag.storage.lock import LibraryLock
from desktop_rag.storage.storage_errors import storage_errors
from desktop_rag.types import Answer, AnswerEvent, Conversation, FileState, Locator, Person, Problem, Progress, Turn


class Engine:
    """An open library; use it as a context manager. Safe to use from several threads.

    With ``read_only`` it searches a library that another process may own, and changes nothing. Without, it takes the
    library's lock: raises ``LibraryBusy`` if another process has it. With ``live`` it also keeps the library like the
    disk from now on, and is there at once: the model is loaded behind it. Raises ``StorageError`` when the library
    cannot be opened or fails later, ``ConfigError`` for a setting that cannot be used.
    """

    def __init__(
        self, library: Path, *, config: Config | None = None, read_only: bool = False, live: bool = False
    ) -> None:
        self.library = library.expanduser().absolute()
        self.config = config or load_config(self.library)
        started = time.time()
        self._bus = EventBus()
        self._closing = threading.Event()
        with ExitStack() as opening:
            with storage_errors(self.library):
                self._open(opening, started, read_only=read_only, live=live)
            self._to_close = opening.pop_all()

    def _open(self, opening: ExitStack, started: float, *, read_only: bool, live: bool) -> None:
        """Open all parts; ``opening`` closes those that are open, the last first."""
        self._parts = Library(self.library, self.config, read_only=read_only, report=self._report)
        opening.callback(self._parts.close)
        opening.callback(self._bus.close)
        self._search = SearchQueries(self._parts)
        self._answers = AnswerQueries(self._parts, self._search)
        self._throttle = Throttle(self.config)
        self._gate = PriorityGate(self._throttle.pace, self._closing)
        self._warmup = Warmup(self._parts, self._bus, self._closing)
        self._sync_worker: SyncWorker | None = None
        if live:
            import numpy  # noqa: F401  (two threads that are the first to import it at the same time can both fail)

            self._sync_worker = SyncWorker(
                self._parts, self._throttle, self._gate, self._bus, self._closing, self._warmup.upkeep
            )
        self._index_commands = IndexCommands(self._parts, self._sync_worker)
        self._status_queries = StatusQueries(self._parts, self._sync_worker, started, self._warmup)
        self._documents = DocumentQueries(self._parts)
        opening.callback(self._closing.set)
        if self._sync_worker is not None:
            self._start(self._sync_worker, opening)

    def _start(self, sync_worker: SyncWorker, opening: ExitStack) -> None:
        """What goes on by itself in a live engine."""
        models = ModelWatcher(self._parts, self._gate, self._bus, self._closing, self._rescan, sync_worker.exclusive)
        self._parts.image_text_encoder.ahead = True
        for close in (models.close, self._warmup.close, sync_worker.close):
            opening.callback(close)
        sync_worker.start()
        self._warmup.start(self._index_commands.writing)
        models.start()

    def _report(self, problem: Problem) -> None:
        self._bus.publish(Trouble(problem))

    @staticmethod
    def lock_of(library: Path) -> LibraryLock:
        """The lock by which one process owns a library."""
        return LibraryLock(library.expanduser().absolute())

    def close(self) -> None:
        """Stop what goes on (what is done is kept) and give the library back."""
        self._to_close.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- keeping -----------------------------------------------------------------------------------------------------

    def add_root(self, path: Path) -> str:
        """Remember a folder or file; a live engine reads it soon and watches it. Returns the root that it is, or lies
        in. Raises ``ConfigError`` for a path that does not exist."""
        self._must_own()
        with storage_errors(self.library):
            scope = self._index_commands.add_root(path)
        if self._sync_worker is not None:
            self._sync_worker.follow([scope])
        return scope.root

    def remove_root(self, path: Path) -> int:
        """Forget a chosen folder or file, with all files in it; returns how many. The files themselves stay. Raises
        ``ConfigError`` when it is none that was chosen."""
        full = path.expanduser().absolute()
        if not {str(full), str(full.resolve())} & set(self._parts.catalog.roots()):
            raise ConfigError(f"{path} is no folder of this library.", "“desktop-rag status” lists them.")
        return self.forget(path)

    def index(
        self,
        paths: Sequence[Path] | None = None,
        *,
        on_progress: Callable[[Progress], None] | None = None,
        stop: threading.Event | None = None,
        force: bool = False,
    ) -> IndexReport:
        """Remember ``paths`` (folders or files) as roots and bring them up to date; without paths, all known roots.

        ``stop`` ends the run soon after it is set; what was done is kept. Raises ``ConfigError`` for a path that does
        not exist.
        """
        self._must_own()
        with storage_errors(self.library):
            return self._index_commands.index(
                paths, on_progress or _ignore_progress, stop or threading.Event(), force=force
            )

    def forget(self, path: Path) -> int:
        """Remove a file, or all files of a folder or root, from the library; the files themselves stay. Returns how
        many were removed. A forgotten root is not indexed again."""
        self._must_own()
        with storage_errors(self.library):
            return self._index_commands.forget(path)

    def pause(self) -> None:
        """Index nothing in the background until ``resume``, even after a restart; what a person asks for is done."""
        self._live().pause()

    def resume(self) -> None:
        """End a pause."""
        self._live().resume()

    def subscribe(self) -> Subscription:
        """What happens from now on, as events; close it when done."""
        return self._bus.subscribe()

    def backup(
        self, file: Path, *, force: bool = False, on_progress: Callable[[Progress], None] | None = None
    ) -> BackupReport:
        """Write what the library knows, and its settings, to one file; whatever else goes on may go on. Raises
        ``ConfigError`` when the file exists, unless ``force`` is set, and ``DiskFull``."""
        with storage_errors(self.library):
            return write_backup(
                self._parts.catalog,
                config_path(self.library),
                file.expanduser().absolute(),
                force=force,
                on_progress=on_progress or _ignore_progress,
            )

    def restore(self, file: Path, *, on_progress: Callable[[Progress], None] | None = None) -> BackupReport:
        """Put a backup in the place of what the library knows; its settings hold from the next start on. A crash leaves
        the old library or the new one. Raises ``BackupDamaged`` before anything is touched."""
        self._must_own()
        report = on_progress or _ignore_progress
        catalog = self._parts.catalog
        with storage_errors(self.library), self._index_commands.writing():
            done = restore_backup(
                catalog,
                config_path(self.library),
                file.expanduser().absolute(),
                before=self._parts.empty_vectors,
                on_progress=report,
            )
            self._parts.rebuild(report)
        if self._sync_worker is not None:
            self._sync_worker.follow([Scope(root) for root in catalog.roots()])
        return done

    def rebuild(self, on_progress: Callable[[Progress], None] | None = None) -> int:
        """Make Chroma's collection again from the catalog; nothing is parsed or embedded. Returns the chunks stored."""
        self._must_own()
        with storage_errors(self.library), self._index_commands.writing():
            return self._parts.rebuild(on_progress or _ignore_progress)

    # --- asking ------------------------------------------------------------------------------------------------------

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
        """The passages, pictures and recordings found, best first: for a question, for a file that they are to be
        ``like`` (a picture, a recording of a question, or any other), or for both. Raises ``QueryError`` for a filter
        that makes no sense or a file that is not of ``like_kind``, ``ModelError`` when the file needs a model that is
        not installed.

        Without ``wait`` a live engine whose model is not loaded yet searches by words alone, and says so: ask again
        after ``ModelReady``. Without ``rerank`` the bundled reader does not read what was found.
        """
        complete = wait or self._sync_worker is None or self._warmup.ready.is_set()
        complete = complete or mode in ("keyword", "typing")
        request = SearchRequest(question, like, like_kind, filters, limit, mode, per_document, rerank)
        with storage_errors(self.library), self._gate.question():
            return self._search.search(request, complete=complete)

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
        """An answer from the files, or the statement that nothing answers: in the words of the chat model in use, or
        quoted where there is none, where it fails, or with ``quote``.

        The question may be in words, in a file (see ``search``), or both. With a ``conversation`` it may refer to what
        was asked before, and is added to it; ``remember`` begins a new one. ``on_event`` hears how the answer grows;
        ``stop`` ends it within a token, and what there is of it counts. Without ``rerank`` the bundled reader does
        not read what was found, and marks no answer. Raises ``QueryError``, ``ModelError``.
        """
        if conversation is not None or remember:
            self._must_own()
        request = SearchRequest(question, like, like_kind, filters, limit, rerank=rerank)
        with storage_errors(self.library), self._gate.question():
            return self._answers.ask(
                request,
                conversation=conversation,
                remember=remember,
                quote=quote,
                on_event=on_event or (lambda _: None),
                stop=stop or threading.Event(),
            )

    def conversations(self, limit: int = 50) -> list[Conversation]:
        """The conversations of the library, the latest first."""
        with storage_errors(self.library):
            return self._answers.conversations.list(limit)

    def turns(self, conversation: int) -> list[Turn]:
        """What was asked and answered in a conversation. Raises ``QueryError`` for one that is not there."""
        with storage_errors(self.library):
            return self._answers.conversations.turns(conversation)

    def rename_conversation(self, conversation: int, title: str) -> None:
        """Raises ``QueryError`` for one that is not there."""
        self._must_own()
        with storage_errors(self.library):
            self._answers.conversations.rename(conversation, title)

    def delete_conversation(self, conversation: int) -> None:
        """Raises ``QueryError`` for one that is not there."""
        self._must_own()
        with storage_errors(self.library):
            self._answers.conversations.delete(conversation)

    def rate(self, conversation: int, turn: int, rating: int) -> None:
        """Note what the person thinks of an answer: -1, 0 (nothing any more) or 1; ``turn`` counts from 0. Raises
        ``QueryError`` for one that is not there."""
        self._must_own()
        with storage_errors(self.library):
            self._answers.conversations.rate(conversation, turn, rating)

    def export_conversation(self, conversation: int) -> str:
        """A conversation as Markdown, with its sources. Raises ``QueryError`` for one that is not there."""
        with storage_errors(self.library):
            return self._answers.export(conversation)

    # --- looking -----------------------------------------------------------------------------------------------------

    def status(self) -> Status:
        """What the library holds, and what a live engine does."""
        with storage_errors(self.library):
            return self._status_queries.status()

    def files(
        self,
        *,
        states: Sequence[FileState] = (),
        root: Path | None = None,
        name: str = "",
        after: str = "",
        limit: int = 200,
    ) -> FileList:
        """The files known, by path: of any of ``states``, at or below ``root``, with ``name`` as a part of their names
        (case does not matter). A page has at most ``limit`` of them; the next is what comes ``after`` its last path."""
        with storage_errors(self.library):
            return self._documents.files(states, root, name, after, limit)

    def view(
        self, path: Path, *, document: int | None = None, chunk: int | None = None, limit: int = 60
    ) -> DocumentView:
        """The document of a file to read, or the one inside it of the number ``document``, or the one that ``chunk``
        is of: at most ``limit`` passages, from the beginning or around ``chunk``. Raises ``QueryError`` for a file or
        document that is not known; a ``chunk`` that is gone is passed over."""
        with storage_errors(self.library):
            return self._documents.view(path, document, chunk, limit)

    def part(self, path: Path, locator: Locator) -> DocumentPart:
        """The bytes of what is at ``locator`` in a file: the picture, or scanned page, that stands just there; else the
        innermost thing that holds the place (an attachment, an embedded file, the file itself), or the body of a
        message, in HTML if it has one. What is shown by few programs (HEIC, TIFF, a drawing) comes as JPEG or PNG.
        Raises a ``FileProblem``."""
        return self._documents.part(path, locator)

    def previews(self, chunks: Sequence[int]) -> dict[int, bytes]:
        """Small JPEGs of what the given chunks show, by chunk; those that show nothing, or cannot be shown any more,
        are left out."""
        with storage_errors(self.library):
            return self._documents.previews(chunks)

    def people(self, name: str = "", limit: int = 20) -> tuple[Person, ...]:
        """Who has sent mails or written documents, the most frequent first; with ``name``, those who have it in their
        name or address (case does not matter)."""
        with storage_errors(self.library):
            return self._documents.people(name, limit)

    def suggestions(self, limit: int = 4) -> tuple[str, ...]:
        """Questions that the files of the library answer: of different kinds, about what is newest."""
        with storage_errors(self.library):
            return self._documents.suggestions(limit)

    def why(self, path: Path, question: str = "") -> Explanation:
        """Why a file was found, or not; with a question, where each of its chunks came."""
        query = parse(question, Filters()) if question else None
        parts = self._parts
        with storage_errors(self.library), parts.searching():
            return explain.explain(parts.catalog, parts.search, parts.retriever, path, query, self.config, parts.own)

    def doctor(self, *, repair: bool = False) -> list[Check]:
        """Look at everything that can be wrong with library, models and machine; with ``repair`` after mending what
        can be mended while the library is open: Chroma by the catalog, and what was set aside is tried again."""
        parts = self._parts
        if repair:
            self._must_own()
            with storage_errors(self.library), self._index_commands.writing():
                parts.crashes.clear()
                for role in INSTALLABLE:
                    parts.scheduler.retry(role)
                parts.mend_vectors()
        return examine(
            self.library,
            parts.catalog,
            parts.vectors,
            parts.embedder,
            parts.reader,
            parts.model_store,
            read_only=parts.read_only,
        )

    # --- inside ------------------------------------------------------------------------------------------------------

    def _rescan(self) -> None:
        """Have all folders gone through: files may have waited for a model that is there now."""
        if self._sync_worker is not None:
            self._sync_worker.follow([Scope(root) for root in self._parts.catalog.roots()])

    def _live(self) -> SyncWorker:
        if self._sync_worker is None:
            raise ConfigError("Nothing runs in the background.", "Start the engine: desktop-rag engine start")
        return self._sync_worker

    def _must_own(self) -> None:
        if self._parts.read_only:
            raise LibraryBusy("This library was opened for searching only.")


def _ignore_progress(_: Progress) -> None:
    pass
