"""A question in any script and any Unicode form is answered, or nothing is found; it is never an error."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desktop_rag.engine.engine import Engine
from tests.languages.scripts import FORMS, QUESTIONS, Form, any_script


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A library of ordinary notes, and of one note for each question, all of them decomposed as on macOS."""
    folder = tmp_path_factory.mktemp("notes")
    (folder / "boiler.md").write_text("# Boiler\n\nThe boiler was serviced on 3 May by Anna Berg.\n", "utf-8")
    (folder / "kuchen.md").write_text("# Kuchen\n\nDer Kuchen braucht Grieß und Äpfel.\n", "utf-8")
    for number, question in enumerate(QUESTIONS):
        text = unicodedata.normalize("NFD", question)
        (folder / f"{number}.md").write_text(f"# Note {number}\n\n{text}\n", "utf-8")
    with Engine(tmp_path_factory.mktemp("library")) as engine:
        engine.index([folder])
        yield engine


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("question", QUESTIONS)
def test_every_form_of_a_question_is_understood(notes: Engine, question: str, form: Form) -> None:
    asked = unicodedata.normalize(form, question)
    assert notes.search(asked).hits
    assert notes.ask(asked).hits
    notes.search(f'"{asked}" type:note')


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("number", range(len(QUESTIONS)))
def test_words_are_found_whatever_the_form_of_text_and_question(notes: Engine, number: int, form: Form) -> None:
    asked = unicodedata.normalize(form, QUESTIONS[number])
    found = notes.search(asked, mode="keyword").hits
    assert Path(found[0].path).name == f"{number}.md"


@given(any_script() | st.text(max_size=40))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_may_be_asked(notes: Engine, text: str) -> None:
    for mode in ("hybrid", "typing"):
        notes.search(text, mode=mode)
    notes.ask(text)


def test_halves_of_characters_may_be_asked(notes: Engine) -> None:
    assert notes.search("boiler\udcff serviced").hits
    assert notes.ask("When was the boiler\udcff serviced?", remember=True).hits
