"""Mails, and what comes in them, made to harm: bottomless, endless, and with names that climb out of folders."""

from __future__ import annotations

import struct
from functools import partial

from tests.hostile.forms import Hostile
from tests.hostile.texts import TEN_MB
from tests.samples.compound_file import compound_file

_HEAD = "From: a@b.example\r\nDate: Mon, 1 Jan 2024 10:00:00 +0000\r\nSubject: Seen\r\nMIME-Version: 1.0\r\n"

NAMES = (
    "../../../../etc/cron.d/evil",
    "..\\..\\Startup\\evil.txt",
    "/etc/passwd",
    "C:\\Windows\\evil.txt",
    "nul\0byte.txt",
    "invoice\u202etxt.exe",
    "CON",
    "NUL.txt",
    "..",
    ".",
    " ",
    "a\nb\x1b[2J.txt",
    "x" * 10_000 + ".txt",
)


def _mail(body: str, kind: str = "text/plain") -> bytes:
    return f"{_HEAD}Content-Type: {kind}\r\n\r\n{body}".encode("utf-8", "surrogateescape")


def _nested_messages(depth: int) -> bytes:
    inner = "From: a@b.example\r\nSubject: Seen\r\n"
    return (f"{inner}Content-Type: message/rfc822\r\n\r\n" * depth + f"{inner}\r\nAt the bottom.\r\n").encode()


def _nested_parts(depth: int) -> bytes:
    parts = "".join(f"--b{n}\r\nContent-Type: multipart/mixed; boundary=b{n + 1}\r\n\r\n" for n in range(depth))
    return _mail(f"{parts}--b{depth}\r\n\r\nAt the bottom.\r\n", "multipart/mixed; boundary=b0")


def _parts(count: int, head: str = "") -> bytes:
    return _mail(f"--b\r\n{head}\r\nSeen\r\n" * count + "--b--\r\n", 'multipart/mixed; boundary="b"')


def named_attachments() -> bytes:
    """A mail with an attachment of each name; NUL and line ends as RFC 2231 lets them through."""
    from urllib.parse import quote

    body = "".join(
        "--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; "
        f"filename*=utf-8''{quote(name, safe='')}\r\n\r\nSeen\r\n"
        for name in NAMES
    )
    return _mail(f"{body}--b--\r\n", 'multipart/mixed; boundary="b"')


def _mbox(count: int, message: str) -> bytes:
    return f"From a@b.example Mon Jan  1 10:00:00 2024\n{message}\n".encode() * count


def _tnef_attribute(level: int, name: int, data: bytes, size: int | None = None) -> bytes:
    return struct.pack("<BII", level, name, len(data) if size is None else size) + data + b"\0\0"


def _tnef(*attributes: bytes) -> bytes:
    return struct.pack("<IH", 0x223E9F78, 1) + b"".join(attributes)


def _properties(count: int, size: int) -> bytes:
    """Properties of which each says it has a great many values."""
    return _tnef(
        _tnef_attribute(1, 0x00069003, struct.pack("<I", count) + struct.pack("<HHI", 0x101E, 0x0037, size) * 50)
    )


def _nested_tnef(depth: int) -> bytes:
    data = b"From: a@b.example\r\nSubject: Seen\r\n\r\nAt the bottom.\r\n"
    for _ in range(depth):
        data = _tnef(
            _tnef_attribute(1, 0x00018004, b"Seen\0"),
            _tnef_attribute(2, 0x00069002, struct.pack("<HiHHI", 1, -1, 32, 32, 0)),
            _tnef_attribute(2, 0x00018010, b"winmail.dat\0"),
            _tnef_attribute(2, 0x0006800F, data),
        )
    return data


def cyclic(streams: dict[str, bytes]) -> bytes:
    """A compound file in which every chain of sectors runs in a circle."""
    data = bytearray(compound_file(streams))
    (table,) = struct.unpack_from("<I", data, 76)
    at = (table + 1) * 512
    entries = list(struct.unpack_from("<128I", data, at))
    for number, following in enumerate(entries):
        if following == 0xFFFFFFFE:
            entries[number] = 0
    struct.pack_into("<128I", data, at, *entries)
    return bytes(data)


def _self_table() -> bytes:
    """A compound file whose table of sectors goes on in itself, for as long as a number can say."""
    data = bytearray(compound_file({"WordDocument": b"x" * 5_000}))
    struct.pack_into("<II", data, 68, 0, 0xFFFFFFF0)
    return bytes(data)


def _circular_tree() -> bytes:
    """A compound file whose entries are each other's neighbours."""
    data = bytearray(compound_file({"a": b"", "b": b"", "__properties_version1.0": b""}))
    (directory,) = struct.unpack_from("<I", data, 48)
    at = (directory + 1) * 512
    for number in range(1, 4):
        struct.pack_into("<III", data, at + 128 * number + 68, 3 - number % 3, 1 + number % 3, 1)
    return bytes(data)


