"""Chroma: the vectors of all chunks, for quick search. The only module that knows chromadb.

A collection holds the chunk's id and its vector and nothing else. It is a cache: ``rebuild`` fills it again from the
catalog, ``maintenance`` adds what is missing and removes what is too much.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from desktop_rag import offline
from desktop_rag.errors import StorageError
from desktop_rag.messages import say
from desktop_rag.storage.chroma_files import damage
from desktop_rag.storage.storage_errors import disk_full
from desktop_rag.types import Space

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_ROWS = 5_000
"""Rows of one call; Chroma refuses more than 5,461."""
_WORN = 1_000
"""Deleted vectors (about 8 MB of memory in an engine) that are not worth the trouble."""
_NO_SPACE_LEFT = 1 << 20
"""Bytes. Chroma does not say why it could not write; on a disk with less room than this, we know."""


def fingerprint(space: Space) -> str:
    """A short name for a space: vectors may share a collection exactly when it is equal."""
    return hashlib.sha256(msgspec.json.encode(space)).hexdigest()[:16]


CHUNKS = "SELECT id, embedding_id FROM chunks"
PICTURES = "SELECT chunk_id AS id, embedding_id FROM pictures"
"""The rows of the catalog whose vectors a store holds."""


class VectorStore:
    """The collection of one embedding space, for all threads of the one process that owns the library. ``rows`` are
    those of the catalog that it holds the vectors of.

    Opening it costs about a second, so it happens at the first use; its files are checked before. Writes wait for one
    another, queries for nobody. Every method raises ``StorageError`` when Chroma fails, ``DiskFull`` when that is why;
    after a failed write the files are checked again at the next use.
    """

    def __init__(self, folder: Path, space: Space, rows: str = CHUNKS) -> None:
        self.folder = folder
        self.space = space
        self.space_name = fingerprint(space)
        self.rows = rows
        self._client: Any = None
        self._collection: Any = None
        self._guard = threading.RLock()
        self._deleted = 0

    @property
    def is_worn(self) -> bool:
        """Whether so many vectors were deleted since it was opened that it should be made again: Chroma keeps them in
        memory until then."""
        return self._collection is not None and self._deleted > max(_WORN, self.count() // 2)

    @property
    def is_open(self) -> bool:
        return self._collection is not None

    def exists(self) -> bool:
        """Whether anything was ever stored."""
        return self.folder.is_dir()

    def remove(self) -> None:
        """Remove the folder, whatever is in it; at its next use there is an empty one."""
        with self._guard:
            self.close()
            shutil.rmtree(self.folder, ignore_errors=True)
            if self.folder.exists():
                raise StorageError(
                    say("storage.vector-store-could-not-removed", folder=self.folder),
                    say("storage.close-programs-use-files-make-sure"),
                )

    def recreate(self) -> None:
        """Start again with an empty folder, whatever is in it now."""
        with self._guard:
            self.remove()
            self.open()

    def open(self) -> None:
        """Open or make the collection."""
        self._opened()

    def close(self) -> None:
        """Let go of Chroma's files. Calls that other threads have under way fail."""
        with self._guard:
            client, self._client, self._collection = self._client, None, None
            self._deleted = 0
            if client is not None:
                client.close()

    def count(self) -> int:
        with self._chroma(say("storage.be-read")):
            return int(self._opened().count())

    def upsert(self, ids: Sequence[int], vectors: NDArray[np.float32]) -> None:
        """Store ``vectors`` [n, dim] under ``ids`` [n], replacing those already there."""
        for begin in range(0, len(ids), MAX_ROWS):
            names = [str(number) for number in ids[begin : begin + MAX_ROWS]]
            with self._writing():
                self._opened().upsert(ids=names, embeddings=vectors[begin : begin + MAX_ROWS])

    def delete(self, ids: Sequence[int]) -> None:
        """Remove the vectors of ``ids``; unknown ones are passed over."""
        for begin in range(0, len(ids), MAX_ROWS):
            with self._writing():
                self._opened().delete(ids=[str(number) for number in ids[begin : begin + MAX_ROWS]])
        self._deleted += len(ids)

    def query(self, vector: NDArray[np.float32], limit: int) -> list[tuple[int, float]]:
        """The ``limit`` nearest chunks of ``vector`` [dim]: (chunk id, cosine similarity), nearest first."""
        if limit <= 0:
            return []
        with self._chroma(say("storage.be-searched")):
            found = self._opened().query(query_embeddings=[vector], n_results=limit, include=["distances"])
        return [
            (int(number), 1.0 - distance)
            for number, distance in zip(found["ids"][0], found["distances"][0], strict=True)
        ]

    def stored_ids(self) -> set[int]:
        """The ids of all vectors in the collection."""
        with self._chroma(say("storage.be-read")):
            return {int(number) for number in self._opened().get(include=[])["ids"]}

    def _opened(self) -> Any:
        with self._guard:
            if self._collection is None:
                with self._chroma(say("storage.be-opened")):
                    self._open()
            return self._collection

    def _open(self) -> None:
        offline.quieten()
        import chromadb
        from chromadb.api.shared_system_client import SharedSystemClient
        from chromadb.config import Settings

        wrong = damage(self.folder) if self.exists() else ""
        if wrong:
            raise self._failure(say("storage.be-opened"), say("storage.it-is-damaged", reason=wrong))
        # Chroma logs a warning for an id that is upserted before it exists; for us that is the normal case.
        logging.getLogger("chromadb").setLevel(logging.ERROR)
        folder = str(self.folder)
        try:
            self._client = chromadb.PersistentClient(
                folder, settings=Settings(anonymized_telemetry=False, allow_reset=True)
            )
            self._collection = self._client.get_or_create_collection(
                f"space-{self.space_name}",
                embedding_function=None,
                configuration={
                    "hnsw": {"space": "cosine", "ef_construction": 100, "ef_search": 128, "max_neighbors": 16}
                },
            )
        except BaseException:
            self.close()
            SharedSystemClient._identifier_to_system.pop(folder, None)  # else the failed one is found again
            raise

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._guard:
            try:
                with self._chroma(say("storage.be-written")):
                    yield
            except StorageError:
                self.close()
                raise

    @contextmanager
    def _chroma(self, what: str) -> Iterator[None]:
        """Turn what Chroma raises into ``StorageError``. A panic of its Rust part is no ``Exception``."""
        try:
            yield
        except StorageError:
            raise
        except BaseException as error:
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            raise self._failure(what, str(error)) from error

    def _failure(self, what: str, reason: str) -> StorageError:
        folder = self.folder if self.folder.exists() else self.folder.parent
        if folder.exists() and shutil.disk_usage(folder).free < _NO_SPACE_LEFT:
            return disk_full(self.folder)
        return StorageError(
            say("storage.vector-store-could-not", folder=self.folder, what=what, reason=reason.rstrip(". ")),
            say("storage.run-desktop-rag-doctor-repair-build"),
        )
