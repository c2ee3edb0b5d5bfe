"""The day a note was written, as its name or its properties say. A time without a zone is the reader's own."""

from __future__ import annotations

import re
from datetime import datetime

from desktop_rag.clock import zoned

_IN_NAME = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_. ]?)([01]\d)\2([0-3]\d)(?!\d)")
_ISO = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ]+(\d\d:\d\d(?::\d\d)?)(?:\.\d+)?\s*(Z|[+-]\d\d:?\d\d)?)?")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_LONGEST = 40


def date_in_name(name: str) -> datetime | None:
    """The date that a file's name begins with: ``2024-05-01.md``, ``2022_03_04.org``, ``20240501 Minutes.txt``."""
    found = _IN_NAME.match(name)
    return _iso("-".join(found.group(1, 3, 4))) if found else None


def date_in_words(text: str) -> datetime | None:
    """The date and time written in ``text``, in ISO form or in English words; None when there is none."""
    found = _ISO.search(text)
    if found:
        day, time, zone = found.groups()
        return _iso(f"{day}T{time or '00:00'}{zone or ''}")
    if len(text) > _LONGEST or not _YEAR.search(text):
        return None
    from dateutil import parser

    try:
        parsed: datetime = parser.parse(text, default=datetime(2000, 1, 1))
    except (ValueError, OverflowError):
        return None
    return zoned(parsed)


def _iso(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return zoned(found)
