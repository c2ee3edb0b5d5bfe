"""How much of a scanned page is read, and how quickly: pages that have a text layer, drawn, turned and worn."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from io import BytesIO

from msgspec import Struct
from PIL import Image

from desktop_rag.indexing.ocr_paragraphs import paragraphs_of
from desktop_rag.models.runtime.process import ModelProcess
from desktop_rag.models.vision.ocr import OcrSettings, Read
from desktop_rag.types import IMAGE_SIDE
from tests.benchmarks.corpora import SHARED_DATA
from tests.benchmarks.report import Section, Target

TITLE = "Reading scanned pages"
PAGES = 20
RECALL = 0.95
RECALL_WORN = 0.9
_WORD = re.compile(r"[^\W_]{2,}")


class _Page(Struct, frozen=True):
    name: str
    words: Counter[str]
    sharp: Image.Image
    """At 300 dots an inch."""


def measure(section: Section) -> None:
    """A row for each way a page may come from a scanner."""
    pages = list(_pages(PAGES // 5 if section.quick else PAGES))
    process = ModelProcess("desktop_rag.models.vision.ocr", OcrSettings())
    try:
        process.load()
        for name, dpi, askew, quality, turn in (
            ("300 dpi", 300, 0.0, 90, 0),
            ("150 dpi", 150, 0.0, 90, 0),
            ("150 dpi, 1.5 degrees askew", 150, 1.5, 90, 0),
            ("150 dpi, JPEG quality 25", 150, 0.0, 25, 0),
            ("150 dpi, askew, JPEG quality 25", 150, 1.5, 25, 0),
            ("150 dpi, on its side", 150, 0.0, 90, 90),
            ("150 dpi, upside down", 150, 0.0, 90, 180),
        ):
            shares, least, seconds = [], ("", 1.0), 0.0
            for page in pages:
                scan = _scan(page.sharp, dpi, askew, quality, turn)
                start = time.perf_counter()
                lines = next(process.ask(Read(scan)), ())
                text = " ".join(text for text, _ in paragraphs_of(lines))
                seconds += time.perf_counter() - start
                shares.append(_share(page.words, text))
                least = min(least, (page.name, shares[-1]), key=lambda pair: pair[1])
            worn = RECALL_WORN if askew and quality < 50 else RECALL
            section.add(
                f"{len(pages)} pages, {name}",
                {"words read": sum(shares) / len(shares), "pages/s": len(pages) / seconds, "worst page": least[1]},
                Target("words read", worn),
                note=f"worst: {least[0]}",
            )
    finally:
        process.close()


def _pages(count: int) -> Iterator[_Page]:
    """First pages of public documents that say themselves what is written on them."""
    import pypdfium2

    left = count
    for path in sorted((SHARED_DATA / "documents").rglob("*.pdf")):
        try:
            with pypdfium2.PdfDocument(path) as document:
                page = document[0]
                words = Counter(_WORD.findall(page.get_textpage().get_text_bounded().casefold()))
                if not 60 <= words.total() <= 900:
                    continue
                yield _Page(path.name, words, page.render(scale=300 / 72).to_pil().convert("RGB"))
        except pypdfium2.PdfiumError:  # broken on purpose, or encrypted
            continue
        left -= 1
        if not left:
            return


def _scan(sharp: Image.Image, dpi: int, askew: float, quality: int, turn: int) -> bytes:
    """A JPEG as a parser hands it on."""
    page = sharp.resize((sharp.width * dpi // 300, sharp.height * dpi // 300), Image.Resampling.LANCZOS)
    if askew:
        page = page.rotate(askew, expand=True, fillcolor="white", resample=Image.Resampling.BICUBIC)
    page = page.rotate(-turn, expand=True)
    page.thumbnail((IMAGE_SIDE, IMAGE_SIDE))
    data = BytesIO()
    page.save(data, "JPEG", quality=quality)
    return data.getvalue()


def _share(words: Counter[str], text: str) -> float:
    """The part of the words that were read, each as often as it is there."""
    return (words & Counter(_WORD.findall(text.casefold()))).total() / words.total()
