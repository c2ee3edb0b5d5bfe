"""Calendars (iCalendar, RFC 5545): every event, task and journal entry as a paragraph that reads like a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING

from msgspec import Struct

from desktop_rag.errors import Damaged
from desktop_rag.messages import say
from desktop_rag.parsing.pim.content_lines import components
from desktop_rag.parsing.source import Source
from desktop_rag.parsing.text.encoding import decode
from desktop_rag.types import Entry, Locator, Metadata, ParseItem, Problem, Segment, Whole

if TYPE_CHECKING:
    from icalendar import Component

_DAYS = {"MO": "Monday", "TU": "Tuesday", "WE": "Wednesday", "TH": "Thursday", "FR": "Friday", "SA": "Saturday"}
_DAYS["SU"] = "Sunday"
_UNITS = {
    "DAILY": "day",
    "WEEKLY": "week",
    "MONTHLY": "month",
    "YEARLY": "year",
    "HOURLY": "hour",
    "MINUTELY": "minute",
}
_MONTHS = "January February March April May June July August September October November December".split()  # noqa: SIM905
_ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last", -2: "second to last"}
_STATUS = {"confirmed": "", "needs-action": "open", "in-process": "in progress"}
_ANSWERS = {"ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "tentative"}
_CALENDAR_NAME = re.compile(r"^(?:X-WR-CALNAME|NAME)[^:\n]*:(.+)$", re.MULTILINE | re.IGNORECASE)


class _CalendarEntry(Struct, frozen=True):
    """What is shown of an event, task or journal entry."""

    text: str
    summary: str
    organizer: str = ""
    start: datetime | None = None


def parse_ics(source: Source) -> Iterator[ParseItem]:
    """Yield one segment for each event, task and journal entry. Raises ``Damaged`` if the file is no calendar."""
    data, cut = source.read_text_bytes()
    text = decode(data)
    if not text.strip():
        return
    if not re.search(r"^BEGIN\s*:\s*(?:VCALENDAR|VEVENT|VTODO|VJOURNAL)", text, re.MULTILINE | re.IGNORECASE):
        raise Damaged(say("parsing.not-calendar", name=source.name), say("parsing.export-again-calendar-program"))
    _learn_time_zones(text)
    found = list(_entries(text, source.limits.rows + 1))
    kept = [entry for entry in found[: source.limits.rows] if entry is not None]
    name = _CALENDAR_NAME.search(text)
    if len(kept) == 1:
        only = kept[0]
        yield Metadata("event", only.summary, only.organizer, only.start)
    else:
        yield Metadata(kind="event", title=name[1].strip() if name else "")
    for entry in kept:
        where: Locator = Whole() if len(kept) == 1 else Entry(entry.summary or "event")
        yield Segment(entry.text, where)
    broken = sum(entry is None for entry in found)
    if broken:
        what = "1 entry" if broken == 1 else f"{broken:,} entries"
        yield Problem(
            "damaged", say("parsing.calendar-could-not-read", what=what), say("parsing.export-calendar-again")
        )
    if len(found) > source.limits.rows:
        yield Problem("over-cap", say("parsing.only-first-entries-calendar-read", rows=source.limits.rows))
    if cut is not None:
        yield cut


def _learn_time_zones(text: str) -> None:
    """Have the library know the zones that the file defines itself."""
    import icalendar

    for _, zone in components(text, {"VTIMEZONE"}):
        try:
            icalendar.Calendar.from_ical(f"BEGIN:VCALENDAR\r\n{zone}END:VCALENDAR\r\n")
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError):
            continue  # its events are then shown without a zone


def _entries(text: str, limit: int) -> Iterator[_CalendarEntry | None]:
    """What is shown of each entry; None for one that cannot be read."""
    import icalendar

    for number, (_, block) in enumerate(components(text, {"VEVENT", "VTODO", "VJOURNAL"})):
        if number >= limit:
            return
        try:
            component = icalendar.Event.from_ical(block)
            yield _entry(component)
        # A broken value surfaces, depending on its type, as nearly any of these.
        except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError):
            summary = re.search(r"^SUMMARY[^:\n]*:(.+)$", block, re.MULTILINE)
            plain = summary[1].strip() if summary else ""
            yield _CalendarEntry(plain, plain) if plain else None


def _entry(component: Component) -> _CalendarEntry | None:
    start, end = _moment(component, "dtstart"), _moment(component, "dtend")
    duration = _moment(component, "duration")
    if end is None and isinstance(start, date) and isinstance(duration, timedelta):
        end = start + duration
    summary = _text(component, "summary")
    organizer = _person(_first(component, "organizer"))
    lines = [summary]
    if isinstance(start, date):
        lines.append(f"When: {_span(start, end)}")
    due = _moment(component, "due")
    lines.append(f"Due: {_day(due)}" if isinstance(due, date) else "")
    lines.append(_labelled("Repeats", _repeats(_first(component, "rrule"))))
    lines.append(_labelled("Where", _text(component, "location")))
    lines.append(_labelled("Organizer", organizer))
    lines.append(_labelled("Who", ", ".join(filter(None, map(_guest, _all(component, "attendee"))))))
    status = _text(component, "status").lower()
    lines.append(_labelled("Status", _STATUS.get(status, status)))
    lines.append(_labelled("Categories", ", ".join(_categories(component))))
    lines.append(_labelled("Link", _text(component, "url")))
    description = _text(component, "description")
    shown = "\n".join(line for line in lines if line)
    text = f"{shown}\n\n{description}" if description and shown else shown or description
    if not text:
        return None
    return _CalendarEntry(text, summary, organizer, _zoned(start if start is not None else due))


def _first(component: Component, name: str) -> object:
    found = component.get(name)
    return found[0] if isinstance(found, list) and found else found


def _all(component: Component, name: str) -> list[object]:
    found = component.get(name)
    return found if isinstance(found, list) else [] if found is None else [found]


def _text(component: Component, name: str) -> str:
    value = str(_first(component, name) or "").replace("\r\n", "\n").strip()
    if re.search(r"<(?:html|p|br|div|a)\b[^>]*>", value, re.IGNORECASE):  # some programs put a page here
        value = re.sub(r"<(?:br|/p|/div|/li)\s*/?>", "\n", value, flags=re.IGNORECASE)
        value = re.sub(r"<[^<>]*>", "", value).replace("&nbsp;", " ").replace("&amp;", "&").strip()
    return value


def _labelled(label: str, value: str) -> str:
    return f"{label}: {' '.join(value.split())}" if value.strip() else ""


def _moment(component: Component, name: str) -> date | timedelta | None:
    value = getattr(_first(component, name), "dt", None)
    return value if isinstance(value, date | timedelta) else None


def _zoned(moment: object) -> datetime | None:
    """The moment with a time zone; times that name none are meant in the reader's own."""
    if not isinstance(moment, date):
        return None
    whole = moment if isinstance(moment, datetime) else datetime.combine(moment, time())
    try:
        offset = whole.utcoffset()
        return whole.astimezone() if offset is None else whole.replace(tzinfo=timezone(offset))
    except (OverflowError, OSError, ValueError):
        return None


