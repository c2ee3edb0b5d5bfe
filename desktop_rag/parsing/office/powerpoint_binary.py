"""The binary format of PowerPoint 97 to 2003: a stream of nested records (MS-PPT).

Saving appends changed records; a directory, chained from the newest edit to the oldest, says where the current ones
are.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from msgspec import Struct, field

_NOTES_ATOM, _SLIDE_PERSIST = 1009, 1011
_DRAWING, _SLIDE_LIST, _OLE_OBJECT = 1036, 4080, 4113
_OUTLINE_REFERENCE, _TEXT_HEADER, _TEXT_CHARACTERS, _TEXT_BYTES, _STRING = 3998, 3999, 4000, 4008, 4026
_COMMENT, _TAG_BLOB, _SHAPE_TEXT = 12000, 5003, 0xF00D
_SLIDES, _NOTES = 0, 2
"""Instances of the slide list: its own slides, and the notes pages."""
_TITLES = (0, 6)
_DEPTH = 32
_OBJECT_BYTES = 256 * 1024 * 1024


class PptRecord(Struct, frozen=True):
    kind: int
    instance: int
    container: bool
    data: bytes


class PptSlide(Struct):
    title: str = ""
    texts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)


def records(data: bytes) -> Iterator[PptRecord]:
    """The records that lie side by side in ``data``; what is cut short ends them."""
    at = 0
    while at + 8 <= len(data):
        head, kind, length = struct.unpack_from("<HHI", data, at)
        yield PptRecord(kind, head >> 4, head & 0xF == 0xF, data[at + 8 : at + 8 + length])
        at += 8 + length


def descendants(data: bytes, depth: int = 0) -> Iterator[PptRecord]:
    """All records inside ``data``, outer ones first."""
    for record in records(data):
        yield record
        if (record.container or record.kind == _TAG_BLOB) and depth < _DEPTH:
            yield from descendants(record.data, depth + 1)


def read_slides(stream: bytes, current_edit: int) -> list[PptSlide]:
    """The slides in the order of the show. Raises ``struct.error``, ``KeyError`` or ``IndexError`` if damaged."""
    places, document_id = _directory(stream, current_edit)
    document = _record_at(stream, places[document_id])
    found: list[PptSlide] = []
    by_id: dict[int, PptSlide] = {}
    for reference, slide_id, outline in _listed(document, _SLIDES):
        slide = PptSlide()
        found.append(slide)
        by_id[slide_id] = slide
        record = _record_at(stream, places[reference]) if reference in places else None
        _fill(slide, record, outline)
    for reference, _, _ in _listed(document, _NOTES):
        if reference not in places:
            continue
        record = _record_at(stream, places[reference])
        owner = next((item.data for item in records(record.data) if item.kind == _NOTES_ATOM), b"")
        if len(owner) >= 4 and struct.unpack_from("<I", owner)[0] in by_id:
            notes = [text for _, text in _shape_texts(record.data, [])]
            by_id[struct.unpack_from("<I", owner)[0]].notes.extend(notes)
    return found


def all_texts(stream: bytes) -> list[str]:
    """Every text in a file whose directory is damaged, in the order it was saved."""
    return list(dict.fromkeys(text for record in descendants(stream) if (text := _text(record))))


def embedded_objects(stream: bytes) -> Iterator[bytes]:
    """OLE files of the objects placed on slides."""
    for record in records(stream):
        if record.kind != _OLE_OBJECT:
            continue
        if record.instance == 0:
            yield record.data
            continue
        try:
            yield zlib.decompressobj().decompress(record.data[4:], _OBJECT_BYTES)
        except zlib.error:
            continue


def _directory(stream: bytes, edit: int) -> tuple[dict[int, int], int]:
    """Where each numbered record is, and the number of the document's."""
    places: dict[int, int] = {}
    (document_id,) = struct.unpack_from("<I", stream, edit + 24)
    seen = set()
    while edit and edit not in seen:
        seen.add(edit)
        earlier, directory = struct.unpack_from("<II", stream, edit + 16)
        data = _record_at(stream, directory).data
        at = 0
        while at + 4 <= len(data):
            (head,) = struct.unpack_from("<I", data, at)
            first, count = head & 0xFFFFF, head >> 20
            for index, place in enumerate(struct.unpack_from(f"<{count}I", data, at + 4)):
                places.setdefault(first + index, place)
            at += 4 + 4 * count
        edit = earlier
    return places, document_id


