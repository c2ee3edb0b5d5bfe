"""Parsing, embedding and storing, side by side.

Threads that parse (each with a child process) fill a bounded queue with cut documents; the calling thread embeds a
window of them at a time; one thread stores. The model is the slow part, so it never waits for the others.

What a crash leaves: vectors in Chroma without chunks (invisible, removed by the sweep), embeddings in the cache without
chunks (used when the file comes again), and whole documents. The catalog's transaction decides.
"""

from __future__ import annotations

import hashlib
import queue
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from desktop_rag.indexing.assemble import Draft, Part, assemble
from desktop_rag.language import words
from desktop_rag.parsing.sandbox import ParserPool
from desktop_rag.storage.catalog import Catalog, NewChunk, NewDocument
from desktop_rag.storage.commit import (
    SeenFile,
    clear_garbage,
    commit_documents,
    garbage,
    link_file,
    note_file,
)
from desktop_rag.storage.vectors import VectorStore, fingerprint
from desktop_rag.types import FileState, Problem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from desktop_rag.models.text_embedding import TextEmbedder

WINDOW = 256
"""Chunks embedded together: enough for batches of about equal length, few enough to be stored every few seconds."""
_AHEAD = 4
_PARTS_AHEAD = 512
_PATIENCE_S = 0.5


class Stopped(Exception):
    """The person asked to stop. What was stored before is kept."""


class ToIndex(Struct, frozen=True):
    """A file the plan wants read."""

    path: str
    root: str
    size: int
    mtime_ns: int


class Done(Struct, frozen=True):
    """A file that was stored (or linked, if its bytes were known)."""

    file: ToIndex
    state: FileState
    problem: Problem | None
    chunks: int
    embedded: int
    linked: bool


class _Job(Struct):
    """One part of a file on its way. ``link`` is set when its bytes are known already."""

    file: ToIndex
    part: Part | None
    link: tuple[int, FileState, Problem | None] | None = None
    sha256: str = ""


class _Window(Struct):
    """Jobs whose chunks have been embedded, in order."""

    jobs: list[_Job]
    texts: list[bytes]
    known: dict[bytes, tuple[int, bytes]]
    fresh: list[bytes]
    vectors: NDArray[np.float32] | None


