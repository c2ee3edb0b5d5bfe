"""Parse a text given in a test, and check what every segment located by lines promises."""

from __future__ import annotations

from desktop_rag.parsing.formats import by_suffix
from desktop_rag.parsing.source import Limits, Source
from desktop_rag.types import Lines, Metadata, ParseItem, Segment


def read(name: str, text: str | bytes) -> list[ParseItem]:
    """What the parser for a file of this name makes of ``text``."""
    row = by_suffix(name)
    assert row is not None
    data = text if isinstance(text, bytes) else text.encode()
    return list(row.load()(Source(name, row.mime, Limits(), data=data)))


def segments(items: list[ParseItem]) -> list[Segment]:
    return [item for item in items if isinstance(item, Segment)]


def texts(items: list[ParseItem]) -> list[str]:
    return [segment.text for segment in segments(items)]


def metadata(items: list[ParseItem]) -> Metadata:
    return next(item for item in items if isinstance(item, Metadata))


def place(segment: Segment) -> Lines:
    assert isinstance(segment.locator, Lines)
    return segment.locator


def pairs(items: list[ParseItem]) -> list[tuple[int, str]]:
    """Each line of text with the number of the source line it is said to be."""
    found: list[tuple[int, str]] = []
    for segment in segments(items):
        lines = segment.text.split("\n")
        where = place(segment)
        assert where.last - where.first + 1 == len(lines), segment
        found.extend(zip(range(where.first, where.last + 1), lines, strict=True))
    return found
