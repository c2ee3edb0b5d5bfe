"""Changing the model that embeds text: every chunk gets its vector in the new space, then all change over at once.

Until then the old space answers. What was embedded is kept (in the cache of embeddings, and for each chunk in the table
``respaced``), so that the work goes on where it stopped. A crash leaves the old space, or, after the one transaction
that changes over, the new one.
"""

from __future__ import annotations

from collections.abc import Callable

from desktop_rag.indexing.pipeline import WINDOW, embedded_text
from desktop_rag.models.embedder import Embedder
from desktop_rag.storage.catalog import Catalog
from desktop_rag.storage.vectors import VectorStore
from desktop_rag.types import Progress


def reembed(
    catalog: Catalog,
    embedder: Embedder,
    vectors: VectorStore,
    between: Callable[[int], None],
    on_progress: Callable[[Progress], None],
) -> None:
    """Give each chunk that has none a vector in the space of ``embedder``, in ``vectors`` too. ``between`` is called
    after each batch, and may raise to end the work. Raises ``ModelError``, ``StorageError``."""
    import numpy as np

    total = catalog.counts()["chunks"]
    space = vectors.space_name
    while rows := _lacking(catalog, space):
        texts: dict[bytes, str] = {}
        hashes: list[bytes] = []
        for _, context, text in rows:
            digest, whole = embedded_text(context, text)
            texts[digest] = whole
            hashes.append(digest)
        known = catalog.known_embeddings(space, list(texts))
        fresh = [digest for digest in texts if digest not in known]
        if fresh:
            catalog.add_embeddings(space, fresh, embedder.embed([texts[digest] for digest in fresh], between))
            known |= catalog.known_embeddings(space, fresh)
        packed = np.stack([np.frombuffer(known[digest][1], np.float16) for digest in hashes]).astype(np.float32)
        vectors.upsert([number for number, _, _ in rows], packed)
        with catalog.transaction() as writer:
            writer.executemany(
                "INSERT OR REPLACE INTO respaced VALUES (?, ?, ?)",
                ((row[0], space, known[digest][0]) for row, digest in zip(rows, hashes, strict=True)),
            )
        (done,) = catalog.reader().execute("SELECT count(*) FROM respaced WHERE space = ?", (space,)).fetchone()
        on_progress(Progress("indexing", chunks_done=done, files_done=done, files_total=total, current="new model"))
        between(0)


def change_over(catalog: Catalog, space: str, recipes: tuple[str, str]) -> bool:
    """Let all chunks have their vectors in the new space, in one transaction; False, and nothing is changed, when some
    have none there yet. ``recipes`` are the one that documents have now and the one they have from then on. Nothing
    else may write meanwhile."""
    with catalog.transaction() as writer:
        (lacking,) = writer.execute(
            "SELECT count(*) FROM chunks WHERE id NOT IN (SELECT chunk_id FROM respaced WHERE space = ?)", (space,)
        ).fetchone()
        if lacking:
            return False
        writer.execute(
            "UPDATE chunks SET embedding_id ="
            " (SELECT r.embedding_id FROM respaced r WHERE r.chunk_id = chunks.id AND r.space = ?)",
            (space,),
        )
        for table in ("documents", "files"):
            writer.execute(f"UPDATE {table} SET recipe = ? WHERE recipe = ?", recipes[::-1])
        writer.execute("DELETE FROM respaced")
    return True


def _lacking(catalog: Catalog, space: str) -> list[tuple[int, str, str]]:
    """Some chunks (id, context, text) without a vector in the space."""
    return (
        catalog.reader()
        .execute(
            "SELECT id, context, text FROM chunks WHERE id NOT IN (SELECT chunk_id FROM respaced WHERE space = ?)"
            " ORDER BY id LIMIT ?",
            (space, WINDOW),
        )
        .fetchall()
    )
