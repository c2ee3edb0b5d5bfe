"""Writes the samples of Office before 2007 into the folders beside it. Run: ``python -m tests.samples.make_legacy``.

No free library writes these formats: here are the fewest bytes that their programs would open.
"""

from __future__ import annotations

import struct

from tests.samples.compound_file import compound_file
from tests.samples.tea_shop import AUTHOR, FOOTNOTE, HEADER, NOTE, OPENING, TEAS, write


def make_xls() -> dict[str, bytes]:
    """The smallest workbook of Excel 97: records of a kind, a length and data each (MS-XLS)."""

    def record(kind: int, data: bytes) -> bytes:
        return struct.pack("<HH", kind, len(data)) + data

    def text(value: str) -> bytes:
        return struct.pack("<BB", len(value), 0) + value.encode("latin-1")

    def start(kind: int) -> bytes:
        return record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 6))

    def cells() -> bytes:
        out = b""
        for row, values in enumerate((HEADER[:3], *(tea[:3] for tea in TEAS))):
            for column, value in enumerate(values):
                place = struct.pack("<HHH", row, column, 0)
                if isinstance(value, str):
                    data = struct.pack("<HB", len(value), 0) + value.encode("latin-1")
                    out += record(0x0204, place + data)
                else:
                    out += record(0x0203, place + struct.pack("<d", value))
        return out

    end = record(0x000A, b"")
    sheet = start(0x0010) + cells() + end
    front = start(0x0005) + record(0x0042, struct.pack("<H", 0x04B0))
    length = len(front) + 4 + 6 + len(text("Teas")) + len(end)
    stream = front + record(0x0085, struct.pack("<IBB", length, 0, 0) + text("Teas")) + end + sheet
    return {"prices.xls": compound_file({"Workbook": stream})}


