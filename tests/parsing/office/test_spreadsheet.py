"""Spreadsheets of every kind."""

from __future__ import annotations

import datetime
import io
from pathlib import Path

import pytest

from desktop_rag.errors import Damaged, Unsupported
from desktop_rag.parsing.office.spreadsheet import Value, cell_text, parse_spreadsheet
from desktop_rag.parsing.source import Limits, Source
from desktop_rag.parsing.text.tables import header_index
from desktop_rag.types import Attachment, Cells, ParseItem, Problem, Segment
from tests.parsing.reading import metadata, segments, texts
from tests.parsing.real_files import read_all
from tests.samples.compound_file import compound_file

_SAMPLES = Path(__file__).parents[2] / "samples"


def _read(path: Path, limits: Limits | None = None) -> list[ParseItem]:
    return list(parse_spreadsheet(Source(path.name, "", limits or Limits(), path=path)))


def _read_bytes(data: bytes, limits: Limits | None = None) -> list[ParseItem]:
    return list(parse_spreadsheet(Source("x.xlsx", "", limits or Limits(), data=data)))


def _workbook(rows: list[list[object]]) -> bytes:
    from openpyxl import Workbook  # type: ignore[import-untyped]

    book = Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_rows_have_their_true_numbers_and_the_names_of_columns() -> None:
    columns = "Columns: Tea, Origin, Price, Since"
    found = segments(_read(_SAMPLES / "xlsx" / "prices.xlsx"))
    assert found[:3] == [
        Segment("Prices of spring", Cells("Teas", 1, 1), ("Teas",), form="row"),
        Segment("Tea: Assam; Origin: India; Price: 4.5; Since: 2021-05-01", Cells("Teas", 4, 4), ("Teas",), form="row",
                context=columns),
        Segment("Tea: Sencha; Origin: Japan; Price: 6; Since: 2022-11-15", Cells("Teas", 5, 5), ("Teas",), form="row",
                context=columns),
    ]  # fmt: skip
    assert [item.text for item in found[3:]] == [
        "Tin: A-7; Count: 12; Counted: 2024-03-05 17:45:00",
        "Tin: B-2; Count: 0.3",
        "Comment on D5: Agreed with the landlord in 2023.",
    ]
    assert found[-1].locator == Cells("Teas", 5, 5)


@pytest.mark.parametrize("name", ["xls/prices.xls", "ods/prices.ods"])
def test_other_formats_read_the_same(name: str) -> None:
    found = segments(_read(_SAMPLES / name))
    assert [item.locator for item in found] == [Cells("Teas", 2, 2), Cells("Teas", 3, 3)]
    assert found[1].text.startswith("Tea: Sencha; Origin: Japan; Price: 6")


def test_metadata() -> None:
    for name in ("xlsx/prices.xlsx", "ods/prices.ods"):
        found = metadata(_read(_SAMPLES / name))
        assert (found.kind, found.title, found.author) == ("spreadsheet", "Tea shop handbook", "Mira Okafor")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.0, "3"), (0.1 + 0.2, "0.3"), (1599.99, "1599.99"), (1e20, "1e+20"), (True, "TRUE"), ("  a \n b ", "a b"),
        (datetime.date(2024, 2, 29), "2024-02-29"),
        (datetime.datetime(2024, 2, 29), "2024-02-29"),
        (datetime.datetime(2024, 2, 29, 8, 59, 59, 999_999), "2024-02-29 09:00:00"),
        (datetime.time(18, 15), "18:15:00"), ("", ""),
    ],
)  # fmt: skip
def test_values_as_text(value: Value, text: str) -> None:
    assert cell_text(value) == text


@pytest.mark.parametrize(
    ("rows", "header"),
    [
        ([["Name", "Age"], ["Jun", "41"]], 0),
        ([["Prices"], ["Name", "Age"], ["Jun", "41"], ["Mira", "39"]], 1),
        ([["Jun", "41"], ["Mira", "39"]], None),
        ([["Total:", "Sum"], ["Tax:", "3"]], None),
        ([["2023", "2024"], ["1", "2"]], None),
        ([["only", "row"]], None),
        ([], None),
    ],
)
def test_which_row_is_the_header(rows: list[list[str]], header: int | None) -> None:
    assert header_index(list(enumerate(rows, 1))) == header


def test_a_cap_on_rows() -> None:
    items = _read_bytes(_workbook([["a", number] for number in range(20)]), Limits(rows=5))
    assert len(segments(items)) == 5
    assert [item.code for item in items if isinstance(item, Problem)] == ["over-cap"]


def test_an_empty_workbook_is_empty() -> None:
    assert not segments(_read_bytes(_workbook([])))


def test_what_cannot_be_read() -> None:
    with pytest.raises(Damaged, match=r"x\.xlsx"):
        _read_bytes(b"")
    with pytest.raises(Damaged):
        _read_bytes(_workbook([["a"]])[:-300])
    with pytest.raises(Damaged, match="workbook cannot be found"):
        _read_bytes(compound_file({"Other": b"x"}))
    with pytest.raises(Unsupported, match="before 1993"):
        _read_bytes(b"\x09\x04\x06\x00\x00\x00\x10\x00")


def test_real_files(shared_data: Path) -> None:
    folder = shared_data / "documents" / "tika_documents"
    paths = [path for pattern in ("*.xls", "*.xlsx", "*.ods") for path in folder.glob(pattern)]
    read, refused = read_all(parse_spreadsheet, paths)
    assert len(read) >= 55
    assert sorted(problem.code for problem in refused.values()) == ["encrypted"] * 5 + ["unsupported"]
    numbers = texts(read["testEXCEL.xls"])
    assert "Number: 15; Square: 225" in numbers
    assert "2nd row: This one is red" in texts(read["testEXCEL.strict.xlsx"])
    embedded = [item.name for item in read["testEXCEL_embeded.xlsx"] if isinstance(item, Attachment)]
    assert len(embedded) == 3
