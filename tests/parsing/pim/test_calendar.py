"""Calendars."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_rag.errors import Damaged, FileProblem
from desktop_rag.parsing.pim.calendar import parse_ics
from desktop_rag.parsing.source import Limits, Source
from desktop_rag.types import Entry, Metadata, ParseItem, Problem, Segment, Whole

SAMPLES = Path(__file__).parents[2] / "samples" / "ics"


def parse(data: bytes | str, limits: Limits | None = None) -> list[ParseItem]:
    raw = data.encode() if isinstance(data, str) else data
    return list(parse_ics(Source("c.ics", "text/calendar", limits or Limits(), data=raw)))


def segments(items: list[ParseItem]) -> list[Segment]:
    return [item for item in items if isinstance(item, Segment)]


def event(lines: str) -> str:
    return segments(parse(f"BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:S\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n"))[0].text


def test_a_single_event() -> None:
    items = parse((SAMPLES / "dentist.ics").read_bytes())
    assert items[0] == Metadata(
        "event", "Dentist", created=datetime(2024, 5, 14, 8, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    )
    assert segments(items) == [
        Segment("Dentist\nWhen: Tuesday 14 May 2024, 08:30 to 09:15 (Europe/Berlin)\nWhere: Bridge Street 4", Whole())
    ]


def test_a_calendar() -> None:
    items = parse((SAMPLES / "club.ics").read_bytes())
    assert items[0] == Metadata("event", "Rowing club")
    found = segments(items)
    assert [segment.locator for segment in found] == [
        Entry("Training, spring"), Entry("Club closed"), Entry("Broken date"), Entry("Paint the hull"),
    ]  # fmt: skip
    assert found[0].text == (
        "Training, spring\n"
        "When: Friday 3 May 2024, 18:00 to 19:30 (UTC+0200)\n"
        "Repeats: every 2 weeks on Monday and Friday, until Sunday 30 June 2024\n"
        "Where: Boathouse\n"
        "Organizer: Reed, Tom <tom@reed.example>\n"
        "Who: Mara Vogt <mara@choir.example> (accepted), lena@garden.example\n"
        "\n"
        "Bring a life vest.\nThe new boat is heavy."
    )
    assert found[1].text == "Club closed\nWhen: Monday 23 December 2024 to Friday 27 December 2024"
    assert found[2].text == "Broken date"
    assert found[3].text == "Paint the hull\nDue: Saturday 1 June 2024, 12:00 (UTC)\nStatus: open"


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("FREQ=DAILY;COUNT=5", "every day, 5 times"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "every month on the last Friday"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", "every month on day 1 and 15"),
        ("FREQ=YEARLY;BYMONTH=5;BYDAY=2SU", "every year on the second Sunday in May"),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE", "every week on Monday, Tuesday and Wednesday"),
    ],
)
def test_recurrence_in_words(rule: str, said: str) -> None:
    assert f"Repeats: {said}\n" in event(f"DTSTART:20240503T100000Z\nRRULE:{rule}") + "\n"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("DTSTART;VALUE=DATE:20240503", "Friday 3 May 2024"),
        ("DTSTART;VALUE=DATE:20240503\nDTEND;VALUE=DATE:20240504", "Friday 3 May 2024 (all day)"),
        ("DTSTART:20240503T100000", "Friday 3 May 2024, 10:00"),
        (
            "DTSTART;TZID=W. Europe Standard Time:20240503T220000\nDTEND;TZID=W. Europe Standard Time:20240504T010000",
            "Friday 3 May 2024, 22:00 (Europe/Berlin) to Saturday 4 May 2024, 01:00 (Europe/Berlin)",
        ),
    ],
)
def test_times_in_words(lines: str, said: str) -> None:
    assert event(lines) == f"S\nWhen: {said}"


def test_times_without_a_zone_get_one() -> None:
    items = parse("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:S\nDTSTART:20240503T100000\nEND:VEVENT\nEND:VCALENDAR\n")
    assert isinstance(items[0], Metadata)
    assert items[0].created is not None
    assert items[0].created.tzinfo is not None


def test_page_as_description() -> None:
    assert event("DESCRIPTION:<p>Bring <b>rope</b></p><p>and tea</p>") == "S\n\nBring rope\nand tea"


def test_calendar_cut_short() -> None:
    items = parse("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:First\nEND:VEVENT\nBEGIN:VEVENT\nSUMMARY:Second\nDTSTA")
    assert [segment.text for segment in segments(items)] == ["First", "Second"]


def test_cap_and_what_is_no_calendar() -> None:
    one = "BEGIN:VEVENT\nSUMMARY:S\nEND:VEVENT\n"
    items = parse(f"BEGIN:VCALENDAR\n{one * 9}END:VCALENDAR\n", Limits(rows=4))
    assert len(segments(items)) == 4
    assert [item.code for item in items if isinstance(item, Problem)] == ["over-cap"]
    assert parse(b"") == []
    with pytest.raises(Damaged):
        parse(bytes(range(256)))


@given(st.binary(min_size=1, max_size=60), st.integers(0, 5000))
def test_damage_never_surprises(noise: bytes, place: int) -> None:
    data = (SAMPLES / "club.ics").read_bytes()
    place %= len(data)
    try:
        items = parse(data[:place] + noise + data[place + len(noise) :])
    except FileProblem:
        return
    assert all(segment.text.strip() for segment in segments(items))


def test_public_calendars(shared_data: Path) -> None:
    paths = list((shared_data / "mail" / "tika").glob("*.ics"))
    assert paths
    for path in paths:
        assert segments(parse(path.read_bytes()))[0].text.splitlines()[1].startswith("When: ")
