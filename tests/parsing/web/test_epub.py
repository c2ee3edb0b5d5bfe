"""EPUB books."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from desktop_rag.errors import Damaged, Encrypted
from desktop_rag.parsing.source import Limits, Source
from desktop_rag.parsing.web.epub import parse_epub
from desktop_rag.types import Page, ParseItem, Problem
from tests.parsing.reading import metadata, segments
from tests.samples.tea_shop import OPENING, RETURNS, zipped

_SAMPLE = Path(__file__).parents[2] / "samples" / "epub" / "handbook.epub"
_TROUBLED = Path(__file__).parents[1] / "troubled"


def _read(data: bytes, limits: Limits | None = None) -> list[ParseItem]:
    return list(parse_epub(Source("x.epub", "", limits or Limits(), data=data)))


def test_chapters_in_the_order_of_the_spine() -> None:
    items = _read(_SAMPLE.read_bytes())
    places = {item.text: (item.locator, item.headings) for item in segments(items)}
    assert places[OPENING] == (Page(1, label="chapter"), ("Opening hours",))
    assert places[RETURNS] == (Page(2, label="chapter"), ("Returns",))
    assert not any("Contents" in (item.text, *item.headings) for item in segments(items))


def test_metadata() -> None:
    found = metadata(_read(_SAMPLE.read_bytes()))
    assert (found.kind, found.title, found.author, found.language, found.tags) == (
        "book", "Tea shop handbook", "Mira Okafor", "en-GB", ("Tea",),
    )  # fmt: skip
    assert found.created == datetime(2024, 3, 5).astimezone()


def test_copy_protection() -> None:
    with pytest.raises(Encrypted, match="copy-protected"):
        _read((_TROUBLED / "protected.epub").read_bytes())


def test_caps() -> None:
    items = _read(_SAMPLE.read_bytes(), Limits(pages=1))
    assert {item.locator for item in segments(items)} == {Page(1, label="chapter")}
    assert [item.code for item in items if isinstance(item, Problem)] == ["over-cap"]


def test_a_missing_chapter_is_told_and_the_others_are_read() -> None:
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><manifest>'
        '<item id="a" href="a.xhtml" media-type="application/xhtml+xml"/>'
        '<item id="b" href="b.xhtml" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="a"/><itemref idref="b"/></spine></package>'
    )
    items = _read(zipped({"x.opf": package, "b.xhtml": f"<html><body><p>{OPENING}</p></body></html>"}))
    assert [(item.text, item.locator) for item in segments(items)] == [(OPENING, Page(2, label="chapter"))]
    assert [item.code for item in items if isinstance(item, Problem)] == ["damaged"]


@pytest.mark.parametrize("data", [b"", zipped({"readme": "no book"})])
def test_no_book(data: bytes) -> None:
    with pytest.raises(Damaged, match=r"x\.epub"):
        _read(data)
