"""Finds a quote in a text that may have other spaces, line breaks, hyphens or ligatures."""

from __future__ import annotations

import re
import unicodedata

from desktop_rag.types import Cells, Entry, Lines, Locator, Message, Page, TimeSpan

Span = tuple[int, int]

_PIECE = re.compile(r"\n+|…|(?<=[.!?;:])\s+")
_SHORTEST_PIECE = 8
"""Letters and digits of a part of a quote that is looked for alone; a shorter one may stand anywhere."""


def find_quote(quote: str, text: str) -> list[Span]:
    """Where ``quote`` stands in ``text``, in characters: one span; or, when it is interrupted there, those of its
    sentences and lines that are found; or none."""
    quote = quote.strip()
    if not quote:
        return []
    at = text.find(quote)
    if at >= 0:
        return [(at, at + len(quote))]
    letters, places = _squeezed(text)
    found = _find(quote, letters, places, 0)
    if found is not None:
        return [found]
    spans: list[Span] = []
    for piece in _PIECE.split(quote):
        if len(_squeezed(piece)[0]) >= _SHORTEST_PIECE:
            span = _find(piece, letters, places, 0)
            if span is not None:
                spans.append(span)
    return sorted(spans)


def _find(piece: str, letters: str, places: list[int], begin: int) -> Span | None:
    wanted = _squeezed(piece)[0]
    at = letters.find(wanted, begin) if wanted else -1
    return None if at < 0 else (places[at], places[at + len(wanted) - 1] + 1)


def _squeezed(text: str) -> tuple[str, list[int]]:
    """The letters and digits of a text in lower case, and where in it each of them stands."""
    letters: list[str] = []
    places: list[int] = []
    for index, character in enumerate(text):
        plain = character if character.isascii() else unicodedata.normalize("NFKC", character)
        for letter in plain.casefold():
            if letter.isalnum():
                letters.append(letter)
                places.append(index)
    return "".join(letters), places


def overlap(one: Locator, two: Locator) -> bool:
    """Whether two places of one document share lines, rows, seconds or a page. Two that have no such parts share
    nothing that could be told."""
    if isinstance(one, Lines) and isinstance(two, Lines):
        return one.first <= two.last and two.first <= one.last
    if isinstance(one, Cells) and isinstance(two, Cells):
        return one.sheet == two.sheet and one.first <= two.last and two.first <= one.last
    if isinstance(one, TimeSpan) and isinstance(two, TimeSpan):
        return one.start_s < two.end_s and two.start_s < one.end_s
    if isinstance(one, Page) and isinstance(two, Page):
        return one == two
    if isinstance(one, Message) and isinstance(two, Message) and (one.index, one.part) == (two.index, two.part):
        return one.inner is not None and two.inner is not None and overlap(one.inner, two.inner)
    if isinstance(one, Entry) and isinstance(two, Entry) and one.name == two.name:
        return one.inner is None or two.inner is None or overlap(one.inner, two.inner)
    return False


def innermost(locator: Locator) -> Locator:
    """The place inside all that it is inside of: of page 2 of an attachment, page 2."""
    inner = locator.inner if isinstance(locator, Message | Entry) else None
    return locator if inner is None else innermost(inner)
