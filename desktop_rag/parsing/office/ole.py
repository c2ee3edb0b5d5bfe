"""Properties of Office files of before 2007, which are OLE compound files (MS-OLEPS)."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from typing import Any

import olefile

from desktop_rag.parsing.office.ooxml import real_title
from desktop_rag.parsing.source import Source
from desktop_rag.parsing.text.encoding import decode
from desktop_rag.types import Kind, Metadata

_SUMMARY = "\x05SummaryInformation"
_CODE_PAGE, _TITLE, _AUTHOR, _CREATED = 1, 2, 4, 12
_SHORT, _TEXT, _WIDE_TEXT, _TIME = 2, 30, 31, 64
_MOST_PROPERTIES = 256
_UTF8 = 65001
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


def ole_metadata(source: Source, kind: Kind) -> Metadata:
    """Title, author and date; what cannot be read is left out."""
    try:
        with source.open() as stream, olefile.OleFileIO(stream) as ole:
            # olefile's own reading of properties trusts the counts in a damaged file, and takes hours.
            values = _properties(ole.openstream(_SUMMARY).read()) if ole.exists(_SUMMARY) else {}
    except (OSError, ValueError, IndexError, TypeError, OverflowError, struct.error):
        return Metadata(kind=kind)
    created = values.get(_CREATED)
    page = values.get(_CODE_PAGE)
    page = page % 0x10000 if isinstance(page, int) else 0
    charset = "utf-8" if page == _UTF8 else f"cp{page}"
    return Metadata(
        kind=kind,
        title=real_title(_text(values.get(_TITLE), charset)),
        author=_text(values.get(_AUTHOR), charset),
        # Programs that do not know write the epoch of Windows (1601) or of their own.
        created=created if isinstance(created, datetime) and created.year > 1980 else None,
    )


def chains_end(ole: Any) -> bool:
    """Whether every chain of sectors of an open container comes to an end, instead of running in a circle."""
    starts = [entry.isectStart for entry in ole.direntries if entry is not None and entry.size >= ole.minisectorcutoff]
    for sector in (ole.first_dir_sector, ole.first_mini_fat_sector, ole.root.isectStart, *starts):
        steps = 0
        while 0 <= sector < len(ole.fat) and steps <= len(ole.fat):
            sector, steps = ole.fat[sector], steps + 1
        if steps > len(ole.fat):
            return False
    return True


def _properties(data: bytes) -> dict[int, int | bytes | str | datetime]:
    """The values of the first property set, by their number."""
    (start,) = struct.unpack_from("<I", data, 44)
    (count,) = struct.unpack_from("<I", data, start + 4)
    found: dict[int, int | bytes | str | datetime] = {}
    for index in range(min(count, _MOST_PROPERTIES)):
        number, offset = struct.unpack_from("<II", data, start + 8 + 8 * index)
        at = start + offset
        (kind,) = struct.unpack_from("<H", data, at)
        if kind == _SHORT:
            (found[number],) = struct.unpack_from("<h", data, at + 4)
        elif kind == _TIME:
            (ticks,) = struct.unpack_from("<Q", data, at + 4)
            found[number] = _EPOCH + timedelta(microseconds=ticks // 10)
        elif kind in (_TEXT, _WIDE_TEXT):
            (length,) = struct.unpack_from("<I", data, at + 4)
            size = length * 2 if kind == _WIDE_TEXT else length
            text = data[at + 8 : at + 8 + size]
            found[number] = text.decode("utf-16-le", errors="replace") if kind == _WIDE_TEXT else text
    return found


def _text(value: object, charset: str) -> str:
    text = decode(value, charset) if isinstance(value, bytes) else value if isinstance(value, str) else ""
    return " ".join(text.partition("\0")[0].split())
