"""From an answer as a model wrote it to one whose every claim leads to its evidence.

A model names passages by their numbers in the prompt. Here each claim gets the sentences of these passages that bear it
best, and each such quote a number of its own, counted from 1 in the order of first use.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence

from msgspec import Struct

from desktop_rag.answering.extract import highlights
from desktop_rag.answering.verify import ClaimVerdict, QuotedSpan
from desktop_rag.language import sentence_spans
from desktop_rag.retrieval.analysis import AnalyzedText
from desktop_rag.types import Citation, Hit, Sentence

_MARKERS = re.compile(r"[ \t]*\[(\d+(?:\s*[,;]\s*\d+)*)\]")


class Claim(Struct, frozen=True):
    """Characters ``begin`` to ``end`` of a draft. ``marks`` are (position in the draft, passage from 0)."""

    begin: int
    end: int
    marks: tuple[tuple[int, int], ...] = ()

    @property
    def passages(self) -> tuple[int, ...]:
        return tuple(dict.fromkeys(passage for _, passage in self.marks))


class AnswerDraft(Struct, frozen=True):
    """What a model wrote, without its markers, and the sentences it consists of."""

    text: str
    claims: tuple[Claim, ...]


class CitedAnswer(Struct, frozen=True):
    """The finished text, its evidence and how well each of its sentences is borne out."""

    text: str
    citations: tuple[Citation, ...]
    support: tuple[float, ...]
    sentences: tuple[Sentence, ...]


def read(written: str, passages: int) -> AnswerDraft:
    """Take the markers out of ``written``; those of passages that do not exist (there are ``passages``) are dropped.

    A marker belongs to the sentence it stands in or behind; at the beginning of a line, to the one that follows.
    """
    text, position = "", 0
    marks: list[tuple[int, int]] = []
    for match in _MARKERS.finditer(written):
        text += written[position : match.start()]
        position = match.end()
        numbers = (int(number[:9]) for number in re.findall(r"\d+", match[1]))
        marks += [(len(text), number - 1) for number in numbers if 1 <= number <= passages]
    text = (text + written[position:]).rstrip()
    spans = sentence_spans(text)
    owned: list[list[tuple[int, int]]] = [[] for _ in spans]
    ends = [end for _, end in spans]
    for at, passage in marks:
        owner = _owner(text, spans, ends, at)
        if owner is not None:
            begin, end = spans[owner]
            owned[owner].append((min(max(at, begin), end) if at > begin else end, passage))
    return AnswerDraft(text, tuple(Claim(*span, tuple(sorted(own))) for span, own in zip(spans, owned, strict=True)))


def cite(
    draft: AnswerDraft, verdicts: Sequence[ClaimVerdict], passages: Sequence[Hit], asked: AnalyzedText
) -> CitedAnswer:
    """Put the numbers of the quotes where the markers were, or at the end of a sentence that had none.

    ``verdicts`` are those of the draft's claims. What claims nothing needs no evidence: its markers go.
    """
    numbers: dict[QuotedSpan, int] = {}
    support: list[float] = []
    sentences: list[Sentence] = []
    text, position = "", 0
    for claim, verdict in zip(draft.claims, verdicts, strict=True):
        text += draft.text[position : claim.begin]
        begin, position = len(text), claim.begin
        quotes = {quote.passage: quote for quote in verdict.quotes}
        marks = claim.marks or tuple((claim.end, passage) for passage in quotes)
        own: list[int] = []
        for at, passage in marks:
            quote = quotes.get(passage)
            if quote is None:
                continue
            if quote not in numbers:
                numbers[quote] = len(numbers) + 1
                support.append(verdict.score)
            text += draft.text[position:at]
            marker = f"[{numbers[quote]}]"
            if not text.endswith(marker):
                text += marker if text.endswith("]") and position == at else f" {marker}"
            position = at
            own.append(numbers[quote])
        text += draft.text[position : claim.end]
        position = claim.end
        sentences.append(
            Sentence(begin, len(text), tuple(dict.fromkeys(own)), verdict.support, verdict.score, verdict.unseen)
        )
    text += draft.text[position:]
    citations = tuple(_citation(number, quote, passages[quote.passage], asked) for quote, number in numbers.items())
    return CitedAnswer(text, citations, tuple(support), tuple(sentences))


def _owner(text: str, spans: Sequence[tuple[int, int]], ends: Sequence[int], at: int) -> int | None:
    """The sentence that a marker at ``at`` belongs to."""
    following = bisect_left(ends, at)
    if following < len(spans) and (spans[following][0] < at or following == 0):
        return following
    if following < len(spans) and text[:at].rstrip(" \t").endswith("\n"):
        return following
    return following - 1 if following else None


def _citation(number: int, quote: QuotedSpan, hit: Hit, asked: AnalyzedText) -> Citation:
    text = hit.text[quote.begin : quote.end]
    return Citation(number, text, hit.path, hit.locator, hit.document.title, highlights(text, asked.named_stems))
