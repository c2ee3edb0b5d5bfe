"""Searches one library: by words, by a file, or by both."""

from __future__ import annotations

import time
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from desktop_rag.clock import local_now
from desktop_rag.engine.library import Library
from desktop_rag.engine.queries.hits import to_hits
from desktop_rag.engine.queries.query_by_example import ExampleFile, understand
from desktop_rag.engine.results import Mode, SampleKind, SearchResult
from desktop_rag.language import words
from desktop_rag.messages import say
from desktop_rag.retrieval.filters import Filters
from desktop_rag.retrieval.question import AnalyzedQuestion, analyze
from desktop_rag.retrieval.retriever import RetrievalResult
from desktop_rag.types import Hit

_LIKE_WORDS = 60
"""Words of a document that others are to be like."""


class SearchRequest(Struct, frozen=True):
    """What is looked for: a question in words, a file that things are to be like, or both."""

    question: str = ""
    like: Path | None = None
    like_kind: SampleKind = "any"
    filters: Filters = Filters()
    limit: int = 10
    mode: Mode = "hybrid"
    per_document: int | None = None
    rerank: bool = True
    """Have the bundled reader read what was found."""


class Finding(Struct, frozen=True):
    """What a request was understood as, and what was found."""

    query: AnalyzedQuestion
    found: RetrievalResult
    hits: tuple[Hit, ...]

    @property
    def asked(self) -> str:
        """The question in words: of a recording, what is said in it."""
        return self.query.original


class SearchQueries:
    """Safe to use from several threads."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def find(self, request: SearchRequest, query: AnalyzedQuestion | None = None) -> Finding:
        """The passages and pictures for a request; ``query`` is its question, if that was understood before. Raises
        ``QueryError`` for a filter that makes no sense or a file that cannot be searched by, ``ModelError`` when that
        file needs a model that is not there."""
        library = self._library
        sample = self._sample(request)
        if sample is not None and sample.kind in ("audio", "video"):
            query = parse(f"{request.question} {sample.text}".strip(), request.filters)
        elif query is None:
            query = parse(request.question, request.filters)
        picture = None
        without = None
        if sample is not None:
            if sample.kind not in ("audio", "video"):
                query = query.with_text(f"{query.text} {_telling(sample.text)}".strip())
            if sample.previews:
                vector = library.image_text_encoder.embed_pictures(sample.previews).mean(axis=0)
                picture = vector / max(float((vector @ vector) ** 0.5), 1e-6)
            known = library.catalog.find_known(sample.content_hash)
            without = None if known is None or request.like_kind == "audio" else known.id
        with library.searching() as texts:
            found = texts.retriever.search(
                query,
                limit=request.limit,
                mode=request.mode,
                per_document=request.per_document or library.config.passages_per_document,
                picture=picture,
                without=without,
                read=request.rerank,
            )
        return Finding(query, found, to_hits(library.catalog, found.passages))

    def search(self, request: SearchRequest, *, complete: bool) -> SearchResult:
        """The same as what a person is shown. Unless ``complete``, models that are not loaded yet are done without."""
        began = time.monotonic()
        finding = self.find(request if complete else replace(request, mode="keyword"))
        return SearchResult(
            finding.asked,
            finding.hits,
            finding.found.query.understood,
            note(finding.query, finding.found.query),
            time.monotonic() - began,
            complete,
        )

    def _sample(self, request: SearchRequest) -> ExampleFile | None:
        if request.like is None:
            return None
        pool = self._library.pools.shared("samples", 1)
        return understand(request.like.expanduser().absolute(), pool, self._library.media_analyzer, request.like_kind)


def parse(question: str, filters: Filters) -> AnalyzedQuestion:
    """A question as it is understood now."""
    return analyze(question, now=local_now(), options=filters)


def note(asked: AnalyzedQuestion, used: AnalyzedQuestion) -> str:
    """What the person should know when another query than the one asked for was used."""
    if used is asked:
        return ""
    return say("engine.nothing-matches-all-files-searched", understood=", ".join(asked.understood))


def _telling(text: str) -> str:
    return " ".join(words(text)[:_LIKE_WORDS])
