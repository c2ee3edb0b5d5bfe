"""The last step of indexing: what was embedded goes into Chroma, then, document by document, into the catalog."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from desktop_rag.indexing.assemble import AssembledPart, DocumentDraft
from desktop_rag.indexing.chunking import ChunkDraft
from desktop_rag.language import words
from desktop_rag.parsing.worker.fingerprint import short_hash
from desktop_rag.storage.catalog import Catalog, Known, NewChunk, NewDocument, NewPicture
from desktop_rag.storage.commit import FileOutcome, SeenFile, commit_documents, link_file, note_file
from desktop_rag.storage.maintenance import sweep
from desktop_rag.storage.thumbnails import Thumbnails
from desktop_rag.storage.vectors import VectorStore
from desktop_rag.types import FileState, Problem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class ToIndex(Struct, frozen=True):
    """A file the plan wants read."""

    path: str
    root: str
    size: int
    mtime_ns: int


class StoredFile(Struct, frozen=True):
    """A file that was stored (or linked, if its bytes were known)."""

    file: ToIndex
    state: FileState
    problem: Problem | None
    chunks: int
    embedded: int
    linked: bool


class IndexJob(Struct):
    """One part of a file on its way. ``known`` is set, and ``part`` is not, when its bytes are known already."""

    file: ToIndex
    part: AssembledPart | None
    known: Known | None = None
    sha256: str = ""
    heard_by: str | None = None


class Embedded(Struct):
    """What was embedded in one space: by hash those known from the cache, and the fresh ones with their vectors."""

    known: dict[bytes, tuple[int, bytes]]
    fresh: list[bytes]
    vectors: NDArray[np.float32] | None


class EmbeddedBatch(Struct):
    """Jobs whose chunks have been embedded: the hashes of their texts in order, and, by its hash, each picture."""

    jobs: list[IndexJob]
    texts: list[bytes]
    text: Embedded
    previews: dict[bytes, bytes]
    picture: Embedded


class Storer:
    """Puts windows into ``catalog`` and ``vectors``, and pictures into ``pictures`` (None without an image model) and
    ``thumbnails``; all of one thread. ``on_done`` hears of each file that is finished."""

    def __init__(
        self,
        catalog: Catalog,
        vectors: VectorStore,
        pictures: VectorStore | None,
        thumbnails: Thumbnails,
        *,
        recipe: str,
        on_done: Callable[[StoredFile], None],
    ) -> None:
        self._catalog = catalog
        self._vectors = vectors
        self._pictures = pictures
        self._thumbnails = thumbnails
        self._recipe = recipe
        self._on_done = on_done
        self._space = vectors.space_name
        self._ids: dict[str, dict[int, int]] = {}
        self._counts: dict[str, tuple[int, int]] = {}
        self._seen_by: dict[str, str] = {}
        self.missed: list[ToIndex] = []
        """Files whose document went, with another file, before it could be made theirs: they are to be read again."""

    def store(self, window: EmbeddedBatch) -> None:
        """Vectors first, then each document in a transaction of its own."""
        import numpy as np

        embedding, vector = self._keep(self._space, window.text)
        ids = self._catalog.reserve_chunk_ids(len(window.texts))
        if window.texts:
            self._vectors.upsert(ids, np.stack([vector[digest] for digest in window.texts]).astype(np.float32))
        shown = self._store_pictures(window, ids)
        place = iter(zip(ids, window.texts, strict=True))
        fresh = set(window.text.fresh)
        # Links first: the document of one may go with what the others replace (a file moved aside for a new one).
        for job in sorted(window.jobs, key=lambda job: job.part is not None):
            self._commit(job, place, embedding, shown, fresh)
        sweep(self._catalog, [self._vectors] if self._pictures is None else [self._vectors, self._pictures])

    def _keep(self, space: str, embedded: Embedded) -> tuple[dict[bytes, int], dict[bytes, NDArray[np.floating]]]:
        """Put the fresh vectors into the cache; returns the ids and the vectors of all, by hash."""
        import numpy as np

        embedding = {digest: number for digest, (number, _) in embedded.known.items()}
        vector: dict[bytes, NDArray[np.floating]] = {
            digest: np.frombuffer(data, np.float16) for digest, (_, data) in embedded.known.items()
        }
        if embedded.vectors is not None:
            numbers = self._catalog.add_embeddings(space, embedded.fresh, embedded.vectors)
            embedding.update(zip(embedded.fresh, numbers, strict=True))
            vector.update(zip(embedded.fresh, embedded.vectors, strict=True))
        return embedding, vector

    def _store_pictures(self, window: EmbeddedBatch, ids: Sequence[int]) -> dict[bytes, int]:
        """Keep small forms and vectors of the window's pictures; returns the embeddings' ids by hash."""
        import numpy as np

        for digest, preview in window.previews.items():
            self._thumbnails.keep(digest, preview)
        if self._pictures is None:
            return {}
        embedding, vector = self._keep(self._pictures.space_name, window.picture)
        passages = (passage for draft in drafts_of(window.jobs) for passage in draft.passages)
        seen = [
            (number, vector[digest])
            for number, passage in zip(ids, passages, strict=True)
            if passage.preview is not None and (digest := short_hash(passage.preview)) in vector
        ]
        if seen:
            self._pictures.upsert(
                [number for number, _ in seen], np.stack([item for _, item in seen]).astype(np.float32)
            )
        return embedding

    def _commit(
        self,
        job: IndexJob,
        place: Iterator[tuple[int, bytes]],
        embedding: dict[bytes, int],
        shown: dict[bytes, int],
        fresh: set[bytes],
    ) -> None:
        file = job.file
        seen = SeenFile(file.path, file.root, file.size, file.mtime_ns, job.sha256, self._recipe)
        if job.part is None:
            assert job.known is not None
            state, problem = job.known.state, job.known.problem
            if link_file(self._catalog, seen, state, problem, job.known.id):
                self._on_done(StoredFile(file, state, problem, 0, 0, True))
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
            self._on_done(StoredFile(file, top.state, top.problem, 0, 0, False))
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
                        self._picture(file, passage, shown),
                    )
                )  # fmt: skip
            chunks += len(new)
            documents.append(_new_document(draft, new))
        finished = None
        if job.part.last:
            finished = FileOutcome(top.state, top.problem, self._seen_by.pop(file.path, None), job.heard_by)
        commit_documents(self._catalog, seen, documents, self._ids.setdefault(file.path, {}), finished)
        if finished is None:
            self._counts[file.path] = (chunks, embedded)
        else:
            del self._ids[file.path]
            self._on_done(StoredFile(file, top.state, top.problem, chunks, embedded, False))

    def _picture(self, file: ToIndex, passage: ChunkDraft, shown: dict[bytes, int]) -> NewPicture | None:
        if passage.preview is None:
            return None
        digest = short_hash(passage.preview)
        name = self._pictures.space_name if self._pictures is not None and digest in shown else ""
        self._seen_by[file.path] = name and self._seen_by.get(file.path, name)
        return NewPicture(digest, passage.looks, shown.get(digest))


def drafts_of(jobs: Sequence[IndexJob]) -> Iterator[DocumentDraft]:
    """The documents of jobs that have any, in order."""
    for job in jobs:
        if job.part is not None:
            yield from job.part.documents


def _new_document(draft: DocumentDraft, chunks: list[NewChunk]) -> NewDocument:
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
