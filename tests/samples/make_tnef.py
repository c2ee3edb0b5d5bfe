"""Write ``tnef/letter.tnef``: a mail as Exchange wraps it into a winmail.dat, with one attached file."""

from __future__ import annotations

import struct
from pathlib import Path

_MESSAGE, _ATTACHMENT = 1, 2


def _attribute(level: int, name: int, data: bytes) -> bytes:
    return struct.pack("<BII", level, name, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)


def main() -> None:
    parts = [
        struct.pack("<IH", 0x223E9F78, 1),
        _attribute(_MESSAGE, 0x00089006, struct.pack("<I", 0x00010000)),
        _attribute(_MESSAGE, 0x00078008, b"IPM.Microsoft Mail.Note\0"),
        _attribute(_MESSAGE, 0x00018004, b"Keys for the garden shed\0"),
        _attribute(_MESSAGE, 0x0002800C, b"Dear Ruth,\r\n\r\nthe spare key hangs behind the blue door.\r\n\r\nOtto\0"),
        _attribute(_ATTACHMENT, 0x00069002, struct.pack("<HiHHI", 1, -1, 32, 32, 0)),
        _attribute(_ATTACHMENT, 0x00018010, b"tools.txt\0"),
        _attribute(_ATTACHMENT, 0x0006800F, b"One spade, two rakes and a wheelbarrow.\r\n"),
    ]
    path = Path(__file__).parent / "tnef" / "letter.tnef"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"".join(parts))


if __name__ == "__main__":
    main()
