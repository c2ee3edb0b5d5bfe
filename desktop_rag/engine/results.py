"""What the engine answers with, beside the types all parts share. All of it can be written as JSON."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from desktop_rag.types import Chunk, Document, File, Hit, Problem

Mode = Literal["hybrid", "keyword", "dense"]


class SearchResult(Struct, frozen=True):
    """The passages found for a question, best first.

    ``understood`` says in words which filters were read out of the question; ``note`` what the person should know about
    this result (filters that were given up because nothing matched, say).
    """

    question: str
    hits: tuple[Hit, ...]
    understood: tuple[str, ...] = ()
    note: str = ""
    seconds: float = 0.0


class IndexReport(Struct, frozen=True):
    """What an indexing run did. ``states`` counts the files of this run's roots by state, after the run."""

    new: int
    changed: int
    moved: int
    """New paths of bytes that were known already: copies and moves; nothing was embedded for them."""
    gone: int
    unchanged: int
    chunks: int
    embedded: int
    """Chunks that went through the model; the others came from the cache."""
    states: dict[str, int]
    problems: tuple[tuple[str, Problem], ...]
    """The first problems met, with their paths; ``status`` and ``why`` know them all."""
    missing_roots: tuple[str, ...] = ()
    """Chosen folders that could not be read: what is known of them was kept."""
    seconds: float = 0.0
    stopped: bool = False


class Status(Struct, frozen=True):
    """What a library holds and how it is."""

    library: str
    roots: tuple[str, ...]
    states: dict[str, int]
    problems: dict[str, int]
    """Number of files for each problem code."""
    files: int
    documents: int
    chunks: int
    bytes_on_disk: int
    model: str
    busy: bool = False
    """Another process is writing to it."""


class ChunkRank(Struct, frozen=True):
    """A chunk of an explained file and, with a question, where it came in each search (from 1; None: not found)."""

    chunk: Chunk
    keyword_rank: int | None = None
    dense_rank: int | None = None
    hybrid_rank: int | None = None
    score: float | None = None


class Explanation(Struct, frozen=True):
    """Why a file was found, or not."""

    path: str
    file: File | None
    reason: str
    """One sentence: what became of the file and why."""
    documents: tuple[Document, ...] = ()
    chunks: tuple[ChunkRank, ...] = ()
    copies: tuple[str, ...] = ()
    understood: tuple[str, ...] = ()
    excluded_by: tuple[str, ...] = ()
    """Filters of the question that this file does not meet."""


class Check(Struct, frozen=True):
    """One thing the doctor looked at."""

    name: str
    ok: bool
    detail: str
    hint: str = ""
