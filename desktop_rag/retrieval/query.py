"""A person's question -> the text to search for, phrases that must match, and filters.

Operators (``type:pdf from:"Anna Berg" after:2024``) are always obeyed. Filters in plain words are guessed by
``phrases`` and can be taken back: ``Query.fallback`` is the same question without the guess.
"""

from __future__ import annotations

import re
from datetime import datetime

from msgspec import Struct, structs

from desktop_rag.errors import QueryError
from desktop_rag.retrieval.filters import OPERATORS, Filters, read_filters
from desktop_rag.retrieval.phrases import guess_filters

_QUOTED = r'(?<!\w)(?:"(?P<straight>[^"]+)"|“(?P<curly>[^”“]+)[”“]|„(?P<low>[^“”„]+)[“”])(?!\w)'
_VALUE = r'(?:"[^"]*"|[^\s,"]+)'
_PARTS = re.compile(
    rf"(?<!\S)(?P<name>{'|'.join(OPERATORS)}):(?P<values>{_VALUE}(?:,{_VALUE})*),?(?!\S)|{_QUOTED}", re.IGNORECASE
)
_HOLE = "\ue000"
"""Stands for a quoted phrase while the words around it are read; of the characters that mean nothing by themselves."""

_SENTENCE_WORDS = 6
"""Words around a quotation that make it a question which quotes, not a search for the quotation."""


class Query(Struct, frozen=True):
    """A question as it was understood.

    ``text`` is what to embed and to look for, without operators and the words of filters; "" means: list what the
    filters admit, newest first. ``phrases`` are the quoted parts, which must match exactly (they stand in ``text``
    too, without quotes). ``understood`` says the filters in words, to be shown. ``fallback`` is the query to try when
    this one finds nothing: without the filters guessed from plain words, or without quotes around what a whole sentence
    quotes.
    """

    original: str
    text: str
    phrases: tuple[str, ...] = ()
    filters: Filters = Filters()
    understood: tuple[str, ...] = ()
    fallback: Query | None = None

    @property
    def guessed(self) -> bool:
        """Whether some filter was taken from plain words rather than from an operator or option."""
        return self.fallback is not None and self.fallback.filters != self.filters


def parse_query(question: str, *, now: datetime, options: Filters = Filters()) -> Query:  # noqa: B008 (immutable)
    """Understand a question. ``now`` should have a time zone; without one the system's is taken.

    ``options`` are filters given beside the question; they add to its operators. Raises ``QueryError`` for an operator
    whose value cannot be understood.
    """
    operators: list[tuple[str, str]] = []
    phrases: list[str] = []

    def take(match: re.Match[str]) -> str:
        if match["name"]:
            values = re.findall(_VALUE, match["values"])
            operators.extend((match["name"].lower(), value.strip('"')) for value in values)
            return " "
        phrase = (match["straight"] or match["curly"] or match["low"]).strip()
        phrases.extend([phrase] if phrase else [])
        return _HOLE if phrase else ""

    holed = " ".join(_PARTS.sub(take, question.replace(_HOLE, " ")).split())
    given = read_filters(operators, now=now) | options
    if not given.is_possible:
        raise QueryError("The dates given exclude each other.", "Leave out one of them.")
    plain = Query(question, _fill(holed, phrases), tuple(phrases), given, given.describe())
    if phrases and (holed.endswith("?") or len(re.findall(r"\w+", holed)) >= _SENTENCE_WORDS):
        plain = structs.replace(plain, fallback=structs.replace(plain, phrases=()))
    guess = guess_filters(holed, now=now, given=given)
    if guess is None:
        return plain
    filters = given | guess.filters
    return Query(question, _fill(guess.text, phrases), plain.phrases, filters, filters.describe(), fallback=plain)


def _fill(text: str, phrases: list[str]) -> str:
    pieces = text.split(_HOLE)
    return "".join(piece + phrase for piece, phrase in zip(pieces, [*phrases, ""], strict=True))
