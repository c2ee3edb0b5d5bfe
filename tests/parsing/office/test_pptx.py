"""PowerPoint presentations since 2007."""

from __future__ import annotations

from pathlib import Path

from desktop_rag.parsing.office.pptx import parse_pptx
from desktop_rag.parsing.source import Limits, Source
from desktop_rag.types import Attachment, Page, ParseItem, Problem, Segment
from tests.parsing.reading import metadata, segments, texts
from tests.parsing.real_files import read_all

_SAMPLE = Path(__file__).parents[2] / "samples" / "pptx" / "handbook.pptx"


def _read(path: Path, limits: Limits | None = None) -> list[ParseItem]:
    return list(parse_pptx(Source(path.name, "", limits or Limits(), path=path)))


def test_slides() -> None:
    items = _read(_SAMPLE)
    first, second, third = (Page(number, label="slide") for number in (1, 2, 3))
    columns = "Columns: Tea, Origin, Price, Since"
    assert segments(items) == [
        Segment("The shop opens at eight in the morning and closes at half past six.", first, ("Opening hours",)),
        Segment("Agreed with the landlord in 2023.", first, ("Opening hours", "Notes")),
        Segment("Tea: Assam; Origin: India; Price: 4.5; Since: 2021-05-01", second, ("Teas",), form="row",
                context=columns),
        Segment("Tea: Sencha; Origin: Japan; Price: 6.0; Since: 2022-11-15", second, ("Teas",), form="row",
                context=columns),
        Segment("In a group", second, ("Teas",)),
        Segment("Only a title", third),
    ]  # fmt: skip
    assert (metadata(items).kind, metadata(items).title) == ("slides", "Tea shop handbook")


def test_a_cap_on_slides() -> None:
    items = _read(_SAMPLE, Limits(pages=2))
    assert {item.locator for item in segments(items)} == {Page(1, label="slide"), Page(2, label="slide")}
    assert [item.message for item in items if isinstance(item, Problem)] == [
        "The file is larger than the limits allow, so only the first 2 of 3 slides were read."
    ]


def test_real_files(shared_data: Path) -> None:
    folder = shared_data / "documents" / "tika_documents"
    read, refused = read_all(parse_pptx, folder.glob("*.pptx"))
    assert len(read) >= 26
    assert {problem.code for problem in refused.values()} == {"encrypted"}
    various = read["testPPT_various2.pptx"]
    assert "Comment by Timothy Allison: This is a reply to the initial comment" in texts(various)
    assert any(text.startswith("SLIDE3ChartTitle\n") for text in texts(various))
    assert Segment("NotesForSlide2", Page(2, label="slide"), ("Slide2Header", "Notes")) in segments(various)
    assert [item.name for item in various if isinstance(item, Attachment)] == [
        "oleObject1.xlsx", "oleObject2.pdf", "oleObject3.docx",
    ]  # fmt: skip
