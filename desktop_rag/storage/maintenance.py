"""Keeping the library's own files in order: Chroma in step with the catalog, and neither larger than need be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from desktop_rag.storage.analysis_cache import sweep_analyses
from desktop_rag.storage.catalog import Catalog
from desktop_rag.storage.commit import USED_EMBEDDINGS, clear_garbage, garbage, sweep_embeddings
from desktop_rag.storage.rebuild import rebuild_vectors, store_vectors, vector_ids
from desktop_rag.storage.vectors import MAX_ROWS, VectorStore
from desktop_rag.types import Progress

_MIB = 1024 * 1024
_BYTES_A_NUMBER = 4
_BYTES_A_VECTOR = 330
"""What Chroma takes on disk for a vector besides its numbers: links, names, a row in its database."""
_BYTES_ALWAYS = 2_500_000
"""What it takes besides, for the last thousand vectors it keeps twice; all measured at 1,000, 10,000 and 100,000."""
_WASTEFUL_RATIO = 3
_WASTEFUL_BYTES = 64 * _MIB
_RUNAWAY_RATIO = 20
_RUNAWAY_BYTES = 10 * 1024 * _MIB
_UNUSED_SHARE = 0.5
_FREE_SHARE = 1 / 3


class Growth(Struct, frozen=True):
    """What Chroma's folder takes on disk against what the vectors of all chunks need, and its largest file; in bytes.

    ``wasteful``: worth compacting. ``runaway``: something in Chroma keeps writing.
    """

    used: int
    needed: int
    largest_file: int

    @property
    def wasteful(self) -> bool:
        return self.used > _WASTEFUL_RATIO * self.needed and self.used - self.needed > _WASTEFUL_BYTES

    @property
    def runaway(self) -> bool:
        return self.largest_file > max(_RUNAWAY_BYTES, _RUNAWAY_RATIO * self.needed)


def measure_growth(catalog: Catalog, vectors: VectorStore) -> Growth:
    """How the folder of a vector store has grown."""
    folder = vectors.folder
    sizes = [_allocated(path) for path in folder.rglob("*") if path.is_file()] if folder.is_dir() else []
    each = _BYTES_A_VECTOR + _BYTES_A_NUMBER * vectors.space.dim
    return Growth(sum(sizes), _BYTES_ALWAYS + len(vector_ids(catalog, vectors)) * each, max(sizes, default=0))


def compact(catalog: Catalog, vectors: VectorStore, on_progress: Callable[[Progress], None]) -> None:
    """Make Chroma again, in which deleted vectors take no room. A crash in between leaves it with some of the vectors;
    the next opening adds the others."""
    rebuild_vectors(catalog, vectors, on_progress)


def tidy_catalog(catalog: Catalog) -> None:
    """Drop cached embeddings when most serve no chunk any more, and give free pages back when they are many."""
    sweep_analyses(catalog)
    reader = catalog.reader()
    (cached,) = reader.execute("SELECT count(*) FROM embeddings").fetchone()
    (used,) = reader.execute(f"SELECT count(*) FROM ({USED_EMBEDDINGS})").fetchone()
    if cached - used > _UNUSED_SHARE * cached:
        sweep_embeddings(catalog)
    (pages,) = reader.execute("PRAGMA page_count").fetchone()
    (free,) = reader.execute("PRAGMA freelist_count").fetchone()
    if free > _FREE_SHARE * pages:
        catalog.vacuum()


def reconcile(catalog: Catalog, vectors: VectorStore) -> tuple[int, int]:
    """Make Chroma hold a vector for each chunk and no other; returns how many were added and removed. No model is
    needed. Nothing else may write to the library meanwhile. Raises ``StorageError``."""
    wanted = set(vector_ids(catalog, vectors))
    stored = vectors.stored_ids()
    missing, surplus = sorted(wanted - stored), sorted(stored - wanted)
    for begin in range(0, len(missing), MAX_ROWS):
        store_vectors(catalog, vectors, missing[begin : begin + MAX_ROWS])
    vectors.delete(surplus)
    return len(missing), len(surplus)


def sweep(catalog: Catalog, stores: Sequence[VectorStore]) -> None:
    """Take the vectors of deleted chunks out of Chroma, if there are any: opening it takes a second."""
    old = garbage(catalog)
    if old:
        for vectors in stores:
            if vectors.exists():
                vectors.delete(old)
        clear_garbage(catalog, old)


def _allocated(path: Path) -> int:
    """Bytes a file takes on disk: Chroma's may have holes."""
    try:
        status = path.lstat()
    except OSError:
        return 0
    return int(getattr(status, "st_blocks", -(-status.st_size // 512))) * 512
