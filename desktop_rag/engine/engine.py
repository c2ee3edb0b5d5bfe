"""The engine: one open library, and everything one can do with it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from desktop_rag.answering.respond import answer
from desktop_rag.config import Config, load_config
from desktop_rag.engine import explain
from desktop_rag.engine.doctor import examine
from desktop_rag.engine.hits import to_hits
from desktop_rag.engine.results import Check, Explanation, IndexReport, Mode, SearchResult, Status
from desktop_rag.errors import ConfigError, LibraryBusy, StorageError
from desktop_rag.indexing.indexer import index_roots, sweep
from desktop_rag.models.text_embedding import TextEmbedder
from desktop_rag.parsing.sandbox import ParserPool
from desktop_rag.parsing.source import MIB
from desktop_rag.retrieval.dense import DenseSearch
from desktop_rag.retrieval.filters import Filters
from desktop_rag.retrieval.query import Query, parse_query
from desktop_rag.retrieval.retriever import Retriever
from desktop_rag.storage.catalog import Catalog
from desktop_rag.storage.commit import forget_files
from desktop_rag.storage.lock import LibraryLock
from desktop_rag.storage.rebuild import rebuild_vectors
from desktop_rag.storage.search import CatalogSearch
from desktop_rag.storage.vectors import VectorStore, fingerprint
from desktop_rag.types import Answer, Progress

CATALOG_NAME = "catalog.sqlite"
VECTORS_NAME = "chroma"


class Engine:
    """An open library; use it as a context manager.

    With ``read_only`` it searches a library that another process may own, and changes nothing. Without, it takes the
    library's lock: raises ``LibraryBusy`` if another process has it. Raises ``StorageError`` when the library cannot be
    opened, ``ConfigError`` for a setting that cannot be used.
    """

    def __init__(self, library: Path, *, config: Config | None = None, read_only: bool = False) -> None:
        self.library = library.expanduser().absolute()
        self.config = config or load_config(self.library)
        self._read_only = read_only
        self._closing = ExitStack()
        with ExitStack() as opening:
            self._open(opening)
            self._closing = opening.pop_all()

    def _open(self, opening: ExitStack) -> None:
        path = self.library / CATALOG_NAME
        self._lock = LibraryLock(self.library)
        if not path.exists():
            try:
                self.library.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StorageError(
                    f"The library folder {self.library} could not be made: {error.strerror or error}.",
                    "Choose another with --library.",
                ) from error
        if not self._read_only:
            self._lock.acquire()
            opening.callback(self._lock.release)
        elif not path.exists():
            Catalog(path).close()
        self._catalog = Catalog(path, read_only=self._read_only)
        opening.callback(self._catalog.close)
        self._embedder = TextEmbedder()
        self._vectors = VectorStore(self.library / VECTORS_NAME, self._embedder.space)
        opening.callback(self._vectors.close)
        self._search = CatalogSearch(self._catalog, fingerprint(self._embedder.space))
        dense = DenseSearch(self._search, None if self._read_only else self._vectors)
        self._retriever = Retriever(self._search, dense, self._embedder)
        opening.callback(self._retriever.close)

    def close(self) -> None:
        """Give the library back."""
        self._closing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- indexing ----------------------------------------------------------------------------------------------------

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
        roots = self._add_roots(paths) if paths is not None else self._catalog.roots()
        run = index_roots(
            self._catalog,
            self._vectors,
            self._embedder,
            self._make_pool,
            roots,
            ignore=self.config.ignore,
            workers=self.config.workers,
            force=force,
            stop=stop or threading.Event(),
            on_progress=on_progress or _ignore_progress,
        )
        return IndexReport(
            new=run.new,
            changed=run.changed,
            moved=run.moved,
            gone=run.gone,
            unchanged=run.unchanged,
            chunks=run.chunks,
            embedded=run.embedded,
            states=self._catalog.state_counts(),
            problems=tuple(run.problems),
            missing_roots=tuple(run.missing_roots),
            seconds=time.monotonic() - began,
            stopped=run.stopped,
        )

    def _add_roots(self, paths: Sequence[Path]) -> list[str]:
        """The roots of ``paths``: one inside a known root adds none, one around known roots takes them over."""
        chosen: list[str] = []
        for path in paths:
            full = path.expanduser().absolute()
            if not full.exists():
                raise ConfigError(f"{path} does not exist.", "Name an existing folder or file.")
            full = full.resolve()
            known = self._catalog.roots()
            around = [root for root in known if full == Path(root) or full.is_relative_to(root)]
            if around:
                chosen.append(around[0])
                continue
            self._catalog.adopt_roots(str(full), [root for root in known if Path(root).is_relative_to(full)])
            self._catalog.add_root(str(full), datetime.now(UTC))
            chosen.append(str(full))
        return list(dict.fromkeys(chosen))

    def _make_pool(self) -> ParserPool:
        return ParserPool(
            self.config.workers,
            self.config.limits,
            timeout_s=self.config.parser_timeout_s,
            memory_bytes=self.config.parser_memory_mib * MIB,
        )

    def forget(self, path: Path) -> int:
        """Remove a file, or all files of a folder or root, from the library; the files themselves stay. Returns how
        many were removed. A forgotten root is not indexed again."""
        self._must_own()
        full = str(path.expanduser().absolute())
        candidates = {full, str(Path(full).resolve())}
        roots = self._catalog.roots()
        for name in candidates:
            if name in roots:
                self._catalog.remove_root(name)
        gone = [
            file.path
            for file in self._catalog.files()
            if file.path in candidates or any(Path(file.path).is_relative_to(name) for name in candidates)
        ]
        forget_files(self._catalog, gone)
        sweep(self._catalog, self._vectors)
        return len(gone)

    def rebuild(self, on_progress: Callable[[Progress], None] | None = None) -> int:
        """Make Chroma's collection again from the catalog; nothing is parsed or embedded. Returns the chunks stored."""
        self._must_own()
        return rebuild_vectors(self._catalog, self._vectors, on_progress or _ignore_progress)

    # --- asking ------------------------------------------------------------------------------------------------------

    def search(
        self,
        question: str,
        *,
        limit: int = 10,
        mode: Mode = "hybrid",
        filters: Filters = Filters(),  # noqa: B008 (immutable)
        per_document: int | None = None,
    ) -> SearchResult:
        """The passages found for a question, best first. Raises ``QueryError`` for a filter that makes no sense."""
        began = time.monotonic()
        query = self._parse(question, filters)
        found = self._retriever.search(
            query, limit=limit, mode=mode, per_document=per_document or self.config.passages_per_document
        )
        return SearchResult(
            question,
            to_hits(self._catalog, found.passages),
            found.query.understood,
            _note(query, found.query),
            time.monotonic() - began,
        )

    def ask(self, question: str, *, filters: Filters = Filters(), limit: int = 8) -> Answer:  # noqa: B008 (immutable)
        """An answer quoted from the files, or the statement that nothing answers. Raises ``QueryError``."""
        query = self._parse(question, filters)
        found = self._retriever.search(query, limit=limit, per_document=self.config.passages_per_document)
        hits = to_hits(self._catalog, found.passages)
        evidence = None if found.evidence is None else msgspec.structs.asdict(found.evidence)
        weights = self._retriever.term_weights(found.query.text)
        filtered = not found.query.filters.is_empty
        given = answer(question, found.query.text, hits, evidence, weights, self._embedder.embed, filtered=filtered)
        return msgspec.structs.replace(given, understood=found.query.understood, note=_note(query, found.query))

    def _parse(self, question: str, filters: Filters) -> Query:
        return parse_query(question, now=datetime.now().astimezone(), options=filters)

    # --- looking -----------------------------------------------------------------------------------------------------

    def status(self) -> Status:
        """What the library holds."""
        counts = self._catalog.counts()
        return Status(
            library=str(self.library),
            roots=tuple(self._catalog.roots()),
            states=self._catalog.state_counts(),
            problems=self._catalog.problem_counts(),
            files=counts["files"],
            documents=counts["documents"],
            chunks=counts["chunks"],
            bytes_on_disk=sum(path.stat().st_size for path in self.library.rglob("*") if path.is_file()),
            model=self._embedder.space.model,
            busy=self._read_only and self._lock.is_held(),
        )

    def why(self, path: Path, question: str = "") -> Explanation:
        """Why a file was found, or not; with a question, where each of its chunks came."""
        query = self._parse(question, Filters()) if question else None
        return explain.explain(self._catalog, self._search, self._retriever, path, query, self.config.ignore)

    def doctor(self) -> list[Check]:
        """Look at everything that can be wrong with library, models and machine."""
        return examine(self.library, self._catalog, self._vectors, self._embedder, read_only=self._read_only)

    def _must_own(self) -> None:
        if self._read_only:
            raise LibraryBusy("This library was opened for searching only.")


def _note(asked: Query, used: Query) -> str:
    if used is asked:
        return ""
    return f"Nothing matches “{', '.join(asked.understood)}”, so all files were searched."


def _ignore_progress(_: Progress) -> None:
    pass
