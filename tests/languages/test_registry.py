"""A language is one module and one row: a third one is understood everywhere as soon as it is listed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from desktop_rag.languages import LANGUAGES, function_words, guess_language, language

CHECKOUT = Path(__file__).resolve().parents[2]

USE = """
from datetime import datetime
from zoneinfo import ZoneInfo

from desktop_rag import languages
from tests.languages.esperanto import ESPERANTO

languages.LANGUAGES += (ESPERANTO,)  # the row

from desktop_rag.answering.condense import stands_alone
from desktop_rag.answering.direct import has_short_answer, same_answer
from desktop_rag.answering.facts import FactIndex, facts, unseen
from desktop_rag.answering.prompt import NOT_SAID
from desktop_rag.answering.verify import admits_ignorance
from desktop_rag.retrieval.analysis import analyze_text
from desktop_rag.retrieval.question import analyze
from desktop_rag.retrieval.reranking import can_rerank

NOW = datetime(2024, 9, 18, tzinfo=ZoneInfo("Europe/Berlin"))

query = analyze("retleteroj de Anna en februaro 2023 pri la kaldrono", now=NOW)
assert query.understood == ("only mail", "sent by Anna", "in February 2023"), query.understood
assert query.text == "la kaldrono", query.text
assert analyze("kion Anna al mi skribis pri la kaldrono", now=NOW).understood == ("sent by Anna",)
assert analyze("type:retletero kaldrono", now=NOW).filters.types == ("mail",)

asked = analyze_text("Kie estas la ŝlosilo de la kaldrono?")
assert asked.language == "eo"
assert asked.terms == ("slosilo", "kaldrono"), asked.terms
assert not can_rerank("eo")
assert not stands_alone(analyze_text("Kie ĝi estas en la keĝo?"))
assert not stands_alone(analyze_text("Kaj la ŝlosilo de la kaldrono?"))
assert stands_alone(asked)
assert not has_short_answer("Ĉu la kaldrono estas varma?")
assert same_answer("la kaldrono", "kaldrono")
assert unseen(facts("Ĝi venis la 3a de februaro 2023 kun dudek ŝlosiloj.", "eo"), FactIndex(["3.2.2023"])) == ("dudek",)
assert admits_ignorance("La dosieroj pri tio ne diras.")
assert NOT_SAID["eo"] == "Viaj dosieroj ne diras tion."
assert analyze("emails from Anna in 2023", now=NOW).understood == ("only mail", "sent by Anna", "in 2023")
"""


def test_a_third_language_is_a_module_and_a_row() -> None:
    run = subprocess.run([sys.executable, "-c", USE], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_every_language_is_complete() -> None:
    for one in LANGUAGES:
        assert language(one.code) is one
        assert len(one.dates.months) == 12
        assert one.dates.example
        assert one.answers.not_said
        assert one.function_words == one.function_words.lower()
    assert len({one.code for one in LANGUAGES}) == len(LANGUAGES)


@pytest.mark.parametrize(
    ("text", "code"),
    [("Where is the key?", "en"), ("Wo ist der Schlüssel?", "de"), ("boiler", ""), ("", ""), ("Où est la clé?", "")],
)
def test_a_language_is_told_by_its_function_words(text: str, code: str) -> None:
    assert guess_language(text) == code


def test_the_function_words_of_an_unknown_language_are_those_of_all() -> None:
    assert function_words("fr") == function_words("en") | function_words("de")
