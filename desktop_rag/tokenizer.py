"""The words of a text and their stems, as the catalog's full-text index has them.

SQLite's tokenizer has tables of characters and rules of stemming of its own, which no library repeats to the letter.
So it is asked itself: an index in memory, made with the same tokenizer, says of characters what they are and of words
what their stem is. What it has once said is remembered.
"""

from __future__ import annotations

import re
import sqlite3
import threading
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Literal

TOKENIZER = "porter unicode61 remove_diacritics 2"
"""The catalog's index is made with it."""

_BLOCK = 256
"""Characters asked for at once: a text seldom has one of a script alone."""
_SURROGATES = range(0xD800, 0xE000)
"""Halves of characters, which no UTF-8 has. They come from file names and command lines that are no valid Unicode."""
_REMEMBERED = 200_000
"""Words whose stem is kept: some 20 MiB."""
_PART, _MARK, _GAP = "w", "m", " "
_Table = Literal["stemmed", "plain"]
_WORD = re.compile(f"{_PART}[{_PART}{_MARK}]*")


class IndexTokenizer:
    """Safe to use from several threads.

    Of a text that is not in Unicode's composed form (NFC) the words are those of that form: what is indexed is
    composed, and to SQLite the two forms of a Greek or Cyrillic letter are different letters.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._classes = _Characters(self)
        self._known: dict[_Table, dict[str, str]] = {"stemmed": {}, "plain": {}}

    def words(self, text: str) -> list[str]:
        """The words of ``text`` as written, in order."""
        text = unicodedata.normalize("NFC", text)
        return [text[begin:end] for begin, end in self.word_spans(text)]

    def word_spans(self, text: str) -> list[tuple[int, int]]:
        """Start and end of each word of ``text``, in characters."""
        classes = text.translate(self._classes)
        if not unicodedata.is_normalized("NFC", text):
            classes = self._composed(text, classes)
        return [match.span() for match in _WORD.finditer(classes)]

    def stems(self, words: Sequence[str]) -> list[str]:
        """The stem of each word, as it is indexed."""
        return self._forms("stemmed", words)

    def folded(self, words: Sequence[str]) -> list[str]:
        """Each word as it is before it is stemmed: in lower case, without most accents."""
        return self._forms("plain", words)

    def _forms(self, table: _Table, words: Sequence[str]) -> list[str]:
        known = self._known[table]
        found = [known.get(word) for word in words]
        if None not in found:
            return [form or "" for form in found]
        new = self._ask(table, [word for word, form in zip(words, found, strict=True) if form is None])
        return [new[word] if form is None else form for word, form in zip(words, found, strict=True)]

    def _composed(self, text: str, classes: str) -> str:
        """``classes`` of a text where marks are to make one character with that before them."""
        found = list(classes)
        begin = 0
        for end in range(1, len(text) + 1):
            if end < len(text) and unicodedata.combining(text[end]):
                continue
            if _GAP in classes[begin + 1 : end]:
                composed = unicodedata.normalize("NFC", text[begin:end]).translate(self._classes)
                if _GAP not in composed:
                    found[begin:end] = _PART * (end - begin)
            begin = end
        return "".join(found)

    def _ask(self, table: _Table, words: Sequence[str]) -> dict[str, str]:
        """What the index makes of each word; of what is no single word after all, of each of its words."""
        found = dict.fromkeys(words, "")
        numbered = list(found)
        rows = [(number, _encodable(unicodedata.normalize("NFC", word))) for number, word in enumerate(numbered)]
        for number, token in self._tokens(table, rows):
            found[numbered[number]] = f"{found[numbered[number]]} {token}".lstrip()
        if len(self._known[table]) + len(found) > _REMEMBERED:
            self._known[table] = {}
        self._known[table].update(found)
        return found

    def classes_of_block(self, code: int) -> dict[int, str]:
        """What the characters around ``code`` are: part of a word, a mark that a word may have, or neither."""
        block = range(code - code % _BLOCK, code - code % _BLOCK + _BLOCK)
        if block[0] in _SURROGATES:
            return dict.fromkeys(block, _GAP)
        found: dict[int, str] = {}
        for number, token in self._tokens("plain", [(code, f"a{chr(code)}a") for code in block]):
            found[number] = _GAP if number in found else _MARK if token == "aa" else _PART
        return found

    def _tokens(self, table: _Table, rows: list[tuple[int, str]]) -> list[tuple[int, str]]:
        """The tokens of the texts of numbered rows, in order: (number, token)."""
        with self._lock:
            connection = self._connection = self._connection or _open()
            connection.execute("BEGIN")
            try:
                connection.executemany(f"INSERT INTO {table}(rowid, text) VALUES (?, ?)", rows)
                return connection.execute(f"SELECT doc, term FROM {table}_found ORDER BY doc, offset").fetchall()
            finally:
                connection.execute("ROLLBACK")


class _Characters(dict[int, str]):
    """The table for ``str.translate``; filled as it is used."""

    def __init__(self, tokenizer: IndexTokenizer) -> None:
        self._tokenizer = tokenizer

    def __missing__(self, code: int) -> str:
        self.update(self._tokenizer.classes_of_block(code))
        return self[code]


def _open() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    for table, tokenizer in (("stemmed", TOKENIZER), ("plain", TOKENIZER.removeprefix("porter "))):
        connection.execute(f"CREATE VIRTUAL TABLE {table} USING fts5(text, content='', tokenize='{tokenizer}')")
        connection.execute(f"CREATE VIRTUAL TABLE {table}_found USING fts5vocab({table}, instance)")
    return connection


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


@cache
def index_tokenizer() -> IndexTokenizer:
    """The one of this process."""
    return IndexTokenizer()
