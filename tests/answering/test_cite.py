"""Markers become citations of quotes that exist."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from desktop_rag.answering.cite import CitedAnswer, cite, read
from desktop_rag.answering.verify import ClaimVerdict, QuotedSpan
from desktop_rag.retrieval.analysis import analyze_text
from tests.answering.passages import hit

HITS = [hit("The bridge was built in 1904. It cost 900 pounds.", 1), hit("A mill stood there before.", 2)]
BUILT, COST, MILL = QuotedSpan(0, 0, 29), QuotedSpan(0, 30, 49), QuotedSpan(1, 0, 26)


def cited(written: str, *quotes: tuple[QuotedSpan, ...]) -> CitedAnswer:
    draft = read(written, len(HITS))
    verdicts = [ClaimVerdict("supported", 0.9, (), own) if own else ClaimVerdict("none") for own in quotes]
    return cite(draft, verdicts, HITS, analyze_text("When was the bridge built?"))


def said(written: str) -> list[tuple[str, tuple[int, ...]]]:
    draft = read(written, 2)
    return [(draft.text[claim.begin : claim.end], claim.passages) for claim in draft.claims]


def test_a_marker_belongs_to_its_sentence_inside_behind_or_in_front_of_a_line() -> None:
    assert said("Built in 1904 [1]. A mill stood there. [2]") == [
        ("Built in 1904.", (0,)),
        ("A mill stood there.", (1,)),
    ]
    assert said("Built in 1904. [1] A mill stood there.") == [("Built in 1904.", (0,)), ("A mill stood there.", ())]
    assert said("Both say so [1][2].") == [("Both say so.", (0, 1))]
    assert said("Both say so [1, 2].") == [("Both say so.", (0, 1))]
    assert said("- Built in 1904 [1]\n- A mill [2]") == [("- Built in 1904", (0,)), ("- A mill", (1,))]
    assert said("Thus:\n[1] Built in 1904.") == [("Thus:\nBuilt in 1904.", (0,))] or said("Thus:\n[1] Built in 1904.")[
        -1
    ][1] == (0,)


def test_markers_of_passages_that_do_not_exist_go() -> None:
    assert said("Built in 1904 [3]. It is [0] so [999999999999].") == [("Built in 1904.", ()), ("It is so.", ())]


def test_quotes_are_numbered_in_the_order_of_their_first_use() -> None:
    found = cited("A mill stood there [2]. It was built in 1904 [1]. It cost 900 [1]. The mill [2].",
                  (MILL,), (BUILT,), (COST,), (MILL,))  # fmt: skip
    assert found.text == "A mill stood there [1]. It was built in 1904 [2]. It cost 900 [3]. The mill [1]."
    assert [citation.marker for citation in found.citations] == [1, 2, 3]
    assert [citation.quote for citation in found.citations] == [
        "A mill stood there before.", "The bridge was built in 1904.", "It cost 900 pounds.",
    ]  # fmt: skip
    assert found.citations[0].path == "/files/2.txt"
    assert found.support == (0.9, 0.9, 0.9)
    assert [sentence.markers for sentence in found.sentences] == [(1,), (2,), (3,), (1,)]
    quote = found.citations[1]
    assert [quote.quote[begin:end] for begin, end in quote.highlights] == ["bridge", "built"]


def test_a_sentence_without_a_marker_gets_that_of_the_quote_found_for_it() -> None:
    found = cited("It was built in 1904. Fine.", (BUILT,), ())
    assert found.text == "It was built in 1904. [1] Fine."
    assert found.text[found.sentences[0].begin : found.sentences[0].end] == "It was built in 1904. [1]"


def test_what_claims_nothing_loses_its_markers() -> None:
    found = cited("Here is what I found [2]: Well [1].", ())
    assert found.text == "Here is what I found: Well."
    assert found.citations == ()


def test_the_same_marker_twice_in_a_row_is_one() -> None:
    assert cited("It was built in 1904 [1][1] [1].", (BUILT,)).text == "It was built in 1904 [1]."
    assert cited("Both [1][2].", (BUILT, MILL)).text == "Both [1][2]."


@given(st.lists(st.sampled_from(["[1]", "[2]", "[3]", " ", "Built.", "mill", "\n", "- ", "[1,2]", "?", "[", "]", "é"])))
def test_every_marker_leads_to_a_citation_and_sentences_lie_in_the_text(parts: list[str]) -> None:
    draft = read("".join(parts), 2)
    quotes = {0: BUILT, 1: MILL}
    verdicts = [ClaimVerdict("supported", 0.9, (), tuple(quotes[p] for p in claim.passages)) for claim in draft.claims]
    found = cite(draft, verdicts, HITS, analyze_text("When?"))
    numbers = {citation.marker for citation in found.citations}
    assert numbers == set(range(1, len(found.citations) + 1))
    assert {int(number) for number in re.findall(r"\[(\d+)\]", found.text)} == numbers
    ends = 0
    for sentence in found.sentences:
        assert ends <= sentence.begin <= sentence.end <= len(found.text)
        assert set(sentence.markers) == set(
            map(int, re.findall(r"\[(\d+)\]", found.text[sentence.begin : sentence.end]))
        )
        ends = sentence.end
