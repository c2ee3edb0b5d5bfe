"""Dates in a person's words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from desktop_rag.retrieval.date_phrases import find_dates
from desktop_rag.retrieval.dates import describe_dates, parse_date, resolve

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2024, 9, 18, 15, 30, tzinfo=BERLIN)
"""A Wednesday."""


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("expression", "start", "end"),
    [
        ("2024", "2024-01-01", "2025-01-01"),
        ("2024-03-05", "2024-03-05", "2024-03-06"),
        ("2024-02", "2024-02-01", "2024-03-01"),
        ("3 May 2024", "2024-05-03", "2024-05-04"),
        ("May 3, 2024", "2024-05-03", "2024-05-04"),
        ("3. Mai 2024", "2024-05-03", "2024-05-04"),
        ("5.3.2024", "2024-03-05", "2024-03-06"),
        ("05/03/2024", "2024-05-03", "2024-05-04"),
        ("Q1 2024", "2024-01-01", "2024-04-01"),
        ("March", "2024-03-01", "2024-04-01"),
        ("October", "2023-10-01", "2023-11-01"),
        ("last March", "2024-03-01", "2024-04-01"),
        ("last October", "2023-10-01", "2023-11-01"),
        ("last September", "2023-09-01", "2023-10-01"),
        ("letzten März", "2024-03-01", "2024-04-01"),
        ("this March", "2024-03-01", "2024-04-01"),
        ("yesterday", "2024-09-17", "2024-09-18"),
        ("vorgestern", "2024-09-16", "2024-09-17"),
        ("last week", "2024-09-09", "2024-09-16"),
        ("vergangene Woche", "2024-09-09", "2024-09-16"),
        ("this year", "2024-01-01", "2025-01-01"),
        ("letztes Jahr", "2023-01-01", "2024-01-01"),
        ("letzten Jahr", "2023-01-01", "2024-01-01"),
        ("last Friday", "2024-09-13", "2024-09-14"),
        ("letzten Freitag", "2024-09-13", "2024-09-14"),
        ("last 3 days", "2024-09-15", "2024-09-19"),
        ("past two weeks", "2024-09-04", "2024-09-19"),
        ("letzten 3 Monaten", "2024-06-18", "2024-09-19"),
        ("3 days ago", "2024-09-15", "2024-09-16"),
        ("vor zwei Wochen", "2024-09-02", "2024-09-09"),
        ("2024-05-03 10:00", "2024-05-03T10:00", "2024-05-03T10:01"),
    ],
)
def test_expression(expression: str, start: str, end: str) -> None:
    interval = parse_date(expression, NOW)
    assert interval is not None
    assert (interval.start, interval.end) == (_day(start), _day(end))


@pytest.mark.parametrize(
    "expression",
    [
        "notadate",
        "5",
        "50",
        "123456789",
        "1990s",
        "",
        "31 February 2024",
        "2024-13-45",
        "100000000 years ago",
        "x" * 500,
    ],
)
def test_no_date(expression: str) -> None:
    assert parse_date(expression, NOW) is None


def test_years_at_the_end_of_time() -> None:
    assert parse_date("9999", NOW) is None  # its end cannot be written
    first = parse_date("0001-01-01", NOW)
    assert first is None or first.start.year == 1


@pytest.mark.parametrize("expression", ["mars 2024", "marzo 2024", "maart 2024", "março 2024"])
def test_more_languages_when_asked(expression: str) -> None:
    assert parse_date(expression, NOW) is None
    interval = parse_date(expression, NOW, any_language=True)
    assert interval is not None
    assert interval.start == _day("2024-03-01")


def test_bounds_follow_the_clock_on_the_wall() -> None:
    """Midnight is an hour earlier in summer, whatever the season the question is asked in."""
    interval = parse_date("March 2024", NOW)
    assert interval is not None
    assert interval.start.utcoffset() == timedelta(hours=1)
    assert interval.end.utcoffset() == timedelta(hours=2)


def test_a_named_zone_is_converted() -> None:
    interval = parse_date("2024-05-03T10:00Z", NOW)
    assert interval is not None
    assert interval.start == datetime(2024, 5, 3, 10, tzinfo=UTC)
    assert interval.start.hour == 12


def test_a_clock_without_zone_is_the_systems() -> None:
    interval = parse_date("2024-03-05", datetime(2024, 9, 18))
    assert interval is not None
    assert interval.start == datetime(2024, 3, 5).astimezone()


@pytest.mark.parametrize(
    ("text", "words", "meaning"),
    [
        ("emails in 2024", "in 2024", "in 2024"),
        ("since May", "since May", "from 1 May 2024 on"),
        ("seit letzter Woche", "seit letzter Woche", "from 9 September 2024 on"),
        ("before June 2023", "before June 2023", "before 1 June 2023"),
        ("vor 2023", "vor 2023", "before 1 January 2023"),
        ("after 3 May", "after 3 May", "from 4 May 2024 on"),
        ("until the end of May", "until the end of May", "before 1 June 2024"),
        ("between 3 May and 10 June 2024", "between 3 May and 10 June 2024", "from 3 May to 10 June 2024"),
        ("from 1 to 31 March 2024", "from 1 to 31 March 2024", "in March 2024"),
        ("between May 3 and 10, 2024", "between May 3 and 10, 2024", "from 3 to 10 May 2024"),
        ("zwischen dem 3. und 10. Juni", "zwischen dem 3. und 10. Juni", "from 3 to 10 June 2024"),
        (
            "from November to February 2024",
            "from November to February 2024",
            "from 1 November 2023 to 29 February 2024",
        ),
        ("mails from 2023 or 2024", "from 2023 or 2024", "from 1 January 2023 to 31 December 2024"),
        ("im letzten Jahr", "im letzten Jahr", "in 2023"),
        ("in the last 3 months", "in the last 3 months", "from 18 June to 18 September 2024"),
        ("Rechnung vom 5.3.2024", "vom 5.3.2024", "on 5 March 2024"),
    ],
)
def test_phrase(text: str, words: str, meaning: str) -> None:
    (phrase,) = find_dates(text)
    assert text[phrase.start : phrase.end] == words
    bounds = resolve(phrase, NOW)
    assert bounds is not None
    assert describe_dates(*bounds) == meaning


@pytest.mark.parametrize(
    "text", ["in 1969", "invoice 2024/117", "INV-2024-0031", "20240305", "in 2012-13", "12:30", ""]
)
def test_no_phrase(text: str) -> None:
    assert list(find_dates(text)) == []


def test_what_depends_on_the_present() -> None:
    relative = {phrase.first: phrase.relative for phrase in find_dates("gestern, 3 May 2024; last March")}
    assert relative == {"gestern": True, "3 May 2024": False, "last March": True}


def test_describe_with_times() -> None:
    zone = UTC
    start, end = datetime(2024, 5, 3, 10, tzinfo=zone), datetime(2024, 5, 4, 9, 30, tzinfo=zone)
    assert describe_dates(start, end) == "from 3 May 2024, 10:00 to 4 May 2024, 09:30"
    assert describe_dates(None, None) == ""
