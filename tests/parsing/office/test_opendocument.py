"""OpenDocument text and presentations."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from desktop_rag.errors import Damaged, Encrypted
from desktop_rag.parsing.office.opendocument import parse_odp, parse_odt
from desktop_rag.parsing.source import Limits, Source
from desktop_rag.types import Page, Problem, Segment, Whole
from tests.parsing.reading import metadata, segments, texts

_SAMPLES = Path(__file__).parents[2] / "samples"
_TROUBLED = Path(__file__).parents[1] / "troubled"
_COLUMNS = "Columns: Tea, Origin, Price, Since"
_ASSAM = "Tea: Assam; Origin: India; Price: 4.5; Since: 2021-05-01"
_SENCHA = "Tea: Sencha; Origin: Japan; Price: 6.0; Since: 2022-11-15"
_OPENING = "The shop opens at eight in the morning and closes at half past six."


def _source(path: Path, limits: Limits | None = None) -> Source:
    return Source(path.name, "", limits or Limits(), path=path)


def test_text() -> None:
    items = list(parse_odt(_source(_SAMPLES / "odt" / "handbook.odt")))
    title = "Tea shop handbook"
    hours, teas = (title, "Opening hours"), (title, "Teas", "Black and green")
    assert segments(items) == [
        Segment(_OPENING, Whole(), hours),
        Segment("On Sundays at ten.", Whole(), hours),
        Segment("Comment by Mira Okafor: Agreed with the landlord in 2023.", Whole(), hours),
        Segment(_ASSAM, Whole(), teas, form="row", context=_COLUMNS),
        Segment(_SENCHA, Whole(), teas, form="row", context=_COLUMNS),
        Segment("- Warm the pot\n- Pour the water", Whole(), teas),
        Segment("In a box", Whole(), teas),
        Segment("Nothing below", Whole(), (title,)),
        Segment("For staff only", Whole()),
    ]


def test_slides() -> None:
    items = list(parse_odp(_source(_SAMPLES / "odp" / "handbook.odp")))
    first, second = Page(1, label="slide"), Page(2, label="slide")
    assert segments(items) == [
        Segment(_OPENING, first, ("Opening hours",)),
        Segment("Agreed with the landlord in 2023.", first, ("Opening hours", "Notes")),
        Segment(_ASSAM, second, ("Teas",), form="row", context=_COLUMNS),
        Segment(_SENCHA, second, ("Teas",), form="row", context=_COLUMNS),
        Segment("In a group", second, ("Teas",)),
    ]


def test_metadata() -> None:
    found = metadata(list(parse_odt(_source(_SAMPLES / "odt" / "handbook.odt"))))
    assert (found.title, found.author, found.language, found.tags) == (
        "Tea shop handbook", "Mira Okafor", "en-GB", ("tea",),
    )  # fmt: skip
    assert found.created == datetime(2024, 3, 5, 9, 30).astimezone()


def test_a_cap_on_slides() -> None:
    items = list(parse_odp(_source(_SAMPLES / "odp" / "handbook.odp", Limits(pages=1))))
    assert {item.locator for item in segments(items)} == {Page(1, label="slide")}
    assert [item.code for item in items if isinstance(item, Problem)] == ["over-cap"]


def test_what_cannot_be_read() -> None:
    with pytest.raises(Encrypted, match=r"protected\.odt"):
        list(parse_odt(_source(_TROUBLED / "protected.odt")))
    with pytest.raises(Damaged, match="no OpenDocument presentation"):
        list(parse_odp(_source(_SAMPLES / "odt" / "handbook.odt")))
    with pytest.raises(Damaged):
        list(parse_odt(Source("x.odt", "", Limits(), data=b"")))


def test_a_real_file(shared_data: Path) -> None:
    path = shared_data / "documents" / "tika_documents" / "testPhoneNumberExtractor.odt"
    assert "- 9498888888\n- 9497777777\n- (949) 666 - 6666\n" in texts(list(parse_odt(_source(path))))[1]
