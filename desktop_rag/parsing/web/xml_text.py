"""An XML tree -> segments: what its elements and their attributes say, below the titles and names found in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import msgspec

from desktop_rag.parsing.text.tables import row_text
from desktop_rag.parsing.web.blobs import is_blob
from desktop_rag.parsing.web.html import html_segments
from desktop_rag.types import Segment, Whole

if TYPE_CHECKING:
    from lxml.etree import _Element

_DEEPEST = 60
_TITLES = ("title", "head", "heading", "caption", "name")
_TITLE_ATTRIBUTES = ("title", "name", "label", "text")
_PLAIN = ("p", "para", "text")
"""Elements whose names say nothing about their text."""
_SILENT = ("style", "script")
_NOISE = frozenset(("class", "style", "version", "encoding", "lang", "dir", "space"))
_DRAWING = "{http://www.w3.org/2000/svg}"
_LONGEST_NAME = 80
_MOST_ATTRIBUTES = 1_000  # of one element; to read each takes as long as there are others
_MARKUP = re.compile(r"</[A-Za-z][^<>]*>|<(?:br|p|hr|img)\b[^<>]*>", re.IGNORECASE)


def xml_segments(root: _Element) -> Iterator[Segment]:
    """The segments of a tree, in its order."""
    return _element(root, (), 0)


def text_of(element: _Element) -> str:
    """All text in an element, on one line; encoded bytes are no text."""
    text = " ".join("".join(_texts(element)).split())
    return "" if is_blob(text) else text


def name_of(element: _Element) -> str:
    """The name of an element in lower case, without its namespace."""
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def _element(element: _Element, headings: tuple[str, ...], depth: int) -> Iterator[Segment]:
    """An element without children is a line "name: text"; neighbouring lines are a block."""
    children = [child for child in element if isinstance(child.tag, str) and name_of(child) not in _SILENT]
    mixed = (element.text or "").strip() or any((child.tail or "").strip() for child in children)
    if not children or mixed or depth > _DEEPEST:
        yield from _leaf(element, headings)
        return
    told = _told(element)
    block = [f"{name_of(element)}: {told}"] if told else []
    pages: list[_Element] = []
    title = _title(element, children) if depth else ""
    below = (*headings, title) if title else headings

    def flush() -> Iterator[Segment]:
        says_title = any(title in line for line in block)
        yield from _block(block, headings if says_title else below)
        for page in pages:
            yield from _leaf(page, below)
        block.clear()
        pages.clear()

    for child in children:
        if any(isinstance(inner.tag, str) for inner in child):
            yield from flush()
            yield from _element(child, below, depth + 1)
        elif _MARKUP.search(child.text or ""):
            pages.append(child)
        else:
            block.append(_line(child))
    yield from flush()


def _leaf(element: _Element, headings: tuple[str, ...]) -> Iterator[Segment]:
    """An element of one text; a page inside it (of a feed, or of a note of Evernote) is read as such."""
    text = element.text or ""
    if len(element) == 0 and _MARKUP.search(text):
        for segment in html_segments(text, boilerplate=False):
            yield msgspec.structs.replace(segment, headings=(*headings, *segment.headings))
    else:
        yield from _block([_line(element) if len(element) == 0 else text_of(element)], headings)


def _block(lines: list[str], headings: tuple[str, ...]) -> Iterator[Segment]:
    text = "\n".join(line for line in lines if line)
    if text:
        yield Segment(text, Whole(), headings)


def _line(element: _Element) -> str:
    """ "name: text (attribute: value)", without the parts that are missing."""
    text, told, name = text_of(element), _told(element), name_of(element)
    if not text:
        return f"{name}: {told}" if told else ""
    line = text if name in _PLAIN else f"{name}: {text}"
    return f"{line} ({told})" if told else line


def _told(element: _Element) -> str:
    """The attributes that may say something to a reader; those with a namespace are there for programs."""
    if str(element.tag).startswith(_DRAWING) or len(element.attrib) > _MOST_ATTRIBUTES:
        return ""
    attributes = [(str(name), str(value)) for name, value in element.attrib.items()]
    told = {
        value: name
        for name, value in reversed(attributes)
        if not name.startswith("{") and name.lower() not in _NOISE and not is_blob(value)
    }
    return row_text(list(told.values())[::-1], list(told)[::-1])


def _title(element: _Element, children: list[_Element]) -> str:
    """What names the things inside an element, a child or an attribute; "" when nothing does."""
    names = [text_of(child) for child in children if name_of(child) in _TITLES and len(child) == 0]
    names += [" ".join((element.get(name) or "").split()) for name in _TITLE_ATTRIBUTES]
    return next((name[:_LONGEST_NAME] for name in names if name), "")


def _texts(element: _Element) -> Iterator[str]:
    """Elements inside a sentence join the words around them; others stand apart."""
    mixed = (element.text or "").strip() or any((child.tail or "").strip() for child in element)
    yield element.text or ""
    for child in element:
        between = "" if mixed and len(child) == 0 else " "
        yield between
        if not isinstance(child.tag, str):
            yield child.text or ""
        elif name_of(child) not in _SILENT:
            yield from _texts(child)
        yield between + (child.tail or "")
