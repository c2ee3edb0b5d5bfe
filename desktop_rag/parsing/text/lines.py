"""Lines of a text file -> segments located by them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from desktop_rag.types import Lines, Segment

_LONGEST = 16_000
"""Characters of a segment: a log of a million lines without a blank one is many segments."""

LONGEST_MARKUP = 64 * 1024
"""Characters of a line beyond which no markup is looked for in it: nobody wrote it, and patterns are slow on it."""


def line_segments(
    lines: Sequence[str],
    first: int,
    headings: tuple[str, ...] = (),
    *,
    form: Literal["prose", "row", "code"] = "prose",
    context: str = "",
) -> Iterator[Segment]:
    """The segments of one block of ``lines``, the first of which has the number ``first`` (from 1); usually one.

    Blank lines around it are left off, and a block of blank lines gives none. A single line that is too long becomes
    several segments with the same place.
    """
    begin = size = 0
    for index, line in enumerate([*lines, ""]):
        size += len(line) + 1
        if index < len(lines) and (size <= _LONGEST or index == begin):
            continue
        for text, place in _fitting(lines[begin:index], first + begin):
            yield Segment(text, place, headings, form=form, context=context)
        begin, size = index, len(line) + 1


def _fitting(lines: Sequence[str], first: int) -> Iterator[tuple[str, Lines]]:
    filled = [index for index, line in enumerate(lines) if line.strip()]
    if not filled:
        return
    begin, end = filled[0], filled[-1]
    text = "\n".join(line.rstrip() for line in lines[begin : end + 1])
    place = Lines(first + begin, first + end)
    if begin < end or len(text) <= _LONGEST:
        yield text, place
        return
    at = 0
    while at < len(text):
        cut = len(text) if len(text) - at <= _LONGEST else text.rfind(" ", at + 1, at + _LONGEST) + 1
        cut = cut or at + _LONGEST
        if text[at:cut].strip():
            yield text[at:cut].strip(), place
        at = cut
