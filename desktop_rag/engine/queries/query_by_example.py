"""A file as the question: what is said, written and shown in it."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from desktop_rag.engine.results import SampleKind
from desktop_rag.errors import ModelError, QueryError
from desktop_rag.indexing.media_analysis import FileMediaAnalysis, MediaAnalyzer
from desktop_rag.messages import say
from desktop_rag.parsing.stream import FILE, DocumentEnd, DocumentSegment, DocumentStart, FileStart
from desktop_rag.parsing.worker.sandbox import ParserPool
from desktop_rag.types import FileState, Kind

_CHARACTERS = 2_000
"""Text taken from the file: the beginning says what it is about."""
_PICTURES = 4


class ExampleFile(Struct, frozen=True):
    """What was understood of a file: its text from the beginning, and the small forms of the first pictures in it."""

    kind: Kind
    content_hash: str
    text: str
    previews: tuple[bytes, ...]


def understand(path: Path, pool: ParserPool, media_analyzer: MediaAnalyzer, wanted: SampleKind) -> ExampleFile:
    """Read, see and hear the file at ``path``. Raises ``QueryError`` for one that is not what is ``wanted``, or has
    nothing in it to search by, and ``ModelError`` when it needs a model that is not there."""
    if not path.is_file():
        raise QueryError(say("common.not-file", path=path), say("engine.give-file-search"))
    kind: Kind = "data"
    content_hash = ""
    texts: list[str] = []
    previews: list[bytes] = []
    end: DocumentEnd | None = None
    analysis = FileMediaAnalysis(media_analyzer, lambda: None)
    for event in analysis.follow(pool.parse(path)):
        if isinstance(event, FileStart):
            content_hash = event.sha256
        elif isinstance(event, DocumentStart) and event.document == FILE:
            kind = event.kind
            _check(path, kind, wanted, media_analyzer)
        elif isinstance(event, DocumentSegment):
            segment = event.segment
            if segment.preview is not None:
                previews.append(segment.preview)
            elif kind not in ("audio", "video") or segment.role == "speech":
                texts.append(segment.text)
        elif isinstance(event, DocumentEnd) and event.document == FILE:
            end = event
    if end is not None and end.state == FileState.FAILED and end.problem is not None:
        raise QueryError(end.problem.worded("message"), end.problem.worded("hint"))
    text = " ".join(" ".join(texts).split())[:_CHARACTERS]
    if not text and not (previews and media_analyzer.seen_by):
        raise QueryError(
            say("engine.nothing-could-understood-cannot-searched", name=path.name)
            if kind in ("audio", "video")
            else say("engine.nothing-found-can-searched", name=path.name),
            say("engine.add-question-words"),
        )
    return ExampleFile(kind, content_hash, text, tuple(previews[:_PICTURES]) if media_analyzer.seen_by else ())


def _check(path: Path, kind: Kind, wanted: SampleKind, media_analyzer: MediaAnalyzer) -> None:
    if wanted == "image" and kind != "image":
        raise QueryError(say("engine.not-picture", name=path.name), say("engine.search-any-kind-file-use-like"))
    if wanted == "audio" and kind not in ("audio", "video"):
        raise QueryError(say("engine.not-recording", name=path.name), say("engine.search-any-kind-file-use-like"))
    if kind in ("audio", "video") and not media_analyzer.heard_by:
        raise ModelError(
            say("engine.speech-model-needed-understand-what-said", name=path.name),
            say("engine.desktop-rag-models-recommend-suggests-one"),
        )
    if wanted == "image" and not media_analyzer.seen_by:
        raise ModelError(
            say("engine.image-model-needed-search-what-shows", name=path.name),
            say("engine.desktop-rag-models-recommend-suggests-one"),
        )
