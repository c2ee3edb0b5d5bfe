"""Hits -> an answer with citations, or the statement that nothing answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from desktop_rag.answering.confidence import THRESHOLD, THRESHOLD_FILTERED, Signs, confidence
from desktop_rag.answering.extract import Quote, Source, quotes
from desktop_rag.types import Answer, Cells, Citation, Hit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EXTRACTIVE = "extractive"
NOTHING = "nothing found"
NOTHING_TEXT = "Nothing in your files answers this."


def answer(
    question: str,
    text: str,
    hits: Sequence[Hit],
    evidence: Mapping[str, float] | None,
    weights: Mapping[str, float],
    embed: Callable[[Sequence[str]], NDArray[np.float32]],
    *,
    filtered: bool = False,
) -> Answer:
    """Quote the sentences of ``hits`` that answer ``text`` (the question without filters).

    ``evidence`` is the best hit's, by name; ``weights`` gives the question's stems and how much each tells. Without
    a text to compare with (only filters were given) the newest documents are quoted from their beginning.
    """
    sources = [Source(hit.text, hit.chunk.context, hit.score, isinstance(hit.chunk.locator, Cells)) for hit in hits]
    found = quotes(text, weights, sources, embed)
    if not found:
        return Answer(question, NOTHING_TEXT, (), (), NOTHING, tuple(hits))
    sure = 1.0 if evidence is None else confidence(_signs(evidence, found[0]))
    if sure < (THRESHOLD_FILTERED if filtered else THRESHOLD):
        return Answer(question, NOTHING_TEXT, (), (), NOTHING, tuple(hits), sure)
    ordered = sorted(found, key=lambda quote: (_document_rank(found, quote, hits), quote.source, quote.begin))
    citations = tuple(_citation(number, quote, hits[quote.source]) for number, quote in enumerate(ordered, 1))
    said = " ".join(f"{quote.text} [{number}]" for number, quote in enumerate(ordered, 1))
    return Answer(question, said, citations, tuple(quote.score for quote in ordered), EXTRACTIVE, tuple(hits), sure)


def _signs(evidence: Mapping[str, float], best: Quote) -> Signs:
    return Signs(
        cosine=evidence["cosine"],
        coverage=evidence["coverage"],
        closeness=evidence["closeness"],
        pairs=evidence["pairs"],
        quote_cosine=best.cosine,
        quote_coverage=best.coverage,
    )


def _document_rank(found: Sequence[Quote], quote: Quote, hits: Sequence[Hit]) -> int:
    """Quotes of one document stay together; the document with the best quote comes first."""
    document = hits[quote.source].document.id
    return next(rank for rank, other in enumerate(found) if hits[other.source].document.id == document)


def _citation(number: int, quote: Quote, hit: Hit) -> Citation:
    return Citation(number, quote.text, hit.path, hit.locator, hit.document.title, quote.highlights)