def _record_at(stream: bytes, place: int) -> PptRecord:
    head, kind, length = struct.unpack_from("<HHI", stream, place)
    return PptRecord(kind, head >> 4, True, stream[place + 8 : place + 8 + length])


def _listed(document: PptRecord, instance: int) -> Iterator[tuple[int, int, list[tuple[int, str]]]]:
    """Entries of a slide list: number of the slide's record, its id, and its placeholders' texts with their kinds."""
    for record in records(document.data):
        if record.kind != _SLIDE_LIST or record.instance != instance:
            continue
        entry: tuple[int, int, list[tuple[int, str]]] | None = None
        for item in records(record.data):
            if item.kind == _SLIDE_PERSIST:
                if entry is not None:
                    yield entry
                reference, _, _, slide_id = struct.unpack_from("<IIiI", item.data)
                entry = (reference, slide_id, [])
            elif entry is not None and item.kind == _TEXT_HEADER:
                entry[2].append((struct.unpack_from("<I", item.data)[0], ""))
            elif entry is not None and entry[2] and (text := _text(item)):
                entry[2][-1] = (entry[2][-1][0], text)
        if entry is not None:
            yield entry


def _fill(slide: PptSlide, record: PptRecord | None, outline: list[tuple[int, str]]) -> None:
    texts = list(_shape_texts(record.data, outline)) if record is not None else outline
    shown = {text for _, text in texts}
    texts += [entry for entry in outline if entry[1] and entry[1] not in shown]
    for kind, text in texts:
        if kind in _TITLES and not slide.title:
            slide.title = " ".join(text.split())
        elif text:
            slide.texts.append(text)
    for comment in descendants(record.data) if record is not None else ():
        if comment.kind == _COMMENT:
            strings = {item.instance: _string(item.data) for item in records(comment.data) if item.kind == _STRING}
            author, text = strings.get(0, ""), strings.get(1, "")
            if text:
                slide.comments.append(f"Comment by {author}: {text}" if author else f"Comment: {text}")


def _shape_texts(slide: bytes, outline: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Kind and text of each shape of a slide; placeholders refer to the outline."""
    for drawing in records(slide):
        if drawing.kind != _DRAWING:
            continue
        for shape in descendants(drawing.data):
            if shape.kind != _SHAPE_TEXT:
                continue
            kind = 4
            for item in records(shape.data):
                if item.kind == _TEXT_HEADER and len(item.data) >= 4:
                    (kind,) = struct.unpack_from("<I", item.data)
                elif item.kind == _OUTLINE_REFERENCE and len(item.data) >= 4:
                    (index,) = struct.unpack_from("<I", item.data)
                    if index < len(outline):
                        yield outline[index]
                elif text := _text(item):
                    yield kind, text


def _text(record: PptRecord) -> str:
    if record.kind == _TEXT_CHARACTERS:
        return _string(record.data)
    if record.kind == _TEXT_BYTES:
        return _tidy(record.data.decode("latin-1"))
    return ""


def _string(data: bytes) -> str:
    return _tidy(data.decode("utf-16-le", errors="replace"))


def _tidy(text: str) -> str:
    """Paragraphs and line breaks as lines; "*" alone is where a date or number is filled in."""
    lines = (" ".join(line.split()) for line in text.replace("\x0b", "\r").replace("\n", "\r").split("\r"))
    kept = [line.translate({0xAD: "", 0: ""}) for line in lines if line]
    return "\n".join(line for line in kept if line != "*")
