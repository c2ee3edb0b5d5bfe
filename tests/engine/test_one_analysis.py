"""A question is cut into words once: search, answer and check read what came of it."""

from __future__ import annotations

from collections import Counter
from typing import get_args

import pytest

from desktop_rag.engine.engine import Engine
from desktop_rag.engine.results import Mode
from desktop_rag.tokenizer import IndexTokenizer


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each text is cut into words."""
    counted: Counter[str] = Counter()
    spans = IndexTokenizer.word_spans

    def counting(tokenizer: IndexTokenizer, text: str) -> list[tuple[int, int]]:
        counted[text] += 1
        return spans(tokenizer, text)

    monkeypatch.setattr(IndexTokenizer, "word_spans", counting)
    return counted


QUESTION = "When will the board shear TR-2024-018 be delivered, and who is the driver?"


@pytest.mark.parametrize("mode", get_args(Mode))
def test_a_search_cuts_its_question_once(engine: Engine, cut: Counter[str], mode: Mode) -> None:
    assert engine.search(QUESTION, mode=mode).hits
    assert cut[QUESTION] == 1


def test_an_answer_cuts_its_question_once(engine: Engine, cut: Counter[str]) -> None:
    assert engine.ask(QUESTION).citations
    assert cut[QUESTION] == 1


def test_a_question_with_filters_and_a_quotation_is_cut_once_with_them_and_once_without(
    engine: Engine, cut: Counter[str]
) -> None:
    asked = 'emails from Daniel in March 2024 about the "board shear" and its guarantee'
    engine.ask(asked)
    assert [cut[text] for text in (asked, "the board shear and its guarantee", "board shear")] == [1, 1, 1]


def test_a_follow_up_is_cut_once_as_it_was_put_and_once_completed(engine: Engine, cut: Counter[str]) -> None:
    first = engine.ask(QUESTION, remember=True)
    cut.clear()
    follow = engine.ask("And when was it ordered?", conversation=first.conversation)
    assert follow.asked != ""
    assert cut["And when was it ordered?"] == 1
    assert cut[follow.asked] == 1
