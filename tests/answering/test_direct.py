from __future__ import annotations

import pytest

from desktop_rag.answering.direct import direct_answer, has_short_answer, same_answer
from desktop_rag.answering.extract import LONGEST_QUOTE, QuotableText
from desktop_rag.types import Reading


def _source(text: str, *, rows: bool = False) -> QuotableText:
    return QuotableText(text, "a title", 0.5, rows)


def _marking(text: str, answer: str, score: float = 4.0, lead: float = 5.0) -> Reading:
    begin = text.index(answer)
    return Reading(begin, begin + len(answer), score, score, lead)


@pytest.mark.parametrize(
    ("question", "short"),
    [
        ("How much is invoice TR-2024-018?", True),
        ("When does the train leave?", True),
        ("Wie hoch ist die Miete?", True),
        ("invoice total", True),
        ("Is the invoice paid?", False),
        ("Did Anna promise anything?", False),
        ("Hat Anna geantwortet?", False),
        ("What are the rules of the workshop?", False),
        ("List everything about the roof", False),
        ("Which letters are about the roof?", False),
        ("Welche Briefe sind vom Vermieter?", False),
        ("Summarise the minutes", False),
        ("How much is the invoice, and when must it be paid?", False),
        ("Wer kommt und wann?", False),
        ("From when to when is Malt Lane closed?", False),
        ("Von wann bis wann ist die Straße gesperrt?", False),
        ("From when is Malt Lane closed?", True),
    ],
)
def test_what_a_few_words_can_answer(question: str, short: bool) -> None:
    assert has_short_answer(question) == short


def test_the_answer_is_marked_in_its_sentence() -> None:
    text = "We spoke on Monday. The total is EUR 184.50, due on Friday. Thanks."
    found = direct_answer([_source(text)], [_marking(text, "EUR 184.50")])
    assert found is not None
    assert found.best.quote == "The total is EUR 184.50, due on Friday."
    assert found.best.text == "EUR 184.50"
    assert text[found.best.begin : found.best.end] == found.best.quote
    assert not found.agreeing
    assert not found.rivals


def test_places_that_agree_and_places_that_do_not() -> None:
    texts = ["It costs EUR 184.50.", "Total: 184.50 EUR", "The price is now EUR 190.00.", "It rained all day."]
    answers = ["EUR 184.50", "184.50 EUR", "EUR 190.00", "rained"]
    readings = [_marking(text, answer) for text, answer in zip(texts, answers, strict=True)]
    readings[3] = _marking(texts[3], "rained", score=-6.0)
    found = direct_answer([_source(text) for text in texts], readings)
    assert found is not None
    assert found.best.text == "EUR 184.50"
    assert [other.text for other in found.agreeing] == ["184.50 EUR"]
    assert [other.text for other in found.rivals] == ["EUR 190.00"]


def test_a_rival_that_is_far_less_likely_is_not_told() -> None:
    texts = ["It costs EUR 184.50.", "The price is EUR 190.00."]
    readings = [_marking(texts[0], "EUR 184.50", 8.0), _marking(texts[1], "EUR 190.00", 1.0)]
    found = direct_answer([_source(text) for text in texts], readings)
    assert found is not None
    assert found.rivals == ()


def test_the_first_passage_answers_if_it_can() -> None:
    texts = ["Room 12 is free.", "Room 14 is free."]
    sure = direct_answer(
        [_source(text) for text in texts], [_marking(texts[0], "12", 2.0), _marking(texts[1], "14", 3.0)]
    )
    assert sure is not None
    assert sure.best.text == "12"
    unsure = direct_answer(
        [_source(text) for text in texts], [_marking(texts[0], "12", -4.0), _marking(texts[1], "14", 3.0)]
    )
    assert unsure is not None
    assert unsure.best.text == "14"


def test_without_readings_there_is_none() -> None:
    assert direct_answer([_source("Some text.")], [None]) is None
    assert direct_answer([], []) is None


def test_no_short_answer_from_rows_of_a_table() -> None:
    text = "Item: Shear; Price: 184.50\nItem: Press; Price: 90.00"
    assert direct_answer([_source(text, rows=True)], [_marking(text, "90.00")]) is None


def test_no_short_answer_where_the_passage_may_mean_something_else() -> None:
    text = "The key is in the teapot behind the drainpipe."
    assert direct_answer([_source(text)], [_marking(text, "drainpipe", lead=0.5)]) is None


def test_a_sentence_without_end_is_cut_around_the_answer() -> None:
    text = "word " * 500 + "the key is under the mat " + "word " * 500
    found = direct_answer([_source(text)], [_marking(text, "under the mat")])
    assert found is not None
    assert len(found.best.quote) <= LONGEST_QUOTE
    assert found.best.text == "under the mat"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("EUR 184.50", "€184.50", True),
        ("the 3rd of May 2024", "3rd May 2024", True),
        ("Anna Berg", "Berg", True),
        ("EUR 184.50", "EUR 190.00", False),
        ("Anna Berg", "Tom Reed", False),
        ("May 2024", "May 2023", False),
    ],
)
def test_same_answer(one: str, other: str, same: bool) -> None:
    assert same_answer(one, other) == same
