"""Chroma: the vectors of all chunks, for quick search. The only module that knows chromadb.

A collection holds the chunk's id and its vector and nothing else. It is a cache: ``rebuild`` in the engine fills it
again from the catalog.
"""

from __future__ import annotations

import hashlib
import logging
import shutil
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from desktop_rag import offline
from desktop_rag.errors import StorageError
from desktop_rag.types import Space

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_ROWS = 5_000
"""Rows of one call; Chroma refuses more than 5,461."""


def fingerprint(space: Space) -> str:
    """A short name for a space: vectors may share a collection exactly when it is equal."""
    return hashlib.sha256(msgspec.json.encode(space)).hexdigest()[:16]


class VectorStore:
    """The collection of one embedding space. Opening it costs about a second, so it happens at the first use."""

    def __init__(self, folder: Path, space: Space) -> None:
        self._folder = folder
        self._space = space
        self._client: Any = None
        self._collection: Any = None
        self._opening = threading.RLock()

    @property
    def is_open(self) -> bool:
        return self._collection is not None

    def exists(self) -> bool:
        """Whether anything was ever stored."""
        return self._folder.is_dir()

    def recreate(self) -> None:
        """Start again with an empty folder, whatever is in it now."""
        self.close()
        shutil.rmtree(self._folder, ignore_errors=True)
        self.open()

    def open(self) -> None:
        """Open or make the collection. Raises ``StorageError``."""
        with self._opening:
            if self._collection is None:
                self._open()

    def _open(self) -> None:
        offline.quieten()
        import chromadb
        from chromadb.config import Settings

        # Chroma logs a warning for an id that is upserted before it exists; for us that is the normal case.
        logging.getLogger("chromadb").setLevel(logging.ERROR)
        try:
            self._client = chromadb.PersistentClient(
                str(self._folder), settings=Settings(anonymized_telemetry=False, allow_reset=True)
            )
            self._collection = self._make()
        except Exception as error:
            raise StorageError(
                f"The vector store in {self._folder} could not be opened: {error}.",
                "Run “desktop-rag rebuild”: it makes the store again from the catalog.",
            ) from error

    def _make(self) -> Any:
        return self._client.get_or_create_collection(
            f"space-{fingerprint(self._space)}",
            embedding_function=None,
            configuration={"hnsw": {"space": "cosine", "ef_construction": 100, "ef_search": 128, "max_neighbors": 16}},
        )

    def close(self) -> None:
        """Let go of Chroma's files."""
        if self._client is not None:
            self._client.close()
        self._client = self._collection = None

    def count(self) -> int:
        self.open()
        return int(self._collection.count())

    def upsert(self, ids: Sequence[int], vectors: NDArray[np.float32]) -> None:
        """Store ``vectors`` [n, dim] under ``ids`` [n], replacing those already there. Raises ``StorageError``."""
        self.open()
        for begin in range(0, len(ids), MAX_ROWS):
            names = [str(number) for number in ids[begin : begin + MAX_ROWS]]
            self._write(partial(self._collection.upsert, ids=names, embeddings=vectors[begin : begin + MAX_ROWS]))

    def delete(self, ids: Sequence[int]) -> None:
        """Remove the vectors of ``ids``; unknown ones are passed over. Raises ``StorageError``."""
        self.open()
        for begin in range(0, len(ids), MAX_ROWS):
            self._write(partial(self._collection.delete, ids=[str(number) for number in ids[begin : begin + MAX_ROWS]]))

    def query(self, vector: NDArray[np.float32], limit: int) -> list[tuple[int, float]]:
        """The ``limit`` nearest chunks of ``vector`` [dim]: (chunk id, cosine similarity), nearest first."""
        self.open()
        if limit <= 0:
            return []
        found = self._collection.query(query_embeddings=[vector], n_results=limit, include=["distances"])
        return [
            (int(number), 1.0 - distance)
            for number, distance in zip(found["ids"][0], found["distances"][0], strict=True)
        ]

    def stored_ids(self) -> set[int]:
        """The ids of all vectors in the collection."""
        self.open()
        return {int(number) for number in self._collection.get(include=[])["ids"]}

    def _write(self, action: Callable[[], object]) -> None:
        from chromadb.errors import ChromaError

        try:
            action()
        except (ChromaError, OSError, ValueError) as error:
            raise StorageError(
                f"The vector store in {self._folder} refused to write: {error}.",
                "Check that the disk is not full; then run “desktop-rag rebuild”.",
            ) from error
