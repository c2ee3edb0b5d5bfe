"""JSON and XML as readable text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desktop_rag.errors import Damaged
from desktop_rag.parsing.source import Limits, Source
from desktop_rag.parsing.structured import parse_json, parse_xml
from desktop_rag.types import Lines, Metadata, ParseItem, Problem, Segment

SAMPLES = Path(__file__).parents[1] / "samples"


def _segments(parse: Callable[[Source], Iterator[ParseItem]], data: bytes) -> tuple[list[Segment], list[Problem]]:
    items = list(parse(Source("data", "", Limits(), data=data)))
    return [item for item in items if isinstance(item, Segment)], [item for item in items if isinstance(item, Problem)]


def test_json_object_with_records() -> None:
    segments, problems = _segments(parse_json, (SAMPLES / "json" / "walk.json").read_bytes())
    assert [(segment.text, segment.headings) for segment in segments] == [
        ("name: Lantern walk\nopen: yes", ()),
        ("person: Tomke Friis\nphone: 01632 960555", ("contact",)),
        ("place: Mill bridge; minutes: 12", ("stops",)),
        ("place: Chapel yard; minutes: 25", ("stops",)),
    ]
    assert problems == []


def test_json_lines_are_located() -> None:
    segments, _ = _segments(parse_json, (SAMPLES / "jsonl" / "kiln.jsonl").read_bytes())
    assert [segment.locator for segment in segments] == [Lines(1, 1), Lines(2, 2)]
    assert "1240 degrees" in segments[0].text


def test_broken_json_is_read_as_text_and_said() -> None:
    segments, problems = _segments(parse_json, b'{"name": "half')
    assert segments[0].text == '{"name": "half'
    assert [problem.code for problem in problems] == ["damaged"]


def test_deep_json_ends_well() -> None:
    segments, problems = _segments(parse_json, b"[" * 100_000)
    assert segments
    assert problems


def test_xml_text_below_its_title() -> None:
    items = list(parse_xml(Source("r.xml", "", Limits(), path=SAMPLES / "xml" / "recipe.xml")))
    assert Metadata(title="Plum chutney") in items
    text = "\n".join(item.text for item in items if isinstance(item, Segment))
    assert "step: Stone two kilos of plums." in text


def test_xml_entities_are_not_expanded() -> None:
    bomb = b"""<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;&x;&x;"><!ENTITY f SYSTEM "file:///etc/hostname">]>
    <a><b>&y;</b><c>&f;</c><d>plain</d></a>"""
    segments, _ = _segments(parse_xml, bomb)
    text = "\n".join(segment.text for segment in segments)
    assert "plain" in text
    assert "hahaha" not in text


def test_broken_xml_gives_what_is_readable() -> None:
    segments, problems = _segments(parse_xml, b"<a><b>first</b><c>second</a>")
    assert "first" in segments[0].text
    assert [problem.code for problem in problems] == ["damaged"]


def test_no_xml_at_all_is_damaged() -> None:
    with pytest.raises(Damaged):
        _segments(parse_xml, b"\x00\x01\x02nothing")
