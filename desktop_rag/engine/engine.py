"""The engine: one open library, and everything one can do with it."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack, nullcontext
from pathlib import Path
from types import TracebackType
from typing import Self

from desktop_rag.config import Config, load_config
from desktop_rag.engine.api import EngineApi
from desktop_rag.engine.call import Call, CallListener, Reply
from desktop_rag.engine.events import EventBus, Subscription, Trouble
from desktop_rag.engine.handlers import documents, keeping, questions  # noqa: F401  (they register the functions)
from desktop_rag.engine.handlers.context import EngineContext
from desktop_rag.engine.handlers.registry import engine_handler
from desktop_rag.engine.library import CATALOG_NAME as CATALOG_NAME
from desktop_rag.engine.library import VECTORS_NAME as VECTORS_NAME
from desktop_rag.engine.library import Library
from desktop_rag.engine.queries.answers import AnswerQueries
from desktop_rag.engine.queries.document_queries import DocumentQueries
from desktop_rag.engine.queries.search import SearchQueries
from desktop_rag.engine.queries.status_queries import StatusQueries
from desktop_rag.engine.sync.index_commands import IndexCommands
from desktop_rag.engine.sync.model_watcher import ModelWatcher
from desktop_rag.engine.sync.priority_gate import PriorityGate
from desktop_rag.engine.sync.sync_worker import SyncWorker
from desktop_rag.engine.sync.throttle import Throttle
from desktop_rag.engine.sync.warmup import Warmup
from desktop_rag.engine.this_process import perform_here
from desktop_rag.errors import LibraryBusy
from desktop_rag.indexing.indexer import Scope
from desktop_rag.messages import say
from desktop_rag.storage.lock import LibraryLock
from desktop_rag.storage.storage_errors import storage_errors
from desktop_rag.types import Problem


class Engine(EngineApi):
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
        self.context = EngineContext(
            self._parts,
            self._search,
            self._answers,
            DocumentQueries(self._parts),
            self._status_queries,
            self._index_commands,
            self._warmup,
            self._sync_worker,
        )
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

    # --- calls -------------------------------------------------------------------------------------------------------

    def perform(self, call: Call[Reply], listener: CallListener | None = None) -> Reply:
        """Perform a call here. Raises what its declaration says, ``LibraryBusy`` when it changes a library that was
        opened for reading only, and ``StorageError``."""
        if call.place == "caller":
            return perform_here(call, listener)
        if call.changes() and self._parts.read_only:
            raise LibraryBusy(say("engine.library-open-searching-only"))
        with storage_errors(self.library), self._gate.question() if call.lane == "question" else nullcontext():
            return engine_handler(call)(self.context, call, listener or CallListener())

    def subscribe(self) -> Subscription:
        """What happens from now on, as events; close it when done."""
        return self._bus.subscribe()

    # --- inside ------------------------------------------------------------------------------------------------------

    def _rescan(self) -> None:
        """Have all folders gone through: files may have waited for a model that is there now."""
        if self._sync_worker is not None:
            self._sync_worker.follow([Scope(root) for root in self._parts.catalog.roots()])
