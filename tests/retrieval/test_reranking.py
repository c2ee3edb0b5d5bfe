from __future__ import annotations

from collections.abc import Sequence

from desktop_rag.languages import guess_language
from desktop_rag.retrieval.passages import RankedChunk
from desktop_rag.retrieval.ranking import NO_FEATURES
from desktop_rag.retrieval.reranking import READ, can_rerank, rerank
from desktop_rag.storage.search import Candidate
from desktop_rag.types import Reading


class FakeReader:
    """Is sure of the passages that say "answer"."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def read(self, _question: str, passages: Sequence[tuple[str, str]]) -> list[Reading]:
        self.asked += [text for _, text in passages]
        sure, unsure = Reading(0, 6, 9.0, 15.0), Reading(0, 6, -9.0, -10.0)
        return [sure if "answer" in text else unsure for _, text in passages]


def _found(number: int, score: float, text: str = "words", role: str = "body") -> RankedChunk:
    candidate = Candidate(number, number, number, 0, role, "title", f"{text} {number}", 2, b"")
    return RankedChunk(candidate, score, NO_FEATURES)


def _ids(ranked: Sequence[RankedChunk]) -> list[int]:
    return [item.candidate.id for item in ranked]


def test_what_answers_comes_first_and_the_scores_stay_where_they_are() -> None:
    ranked = [_found(1, 0.6), _found(2, 0.55, "answer"), _found(3, 0.5)]
    found = rerank("question", ranked, FakeReader())
    assert _ids(found) == [2, 1, 3]
    assert [item.score for item in found] == [0.6, 0.55, 0.5]
    assert found[0].reading == Reading(0, 6, 9.0, 15.0)


def test_a_reader_that_is_not_sure_does_not_undo_a_clear_lead() -> None:
    ranked = [_found(1, 0.95), _found(2, 0.2, "answer")]
    assert _ids(rerank("question", ranked, FakeReader())) == [1, 2]


def test_reading_ends_when_one_most_likely_answers() -> None:
    reader = FakeReader()
    ranked = [_found(1, 0.9, "answer"), *(_found(number, 0.3) for number in range(2, 12))]
    assert _ids(rerank("question", ranked, reader)) == list(range(1, 12))
    assert len(reader.asked) == 3


def test_no_more_are_read_than_allowed_and_the_others_stay_behind() -> None:
    reader = FakeReader()
    ranked = [_found(number, 0.5) for number in range(READ)] + [_found(99, 0.5, "answer")]
    assert _ids(rerank("question", ranked, reader))[-1] == 99
    assert len(reader.asked) == READ


def test_pictures_keep_their_places() -> None:
    ranked = [_found(1, 0.6), _found(2, 0.58, "answer", role="picture"), _found(3, 0.55, "answer")]
    found = rerank("question", ranked, FakeReader())
    assert _ids(found) == [3, 2, 1]
    assert found[1].reading is None


def test_exact_strings_keep_their_lead() -> None:
    """Scores of passages with an exact string lie above a half, those of all others below."""
    ranked = [_found(1, 0.6), _found(2, 0.4, "answer")]
    assert _ids(rerank("question", ranked, FakeReader(), spread=2.0)) == [1, 2]


def test_nothing_found_is_nothing_read() -> None:
    assert rerank("question", [], FakeReader()) == []


def test_german_questions_are_left_to_the_search() -> None:
    assert can_rerank(guess_language("Where is the key of the workshop?"))
    assert can_rerank(guess_language("invoice TR-2024-018"))
    assert not can_rerank(guess_language("Wo ist der Schlüssel der Werkstatt?"))
