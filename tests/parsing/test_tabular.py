"""CSV and TSV files as rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop_rag.parsing.source import Limits, Source
from desktop_rag.parsing.tabular import columns_context, parse_csv, row_text
from desktop_rag.types import Cells, Problem, Segment

SAMPLES = Path(__file__).parents[1] / "samples"


def _rows(data: bytes, mime: str = "text/csv", limits: Limits | None = None) -> list[Segment]:
    items = parse_csv(Source("table.csv", mime, limits or Limits(), data=data))
    return [item for item in items if isinstance(item, Segment)]


def test_rows_name_their_columns_and_numbers() -> None:
    rows = _rows((SAMPLES / "csv" / "payments.csv").read_bytes())
    assert [row.text for row in rows] == [
        "Date: 2024-03-01; Payee: Harbour Coffee; Amount: 4,20",
        "Date: 2024-03-02; Payee: Tram & Bus, monthly ticket; Amount: 49.00",
        "Date: 2024-03-05; Payee: Books on the Quay; Amount: 18.90",
    ]
    assert [row.locator for row in rows] == [Cells("", number, number) for number in (2, 3, 4)]
    assert rows[0].context == "Columns: Date, Payee, Amount"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_any_delimiter(delimiter: str) -> None:
    lines = [("Name", "Town"), ("Ada", "Leeds"), ("Bo", "York")]
    data = "\n".join(delimiter.join(line) for line in lines).encode()
    assert [row.text for row in _rows(data)] == ["Name: Ada; Town: Leeds", "Name: Bo; Town: York"]


def test_cells_of_several_lines_and_empty_cells() -> None:
    rows = _rows(b'Name,Note,Age\nAda,"two\nlines",\nBo,,7\n')
    assert [row.text for row in rows] == ["Name: Ada; Note: two lines", "Name: Bo; Age: 7"]


def test_row_cap_is_said() -> None:
    data = b"Name,Town\n" + b"Ada,Leeds\n" * 50
    items = list(parse_csv(Source("t.csv", "text/csv", Limits(rows=10), data=data)))
    assert sum(isinstance(item, Segment) for item in items) == 9
    assert [item.code for item in items if isinstance(item, Problem)] == ["over-cap"]


def test_helpers() -> None:
    assert row_text(["A", "B"], ["x", "", "z"]) == "A: x; z"
    assert columns_context(["A", "", "B"]) == "Columns: A, B"
    assert columns_context([]) == ""
