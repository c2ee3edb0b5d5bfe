"""How answers and passages look."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from desktop_rag.cli.render import show_answer, show_hits
from desktop_rag.cli.snippet import find_terms, snippet, unwrap
from desktop_rag.engine.results import SearchResult
from desktop_rag.types import Answer, Chunk, Citation, Document, Hit, Locator, Mail, Message, Page, Person
from tests.cli.conftest import printed

QUOTE = "Please pay £1,284.00 by 31 May 2024."


def hit(path: Path, locator: Locator, text: str, *, copies: tuple[str, ...] = (), mail: Mail | None = None) -> Hit:
    created = datetime(2024, 5, 3, 12, tzinfo=UTC) if mail else None
    document = Document(id=1, kind="document", mime="", title="", mail=mail, created=created)
    chunk = Chunk(id=1, document_id=1, ordinal=0, text=text, context="", locator=locator)
    return Hit(chunk, document, str(path), locator, text, 0.9, paths=(str(path), *copies))


@pytest.fixture
def answer(home: Path, monkeypatch: pytest.MonkeyPatch) -> Answer:
    """Two quotes of one page and one of a mail."""
    monkeypatch.chdir(home)
    invoice = hit(home / "bills" / "invoice.pdf", Page(2), f"{QUOTE} No VAT is charged.")
    mail = hit(home / "box.mbox", Message(3), "Paid.", mail=Mail(subject="Re: Bill", sender=Person("Anna Berg")))
    citations = (
        Citation(1, QUOTE, invoice.path, invoice.locator, highlights=((7, 10),)),
        Citation(2, "No VAT is charged.", invoice.path, invoice.locator),
        Citation(3, "Paid.", mail.path, mail.locator),
    )
    return Answer("when to pay?", "unused", citations, (0.9, 0.8, 0.7), "extractive", (invoice, mail), 0.9)


def test_an_answer_shows_sentences_then_sources_then_its_mode(answer: Answer) -> None:
    assert printed(*show_answer(answer, ["pay"])) == (
        f"{QUOTE} [1]\n\nNo VAT is charged. [2]\n\nPaid. [3]\n\n"
        "[1] [2] invoice.pdf, page 2\n"
        f"        {Path('bills/invoice.pdf')}\n"
        "[3] Re: Bill, from Anna Berg, 3 May 2024\n"
        "    box.mbox\n\n"
        "Quoted from your files; no language model was used.\n"
    )


def test_the_words_of_the_question_stand_out_in_colour_only(answer: Answer) -> None:
    colored = printed(*show_answer(answer, ["pay"]), color=True)
    assert "\x1b[1;33mpay\x1b[0m" in colored
    assert "\x1b" not in printed(*show_answer(answer, ["pay"]))


def test_a_path_is_a_link_to_its_page(answer: Answer) -> None:
    colored = printed(*show_answer(answer, []), color=True)
    assert f"{(Path.cwd() / 'bills' / 'invoice.pdf').as_uri()}#page=2" in colored


def test_the_answer_of_a_model_is_shown_as_it_wrote_it(answer: Answer) -> None:
    text = printed(*show_answer(replace(answer, text="Pay in May [1].", mode="qwen3"), []))
    assert text.startswith("Pay in May [1].\n")
    assert "Answered by qwen3 from your files." in text


def test_no_answer_offers_the_nearest_passages(home: Path) -> None:
    near = tuple(hit(home / f"{number}.txt", Page(1), f"Passage {number}") for number in range(5))
    nothing = Answer(
        "?", "Nothing in your files answers this.", (), (), "nothing found", near, understood=("only .pdf",)
    )
    text = printed(*show_answer(nothing, []))
    assert text.startswith("Nothing in your files answers this.\n")
    assert "Passage 2" in text
    assert "Passage 3" not in text
    assert "Searched only .pdf." in text


def test_passages_name_their_copies(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    found = hit(home / "a.txt", Page(1), "Some text", copies=(str(home / "b.txt"), str(home / "c.txt")))
    text = printed(*show_hits(SearchResult("q", (found,)), []))
    assert "also in" in text
    assert "b.txt and 1 other place" in text
    assert printed(*show_hits(SearchResult("q", ()), [])) == "Nothing in your files matches this.\n"


def test_long_lines_hang_below_their_beginning(home: Path) -> None:
    text = printed(*show_hits(SearchResult("q", (hit(home / "a.txt", Page(1), "word " * 40),)), []), width=40)
    body = [line for line in text.splitlines() if "word" in line]
    assert len(body) > 3
    assert all(line.startswith("   word") and len(line) <= 40 and line == line.rstrip() for line in body)


def test_nothing_in_a_file_reaches_the_terminal_as_a_command(home: Path) -> None:
    evil = hit(home / "a\x1b]0;owned\x07.txt", Page(1), "red \x1b[31m text \x9b2J \u202etxt")
    text = printed(*show_hits(SearchResult("q", (evil,)), []), color=True)
    assert "a\ufffd]0;owned\ufffd.txt, page 1" in text
    assert "\x1b[31m" not in text
    assert "\x1b]0;" not in text
    assert not {"\x07", "\x9b", "\u202e"} & set(text)


def test_a_snippet_is_the_part_with_most_of_the_terms() -> None:
    filler = "Nothing of interest is said here at all. " * 20
    found = snippet(f"{filler}The driver delivers the shear on Thursday. {filler}", ["driver", "deliver", "shear"], 120)
    assert found.text.startswith("… ")
    assert found.text.endswith(" …")
    assert len(found.text) < 130
    assert [found.text[first:last] for first, last in found.marks] == ["driver", "delivers", "shear"]


def test_a_short_passage_is_shown_whole() -> None:
    assert snippet("Short.", ["long"]).text == "Short."


def test_a_snippet_is_one_line() -> None:
    assert snippet("Dear Nora,\n\nThe total:\n12\n\nYours\nSam", []).text == "Dear Nora, The total: 12 · Yours · Sam"


def test_terms_are_found_in_other_forms() -> None:
    assert find_terms("They were delivered", ["deliver"]) == ((10, 19),)


def test_breaks_inside_sentences_go_those_of_tables_stay() -> None:
    assert unwrap("had to sit down\non the steps of\nthe font") == "had to sit down on the steps of the font"
    assert unwrap("Register 4 £1,060\nDrying 7 £224\nTotal £1,284") == "Register 4 £1,060\nDrying 7 £224\nTotal £1,284"
