"""PDF: pages, paragraphs, headings, notes, and what is said of pages that cannot be read."""

from __future__ import annotations

import io
import json
import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest

from desktop_rag.errors import Damaged, Encrypted, OverCap
from desktop_rag.parsing.pdf.document import parse_pdf
from desktop_rag.parsing.pdf.page_layout import DrawnText, flow, paragraphs
from desktop_rag.parsing.source import Limits, Source
from desktop_rag.types import Attachment, Entry, Page, ParseItem, Problem, Segment
from tests.parsing.reading import metadata, segments, texts
from tests.parsing.real_files import read_all

_SAMPLES = Path(__file__).parents[2] / "samples" / "pdf"
_TROUBLED = Path(__file__).parents[1] / "troubled"


def _read(name: str, limits: Limits | None = None) -> list[ParseItem]:
    path = _SAMPLES / name if (_SAMPLES / name).exists() else _TROUBLED / name
    return list(parse_pdf(Source(name, "application/pdf", limits or Limits(), path=path)))


def _problems(items: list[ParseItem]) -> list[Problem]:
    return [item for item in items if isinstance(item, Problem)]


def test_pages_paragraphs_and_headings() -> None:
    items = _read("handbook.pdf")
    assert [(item.locator, item.headings) for item in segments(items)] == [
        (Page(1), ("1 Opening hours",)), (Page(1), ("1 Opening hours",)),
        (Page(2), ("2 Returns",)), (Page(2), ("2 Returns",)),
    ]  # fmt: skip
    assert texts(items)[0] == (
        "The shop opens at eight in the morning and closes at half past six, but on Sundays the kettle goes on no "
        "earlier than ten."
    )
    assert not _problems(items)


def test_metadata() -> None:
    found = metadata(_read("handbook.pdf"))
    assert (found.kind, found.title, found.author, found.language) == (
        "document", "Tea shop handbook", "Mira Okafor", "en-GB",
    )  # fmt: skip
    assert found.created == datetime(2000, 1, 1, tzinfo=UTC)


def test_two_columns_are_read_one_after_the_other() -> None:
    assert [text.split(",")[0] for text in texts(_read("two-columns.pdf"))] == [
        "Two kinds of tea",
        "Green tea is steamed or pan fired soon after it has been picked",
        "Black tea is left to wither and oxidise before it is dried",
    ]


def test_labels_and_values_of_a_form_are_put_together() -> None:
    lines = "\n".join(texts(_read("invoice.pdf"))).splitlines()
    assert lines == [
        "Invoice number TS-2024-0117", "Date 5 March 2024", "Total EUR 148.50", "Due 19 March 2024",
        "Account DE02 1203 0000",
    ]  # fmt: skip


def test_fields_and_notes() -> None:
    found = texts(_read("form-and-notes.pdf"))
    assert found == ["Order form", "Customer: Jun Takeda", "Note by Mira Okafor: Call back before Friday."]


def test_embedded_files() -> None:
    attachment = next(item for item in _read("attachment.pdf") if isinstance(item, Attachment))
    assert attachment == Attachment("prices.csv", "", b"Tea,Price\nAssam,4.5\n", Entry("prices.csv"))


def test_pages_that_are_pictures_are_scans_and_blank_ones_are_not() -> None:
    scanned = _read("scanned.pdf")
    assert [(item.form, item.text, item.locator) for item in segments(scanned)] == [
        ("scan", "", Page(1)), ("scan", "", Page(2)),
    ]  # fmt: skip
    assert not _problems(scanned)
    half = _read("half-scanned.pdf")
    assert [(item.form, item.locator) for item in segments(half)] == [
        ("prose", Page(1)), ("scan", Page(2)), ("scan", Page(3)),
    ]  # fmt: skip


def test_passwords() -> None:
    assert texts(_read("empty-password.pdf")) == texts(_read("two-columns.pdf"))
    with pytest.raises(Encrypted, match=r"password\.pdf"):
        _read("password.pdf")


def test_caps() -> None:
    items = _read("handbook.pdf", Limits(pages=1))
    assert {item.locator for item in segments(items)} == {Page(1)}
    assert [problem.code for problem in _problems(items)] == ["over-cap"]
    with pytest.raises(OverCap):
        _read("handbook.pdf", Limits(file_bytes=100))


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7 and no more", b"no PDF at all"])
def test_damage_is_told(data: bytes) -> None:
    with pytest.raises(Damaged, match=r"x\.pdf"):
        list(parse_pdf(Source("x.pdf", "", Limits(), data=data)))