class Pipeline:
    """Indexes files into ``catalog`` and ``vectors`` by one ``recipe``, in the order given.

    ``stop`` is looked at between batches, and ``give_way`` called there: it may wait, or raise ``Stopped``. ``at_work``
    hears which files are about to go through the model; files that are ``alone`` share no batch with others.
    """

    def __init__(
        self,
        catalog: Catalog,
        vectors: VectorStore,
        embedder: TextEmbedder,
        pool: ParserPool,
        *,
        workers: int,
        recipe: str,
        stop: threading.Event,
        alone: Collection[str],
        give_way: Callable[[], None],
        at_work: Callable[[Sequence[str]], None],
        on_done: Callable[[Done], None],
        on_batch: Callable[[int], None],
    ) -> None:
        self._catalog = catalog
        self._vectors = vectors
        self._embedder = embedder
        self._pool = pool
        self._workers = workers
        self._recipe = recipe
        self._stop = stop
        self._alone = alone
        self._give_way = give_way
        self._at_work = at_work
        self._on_done = on_done
        self._on_batch = on_batch
        self._space = fingerprint(embedder.space)
        self._parsed: queue.Queue[_Job | BaseException | None] = queue.Queue(_PARTS_AHEAD)
        self._embedded: queue.Queue[_Window | None] = queue.Queue(_AHEAD)
        self._failure: BaseException | None = None
        self._flight = threading.Lock()
        self._in_flight: deque[list[str]] = deque()
        self._ids: dict[str, dict[int, int]] = {}
        self._counts: dict[str, tuple[int, int]] = {}
        self.missed: list[ToIndex] = []
        """Files whose document went, with another file, before it could be made theirs: they are to be read again."""

    def run(self, files: Sequence[ToIndex]) -> None:
        """Index ``files``. Raises ``Stopped``, or the error that made going on pointless."""
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
                for part in assemble(events, self._embedder):
                    if self._halted():
                        return
                    known = self._catalog.find_recipe(part.sha256) if part.sha256 else None
                    if known is not None and known[1] == self._recipe:
                        self._parsed.put(_Job(file, None, (known[0], known[2], known[3]), part.sha256))
                        break
                    self._parsed.put(_Job(file, part, None, part.sha256))
                if self._halted():
                    return
        except BaseException as error:
            self._parsed.put(error)
        finally:
            self._parsed.put(None)

    def _halted(self) -> bool:
        return self._stop.is_set() or self._failure is not None

    def _drain(self, readers: Sequence[threading.Thread]) -> None:
        """Let the readers come to their end: each may be waiting for room in the queue."""
        while any(reader.is_alive() for reader in readers):
            try:
                self._parsed.get(timeout=0.05)
            except queue.Empty:
                continue

    def _begin_work(self, jobs: Sequence[_Job]) -> None:
        """Say which files are between here and the catalog: what a crash of this process may be due to."""
        with self._flight:
            self._in_flight.append([job.file.path for job in jobs])
            self._at_work(list(dict.fromkeys(chain.from_iterable(self._in_flight))))

    def _end_work(self) -> None:
        with self._flight:
            self._in_flight.popleft()
        self._embedded.task_done()

    # --- embedding ---------------------------------------------------------------------------------------------------

    def _windows(self) -> Iterator[list[_Job]]:
        """Jobs in groups of about ``WINDOW`` chunks; fewer when the parsers cannot keep up."""
        running = self._workers
        item: _Job | BaseException | None
        jobs: list[_Job] = []
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

    def _embed(self, jobs: list[_Job]) -> _Window:
        texts: dict[bytes, str] = {}
        hashes: list[bytes] = []
        for draft in _drafts(jobs):
            for context, passage in zip(draft.contexts, draft.passages, strict=True):
                text = f"{context}\n{passage.text}"
                digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()
                texts[digest] = text
                hashes.append(digest)
        known = self._catalog.known_embeddings(self._space, list(texts))
        fresh = [digest for digest in texts if digest not in known]
        vectors = self._embedder.embed([texts[digest] for digest in fresh], self._between) if fresh else None
        return _Window(jobs, hashes, known, fresh, vectors)

    def _between(self, done: int) -> None:
        if self._halted():
            raise self._failure or Stopped
        if done:
            self._on_batch(done)
        self._give_way()

    # --- storing -----------------------------------------------------------------------------------------------------

    def _store_all(self) -> None:
        while True:
            window = self._embedded.get()
            if window is None:
                return
            try:
                if self._failure is None:
                    self._store(window)
            except BaseException as error:
                self._failure = error
            finally:
                self._end_work()

    def _store(self, window: _Window) -> None:
        import numpy as np

        embedding = {digest: number for digest, (number, _) in window.known.items()}
        vector = {digest: np.frombuffer(data, np.float16) for digest, (_, data) in window.known.items()}
        if window.vectors is not None:
            numbers = self._catalog.add_embeddings(self._space, window.fresh, window.vectors)
            embedding.update(zip(window.fresh, numbers, strict=True))
            vector.update(zip(window.fresh, window.vectors, strict=True))
        ids = self._catalog.reserve_chunk_ids(len(window.texts))
        if window.texts:
            self._vectors.upsert(ids, np.stack([vector[digest] for digest in window.texts]).astype(np.float32))
        place = iter(zip(ids, window.texts, strict=True))
        fresh = set(window.fresh)
        # Links first: the document of one may go with what the others replace (a file moved aside for a new one).
        for job in sorted(window.jobs, key=lambda job: job.part is not None):
            self._commit(job, place, embedding, fresh)
        old = garbage(self._catalog)
        if old:
            self._vectors.delete(old)
            clear_garbage(self._catalog, old)

    def _commit(
        self, job: _Job, place: Iterator[tuple[int, bytes]], embedding: dict[bytes, int], fresh: set[bytes]
    ) -> None:
        file = job.file
        seen = SeenFile(file.path, file.root, file.size, file.mtime_ns, job.sha256, self._recipe)
        if job.part is None:
            assert job.link is not None
            document_id, state, problem = job.link
            if link_file(self._catalog, seen, state, problem, document_id):
                self._on_done(Done(file, state, problem, 0, 0, True))
            else:
                self.missed.append(file)
            return
        top = job.part.documents[0]
        if top.problem is not None and top.problem.code == "changed":
            # The text may be of other bytes than the hash: nothing may be linked to it, and it is read again.
            seen = msgspec.structs.replace(seen, recipe="")
        if not job.sha256:
            # Without a recipe it is tried again at the next run: a permission leaves no trace in size or time.
            note_file(self._catalog, msgspec.structs.replace(seen, recipe=""), top.state, top.problem)
            self._on_done(Done(file, top.state, top.problem, 0, 0, False))
            return
        chunks, embedded = self._counts.pop(file.path, (0, 0))
        documents: list[NewDocument] = []
        for draft in job.part.documents:
            new: list[NewChunk] = []
            for ordinal, (context, passage) in enumerate(zip(draft.contexts, draft.passages, strict=True)):
                number, digest = next(place)
                embedded += digest in fresh
                new.append(
                    NewChunk(
                        number, ordinal, passage.role, passage.locator, context, passage.text,
                        len(words(context)) + len(words(passage.text)), embedding[digest],
                    )
                )  # fmt: skip
            chunks += len(new)
            documents.append(_new_document(draft, new))
        finished = (top.state, top.problem) if job.part.last else None
        commit_documents(self._catalog, seen, documents, self._ids.setdefault(file.path, {}), finished)
        if finished is None:
            self._counts[file.path] = (chunks, embedded)
        else:
            del self._ids[file.path]
            self._on_done(Done(file, top.state, top.problem, chunks, embedded, False))


def _drafts(jobs: Sequence[_Job]) -> Iterator[Draft]:
    for job in jobs:
        if job.part is not None:
            yield from job.part.documents


def _new_document(draft: Draft, chunks: list[NewChunk]) -> NewDocument:
    metadata = draft.metadata
    return NewDocument(
        number=draft.number,
        parent=draft.parent,
        kind=metadata.kind or draft.kind,
        mime=draft.mime,
        name=draft.name,
        title=metadata.title,
        state=draft.state,
        chunks=chunks,
        author=metadata.author,
        created=metadata.created,
        language=metadata.language,
        tags=metadata.tags,
        mail=metadata.mail,
        problem=draft.problem,
        locator=draft.locator,
    )


def _shared(files: Iterator[ToIndex], guard: threading.Lock) -> Iterator[ToIndex]:
    """The same iterator for several threads."""
    while True:
        with guard:
            file = next(files, None)
        if file is None:
            return
        yield file
