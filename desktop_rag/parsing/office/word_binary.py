"""The binary format of Word 97 to 2003: where its text is, and what each paragraph is (MS-DOC).

The text of a file is a list of pieces, in the order of the document, each either one byte a character or two. What a
paragraph looks like is kept apart, by the place of its last character in the file.
"""

from __future__ import annotations

import bisect
import re
import struct
from collections.abc import Iterator

from msgspec import Struct

from desktop_rag.errors import Damaged, Encrypted, Unsupported
from desktop_rag.messages import say
from desktop_rag.parsing.archive import GET_A_FRESH_COPY, SAVE_WITHOUT_PASSWORD

SAVE_AS_DOCX = say("parsing.open-word-libreoffice-save-docx")

_MAGIC = 0xA5EC
_FIRST_WITH_UNICODE = 0x00C1
"""Version of the format that came with Word 97."""
_ENCRYPTED, _SECOND_TABLE = 0x0100, 0x0200
_LENGTHS_AT, _CLX_AT, _PARAGRAPHS_AT = 76, 0x1A2, 0x102
_PAGE_BYTES = 512
_COMPRESSED = 0x40000000
_HEADING_STYLES = 9
"""Styles 1 to 9 are the headings of the first to ninth level in every document."""
_IN_TABLE, _ROW_END = b"\x16\x24\x01", b"\x17\x24\x01"
"""Properties switched on, as they are written; looked for without reading the ones before them."""
_LIST = re.compile(rb"\x0b\x46(?!\0\0)", re.DOTALL)

_FIELD_CODE = re.compile(r"\x13[^\x13\x14\x15]*(?:\x14|(?=\x15))")
_CHARACTERS = str.maketrans(
    {"\x0b": "\n", "\x1e": "-", "\x1f": "", "\xa0": " ", "\t": " "}
    | {chr(code): "" for code in (*range(1, 7), 8, *range(0x0E, 0x13), 0x14, 0x15, 0xAD, 0xFEFF)}
)
_FONT_SYMBOLS = re.compile("[\uf000-\uf0ff]")
_ENDS = re.compile("[\r\x07\x0c]")


class DocParagraph(Struct, frozen=True):
    """A paragraph of the text or of a table's cell; ``level`` is 0 for text, from 1 for headings."""

    text: str
    level: int = 0
    listed: bool = False
    in_table: bool = False
    ends_cell: bool = False
    ends_row: bool = False


class _TextPiece(Struct, frozen=True):
    first: int
    """Index of its first character in the document."""
    text: str
    offset: int
    """Where its bytes are in the main stream, and how many a character has."""
    width: int


class WordBinary:
    """The paragraphs of a document, given its streams.

    Raises ``Encrypted``, ``Unsupported`` (Word 95 and before) and ``Damaged``.
    """

    def __init__(self, name: str, main: bytes, tables: dict[str, bytes]) -> None:
        try:
            magic, version = struct.unpack_from("<HH", main)
            (flags,) = struct.unpack_from("<H", main, 0x0A)
        except struct.error as error:
            raise Damaged(say("parsing.damaged-text-missing", name=name), GET_A_FRESH_COPY) from error
        if flags & _ENCRYPTED:
            raise Encrypted(say("parsing.protected-password", name=name), SAVE_WITHOUT_PASSWORD)
        if magic != _MAGIC or version < _FIRST_WITH_UNICODE:
            raise Unsupported(say("parsing.made-version-word-before-1997", name=name), SAVE_AS_DOCX)
        try:
            table = tables["1Table" if flags & _SECOND_TABLE else "0Table"]
            self._lengths = struct.unpack_from("<8i", main, _LENGTHS_AT)
            self._pieces = list(_pieces(main, table))
        except (struct.error, KeyError, ValueError) as error:
            raise Damaged(say("parsing.damaged-text-cannot-found", name=name), GET_A_FRESH_COPY) from error
        self._text = "".join(piece.text for piece in self._pieces)
        self._starts = [piece.first for piece in self._pieces]
        try:
            self._looks = sorted(_looks(main, table))
        except (struct.error, IndexError):
            self._looks = []  # the text is there, its headings are not
        self._look_ends = [end for end, _, _ in self._looks]

    def body(self) -> Iterator[DocParagraph]:
        """The main text."""
        return self._paragraphs(0, self._lengths[0])

    def apart(self) -> Iterator[DocParagraph]:
        """Footnotes, headers and footers, comments, endnotes and text boxes, in this order."""
        start = self._lengths[0]
        for length in self._lengths[1:]:
            if length > 0:
                yield from self._paragraphs(start, start + length)
                start += length

    def _paragraphs(self, first: int, last: int) -> Iterator[DocParagraph]:
        start = first
        last = min(last, len(self._text))
        while start < last:
            match = _ENDS.search(self._text, start, last)
            end = match.start() if match else last
            style, properties = self._look(end)
            text = self._text[start:end]
            mark = match.group() if match else ""
            yield DocParagraph(
                text=_readable(text),
                level=style if 1 <= style <= _HEADING_STYLES else 0,
                listed=_LIST.search(properties) is not None,
                in_table=_IN_TABLE in properties,
                ends_cell=mark == "\x07",
                ends_row=mark == "\x07" and _ROW_END in properties,
            )
            start = end + 1

    def _look(self, index: int) -> tuple[int, bytes]:
        """Style and properties of the paragraph whose end mark is character ``index``."""
        at = bisect.bisect_right(self._starts, index) - 1
        if at < 0 or not self._looks:
            return 0, b""
        piece = self._pieces[at]
        offset = piece.offset + (index - piece.first) * piece.width
        found = bisect.bisect_right(self._look_ends, offset)
        if found >= len(self._looks):
            return 0, b""
        _, style, properties = self._looks[found]
        return style, properties


