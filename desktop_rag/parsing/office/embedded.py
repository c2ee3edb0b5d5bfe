"""Files embedded in office documents as OLE objects."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

import olefile

from desktop_rag.parsing.archive import OLE_MAGIC

_STREAMS = ("Package", "CONTENTS", "Contents")
"""Streams that hold a whole file of another program."""
_STARTS = ((b"%PDF", b"", ".pdf"), (b"PK", b"word/", ".docx"), (b"PK", b"xl/", ".xlsx"), (b"PK", b"ppt/", ".pptx"))
"""How such a file begins, what else is in it, and its suffix."""
_DOCUMENTS = (("WordDocument", ".doc"), ("Workbook", ".xls"), ("Book", ".xls"), ("PowerPoint Document", ".ppt"))
_NATIVE = "\x01Ole10Native"
_OLE1_EMBEDDED = 2
_OUTLOOK = "__properties_version1.0"


def unwrap_ole(name: str, data: bytes) -> tuple[str, bytes]:
    """Name and bytes of the file inside an OLE object; ``data`` itself when it is not wrapped.

    The bytes are empty when the object holds no file of its own (a control, an equation).
    """
    if not data.startswith(OLE_MAGIC):
        return name, data
    stem = name.rpartition(".")[0] or name
    try:
        with olefile.OleFileIO(io.BytesIO(data)) as ole:
            if ole.exists(_NATIVE):
                return _native(stem, ole.openstream(_NATIVE).read())
            for stream in _STREAMS:
                if ole.exists(stream):
                    inner = ole.openstream(stream).read()
                    return stem + _suffix(inner), inner
            for stream, suffix in _DOCUMENTS:
                if ole.exists(stream):
                    return stem + suffix, data
            if ole.exists(_OUTLOOK):
                return f"{stem}.msg", data
    except (OSError, ValueError, IndexError, TypeError, struct.error):
        return name, b""  # a damaged object: the document around it is still whole
    return name, b""


def unwrap_streams(ole: olefile.OleFileIO[str]) -> Iterator[tuple[str, bytes]]:
    """Names and bytes of the files that objects inside an open OLE document hold in a stream of their own."""
    for number, path in enumerate(ole.listdir(), 1):
        if len(path) < 2 or path[-1] not in (_NATIVE, *_STREAMS):
            continue
        try:
            data = ole.openstream(path).read()
            name, inner = _native(f"object{number}", data) if path[-1] == _NATIVE else ("", data)
        except (OSError, ValueError, IndexError, TypeError, struct.error):
            continue  # as above
        name = name or f"object{number}{_suffix(inner)}"
        if inner and "." in name:
            yield name, inner


def unwrap_ole1(stem: str, data: bytes) -> tuple[str, bytes]:
    """The same for an object in the older form that RTF holds: a header, then the object's bytes (MS-OLEDS 2.2)."""
    try:
        kind, at = struct.unpack_from("<I", data, 4)[0], 8
        names = []
        for _ in range(3):
            (length,) = struct.unpack_from("<I", data, at)
            names.append(data[at + 4 : at + 4 + length].rstrip(b"\0"))
            at += 4 + length
        (size,) = struct.unpack_from("<I", data, at)
        inner = data[at + 4 : at + 4 + size]
        if kind != _OLE1_EMBEDDED:
            return stem, b""
        if names[0] == b"Package":
            return _native(stem, b"\0" * 4 + inner)
    except (struct.error, ValueError):
        return stem, b""
    return unwrap_ole(stem, inner) if inner.startswith(OLE_MAGIC) else (stem, b"")


def _suffix(data: bytes) -> str:
    return next((suffix for start, inside, suffix in _STARTS if data.startswith(start) and inside in data), "")


def _native(stem: str, stream: bytes) -> tuple[str, bytes]:
    """Read what Windows' Object Packager wrote: label, path, and the file's bytes (MS-OLEDS, OLE1 native data)."""
    at = 6
    names = []
    for _ in range(2):
        end = stream.index(b"\0", at)
        names.append(stream[at:end].decode("cp1252", errors="replace"))
        at = end + 1
    (path_length,) = struct.unpack_from("<I", stream, at + 4)
    at += 8 + path_length
    (size,) = struct.unpack_from("<I", stream, at)
    label = next((name for name in names if name), stem)
    return label.replace("\\", "/").rpartition("/")[2] or stem, stream[at + 4 : at + 4 + size]
