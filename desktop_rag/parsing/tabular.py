"""Tables as text, and CSV and TSV files."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence

from desktop_rag.parsing.encoding import decode
from desktop_rag.parsing.source import Source, over_cap
from desktop_rag.types import Cells, ParseItem

_SAMPLE = 16 * 1024
_DELIMITERS = ",;\t|"
_LONGEST_CELL = 1 << 20


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


def parse_csv(source: Source) -> Iterator[ParseItem]:
    """Rows of a CSV or TSV file; row numbers are those a spreadsheet program shows, the header being row 1."""
    from desktop_rag.parsing.tables import row_segments

    data, problem = source.read_text_bytes()
    text = decode(data)
    csv.field_size_limit(_LONGEST_CELL)
    dialect = _dialect(text[:_SAMPLE], source.mime)
    rows: list[tuple[int, list[str]]] = []
    cut = False
    try:
        for number, values in enumerate(csv.reader(text.splitlines(keepends=True), dialect), 1):
            if number > source.limits.rows:
                cut = True
                break
            if any(value.strip() for value in values):
                rows.append((number, [value.strip() for value in values]))
    except csv.Error as error:
        problem = problem or over_cap(f"row {len(rows) + 1} could not be read ({error})")
    yield from row_segments(rows, lambda number: Cells("", number, number))
    if cut:
        yield over_cap(f"only the first {source.limits.rows:,} rows were read")
    if problem is not None:
        yield problem


def _dialect(sample: str, mime: str) -> type[csv.Dialect] | csv.Dialect:
    if "tab-separated" in mime:
        return csv.excel_tab
    try:
        found = csv.Sniffer().sniff(sample, _DELIMITERS)
    except csv.Error:
        return csv.excel
    found.doublequote = True  # the sniffer says no when the sample has no quote in quotes
    return found
