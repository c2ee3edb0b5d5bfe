"""A day of a question begins at midnight where the person is, summer or winter, whatever the offset is today."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from desktop_rag.clock import local_now, local_zone
from desktop_rag.retrieval.dates import parse_date
from desktop_rag.retrieval.question import analyze

CHANGES = {
    "Europe/Berlin": (("2024-03-31", 23), ("2024-10-27", 25)),
    "America/New_York": (("2024-03-10", 23), ("2024-11-03", 25)),
    "Pacific/Auckland": (("2024-04-07", 25), ("2024-09-29", 23)),
}
DAYS = [(zone, day, hours) for zone, changes in CHANGES.items() for day, hours in changes]


def _utc(day: str, zone: str) -> datetime:
    """Midnight at the beginning of a day, by the clock of ``zone``."""
    return datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize("asked", ["2024-01-15T12:00", "2024-07-15T12:00", "2025-01-15T12:00"])
@pytest.mark.parametrize(("zone", "day", "hours"), DAYS)
def test_the_day_of_the_change_is_as_long_as_it_is(zone: str, day: str, hours: int, asked: str) -> None:
    interval = parse_date(day, datetime.fromisoformat(asked).replace(tzinfo=ZoneInfo(zone)))
    assert interval is not None
    assert interval.start.astimezone(UTC) == _utc(day, zone)
    assert interval.end.astimezone(UTC) - interval.start.astimezone(UTC) == timedelta(hours=hours)


@pytest.mark.parametrize("zone", CHANGES)
def test_months_of_the_other_half_of_the_year_begin_at_midnight(zone: str) -> None:
    for now in ("2024-12-01T09:00", "2024-06-20T23:30"):
        query = analyze(
            "emails from Anna in March 2024", now=datetime.fromisoformat(now).replace(tzinfo=ZoneInfo(zone))
        )
        assert query.filters.after is not None
        assert query.filters.before is not None
        assert query.filters.after.astimezone(UTC) == _utc("2024-03-01", zone)
        assert query.filters.before.astimezone(UTC) == _utc("2024-04-01", zone)
        assert query.understood == ("only mail", "sent by Anna", "in March 2024")


@pytest.mark.parametrize(("zone", "day", "hours"), DAYS)
def test_yesterday_and_last_week_reach_over_a_change(zone: str, day: str, hours: int) -> None:
    now = datetime.fromisoformat(day).replace(hour=1, tzinfo=ZoneInfo(zone)) + timedelta(days=1)
    yesterday = parse_date("yesterday", now)
    assert yesterday is not None
    assert yesterday.start.astimezone(UTC) == _utc(day, zone)
    assert yesterday.end.astimezone(UTC) - yesterday.start.astimezone(UTC) == timedelta(hours=hours)
    week = parse_date("last 7 days", now)
    assert week is not None
    begin = datetime.fromisoformat(day) - timedelta(days=6)
    assert week.start.astimezone(UTC) == _utc(f"{begin:%Y-%m-%d}", zone)


def test_a_midnight_that_is_left_out_is_the_moment_after() -> None:
    interval = parse_date("2024-03-10", datetime(2024, 7, 1, tzinfo=ZoneInfo("America/Havana")))
    assert interval is not None
    assert interval.start.astimezone(UTC) == datetime(2024, 3, 10, 5, tzinfo=UTC)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows takes its zone from the registry alone")
@pytest.mark.parametrize(
    ("set_to", "january", "july"),
    [("Europe/Berlin", 1, 2), ("America/New_York", -5, -4), ("Pacific/Auckland", 13, 12), ("UTC", 0, 0)],
)
def test_the_systems_zone_has_its_rules(set_to: str, january: int, july: int) -> None:
    code = (
        "from datetime import datetime; from desktop_rag.clock import local_now; zone = local_now().tzinfo;"
        "print(*(int(datetime(2024, month, 1, tzinfo=zone).utcoffset().total_seconds() // 3600) for month in (1, 7)))"
    )
    checkout = Path(__file__).resolve().parents[2]
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=checkout, env={"TZ": set_to}, check=True, capture_output=True, text=True
    )
    assert run.stdout.split() == [str(january), str(july)]


def test_a_zone_without_a_name_is_an_offset(monkeypatch: pytest.MonkeyPatch) -> None:
    def unnamed() -> ZoneInfo:
        raise KeyError("CET-1CEST")

    monkeypatch.setattr("tzlocal.get_localzone", unnamed)
    assert isinstance(local_zone(), timezone)
    assert local_now().utcoffset() == datetime.now().astimezone().utcoffset()


DATES = """
from datetime import UTC
from desktop_rag.parsing.text.dates import date_in_name, date_in_words
from desktop_rag.parsing.xml_values import moment
from desktop_rag.clock import local_now
from desktop_rag.places import day
from desktop_rag.retrieval.dates import parse_date

for said in ("2024-01-15", "2024-07-15", "2024-03-31", "2024-11-03"):
    asked = parse_date(said, local_now())
    for written in (date_in_name(f"{said}.md"), date_in_words(said), date_in_words(f"{said} 23:30"), moment(said)):
        assert asked.start <= written < asked.end, (said, written)
        assert parse_date(day(written.astimezone(UTC)), local_now()) == asked, (said, day(written.astimezone(UTC)))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows takes its zone from the registry alone")
@pytest.mark.parametrize("zone", [*CHANGES, "UTC"])
def test_a_note_of_a_day_is_found_and_shown_under_that_day(zone: str) -> None:
    checkout = Path(__file__).resolve().parents[2]
    run = subprocess.run([sys.executable, "-c", DATES], cwd=checkout, env={"TZ": zone}, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
