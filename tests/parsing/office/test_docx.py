"""Word documents since 2007."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from desktop_rag.errors import Damaged, Encrypted
from desktop_rag.parsing.office.docx import parse_docx
from desktop_rag.parsing.source import Limits, Source
from desktop_rag.types import Attachment, Entry, Page, ParseItem, Segment, Whole
from tests.parsing.reading import metadata, segments, texts
from tests.parsing.real_files import read_all

_SAMPLES = Path(__file__).parents[2] / "samples" / "docx"
_TROUBLED = Path(__file__).parents[1] / "troubled"


def _read(path: Path) -> list[ParseItem]:
    return list(parse_docx(Source(path.name, "", Limits(), path=path)))


def test_headings_tables_lists_and_comments() -> None:
    items = _read(_SAMPLES / "handbook.docx")
    title = "Tea shop handbook"
    teas = (title, "Teas", "Black and green")
    columns = "Columns: Tea, Origin, Price, Since"
    assert segments(items) == [
        Segment(
            "The shop opens at eight in the morning and closes at half past six.", Whole(), (title, "Opening hours")
        ),
        Segment("Comment by Mira Okafor: Agreed with the landlord in 2023.", Whole(), (title, "Opening hours")),
        Segment("Tea: Assam; Origin: India; Price: 4.5; Since: 2021-05-01", Whole(), teas, form="row", context=columns),
        Segment(
            "Tea: Sencha; Origin: Japan; Price: 6.0; Since: 2022-11-15", Whole(), teas, form="row", context=columns
        ),
        Segment("- Warm the pot\n- Pour the water", Whole(), teas),
        Segment("Nothing below", Whole(), (title,)),
        Segment("For staff only", Whole()),
    ]


def test_metadata() -> None:
    found = metadata(_read(_SAMPLES / "handbook.docx"))
    assert (found.title, found.author, found.language) == ("Tea shop handbook", "Mira Okafor", "en-GB")
    assert found.created == datetime(2024, 3, 5, 9, 30, tzinfo=UTC)
    assert found.tags == ("tea", "shop")


def test_page_breaks_that_the_writer_left_give_page_numbers() -> None:
    assert [(item.text, item.locator) for item in segments(_read(_SAMPLES / "pages.docx"))] == [
        ("On the first page.", Page(1)),
        ("On the second page.", Page(2)),
        ("It begins on the second and ends on the third.", Page(2)),
        ("On the third page.", Page(3)),
    ]


def test_revisions_boxes_controls_notes_and_tables_in_tables() -> None:
    items = _read(_SAMPLES / "strange.docx")
    assert texts(items) == [
        "Kept and added", "On Sundays at ten.", "In a box", "In a control", "Outer", "Key: A7; Shelf: 12", "Beside it",
    ]  # fmt: skip
    assert [item for item in items if isinstance(item, Attachment)] == [
        Attachment("prices.csv", "", b"Tea,Price\nAssam,4.5\n", Entry("prices.csv"))
    ]


def test_a_password() -> None:
    with pytest.raises(Encrypted, match=r"protected\.docx"):
        _read(_TROUBLED / "protected.docx")


def test_an_archive_of_something_else() -> None:
    odt = Path(__file__).parents[2] / "samples" / "odt" / "handbook.odt"
    with pytest.raises(Damaged, match="contains no document"):
        _read(odt)


def test_real_files(shared_data: Path) -> None:
    folder = shared_data / "documents" / "tika_documents"
    read, refused = read_all(parse_docx, [*folder.glob("*.docx"), *folder.glob("*.docm")])
    assert len(read) >= 55
    assert {problem.code for problem in refused.values()} == {"encrypted", "damaged"}
    various = texts(read["testWORD_various.docx"])
    assert "Row 1 Col 1: Row 2 Col 1; Row 1 Col 2: Row 2 Col 2; Row 1 Col 3: Row 2 Col 3" in various
    assert "This is a footnote." in various
    pages = {item.locator for item in segments(read["testWORD_endnote_table.docx"])}
    assert Page(21) in pages
