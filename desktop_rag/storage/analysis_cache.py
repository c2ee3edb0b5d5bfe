"""What was read in pictures and heard in recordings: kept to be found out once, and to go on where it stopped."""

from __future__ import annotations

import time

from desktop_rag.storage.catalog import Catalog

_KEPT_S = 30 * 86_400.0
"""How long what models found in a file that was never indexed to its end is kept."""


def recall(catalog: Catalog, content_hash: str, part: int, model: str) -> dict[float, bytes]:
    """What ``model`` found in document number ``part`` of the file with these bytes, by picture or by second."""
    rows = catalog.reader().execute(
        "SELECT at, found FROM perceived WHERE content_hash = ? AND part = ? AND model = ? ORDER BY at",
        (content_hash, part, model),
    )
    return dict(rows)


def remember(catalog: Catalog, content_hash: str, part: int, model: str, at: float, found: bytes) -> None:
    """Keep what ``model`` found at one place. Raises ``StorageError``."""
    with catalog.transaction() as writer:
        writer.execute(
            "INSERT OR REPLACE INTO perceived VALUES (?, ?, ?, ?, ?, ?)",
            (content_hash, part, model, at, found, time.time()),
        )


def sweep_analyses(catalog: Catalog) -> int:
    """Delete what belongs to no document, unless it is recent; returns how many places."""
    with catalog.transaction() as writer:
        return writer.execute(
            "DELETE FROM perceived WHERE noted < ? AND content_hash NOT IN"
            " (SELECT content_hash FROM documents WHERE content_hash IS NOT NULL)",
            (time.time() - _KEPT_S,),
        ).rowcount
