"""Outlook's objects: property bags as .msg files (MS-OXMSG) and winmail.dat (MS-OXTNEF) store them."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO

from msgspec import Struct

from desktop_rag.errors import Damaged
from desktop_rag.messages import say
from desktop_rag.parsing.faults import is_fault
from desktop_rag.parsing.mail.headers import decode_bytes

Value = str | bytes | int | float | bool | datetime

_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_MAX_DEPTH = 8

# Property types (MS-OXCDATA 2.11.1).
INT16, INT32, DOUBLE, BOOLEAN, INT64 = 0x0002, 0x0003, 0x0005, 0x000B, 0x0014
STRING8, STRING, TIME, BINARY, OBJECT = 0x001E, 0x001F, 0x0040, 0x0102, 0x000D

_INTERNET_CODEPAGE, _MESSAGE_CODEPAGE = 0x3FDE, 0x3FFD


class PropertyBag(Struct, frozen=True):
    """Properties by number; and the "named" ones, which every file numbers anew, by their long id as well."""

    values: Mapping[int, Value]
    named: Mapping[int, Value] = {}

    def text(self, *ids: int) -> str:
        """The first of these properties that is a text, stripped."""
        return next((v.strip() for i in ids if isinstance(v := self.values.get(i), str) and v.strip()), "")

    def named_text(self, *ids: int) -> str:
        return next((v.strip() for i in ids if isinstance(v := self.named.get(i), str) and v.strip()), "")

    def data(self, id: int) -> bytes:
        value = self.values.get(id)
        return value if isinstance(value, bytes) else b""

    def number(self, id: int) -> int:
        value = self.values.get(id)
        return value if isinstance(value, int) else 0

    def time(self, *ids: int) -> datetime | None:
        return next((v for i in ids if isinstance(v := self.values.get(i), datetime)), None)

    def named_time(self, *ids: int) -> datetime | None:
        return next((v for i in ids if isinstance(v := self.named.get(i), datetime)), None)


class OutlookItem(Struct, frozen=True):
    """A mail, appointment, contact, … with the bags of its recipients and its attachments."""

    properties: PropertyBag
    recipients: tuple[PropertyBag, ...] = ()
    attachments: tuple[tuple[PropertyBag, OutlookItem | None], ...] = ()
    """Each attachment, and the Outlook item it is, if it is one."""


def fixed_value(kind: int, raw: bytes) -> Value | None:
    """The value of a property of fixed size, given its 8 bytes; None for one that cannot be shown."""
    if kind == INT16:
        return int(struct.unpack("<h", raw[:2])[0])
    if kind == INT32:
        return int(struct.unpack("<i", raw[:4])[0])
    if kind == BOOLEAN:
        return raw[0] != 0
    if kind == DOUBLE:
        return float(struct.unpack("<d", raw[:8])[0])
    if kind == INT64:
        return int(struct.unpack("<q", raw[:8])[0])
    if kind == TIME:
        try:
            time = _EPOCH + timedelta(microseconds=int(struct.unpack("<Q", raw[:8])[0]) // 10)
        except OverflowError:
            return None
        return time if 1900 <= time.year <= 2200 else None  # Outlook writes the year 4501 for "none"
    return None


def variable_value(kind: int, raw: bytes, charset: str) -> Value | None:
    """The value of a property of any length."""
    if kind == STRING:
        return raw.decode("utf-16-le", "replace").replace("\x00", "").replace("\r\n", "\n")
    if kind == STRING8:
        return decode_bytes(raw.rstrip(b"\x00"), charset)
    return raw if kind == BINARY else None


def charset_of(values: Mapping[int, Value]) -> str:
    """The name of the code page that 8-bit texts of a bag are in, or ""."""
    page = values.get(_MESSAGE_CODEPAGE) or values.get(_INTERNET_CODEPAGE)
    if not isinstance(page, int) or page <= 0:
        return ""
    if 28591 <= page <= 28605:
        return f"iso-8859-{page - 28590}"
    names = {65000: "utf-7", 65001: "utf-8", 20866: "koi8-r", 21866: "koi8-u", 50220: "iso-2022-jp", 51932: "euc-jp"}
    return names.get(page) or f"cp{page}"


def read_msg(data: bytes, name: str) -> OutlookItem:
    """Read a .msg file. Raises ``Damaged`` if it is none, or is broken beyond reading."""
    import olefile

    try:
        with olefile.OleFileIO(BytesIO(data)) as ole:
            streams = {}
            for path in ole.listdir(streams=True, storages=False):
                with ole.openstream(path) as stream:
                    streams["/".join(path)] = stream.read()
    # olefile meets a broken file with whatever its arithmetic runs into: OSError, IndexError, struct.error, …
    except Exception as error:
        if is_fault(error):
            raise
        raise Damaged(
            say("parsing.could-not-read-outlook-message", name=name, reason=error),
            say("parsing.open-outlook-save-again"),
        ) from error
    if not any(path.startswith(("__properties_version1.0", "__substg1.0_")) for path in streams):
        raise Damaged(say("parsing.not-outlook-message", name=name), say("parsing.check-program-made"))
    return _MsgReader(streams).item("", 32, 0)


class _MsgReader:
    """The streams of a .msg file by path."""

    def __init__(self, streams: Mapping[str, bytes]) -> None:
        self._folders: dict[str, dict[str, bytes]] = {}
        for path, data in streams.items():
            folder, _, stream = path.rpartition("/")
            self._folders.setdefault(folder, {})[stream] = data
        self._paths = sorted({path[:slash] for path in streams for slash in _slashes(path)})
        names = self._folders.get("__nameid_version1.0", {}).get("__substg1.0_00030102", b"")
        # Entries of 8 bytes: the long id, whether it is a number, and the short id less 0x8000 in this file.
        self._long_ids = {
            0x8000 + index: long_id
            for long_id, kind, index in struct.iter_unpack("<IHH", names[: len(names) // 8 * 8])
            if not kind & 1
        }

    def item(self, folder: str, header_size: int, depth: int) -> OutlookItem:
        prefix = f"{folder}/" if folder else ""
        bag = self._bag(folder, header_size)
        recipients = tuple(self._bag(path, 8) for path in self._children(f"{prefix}__recip_version1.0_"))
        attachments: list[tuple[PropertyBag, OutlookItem | None]] = []
        for path in self._children(f"{prefix}__attach_version1.0_"):
            inner = f"{path}/__substg1.0_3701000D"
            is_item = "__properties_version1.0" in self._folders.get(inner, {}) and depth < _MAX_DEPTH
            attachments.append((self._bag(path, 8), self.item(inner, 24, depth + 1) if is_item else None))
        return OutlookItem(bag, recipients, tuple(attachments))

    def _children(self, start: str) -> list[str]:
        return [path for path in self._paths if path.startswith(start) and "/" not in path[len(start) :]]

    def _bag(self, folder: str, header_size: int) -> PropertyBag:
        streams = self._folders.get(folder, {})
        values: dict[int, Value] = {}
        entries = streams.get("__properties_version1.0", b"")[header_size:]
        for kind, number, _, raw in struct.iter_unpack("<HHI8s", entries[: len(entries) // 16 * 16]):
            if (value := fixed_value(kind, raw)) is not None:
                values[number] = value
        charset = charset_of(values)
        for stream, data in streams.items():
            if stream.startswith("__substg1.0_") and len(stream) == 20:
                try:
                    number, kind = int(stream[12:16], 16), int(stream[16:], 16)
                except ValueError:
                    continue
                if (value := variable_value(kind, data, charset)) is not None:
                    values[number] = value
        named = {long: values[short] for short, long in self._long_ids.items() if short in values}
        return PropertyBag(values, named)


def _slashes(path: str) -> list[int]:
    return [position for position, character in enumerate(path) if character == "/"]
