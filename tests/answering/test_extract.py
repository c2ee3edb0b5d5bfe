"""Quotes are verbatim, short, and say something new each."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desktop_rag.answering.confidence import THRESHOLD, AnswerFeatures, confidence
from desktop_rag.answering.extract import QuotableText, quotes
from desktop_rag.models.onnx.text_embedding import TextEmbedder

EMBEDDER = TextEmbedder()
WEIGHTS = {"bridg": 3.0, "built": 1.0}
QUESTION = "When was the bridge built?"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.text("abc bridge. Built!\n-1é", max_size=300), max_size=4))
def test_every_quote_stands_in_its_source(texts: list[str]) -> None:
    sources = [QuotableText(text, "Title", 0.5) for text in texts]
    for quote in quotes(QUESTION, WEIGHTS, sources, EMBEDDER.embed):
        assert sources[quote.source].text[quote.begin : quote.end] == quote.text
        assert all(quote.text[begin:end].isalnum() for begin, end in quote.highlights)


def test_the_answering_sentence_is_chosen_and_marked() -> None:
    text = "Ferries ran before. The bridge was built in 1904 of local stone. Tolls ended after the war."
    best = quotes(QUESTION, WEIGHTS, [QuotableText(text, "Town", 0.6)], EMBEDDER.embed, limit=1)[0]
    assert best.text == "The bridge was built in 1904 of local stone."
    assert [best.text[begin:end] for begin, end in best.highlights] == ["bridge", "built"]


def test_the_same_said_twice_is_quoted_once_but_other_numbers_are_kept() -> None:
    sources = [
        QuotableText("The bridge was built in 1904 of stone.", "", 0.6),
        QuotableText("The bridge was built in 1904, of stone.", "", 0.6),
        QuotableText("The bridge was built in 1911 of stone.", "", 0.6),
    ]
    said = [quote.text for quote in quotes(QUESTION, WEIGHTS, sources, EMBEDDER.embed)]
    assert len(said) == 2
    assert any("1911" in text for text in said)


def test_a_row_of_a_table_is_quoted_alone() -> None:
    rows = "Item: bridge; Built: 1904\nItem: mill; Built: 1790"
    best = quotes(QUESTION, WEIGHTS, [QuotableText(rows, "", 0.5, True)], EMBEDDER.embed)[0]
    assert best.text == "Item: bridge; Built: 1904"


def test_endless_lines_are_cut_around_the_words() -> None:
    text = "word " * 2000 + "the bridge was built in 1904 " + "word " * 2000
    best = quotes(QUESTION, WEIGHTS, [QuotableText(text, "", 0.5)], EMBEDDER.embed)[0]
    assert "bridge was built" in best.text
    assert len(best.text) < 700


def test_confidence_grows_with_each_sign() -> None:
    low = AnswerFeatures(0.2, 0.2, 0.2, 0.0, 0.3, 0.2, 0.1)
    for name in AnswerFeatures.__struct_fields__:
        more = AnswerFeatures(
            **{
                field: getattr(low, field) + (0.3 if field == name else 0.0)
                for field in AnswerFeatures.__struct_fields__
            }
        )
        assert confidence(more) > confidence(low)
    assert confidence(low) < THRESHOLD < confidence(AnswerFeatures(0.7, 1.0, 1.0, 0.5, 0.7, 1.0))
