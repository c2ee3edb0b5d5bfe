"""Word and PowerPoint files of before 2007, which are OLE compound files."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator

import olefile

from desktop_rag.errors import Damaged, Encrypted, Unsupported
from desktop_rag.messages import say
from desktop_rag.parsing.archive import GET_A_FRESH_COPY, OLE_MAGIC, SAVE_WITHOUT_PASSWORD, refuse_large
from desktop_rag.parsing.office import powerpoint_binary
from desktop_rag.parsing.office.docx import parse_word_xml
from desktop_rag.parsing.office.embedded import unwrap_ole, unwrap_streams
from desktop_rag.parsing.office.ole import ole_metadata
from desktop_rag.parsing.office.word_binary import SAVE_AS_DOCX, DocParagraph, WordBinary
from desktop_rag.parsing.source import Source, over_cap
from desktop_rag.parsing.text.outline import Outline
from desktop_rag.parsing.text.tables import row_segments
from desktop_rag.types import Attachment, Entry, Page, ParseItem, Problem, Segment, Whole

_WORD, _POWERPOINT, _CURRENT_USER = "WordDocument", "PowerPoint Document", "Current User"
_PROTECTED = ("EncryptedPackage", "\x09DRMContent")
_ENCRYPTED_USER = 0xF3D1C4DF
_SNIFFED_BYTES = 64
_SAVE_AS_PPTX = say("parsing.open-powerpoint-libreoffice-save-pptx")
_OLD_WORD = (b"\xdb\xa5", b"\x9b\xa5", b"\x31\xbe", b"\xfe\x37")
"""How files of Word 1 to 5 begin."""


def parse_doc(source: Source) -> Iterator[ParseItem]:
    """Headings, paragraphs, lists and table rows; then notes, headers, comments and boxes; embedded files.

    Word 2003's XML under a name in .doc is read too. Raises ``Unsupported`` for Word 95 and before.
    """
    if source.read(_SNIFFED_BYTES).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        yield from parse_word_xml(source)
        return
    with _open(source, _WORD, SAVE_AS_DOCX) as ole:
        tables = {name: _stream(source, ole, name) for name in ("0Table", "1Table") if ole.exists(name)}
        document = WordBinary(source.name, _stream(source, ole, _WORD), tables)
        yield ole_metadata(source, "document")
        yield from _word_segments(document.body())
        seen = set()
        for paragraph in document.apart():
            if any(map(str.isalpha, paragraph.text)) and paragraph.text not in seen:
                seen.add(paragraph.text)
                yield Segment(paragraph.text, Whole())
        for name, data in unwrap_streams(ole):
            yield Attachment(name, "", data, Entry(name))


def parse_ppt(source: Source) -> Iterator[ParseItem]:
    """Slide by slide: the title as heading, a segment per shape, then notes and comments; embedded files last."""
    with _open(source, _POWERPOINT, _SAVE_AS_PPTX) as ole:
        user = _stream(source, ole, _CURRENT_USER) if ole.exists(_CURRENT_USER) else b""
        token, edit = struct.unpack_from("<II", user, 12) if len(user) >= 20 else (0, 0)
        if token == _ENCRYPTED_USER or ole.exists("EncryptedSummary"):
            raise Encrypted(say("parsing.protected-password", name=source.name), SAVE_WITHOUT_PASSWORD)
        stream = _stream(source, ole, _POWERPOINT)
    yield ole_metadata(source, "slides")
    try:
        slides = powerpoint_binary.read_slides(stream, edit)
    except (struct.error, KeyError, IndexError):
        yield from (Segment(text, Whole()) for text in powerpoint_binary.all_texts(stream))
        yield Problem("damaged", say("parsing.damaged-text-found-but-not-slide", name=source.name), GET_A_FRESH_COPY)
        slides = []
    for number, slide in enumerate(slides[: source.limits.pages], 1):
        yield from _slide_segments(slide, Page(number, label="slide"))
    if len(slides) > source.limits.pages:
        yield over_cap(say("parsing.only-first-slides-read", pages=source.limits.pages, count=len(slides)))
    for number, wrapped in enumerate(powerpoint_binary.embedded_objects(stream), 1):
        name, data = unwrap_ole(f"object{number}.bin", wrapped)
        if data:
            yield Attachment(name, "", data, Entry(name))


def _open(source: Source, stream: str, advice: str) -> olefile.OleFileIO[str]:
    """Open an OLE file that holds ``stream``; raises a ``FileProblem`` that says what it is instead."""
    refuse_large(source)
    data = source.read()
    if not data.startswith(OLE_MAGIC):
        if data.startswith(_OLD_WORD):
            raise Unsupported(say("parsing.made-very-old-version-word", name=source.name), advice)
        what = "empty" if not data else "damaged, or not in the format that its name says"
        raise Damaged(say("parsing.cannot-opened-2", name=source.name, what=what), advice)
    try:
        ole = olefile.OleFileIO(io.BytesIO(data))
    except (OSError, ValueError, IndexError, TypeError) as error:
        raise Damaged(say("parsing.cannot-opened", name=source.name, reason=error), GET_A_FRESH_COPY) from error
    protected = any(ole.exists(name) for name in _PROTECTED)
    if ole.exists(stream) and not protected:
        return ole
    ole.close()
    if protected:
        raise Encrypted(say("parsing.is-protected", name=source.name), SAVE_WITHOUT_PASSWORD)
    raise Unsupported(say("parsing.office-file-before-1997-another-program", name=source.name), advice)


def _stream(source: Source, ole: olefile.OleFileIO[str], name: str) -> bytes:
    try:
        with ole.openstream(name) as stream:
            data: bytes = stream.read()
    except (OSError, ValueError, IndexError, TypeError) as error:
        raise Damaged(say("parsing.is-damaged-2", name=source.name, reason=error), GET_A_FRESH_COPY) from error
    return data


def _word_segments(paragraphs: Iterator[DocParagraph]) -> Iterator[Segment]:
    outline = Outline()
    items: list[str] = []
    cell: list[str] = []
    cells: list[str] = []
    rows: list[list[str]] = []
    for paragraph in paragraphs:
        if paragraph.in_table or paragraph.ends_cell:
            if paragraph.ends_row:
                rows.append(cells)
                cells = []
                continue
            cell.append(paragraph.text)
            if paragraph.ends_cell:
                cells.append(" ".join(" ".join(cell).split()))
                cell = []
            continue
        yield from _rows([*rows, [*cells, *cell]], outline)
        cell, cells, rows = [], [], []
        if items and (paragraph.text or paragraph.level) and not paragraph.listed:
            yield Segment("\n".join(items), Whole(), outline.path())
            items = []
        if not paragraph.text:
            continue
        if paragraph.level:
            yield from outline.enter(paragraph.level, " ".join(paragraph.text.split()), Whole())
        elif paragraph.listed:
            items.append(f"- {paragraph.text}")
        else:
            yield Segment(paragraph.text, Whole(), outline.path())
    yield from _rows([*rows, [*cells, *cell]], outline)
    if items:
        yield Segment("\n".join(items), Whole(), outline.path())
    yield from outline.leave()


def _rows(rows: list[list[str]], outline: Outline) -> Iterator[Segment]:
    filled = [(number, row) for number, row in enumerate(rows, 1) if any(row)]
    if filled:
        yield from row_segments(filled, lambda _: Whole(), outline.path())


def _slide_segments(slide: powerpoint_binary.PptSlide, place: Page) -> Iterator[Segment]:
    headings = (slide.title,) if slide.title else ()
    for text in [*slide.texts, *slide.comments]:
        yield Segment(text, place, headings)
    for text in slide.notes:
        yield Segment(text, place, (*headings, "Notes"))
    if slide.title and not (slide.texts or slide.comments or slide.notes):
        yield Segment(slide.title, place)