def make_doc() -> dict[str, bytes]:
    """A Word 97 file by hand: the text in two pieces, and one page of paragraph looks (MS-DOC)."""
    parts: list[tuple[str, int, bytes]] = [
        ("Opening hours\r", 1, b""),
        (f"{OPENING}\r", 0, b""),
        ("Teas\r", 1, b""),
    ]
    for row in (HEADER, *TEAS):
        parts += [(f"{value}\x07", 0, b"\x16\x24\x01") for value in row]
        parts.append(("\x07", 0, b"\x16\x24\x01\x17\x24\x01"))
    parts += [("See \x13 HYPERLINK secret \x14the list\x15.\r", 0, b""), ("Čaj \U0001f375\r", 0, b"")]
    texts = [text for text, _, _ in parts]
    narrow, wide = "".join(texts[:-1]).encode("cp1252"), texts[-1].encode("utf-16-le")
    note = f"{FOOTNOTE}\r".encode("cp1252")
    text_at, page_at = 1024, 2048
    main = bytearray(page_at + 512)
    main[text_at : text_at + len(narrow + note + wide)] = narrow + note + wide
    # The pieces: body in one byte a character, its last paragraph in two, then the note.
    body, last, foot = len(narrow), len(wide) // 2, len(note)
    pieces = struct.pack("<4I", 0, body, body + last, body + last + foot)
    for place in (text_at * 2 | 0x40000000, text_at + body + foot, (text_at + body) * 2 | 0x40000000):
        pieces += struct.pack("<HIH", 0, place, 0)
    clx = b"\x02" + struct.pack("<I", len(pieces)) + pieces
    # One page of looks: where each paragraph ends, and where its look is, from the end of the page forward.
    ends = [text_at]
    for text in texts[:-1]:
        ends.append(ends[-1] + len(text))
    ends += [ends[-1] + len(note), ends[-1] + len(note) + len(wide)]
    looks = [(style, extra) for _, style, extra in parts[:-1]] + [(0, b""), (0, b"")]
    page = bytearray(512)
    page[511] = len(looks)
    struct.pack_into(f"<{len(ends)}I", page, 0, *ends)
    at = 510
    places: dict[tuple[int, bytes], int] = {}
    for index, look in enumerate(looks):
        if look not in places:
            data = struct.pack("<H", look[0]) + look[1]
            data = data if len(data) % 2 else data + b"\0"
            at = (at - len(data) - 1) // 2 * 2
            page[at : at + 1 + len(data)] = bytes([(len(data) + 1) // 2]) + data
            places[look] = at
        page[4 * len(ends) + 13 * index] = places[look] // 2
    main[page_at:] = page
    looks_table = struct.pack("<3I", text_at, ends[-1], page_at // 512)
    struct.pack_into("<HH", main, 0, 0xA5EC, 0x00C1)
    struct.pack_into("<H", main, 0x0A, 0x0200)
    struct.pack_into("<2i", main, 76, body + last, foot)
    struct.pack_into("<II", main, 0x102, len(clx), len(looks_table))
    struct.pack_into("<II", main, 0x1A2, 0, len(clx))
    old = bytes(main[:0]) + struct.pack("<HH", 0xA5DC, 0x0065) + bytes(main[4:])
    locked = bytearray(main)
    struct.pack_into("<H", locked, 0x0A, 0x0300)
    word_xml = (
        '<?xml version="1.0"?><w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml"><w:body>'
        f"<w:p><w:r><w:t>{OPENING}</w:t></w:r></w:p></w:body></w:wordDocument>"
    )
    return {
        "handbook.doc": compound_file({"WordDocument": bytes(main), "1Table": clx + looks_table}),
        "word95.doc": compound_file({"WordDocument": old}),
        "protected.doc": compound_file({"WordDocument": bytes(locked), "1Table": clx}),
        "word2003-xml.doc": word_xml.encode(),
    }


def make_ppt() -> dict[str, bytes]:
    """A PowerPoint 97 file by hand: a document, two slides, notes, and the directory of the one edit (MS-PPT)."""

    def record(kind: int, data: bytes, instance: int = 0, *, container: bool = False) -> bytes:
        return struct.pack("<HHI", instance << 4 | (0xF if container else 0), kind, len(data)) + data

    def text(value: str) -> bytes:
        return record(4000, value.encode("utf-16-le"))

    def box(inner: bytes) -> bytes:
        drawing = record(0xF002, record(0xF00D, inner, container=True), container=True)
        return record(1036, drawing, container=True)

    def header(kind: int) -> bytes:
        return record(3999, struct.pack("<I", kind))

    def listed(reference: int, slide_id: int, *texts: tuple[int, str]) -> bytes:
        entry = record(1011, struct.pack("<IIiII", reference, 0, len(texts), slide_id, 0))
        return entry + b"".join(header(kind) + text(value) for kind, value in texts)

    slides = listed(2, 256, (0, "Opening hours"), (1, OPENING)) + listed(3, 257, (0, "Teas"))
    document = record(
        1000,
        record(4080, slides, 0, container=True) + record(4080, listed(4, 300), 2, container=True),
        container=True,
    )
    references = b"".join(box(record(3998, struct.pack("<I", index))) for index in (0, 1))
    comment = record(12000, record(4026, AUTHOR.encode("utf-16-le")) + record(4026, NOTE.encode("utf-16-le"), 1),
                     container=True)  # fmt: skip
    first = record(1006, references, container=True)
    second = record(
        1006, box(header(4) + record(4008, b"Assam costs 4.50\rSencha costs 6.00")) + comment, container=True
    )
    notes = record(1008, record(1009, struct.pack("<III", 256, 0, 0)) + box(header(2) + text(FOOTNOTE)), container=True)
    stream = b""
    places = []
    for part in (document, first, second, notes):
        places.append(len(stream))
        stream += part
    directory = len(stream)
    stream += record(6002, struct.pack("<I", 1 | len(places) << 20) + struct.pack(f"<{len(places)}I", *places))
    edit = len(stream)
    stream += record(4085, struct.pack("<IIIIIII", 256, 0, 0, directory, 1, 5, 0))
    user = record(4086, struct.pack("<IIIHH", 20, 0xE391C05F, edit, 0, 0x03F4))
    locked = record(4086, struct.pack("<IIIHH", 20, 0xF3D1C4DF, edit, 0, 0x03F4))
    return {
        "handbook.ppt": compound_file({"PowerPoint Document": stream, "Current User": user}),
        "no-directory.ppt": compound_file({"PowerPoint Document": stream[:directory]}),
        "protected.ppt": compound_file({"PowerPoint Document": stream, "Current User": locked}),
    }


if __name__ == "__main__":
    write(make_doc() | make_ppt() | make_xls())
