"""Text read in drawn pages: upright, turned, worn; and in pictures that are none, or empty."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from desktop_rag.errors import ModelError
from desktop_rag.indexing.ocr_paragraphs import paragraphs_of
from desktop_rag.models.vision import ocr
from desktop_rag.models.vision.ocr import OcrReader, OcrSettings, Read, TextLine, open_model

pytest.importorskip("rapidocr")

LETTER = (
    "Dear neighbours,",
    "the yearly meeting takes place on Monday, 14 March 2022",
    "in the reading room of the town library.",
    "Invoice 20417 over 318.50 Euro has been paid.",
)

_FONT = files("reportlab") / "fonts" / "Vera.ttf"


def page(lines: Sequence[str], *, size: tuple[int, int] = (1000, 700), ink: int = 0) -> Image.Image:
    picture = Image.new("L", size, 255)
    pen = ImageDraw.Draw(picture)
    font = ImageFont.truetype(str(_FONT), 28)  # has all letters
    for number, line in enumerate(lines):
        pen.text((60, 80 + 50 * number), line, fill=ink, font=font)
    return picture


def saved(picture: Image.Image, form: str = "PNG", **options: int) -> bytes:
    data = BytesIO()
    picture.save(data, form, **options)
    return data.getvalue()


@pytest.fixture(scope="module")
def reader() -> OcrReader:
    return open_model(OcrSettings(threads=1))


def read(reader: OcrReader, image: bytes) -> tuple[TextLine, ...]:
    (lines,) = Read(image).perform(reader, threading.Event())
    return lines


def text_of(lines: Sequence[TextLine]) -> str:
    """All that was read, in reading order, without the breaks."""
    return " ".join(text for text, _ in paragraphs_of(lines)).replace("\n", " ")


def test_reads_a_page(reader: OcrReader) -> None:
    lines = read(reader, saved(page(LETTER)))
    assert text_of(lines) == " ".join(LETTER)
    assert {line.turn for line in lines} == {0}
    assert min(line.score for line in lines) > 0.9


def test_says_where_each_line_stands(reader: OcrReader) -> None:
    (line,) = read(reader, saved(page(["only one line"])))
    assert line.box.x == pytest.approx(0.06, abs=0.02)
    assert line.box.y == pytest.approx(80 / 700, abs=0.02)
    assert line.box.height == pytest.approx(40 / 700, abs=0.03)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_reads_a_page_that_is_turned(reader: OcrReader, turn: int) -> None:
    turned = page(LETTER).rotate(-turn, expand=True, fillcolor=255)
    lines = read(reader, saved(turned))
    assert {line.turn for line in lines} == {turn}
    assert text_of(lines) == " ".join(LETTER)
    ((_, region),) = paragraphs_of(lines)[:1]
    first = region.x if turn == 270 else 1 - region.x - region.width if turn == 90 else 1 - region.y - region.height
    assert first == pytest.approx(80 / 700, abs=0.03)


def test_reads_a_page_that_is_askew_and_worn(reader: OcrReader) -> None:
    askew = page(LETTER, ink=70).rotate(1.5, fillcolor=235, resample=Image.Resampling.BICUBIC)
    found = text_of(read(reader, saved(askew, "JPEG", quality=25)))
    assert found.replace(" ", "") == "".join(LETTER).replace(" ", "")


def test_reads_letters_with_marks(reader: OcrReader) -> None:
    assert text_of(read(reader, saved(page(["Größe und Gewicht: fünf Äpfel"])))) == "Größe und Gewicht: fünf Äpfel"


def test_reads_large_and_small_pictures(reader: OcrReader) -> None:
    large = page(LETTER).resize((4000, 2800))
    assert text_of(read(reader, saved(large, "JPEG"))) == " ".join(LETTER)
    small = Image.new("L", (150, 22), 255)
    ImageDraw.Draw(small).text((4, 3), "Total 42.00", fill=0, font=ImageFont.load_default(size=15))
    assert text_of(read(reader, saved(small))) == "Total 42.00"


@pytest.mark.parametrize("image", [b"", b"no picture", saved(page(LETTER))[:900]])
def test_what_cannot_be_decoded_has_no_lines(reader: OcrReader, image: bytes) -> None:
    assert read(reader, image) == ()


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (900, 3), (800, 600)])
def test_empty_pages_are_not_looked_at(
    reader: OcrReader, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "_find", lambda _: pytest.fail("a blank picture was searched"))
    assert read(reader, saved(Image.new("RGB", size, (250, 250, 240)))) == ()


def test_a_picture_without_text_has_no_lines(reader: OcrReader) -> None:
    slope = Image.linear_gradient("L").resize((600, 400))
    assert read(reader, saved(slope)) == ()


def test_stops_when_told(reader: OcrReader) -> None:
    cancelled = threading.Event()
    cancelled.set()
    assert list(Read(saved(page(LETTER))).perform(reader, cancelled)) == []


def test_nothing_is_fetched_when_a_model_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ocr._MODELS, "Rec.model_path", "missing.onnx")
    with pytest.raises(ModelError, match=r"missing\.onnx is missing"):
        open_model(OcrSettings())


def test_reads_public_pictures(reader: OcrReader, shared_data: Path) -> None:
    image = (shared_data / "images" / "tika" / "testOCR.png").read_bytes()
    assert text_of(read(reader, image)) == "This file contains some words."
