"""Contact cards."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_rag.errors import Damaged, FileProblem
from desktop_rag.parsing.pim.contacts import parse_vcf
from desktop_rag.parsing.source import Limits, Source
from desktop_rag.types import Entry, Metadata, ParseItem, Problem, Segment, Whole

SAMPLE = Path(__file__).parents[2] / "samples" / "vcf" / "friends.vcf"


def parse(data: bytes | str, limits: Limits | None = None) -> list[ParseItem]:
    raw = data.encode() if isinstance(data, str) else data
    return list(parse_vcf(Source("c.vcf", "text/vcard", limits or Limits(), data=raw)))


def segments(items: list[ParseItem]) -> list[Segment]:
    return [item for item in items if isinstance(item, Segment)]


def test_cards() -> None:
    items = parse(SAMPLE.read_bytes())
    found = segments(items)
    assert [segment.locator for segment in found] == [
        Entry("Dr. Jonas Lindqvist"), Entry("Eva Grün"), Entry("Otto Lang"),
    ]  # fmt: skip
    assert found[0].text.splitlines() == [
        "Dr. Jonas Lindqvist",
        "Organisation: Harbour Office, Berths",
        "Title: Harbour master",
        "Email (work): jonas@harbour.example",
        "Email: jonas@home.example",
        "Phone (work): +49 555 1234567",
        "Phone (mobile): +49 170 7654321",
        "Address (home): Bridge Street 5, 10115 Newport, Germany",
        "Birthday: 1980-05-03",
        "Note: Likes tea, not coffee. Knows the tides.",
    ]
    assert found[1].text == "Eva Grün\nPhone (mobile): 0171 222 333\nNote: lives above the bakery"
    assert found[2].text == "Otto Lang\nPhone (home): +1-555-0134"


def test_a_single_card_names_the_document() -> None:
    items = parse("BEGIN:VCARD\nVERSION:3.0\nFN:Otto Lang\nEMAIL:otto@lang.example\nEND:VCARD\n")
    assert items[0] == Metadata(kind="contact", title="Otto Lang")
    assert segments(items) == [Segment("Otto Lang\nEmail: otto@lang.example", Whole())]


def test_cards_without_end_or_name() -> None:
    items = parse("BEGIN:VCARD\nVERSION:3.0\nTEL:0555 1\nBEGIN:VCARD\nVERSION:4.0\nFN:Cut sho")
    assert [segment.text for segment in segments(items)] == ["Phone: 0555 1", "Cut sho"]


def test_an_empty_card_is_reported() -> None:
    items = parse("BEGIN:VCARD\nVERSION:3.0\nEND:VCARD\nBEGIN:VCARD\nVERSION:3.0\nFN:Otto\nEND:VCARD\n")
    assert [segment.text for segment in segments(items)] == ["Otto"]
    assert [item.code for item in items if isinstance(item, Problem)] == ["damaged"]


def test_malformed_lines_cost_no_time() -> None:
    started = time.process_time()
    items = parse(f"BEGIN:VCARD\nVERSION:2.1\nFN:Otto\nNOTE{';a' * 5000}\nTEL;x={',y' * 5000}\nEND:VCARD\n")
    assert [segment.text for segment in segments(items)] == ["Otto"]
    assert time.process_time() - started < 5


def test_cap_and_what_is_no_card() -> None:
    card = "BEGIN:VCARD\nVERSION:3.0\nFN:Otto\nEND:VCARD\n"
    items = parse(card * 5, Limits(rows=3))
    assert len(segments(items)) == 3
    assert [item.code for item in items if isinstance(item, Problem)] == ["over-cap"]
    assert not any(isinstance(item, Problem) for item in parse(card * 3, Limits(rows=3)))
    assert parse(b"") == []
    with pytest.raises(Damaged):
        parse(bytes(range(256)))


@given(st.binary(min_size=1, max_size=60), st.integers(0, 5000))
def test_damage_never_surprises(noise: bytes, place: int) -> None:
    data = SAMPLE.read_bytes()
    place %= len(data)
    try:
        items = parse(data[:place] + noise + data[place + len(noise) :])
    except FileProblem:
        return
    assert all(segment.text.strip() for segment in segments(items))
