"""The pictures of a PDF's pages: pages that are scans as a whole, and pictures among the text of the others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, BinaryIO

from msgspec import Struct

from desktop_rag.errors import Damaged
from desktop_rag.messages import say
from desktop_rag.parsing.media.picture_files import GET_A_FRESH_COPY, MOST_PIXELS, encoded, problem_of
from desktop_rag.parsing.pdf.page_layout import clean
from desktop_rag.types import IMAGE_SIDE, Page, Region, Segment

if TYPE_CHECKING:
    import PIL.Image
    from pypdfium2 import PdfDocument, PdfObject, PdfPage

_POINTS = 72
_RESOLUTION = 200
"""Pixels an inch: text of 8 points is still read."""
_LEAST_SIDE = 100
"""Pixels; what is smaller on the page, or in the file, is a logo, a bullet or a line."""
_THIN_TEXT = 50
"""Letters up to which a page's text is taken for a stamp, or the rubbish of a scanner, if a picture fills the page."""
_FILLING = 0.5
_WHOLE_PAGE = 0.8
"""A picture of this share of the page is the page itself, scanned, or its background."""
_MOST_PARTS = 2_000
"""Images on one page; of a page drawn from more, none is a picture."""
_DEEPEST = 4
_TOUCHING = 2.0
"""Points; programs cut one picture into strips that lie as close."""
_CAPTION_BAND = 40.0
"""Points below a picture in which its caption begins."""
_CAPTION = re.compile(
    r"(?:fig(?:ure|\.)|abb(?:ildung|\.)|photo(?:graph)?|foto|picture|image|bild|chart|diagram|plate|illustration|map|"
    r"scheme|exhibit|screenshot|tabelle|table)\b",
    re.IGNORECASE,
)
_LONGEST_CAPTION = 300


class _PlacedImage(Struct):
    """An image on a page, or several that lie together: edges in points from the lower left corner."""

    left: float
    bottom: float
    right: float
    top: float
    pixels: int
    content: bytes

    @property
    def area(self) -> float:
        return max(self.right - self.left, 0.0) * max(self.top - self.bottom, 0.0)

    def touches(self, other: _PlacedImage) -> bool:
        return (
            self.left <= other.right + _TOUCHING
            and other.left <= self.right + _TOUCHING
            and self.bottom <= other.top + _TOUCHING
            and other.bottom <= self.top + _TOUCHING
        )

    def take(self, other: _PlacedImage) -> None:
        self.left, self.bottom = min(self.left, other.left), min(self.bottom, other.bottom)
        self.right, self.top = max(self.right, other.right), max(self.top, other.top)
        self.pixels += other.pixels


