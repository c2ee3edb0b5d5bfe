"""Chroma again from the catalog: no file is opened and no model is loaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from desktop_rag.storage.catalog import Catalog
from desktop_rag.storage.vectors import MAX_ROWS, VectorStore
from desktop_rag.types import Progress


def rebuild_vectors(catalog: Catalog, vectors: VectorStore, on_progress: Callable[[Progress], None]) -> int:
    """Empty the collection and fill it with the vector of each chunk; returns their number.

    A failure or a crash in between leaves a collection with some of the vectors: searches by words find everything,
    searches by meaning the rest; run it again, or let ``reconcile`` add what is missing. Raises ``StorageError``.
    """
    vectors.recreate()
    ids = vector_ids(catalog, vectors)
    for begin in range(0, len(ids), MAX_ROWS):
        store_vectors(catalog, vectors, ids[begin : begin + MAX_ROWS])
        done = min(begin + MAX_ROWS, len(ids))
        on_progress(Progress("indexing", done, len(ids), chunks_done=done))
    on_progress(Progress("done", len(ids), len(ids), chunks_done=len(ids)))
    return len(ids)


def vector_ids(catalog: Catalog, vectors: VectorStore) -> list[int]:
    """The chunks whose vectors a store is to hold, in order."""
    rows = catalog.reader().execute(
        f"SELECT r.id FROM ({vectors.rows}) r JOIN embeddings e ON e.id = r.embedding_id AND e.space = ? ORDER BY r.id",
        (vectors.space_name,),
    )
    return [row[0] for row in rows]


def store_vectors(catalog: Catalog, vectors: VectorStore, ids: Sequence[int]) -> None:
    """Put the cached vectors of the chunks ``ids`` into Chroma. Raises ``StorageError``."""
    import numpy as np

    rows = (
        catalog.reader()
        .execute(
            f"SELECT r.id, e.vector FROM json_each(?) wanted CROSS JOIN ({vectors.rows}) r ON r.id = wanted.value"
            " CROSS JOIN embeddings e ON e.id = r.embedding_id AND e.space = ?",
            (msgspec.json.encode(ids).decode(), vectors.space_name),
        )
        .fetchall()
    )
    if rows:
        packed = np.frombuffer(b"".join(row[1] for row in rows), np.float16)
        vectors.upsert([row[0] for row in rows], packed.reshape(len(rows), -1).astype(np.float32))
