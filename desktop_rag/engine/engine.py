"""The engine: one open library, and everything one can do with it."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from desktop_rag import offline
from desktop_rag.config import Config, config_path, load_config
from desktop_rag.engine import explain
from desktop_rag.engine.answerer import Answerer
from desktop_rag.engine.doctor import examine
from desktop_rag.engine.events import EventBus, ModelReady, Subscription, Trouble
from desktop_rag.engine.finder import Finder, Request, parse
from desktop_rag.engine.gate import Gate
from desktop_rag.engine.keeper import Keeper
from desktop_rag.engine.library import CATALOG_NAME as CATALOG_NAME
from desktop_rag.engine.library import RUNAWAY, Library
from desktop_rag.engine.library import VECTORS_NAME as VECTORS_NAME
from desktop_rag.engine.model_watch import ModelWatch
from desktop_rag.engine.pace import Pacer
from desktop_rag.engine.results import (
    Check,
    EngineStatus,
    Explanation,
    FolderStatus,
    IndexReport,
    Mode,
    SearchResult,
    Status,
)
from desktop_rag.engine.samples import SampleKind
from desktop_rag.engine.supervisor import RESTARTS
from desktop_rag.errors import ConfigError, DesktopRagError, LibraryBusy
from desktop_rag.indexing.indexer import Conduct, Scope
from desktop_rag.indexing.pipeline import Stopped
from desktop_rag.log import ENGINE, record_bug
from desktop_rag.models.hardware import give_back_memory
from desktop_rag.models.work import INSTALLABLE
from desktop_rag.retrieval.filters import Filters
from desktop_rag.storage.backup import BackupReport, restore_backup, write_backup
from desktop_rag.storage.commit import forget_files
from desktop_rag.storage.failures import storage_errors
from desktop_rag.storage.lock import LibraryLock
from desktop_rag.storage.repair import remember_folders
from desktop_rag.types import Answer, AnswerEvent, Conversation, Problem, Progress, Turn


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
        self._started = time.time()
        self._bus = EventBus()
        self._closing = threading.Event()
        self._ready = threading.Event()
        self._troubles: dict[str, Problem] = {}
        with storage_errors(self.library):
            self._parts = Library(self.library, self.config, read_only=read_only)
        self._finder = Finder(self._parts)
        self._answerer = Answerer(self._parts, self._finder)
        self._pacer = Pacer(self.config)
        self._gate = Gate(self._pacer.pace, self._closing)
        self._keeper: Keeper | None = None
        self._loader: threading.Thread | None = None
        self._models: ModelWatch | None = None
        if live:
            import numpy  # noqa: F401  (two threads that are the first to import it at the same time can both fail)

            self._keeper = Keeper(self._parts, self._pacer, self._gate, self._bus, self._closing, self._upkeep)
            self._keeper.start()
            self._parts.sight.ahead = True
            self._loader = threading.Thread(target=self._load, name="loader", daemon=True)
            self._loader.start()
            self._models = ModelWatch(
                self._parts, self._gate, self._bus, self._closing, self._look_again, self._keeper.exclusive
            )
            self._models.start()

    @staticmethod
    def lock_of(library: Path) -> LibraryLock:
        """The lock by which one process owns a library."""
        return LibraryLock(library.expanduser().absolute())

    def close(self) -> None:
        """Stop what goes on (what is done is kept) and give the library back."""
        self._closing.set()
        if self._keeper is not None:
            self._keeper.close()
        if self._loader is not None:
            self._loader.join()
        if self._models is not None:
            self._models.close()
        self._bus.close()
        self._parts.close()

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
            scope = self._add_root(path)
        if self._keeper is not None:
            self._keeper.follow([scope])
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
        began = time.monotonic()
        catalog = self._parts.catalog
        with storage_errors(self.library), self._writing():
            known = set(catalog.roots())
            scopes = [self._add_root(path) for path in paths] if paths is not None else [Scope(root) for root in known]
            fresh = [scope for scope in scopes if scope.root not in known]
            report = on_progress or _ignore_progress
            if self._keeper is None:
                self._change_embedder(stop or threading.Event(), report)
                self._parts.prepare_vectors()
                crashes = self._parts.crashes
                conduct = Conduct(
                    stop or threading.Event(),
                    report,
                    at_work=crashes.working_on,
                    alone=crashes.suspects,
                    force=force,
                )
                with self._parts.new_pool() as pool:
                    run = self._parts.indexer.run(scopes, lambda: pool, conduct)
            else:
                self._keeper.follow(fresh, first=False)  # watched from now on, so that nothing is missed meanwhile
                conduct = self._keeper.conduct(stop or threading.Event(), report, force=force)
                run = self._parts.indexer.run(scopes, lambda: self._parts.shared_pool("deep"), conduct)
                give_back_memory()
                self._keeper.looked_at(run, [] if run.stopped else scopes, time.monotonic() - began)
            return IndexReport(
                new=run.new,
                changed=run.changed,
                moved=run.moved,
                gone=run.gone,
                unchanged=run.unchanged,
                chunks=run.chunks,
                embedded=run.embedded,
                states=catalog.state_counts(),
                problems=tuple(run.problems),
                missing_roots=tuple(run.missing_roots),
                seconds=time.monotonic() - began,
                stopped=run.stopped,
            )

    def _change_embedder(self, stop: threading.Event, report: Callable[[Progress], None]) -> None:
        """Embed all texts anew if another model is to do so from now on; a live engine does that by itself."""

        def between(_: int) -> None:
            if stop.is_set():
                raise Stopped

        embedder = self._parts.embedder_to_come()
        if embedder is not None:
            with suppress(Stopped):
                self._parts.fill_space(embedder, between, report)
                self._parts.change_over(embedder)

    def _add_root(self, path: Path) -> Scope:
        """A path inside a known root adds none, one around known roots takes them over."""
        full = path.expanduser().absolute()
        if not full.exists():
            raise ConfigError(f"{path} does not exist.", "Name an existing folder or file.")
        full = full.resolve()
        catalog = self._parts.catalog
        known = catalog.roots()
        around = [root for root in known if full.is_relative_to(root)]
        if around:
            return Scope(around[0], "" if str(full) == around[0] else str(full))
        catalog.adopt_roots(str(full), [root for root in known if Path(root).is_relative_to(full)])
        catalog.add_root(str(full), datetime.now(UTC))
        remember_folders(self.library, catalog.roots())
        return Scope(str(full))

    def forget(self, path: Path) -> int:
        """Remove a file, or all files of a folder or root, from the library; the files themselves stay. Returns how
        many were removed. A forgotten root is not indexed again."""
        self._must_own()
        full = str(path.expanduser().absolute())
        candidates = {full, str(Path(full).resolve())}
        catalog = self._parts.catalog
        with storage_errors(self.library), self._writing():
            for name in candidates & set(catalog.roots()):
                catalog.remove_root(name)
            gone = [
                file.path
                for file in catalog.files()
                if file.path in candidates or any(Path(file.path).is_relative_to(name) for name in candidates)
            ]
            remember_folders(self.library, catalog.roots())
            forget_files(catalog, gone)
            self._parts.sweep()
        return len(gone)

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
        with storage_errors(self.library), self._writing():
            done = restore_backup(
                catalog,
                config_path(self.library),
                file.expanduser().absolute(),
                before=self._parts.empty_vectors,
                on_progress=report,
            )
            self._parts.rebuild(report)
        if self._keeper is not None:
            self._keeper.follow([Scope(root) for root in catalog.roots()])
        return done

    def rebuild(self, on_progress: Callable[[Progress], None] | None = None) -> int:
        """Make Chroma's collection again from the catalog; nothing is parsed or embedded. Returns the chunks stored."""
        self._must_own()
        with storage_errors(self.library), self._writing():
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
    ) -> SearchResult:
        """The passages, pictures and recordings found, best first: for a question, for a file that they are to be
        ``like`` (a picture, a recording of a question, or any other), or for both. Raises ``QueryError`` for a filter
        that makes no sense or a file that is not of ``like_kind``, ``ModelError`` when the file needs a model that is
        not installed.

        Without ``wait`` a live engine whose model is not loaded yet searches by words alone, and says so: ask again
        after ``ModelReady``.
        """
        complete = wait or self._keeper is None or self._ready.is_set() or mode == "keyword"
        request = Request(question, like, like_kind, filters, limit, mode, per_document)
        with storage_errors(self.library), self._gate.question():
            return self._finder.search(request, complete=complete)

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
        on_event: Callable[[AnswerEvent], None] | None = None,
        stop: threading.Event | None = None,
    ) -> Answer:
        """An answer from the files, or the statement that nothing answers: in the words of the chat model in use, or
        quoted where there is none, where it fails, or with ``quote``.

        The question may be in words, in a file (see ``search``), or both. With a ``conversation`` it may refer to what
        was asked before, and is added to it; ``remember`` begins a new one. ``on_event`` hears how the answer grows;
        ``stop`` ends it within a token, and what there is of it counts. Raises ``QueryError``, ``ModelError``.
        """
        if conversation is not None or remember:
            self._must_own()
        request = Request(question, like, like_kind, filters, limit)
        with storage_errors(self.library), self._gate.question():
            return self._answerer.ask(
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
            return self._answerer.conversations.list(limit)

    def turns(self, conversation: int) -> list[Turn]:
        """What was asked and answered in a conversation. Raises ``QueryError`` for one that is not there."""
        with storage_errors(self.library):
            return self._answerer.conversations.turns(conversation)

    def rename_conversation(self, conversation: int, title: str) -> None:
        """Raises ``QueryError`` for one that is not there."""
        self._must_own()
        with storage_errors(self.library):
            self._answerer.conversations.rename(conversation, title)

    def delete_conversation(self, conversation: int) -> None:
        """Raises ``QueryError`` for one that is not there."""
        self._must_own()
        with storage_errors(self.library):
            self._answerer.conversations.delete(conversation)

    def export_conversation(self, conversation: int) -> str:
        """A conversation as Markdown, with its sources. Raises ``QueryError`` for one that is not there."""
        with storage_errors(self.library):
            return self._answerer.export(conversation)

    # --- looking -----------------------------------------------------------------------------------------------------

    def status(self) -> Status:
        """What the library holds, and what a live engine does."""
        catalog = self._parts.catalog
        with storage_errors(self.library):
            counts = catalog.counts()
            return Status(
                library=str(self.library),
                roots=tuple(catalog.roots()),
                states=catalog.state_counts(),
                problems=catalog.problem_counts(),
                files=counts["files"],
                documents=counts["documents"],
                chunks=counts["chunks"],
                bytes_on_disk=_size(self.library),
                model=self._parts.embedder.space.model,
                busy=self._parts.read_only and self._parts.lock.is_held(),
                waiting=catalog.waiting_counts(),
                models=self._parts.models(),
                folders=self._folders(),
                engine=self._engine_status(),
            )

    def _folders(self) -> tuple[FolderStatus, ...]:
        watching = self._keeper.watching() if self._keeper is not None else {}
        files = self._parts.catalog.files_by_root()
        found: list[FolderStatus] = []
        for root in self._parts.catalog.roots():
            state = watching.get(root)
            if state is not None:
                found.append(FolderStatus(root, files.get(root, 0), state.how, state.reason))
            else:
                found.append(FolderStatus(root, files.get(root, 0), "on demand" if Path(root).exists() else "missing"))
        return tuple(found)

    def _engine_status(self) -> EngineStatus | None:
        if self._keeper is None:
            return None
        import psutil

        activity, detail, waiting, progress, problem = self._keeper.state()
        return EngineStatus(
            pid=os.getpid(),
            started=self._started,
            activity=activity,
            detail=detail,
            waiting=waiting,
            model_ready=self._ready.is_set(),
            memory_bytes=psutil.Process().memory_info().rss,
            restarts=int(os.environ.get(RESTARTS, "0")),
            connections_made=offline.made(),
            connections_refused=offline.refused(),
            loaded=self._parts.conductor.loaded(),
            progress=progress,
            problems=tuple(filter(None, (problem, *self._troubles.values()))),
        )

    def why(self, path: Path, question: str = "") -> Explanation:
        """Why a file was found, or not; with a question, where each of its chunks came."""
        query = parse(question, Filters()) if question else None
        parts = self._parts
        with storage_errors(self.library):
            return explain.explain(parts.catalog, parts.search, parts.retriever, path, query, self.config, parts.own)

    def doctor(self, *, repair: bool = False) -> list[Check]:
        """Look at everything that can be wrong with library, models and machine; with ``repair`` after mending what
        can be mended while the library is open: Chroma by the catalog, and what was set aside is tried again."""
        parts = self._parts
        if repair:
            self._must_own()
            with storage_errors(self.library), self._writing():
                parts.crashes.forgive()
                for role in INSTALLABLE:
                    parts.conductor.forgive(role)
                parts.mend_vectors()
        return examine(
            self.library, parts.catalog, parts.vectors, parts.embedder, parts.shelf, read_only=parts.read_only
        )

    # --- inside ------------------------------------------------------------------------------------------------------

    def _load(self) -> None:
        """Behind a live engine: load the model, and see to it that Chroma holds what the catalog says."""
        try:
            self._parts.embedder.load()
            with self._writing():
                self._parts.prepare_vectors()
        except DesktopRagError as error:
            self._in_trouble(Problem(error.code, error.message, error.hint))
            return
        except Exception as error:  # else nobody would hear of it
            said = f"The model could not be made ready ({type(error).__name__})."
            self._in_trouble(Problem("bug", said, record_bug(error, ENGINE)))
            return
        self._ready.set()
        self._bus.publish(ModelReady(self._parts.embedder.space.model))

    def _look_again(self) -> None:
        """Have all folders gone through: files may have waited for a model that is there now."""
        if self._keeper is not None:
            self._keeper.follow([Scope(root) for root in self._parts.catalog.roots()])

    def _in_trouble(self, problem: Problem) -> None:
        logging.getLogger("desktop_rag").error("%s: %s", problem.code, problem.message)
        self._troubles[problem.code] = problem
        self._bus.publish(Trouble(problem))

    def _upkeep(self) -> None:
        """When nothing else is to be done: keep Chroma and the catalog from growing without need."""
        problem = self._parts.upkeep()
        if problem is None:
            self._troubles.pop(RUNAWAY, None)
        else:
            self._in_trouble(problem)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """One command writes at a time, and before what goes on in the background."""
        if self._keeper is None:
            yield
        else:
            with self._keeper.exclusive():
                yield

    def _live(self) -> Keeper:
        if self._keeper is None:
            raise ConfigError("Nothing runs in the background.", "Start the engine: desktop-rag engine start")
        return self._keeper

    def _must_own(self) -> None:
        if self._parts.read_only:
            raise LibraryBusy("This library was opened for searching only.")


def _size(folder: Path) -> int:
    """Bytes of all files below a folder; those that vanish meanwhile count nothing."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total


def _ignore_progress(_: Progress) -> None:
    pass