def _readable(text: str) -> str:
    """Without the codes of fields (their results stay) and characters that stand for pictures and marks."""
    while True:  # fields lie in fields
        shorter = _FIELD_CODE.sub("", text)
        if shorter == text:
            break
        text = shorter
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    text = _FONT_SYMBOLS.sub("", text.translate(_CHARACTERS))
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def _pieces(main: bytes, table: bytes) -> Iterator[_TextPiece]:
    offset, length = struct.unpack_from("<II", main, _CLX_AT)
    clx = table[offset : offset + length]
    at = 0
    while clx[at : at + 1] == b"\x01":  # properties of pieces that were saved quickly
        at += 3 + struct.unpack_from("<H", clx, at + 1)[0]
    if clx[at : at + 1] != b"\x02":
        raise ValueError("no piece table")
    count = (struct.unpack_from("<I", clx, at + 1)[0] - 4) // 12
    at += 5
    ends = struct.unpack_from(f"<{count + 1}I", clx, at)
    for index in range(count):
        (place,) = struct.unpack_from("<I", clx, at + 4 * (count + 1) + 8 * index + 2)
        characters = ends[index + 1] - ends[index]
        if characters < 0:
            raise ValueError("pieces overlap")
        if place & _COMPRESSED:
            start = (place & ~_COMPRESSED) // 2
            text = main[start : start + characters].decode("cp1252", errors="replace")
            yield _TextPiece(ends[index], text.ljust(characters), start, 1)
        else:
            # Two units for a character beyond the first 65,536: they stay two, so that places still count.
            data = main[place : place + 2 * characters]
            text = "".join(map(chr, struct.unpack(f"<{len(data) // 2}H", data[: len(data) // 2 * 2])))
            yield _TextPiece(ends[index], text.ljust(characters), place, 2)


def _looks(main: bytes, table: bytes) -> Iterator[tuple[int, int, bytes]]:
    """For each run of bytes in the main stream: where it ends, its style and its properties."""
    offset, length = struct.unpack_from("<II", main, _PARAGRAPHS_AT)
    count = (length - 4) // 8
    for (page,) in struct.iter_unpack("<I", table[offset + 4 * (count + 1) : offset + length]):
        block = main[(page & 0x3FFFFF) * _PAGE_BYTES :][:_PAGE_BYTES]
        runs = block[_PAGE_BYTES - 1]
        ends = struct.unpack_from(f"<{runs + 1}I", block)
        for run in range(runs):
            at = 2 * block[4 * (runs + 1) + 13 * run]
            if at == 0:
                yield ends[run + 1], 0, b""
                continue
            size = 2 * block[at] - 1
            if block[at] == 0:
                at += 1
                size = 2 * block[at]
            data = block[at + 1 : at + 1 + size]
            yield ends[run + 1], struct.unpack_from("<H", data)[0] if len(data) > 1 else 0, data[2:]
