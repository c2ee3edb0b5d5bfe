"""Writes ``msg/reply.msg``: an Outlook reply with an attached file and an attached message.

Outlook's .msg is a Compound File (MS-CFB) of storages and streams that hold properties (MS-OXMSG). No library we may
use writes one, so this is the smallest writer that readers accept: streams under 4 KiB, one level of allocation table.
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from pathlib import Path

Tree = dict[str, "Tree | bytes"]

SECTOR, MINI_SECTOR = 512, 64
FREE, END, FAT_SECTOR = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
STORAGE, STREAM, ROOT = 1, 2, 5


def compound_file(tree: Tree) -> bytes:
    """A compound file of ``tree``: folders are dicts, streams are bytes shorter than 4 KiB."""
    entries: list[list[int | str]] = [["Root Entry", ROOT, FREE, FREE, FREE, 0, 0]]
    mini = bytearray()
    mini_fat: list[int] = []

    def add(name: str, content: Tree | bytes) -> int:
        number = len(entries)
        if isinstance(content, dict):
            entries.append([name, STORAGE, FREE, FREE, FREE, 0, 0])
            entries[number][4] = siblings(content)
            return number
        assert len(content) < 4096, name
        first = len(mini_fat) if content else END
        sectors = -(-len(content) // MINI_SECTOR)
        mini_fat.extend([*range(len(mini_fat) + 1, len(mini_fat) + sectors), END][:sectors])
        mini.extend(content.ljust(sectors * MINI_SECTOR, b"\x00"))
        entries.append([name, STREAM, FREE, FREE, FREE, first, len(content)])
        return number

    def siblings(folder: Tree) -> int:
        numbers = [add(name, folder[name]) for name in sorted(folder, key=lambda name: (len(name), name.upper()))]

        def balanced(low: int, high: int) -> int:
            if low >= high:
                return FREE
            middle = (low + high) // 2
            entries[numbers[middle]][2] = balanced(low, middle)
            entries[numbers[middle]][3] = balanced(middle + 1, high)
            return numbers[middle]

        return balanced(0, len(numbers))

    entries[0][4] = siblings(tree)
    parts = [
        b"".join(map(_directory_entry, entries)),
        struct.pack(f"<{len(mini_fat)}I", *mini_fat).ljust(SECTOR, b"\xff"),
        bytes(mini),
    ]
    starts: list[int] = []
    fat: list[int] = []
    for part in parts:
        sectors = -(-len(part) // SECTOR)
        starts.append(len(fat))
        fat += [*range(len(fat) + 1, len(fat) + sectors), END]
    fat_start, fat_sectors = len(fat), 1
    while (len(fat) + fat_sectors) * 4 > fat_sectors * SECTOR:
        fat_sectors += 1
    fat += [FAT_SECTOR] * fat_sectors
    mini_fat_sectors = -(-len(parts[1]) // SECTOR)
    directory = bytearray(parts[0])
    struct.pack_into("<IQ", directory, 116, starts[2], len(mini))
    header = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6,
        0, fat_sectors, starts[0], 0, 4096, starts[1], mini_fat_sectors, END, 0,
    )  # fmt: skip
    table = [*range(fat_start, fat_start + fat_sectors), *[FREE] * (109 - fat_sectors)]
    body = b"".join(bytes(part).ljust(-(-len(part) // SECTOR) * SECTOR, b"\x00") for part in (directory, *parts[1:]))
    return (
        header
        + struct.pack("<109I", *table)
        + body
        + struct.pack(f"<{len(fat)}I", *fat).ljust(fat_sectors * SECTOR, b"\xff")
    )


def _directory_entry(entry: list[int | str]) -> bytes:
    name, kind, left, right, child, start, size = entry
    encoded = str(name).encode("utf-16-le")
    return struct.pack(
        "<64sHBBIII16xIQQIQ", encoded, len(encoded) + 2, kind, 1, left, right, child, 0, 0, 0, start, size
    )


def properties(values: dict[int, str | bytes | int | datetime], header: int) -> Tree:
    """The streams of a property bag; ``header`` is the size of what precedes the list of properties."""
    folder: Tree = {}
    rows = b""
    for number, value in sorted(values.items()):
        if isinstance(value, datetime):
            ticks = int((value - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10_000_000
            rows += struct.pack("<HHIQ", 0x0040, number, 6, ticks)
        elif isinstance(value, int):
            rows += struct.pack("<HHIiI", 0x0003, number, 6, value, 0)
        else:
            kind = 0x001F if isinstance(value, str) else 0x0102
            data = value.encode("utf-16-le") if isinstance(value, str) else value
            folder[f"__substg1.0_{number:04X}{kind:04X}"] = data
            rows += struct.pack("<HHIII", kind, number, 6, len(data), 0)
    folder["__properties_version1.0"] = b"\x00" * header + rows
    return folder


def reply() -> Tree:
    headers = (
        "Message-ID: <reply-7@harbour.example>\r\nIn-Reply-To: <offer-3@boats.example>\r\n"
        "References: <ask-1@harbour.example> <offer-3@boats.example>\r\nDate: Tue, 14 May 2024 09:30:00 +0200\r\n"
    )
    body = (
        "Dear Ms Okafor,\r\n\r\nwe take berth 17 for the whole season, 1,240 euros as offered.\r\n\r\n"
        "Kind regards,\r\nJonas Lindqvist\r\nHarbour Office\r\n\r\n"
        "-----Original Message-----\r\nFrom: Ada Okafor\r\nSent: Monday, 13 May 2024 16:02\r\nTo: Jonas Lindqvist\r\n"
        "Subject: Berth for the season\r\n\r\nBerth 17 is free from June.\r\n"
    )
    tree = properties(
        {
            0x001A: "IPM.Note",
            0x0037: "RE: Berth for the season \u2013 Größe",
            0x007D: headers,
            0x0C1A: "Jonas Lindqvist",
            0x5D01: "jonas@harbour.example",
            0x0039: datetime(2024, 5, 14, 7, 30, tzinfo=UTC),
            0x1000: body,
        },
        32,
    )
    tree["__nameid_version1.0"] = {"__substg1.0_00030102": b""}
    tree["__recip_version1.0_#00000000"] = properties({0x3001: "Ada Okafor", 0x39FE: "ada@boats.example", 0x0C15: 1}, 8)
    tree["__recip_version1.0_#00000001"] = properties(
        {0x3001: "Archive", 0x39FE: "archive@harbour.example", 0x0C15: 2}, 8
    )
    tree["__attach_version1.0_#00000000"] = properties(
        {0x3701: b"berth,price\n17,1240\n", 0x3707: "Preise 2024 für Boote.csv", 0x370E: "text/csv", 0x3705: 1}, 8
    )
    inner = properties({0x001A: "IPM.Note", 0x0037: "Mooring rules", 0x1000: "No engines after ten at night.\r\n"}, 24)
    attached = properties({0x3001: "Mooring rules", 0x3705: 5}, 8)
    attached["__substg1.0_3701000D"] = inner
    tree["__attach_version1.0_#00000001"] = attached
    return tree


if __name__ == "__main__":
    (Path(__file__).parent / "msg" / "reply.msg").write_bytes(compound_file(reply()))
