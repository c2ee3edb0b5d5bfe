"""Ranked chunks -> readable passages: repetitions collapsed, neighbours merged, no document crowding out the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from desktop_rag.language import stems
from desktop_rag.retrieval.ranking import MatchFeatures
from desktop_rag.storage.search import Candidate
from desktop_rag.types import Reading

_SAME = 0.85
"""Share of common words (Jaccard) from which two chunks say the same."""
_ALIKE_BITS = 4
"""Bits of 64 in which the looks of near-identical pictures may differ: the same picture smaller, brighter or saved
again differs in 0 to 3."""
_LOOK_AT = 4
"""Chunks looked at for each passage wanted."""


class RankedChunk(Struct, frozen=True):
    """A chunk with its score and the features it rests on; ranks count from 1. ``picture_score`` is how well what it
    shows fits, 0 to 1."""

    candidate: Candidate
    score: float
    features: MatchFeatures
    keyword_rank: int | None = None
    dense_rank: int | None = None
    picture_rank: int | None = None
    picture_score: float = 0.0
    reading: Reading | None = None
    """What the reader says of it, if it was read."""


class RetrievedPassage(Struct):
    """Neighbouring chunks of one document in reading order; ``best`` is the highest ranked of them.

    ``repeated`` are documents that say the same elsewhere.
    """

    best: RankedChunk
    chunks: list[Candidate]
    repeated: list[int]


def readable(
    ranked: Sequence[RankedChunk], limit: int, per_document: int, looks: Mapping[int, int] | None = None
) -> list[RetrievedPassage]:
    """At most ``limit`` passages, at most ``per_document`` of one file. ``looks`` are those of the pictures among the
    chunks (64 bits each): near-identical ones become one passage."""
    looks = looks or {}
    passages: list[RetrievedPassage] = []
    seen: list[tuple[frozenset[str], RetrievedPassage]] = []
    shown_before: list[tuple[int, RetrievedPassage]] = []
    for item in ranked[: limit * _LOOK_AT]:
        candidate = item.candidate
        neighbour = _touching(passages, candidate)
        if neighbour is not None:
            neighbour.chunks = sorted([*neighbour.chunks, candidate], key=lambda chunk: chunk.ordinal)
            continue
        said = frozenset(stems(candidate.text))
        shown = looks.get(candidate.id)
        if shown is None:
            original = next((passage for words, passage in seen if _same(words, said)), None)
        else:  # pictures may be described alike and show something else
            original = next((passage for other, passage in shown_before if _look_alike(shown, other)), None)
        if original is not None:
            if original.best.candidate.top_id != candidate.top_id:
                original.repeated.append(candidate.document_id)
            continue
        passage = RetrievedPassage(item, [candidate], [])
        if shown is None:
            seen.append((said, passage))
        else:
            shown_before.append((shown, passage))
        if sum(other.best.candidate.top_id == candidate.top_id for other in passages) < per_document:
            passages.append(passage)
        if len(passages) > limit:
            break
    return passages[:limit]


def _touching(passages: Sequence[RetrievedPassage], candidate: Candidate) -> RetrievedPassage | None:
    for passage in passages:
        first, last = passage.chunks[0], passage.chunks[-1]
        if candidate.role == "picture" or first.role == "picture":
            continue
        if (first.document_id, first.role) == (candidate.document_id, candidate.role) and candidate.ordinal in (
            first.ordinal - 1,
            last.ordinal + 1,
        ):
            return passage
    return None


def _look_alike(one: int, other: int) -> bool:
    return ((one ^ other) & 0xFFFF_FFFF_FFFF_FFFF).bit_count() <= _ALIKE_BITS


def _same(one: frozenset[str], two: frozenset[str]) -> bool:
    if not one or not two or min(len(one), len(two)) < _SAME * max(len(one), len(two)):
        return False
    both = len(one & two)
    return both >= _SAME * (len(one) + len(two) - both)
