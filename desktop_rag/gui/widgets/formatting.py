"""Translation, and formats for numbers, sizes, times, paths and names."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale, QTimeZone

_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_LONG_WORD = re.compile(r"(\S{24})(?=\S)")

KINDS = {
    "text": "note", "note": "note", "document": "file", "spreadsheet": "table", "slides": "slides", "web": "web",
    "code": "code", "data": "table", "book": "book", "mail": "mail", "event": "event", "contact": "person",
    "image": "image", "audio": "audio", "video": "video",
}  # fmt: skip
"""The icon of each kind of document."""


def tr(text: str, count: int = -1) -> str:
    """``text`` in the person's language. With a count, "%n" is that number: "%n file(s)" has its forms translated."""
    said = QCoreApplication.translate("window", text, "", count)
    if "(s)" in said and count >= 0:  # no translation: English makes do with the plain rule
        said = said.replace("(s)", "" if count == 1 else "s")
    return said.replace(str(count), QLocale().toString(count), 1) if count > 999 else said


def window_language() -> str:
    """The language of the window's texts, for words that come from the engine: "de_DE"."""
    return QLocale().name()


def safe(text: str) -> str:
    """A name from a file in one line, without characters that hide or turn round what stands there."""
    return " ".join(_UNSAFE.sub("\ufffd", text).split())


def wrappable(text: str) -> str:
    """A name or sentence from elsewhere in one line, which may be broken inside long words where it does not fit."""
    return _LONG_WORD.sub("\\1\u200b", safe(text))


def short_path(path: str) -> str:
    """A path in one line, with ``~`` for the person's own folder."""
    home = str(Path.home())
    return safe("~" + path[len(home) :] if path.startswith((home + "/", home + "\\")) else path)


def escape_mnemonics(text: str) -> str:
    """``text`` for a button or a menu, where "&" would mark a letter to press."""
    return text.replace("&", "&&")


def format_size(count: int) -> str:
    """``3.4 GB``"""
    return QLocale().formattedDataSize(count, 1, QLocale.DataSizeFormat.DataSizeSIFormat)


def format_duration(seconds: float) -> str:
    """``about 4 minutes``; how long something takes, said no more exactly than it is known."""
    if seconds < 50:
        return tr("less than a minute")
    if seconds < 5_400:
        return tr("about %n minute(s)", max(1, round(seconds / 60)))
    if seconds < 129_600:
        return tr("about %n hour(s)", round(seconds / 3600))
    return tr("about %n day(s)", round(seconds / 86_400))


def format_clock(seconds: float) -> str:
    """``4:07`` or ``1:04:07``; a place in a recording."""
    whole = max(0, int(seconds))
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def format_date(when: datetime) -> str:
    """A day in the person's own time: ``17 Mar 2026``."""
    return QLocale().toString(local_time(when).date(), "d MMM yyyy")


def local_time(when: datetime) -> QDateTime:
    milliseconds = int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() * 1000)
    return QDateTime.fromMSecsSinceEpoch(milliseconds, QTimeZone.systemTimeZone())


def format_age(when: datetime, now: datetime | None = None) -> str:
    """``just now``, ``5 minutes ago``, ``yesterday``, or the date."""
    passed = ((now or datetime.now(UTC)) - when).total_seconds()
    if passed < 60:
        return tr("just now")
    if passed < 3600:
        return tr("%n minute(s) ago", int(passed // 60))
    if passed < 86_400:
        return tr("%n hour(s) ago", int(passed // 3600))
    return tr("yesterday") if passed < 172_800 else format_date(when)
