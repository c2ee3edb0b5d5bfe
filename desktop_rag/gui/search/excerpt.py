"""The two lines of a passage that show best why it was found, with the words of the query."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from desktop_rag.gui.widgets.formatting import safe, tr
from desktop_rag.language import stem, word_spans
from desktop_rag.places import where
from desktop_rag.types import Entry, Hit, Message

_LENGTH = 150
_RULED = re.compile(r"([=_*~#.\-\u2500-\u257f])\1{3,}")
"""A line that somebody drew."""
_SHORT_LINE = 50
"""Characters of a line that ends before it is full: of a list or a table."""
_WITHOUT_LINES = ("note", "text", "web", "contact", "event")
"""Kinds of which nobody counts the lines."""
_LOOKED_AT = 6_000


class Excerpt(Struct, frozen=True):
    """``marks`` are start and end of the query's words in ``text``, in characters."""

    text: str
    marks: tuple[tuple[int, int], ...] = ()


def excerpt(text: str, stems: frozenset[str], length: int = _LENGTH) -> Excerpt:
    """The stretch of about ``length`` characters that has most of the words, in one line."""
    line = _in_one_line(text[:_LOOKED_AT])
    marks = [(first, last) for first, last in word_spans(line) if stem(line[first:last]) in stems] if stems else []
    begin = 0
    if len(line) > length and marks:
        begins = [0, *(_begin(line, first, length) for first, _ in marks)]
        begin = max(begins, key=lambda at: (_told(line, marks, at, at + length), -at))
    before = "… " if begin else ""
    shift = len(before) - begin
    return Excerpt(
        before + line[begin : begin + 3 * length],
        tuple((first + shift, last + shift) for first, last in marks if begin <= first and last <= begin + 3 * length),
    )


def name_of(hit: Hit) -> str:
    """What a hit is called: the subject of a mail, the title of a document, or the name of the file."""
    mail = hit.document.mail
    if mail is not None:
        return safe(mail.subject or hit.document.title) or tr("(no subject)")
    inside = hit.locator.part if isinstance(hit.locator, Message) else ""
    inside = hit.locator.name if isinstance(hit.locator, Entry) else inside
    return safe(hit.document.title or inside or Path(hit.path).name)


def origin_of(hit: Hit) -> str:
    """Who sent it, which part of the file it is, and what it is inside of: what stands before the path."""
    mail, parent = hit.document.mail, hit.parent
    said = [safe(str(mail.sender))] if mail is not None else []
    if parent is not None and parent.mail is not None and mail is None:
        said.append(tr("in the email “{subject}”").format(subject=safe(parent.mail.subject or parent.title)))
    if mail is None and hit.document.kind not in _WITHOUT_LINES:
        said.append(safe(where(hit.locator)))
    return " · ".join(filter(None, said))


def _in_one_line(text: str) -> str:
    """Lines one after the other, with a dot between rows and items."""
    joined = ""
    last = ""
    for line in filter(None, (" ".join(raw.split()) for raw in _RULED.sub(" ", text).splitlines())):
        runs_on = not joined or last[-1] in ".,;:!?…" or line[0].islower() or len(last) > _SHORT_LINE
        joined += ("" if not joined else " " if runs_on else " · ") + line
        last = line
    return safe(joined)


def _begin(line: str, mark: int, length: int) -> int:
    """Where to begin so that a mark is soon seen: with its sentence if that begins nearby, or else with a word."""
    earliest = max(0, mark - length // 3)
    for stop in (". ", "! ", "? ", " · "):
        found = line.rfind(stop, earliest, mark)
        if found >= 0:
            return found + len(stop)
    return line.find(" ", earliest, mark) + 1 if earliest and " " in line[earliest:mark] else earliest


def _told(line: str, marks: Sequence[tuple[int, int]], begin: int, end: int) -> tuple[int, int]:
    inside = [stem(line[first:last]) for first, last in marks if begin <= first and last <= end]
    return len(set(inside)), len(inside)
