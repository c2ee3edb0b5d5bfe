"""The sentences of the passages that answer a question best, quoted as they stand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from desktop_rag.language import line_spans, sentence_spans, stem, stem_spans, stems, word_spans

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SENTENCES = 16
"""Sentences compared by meaning; the others are left out by their words and their passage's rank."""
LONGEST_QUOTE = 600
"""Characters of a quote; a longer sentence is cut around the question's words."""
_MEANING, _WORDS, _PASSAGE = 0.5, 0.3, 0.2
_CLOSE_TO_BEST = 0.8
_TELLING_WORDS = 4
_REPEATS = 0.7
"""Share of common words from which a sentence adds nothing to one already quoted."""


class QuotableText(Struct, frozen=True):
    """A passage to quote from; ``context`` helps to understand it and is not quoted."""

    text: str
    context: str
    score: float
    rows: bool = False
    """The text is rows of a table, one a line: each is quoted by itself."""

    def spans(self) -> list[tuple[int, int]]:
        """Start and end of what is quoted by itself, in characters: each sentence, or each row."""
        return line_spans(self.text) if self.rows else sentence_spans(self.text)


class ExtractedQuote(Struct, frozen=True):
    """A sentence of source number ``source`` from character ``begin`` to ``end``.

    ``score`` (0 to 1) mixes similarity of meaning, the share of the question's words in it and its passage's score;
    ``cosine`` and ``coverage`` are the first two of these. ``highlights`` are the question's words within it.
    """

    source: int
    begin: int
    end: int
    text: str
    score: float
    cosine: float
    coverage: float
    highlights: tuple[tuple[int, int], ...]


def quotes(
    question: str,
    weights: Mapping[str, float],
    sources: Sequence[QuotableText],
    embed: Callable[[Sequence[str]], NDArray[np.float32]],
    *,
    limit: int = 3,
) -> list[ExtractedQuote]:
    """At most ``limit`` sentences, best first; further ones only if they come close to the best and say something new.

    ``weights`` gives the question's stems and how much each tells.
    """
    sentences = _candidates(weights, sources)
    if not sentences:
        return []
    texts = [question, *(f"{sources[quote.source].context}\n{quote.text}" for quote in sentences)]
    vectors = embed(texts)
    cosines = vectors[1:] @ vectors[0]
    scored = sorted(
        (
            _scored(quote, float(cosine), sources[quote.source].score)
            for quote, cosine in zip(sentences, cosines, strict=True)
        ),
        key=lambda quote: -quote.score,
    )
    chosen = scored[:1]
    for quote in scored[1:]:
        if len(chosen) == limit or quote.score < _CLOSE_TO_BEST * chosen[0].score:
            break
        if not any(_repeats(quote.text, other.text) for other in chosen):
            chosen.append(quote)
    return chosen


def highlights(text: str, stems: Collection[str]) -> tuple[tuple[int, int], ...]:
    """Start and end of the words of ``text`` whose stem is one of ``stems``."""
    return tuple((begin, end) for begin, end, stem in stem_spans(text) if stem in stems)


def _candidates(weights: Mapping[str, float], sources: Sequence[QuotableText]) -> list[ExtractedQuote]:
    total = sum(weights.values()) or 1.0
    found: list[ExtractedQuote] = []
    for number, source in enumerate(sources):
        in_context = set(stems(source.context))
        for begin, end in source.spans():
            marks = highlights(source.text[begin:end], weights)
            if end - begin > LONGEST_QUOTE:
                begin, end = trim(source.text, begin, end, begin + (marks[0][0] if marks else 0))
                marks = highlights(source.text[begin:end], weights)
            text = source.text[begin:end]
            if not marks and len(word_spans(text)) < _TELLING_WORDS:
                continue  # a page number, a telephone number in a letterhead
            said = {stem(text[first:last]) for first, last in marks} | (in_context & weights.keys())
            coverage = sum(weights[word] for word in said) / total
            found.append(ExtractedQuote(number, begin, end, text, 0.0, 0.0, coverage, marks))
    found.sort(key=lambda quote: -(quote.coverage + sources[quote.source].score))
    return found[:_SENTENCES]


def trim(text: str, begin: int, end: int, first: int) -> tuple[int, int]:
    """Shorten a very long "sentence" (a table without stops, say) to what is around character ``first``."""
    if end - begin <= LONGEST_QUOTE:
        return begin, end
    start = max(begin, min(first - LONGEST_QUOTE // 4, end - LONGEST_QUOTE))
    if start > begin:
        start = next((position + 1 for position in range(start, first) if text[position].isspace()), start)
    stop = min(end, start + LONGEST_QUOTE)
    if stop < end:
        stop = next((position for position in range(stop, start + 1, -1) if text[position].isspace()), stop)
    return start, stop


def _scored(quote: ExtractedQuote, cosine: float, passage: float) -> ExtractedQuote:
    score = _MEANING * max(0.0, cosine) + _WORDS * quote.coverage + _PASSAGE * passage
    return ExtractedQuote(
        quote.source, quote.begin, quote.end, quote.text, score, cosine, quote.coverage, quote.highlights
    )


def _repeats(text: str, other: str) -> bool:
    """Whether two sentences say the same; with other numbers they do not (two prices of one thing, say)."""
    one, two = set(stems(text)), set(stems(other))
    if any(word.isdigit() for word in one ^ two):
        return False
    return len(one & two) >= _REPEATS * min(len(one), len(two))
