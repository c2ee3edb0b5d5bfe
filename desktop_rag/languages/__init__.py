"""The languages in which questions are understood: a module for each, and a row here.

Text in any other language is searched all the same: its words and its meaning need no grammar.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache

from desktop_rag.languages.english import ENGLISH
from desktop_rag.languages.german import GERMAN
from desktop_rag.languages.grammar import Language

LANGUAGES: tuple[Language, ...] = (ENGLISH, GERMAN)
"""A question that may be in two of them is taken to be in the first."""


def language(code: str) -> Language | None:
    """The one with an ISO 639-1 code."""
    return next((one for one in LANGUAGES if one.code == code), None)


@cache
def function_words(code: str) -> frozenset[str]:
    """Those of one language, or of all for a code that is not known here."""
    return frozenset(word for one in LANGUAGES if one.code == code or not language(code) for word in _words(one))


def guess_language(text: str) -> str:
    """The code of the language that ``text`` is in; "" when that cannot be said."""
    return language_of(re.findall(r"[^\W\d_]+", text.lower()))


def language_of(words: Sequence[str]) -> str:
    """The code of the language whose function words there are most of among ``words``, which are in lower case."""
    counts = {one.code: sum(map(function_words(one.code).__contains__, words)) for one in LANGUAGES}
    best = max(counts.values())
    likely = [code for code, count in counts.items() if count == best]
    return likely[0] if best and len(likely) == 1 else ""


def either(words: Callable[[Language], str]) -> str:
    """The alternatives of all languages as one pattern, in a group of its own."""
    return f"(?:{'|'.join(dict.fromkeys(filter(None, map(words, LANGUAGES)))) or '(?!)'})"


def _words(one: Language) -> list[str]:
    return one.function_words.split()
