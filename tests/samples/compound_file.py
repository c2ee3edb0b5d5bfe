"""Writes OLE compound files, the container of Office files before 2007 (MS-CFB), with streams but no folders."""

from __future__ import annotations

import struct

_SECTOR = 512
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_SMALLEST = 4096
"""Shorter streams would go into a container of their own; here they are filled up instead."""


def compound_file(streams: dict[str, bytes]) -> bytes:
    """The bytes of a compound file with the given streams, each filled up with zeros to 4,096 bytes at least."""
    sectors: list[bytes] = []
    chain: list[int] = []

    def add(data: bytes) -> int:
        first = len(sectors)
        count = -(-len(data) // _SECTOR)
        sectors.extend(data[i * _SECTOR : (i + 1) * _SECTOR].ljust(_SECTOR, b"\0") for i in range(count))
        chain.extend([*range(first + 1, first + count), _END])
        return first

    entries = [_entry("Root Entry", 5, child=1, start=_END, size=0)]
    # The entries form a binary search tree by length, then name; here each has only a right neighbour.
    ordered = sorted(streams.items(), key=lambda item: (len(item[0]), item[0].upper()))
    for number, (name, data) in enumerate(ordered, 1):
        padded = data.ljust(_SMALLEST, b"\0")
        right = number + 1 if number < len(ordered) else _FREE
        entries.append(_entry(name, 2, right=right, start=add(padded), size=len(padded)))
    while len(entries) % 4:
        entries.append(_entry("", 0, start=0, size=0))
    directory = add(b"".join(entries))
    fat_sectors = 1
    while (len(sectors) + fat_sectors) * 4 > fat_sectors * _SECTOR:
        fat_sectors += 1
    fat_at = [len(sectors) + index for index in range(fat_sectors)]
    chain.extend([_FAT] * fat_sectors)
    table = struct.pack(f"<{len(chain)}I", *chain).ljust(fat_sectors * _SECTOR, b"\xff")
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<9I", 0, fat_sectors, directory, 0, _SMALLEST, _END, 0, _END, 0)
    header += struct.pack("<109I", *fat_at, *[_FREE] * (109 - fat_sectors))
    return header + b"".join(sectors) + table


def _entry(name: str, kind: int, *, right: int = _FREE, child: int = _FREE, start: int = _END, size: int = 0) -> bytes:
    encoded = (name + "\0").encode("utf-16-le") if name else b""
    out = encoded.ljust(64, b"\0") + struct.pack("<HBB", len(encoded), kind, 1)
    out += struct.pack("<III", _FREE, right, child) + bytes(16 + 4 + 16)
    return out + struct.pack("<IQ", start, size)
