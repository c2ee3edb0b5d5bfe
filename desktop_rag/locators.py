"""Places in files: joining neighbours, and seeing a place from the outside of what it is in."""

from __future__ import annotations

from msgspec.structs import replace

from desktop_rag.types import Cells, Entry, Lines, Locator, Message, TimeSpan, Whole


def nest(outer: Message | Entry, inner: Locator) -> Locator:
    """The place ``inner`` of a document, seen from the parent that holds the document at ``outer``.

    The message of a mailbox swallows the number that the message gave itself: page 2 of ``a.pdf`` in message 5 is
    ``Message(5, "a.pdf", Page(2))``.
    """
    if isinstance(outer.inner, Message | Entry):
        return replace(outer, inner=nest(outer.inner, inner))
    if isinstance(inner, Whole):
        return outer
    if isinstance(outer, Message) and not outer.part and isinstance(inner, Message):
        return replace(inner, index=outer.index)
    return replace(outer, inner=inner)


def join(one: Locator, two: Locator) -> Locator | None:
    """The place that spans both, or None when a border lies between them."""
    if isinstance(one, Lines) and isinstance(two, Lines):
        return Lines(min(one.first, two.first), max(one.last, two.last))
    if isinstance(one, Cells) and isinstance(two, Cells) and one.sheet == two.sheet:
        return Cells(one.sheet, min(one.first, two.first), max(one.last, two.last))
    if isinstance(one, TimeSpan) and isinstance(two, TimeSpan):
        return TimeSpan(min(one.start_s, two.start_s), max(one.end_s, two.end_s))
    if isinstance(one, Message) and isinstance(two, Message) and (one.index, one.part) == (two.index, two.part):
        return _join_inner(one, two)
    if isinstance(one, Entry) and isinstance(two, Entry) and one.name == two.name:
        return _join_inner(one, two)
    return one if one == two else None


def _join_inner(one: Message | Entry, two: Message | Entry) -> Locator | None:
    if one.inner is None or two.inner is None:
        return one if one.inner == two.inner else None
    inner = join(one.inner, two.inner)
    return None if inner is None else replace(one, inner=inner)
