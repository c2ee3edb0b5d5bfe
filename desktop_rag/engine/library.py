"""An open library: its lock, its catalog, and the parts that search and fill it."""

from __future__ import annotations

import logging
import threading
from contextlib import ExitStack
from pathlib import Path

from desktop_rag.config import Config
from desktop_rag.engine.crashes import CrashLog
from desktop_rag.errors import StorageError
from desktop_rag.indexing.indexer import Indexer, recipe_of
from desktop_rag.models.text_embedding import TextEmbedder
from desktop_rag.parsing.sandbox import ParserPool
from desktop_rag.parsing.source import MIB
from desktop_rag.paths import logs_dir, models_dir
from desktop_rag.retrieval.dense import DenseSearch
from desktop_rag.retrieval.retriever import Retriever
from desktop_rag.storage.catalog import Catalog
from desktop_rag.storage.lock import LibraryLock
from desktop_rag.storage.private import make_private
from desktop_rag.storage.rebuild import rebuild_vectors
from desktop_rag.storage.search import CatalogSearch
from desktop_rag.storage.upkeep import compact, look, reconcile, tidy_catalog
from desktop_rag.storage.vectors import VectorStore, fingerprint
from desktop_rag.types import Problem

CATALOG_NAME = "catalog.sqlite"
VECTORS_NAME = "chroma"
RUNAWAY = "vectors-runaway"
"""Code of the problem that Chroma grows beyond all measure."""
_OPEN = "open"


class Library:
    """Everything that is open while a library is.

    With ``read_only`` another process may own it; otherwise the lock is taken. Raises ``LibraryBusy``,
    ``StorageError``.
    """

    def __init__(self, folder: Path, config: Config, *, read_only: bool) -> None:
        self.folder = folder
        self.config = config
        self.read_only = read_only
        self.lock = LibraryLock(folder)
        self._pools: dict[str, ParserPool] = {}
        self._pools_guard = threading.Lock()
        with ExitStack() as opening:
            self._open(opening)
            self._closing = opening.pop_all()

    def _open(self, opening: ExitStack) -> None:
        path = self.folder / CATALOG_NAME
        if not path.exists():
            _make_folder(self.folder)
        if not self.read_only:
            self.lock.acquire()
            opening.callback(self.lock.release)
        elif not path.exists():
            Catalog(path).close()
        self.catalog = Catalog(path, read_only=self.read_only)
        opening.callback(self.catalog.close)
        self.crashes = CrashLog(self.folder, self.catalog)
        self.embedder = TextEmbedder(
            threads=self.config.threads, loading=None if self.read_only else self.crashes.loading
        )
        self._unclean = False
        if not self.read_only:
            make_private(self.folder)
            opening.callback(make_private, self.folder)  # what others have made in it meanwhile
            # Set while the library is open: found at the next opening, it says that this process died.
            self._unclean = self.catalog.setting(_OPEN) is not None
            self.catalog.set_setting(_OPEN, "1")
            opening.callback(self._note_closing)
            self.crashes.look_back(recipe_of(self.embedder))
            opening.callback(self.crashes.close)
        self.vectors = VectorStore(self.folder / VECTORS_NAME, self.embedder.space)
        opening.callback(self.vectors.close)
        self.search = CatalogSearch(self.catalog, fingerprint(self.embedder.space))
        self.retriever = Retriever(
            self.search, DenseSearch(self.search, None if self.read_only else self.vectors), self.embedder
        )
        opening.callback(self.retriever.close)
        self.own = (self.folder, logs_dir(), models_dir())
        self.indexer = Indexer(self.catalog, self.vectors, self.embedder, self.config, self.own)
        opening.callback(self._close_pools)

    def new_pool(self, workers: int | None = None) -> ParserPool:
        """Parsers in child processes; whoever asks closes the pool."""
        return ParserPool(
            workers or self.config.workers,
            self.config.limits,
            timeout_s=self.config.parser_timeout_s,
            memory_bytes=self.config.parser_memory_mib * MIB,
        )

    def shared_pool(self, name: str, workers: int | None = None) -> ParserPool:
        """The pool of this name, which ends with the library: its parsers wait a while for the next file."""
        with self._pools_guard:
            if name not in self._pools:
                self._pools[name] = self.new_pool(workers)
            return self._pools[name]

    def prepare_vectors(self) -> None:
        """Open Chroma; after a crash, or when it is damaged or gone, see to it that it holds what the catalog says."""
        if not self.catalog.counts()["chunks"]:
            return
        if self._unclean or not self.vectors.exists():
            self.mend_vectors()
            return
        try:
            self.vectors.open()
        except StorageError:
            self.mend_vectors()

    def mend_vectors(self) -> None:
        """Make Chroma hold the vector of each chunk, and no other: add and remove what differs, or, when it cannot be
        used at all, make it again."""
        log = logging.getLogger("desktop_rag")
        try:
            added, removed = reconcile(self.catalog, self.vectors)
            if added or removed:
                log.warning("Chroma was mended: %d vectors added, %d removed.", added, removed)
        except StorageError as error:
            log.error("Chroma is made again: %s", error.message)
            rebuild_vectors(self.catalog, self.vectors, lambda _: None)
        self._unclean = False

    def upkeep(self) -> Problem | None:
        """Compact what has grown without need; the problem to tell when a file grows beyond all measure."""
        growth = look(self.folder / VECTORS_NAME, self.catalog)
        if growth.wasteful:
            compact(self.catalog, self.vectors, lambda _: None)
        tidy_catalog(self.catalog)
        if not growth.runaway:
            return None
        return Problem(
            RUNAWAY,
            f"A file of the vector store has grown to {growth.largest_file / 2**30:.1f} GiB.",
            "“desktop-rag rebuild” makes the store again.",
        )

    def _note_closing(self) -> None:
        try:
            self.catalog.remove_setting(_OPEN)
        except StorageError:  # a full disk, say: the next opening looks more closely then
            logging.getLogger("desktop_rag").warning("The library could not be closed in order.")

    def close(self) -> None:
        """Give the library back."""
        self._closing.close()

    def _close_pools(self) -> None:
        for pool in self._pools.values():
            pool.close()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(
            f"The library folder {folder} could not be made: {error.strerror or error}.",
            "Choose another with --library.",
        ) from error
