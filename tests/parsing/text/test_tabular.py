"""CSV and TSV files as rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop_rag.parsing.source import Limits, Source
from desktop_rag.parsing.text.tables import columns_context, row_text
from desktop_rag.parsing.text.tabular import parse_csv
from desktop_rag.types import Cells, Problem, Segment

SAMPLES = Path(__file__).parents[2] / "samples"


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


def test_the_delimiter_is_not_a_comma_in_the_cells() -> None:
    rows = _rows(b"Datum;Betrag;Text\n01.02.2024;1.234,50;Miete, warm\n02.02.2024;12,00;Brot\n")
    assert rows[0].text == "Datum: 01.02.2024; Betrag: 1.234,50; Text: Miete, warm"


def test_a_note_to_excel_names_the_delimiter() -> None:
    assert [row.text for row in _rows(b"sep=|\nName|Town\nAda|Leeds\n")] == ["Name: Ada; Town: Leeds"]


def test_blanks_around_quotes_and_breaks_that_end_no_line() -> None:
    rows = _rows('"Name" , "Town"\n"Ada" , "Leeds, W\u2028Yorks\f"\n'.encode())
    assert [row.text for row in rows] == ["Name: Ada; Town: Leeds, W Yorks"]


@pytest.mark.parametrize("many", [3, 150_000])
def test_a_quote_never_closed_swallows_no_rows(many: int) -> None:
    data = b'Name,Note\nAda,"half, open\n' + b"Bo,plain\n" * (many - 1) + b"Cy,end"
    rows = _rows(data, limits=Limits(rows=10_000_000))
    assert [row.text for row in rows[:2]] == ["Name: Ada; Note: half; open", "Name: Bo; Note: plain"]
    assert len(rows) == many + 1
    assert rows[-1].locator == Cells("", many + 2, many + 2)
    assert rows[-1].text == "Name: Cy; Note: end"


def test_a_cell_may_end_the_file_with_a_line_end() -> None:
    assert [row.text for row in _rows(b'Name,Note\nAda,"one, two\n"')] == ["Name: Ada; Note: one, two"]


def test_row_cap_is_said() -> None:
    data = b"Name,Town\n" + b"Ada,Leeds\n" * 50
    items = list(parse_csv(Source("t.csv", "text/csv", Limits(rows=10), data=data)))
    assert sum(isinstance(item, Segment) for item in items) == 9
    assert [item.code for item in items if isinstance(item, Problem)] == ["over-cap"]


def test_helpers() -> None:
    assert row_text(["A", "B"], ["x", "", "z"]) == "A: x; z"
    assert columns_context(["A", "", "B"]) == "Columns: A, B"
    assert columns_context([]) == ""
