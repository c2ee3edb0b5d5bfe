"""Dates in a person's words: which stretch of time is meant.

What an expression means is for ``dateparser`` to say. Here is only which words to hand to it, how long the day, month
or year it answers with is, and what "since", "before" and "between" do to it.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import cache

from msgspec import Struct

from desktop_rag.clock import local_now, local_zone
from desktop_rag.languages import LANGUAGES
from desktop_rag.messages import say
from desktop_rag.retrieval.date_phrases import (
    BARE_DAY,
    DAY,
    LAST,
    NUMBER,
    RELATIVE,
    THIS,
    UNIT,
    YEAR,
    DatePhrase,
    connectors,
    find_dates,
)

_OTHERS = ("fr", "es", "it", "nl", "pt", "pl")
"""Languages of a date that is given as a filter. Their questions are not read for dates."""


class DateInterval(Struct, frozen=True):
    """A stretch of time from ``start`` up to but without ``end``; both with a time zone."""

    start: datetime
    end: datetime


def get_ready() -> None:
    """Load what it takes to understand dates, so that nobody waits for it (half a second) at the first month's name."""
    for phrase in find_dates(", ".join(one.dates.example for one in LANGUAGES)):
        resolve(phrase, local_now())


def parse_date(expression: str, now: datetime, *, any_language: bool = False) -> DateInterval | None:
    """The day, week, month, quarter, year or minute that an expression such as "last March" or "2024-05-03" means.

    A date without a year is the latest one that is not in the future. Numbers with slashes are read as in American
    English, with dots as in German. ``any_language`` tries a few more languages than those of questions. Days begin at
    midnight in the zone of ``now``, summer or winter; one without a zone is in the system's. Returns None when the
    expression is no date.
    """
    span = _span(expression, now)
    if span is None and any_language:
        span = _period(expression, now, _OTHERS)
    return _interval(span, now) if span else None


def resolve(phrase: DatePhrase, now: datetime) -> tuple[datetime | None, datetime | None] | None:
    """The bounds (after <= date < before, one may be missing) that a phrase means; None if it is no date after all."""
    span = _between(phrase.first, phrase.last, now) if phrase.connector == "between" else _span(phrase.last, now)
    return _bounds(phrase.connector, _interval(span, now)) if span else None


def _bounds(connector: str, interval: DateInterval) -> tuple[datetime | None, datetime | None]:
    kinds = [kind for kind in ("since", "after", "before", "until") if connector in _connectors(kind)]
    match kinds:
        case ["since"]:
            return interval.start, None
        case ["after"]:
            return interval.end, None
        case ["before"]:
            return None, interval.start
        case ["until"]:
            return None, interval.end
    return interval.start, interval.end


@cache
def _connectors(kind: str) -> frozenset[str]:
    return frozenset(words for one in LANGUAGES for words in connectors(kind, one))


def describe_dates(after: datetime | None, before: datetime | None) -> str:
    """A half-open interval in words: "in March 2024", "from 3 May to 10 June 2024", "before 1 June 2023" or ""."""
    if after is None and before is None:
        return ""
    if before is None:
        return say("retrieval.from-on", after=_moment(after))
    if after is None:
        return say("retrieval.before", before=_moment(before))
    midnights = all((bound.hour, bound.minute, bound.second) == (0, 0, 0) for bound in (after, before))
    if not midnights:
        return say("retrieval.from-to", after=_moment(after), before=_moment(before))
    last = before - timedelta(days=1)
    if after.date() == last.date():
        return say("retrieval.on-day", day=_moment(after))
    if after.day == before.day == 1 and (before.year - after.year) * 12 + before.month - after.month == 1:
        return say("retrieval.in-month", month=f"{after:%B}", year=after.year)
    if (after.month, after.day) == (before.month, before.day) == (1, 1) and before.year - after.year == 1:
        return say("retrieval.in", year=after.year)
    start = f"{after.day}"
    if (after.year, after.month) != (last.year, last.month):
        start += f" {after:%B}"
    if after.year != last.year:
        start += f" {after.year}"
    return say("retrieval.from-to", after=start, before=_moment(last))


def _moment(value: datetime | None) -> str:
    assert value is not None
    day = f"{value.day} {value:%B} {value.year}"
    return day if (value.hour, value.minute) == (0, 0) else f"{day}, {value:%H:%M}"


# --- what an expression means ----------------------------------------------------------------------------------------

_Span = tuple[datetime, datetime]
"""Start and end without a time zone: by the clock on the person's wall."""