def _day(moment: date) -> str:
    day = f"{moment:%A} {moment.day} {_MONTHS[moment.month - 1]} {moment.year}"
    return f"{day}, {moment:%H:%M}{_zone(moment)}" if isinstance(moment, datetime) else day


def _zone(moment: datetime) -> str:
    if moment.tzinfo is None:
        return ""
    return f" ({getattr(moment.tzinfo, 'key', '') or moment.tzname() or f'UTC{moment:%z}'})"


def _span(start: date, end: object) -> str:
    if not isinstance(end, date) or end == start or isinstance(end, datetime) != isinstance(start, datetime):
        return _day(start)
    if not isinstance(start, datetime):
        last = end - timedelta(days=1)  # the end of an all-day event is the day after it
        return f"{_day(start)} to {_day(last)}" if last > start else f"{_day(start)} (all day)"
    assert isinstance(end, datetime)
    if start.date() == end.date():
        zone = _zone(start)
        return f"{_day(start).removesuffix(zone)} to {end:%H:%M}{zone}"
    return f"{_day(start)} to {_day(end)}"


def _repeats(rule: object) -> str:
    """A recurrence rule in words."""
    if not isinstance(rule, dict) or not rule.get("FREQ"):
        return ""

    def values(name: str) -> list[object]:
        found = rule.get(name, [])
        return found if isinstance(found, list) else [found]

    unit = _UNITS.get(str(values("FREQ")[0]).upper(), "")
    if not unit:
        return ""
    interval = next((int(number) for number in values("INTERVAL") if isinstance(number, int)), 1)
    said = f"every {unit}" if interval == 1 else f"every {interval} {unit}s"
    if days := [_weekday(str(day)) for day in values("BYDAY")]:
        said += f" on {_joined(days)}"
    if days := [str(day) for day in values("BYMONTHDAY")]:
        said += f" on day {_joined(days)}"
    if months := [_MONTHS[month - 1] for month in values("BYMONTH") if isinstance(month, int) and 1 <= month <= 12]:
        said += f" in {_joined(months)}"
    if values("COUNT"):
        said += f", {values('COUNT')[0]} times"
    if until := [day for day in values("UNTIL") if isinstance(day, date)]:
        said += f", until {_day(until[0]).split(',')[0]}"
    return said


def _weekday(code: str) -> str:
    match = re.fullmatch(r"([+-]?\d+)?(\w\w)", code)
    if match is None:
        return code
    ordinal = f"the {_ORDINALS.get(int(match[1]), match[1])} " if match[1] else ""
    return ordinal + _DAYS.get(match[2].upper(), match[2])


def _joined(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _person(value: object) -> str:
    if value is None:
        return ""
    address = re.sub(r"^mailto:", "", str(value), flags=re.IGNORECASE).strip()
    name = str(getattr(value, "params", {}).get("CN", "")).strip("'\" ")
    return f"{name} <{address}>" if name and "@" in address and name != address else name or address


def _guest(value: object) -> str:
    answer = _ANSWERS.get(str(getattr(value, "params", {}).get("PARTSTAT", "")).upper(), "")
    return f"{_person(value)} ({answer})" if answer and _person(value) else _person(value)


def _categories(component: Component) -> list[str]:
    return [str(name) for value in _all(component, "categories") for name in getattr(value, "cats", [])]
