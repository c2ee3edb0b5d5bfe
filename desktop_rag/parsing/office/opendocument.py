"""OpenDocument text and presentations (ODT, ODP and their templates)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from desktop_rag.errors import Damaged
from desktop_rag.messages import say
from desktop_rag.parsing.archive import GET_A_FRESH_COPY, Archive, open_archive
from desktop_rag.parsing.media.embedded_pictures import InnerPictures, framed_pictures
from desktop_rag.parsing.office.embedded import unwrap_ole
from desktop_rag.parsing.office.odf import odf_metadata, refuse_encrypted
from desktop_rag.parsing.source import Source, over_cap
from desktop_rag.parsing.text.outline import Outline
from desktop_rag.parsing.text.tables import row_segments
from desktop_rag.parsing.xml_values import attribute, local
from desktop_rag.types import Attachment, Entry, Locator, Page, ParseItem, Problem, Segment, Whole

if TYPE_CHECKING:
    from lxml.etree import _Element

_ASIDE = ("note", "annotation", "text-box")
"""What stands inside a paragraph and is a text of its own."""
_SKIPPED = ("tracked-changes", "forms", "sequence-decls", "variable-decls", "ruby-text", "index-title-template")
_MOST_REPEATS = 64
"""Repeated cells and spaces are counted, not spelled out, in a file; beyond this they are padding."""


def parse_odt(source: Source) -> Iterator[ParseItem]:
    """Headings as the path of what is below them; a segment per paragraph, list and table row; notes below their
    paragraph; headers, footers and pictures last."""
    with open_archive(source) as archive:
        body = _body(archive, "text")
        yield odf_metadata(archive, "document")
        outline = Outline()
        yield from _flow(body, outline, Whole())
        yield from outline.leave()
        yield from _headers(archive)
        pictures = InnerPictures(source, archive)
        for name, text in framed_pictures(body):
            yield from pictures.part(name, text, Whole())
        yield from pictures.problems()
        yield from _objects(archive)
        yield from _problems(archive)


def parse_odp(source: Source) -> Iterator[ParseItem]:
    """Slide by slide: the title as heading, a segment per box and table row, then the notes and pictures."""
    with open_archive(source) as archive:
        body = _body(archive, "presentation")
        yield odf_metadata(archive, "slides")
        slides = [node for node in body if local(node) == "page"]
        pictures = InnerPictures(source, archive)
        for number, slide in enumerate(slides[: source.limits.pages], 1):
            place = Page(number, label="slide")
            yield from _slide(slide, place)
            for name, text in framed_pictures(slide):
                yield from pictures.part(name, text, place)
        if len(slides) > source.limits.pages:
            yield over_cap(say("parsing.only-first-slides-read", pages=source.limits.pages, count=len(slides)))
        yield from pictures.problems()
        yield from _objects(archive)
        yield from _problems(archive)


def _body(archive: Archive, kind: str) -> _Element:
    refuse_encrypted(archive)
    root = archive.xml("content.xml")
    body = root.find(f"{{*}}body/{{*}}{kind}")
    if body is None:
        raise Damaged(say("parsing.contains-no-opendocument", name=archive.name, kind=kind), GET_A_FRESH_COPY)
    return body


def _flow(parent: _Element, outline: Outline, place: Locator) -> Iterator[Segment]:
    for node in parent:
        name = local(node)
        if name == "h" or (name == "p" and attribute(node, "style-name") == "Title"):
            level = attribute(node, "outline-level")
            text, asides = _paragraph(node)
            if text:
                depth = (int(level) if level.isdecimal() else 1) + 1 if name == "h" else 1
                yield from outline.enter(depth, text.replace("\n", " "), place)
            yield from _asides(asides, outline, place)
        elif name == "p":
            text, asides = _paragraph(node)
            if text:
                yield Segment(text, place, outline.path())
            yield from _asides(asides, outline, place)
        elif name == "list":
            asides = []
            items = [f"- {item}" for item in _items(node, asides)]
            if items:
                yield Segment("\n".join(items), place, outline.path())
            yield from _asides(asides, outline, place)
        elif name == "table":
            yield from _table(node, outline, place)
        elif name not in _SKIPPED:
            yield from _flow(node, outline, place)


def _asides(asides: list[_Element], outline: Outline, place: Locator) -> Iterator[Segment]:
    for node in asides:
        if local(node) == "text-box":
            yield from _flow(node, outline, place)
            continue
        texts = [_paragraph(paragraph)[0] for paragraph in node.iter("{*}p")]
        text = "\n".join(text for text in texts if text)
        if text and local(node) == "annotation":
            author = " ".join((node.findtext("{*}creator") or "").split())
            text = f"Comment by {author}: {text}" if author else f"Comment: {text}"
        if text:
            yield Segment(text, place, outline.path())


def _paragraph(node: _Element) -> tuple[str, list[_Element]]:
    """The text of a paragraph, and the notes, comments and boxes inside it."""
    parts: list[str] = []
    asides: list[_Element] = []

    def collect(element: _Element) -> None:
        parts.append(_one_line(element.text))
        for child in element:
            name = local(child)
            if name in _ASIDE:
                asides.append(child)
            elif name == "s":
                parts.append(" ")
            elif name == "tab":
                parts.append("\t")
            elif name == "line-break":
                parts.append("\n")
            elif name not in _SKIPPED and name not in ("desc", "title"):
                collect(child)
            parts.append(_one_line(child.tail))

    collect(node)
    lines = (" ".join(line.split()) for line in "".join(parts).split("\n"))
    return "\n".join(line for line in lines if line), asides


def _one_line(text: str | None) -> str:
    """Line ends of the XML itself are layout; only a line-break element breaks a line."""
    return re.sub(r"[\r\n]+", " ", text or "")


def _items(node: _Element, asides: list[_Element]) -> Iterator[str]:
    for item in node:
        for child in item:
            if local(child) in ("p", "h"):
                text, found = _paragraph(child)
                asides.extend(found)
                if text:
                    yield text
            elif local(child) == "list":
                yield from _items(child, asides)


def _table(table: _Element, outline: Outline, place: Locator) -> Iterator[Segment]:
    rows = [[cell for cell in row if local(cell) in ("table-cell", "covered-table-cell")] for row in _rows(table)]
    lays_out = any(cell.find(".//{*}table") is not None for row in rows for cell in row)
    if lays_out or max((len(row) for row in rows), default=0) < 2:
        for row in rows:
            for cell in row:
                yield from _flow(cell, outline, place)
        return
    asides: list[_Element] = []
    texts = []
    for number, row in enumerate(rows, 1):
        values: list[str] = []
        for cell in row:
            found = [_paragraph(node) for node in cell.iterchildren("{*}p", "{*}h")]
            found_items = [item for node in cell.iterchildren("{*}list") for item in _items(node, asides)]
            asides.extend(aside for _, inner in found for aside in inner)
            text = " ".join([*(text for text, _ in found if text), *found_items]).replace("\n", " ")
            repeats = attribute(cell, "number-columns-repeated")
            values.extend([text] * min(int(repeats) if repeats.isdecimal() else 1, _MOST_REPEATS))
        texts.append((number, values))
    yield from row_segments(texts, lambda _: place, outline.path())
    yield from _asides(asides, outline, place)


def _rows(table: _Element) -> Iterator[_Element]:
    for node in table:
        if local(node) == "table-row":
            yield node
        elif local(node) in ("table-header-rows", "table-rows", "table-row-group"):
            yield from _rows(node)


def _slide(slide: _Element, place: Page) -> Iterator[Segment]:
    outline = Outline()
    frames = [node for node in slide if local(node) != "notes"]
    for frame in frames:
        if attribute(frame, "class") == "title":
            title = " ".join(text for node in frame.iter("{*}p") if (text := _paragraph(node)[0]))
            if title:
                yield from outline.enter(1, " ".join(title.split()), place)
                break
    for frame in frames:
        if attribute(frame, "class") != "title":
            yield from _frame(frame, outline, place)
    for notes in slide.iterchildren("{*}notes"):
        texts = [_paragraph(node)[0] for node in notes.iter("{*}p")]
        text = "\n".join(text for text in texts if text)
        if text:
            yield Segment(text, place, (*outline.path(), "Notes"))
    yield from outline.leave()


def _frame(frame: _Element, outline: Outline, place: Page) -> Iterator[Segment]:
    """One segment for what a box or shape says; tables by rows; comments by themselves."""
    if local(frame) == "g":
        for inner in frame:
            yield from _frame(inner, outline, place)
    elif local(frame) == "annotation":
        yield from _asides([frame], outline, place)
    elif (table := frame.find("{*}table")) is not None:
        yield from _table(table, outline, place)
    else:
        texts = [_paragraph(node)[0] for node in frame.iter("{*}p")]
        text = "\n".join(text for text in texts if text)
        if text:
            yield Segment(text, place, outline.path())


def _headers(archive: Archive) -> Iterator[Segment]:
    if "styles.xml" not in archive:
        return
    seen = set()
    for name in ("header", "footer"):
        for node in archive.xml("styles.xml").iter(f"{{*}}{name}", f"{{*}}{name}-left", f"{{*}}{name}-first"):
            texts = [_paragraph(paragraph)[0] for paragraph in node.iter("{*}p")]
            text = "\n".join(text for text in texts if any(map(str.isalpha, text)))
            if text and text not in seen:
                seen.add(text)
                yield Segment(text, Whole())


def _objects(archive: Archive) -> Iterator[Attachment]:
    """Files embedded as OLE objects; charts and formulas are documents in folders of their own, and no files."""
    for name in archive.names:
        if re.fullmatch(r"Object \d+", name):
            inner_name, data = unwrap_ole(name, archive.read(name))
            if data:
                yield Attachment(inner_name, "", data, Entry(inner_name))


def _problems(archive: Archive) -> Iterator[Problem]:
    if archive.mended:
        yield Problem("damaged", say("parsing.parts-damaged-much-possible-read", name=archive.name), GET_A_FRESH_COPY)
