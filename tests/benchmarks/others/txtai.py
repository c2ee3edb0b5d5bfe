"""txtai with its defaults: Faiss and SQLite, content stored, and its hybrid index of vectors and BM25.

It has no splitter for plain text; the notes of the corpora are a paragraph each, and are indexed as they are.
"""

from __future__ import annotations

import os
from pathlib import Path

from txtai import Embeddings  # type: ignore[import-not-found,unused-ignore]

from tests.benchmarks.others.embedder import embed
from tests.benchmarks.others.harness import TOP, Find, main

DENSE_WEIGHT = {"dense": 1.0, "hybrid": 0.5}


def index(notes: Path, store: Path) -> int:
    """Embed and store all notes, each under its path."""
    os.environ["ALLOW_RESOLVE_TRANSFORM"] = "True"  # lets a saved index name the function that embeds
    embeddings = Embeddings(method="external", transform=f"{embed.__module__}.embed", content=True, hybrid=True)
    paths = sorted(notes.rglob("*.md"))
    embeddings.index((str(path), path.read_text(encoding="utf-8"), None) for path in paths)
    embeddings.save(str(store))
    return len(paths)


def reopen(store: Path, mode: str) -> Find:
    """Dense search alone, or both with equal weights, which is txtai's default."""
    os.environ["ALLOW_RESOLVE_TRANSFORM"] = "True"
    embeddings = Embeddings()
    embeddings.load(str(store))

    def find(question: str) -> list[str]:
        return [hit["id"] for hit in embeddings.search(question, TOP, weights=DENSE_WEIGHT[mode])]

    return find


if __name__ == "__main__":
    main(index, reopen)
