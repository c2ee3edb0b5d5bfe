"""Search terms and exact strings, checked against a real full-text index."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_rag.language import folded
from desktop_rag.retrieval.terms import exact_strings, has_content, search_terms

Index = sqlite3.Connection


@pytest.fixture
def index() -> Iterator[Index]:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE texts USING fts5(text, tokenize='porter unicode61 remove_diacritics 2')")
    yield connection
    connection.close()


def _finds(index: Index, wanted: str, text: str) -> bool:
    """Whether the exact strings of ``wanted`` are all found in ``text``."""
    index.execute("DELETE FROM texts")
    index.execute("INSERT INTO texts(text) VALUES (?)", (text,))
    strings = exact_strings(wanted)
    assert strings, f"no exact string in {wanted!r}"
    for string in strings:
        expression = " OR ".join(f'"{" ".join(phrase)}"' for phrase in string.phrases)
        if not index.execute("SELECT 1 FROM texts WHERE texts MATCH ?", (expression,)).fetchone():
            return False
    return True


@pytest.mark.parametrize(
    ("question", "terms"),
    [
        ("Who won the Cold War?", ["won", "cold", "war"]),
        ("Wann war der Zweite Weltkrieg?", ["zweite", "weltkrieg"]),
        ("What is the bill for the computer?", ["bill", "computer"]),
        ("Who leads the WHO in the US?", ["who", "leads", "us"]),
        ("To be or not to be", ["to", "be", "or", "not"]),
        ("die Hard", ["hard"]),
        ("boiler boiler Boiler", ["boiler"]),
        ("Über die Wärmepumpe", ["warmepumpe"]),
        ("", []),
        ("?!", []),
    ],
)
def test_search_terms(question: str, terms: list[str]) -> None:
    assert search_terms(question) == terms


def test_has_content() -> None:
    assert has_content("the boiler")
    assert not has_content("what did der")


@pytest.mark.parametrize(
    ("question", "strings"),
    [
        ("invoice INV-2024-0031?", [("INV-2024-0031", "identifier")]),
        ("Rechnung 2024/117", [("2024/117", "identifier")]),
        ("order 9876543", [("9876543", "identifier")]),
        (
            "parse_query in desktop_rag.types or SearchTerms",
            [("parse_query", "code"), ("desktop_rag.types", "code"), ("SearchTerms", "code")],
        ),
        ("std::vector and run()", [("std::vector", "code"), ("run()", "code")]),
        ("call +49 30 1234567.", [("+49 30 1234567", "phone")]),
        ("(555) 123-4567", [("(555) 123-4567", "phone")]),
        ("mail anna.berg@example.org!", [("anna.berg@example.org", "email")]),
        ("see https://example.org/a/b.html.", [("https://example.org/a/b.html", "url")]),
        ("DE89 3704 0044 0532 0130 00", [("DE89 3704 0044 0532 0130 00", "iban")]),
        ("paid €1,249.50 and 19.99", [("1,249.50", "amount"), ("19.99", "amount")]),
        ("What happened in 2016 at 12:30 on 3.5.2024?", []),
        ("the 3rd 20th-century well-known 1990s 1939-1945", []),
        ("Who won Super Bowl 50?", []),
    ],
)
def test_exact_strings(question: str, strings: list[tuple[str, str]]) -> None:
    assert [(string.text, string.kind) for string in exact_strings(question)] == strings


def test_an_iban_with_a_wrong_check_digit_is_none() -> None:
    assert all(string.kind != "iban" for string in exact_strings("DE88 3704 0044 0532 0130 00"))


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ("+49 30 1234567", "Telefon: 030/1234567"),
        ("+49 30 1234567", "Tel. (030) 123 45 67, Fax"),
        ("+49 30 1234567", "0049 30 12 34 56 7"),
        ("030/1234567", "ring +49 (0)30 1234567 today"),
        ("030 123 45 67", "+49 30 1234567"),
        ("0301234567", "030 1234567"),
        ("+49301234567", "030-1234567"),
        ("555-123-4567", "call (555) 123 4567"),
        ("(555) 123-4567", "+1 555 123 4567"),
        ("(555) 123-4567", "15551234567"),
        ("1,249.50", "Summe 1.249,50 EUR"),
        ("1249.50", "total 1,249.50"),
        ("1'249.50", "total 1249.50"),
        ("INV-2024-0031", "Re: INV20240031"),
        ("INV-2024-0031", "see inv 2024/0031"),
        ("DE89370400440532013000", "IBAN: DE89 3704 0044 0532 0130 00"),
        ("DE89 3704 0044 0532 0130 00", "DE89370400440532013000"),
        ("parse_query", "def parse_query(question):"),
        ("Anna.Berg@example.org", "<anna.berg@EXAMPLE.org>"),
    ],
)
def test_found_however_it_is_written(index: Index, wanted: str, text: str) -> None:
    assert _finds(index, wanted, text)


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ("+49 30 1234567", "030 1234568"),
        ("INV-2024-0031", "INV-2024-0032 and 0031"),
        ("1,249.50", "1,249.05"),
        ("parse_query", "query parse"),
    ],
)
def test_not_found_when_different(index: Index, wanted: str, text: str) -> None:
    assert not _finds(index, wanted, text)


@given(st.text(max_size=300) | st.text(alphabet="0123456789+-/.,()# AZaz_@:", max_size=300))
def test_any_text(text: str) -> None:
    for string in exact_strings(text):
        assert string.text in text
        assert all(phrase and all(phrase) for phrase in string.phrases)
    assert set(search_terms(text)) <= set(folded(text))
