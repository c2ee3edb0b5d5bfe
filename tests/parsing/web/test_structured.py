"""JSON and XML as readable text."""

from __future__ import annotations

import base64
import json
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from desktop_rag.errors import Damaged
from desktop_rag.parsing.source import Limits, Source
from desktop_rag.parsing.web.blobs import is_blob
from desktop_rag.parsing.web.structured import parse_json, parse_xml
from desktop_rag.types import Lines, Metadata, ParseItem, Problem, Segment

SAMPLES = Path(__file__).parents[2] / "samples"


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


def test_json_lines_share_their_context_and_survive_a_broken_line() -> None:
    segments, problems = _segments(parse_json, b'{"a": 1}\n{"b": \n\n{"b": [2, 3]}\n')
    assert [(segment.text, segment.locator) for segment in segments] == [
        ("a: 1", Lines(1, 1)),
        ('{"b":', Lines(2, 2)),
        ("b: 2, 3", Lines(4, 4)),
    ]
    assert {segment.context for segment in segments} == {"Columns: a, b"}
    assert problems == []


def test_what_programs_write_and_the_standard_forbids() -> None:
    segments, problems = _segments(parse_json, b'{"a": NaN, "b": "half \\ud83d", "c": Infinity}')
    assert [segment.text for segment in segments] == ["b: half ?\nc: inf"]
    assert problems == []


def test_encoded_bytes_are_left_out() -> None:
    picture = base64.b64encode(bytes(range(256)) * 20).decode()
    segments, _ = _segments(parse_json, json.dumps({"name": "logo", "png": picture}).encode())
    assert [segment.text for segment in segments] == ["name: logo"]
    wrapped = textwrap.fill(picture, 76)
    segments, _ = _segments(parse_xml, f"<a><name>logo</name><data>{wrapped}</data></a>".encode())
    assert [segment.text for segment in segments] == ["name: logo"]


def test_a_long_word_or_text_is_no_encoded_bytes() -> None:
    assert not is_blob("https://example.org/" + "A1b/" * 100)
    assert not is_blob("acgt" * 100)
    assert not is_blob("A word and 1 more " * 100)
    assert not is_blob("A1b" * 80)


def test_notebook_is_read_cell_by_cell() -> None:
    picture = {"data": {"image/png": "iVBORw0KGgo=", "text/plain": ["'a good year'"]}}
    notebook = {
        "cells": [
            {"cell_type": "markdown", "source": ["# Bean harvest\n", "\n", "We weigh what the allotment gives."]},
            {"cell_type": "markdown", "source": "## Total"},
            {
                "cell_type": "code",
                "source": ["kilos = [3.2, 4.1, 2.9]\n", "print(sum(kilos))"],
                "outputs": [{"name": "stdout", "text": ["10.2\n"]}, picture],
            },
        ],
        "metadata": {},
        "nbformat": 4,
    }
    items = list(parse_json(Source("beans.ipynb", "", Limits(), data=json.dumps(notebook).encode())))
    assert [(item.text, item.headings, item.form) for item in items if isinstance(item, Segment)] == [
        ("We weigh what the allotment gives.", ("Bean harvest",), "prose"),
        ("kilos = [3.2, 4.1, 2.9]\nprint(sum(kilos))", ("Bean harvest", "Total"), "code"),
        ("10.2", ("Bean harvest", "Total"), "code"),
        ("'a good year'", ("Bean harvest", "Total"), "code"),
    ]
    assert Metadata(title="Bean harvest") in items


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


def test_xml_attributes_are_read() -> None:
    segments, _ = _segments(
        parse_xml,
        b"""<opml version="2.0"><body><outline text="Garden" title="Garden"><outline text="Compost" url="a.b">
        <outline text="Worms"/></outline></outline><other x:hidden="1" xmlns:x="y" class="z"/></body></opml>""",
    )
    assert [(segment.text, segment.headings) for segment in segments] == [
        ("outline: text: Garden", ()),
        ("outline: text: Compost; url: a.b\noutline: text: Worms", ("Garden",)),
    ]


def test_pages_in_xml_are_read_as_pages() -> None:
    page = "<![CDATA[<?xml version='1.0'?><en-note><h1>Tools</h1><div>Sharpen the <b>spade</b>.</div></en-note>]]>"
    data = f"<en><note><title>Shed</title><content>{page}</content><created>20240102</created></note></en>"
    segments, _ = _segments(parse_xml, data.encode())
    assert [(segment.text, segment.headings) for segment in segments] == [
        ("title: Shed\ncreated: 20240102", ()),
        ("Sharpen the spade.", ("Shed", "Tools")),
    ]


def test_words_of_a_sentence_stay_together() -> None:
    segments, _ = _segments(parse_xml, b"<d><p>H<sub>2</sub>O is <b>wet</b>, mostly.</p><script>no</script></d>")
    assert [segment.text for segment in segments] == ["H2O is wet, mostly."]


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
