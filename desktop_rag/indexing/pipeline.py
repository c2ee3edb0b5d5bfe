"""Parsing, embedding and storing, side by side.

Threads that parse (each with a child process), and have pictures read and sound heard, fill a bounded queue with cut
documents; the calling thread embeds a window of them at a time; one thread stores. The model is the slow part, so it
never waits for the others.

What a crash leaves: vectors in Chroma without chunks (invisible, removed by the sweep), embeddings in the cache without
chunks (used when the file comes again), and whole documents. The catalog's transaction decides.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_rag.errors import ModelError
from desktop_rag.indexing.assemble import assemble
from desktop_rag.indexing.chunking import Tokenizer
from desktop_rag.indexing.media_analysis import FileMediaAnalysis, MediaAnalyzer
from desktop_rag.indexing.storing import Embedded, EmbeddedBatch, IndexJob, StoredFile, Storer, ToIndex, drafts_of
from desktop_rag.parsing.stream import DocumentStart, Event, FileStart
from desktop_rag.parsing.worker.fingerprint import short_hash
from desktop_rag.parsing.worker.sandbox import ParserPool
from desktop_rag.storage.catalog import Catalog, Known
from desktop_rag.storage.thumbnails import Thumbnails
from desktop_rag.storage.vectors import VectorStore

if TYPE_CHECKING:
    from desktop_rag.models.embedder import Embedder

WINDOW = 256
"""Chunks embedded together: enough for batches of about equal length, few enough to be stored every few seconds."""
PICTURES = 32
"""Pictures embedded together."""
_AHEAD = 4
_PARTS_AHEAD = 512
_PATIENCE_S = 0.5


class Stopped(Exception):
    """The person asked to stop. What was stored before is kept."""


class Pipeline:
    """Indexes files into ``catalog`` and ``vectors`` by one ``recipe``, in the order given.

    ``pictures`` holds the vectors of pictures in the space of the image model of ``media_analyzer`` (None without one),
    and ``thumbnails`` their small forms. ``stop`` is looked at between batches, and ``checkpoint`` called there: it may
    wait, or raise ``Stopped``. ``at_work`` hears which files are about to go through the model; files that are
    ``alone`` share no batch with others.
    """

    def __init__(
        self,
        catalog: Catalog,
        vectors: VectorStore,
        embedder: Embedder,
        tokenizer: Tokenizer,
        pool: ParserPool,
        media_analyzer: MediaAnalyzer,
        pictures: VectorStore | None,
        thumbnails: Thumbnails,
        *,
        workers: int,
        recipe: str,
        stop: threading.Event,
        alone: Collection[str],
        checkpoint: Callable[[], None],
        at_work: Callable[[Sequence[str]], None],
        on_done: Callable[[StoredFile], None],
        on_batch: Callable[[int], None],
    ) -> None:
        self._catalog = catalog
        self._embedder = embedder
        self._tokenizer = tokenizer
        self._pool = pool
        self._media_analyzer = media_analyzer
        self._pictures = pictures
        self._workers = workers
        self._recipe = recipe
        self._stop = stop
        self._alone = alone
        self._checkpoint = checkpoint
        self._at_work = at_work
        self._on_batch = on_batch
        self._space = vectors.space_name
        self._parsed: queue.Queue[IndexJob | BaseException | None] = queue.Queue(_PARTS_AHEAD)
        self._embedded: queue.Queue[EmbeddedBatch | None] = queue.Queue(_AHEAD)
        self._failure: BaseException | None = None
        self._flight = threading.Lock()
        self._in_flight: deque[list[str]] = deque()
        self._storer = Storer(catalog, vectors, pictures, thumbnails, recipe=recipe, on_done=on_done)

    def run(self, files: Sequence[ToIndex]) -> list[ToIndex]:
        """Index ``files``; returns those that are to be read again (see ``Storer.missed``). Raises ``Stopped``, or the
        error that made going on pointless."""
        todo = iter(files)
        guard = threading.Lock()
        readers = [
            threading.Thread(target=self._read, args=(_shared(todo, guard),), name=f"reader {number}")
            for number in range(self._workers)
        ]
        storer = threading.Thread(target=self._store_all, name="storer")
        for thread in (*readers, storer):
            thread.start()
        try:
            for jobs in self._windows():
                self._begin_work(jobs)
                self._embedded.put(self._embed(jobs))
                if jobs[0].file.path in self._alone:
                    self._embedded.join()
        except BaseException as error:
            self._failure = self._failure or error
            self._pool.abandon()
        finally:
            self._drain(readers)
            self._embedded.put(None)
            storer.join()
            self._at_work([])
        if self._failure is not None:
            raise self._failure
        missed, self._storer.missed = self._storer.missed, []
        return missed

    # --- parsing -----------------------------------------------------------------------------------------------------

    def _read(self, files: Iterator[ToIndex]) -> None:
        """Parse what this thread gets of the files; runs beside others of its kind."""
        in_order: dict[str, ToIndex] = {}

        def paths() -> Iterator[Path]:
            for file in files:
                in_order[file.path] = file
                yield Path(file.path)

        try:
            for path, events in self._pool.parse_many(paths()):
                file = in_order.pop(str(path))
                content_hash, events = _begun(events)
                known = self._up_to_date(content_hash) if content_hash else None
                if known is not None:
                    self._parsed.put(IndexJob(file, None, known, content_hash))
                    continue
                analysis = FileMediaAnalysis(self._media_analyzer, self._check_halted)
                for part in assemble(analysis.follow(events), self._tokenizer):
                    self._check_halted()
                    self._parsed.put(IndexJob(file, part, None, part.sha256, analysis.heard_by))
                self._check_halted()
        except BaseException as error:
            self._parsed.put(error)
        finally:
            self._parsed.put(None)

    def _up_to_date(self, content_hash: str) -> Known | None:
        """The stored document with these bytes, unless it is to be made again."""
        known = self._catalog.find_known(content_hash)
        if known is None or known.recipe != self._recipe:
            return None
        return None if known.missed_by(self._media_analyzer.seen_by, self._media_analyzer.heard_by) else known

    def _halted(self) -> bool:
        return self._stop.is_set() or self._failure is not None

    def _check_halted(self) -> None:
        if self._halted():
            raise self._failure or Stopped

    def _drain(self, readers: Sequence[threading.Thread]) -> None:
        """Let the readers come to their end: each may be waiting for room in the queue."""
        while any(reader.is_alive() for reader in readers):
            try:
                self._parsed.get(timeout=0.05)
            except queue.Empty:
                continue

    def _begin_work(self, jobs: Sequence[IndexJob]) -> None:
        """Say which files are between here and the catalog: what a crash of this process may be due to."""
        with self._flight:
            self._in_flight.append([job.file.path for job in jobs])
            self._at_work(list(dict.fromkeys(chain.from_iterable(self._in_flight))))

    def _end_work(self) -> None:
        with self._flight:
            self._in_flight.popleft()
        self._embedded.task_done()

    # --- embedding ---------------------------------------------------------------------------------------------------

    def _windows(self) -> Iterator[list[IndexJob]]:
        """Jobs in groups of about ``WINDOW`` chunks; fewer when the parsers cannot keep up."""
        running = self._workers
        item: IndexJob | BaseException | None
        jobs: list[IndexJob] = []
        chunks = 0
        while running:
            try:
                item = self._parsed.get(timeout=_PATIENCE_S)
            except queue.Empty:
                self._between(0)
                if jobs:
                    yield jobs
                    jobs, chunks = [], 0
                continue
            if self._halted():
                raise self._failure or Stopped
            if isinstance(item, BaseException):
                raise item
            if item is None:
                running -= 1
                continue
            if jobs and item.file.path in self._alone:
                yield jobs
                jobs, chunks = [], 0
            jobs.append(item)
            chunks += sum(len(draft.passages) for draft in item.part.documents) if item.part else 0
            if chunks >= WINDOW or len(jobs) == _PARTS_AHEAD or item.file.path in self._alone:
                yield jobs
                jobs, chunks = [], 0
        if jobs:
            yield jobs

    def _embed(self, jobs: list[IndexJob]) -> EmbeddedBatch:
        texts: dict[bytes, str] = {}
        hashes: list[bytes] = []
        previews: dict[bytes, bytes] = {}
        for draft in drafts_of(jobs):
            for context, passage in zip(draft.contexts, draft.passages, strict=True):
                digest, text = embedded_text(context, passage.text)
                texts[digest] = text
                hashes.append(digest)
                if passage.preview is not None:
                    previews[short_hash(passage.preview)] = passage.preview
        known = self._catalog.known_embeddings(self._space, list(texts))
        fresh = [digest for digest in texts if digest not in known]
        vectors = self._embedder.embed([texts[digest] for digest in fresh], self._between) if fresh else None
        return EmbeddedBatch(jobs, hashes, Embedded(known, fresh, vectors), previews, self._embed_pictures(previews))

    def _embed_pictures(self, previews: dict[bytes, bytes]) -> Embedded:
        """Pictures that fail to be embedded, because their model does, are stored without: they are missed, and the
        files read again when there is a model that works."""
        import numpy as np

        if self._pictures is None or not previews:
            return Embedded({}, [], None)
        known = self._catalog.known_embeddings(self._pictures.space_name, list(previews))
        fresh = [digest for digest in previews if digest not in known]
        batches = [fresh[begin : begin + PICTURES] for begin in range(0, len(fresh), PICTURES)]
        vectors = []
        try:
            for batch in batches:
                vectors.append(self._media_analyzer.embed([previews[digest] for digest in batch]))
                self._between(0)
        except ModelError as error:
            logging.getLogger("desktop_rag").warning("Pictures were not embedded: %s", error.message)
            fresh = fresh[: sum(map(len, vectors))]
        return Embedded(known, fresh, np.concatenate(vectors) if vectors else None)

    def _between(self, done: int) -> None:
        if self._halted():
            raise self._failure or Stopped
        if done:
            self._on_batch(done)
        self._checkpoint()

    # --- storing -----------------------------------------------------------------------------------------------------

    def _store_all(self) -> None:
        while True:
            window = self._embedded.get()
            if window is None:
                return
            try:
                if self._failure is None:
                    self._storer.store(window)
            except BaseException as error:
                self._failure = error
            finally:
                self._end_work()


def _begun(events: Iterator[Event]) -> tuple[str, Iterator[Event]]:
    """The hash of a file's bytes ("" for one that could not be opened), and its events from there on."""
    for event in events:
        if isinstance(event, FileStart | DocumentStart):
            return event.sha256 if isinstance(event, FileStart) else "", chain([event], events)
    return "", events


def embedded_text(context: str, text: str) -> tuple[bytes, str]:
    """What of a chunk goes through the model, with the hash that it has in the cache of embeddings."""
    whole = f"{context}\n{text}"
    return short_hash(whole.encode("utf-8", "replace")), whole


def _shared(files: Iterator[ToIndex], guard: threading.Lock) -> Iterator[ToIndex]:
    """The same iterator for several threads."""
    while True:
        with guard:
            file = next(files, None)
        if file is None:
            return
        yield file
