"""What every parser promises, checked for each format of the table.

A format's samples are the files below ``tests/samples`` with one of its suffixes.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from desktop_rag.errors import FileProblem
from desktop_rag.parsing.detect import HEAD_BYTES, detect
from desktop_rag.parsing.formats import FORMATS, Format
from desktop_rag.parsing.source import Limits, Source
from desktop_rag.parsing.stream import DocumentEnd, DocumentSegment, encode_events
from desktop_rag.parsing.worker.tree import parse_tree
from desktop_rag.types import (
    Attachment,
    Cells,
    Entry,
    FileState,
    Lines,
    Locator,
    Message,
    Metadata,
    Page,
    ParseItem,
    Problem,
    Segment,
    TimeSpan,
)

_SAMPLES = Path(__file__).parents[1] / "samples"
_READ = [row for row in FORMATS if row.parser]
_CUTS = (0.03, 0.3, 0.6, 0.9, 0.99)

every_format = pytest.mark.parametrize("row", _READ, ids=lambda row: row.suffixes[0][1:])


def _samples(row: Format) -> list[Path]:
    found = sorted(path for path in _SAMPLES.glob("*/**/*.*") if path.suffix.lower() in row.suffixes)
    assert found, f"no sample of {row.name}: put one into tests/samples/{row.suffixes[0][1:]}/"
    return found


def _parse(row: Format, name: str, data: bytes, limits: Limits | None = None) -> tuple[list[ParseItem], Problem | None]:
    """What the parser yields, and the problem it ends with; any other exception fails the test."""
    items: list[ParseItem] = []
    ending = None
    try:
        items.extend(_each(row.load()(Source(name, row.mime, limits or Limits(), data=data))))
    except FileProblem as raised:
        ending = raised.as_problem()
        _check_item(ending)
    return items, ending


def _each(items: Iterator[ParseItem]) -> Iterator[ParseItem]:
    for item in items:
        _check_item(item)
        yield item


def _check_item(item: ParseItem) -> None:
    assert isinstance(item, Segment | Attachment | Metadata | Problem)
    if isinstance(item, Segment):
        assert item.text.strip() or item.image or item.sound is not None, "a blank segment"
        assert all(heading.strip() for heading in item.headings), "a blank heading"
        _check_locator(item.locator)
        lines = _lines_of(item.locator)
        if lines is not None:
            assert item.text.count("\n") == lines.last - lines.first, f"{item.text!r} is not at {lines}"
    elif isinstance(item, Attachment):
        assert isinstance(item.locator, Message | Entry)
        assert isinstance(item.data, bytes)
        _check_locator(item.locator)
    elif isinstance(item, Metadata):
        assert item.created is None or item.created.tzinfo is not None, "a time without a time zone"
    else:
        assert item.code.strip()
        assert item.message.strip()


def _check_locator(place: Locator) -> None:
    if isinstance(place, Lines | Cells):
        assert 1 <= place.first <= place.last
    elif isinstance(place, Page):
        assert place.number >= 1
        if place.region:
            assert all(0 <= edge <= 1 for edge in (place.region.x, place.region.y))
            assert place.region.x + place.region.width <= 1.001
            assert place.region.y + place.region.height <= 1.001
    elif isinstance(place, TimeSpan):
        assert 0 <= place.start_s <= place.end_s
    elif isinstance(place, Message):
        assert place.index >= 1
    if isinstance(place, Message | Entry) and place.inner is not None:
        _check_locator(place.inner)


def _lines_of(place: Locator) -> Lines | None:
    inner = place.inner if isinstance(place, Message) else place
    return inner if isinstance(inner, Lines) else None


def _length(items: list[ParseItem]) -> int:
    return sum(len(item.text) for item in items if isinstance(item, Segment))


@every_format
def test_a_sample_gives_text(row: Format) -> None:
    for path in _samples(row):
        items, problem = _parse(row, path.name, path.read_bytes())
        assert problem is None
        assert any(isinstance(item, Segment | Attachment) for item in items), f"nothing in {path.name}"


@every_format
def test_a_sample_gives_the_same_again(row: Format) -> None:
    for path in _samples(row):
        data = path.read_bytes()
        assert _parse(row, path.name, data) == _parse(row, path.name, data)


@every_format
def test_a_file_and_its_bytes_give_the_same(row: Format) -> None:
    for path in _samples(row):
        from_path = list(row.load()(Source(path.name, row.mime, Limits(), path=path)))
        assert from_path == _parse(row, path.name, path.read_bytes())[0]


@every_format
@pytest.mark.parametrize("cut", _CUTS)
def test_a_file_cut_short(row: Format, cut: float) -> None:
    for path in _samples(row):
        data = path.read_bytes()
        whole, _ = _parse(row, path.name, data)
        items, _ = _parse(row, path.name, data[: int(len(data) * cut)])
        assert _length(items) <= max(_length(whole), 1) * 2, "more text than the whole file has"


@every_format
def test_a_file_with_damage_inside(row: Format) -> None:
    chance = random.Random(7)
    for path in _samples(row):
        data = bytearray(path.read_bytes())
        for _ in range(max(4, len(data) // 500)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        _parse(row, path.name, bytes(data))


@every_format
def test_an_empty_file(row: Format) -> None:
    items, _ = _parse(row, f"empty{row.suffixes[0]}", b"")
    assert not any(isinstance(item, Segment | Attachment) for item in items)


@every_format
@pytest.mark.parametrize("size", [1, 100, 20_000])
def test_random_bytes(row: Format, size: int) -> None:
    for seed in range(3):
        _parse(row, f"random{row.suffixes[0]}", random.Random(seed).randbytes(size))


@every_format
def test_a_text_cap_is_kept(row: Format) -> None:
    """Text-like formats read up to ``text_bytes``; every format is read under caps of pages and rows."""
    limits = Limits(text_bytes=200, pages=1, rows=1, messages=1, attachments=1)
    for path in _samples(row):
        data = path.read_bytes()
        whole, _ = _parse(row, path.name, data)
        items, problem = _parse(row, path.name, data, limits)
        left_out = len(items) < len(whole) or _length(items) < _length(whole)
        if left_out and row.carrier == "text":
            assert problem is not None or any(isinstance(item, Problem) for item in items), "cut without a word"


@every_format
def test_the_content_is_recognised_under_its_own_name(row: Format) -> None:
    for path in _samples(row):
        assert detect(path.name, path.read_bytes()[:HEAD_BYTES], lambda path=path: path.open("rb")) is row  # type: ignore[misc]


@every_format
def test_the_content_is_recognised_under_a_wrong_name(row: Format, tmp_path: Path) -> None:
    """Containers and mails are known by their content; text under a wrong name is read as text at least."""
    for path in _samples(row):
        wrong = tmp_path / "wrong.dat"
        wrong.write_bytes(path.read_bytes())
        found = detect(wrong.name, wrong.read_bytes()[:HEAD_BYTES], lambda wrong=wrong: wrong.open("rb"))  # type: ignore[misc]
        assert found is not None
        if row.carrier != "text":
            assert found.parser == row.parser
        assert found.parser


@every_format
@pytest.mark.parametrize("name", ["wrong.txt", "wrong.docx", "wrong.jpg"])
def test_a_wrong_name_is_survived(row: Format, name: str, tmp_path: Path) -> None:
    for path in _samples(row):
        wrong = tmp_path / name
        wrong.write_bytes(path.read_bytes())
        end = list(parse_tree(wrong, Limits()))[-1]
        assert isinstance(end, DocumentEnd)
        assert end.state in (FileState.INDEXED, FileState.EMPTY) or end.problem


@every_format
def test_a_sample_is_parsed_as_a_whole_and_travels(row: Format) -> None:
    for path in _samples(row):
        events = list(parse_tree(path, Limits()))
        assert any(isinstance(event, DocumentSegment) for event in events)
        assert isinstance(events[-1], DocumentEnd)
        assert events[-1].state in (FileState.INDEXED, FileState.PARTIAL)
        assert msgspec.msgpack.decode(encode_events(events))
