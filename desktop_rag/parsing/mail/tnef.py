"""winmail.dat: the envelope in which Outlook sends rich mail and attachments (MS-OXTNEF)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from desktop_rag.errors import Damaged
from desktop_rag.messages import say
from desktop_rag.parsing.mail.headers import decode_bytes
from desktop_rag.parsing.mail.mapi import (
    BINARY,
    OBJECT,
    STRING,
    STRING8,
    OutlookItem,
    PropertyBag,
    Value,
    fixed_value,
    variable_value,
)

_SIGNATURE = 0x223E9F78
_SUBJECT, _BODY, _ATTACH_DATA, _ATTACH_TITLE = 0x8004, 0x800C, 0x800F, 0x8010
_ATTACH_START, _MESSAGE_PROPERTIES, _ATTACH_PROPERTIES, _CODE_PAGE = 0x9002, 0x9003, 0x9005, 0x9007
_EIGHT_BYTES = (0x0005, 0x0006, 0x0007, 0x0014, 0x0040)
_MAX_DEPTH = 8

# The numbers these have as MAPI properties.
_MAPI_SUBJECT, _MAPI_BODY, _MAPI_DATA, _MAPI_LONG_NAME, _MAPI_NAME = 0x0037, 0x1000, 0x3701, 0x3707, 0x3704


def is_tnef(data: bytes) -> bool:
    return data[:4] == struct.pack("<I", _SIGNATURE)


def read_tnef(data: bytes, name: str, depth: int = 0) -> OutlookItem:
    """Read a winmail.dat; what follows a broken attribute is left out. Raises ``Damaged`` if the data is none."""
    if not is_tnef(data):
        raise Damaged(say("parsing.not-winmail-dat-file-outlook", name=name), say("parsing.check-program-made"))
    charset = ""
    values: dict[int, Value] = {}
    named: dict[int, Value] = {}
    attachments: list[tuple[dict[int, Value], OutlookItem | None]] = []
    for attribute, content in _attributes(data):
        if attribute == _CODE_PAGE and len(content) >= 4:
            charset = f"cp{struct.unpack('<I', content[:4])[0]}"
        elif attribute == _SUBJECT:
            values.setdefault(_MAPI_SUBJECT, decode_bytes(content.rstrip(b"\x00"), charset))
        elif attribute == _BODY:
            values.setdefault(_MAPI_BODY, decode_bytes(content.rstrip(b"\x00"), charset))
        elif attribute == _MESSAGE_PROPERTIES:
            for number, long_id, value in _properties(content, charset):
                (values if long_id is None else named)[number if long_id is None else long_id] = value
        elif attribute == _ATTACH_START:
            attachments.append(({}, None))
        elif attachments and attribute == _ATTACH_TITLE:
            attachments[-1][0][_MAPI_NAME] = decode_bytes(content.rstrip(b"\x00"), charset)
        elif attachments and attribute == _ATTACH_DATA:
            attachments[-1][0][_MAPI_DATA] = content
        elif attachments and attribute == _ATTACH_PROPERTIES:
            bag = attachments[-1][0]
            bag.update({number: value for number, long_id, value in _properties(content, charset) if long_id is None})
            inner = bag.get(_MAPI_DATA)
            if isinstance(inner, bytes) and is_tnef(inner[16:]) and depth < _MAX_DEPTH:  # 16 bytes name the interface
                attachments[-1] = (bag, read_tnef(inner[16:], name, depth + 1))
    return OutlookItem(PropertyBag(values, named), (), tuple((PropertyBag(bag), item) for bag, item in attachments))


def is_cut_short(data: bytes) -> bool:
    """Whether an attribute says that it is longer than what is left of a winmail.dat."""
    position = 6
    while position + 9 <= len(data):
        (length,) = struct.unpack_from("<I", data, position + 5)
        position += 9 + length
        if position > len(data):
            return True
        position += 2
    return False


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    position = 6  # signature and key
    while position + 9 <= len(data):
        _, attribute, _, length = struct.unpack_from("<BHHI", data, position)
        content = data[position + 9 : position + 9 + length]
        if len(content) < length:
            return
        yield attribute, content
        position += 9 + length + 2  # a checksum follows


def _properties(data: bytes, charset: str) -> Iterator[tuple[int, int | None, Value]]:
    """Number, long id (of a named property) and value of each MAPI property; ends at the first broken one."""
    try:
        yield from _whole_properties(data, charset)
    except (struct.error, IndexError):
        return


def _whole_properties(data: bytes, charset: str) -> Iterator[tuple[int, int | None, Value]]:
    (count,) = struct.unpack_from("<I", data, 0)
    position = 4
    for _ in range(count):
        kind, number = struct.unpack_from("<HH", data, position)
        position += 4
        long_id = None
        if number >= 0x8000:
            by_name, long_id = struct.unpack_from("<II", data, position + 16)
            position += 24
            if by_name:
                position += _padded(long_id)
        many, kind = bool(kind & 0x1000), kind & 0x0FFF
        amount = 1
        if many or kind in (STRING, STRING8, BINARY, OBJECT):
            (amount,) = struct.unpack_from("<I", data, position)
            position += 4
        for _ in range(amount):
            value: Value | None
            if kind in (STRING, STRING8, BINARY, OBJECT):
                (length,) = struct.unpack_from("<I", data, position)
                value = variable_value(
                    BINARY if kind == OBJECT else kind, data[position + 4 : position + 4 + length], charset
                )
                position += 4 + _padded(length)
            else:
                size = 8 if kind in _EIGHT_BYTES else 16 if kind == 0x0048 else 4
                value = fixed_value(kind, data[position : position + size].ljust(8, b"\x00"))
                position += size
            if position > len(data):
                raise IndexError(position)
            if value is not None:
                yield number, long_id, value


def _padded(length: int) -> int:
    return (length + 3) // 4 * 4
