"""Nearest chunks by meaning: exact where few are to be compared, Chroma's index where there are many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop_rag.storage.search import FEW, Allowed, CatalogSearch
from desktop_rag.storage.vectors import VectorStore

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class DenseSearch:
    """``vectors`` is None in a process that does not own the library: Chroma is for one process at a time. There, and
    before Chroma is open, everything is compared one by one."""

    def __init__(self, catalog: CatalogSearch, vectors: VectorStore | None) -> None:
        self._catalog = catalog
        self._vectors = vectors
        self._version = -1
        self._all: tuple[NDArray[np.int64], NDArray[np.float32]] | None = None

    def nearest(
        self, vector: NDArray[np.float32], limit: int, allowed: Allowed | None = None
    ) -> list[tuple[int, float]]:
        """The ``limit`` chunks nearest to ``vector`` [dim]: (chunk id, cosine), nearest first."""
        if allowed is not None and allowed.chunks is not None:
            ids, vectors = self._catalog.vectors(allowed.chunks)
            return _best(ids, vectors.astype("float32"), vector, limit)
        total = self._catalog.vector_count()
        wide = min(total, limit if allowed is None else allowed.wide(limit))
        if total <= FEW or self._vectors is None:
            found = _best(*self._everything(), vector, wide)
        else:
            found = self._vectors.query(vector, wide)
        return found if allowed is None else self._catalog.passing(found, allowed)[:limit]

    def usual(self, vector: NDArray[np.float32]) -> float:
        """The cosine that any passage has with ``vector`` [dim]: the median of a sample of the library."""
        import numpy as np

        _, vectors = self._everything() if self._catalog.vector_count() <= FEW else self._catalog.some_vectors(FEW)
        return float(np.median(vectors.astype(np.float32) @ vector)) if len(vectors) else 0.0

    def _everything(self) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """All vectors of the catalog, read again after it has changed."""
        version = self._catalog.version
        if self._all is None or version != self._version:
            ids, halves = self._catalog.vectors()
            self._all, self._version = (ids, halves.astype("float32")), version
        return self._all


def _best(
    ids: NDArray[np.int64], vectors: NDArray[np.float32], vector: NDArray[np.float32], limit: int
) -> list[tuple[int, float]]:
    import numpy as np

    if not len(ids):
        return []
    cosines = vectors @ vector
    best = np.argpartition(-cosines, min(limit, len(ids)) - 1)[:limit]
    best = best[np.argsort(-cosines[best])]
    return [(int(ids[index]), float(cosines[index])) for index in best]