class PdfPictures:
    """The pictures of one open PDF. A picture that comes again (a logo) is given once."""

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self._stream = stream
        self._name = name
        self._document: PdfDocument | None = None
        self._seen: set[bytes] = set()

    def close(self) -> None:
        if self._document is not None:
            self._document.close()

    def on_page(self, index: int, texts: Sequence[str]) -> Iterator[Segment]:
        """The page as a scan, or the pictures on it; ``index`` counts from 0, ``texts`` are the page's own.

        Raises a ``FileProblem``.
        """
        try:
            page = self._open()[index]
            try:
                yield from self._segments(page, index, texts)
            finally:
                page.close()
        except Exception as error:
            raise problem_of(error, say("parsing.page-of", number=index + 1, name=self._name)) from error

    def _open(self) -> PdfDocument:
        if self._document is None:
            from pypdfium2 import PdfDocument

            self._document = PdfDocument(self._stream)
        return self._document

    def _segments(self, page: PdfPage, index: int, texts: Sequence[str]) -> Iterator[Segment]:
        parts = self._parts(page)
        width, height = page.get_size()
        paper = width * height
        letters = sum(character.isalnum() for text in texts for character in text)
        largest = max((part.area for part in _joined(parts)), default=0.0)
        if not letters or (letters < _THIN_TEXT and largest > _FILLING * paper):
            if letters or parts or _is_drawn(page):
                image = _rendered(page)
                if image.getcolors(1) is None:  # else it is blank
                    yield Segment("", Page(index + 1), form="scan", image=encoded(image))
            return
        fresh = [part for part in parts if part.content not in self._seen]
        self._seen.update(part.content for part in parts)
        found = [part for part in _joined(fresh) if part.area < _WHOLE_PAGE * paper and _is_picture(part)]
        if not found:
            return
        image = _rendered(page)
        for part in found:
            region = _region(page, part)
            if region is None:
                continue
            box = (
                round(region.x * image.width),
                round(region.y * image.height),
                round((region.x + region.width) * image.width),
                round((region.y + region.height) * image.height),
            )
            crop = image.crop(box)
            if min(crop.size) >= _LEAST_SIDE and crop.getcolors(1) is None:
                yield Segment(
                    _caption(page, part),
                    Page(index + 1, region),
                    role="picture",
                    form="picture",
                    image=encoded(crop),
                )

    def _parts(self, page: PdfPage) -> list[_PlacedImage]:
        import pypdfium2.raw as pdfium
        from pypdfium2 import PdfImage

        parts: list[_PlacedImage] = []
        for number, found in enumerate(page.get_objects([pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=_DEEPEST)):
            if number == _MOST_PARTS:
                return []
            assert isinstance(found, PdfImage)
            width, height = found.get_px_size()
            if width * height > MOST_PIXELS:
                raise Damaged(
                    say("parsing.contains-image-pixels", name=self._name, width=width, height=height), GET_A_FRESH_COPY
                )
            outer = _outermost(found)
            content = blake2b(bytes(found.get_data()), digest_size=16).digest()
            left, bottom, right, top = outer.get_bounds()
            parts.append(_PlacedImage(left, bottom, right, top, width * height, content))
        return parts


def _outermost(found: PdfObject) -> PdfObject:
    """The object itself, or what holds it on the page: only that one's edges are those on the page."""
    while found.container is not None:
        found = found.container
    return found


def _joined(parts: Sequence[_PlacedImage]) -> list[_PlacedImage]:
    """Parts that touch, put together."""
    whole: list[_PlacedImage] = []
    for part in sorted(parts, key=lambda part: (-part.top, part.left)):
        grown = _PlacedImage(part.left, part.bottom, part.right, part.top, part.pixels, part.content)
        while touching := [other for other in whole if other.touches(grown)]:
            for other in touching:
                grown.take(other)
            whole = [other for other in whole if all(other is not taken for taken in touching)]
        whole.append(grown)
    return whole


def _is_picture(part: _PlacedImage) -> bool:
    least = _LEAST_SIDE * _POINTS / _RESOLUTION
    return (
        part.pixels >= _LEAST_SIDE * _LEAST_SIDE and part.right - part.left >= least and part.top - part.bottom >= least
    )


def _is_drawn(page: PdfPage) -> bool:
    """Whether there is anything on a page: letters drawn as lines, say."""
    return any(True for _ in page.get_objects(max_depth=1))


def _rendered(page: PdfPage) -> PIL.Image.Image:
    width, height = page.get_size()
    scale = min(_RESOLUTION / _POINTS, IMAGE_SIDE / max(width, height, 1.0))
    bitmap = page.render(scale=scale, limit_image_cache=True)
    try:
        image: PIL.Image.Image = bitmap.to_pil().convert("RGB")
    finally:
        bitmap.close()
    image.thumbnail((IMAGE_SIDE, IMAGE_SIDE))  # sides are rounded up
    return image


def _region(page: PdfPage, part: _PlacedImage) -> Region | None:
    """Where a part is on the page as it is shown, cropped and turned; None when it is not to be seen."""
    left, bottom, right, top = page.get_cropbox()
    width, height = right - left, top - bottom
    if width <= 0 or height <= 0:
        return None
    x0, x1 = ((edge - left) / width for edge in (part.left, part.right))
    y0, y1 = ((top - edge) / height for edge in (part.top, part.bottom))
    for _ in range(page.get_rotation() // 90):  # each to the right
        x0, x1, y0, y1 = 1 - y1, 1 - y0, x0, x1
    x0, x1, y0, y1 = (min(max(edge, 0.0), 1.0) for edge in (x0, x1, y0, y1))
    return Region(round(x0, 4), round(y0, 4), round(x1 - x0, 4), round(y1 - y0, 4)) if x0 < x1 and y0 < y1 else None


def _caption(page: PdfPage, part: _PlacedImage) -> str:
    """The text right below a picture, or right above, if it begins as captions do; else ""."""
    words = page.get_textpage()
    try:
        below = words.get_text_bounded(part.left, part.bottom - _CAPTION_BAND, part.right, part.bottom + _TOUCHING)
        above = words.get_text_bounded(part.left, part.top - _TOUCHING, part.right, part.top + _CAPTION_BAND)
    finally:
        words.close()
    for text in (below, above):
        line = " ".join(clean(text).split())
        if _CAPTION.match(line):
            return line[:_LONGEST_CAPTION].strip()
    return ""
