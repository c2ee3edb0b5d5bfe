"""Tables of every format: which row is the header, and rows as text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from desktop_rag.types import Locator, Segment

Row = tuple[int, Sequence[str]]
"""The number of a row in its table, from 1, and the text of its cells."""

_HEADER_WITHIN = 20
"""A header stands among the first rows; titles and addresses may stand above it."""
_HEADER_CHARACTERS = 80
_VALUE = re.compile(r"[-+(]?[^\w\s]?\s*\d[\d\s.,:/%'\u2019-]*\)?\s*[^\W\d]{0,3}\.?")
"""A number, amount, date or time."""


def row_text(header: Sequence[str], values: Sequence[str]) -> str:
    """ "column: value; column: value"; empty values are left out, values without a column stand alone."""
    cells = []
    for index, value in enumerate(values):
        clean = " ".join(value.split())
        name = " ".join(header[index].split()) if index < len(header) else ""
        if clean:
            cells.append(f"{name}: {clean}" if name else clean)
    return "; ".join(cells)


def columns_context(header: Sequence[str]) -> str:
    """What is repeated with every chunk of a table: "Columns: Date, Amount, Payee"."""
    names = [" ".join(name.split()) for name in header if name.strip()]
    return f"Columns: {', '.join(names)}" if names else ""


def row_segments(
    rows: Sequence[Row], locate: Callable[[int], Locator], headings: tuple[str, ...] = ()
) -> Iterator[Segment]:
    """The rows of a table as segments; ``locate`` gives the place of a row by its number.

    The header, if there is one, is repeated as the rows' context; it is a segment of its own only when no row follows.
    """
    at = header_index(rows)
    header: Sequence[str] = rows[at][1] if at is not None else ()
    for index, (number, values) in enumerate(rows):
        if index == at and at + 1 < len(rows):
            continue
        below = at is not None and index > at
        text = row_text(header, values) if below else " | ".join(value for value in values if value)
        if text:
            yield Segment(text, locate(number), headings, form="row", context=columns_context(header) if below else "")


def header_index(rows: Sequence[Row]) -> int | None:
    """The index of the row that names the columns: as wide as the rows below it, with short, distinct words alone."""
    if len(rows) < 2:
        return None
    widths = sorted(_filled(values) for _, values in rows[:200])
    usual = widths[len(widths) // 2]
    for index, (_, values) in enumerate(rows[:_HEADER_WITHIN]):
        names = [value for value in values if value]
        if len(names) < 2 or len(names) * 3 < usual * 2:
            continue
        words = all(len(name) <= _HEADER_CHARACTERS and not _VALUE.fullmatch(name) for name in names)
        if words and len(set(names)) == len(names) and not any(name.endswith(":") for name in names):
            return index
        return None
    return None


def _filled(values: Sequence[str]) -> int:
    return sum(1 for value in values if value)
