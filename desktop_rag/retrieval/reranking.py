"""The first passages found are read by a model that marks answers: what answers the question comes first.

Passages are read in the order of the search, a few at a time, until the best of them most likely answers: half of all
questions end after the first three. The order is that of the search's score and ``_WEIGHT`` of the reading's strength,
which is comparable between passages. Where the reader sees an answer nowhere, the search's first passage stays first:
it knows encyclopedia articles and short notes better than other texts. Fitted on 350 questions about articles that the
reader has not learnt from (``packaging/reader/fit.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec.structs import replace

from desktop_rag.languages import language
from desktop_rag.retrieval.passages import RankedChunk
from desktop_rag.types import Reading

READ = 16
"""Passages read at most."""
_AT_ONCE = 3
_SURE = 0.7
"""Likelihood from which nothing more is read."""
_BLIND = 0.05
"""Likelihood below which no answer was seen."""
_WEIGHT = 0.015
"""Of a reading's strength (-16 to 19) beside the search's score (0 to 1)."""


class PassageReader(Protocol):
    """Marks the likeliest answer in passages, pairs of context and text. Raises ``ModelError``."""

    def read(self, question: str, passages: Sequence[tuple[str, str]]) -> list[Reading]: ...


def can_rerank(code: str) -> bool:
    """Whether the reader understands questions in a language, by its code. Of German ones it would put fewer right
    passages first than the search does: 0.87 instead of 0.92 of XQuAD's."""
    asked = language(code)
    return asked is None or asked.can_be_read


def rerank(
    question: str, ranked: Sequence[RankedChunk], reader: PassageReader, *, most: int = READ, spread: float = 1.0
) -> list[RankedChunk]:
    """``ranked`` with the passages that were read in a new order; all others keep their places. The scores stay where
    they are, so that a score goes on to mean what it means elsewhere. ``spread`` is how far those of the search are
    apart, 1 if they lie between 0 and 1."""
    places = [place for place, item in enumerate(ranked[:most]) if item.candidate.role != "picture"]
    readings: list[Reading] = []
    worth: list[float] = []
    for begin in range(0, len(places), _AT_ONCE):
        part = [ranked[place] for place in places[begin : begin + _AT_ONCE]]
        said = reader.read(question, [(item.candidate.context, item.candidate.text) for item in part])
        readings += said
        worth += [spread * item.score + _WEIGHT * reading.strength for item, reading in zip(part, said, strict=True)]
        if readings[worth.index(max(worth))].likelihood >= _SURE:
            break
    if readings and max(reading.likelihood for reading in readings) < _BLIND:
        worth[0] = max(worth)
    ordered = sorted(range(len(worth)), key=lambda index: -worth[index])
    found = list(ranked)
    for place, index in zip(places, ordered, strict=False):
        found[place] = replace(ranked[places[index]], score=ranked[place].score, reading=readings[index])
    return found
