"""Puts files with words into a catalog, as indexing would."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from desktop_rag.storage.catalog import Catalog, NewChunk, NewDocument
from desktop_rag.storage.commit import FileOutcome, SeenFile, commit_documents
from desktop_rag.storage.vectors import fingerprint
from desktop_rag.types import FileState, Lines, Space

SPACE = Space("model", "1", 4)
"""The space that chunks are embedded in."""


def add_file(catalog: Catalog, path: str, texts: Sequence[str]) -> None:
    """One file below ``/root`` with one document, and of this a chunk for each text."""
    vectors = np.random.default_rng(len(path)).random((len(texts), SPACE.dim), dtype=np.float32)
    embeddings = catalog.add_embeddings(
        fingerprint(SPACE), [hashlib.sha256(f"{path}{text}".encode()).digest() for text in texts], vectors
    )
    chunks = [
        NewChunk(number, ordinal, "body", Lines(ordinal + 1, ordinal + 1), "Title", text, 3, embedding)
        for ordinal, (number, text, embedding) in enumerate(
            zip(catalog.reserve_chunk_ids(len(texts)), texts, embeddings, strict=True)
        )
    ]
    document = NewDocument(1, None, "text", "text/plain", path, "Title", FileState.INDEXED, chunks)
    commit_documents(
        catalog,
        SeenFile(path, "/root", 10, 1, f"hash of {path}", "recipe"),
        [document],
        {},
        FileOutcome(FileState.INDEXED),
    )


def matches(catalog: Catalog, word: str) -> int:
    """Chunks in which the full-text index finds a word."""
    query = "SELECT count(*) FROM chunk_words WHERE chunk_words MATCH ?"
    return int(catalog.reader().execute(query, (word,)).fetchone()[0])
