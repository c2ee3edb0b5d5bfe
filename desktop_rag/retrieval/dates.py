"""Dates in a person's words: finds where a question names one, and says which stretch of time is meant.

What an expression means is for ``dateparser`` to say. Here is only which words to hand to it, how long the day, month
or year it answers with is, and what "since", "before" and "between" do to it. English and German.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache

from msgspec import Struct

from desktop_rag.clock import local_now, local_zone

_MONTH = (
    r"(?:jan(?:uary|uar)?|jänner|feb(?:ruary|ruar)?|märz?|maerz|mar(?:ch)?|apr(?:il)?|may|mai|jun[ei]?|jul[yi]?"
    r"|aug(?:ust)?|sept?(?:ember)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?)\b\.?"
)
_WEEKDAY = (
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag"
)
_YEAR = r"(?:19[89]\d|20\d\d)(?!\d|[-/.\u2013]\d)"  # files and mails are no older than their computers
_DAY = r"\d{1,2}(?:st|nd|rd|th|\.)?(?![\d.:/])"
_NUMBER = (
    r"(?:\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|eine[mr]?|zwei|drei|vier"
    r"|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf)"
)
_UNIT = r"(?:days?|weeks?|months?|years?|tag(?:en?)?|wochen?|monat(?:en?)?|jahr(?:en?)?)"
_LAST = r"(?:last|past|previous|(?:letzte|vergangene|vorige)[nmrs]?)"
_THIS = r"(?:this|diese[nmrs]?)"

_RELATIVE = (
    rf"(?:(?:the\s+)?day\s+before\s+yesterday|yesterday|today|vorgestern|gestern|heute"
    rf"|{_NUMBER}\s+{_UNIT}\s+ago|vor\s+{_NUMBER}\s+{_UNIT}"
    rf"|{_LAST}\s+(?:{_NUMBER}\s+)?{_UNIT}|{_THIS}\s+{_UNIT}"
    rf"|(?:{_LAST}|{_THIS})\s+(?:night|morning|{_MONTH}|{_WEEKDAY}))"
)
_ABSOLUTE = (
    rf"(?:(?:19[89]|20\d)\d-(?:0\d|1[0-2])(?:-\d\d)?(?![\d-])|\d{{1,2}}[./]\d{{1,2}}[./](?:\d{{4}}|\d\d)(?![\d./])"
    rf"|(?:{_DAY}\s*(?:of\s+)?{_MONTH}|{_MONTH}\s*{_DAY})(?:,?\s*{_YEAR})?"
    rf"|(?:q[1-4]\s+|{_MONTH}\s*(?:of\s+)?)?{_YEAR}|{_MONTH}|{_WEEKDAY})"
)
_FILLER = (
    r"(?:(?:the|dem|der|den|das)\s+)?(?:(?:(?:year|(?:month|start|beginning|middle|end)\s+of|early|mid|late|jahre?|monat"
    r"|anfang|mitte|ende)\s+)?(?:the\s+)?)?"
)
_DATE = rf"(?:{_RELATIVE}|{_ABSOLUTE})"
_BARE_DAY = rf"{_DAY}(?:,?\s*{_YEAR})?"
_NOT_INSIDE_WORD = r"(?![\w-]|['\u2019](?!s\b))"

_PHRASE = rf"""(?<![\w'\u2019.,:/-])(?:
      (?:(?:between|from|in|on|zwischen|von|vom|aus|im|am)\s+{_FILLER}(?P<first>{_DATE}|{_DAY})|(?P<from>{_DATE}))
        \s*(?:\b(?:and|or|to|until|till|through|und|oder|bis(?:\s+zum)?)\s+|[-\u2013]\s*)
        {_FILLER}(?P<last>{_DATE}|{_BARE_DAY})
      | (?P<connector>since|after|before|until|till|up\s+to|prior\s+to|seit|nach|vor|bis|ab|in|on|during|from|of|dated
        |at|im|am|aus|vom|von|during|während|datiert\s+auf)\s+{_FILLER}(?P<joined>{_DATE})
      | (?P<bare>{_DATE})
    ){_NOT_INSIDE_WORD}"""
_HINT = re.compile(
    rf"\d[./-]\d|\b(?:{_YEAR}|{_MONTH}|{_WEEKDAY}|ago|yesterday|today|{_LAST}|{_THIS}|vor|vorgestern|gestern|heute)\b",
    re.IGNORECASE,
)

_OPENS = {"since", "seit", "ab"}
_OPENS_AFTER = {"after", "nach"}
_CLOSES = {"before", "prior to", "vor"}
_CLOSES_WITH = {"until", "till", "up to", "bis"}


class Interval(Struct, frozen=True):
    """A stretch of time from ``start`` up to but without ``end``; both with a time zone."""

    start: datetime
    end: datetime


class DatePhrase(Struct, frozen=True, kw_only=True):
    """Words of a text that name a time: ``text[start:end]``, not yet looked up.

    ``first`` and ``last`` are the dates themselves, the same unless in a range. ``relative`` is true for what depends
    on the present ("last March"), ``precise`` for what can hardly be anything but a date (a day, or a month of a year).
    ``connector`` is the word that leads to the date, in lower case: "in", "since", "between", or "" for none.
    """

    start: int
    end: int
    first: str
    last: str
    relative: bool
    precise: bool
    connector: str


def get_ready() -> None:
    """Load what it takes to understand dates, so that nobody waits for it (half a second) at the first month's name."""
    for phrase in find_dates("since last March, seit letztem März"):
        resolve(phrase, local_now())


def parse_date(expression: str, now: datetime, *, any_language: bool = False) -> Interval | None:
    """The day, week, month, quarter, year or minute that an expression such as "last March" or "2024-05-03" means.

    A date without a year is the latest one that is not in the future. Numbers with slashes are read as in American
    English, with dots as in German. ``any_language`` tries a few more languages than English and German. Days begin at
    midnight in the zone of ``now``, summer or winter; one without a zone is in the system's. Returns None when the
    expression is no date.
    """
    span = _span(expression, now)
    if span is None and any_language:
        span = _period(expression, now, ("fr", "es", "it", "nl", "pt", "pl"))
    return _interval(span, now) if span else None


@cache
def _phrase_pattern() -> re.Pattern[str]:
    """Compiling takes longer than a whole search, and most questions need it not."""
    return re.compile(_PHRASE, re.VERBOSE | re.IGNORECASE)


def find_dates(text: str) -> Iterator[DatePhrase]:
    """The date phrases of a text, from left to right. Costs no more than a regular expression."""
    if not _HINT.search(text):
        return
    for match in _phrase_pattern().finditer(text):
        last = match["last"] or match["joined"] or match["bare"]
        first = match["first"] or match["from"] or last
        words = last if first is last else f"{first} {last}"
        yield DatePhrase(
            start=match.start(),
            end=match.end(),
            first=first,
            last=last,
            relative=re.search(_RELATIVE, words, re.IGNORECASE) is not None,
            precise=re.search(r"\d\W*[^\W\d]|[^\W\d]\W*\d|\d[-./]\d", words) is not None,
            connector="between" if match["last"] else " ".join((match["connector"] or "").lower().split()),
        )


def resolve(phrase: DatePhrase, now: datetime) -> tuple[datetime | None, datetime | None] | None:
    """The bounds (after <= date < before, one may be missing) that a phrase means; None if it is no date after all."""
    span = _between(phrase.first, phrase.last, now) if phrase.connector == "between" else _span(phrase.last, now)
    return _bounds(phrase.connector, _interval(span, now)) if span else None


def _bounds(connector: str, interval: Interval) -> tuple[datetime | None, datetime | None]:
    if connector in _OPENS:
        return interval.start, None
    if connector in _OPENS_AFTER:
        return interval.end, None
    if connector in _CLOSES:
        return None, interval.start
    if connector in _CLOSES_WITH:
        return None, interval.end
    return interval.start, interval.end


def describe_dates(after: datetime | None, before: datetime | None) -> str:
    """A half-open interval in words: "in March 2024", "from 3 May to 10 June 2024", "before 1 June 2023" or ""."""
    if after is None and before is None:
        return ""
    if before is None:
        return f"from {_moment(after)} on"
    if after is None:
        return f"before {_moment(before)}"
    midnights = all((bound.hour, bound.minute, bound.second) == (0, 0, 0) for bound in (after, before))
    if not midnights:
        return f"from {_moment(after)} to {_moment(before)}"
    last = before - timedelta(days=1)
    if after.date() == last.date():
        return f"on {_moment(after)}"
    if after.day == before.day == 1 and (before.year - after.year) * 12 + before.month - after.month == 1:
        return f"in {after:%B %Y}"
    if (after.month, after.day) == (before.month, before.day) == (1, 1) and before.year - after.year == 1:
        return f"in {after.year}"
    start = f"{after.day}"
    if (after.year, after.month) != (last.year, last.month):
        start += f" {after:%B}"
    if after.year != last.year:
        start += f" {after.year}"
    return f"from {start} to {_moment(last)}"


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
    languages = ("de", "en") if re.search(r"\d\.", expression) else ("en", "de")
    modifier, _, rest = expression.partition(" ")
    last = re.fullmatch(_LAST, modifier, re.IGNORECASE)
    if last and re.fullmatch(rf"{_NUMBER} {_UNIT}", rest, re.IGNORECASE):
        found = _read(f"{rest} ago", base, languages) or _read(f"vor {rest}", base, languages)
        return (_floor(found[0], "day"), _next(_floor(base, "day"), "day")) if found else None
    span = _period(expression, base, languages)
    this = re.fullmatch(_THIS, modifier, re.IGNORECASE)
    if span is None and (last or this):
        stem = "letzt" if last else "dies"
        for ending in ("e", "en", "es"):  # of the German endings the library knows one a noun
            span = span or _period(f"{stem}{ending} {rest}", base, ("de",))
    if span is None and this:
        span = _period(f"{rest} {base.year}", base, languages)
    elif span is None and last:
        span = _period(rest, base, languages)
        if span and span[1] > base.replace(tzinfo=None):  # "last September", said in September
            span = _period(rest, span[0] - timedelta(days=1), languages)
    return span


def _between(first: str, last: str, base: datetime) -> _Span | None:
    """From the start of one period to the end of another; the second lends the first its month and year."""
    if re.fullmatch(_DAY, first, re.IGNORECASE):
        first = re.sub(rf"^{_DAY}", first, last, flags=re.IGNORECASE)
    elif re.fullmatch(_BARE_DAY, last, re.IGNORECASE):
        day, _, year = last.replace(",", " ").partition(" ")
        last = re.sub(r"\b\d\d?(?!\d)", day, first, count=1) + f" {year}"
    end = _span(last, base)
    if end is None:
        return None
    settled = re.search(rf"{_RELATIVE}|{_YEAR}", first, re.IGNORECASE)
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


def _interval(span: _Span, now: datetime) -> Interval:
    return Interval(_aware(span[0], now), _aware(span[1], now))


def _aware(moment: datetime, now: datetime) -> datetime:
    """A moment by the clock on the wall as one in the zone of ``now``."""
    return moment.replace(tzinfo=now.tzinfo or local_zone())
