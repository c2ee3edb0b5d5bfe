"""What speaks for a chunk, which words are looked for, and how chunks become passages."""

from __future__ import annotations

import pytest

from desktop_rag.retrieval.keyword import POSTINGS_BUDGET, expressions
from desktop_rag.retrieval.passages import RankedChunk, readable
from desktop_rag.retrieval.ranking import NO_FEATURES, WINDOW_WORDS, MatchFeatures, Scorer
from desktop_rag.storage.search import Candidate, Corpus

SCORER = Scorer(
    ("when", "wa", "red", "bridg", "built"),
    ("red", "bridg", "built"),
    {"red": 5, "bridg": 2, "built": 40},
    Corpus(1000, 50.0),
)


def _evidence(text: str, context: str = "") -> MatchFeatures:
    return SCORER.features(text, context, 50, 0.5)


def test_coverage_counts_rare_words_more_and_the_context_too() -> None:
    bridge, built = _evidence("A bridge."), _evidence("They built it.")
    assert bridge.coverage > built.coverage > 0
    assert _evidence("It was built", "Red bridges").coverage == pytest.approx(1.0)


def test_words_that_stand_together_count_more() -> None:
    near = _evidence("The red bridge was built in 1904.")
    far = _evidence("red " + "filler " * WINDOW_WORDS * 2 + "bridge " + "filler " * WINDOW_WORDS * 2 + "built")
    assert near.closeness == pytest.approx(1.0)
    assert far.closeness < 0.6
    assert far.coverage == near.coverage


def test_neighbours_of_the_question_count_as_pairs() -> None:
    assert _evidence("red bridge").pairs > 0
    assert _evidence("bridge of red").pairs == 0


def test_score_is_a_share() -> None:
    best = MatchFeatures(bm25=7.0, cosine=1.0, coverage=1.0, closeness=1.0, pairs=1.0)
    assert best.score(7.0) == pytest.approx(1.0)
    assert NO_FEATURES.score(0.0) == 0.0


def test_rare_words_are_alternatives_and_common_ones_must_meet() -> None:
    found = expressions({"house": 90_000, "zebra": 3, "people": 80_000, "absent": 0})
    assert found == ['"zebra"', '"people" AND "house"']
    assert expressions({"absent": 0}) == []
    assert expressions({"a": 2 * POSTINGS_BUDGET}) == ['"a"']


def test_exact_strings_are_looked_for_as_phrases() -> None:
    assert expressions({}, [("inv", "2024", "0031")]) == ['"inv 2024 0031"']


def _ranked(number: int, document: int, ordinal: int, text: str, score: float) -> RankedChunk:
    candidate = Candidate(number, document, document, ordinal, "body", "", text, 9, b"")
    return RankedChunk(candidate, score, NO_FEATURES, None, None)


def test_neighbours_become_one_passage_in_reading_order() -> None:
    ranked = [_ranked(2, 1, 1, "second part of it", 0.9), _ranked(1, 1, 0, "first words here", 0.8)]
    (passage,) = readable(ranked, 10, 3)
    assert [chunk.ordinal for chunk in passage.chunks] == [0, 1]
    assert passage.best.candidate.id == 2


def test_the_same_text_elsewhere_is_collapsed_and_remembered() -> None:
    text = "The quick brown fox jumps over the lazy dog near the river bank"
    ranked = [_ranked(1, 1, 0, text, 0.9), _ranked(2, 2, 5, text + ".", 0.8), _ranked(3, 3, 0, "something else", 0.7)]
    passages = readable(ranked, 10, 3)
    assert [passage.best.candidate.id for passage in passages] == [1, 3]
    assert passages[0].repeated == [2]


def test_no_document_crowds_out_the_others() -> None:
    texts = ["alpha beta", "gamma delta", "epsilon zeta", "eta theta"]
    ranked = [_ranked(n, 1, 3 * n, text, 0.9 - n / 10) for n, text in enumerate(texts)]
    ranked.append(_ranked(9, 2, 0, "iota kappa", 0.1))
    documents = [passage.best.candidate.document_id for passage in readable(ranked, 3, 2)]
    assert documents == [1, 1, 2]


def test_endings_join_while_they_are_cheap_and_are_never_all_demanded() -> None:
    endings = {"harvest": 2 * POSTINGS_BUDGET, "harbour": 900}
    assert expressions({"bridge": 40}, endings=endings) == ['"bridge" OR "harbour"']
    assert expressions({}, endings=endings) == ['"harvest"']
