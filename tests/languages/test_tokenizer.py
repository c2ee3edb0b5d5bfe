"""Words and stems are those of the catalog's full-text index, for any text in any script and Unicode form."""

from __future__ import annotations

import sqlite3
import threading
import unicodedata
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from desktop_rag.language import folded, stem, stem_spans, stems, word_spans, words
from desktop_rag.storage.catalog import Catalog
from desktop_rag.tokenizer import TOKENIZER, IndexTokenizer
from tests.languages.scripts import FORMS, QUESTIONS, Form, any_script

ANY_TEXT = st.text(max_size=60) | any_script()


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    catalog = Catalog(tmp_path_factory.mktemp("catalog") / "catalog.sqlite")
    yield catalog
    catalog.close()


def _indexed(text: str, tokenizer: str = TOKENIZER) -> list[str]:
    """What FTS5 stores of a text, in order."""
    connection = sqlite3.connect(":memory:")
    connection.execute(f"CREATE VIRTUAL TABLE texts USING fts5(text, tokenize='{tokenizer}')")
    connection.execute("CREATE VIRTUAL TABLE found USING fts5vocab(texts, instance)")
    connection.execute("INSERT INTO texts(text) VALUES (?)", (text,))
    found = [row[0] for row in connection.execute("SELECT term FROM found ORDER BY offset")]
    connection.close()
    return found


def test_the_tokenizer_is_the_catalogs(catalog: Catalog) -> None:
    (made,) = catalog.reader().execute("SELECT sql FROM sqlite_schema WHERE name = 'chunk_words'").fetchone()
    assert f"tokenize='{TOKENIZER}'" in made


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "text",
    [
        *QUESTIONS,
        "Grüße aus Łódź, naïve café: Ångström & ÉCOLE",
        "snake_case CamelCase dotted.name it's INV-2024/0031",
        "şişli İstanbul straße apology visibly generalization relational",
        "e\u0301clair nai\u0308ve ǖ ﬁ ½ \U0001fae0 \u0378",
        "1,249.50 €; +49 (30) 12-34",
        "a\0b \ufffe \u200bc",
        "running " + "x" * 70 + "ing",
    ],
)
def test_stems_are_those_of_the_index(text: str, form: Form) -> None:
    text = unicodedata.normalize(form, text)
    composed = unicodedata.normalize("NFC", text)
    assert stems(text) == _indexed(composed)
    assert folded(text) == _indexed(composed, TOKENIZER.removeprefix("porter "))


@given(ANY_TEXT)
@settings(deadline=timedelta(seconds=2), max_examples=400)
def test_any_text(text: str) -> None:
    composed = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode())
    assert stems(composed) == _indexed(composed)
    for form in FORMS:
        for_form = unicodedata.normalize(form, composed)
        assert stems(for_form) == stems(unicodedata.normalize("NFC", for_form))
    assert all(stem(word) == one for word, one in zip(words(text), stems(text), strict=True))
    assert all(0 <= begin < end <= len(text) for begin, end in word_spans(text))


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("text", QUESTIONS)
def test_a_word_is_marked_as_a_whole(text: str, form: Form) -> None:
    text = unicodedata.normalize(form, text)
    spans = stem_spans(text)
    assert [found for _, _, found in spans] == stems(text)
    assert [unicodedata.normalize("NFC", text[begin:end]) for begin, end, _ in spans] == words(text)


def test_halves_of_characters_end_a_word() -> None:
    assert words("one\udcfftwo") == ["one", "two"]
    assert stem("one\udcfftwo") == "on two"


def test_many_threads_may_ask() -> None:
    tokenizer = IndexTokenizer()
    asked = [f"running {number}ing walks{number}" for number in range(200)]
    found: dict[int, list[str]] = {}

    def ask(begin: int) -> None:
        for number in range(begin, len(asked), 4):
            found[number] = tokenizer.stems(tokenizer.words(asked[number]))

    threads = [threading.Thread(target=ask, args=(begin,)) for begin in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[number] for number in range(len(asked))] == [_indexed(text) for text in asked]
