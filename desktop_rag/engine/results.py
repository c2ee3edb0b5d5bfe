"""What the engine says about searches, indexing runs, files and itself; ``views`` is what it shows of documents.

All of it can be written as JSON. What other parts define and the engine passes on is named here again, so that those
who ask the engine need know nothing below it.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from desktop_rag.engine.events import Activity
from desktop_rag.messages import Worded
from desktop_rag.models.requests import ModelRole
from desktop_rag.models.runtime.scheduler import Loaded
from desktop_rag.storage.backup import BackupReport
from desktop_rag.types import Chunk, Document, File, Hit, Problem, Progress

__all__ = [
    "BackupReport",
    "Check",
    "ChunkRank",
    "EngineStatus",
    "Explanation",
    "FolderStatus",
    "IndexReport",
    "SearchResult",
    "Status",
]

Mode = Literal["hybrid", "keyword", "dense", "typing"]
"""How passages are searched for. ``typing`` is by keyword, and takes the last word for the beginning of one."""

SampleKind = Literal["any", "image", "audio"]
"""What a file that others are to be like must be."""


class SearchResult(Worded, frozen=True, omit_defaults=False):
    """The passages found for a question, best first.

    ``understood`` says in words which filters were read out of the question; ``note`` what the person should know about
    this result (filters that were given up because nothing matched, say).
    """

    question: str
    hits: tuple[Hit, ...]
    understood: tuple[str, ...] = ()
    note: str = ""
    seconds: float = 0.0
    complete: bool = True
    """False when the model is still being loaded, so that passages were searched by their words alone."""


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


class FolderStatus(Worded, frozen=True, omit_defaults=False):
    """A chosen folder or file, and how it is kept up to date: by "events" of the system, by "polling" (looking through
    it now and then), not at all without a running engine ("on demand"), or "missing"; ``reason`` says why."""

    path: str
    files: int
    how: Literal["events", "polling", "missing", "on demand"]
    reason: str = ""


class EngineStatus(Worded, frozen=True, omit_defaults=False):
    """What a running engine does. ``started`` is in seconds since 1970, ``memory_bytes`` what it holds in memory."""

    pid: int
    started: float
    activity: Activity
    detail: str
    waiting: int
    """Places that have changed, or are to be gone through, and were not looked at yet."""
    model_ready: bool
    memory_bytes: int
    restarts: int = 0
    """How often the engine crashed, and was started again, since it was told to start."""
    connections_made: int = 0
    connections_refused: int = 0
    loaded: tuple[Loaded, ...] = ()
    """The models in memory now, besides the one that embeds text."""
    progress: Progress | None = None
    problems: tuple[Problem, ...] = ()


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
    waiting: dict[str, int] = {}
    """Files that wait for a model, by its role: "image", "speech"."""
    models: dict[ModelRole, str] = {}
    """The installed models in use, by role."""
    folders: tuple[FolderStatus, ...] = ()
    engine: EngineStatus | None = None


class ChunkRank(Struct, frozen=True):
    """A chunk of an explained file and, with a question, where it came in each search (from 1; None: not found)."""

    chunk: Chunk
    keyword_rank: int | None = None
    dense_rank: int | None = None
    hybrid_rank: int | None = None
    score: float | None = None


class Explanation(Worded, frozen=True, omit_defaults=False):
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


class Check(Worded, frozen=True, omit_defaults=False):
    """One thing the doctor looked at."""

    name: str
    ok: bool
    detail: str
    hint: str = ""
