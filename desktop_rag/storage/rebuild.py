"""Chroma again from the catalog: no file is opened and no model is loaded."""

from __future__ import annotations

from collections.abc import Callable

from desktop_rag.storage.catalog import Catalog
from desktop_rag.storage.commit import clear_garbage, garbage
from desktop_rag.storage.vectors import MAX_ROWS, VectorStore
from desktop_rag.types import Progress


def rebuild_vectors(catalog: Catalog, vectors: VectorStore, on_progress: Callable[[Progress], None]) -> int:
    """Empty the collection and fill it with the vector of each chunk; returns their number.

    A crash in between leaves a collection with some of the vectors: run it again.
    """
    import numpy as np

    vectors.recreate()
    total = catalog.counts()["chunks"]
    done = 0
    last = 0
    while True:
        rows = (
            catalog.reader()
            .execute(
                "SELECT c.id, e.vector FROM chunks c JOIN embeddings e ON e.id = c.embedding_id WHERE c.id > ?"
                " ORDER BY c.id LIMIT ?",
                (last, MAX_ROWS),
            )
            .fetchall()
        )
        if not rows:
            break
        packed = np.frombuffer(b"".join(row[1] for row in rows), np.float16)
        vectors.upsert([row[0] for row in rows], packed.reshape(len(rows), -1).astype(np.float32))
        done += len(rows)
        last = rows[-1][0]
        on_progress(Progress("indexing", done, total, chunks_done=done))
    clear_garbage(catalog, garbage(catalog))
    on_progress(Progress("done", done, total, chunks_done=done))
    return done
