"""Scans and pictures in PDFs."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader  # type: ignore[import-untyped]
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

from desktop_rag.parsing.pdf.document import parse_pdf
from desktop_rag.parsing.source import Limits, Source
from desktop_rag.types import Page, ParseItem, Problem, Segment
from tests.parsing.reading import segments
from tests.samples.make_pictures import shop

WORDS = (
    "The awning above the door was put up on the third of May,",
    "and it keeps the tins on the shelf out of the sun.",
)
SIZE = (400, 600)


def _parse(draw: Callable[[Any], None], limits: Limits | None = None) -> list[ParseItem]:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=SIZE, invariant=1)
    draw(canvas)
    canvas.save()
    return list(parse_pdf(Source("a.pdf", "", limits or Limits(), data=out.getvalue())))


def _write(canvas: Any) -> None:
    for number, line in enumerate(WORDS):
        canvas.drawString(40, 560 - 14 * number, line)


def _picture(width: int = 320, height: int = 240, awning: str = "firebrick") -> Any:
    return ImageReader(shop(width, height, awning))


def _image(segment: Segment) -> Image.Image:
    assert segment.image is not None
    return Image.open(io.BytesIO(segment.image)).convert("RGB")


def _pictures(items: list[ParseItem]) -> list[Segment]:
    return [item for item in segments(items) if item.image is not None]


def test_a_picture_among_text_with_its_caption() -> None:
    def draw(canvas: Any) -> None:
        _write(canvas)
        canvas.drawImage(_picture(), 100, 300, 200, 150)
        canvas.drawString(100, 285, "Figure 1: The shop front")

    (picture,) = _pictures(_parse(draw))
    assert (picture.form, picture.role, picture.text) == ("picture", "picture", "Figure 1: The shop front")
    assert isinstance(picture.locator, Page)
    region = picture.locator.region
    assert region is not None
    assert (region.x, region.y, region.width, region.height) == pytest.approx((0.25, 0.25, 0.5, 0.25), abs=0.002)
    pixel = _image(picture).getpixel((_image(picture).width // 2, _image(picture).height * 2 // 5))
    assert pixel == (178, 34, 34)


def test_a_turned_page() -> None:
    def draw(canvas: Any) -> None:
        canvas.setPageRotation(90)  # which makes the paper 600 wide and 400 high, before it is turned
        _write(canvas)
        canvas.drawImage(_picture(), 0, 100, 200, 150)

    (picture,) = _pictures(_parse(draw))
    assert isinstance(picture.locator, Page)
    region = picture.locator.region
    assert region is not None
    assert (region.x, region.y, region.width, region.height) == pytest.approx((0.25, 0, 0.375, 0.3333), abs=0.002)
    width, height = _image(picture).size
    assert height > width
    assert _image(picture).getpixel((width * 3 // 5, height // 2)) == (178, 34, 34)


def test_strips_are_one_picture() -> None:
    def draw(canvas: Any) -> None:
        _write(canvas)
        for number in range(5):
            canvas.drawImage(_picture(200, 20 + number), 100, 300 + 20 * number, 200, 20)

    (picture,) = _pictures(_parse(draw))
    assert _image(picture).size == pytest.approx((555, 278), abs=3)


def test_small_and_repeated_ones_are_left_out() -> None:
    def draw(canvas: Any) -> None:
        for _ in range(3):
            _write(canvas)
            canvas.drawImage(_picture(), 250, 500, 80, 40)  # a letterhead
            canvas.drawImage(_picture(40, 40, "navy"), 20, 20, 15, 15)
            canvas.showPage()

    (picture,) = _pictures(_parse(draw))
    assert isinstance(picture.locator, Page)
    assert picture.locator.number == 1


def test_a_background_is_no_picture() -> None:
    def draw(canvas: Any) -> None:
        canvas.drawImage(_picture(), 0, 0, *SIZE)
        _write(canvas)

    assert _pictures(_parse(draw)) == []


def test_a_scan_with_a_stamp_on_it_is_still_read() -> None:
    def draw(canvas: Any) -> None:
        canvas.drawImage(_picture(), 0, 0, *SIZE)
        canvas.drawString(20, 20, "Scanned with ScanPal")

    words, scan = segments(_parse(draw))
    assert words.text == "Scanned with ScanPal"
    assert (scan.form, scan.text, scan.locator) == ("scan", "", Page(1))
    assert max(_image(scan).size) == pytest.approx(600 / 72 * 200, abs=2)


def test_words_drawn_as_lines_are_a_scan_and_a_blank_page_is_nothing() -> None:
    def draw(canvas: Any) -> None:
        canvas.line(50, 50, 300, 300)
        canvas.showPage()
        canvas.setFillGray(1)
        canvas.rect(0, 0, 400, 600, fill=1, stroke=0)
        canvas.showPage()
        canvas.showPage()

    assert [(item.form, item.locator) for item in segments(_parse(draw))] == [("scan", Page(1))]


def test_a_cap_on_pictures() -> None:
    def draw(canvas: Any) -> None:
        for number in range(4):
            _write(canvas)
            canvas.drawImage(_picture(200, 200 + number), 100, 300, 150, 150)
            canvas.showPage()

    items = _parse(draw, Limits(attachments=2))
    assert len(_pictures(items)) == 2
    assert [item.code for item in items if isinstance(item, Problem)] == ["over-cap"]
    assert sum(item.form == "prose" for item in segments(items)) == 4


def test_real_files(shared_data: Path) -> None:
    path = shared_data / "documents" / "py-pdf_sample-files" / "003-pdflatex-image" / "pdflatex-image.pdf"
    (picture,) = _pictures(list(parse_pdf(Source(path.name, "", Limits(), path=path))))
    assert picture.form == "picture"
    path = shared_data / "documents" / "py-pdf_sample-files" / "008-reportlab-inline-image" / "inline-image.pdf"
    assert not any(isinstance(item, Problem) for item in parse_pdf(Source(path.name, "", Limits(), path=path)))
