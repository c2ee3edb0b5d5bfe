"""Where a text names a date: which of its words, and what they say of it by themselves.

The words are those of ``languages``. What the date means is for ``dates`` to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from msgspec import Struct

from desktop_rag.languages import either
from desktop_rag.languages.grammar import Language


def _months(one: Language) -> str:
    return "|".join(sorted(" ".join(one.dates.months).split(), key=len, reverse=True))


def _said(*kinds: str) -> str:
    """The connectors of these kinds, in all languages."""
    return either(lambda one: "|".join(_spaced(kind, one) for kind in kinds))


def _spaced(kind: str, one: Language) -> str:
    return "|".join(words.replace(" ", r"\s+") for words in connectors(kind, one))


def connectors(kind: str, one: Language) -> tuple[str, ...]:
    """The words that lead to a date: "since", "after", "before", "until" it, or "within" it."""
    dates = one.dates
    kinds = {"since": dates.since, "after": dates.after, "before": dates.before, "until": dates.until}
    return kinds.get(kind, dates.within)


def _ago(one: Language) -> str:
    before, after = one.dates.ago_before, one.dates.ago_after
    return "|".join(
        filter(
            None,
            (
                rf"{NUMBER}\s+{UNIT}\s+(?:{after})" if after else "",
                rf"(?:{before})\s+{NUMBER}\s+{UNIT}" if before else "",
            ),
        )
    )


_MONTH = rf"{either(_months)}\b\.?"
_WEEKDAY = either(lambda one: one.dates.weekdays)
YEAR = r"(?:19[89]\d|20\d\d)(?!\d|[-/.\u2013]\d)"  # files and mails are no older than their computers
DAY = rf"\d{{1,2}}(?:{either(lambda one: one.dates.ordinals)}|\.)?(?![\d.:/])"
NUMBER = rf"(?:\d{{1,3}}|{either(lambda one: one.dates.numbers)})"
UNIT = either(lambda one: one.dates.units)
LAST = either(lambda one: one.dates.last)
THIS = either(lambda one: one.dates.this)
_OF = either(lambda one: one.dates.of)
_ARTICLE = either(lambda one: one.dates.articles)

RELATIVE = (
    rf"(?:{either(lambda one: one.dates.days)}|{either(_ago)}"
    rf"|{LAST}\s+(?:{NUMBER}\s+)?{UNIT}|{THIS}\s+{UNIT}"
    rf"|(?:{LAST}|{THIS})\s+(?:{either(lambda one: one.dates.times)}|{_MONTH}|{_WEEKDAY}))"
)
_ABSOLUTE = (
    rf"(?:(?:19[89]|20\d)\d-(?:0\d|1[0-2])(?:-\d\d)?(?![\d-])|\d{{1,2}}[./]\d{{1,2}}[./](?:\d{{4}}|\d\d)(?![\d./])"
    rf"|(?:{DAY}\s*(?:{_OF}\s+)?{_MONTH}|{_MONTH}\s*{DAY})(?:,?\s*{YEAR})?"
    rf"|(?:q[1-4]\s+|{_MONTH}\s*(?:{_OF}\s+)?)?{YEAR}|{_MONTH}|{_WEEKDAY})"
)
_FILLER = rf"(?:{_ARTICLE}\s+)?(?:(?:{either(lambda one: one.dates.parts)}\s+)?(?:{_ARTICLE}\s+)?)?"
_DATE = rf"(?:{RELATIVE}|{_ABSOLUTE})"
BARE_DAY = rf"{DAY}(?:,?\s*{YEAR})?"
_NOT_INSIDE_WORD = r"(?![\w-]|['\u2019](?!s\b))"
_BETWEEN = either(lambda one: one.dates.between)
_TO = either(lambda one: one.dates.to)

_PHRASE = rf"""(?<![\w'\u2019.,:/-])(?:
      (?:{_BETWEEN}\s+{_FILLER}(?P<first>{_DATE}|{DAY})|(?P<from>{_DATE}))
        \s*(?:\b{_TO}\s+|[-\u2013]\s*)
        {_FILLER}(?P<last>{_DATE}|{BARE_DAY})
      | (?P<connector>{_said("since", "after", "before", "until", "within")})\s+{_FILLER}(?P<joined>{_DATE})
      | (?P<bare>{_DATE})
    ){_NOT_INSIDE_WORD}"""
_HINT = re.compile(
    rf"\d[./-]\d|\b(?:{YEAR}|{_MONTH}|{_WEEKDAY}|{LAST}|{THIS}|{either(lambda one: one.dates.days)}"
    rf"|{either(lambda one: one.dates.ago_before)}|{either(lambda one: one.dates.ago_after)})\b",
    re.IGNORECASE,
)


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
            relative=re.search(RELATIVE, words, re.IGNORECASE) is not None,
            precise=re.search(r"\d\W*[^\W\d]|[^\W\d]\W*\d|\d[-./]\d", words) is not None,
            connector="between" if match["last"] else " ".join((match["connector"] or "").lower().split()),
        )
