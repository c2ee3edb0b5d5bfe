"""Hits -> an answer with citations, or the statement that nothing answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from desktop_rag.answering.confidence import THRESHOLD, THRESHOLD_FILTERED, AnswerFeatures, confidence
from desktop_rag.answering.direct import DirectAnswer, direct_answer, has_short_answer
from desktop_rag.answering.extract import ExtractedQuote, QuotableText, quotes
from desktop_rag.messages import say
from desktop_rag.retrieval.analysis import AnalyzedText
from desktop_rag.types import Answer, Cells, Citation, Hit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EXTRACTIVE = "extractive"
SEEN = "pictures"
NOTHING = "nothing found"
NOTHING_TEXT = say("answering.nothing-files-answers")
SHOWN = 0.5
"""Score from which a picture that comes before all else is worth showing as the answer. One that fits the question and
an everyday caption alike has 0.6, one that fits two such captions alike 0.57."""
_PICTURES = 5


def answer(
    question: str,
    sought: AnalyzedText,
    hits: Sequence[Hit],
    features: Mapping[str, float] | None,
    weights: Mapping[str, float],
    embed: Callable[[Sequence[str]], NDArray[np.float32]],
    *,
    filtered: bool = False,
) -> Answer:
    """Quote the sentences of ``hits`` that answer ``sought`` (the question without filters); where the reader sees the
    answer itself, that comes first, and its sentence is quoted.

    ``features`` are the best hit's, by name; ``weights`` gives the question's stems and how much each tells. Without
    a text to compare with (only filters were given) the newest documents are quoted from their beginning.
    """
    shown = _shown(hits)
    if shown:
        return _show(question, shown, hits)
    sources = [_source(hit, hit.text) for hit in hits]
    found = quotes(sought.text, weights, sources, embed)
    if not found:
        return Answer(question, NOTHING_TEXT, (), (), NOTHING, tuple(hits))
    # With filters the person has said where the answer is: that the reader does not see it counts for nothing.
    read = () if filtered else hits
    sure = 1.0 if features is None else confidence(_features(features, found[0], read))
    if sure < (THRESHOLD_FILTERED if filtered else THRESHOLD):
        return Answer(question, NOTHING_TEXT, (), (), NOTHING, tuple(hits), sure)
    direct = _direct(sought.text, hits)
    if direct is not None:
        return _say(question, direct, hits, sure)
    ordered = sorted(found, key=lambda quote: (_document_rank(found, quote, hits), quote.source, quote.begin))
    citations = tuple(
        _citation(number, quote.text, quote.highlights, hits[quote.source]) for number, quote in enumerate(ordered, 1)
    )
    said = "\n\n".join(f"{quote.text} [{number}]" for number, quote in enumerate(ordered, 1))
    return Answer(question, said, citations, tuple(quote.score for quote in ordered), EXTRACTIVE, tuple(hits), sure)


def _shown(hits: Sequence[Hit]) -> list[Hit]:
    """The pictures to answer with: those that fit by what they show, when nothing else fits better."""
    fitting = [hit for hit in hits if hit.why.picture_score >= SHOWN]
    return fitting[:_PICTURES] if fitting and fitting[0] is hits[0] else []


def _show(question: str, shown: Sequence[Hit], hits: Sequence[Hit]) -> Answer:
    citations = tuple(
        Citation(number, hit.text, hit.path, hit.locator, hit.document.title) for number, hit in enumerate(shown, 1)
    )
    markers = " ".join(f"[{citation.marker}]" for citation in citations)
    text = say("answering.picture-shows", count=len(shown), markers=markers)
    support = tuple(hit.score for hit in shown)
    return Answer(question, text, citations, support, SEEN, tuple(hits), shown[0].score)


def _direct(text: str, hits: Sequence[Hit]) -> DirectAnswer | None:
    if not has_short_answer(text):
        return None
    # What was read is the chunk alone, not the neighbours that are shown with it.
    return direct_answer([_source(hit, hit.chunk.text) for hit in hits], [hit.why.reading for hit in hits])


def _source(hit: Hit, text: str) -> QuotableText:
    return QuotableText(text, hit.chunk.context, hit.score, isinstance(hit.chunk.locator, Cells))


def _say(question: str, direct: DirectAnswer, hits: Sequence[Hit], sure: float) -> Answer:
    """The answer, where else it stands, what else is said; then the sentences, word for word."""
    marked = [direct.best, *direct.agreeing, *direct.rivals]
    same = 1 + len(direct.agreeing)
    head = f"{direct.best.text} {' '.join(f'[{number}]' for number in range(1, same + 1))}"
    if direct.rivals:
        others = (f"{other.text} [{number}]" for number, other in enumerate(direct.rivals, same + 1))
        head += f". Elsewhere: {'; '.join(others)}"
    said = "\n\n".join([head, *(f"{' '.join(one.quote.split())} [{number}]" for number, one in enumerate(marked, 1))])
    citations = tuple(
        _citation(number, one.quote, (one.answer,), hits[one.source]) for number, one in enumerate(marked, 1)
    )
    support = tuple(one.reading.likelihood for one in marked)
    return Answer(question, said, citations, support, EXTRACTIVE, tuple(hits), sure, short=direct.best.text)


def _features(features: Mapping[str, float], best: ExtractedQuote, hits: Sequence[Hit]) -> AnswerFeatures:
    read = [hit.why.reading.likelihood for hit in hits if hit.why.reading is not None]
    return AnswerFeatures(
        cosine=features["cosine"],
        coverage=features["coverage"],
        closeness=features["closeness"],
        pairs=features["pairs"],
        quote_cosine=best.cosine,
        quote_coverage=best.coverage,
        read=max(read, default=None),
    )


def _document_rank(found: Sequence[ExtractedQuote], quote: ExtractedQuote, hits: Sequence[Hit]) -> int:
    """Quotes of one document stay together; the document with the best quote comes first."""
    document = hits[quote.source].document.id
    return next(rank for rank, other in enumerate(found) if hits[other.source].document.id == document)


def _citation(number: int, quote: str, highlights: tuple[tuple[int, int], ...], hit: Hit) -> Citation:
    return Citation(number, quote, hit.path, hit.locator, hit.document.title, highlights)
