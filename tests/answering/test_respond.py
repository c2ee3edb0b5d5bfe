"""Answers without a language model: the answer itself, where it stands, and what else is said."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from desktop_rag.answering.respond import EXTRACTIVE, NOTHING, answer
from desktop_rag.retrieval.analysis import analyze_text
from desktop_rag.types import Answer, Hit, Reading, Why
from tests.answering.passages import hit

SURE = {"cosine": 1.0, "coverage": 1.0, "closeness": 1.0, "pairs": 1.0}
QUESTION = "How much is the shear?"


def _embed(texts: Sequence[str]) -> NDArray[np.float32]:
    """Everything means the same: what is said is up to the words and the reader."""
    return np.ones((len(texts), 1), np.float32)


def _read(number: int, text: str, said: str, score: float = 6.0) -> Hit:
    begin = text.index(said)
    found = hit(text, number)
    return replace(found, why=Why(reading=Reading(begin, begin + len(said), score, score, 5.0)))


def _answer(hits: Sequence[Hit], question: str = QUESTION) -> Answer:
    return answer(question, analyze_text(question), hits, SURE, {"shear": 1.0}, _embed)


def test_the_answer_itself_comes_first_and_its_sentence_is_quoted() -> None:
    given = _answer([_read(1, "We met on Monday. The shear costs EUR 184.50 with tax. It is blue.", "EUR 184.50")])
    assert (given.short, given.mode) == ("EUR 184.50", EXTRACTIVE)
    assert given.text == "EUR 184.50 [1]\n\nThe shear costs EUR 184.50 with tax. [1]"
    (citation,) = given.citations
    ((begin, end),) = citation.highlights
    assert citation.quote[begin:end] == "EUR 184.50"
    assert 0.9 < given.support[0] <= 1.0


def test_a_second_source_that_agrees_is_named() -> None:
    hits = [_read(1, "The shear costs EUR 184.50.", "EUR 184.50"), _read(2, "Shear: 184.50 EUR", "184.50 EUR", 5.0)]
    given = _answer(hits)
    assert given.text.splitlines()[0] == "EUR 184.50 [1] [2]"
    assert [citation.path for citation in given.citations] == [hits[0].path, hits[1].path]


def test_what_else_is_said_is_told() -> None:
    hits = [_read(1, "The shear costs EUR 184.50.", "EUR 184.50"), _read(2, "The shear is EUR 90 now.", "EUR 90", 5.0)]
    assert _answer(hits).text.splitlines()[0] == "EUR 184.50 [1]. Elsewhere: EUR 90 [2]"


def test_sentences_are_quoted_where_a_few_words_do_not_answer() -> None:
    text = "The shear costs EUR 184.50."
    for question in ("Is the shear expensive?", "What are the prices of the shear, and who pays?"):
        given = _answer([_read(1, text, "EUR 184.50")], question)
        assert given.short == ""
        assert given.citations[0].quote == text


def test_sentences_are_quoted_where_the_reader_sees_no_answer_or_has_not_read() -> None:
    text = "The shear costs EUR 184.50."
    for found in (_read(1, text, "EUR 184.50", score=-4.0), hit(text)):
        given = _answer([found])
        assert given.short == ""
        assert given.mode == EXTRACTIVE


def test_nothing_is_said_when_nothing_is_likely() -> None:
    weak = dict.fromkeys(SURE, 0.0)
    found = _read(1, "The roses are pruned in March.", "March", score=-9.0)
    given = answer(
        QUESTION,
        analyze_text(QUESTION),
        [found],
        weak,
        {"shear": 1.0},
        lambda texts: np.eye(len(texts), dtype=np.float32),
    )
    assert (given.mode, given.short) == (NOTHING, "")
