"""Words, stems and sentences, cut the way the catalog's full-text index cuts them."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any

_WORD = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """The words of ``text`` as written, in order (letters and digits; everything else separates)."""
    return _WORD.findall(text)


def word_spans(text: str) -> list[tuple[int, int]]:
    """Start and end of each word of ``text``, in characters."""
    return [match.span() for match in _WORD.finditer(text)]


def stems(text: str) -> list[str]:
    """The words of ``text`` as the index knows them: lower case, no diacritics, Porter's stem."""
    return [stem(word) for word in _WORD.findall(text)]


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """One word as FTS5's tokenizer "porter unicode61 remove_diacritics 2" indexes it, but for words in -logy and -bly:
    for these FTS5 has two of Porter's later rules."""
    decomposed = unicodedata.normalize("NFD", word.lower())
    folded = "".join(character for character in decomposed if not unicodedata.combining(character)).encode()
    if len(folded) < 3:
        return folded.decode()
    # FTS5 stems bytes: to it "ß" is two consonants. Latin-1 makes a letter of each byte.
    stemmed: str = _stemmer().stemWord(folded.decode("latin-1"))
    return stemmed.encode("latin-1").decode("utf-8", "replace")


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    import Stemmer

    return Stemmer.Stemmer("porter")


def line_spans(text: str) -> list[tuple[int, int]]:
    """Start and end of each line of ``text`` that is not blank."""
    return [match.span() for match in re.finditer(r"[^\s](?:.*[^\s])?", text)]


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Start and end of each sentence of ``text``, in characters, without the blanks around it; line breaks that end a
    paragraph, a list item or a row end a sentence too."""
    import sentencex

    spans: list[tuple[int, int]] = []
    begin = 0
    for line in re.split(r"(\n\s*\n|\n(?=\s*[-*•\d]))", text):
        position = begin
        for sentence in sentencex.segment("en", line) if line.strip() else ():
            found = text.find(sentence, position)
            if found < 0:  # the splitter normalised something: keep the rest of the line whole
                break
            position = found + len(sentence)
            stripped = sentence.strip()
            if stripped:
                start = found + sentence.index(stripped)
                spans.append((start, start + len(stripped)))
        else:
            begin += len(line)
            continue
        rest = text[position : begin + len(line)].strip()
        if rest:
            start = text.index(rest, position)
            spans.append((start, start + len(rest)))
        begin += len(line)
    return spans
