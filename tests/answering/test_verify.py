"""What passages say is told from what they do not; facts are compared in all their forms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_rag.answering.extract import QuotableText
from desktop_rag.answering.facts import FactIndex, facts, unseen
from desktop_rag.answering.verify import ClaimChecker, admits_ignorance, claims_nothing
from desktop_rag.models.onnx.text_embedding import TextEmbedder
from desktop_rag.retrieval.analysis import analyze_text

EMBEDDER = TextEmbedder()
BRIDGE = (
    "Ferries ran before. The bridge was built in 1904 by Anna Berg of local stone. It cost 1,234.50 pounds. "
    "Tolls ended after the war."
)
MAIL = "The rent of the flat goes up to 900 euros from May. Please confirm."
PASSAGES = [QuotableText(BRIDGE, "bridge.txt", 0.6), QuotableText(MAIL, "Rent, from Carl Orff, 3 May 2024", 0.5)]


@pytest.fixture
def checker() -> ClaimChecker:
    return ClaimChecker(analyze_text("When was the bridge built, and what of the rent?"), PASSAGES, EMBEDDER.embed)


def test_a_claim_that_stands_in_its_passage_is_supported_and_quoted(checker: ClaimChecker) -> None:
    verdict = checker.check("The bridge was built by Anna Berg in 1904.", (0,))
    assert verdict.support == "supported"
    assert verdict.unseen == ()
    (quote,) = verdict.quotes
    assert "The bridge was built in 1904 by Anna Berg of local stone." in BRIDGE[quote.begin : quote.end]


def test_the_sender_and_date_of_a_mail_count_as_said(checker: ClaimChecker) -> None:
    verdict = checker.check("Carl Orff wrote on 2024-05-03 that the rent of the flat goes up to 900 euros.", (1,))
    assert verdict.support == "supported"
    assert verdict.unseen == ()


@pytest.mark.parametrize(
    ("claim", "missing"),
    [
        ("The bridge was built by Anna Berg in 1914.", ("1914",)),
        ("The bridge was built by Emil Nolde in 1904.", ("Emil Nolde",)),
        ("The bridge of local stone cost 1,334.50 pounds.", ("1,334.50",)),
    ],
)
def test_a_changed_fact_is_seen(checker: ClaimChecker, claim: str, missing: tuple[str, ...]) -> None:
    verdict = checker.check(claim, (0,))
    assert verdict.unseen == missing
    assert verdict.support != "supported"


@pytest.mark.parametrize(
    ("seen", "claim", "support"),
    [
        ("Anna Berg", "The bridge was built by Anna Berg.", "supported"),
        ("Anna Berg", "The bridge was built by ferries.", "weak"),  # the passage has all these words
        ("", "The bridge was built by ferries.", "supported"),  # the reader is not sure
        ("1904 by Anna Berg of local stone", "The bridge was built by Berg.", "supported"),  # a part of it
        ("Anna Berg", "Tolls ended after the war.", "supported"),  # not meant as the answer
    ],
)
def test_a_claim_is_held_against_the_answer_that_the_reader_sees(seen: str, claim: str, support: str) -> None:
    checker = ClaimChecker(analyze_text("Who built the bridge?"), PASSAGES[:1], EMBEDDER.embed, [seen])
    assert checker.check(claim, (0,)).support == support


def test_a_claim_about_something_else_is_unsupported(checker: ClaimChecker) -> None:
    assert checker.check("Photosynthesis turns light into sugar.", (0,)).support == "unsupported"
    assert checker.check("The bridge was built in 1904.", (1,)).support == "unsupported"


def test_an_unmarked_claim_finds_its_passage_or_stays_without(checker: ClaimChecker) -> None:
    found = checker.find("The rent of the flat goes up to 900 euros.")
    assert found.support == "supported"
    assert [quote.passage for quote in found.quotes] == [1]
    lost = checker.find("Photosynthesis turns light into sugar.")
    assert lost.support == "unsupported"
    assert lost.quotes == ()


def test_a_claim_in_another_language_is_weak_when_its_facts_are_there(checker: ClaimChecker) -> None:
    assert (
        checker.check("Die Brücke wurde 1904 von Anna Berg und ihren Leuten errichtet.", (0,)).support != "unsupported"
    )
    wrong = checker.check("Das Konzert am Abend ist für 1850 und nicht für den Morgen angesetzt.", (0,))
    assert wrong.support == "unsupported"
    assert wrong.unseen == ("1850",)


def test_two_passages_bear_a_claim_together(checker: ClaimChecker) -> None:
    verdict = checker.check("The bridge was built in 1904, and the rent of the flat goes up to 900 euros.", (0, 1))
    assert verdict.support == "supported"
    assert [quote.passage for quote in verdict.quotes] == [0, 1]


@pytest.mark.parametrize("text", ["Sure, here it is.", "What else?", "The answer is as follows:", "It is so."])
def test_some_sentences_claim_nothing(text: str) -> None:
    assert claims_nothing(text)


@pytest.mark.parametrize("text", ["Paris.", "900 euros", "The bridge is of stone."])
def test_short_claims_are_claims(text: str) -> None:
    assert not claims_nothing(text)


@pytest.mark.parametrize(
    "text",
    [
        "Your files do not say.", "The passages do not mention the price.", "I don't know.",
        "There is no information about this.", "Ihre Dateien sagen dazu nichts.", "Das geht aus dem Text nicht hervor.",
        "Die Passagen enthalten keine Angaben dazu.",
    ],
)  # fmt: skip
def test_ignorance_is_recognised(text: str) -> None:
    assert admits_ignorance(text)


def test_a_negated_claim_is_no_ignorance() -> None:
    assert not admits_ignorance("The bridge was not built of wood.")
    assert not admits_ignorance("Die Miete steigt nicht.")


# --- facts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("It cost 1.234,50 euros", "total 1,234.50"), ("It cost 1234.5 euros", "total 1.234,50"),
        ("It has 1,500,000 people", "1.5 million people"), ("It has 3 rooms", "three rooms"),
        ("It has 10 000 books", "10,000 books"), ("It grew 12 %", "by 12%"), ("on the 21st", "day 21"),
        ("on 3 May 2024", "2024-05-03"), ("on May 3, 2024", "am 3.5.2024"), ("am 3. Mai 2024", "May 3rd, 2024"),
        ("in May 2024", "3 May 2024"), ("in 2024", "3.5.2024"), ("on 5/3/2024", "3 May 2024"),
        ("at 2:30 pm", "14:30"), ("um 9 Uhr", "9:00"), ("invoice INV-2024-0031", "Re: inv 2024 0031"),
        ("said by Mary Miller", "Miller, Mary"), ("said of Zoë", "Zoe's"), ("in the Germany of old", "GERMANY"),
    ],
)  # fmt: skip
def test_a_fact_is_seen_in_another_form(said: str, shown: str) -> None:
    found = facts(said, "en")
    assert found
    assert unseen(found, FactIndex([shown])) == ()


@pytest.mark.parametrize(
    ("said", "shown", "missing"),
    [
        ("It has 10 million people", "10 billion people", ("10 million",)), ("in 1974", "in 1973", ("1974",)),
        ("on 4 May 2024", "on 3 May 2024", ("4 May 2024",)), ("in May 2023", "on 3 May 2024", ("May 2023",)),
        ("at 2:30 pm", "at 2:30 am", ("2:30",)), ("invoice INV-2024-0032", "INV-2024-0031", ("INV-2024-0032",)),
        ("said by Mary Miller", "Mary Smith", ("Mary Miller",)), ("It cost 12.5", "12.6 and 125", ("12.5",)),
    ],
)  # fmt: skip
def test_another_fact_is_not_seen(said: str, shown: str, missing: tuple[str, ...]) -> None:
    assert unseen(facts(said, "en"), FactIndex([shown])) == missing


def test_small_numbers_in_words_count_what_was_found() -> None:
    assert facts("These two letters say so.", "en") == []
    assert [fact.text for fact in facts("These seven letters say so.", "en")] == ["seven"]


def test_german_nouns_are_no_names() -> None:
    assert facts("Die Miete der Wohnung steigt im Frühling, schreibt Herr Berg.", "de") == []
    assert [fact.text for fact in facts("Die Miete zahlt Anna Berg.", "de")] == ["Anna Berg"]


@given(st.text("1234567890.,-/: MayZoëAb", max_size=60))
def test_a_text_shows_its_own_facts(text: str) -> None:
    for language in ("en", "de"):
        assert unseen(facts(text, language), FactIndex([text])) == ()