def _span(expression: str, base: datetime) -> _Span | None:
    """The period that an expression means when said at ``base``."""
    expression = re.sub(r"\s+", " ", expression).strip().rstrip(".")
    dotted = re.search(r"\d\.", expression) is not None
    languages = tuple(one.code for one in sorted(LANGUAGES, key=lambda one: dotted and not one.dates.days_first))
    modifier, _, rest = expression.partition(" ")
    last = re.fullmatch(LAST, modifier, re.IGNORECASE)
    if last and re.fullmatch(rf"{NUMBER} {UNIT}", rest, re.IGNORECASE):
        ago = (f"{one.dates.ago_before} {rest} {one.dates.ago_after}".strip() for one in LANGUAGES)
        found = next(filter(None, (_read(said, base, languages) for said in ago)), None)
        return (_floor(found[0], "day"), _next(_floor(base, "day"), "day")) if found else None
    span = _period(expression, base, languages)
    this = re.fullmatch(THIS, modifier, re.IGNORECASE)
    if span is None and (last or this):
        for one in LANGUAGES:
            for form in one.dates.last_forms if last else one.dates.this_forms:
                span = span or _period(f"{form} {rest}", base, (one.code,))
    if span is None and this:
        span = _period(f"{rest} {base.year}", base, languages)
    elif span is None and last:
        span = _period(rest, base, languages)
        if span and span[1] > base.replace(tzinfo=None):  # "last September", said in September
            span = _period(rest, span[0] - timedelta(days=1), languages)
    return span


def _between(first: str, last: str, base: datetime) -> _Span | None:
    """From the start of one period to the end of another; the second lends the first its month and year."""
    if re.fullmatch(DAY, first, re.IGNORECASE):
        first = re.sub(rf"^{DAY}", first, last, flags=re.IGNORECASE)
    elif re.fullmatch(BARE_DAY, last, re.IGNORECASE):
        day, _, year = last.replace(",", " ").partition(" ")
        last = re.sub(r"\b\d\d?(?!\d)", day, first, count=1) + f" {year}"
    end = _span(last, base)
    if end is None:
        return None
    settled = re.search(rf"{RELATIVE}|{YEAR}", first, re.IGNORECASE)
    start = _span(first, base if settled else end[1] - timedelta(seconds=1))
    return (start[0], end[1]) if start and start[0] < end[1] else None


def _period(expression: str, base: datetime, languages: tuple[str, ...]) -> _Span | None:
    found = _read(expression, base, languages)
    if found is None:
        return None
    moment, period = found
    try:
        start = _floor(moment, period)
        return start, _next(start, period)
    except (OverflowError, ValueError):  # before the year 1 or after 9999
        return None


def _read(expression: str, base: datetime, languages: tuple[str, ...]) -> tuple[datetime, str] | None:
    """What ``dateparser`` makes of an expression: a moment, and how long a period around it is meant."""
    if len(expression) > 60 or re.fullmatch(r"\d{1,3}|\d{5,}|\d+\s*s|.", expression):
        return None  # it takes "5" for a month and "1990s" for seconds
    from dateparser.date import DateDataParser

    parser = DateDataParser(
        languages=list(languages),
        use_given_order=True,
        settings={
            "RELATIVE_BASE": base.replace(tzinfo=None),
            "PREFER_DATES_FROM": "past",
            "RETURN_TIME_AS_PERIOD": True,
            "PARSERS": ["relative-time", "absolute-time"],
        },
    )
    data = parser.get_date_data(expression)
    moment = data.date_obj
    if moment is None:
        return None
    try:
        moment = moment.astimezone(base.tzinfo).replace(tzinfo=None) if moment.tzinfo else moment
    except OverflowError:
        return None
    return moment, data.period or "day"


def _floor(moment: datetime, period: str) -> datetime:
    if period == "time":
        return moment.replace(second=0, microsecond=0)
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "week":
        return day - timedelta(days=day.weekday())
    if period == "month":
        return day.replace(day=1)
    if period == "quarter":
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return day.replace(month=1, day=1) if period == "year" else day


def _next(start: datetime, period: str) -> datetime:
    """Where the period after the one that begins at ``start`` begins."""
    days = {"month": 31, "quarter": 92, "year": 366}.get(period)
    if days is not None:
        return _floor(start + timedelta(days=days), period)
    return start + {"time": timedelta(minutes=1), "week": timedelta(weeks=1)}.get(period, timedelta(days=1))


def _interval(span: _Span, now: datetime) -> DateInterval:
    return DateInterval(_aware(span[0], now), _aware(span[1], now))


def _aware(moment: datetime, now: datetime) -> datetime:
    """A moment by the clock on the wall as one in the zone of ``now``."""
    return moment.replace(tzinfo=now.tzinfo or local_zone())