def test_a_broken_page_costs_only_itself() -> None:
    from pypdf import PdfReader, PdfWriter
    from pypdf.generic import NameObject, StreamObject

    writer = PdfWriter(clone_from=PdfReader(_SAMPLES / "handbook.pdf"))
    contents = writer.pages[0]["/Contents"].get_object()
    assert isinstance(contents, StreamObject)
    contents[NameObject("/Filter")] = NameObject("/Unknown")
    out = io.BytesIO()
    writer.write(out)
    items = list(parse_pdf(Source("x.pdf", "", Limits(), data=out.getvalue())))
    assert {item.locator for item in segments(items) if "tins" in item.text} == {Page(2)}
    assert any(problem.code == "damaged" and "Page 1 of x.pdf" in problem.message for problem in _problems(items))


def test_the_outline_of_a_page_that_fails_is_found_all_the_same() -> None:
    from pypdf import PdfWriter

    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    writer.add_outline_item(title="Map of the cellar", page_number=0)
    out = io.BytesIO()
    writer.write(out)
    items = list(parse_pdf(Source("x.pdf", "", Limits(), data=out.getvalue())))
    assert segments(items) == [Segment("Map of the cellar", Page(1))]


def test_the_log_stays_quiet(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        data = (_SAMPLES / "handbook.pdf").read_bytes()
        place = data.rindex(b"startxref") + 10  # a wrong place of the directory, which pypdf mends and would tell of
        items = list(parse_pdf(Source("x.pdf", "", Limits(), data=data[:place] + b"7\n%%EOF\n")))
    assert segments(items)
    assert not [record for record in caplog.records if record.name.startswith("pypdf")]


def test_words_broken_at_line_ends_are_joined_in_running_text_only() -> None:
    assert flow(["A word that is broken at the end of a li-", "ne is joined with what fol\u00adlows it."]) == (
        "A word that is broken at the end of a line is joined with what fol\u00adlows it."
    )
    assert flow(["Tel.", "030-", "1234"]) == "Tel.\n030-\n1234"
    assert flow(["", "  "]) == ""


def test_rows_of_figures_stay_rows() -> None:
    rows = ["Assam second flush 2023 in the tin 4 x 12.50 50.00", "Sencha of the first harvest 2024 2 x 18.00 36.00"]
    assert flow(rows) == "\n".join(rows)


def test_text_that_runs_from_right_to_left_keeps_its_order() -> None:
    pieces = [
        DrawnText("\u05d0\u05d1", 200, 500, 10),
        DrawnText("\u05d2\u05d3", 100, 500, 10),
        DrawnText("below", 50, 400, 10),
    ]
    assert paragraphs(pieces, "") == ["\u05d0\u05d1 \u05d2\u05d3", "below"]


def test_invoices_of_many_makers(shared_data: Path) -> None:
    """Number and total of each are found as a person would type them."""
    folder = shared_data / "documents" / "invoice2data" / "tests" / "compare"
    checked = 0
    for path in sorted(folder.glob("*.pdf")):
        text = "\n".join(texts(list(parse_pdf(Source(path.name, "", Limits(), path=path)))))
        expected = json.loads(path.with_suffix(".json").read_text("utf-8"))[0]
        plain = text.translate({ord(mark): None for mark in "., \n"})
        assert expected["invoice_number"] in plain, path.name
        amount = f"{expected.get('amount', 127.5):.2f}"
        assert amount.replace(".", "") in plain or amount.removesuffix(".00") in plain, path.name
        checked += 1
    assert checked >= 10


def test_files_of_many_makers(shared_data: Path) -> None:
    columns = shared_data / "documents" / "py-pdf_sample-files" / "026-latex-multicolumn" / "multicolumn.pdf"
    found = texts(list(parse_pdf(Source("m.pdf", "", Limits(), path=columns))))
    assert any(text.startswith("Lorem ipsum dolor sit amet, consectetuer adipiscing elit. Ut purus") for text in found)
    paths = [path for path in (shared_data / "documents").rglob("*.pdf") if path.stat().st_size < 500_000]
    read, refused = read_all(parse_pdf, paths)
    assert len(read) >= 45
    assert {problem.code for problem in refused.values()} == {"encrypted"}
