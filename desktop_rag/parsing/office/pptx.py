"""PowerPoint presentations since 2007 (PPTX, slide shows, templates and macro variants)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from desktop_rag.errors import Damaged
from desktop_rag.messages import say
from desktop_rag.parsing.archive import open_archive
from desktop_rag.parsing.media.embedded_pictures import InnerPictures
from desktop_rag.parsing.office.drawing import drawing_paragraphs, drawing_texts, drawn_pictures
from desktop_rag.parsing.office.ooxml import Package
from desktop_rag.parsing.source import Source, over_cap
from desktop_rag.parsing.text.tables import row_segments
from desktop_rag.parsing.xml_values import attribute, local
from desktop_rag.types import Page, ParseItem, Segment

if TYPE_CHECKING:
    from lxml.etree import _Element

_TITLES = ("title", "ctrTitle")
_NUMBERS = ("sldNum", "dt", "sldImg")
"""Placeholders that hold no words of the author: slide number, date, the slide's picture on its notes page."""


def parse_pptx(source: Source) -> Iterator[ParseItem]:
    """Slide by slide: the title as heading, a segment per shape and table row, then notes, comments, charts and
    pictures."""
    with open_archive(source) as archive:
        package = Package(archive)
        main = package.main_part("ppt/presentation.xml")
        yield package.metadata("slides")
        slides = _slides(package, main)
        authors = _authors(package, main)
        pictures = InnerPictures(source, archive)
        for number, part in enumerate(slides[: source.limits.pages], 1):
            yield from _slide(package, part, Page(number, label="slide"), authors, pictures)
        if len(slides) > source.limits.pages:
            yield over_cap(say("parsing.only-first-slides-read", pages=source.limits.pages, count=len(slides)))
        yield from package.attachments(slides)
        yield from pictures.problems()
        yield from package.problems()


def _slides(package: Package, main: str) -> list[str]:
    """Names of the slides' parts in the order of the show."""
    links = package.links(main)
    found = []
    for node in package.archive.xml(main).iter("{*}sldId"):
        # The relationship's id and the slide's own id differ by namespace alone.
        key = next((str(value) for name, value in node.attrib.items() if str(name).endswith("}id")), "")
        link = links.get(key)
        if link is not None and link.target in package.archive:
            found.append(link.target)
    return found


def _slide(
    package: Package, part: str, place: Page, authors: dict[str, str], pictures: InnerPictures
) -> Iterator[ParseItem]:
    try:
        root = package.archive.xml(part)
    except Damaged as error:
        yield error.as_problem()
        return
    shapes = list(_shapes(root))
    titles = [" ".join(" ".join(drawing_paragraphs(shape)).split()) for shape in shapes if _role(shape) in _TITLES]
    title = next((title for title in titles if title), "")
    headings = (title,) if title else ()
    body: list[Segment] = []
    for shape in shapes:
        if _role(shape) in _TITLES or _role(shape) in _NUMBERS:
            continue
        table = shape.find(".//{*}tbl")
        if table is not None:
            rows = [
                (number, [" ".join(" ".join(drawing_paragraphs(cell)).split()) for cell in row.iterchildren("{*}tc")])
                for number, row in enumerate(table.iterchildren("{*}tr"), 1)
            ]
            body.extend(row_segments(rows, lambda _: place, headings))
        elif texts := drawing_paragraphs(shape):
            body.append(Segment("\n".join(texts), place, headings))
    body.extend(Segment(text, place, headings) for text in drawing_texts(package, part))
    for notes in package.parts(part, "notesslide"):
        body.extend(_notes(package, notes, place, headings))
    for kind in ("comments", "comment"):
        for comments in package.parts(part, kind):
            body.extend(Segment(text, place, headings) for text in _comments(package, comments, authors))
    if not body and title:
        body.append(Segment(title, place))
    yield from body
    for name, text in drawn_pictures(root, package.links(part)):
        for picture in pictures.part(name, text, place):
            yield replace(picture, headings=headings)


def _shapes(parent: _Element) -> Iterator[_Element]:
    """Shapes, frames and connectors in drawing order, groups opened; of alternatives the first."""
    for node in parent:
        name = local(node)
        if name in ("sp", "graphicFrame", "cxnSp"):
            yield node
        elif name in ("cSld", "spTree", "grpSp", "AlternateContent", "Choice"):
            yield from _shapes(node)


def _role(shape: _Element) -> str:
    """What a placeholder is for ("title", "body", …); "" for other shapes."""
    placeholder = shape.find("{*}nvSpPr/{*}nvPr/{*}ph")
    return attribute(placeholder, "type") if placeholder is not None else ""


def _notes(package: Package, part: str, place: Page, headings: tuple[str, ...]) -> Iterator[Segment]:
    root = package.root(part)
    for shape in _shapes(root) if root is not None else ():
        if _role(shape) not in (*_NUMBERS, "hdr", "ftr"):
            text = "\n".join(drawing_paragraphs(shape))
            if text:
                yield Segment(text, place, (*headings, "Notes"))


def _authors(package: Package, main: str) -> dict[str, str]:
    found = {}
    for kind in ("commentauthors", "authors", "author"):
        for part in package.parts(main, kind):
            root = package.root(part)
            for node in root if root is not None else ():
                found[node.get("id", "")] = node.get("name", "")
    return found


def _comments(package: Package, part: str, authors: dict[str, str]) -> Iterator[str]:
    """Comments of both kinds: plain ``p:text``, and threads with a text body each."""
    root = package.root(part)
    if root is None:
        return
    for node in root.iter("{*}cm", "{*}reply"):
        plain = node.findtext("{*}text") or ""
        body = node.find("{*}txBody")
        text = " ".join((plain or " ".join(drawing_paragraphs(body) if body is not None else [])).split())
        author = authors.get(node.get("authorId", ""), "")
        if text:
            yield f"Comment by {author}: {text}" if author else f"Comment: {text}"