MAILS = (
    Hostile("line.eml", partial(_mail, "Seen " + "word " * (TEN_MB // 5)), (), "Seen"),
    Hostile("letters.eml", partial(_mail, "Seen " + "x" * TEN_MB), (), "Seen"),
    Hostile("quoted.eml", partial(_mail, "Seen\n" + ">" * TEN_MB), (), "Seen"),
    Hostile("quotes.eml", partial(_mail, "Seen\n" + "> a\n" * 500_000), (), "Seen"),
    Hostile("dashes.eml", partial(_mail, "Seen\n" + "-- \n" * 500_000), (), "Seen"),
    Hostile("wrote.eml", partial(_mail, "Seen\nOn Mon, a@b.example wrote " + "On a wrote " * 100_000), (), "Seen"),
    Hostile("armour.eml", partial(_mail, "Seen\n" + "-----BEGIN PGP SIGNATURE-----\n" * 100_000), ()),
    Hostile("uu.eml", partial(_mail, "Seen\n" + "begin 644 a\n" + "M" * 60 + "\n" * 200_000), (), "Seen"),
    Hostile("uu_lines.eml", partial(_mail, "Seen\n" + ("begin 644 a\n" + ("M" * 61 + "\n") * 50) * 1000), (), "Seen"),
    Hostile("html.eml", partial(_mail, "<p>Seen</p>" + "<div>" * 100_000, "text/html"), (), "Seen"),
    Hostile("header.eml", lambda: b"Subject: Seen " + b"word " * (TEN_MB // 5) + b"\r\n\r\nBody.\r\n", ("damaged", "")),
    Hostile("folded.eml", lambda: b"Subject: Seen" + b"\r\n word" * 500_000 + b"\r\n\r\nBody.\r\n", ("damaged", "")),
    Hostile(
        "addresses.eml",
        lambda: b"To: " + b"a@b.example, " * (TEN_MB // 13) + b"\r\nSubject: Seen\r\n\r\nBody.\r\n",
        ("damaged", ""),
    ),
    Hostile(
        "brackets.eml",
        lambda: b"To: " + b"<(" * 500_000 + b"\r\nSubject: Seen\r\n\r\nBody.\r\n",
        ("damaged", ""),
        "Body",
    ),
    Hostile(
        "encoded.eml", lambda: b"Subject: " + b"=?utf-8?q?Seen?= " * 500_000 + b"\r\n\r\nBody.\r\n", ("damaged", "")
    ),
    Hostile(
        "references.eml",
        lambda: b"Subject: Seen\r\nReferences: " + b"<a@b>\r\n " * 500_000 + b"\r\n\r\nBody.\r\n",
        ("damaged", ""),
        "Body",
    ),
    Hostile(
        "parameters.eml",
        lambda: b"Subject: Seen\r\nContent-Type: text/plain; " + b"a*0*=b; " * 200_000 + b"\r\n\r\nBody.\r\n",
        ("damaged", ""),
        "Body",
    ),
    Hostile(
        "headers.eml", lambda: b"Subject: Seen\r\n" + b"X: y\r\n" * 300_000 + b"\r\nBody.\r\n", ("damaged", ""), "Body"
    ),
    Hostile("nested_messages.eml", partial(_nested_messages, 1_000), ("damaged", "over-cap")),
    Hostile("nested_some.eml", partial(_nested_messages, 50), ("over-cap",)),
    Hostile("nested_parts.eml", partial(_nested_parts, 1_000), ("damaged", "over-cap")),
    Hostile("nested_some_parts.eml", partial(_nested_parts, 200), ("damaged", "over-cap")),
    Hostile("parts.eml", partial(_parts, 100_000), (), "Seen", slow=True),
    Hostile(
        "files.eml",
        partial(_parts, 100_000, "Content-Disposition: attachment; filename=a.txt\r\n"),
        ("over-cap",),
        "Seen",
    ),
    Hostile("messages.eml", partial(_parts, 20_000, "Content-Type: message/rfc822\r\n"), ("over-cap",)),
    Hostile("names.eml", named_attachments, ("unsupported",), "Seen"),
    Hostile("empty.mbox", partial(_mbox, 100_000, ""), ()),
    Hostile("small.mbox", partial(_mbox, 5_000, "Subject: Seen\n"), (), "Seen"),
    Hostile("from.mbox", partial(_mbox, 1, "From \n" * 300_000), ()),
    Hostile("line.mbox", partial(_mbox, 1, "Subject: Line\n\nSeen " + "word " * (TEN_MB // 5)), (), "Seen"),
    Hostile("sizes.tnef", lambda: _tnef(_tnef_attribute(1, 0x00018004, b"Seen", 0xFFFFFFFF)), ("damaged",)),
    Hostile("counts.tnef", partial(_properties, 0xFFFFFFFF, 0xFFFFFFFF), ("damaged", "")),
    Hostile("nested.tnef", partial(_nested_tnef, 100), ("over-cap",)),
    Hostile("cyclic.msg", partial(cyclic, {"__properties_version1.0": b"x" * 9_000}), ("damaged",)),
    Hostile("cyclic.doc", partial(cyclic, {"WordDocument": b"x" * 9_000, "1Table": b"y" * 9_000}), ("unsupported",)),
    Hostile("cyclic.xls", partial(cyclic, {"Workbook": b"x" * 9_000}), ("damaged",)),
    Hostile("cyclic.ppt", partial(cyclic, {"PowerPoint Document": b"x" * 9_000, "Current User": b"y"}), ("damaged",)),
    Hostile("table.doc", _self_table, ("damaged",)),
    Hostile("tree.msg", _circular_tree, ("damaged",)),
)
