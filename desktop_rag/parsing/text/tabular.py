"""CSV and TSV files."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, islice

from desktop_rag.messages import say
from desktop_rag.parsing.source import Source, over_cap
from desktop_rag.parsing.text.encoding import decode
from desktop_rag.parsing.text.tables import row_segments
from desktop_rag.types import Cells, ParseItem

_SAMPLE = 100  # lines
_SAMPLE_LINE = 4096  # characters
_DELIMITERS = ",;\t|"
_LONGEST_CELL = 1 << 20
_STRAY_QUOTES = 100
"""Quotes never closed that are looked into one by one; after them, quotes mean nothing in the rest of the file."""


def parse_csv(source: Source) -> Iterator[ParseItem]:
    """Rows of a CSV or TSV file; row numbers are those a spreadsheet program shows, the header being row 1."""

    data, problem = source.read_text_bytes()
    lines = decode(data).split("\n")
    csv.field_size_limit(_LONGEST_CELL)
    delimiter = _delimiter(lines, source.mime)
    if lines[0].lower().startswith("sep="):  # a note to Excel, which does not show it
        del lines[0]
    rows: list[tuple[int, list[str]]] = []
    cut = False
    for number, values in enumerate(_records(lines, delimiter), 1):
        if number > source.limits.rows:
            cut = True
            break
        if any(value.strip() for value in values):
            rows.append((number, [value.strip() for value in values]))
    yield from row_segments(rows, lambda number: Cells("", number, number))
    if cut:
        yield over_cap(say("parsing.only-first-rows-read", rows=source.limits.rows))
    if problem is not None:
        yield problem


def _records(lines: list[str], delimiter: str) -> Iterator[list[str]]:
    """The records of a file. A quote that is never closed is taken as a character, so that it swallows no rows."""
    begin = 0
    for _ in range(_STRAY_QUOTES):
        # The blank line at the end is read as a record of its own unless a quote is open.
        rest = chain((f"{line}\n" for line in islice(lines, begin, None)), "\n")
        reader = csv.reader(rest, delimiter=delimiter, skipinitialspace=True)
        before = 0
        try:
            for values in reader:
                if values and reader.line_num > len(lines) - begin:
                    break
                before = reader.line_num
                yield values
            else:
                return
        except csv.Error:
            pass  # a cell that is too long
        yield _unquoted(lines[begin + before], delimiter)
        begin += before + 1
    for line in lines[begin:]:
        yield _unquoted(line, delimiter)


def _unquoted(line: str, delimiter: str) -> list[str]:
    return [value.strip(' "') for value in line.split(delimiter)]


def _delimiter(lines: Sequence[str], mime: str) -> str:
    """The character that cuts the most of the first rows into the same number of cells, at least two."""
    if "tab-separated" in mime:
        return "\t"
    first = lines[0].strip().lower()
    if first.startswith("sep=") and len(first) == 5:
        return first[4]
    sample = [f"{line[:_SAMPLE_LINE]}\n" for line in lines[:_SAMPLE] if line.strip()]
    best, found = (0.0, 0), ","
    for delimiter in _DELIMITERS:
        widths = Counter(map(len, csv.reader(sample, delimiter=delimiter, skipinitialspace=True)))
        (width, rows), total = widths.most_common(1)[0] if widths else (0, 0), widths.total()
        if width > 1 and (rows / total, width) > best:
            best, found = (rows / total, width), delimiter
    return found
