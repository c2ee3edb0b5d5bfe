"""The text of WordprocessingML: paragraphs, what styles mean, notes and comments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct, field

from desktop_rag.parsing.office.ooxml import Package
from desktop_rag.parsing.xml_values import attribute, local

if TYPE_CHECKING:
    from lxml.etree import _Element

_WRAPPERS = {
    "body", "document", "sdt", "sdtContent", "customXml", "smartTag", "ins", "moveTo", "AlternateContent", "Choice",
    "wordDocument", "sect", "sub-section", "hdr", "ftr", "footnote", "endnote", "comment",
}  # fmt: skip
_SKIPPED = {"del", "moveFrom", "pPr", "rPr", "instrText", "delText", "rt", "Fallback", "fldData", "binData"}
_CHARACTERS = {"tab": "\t", "ptab": "\t", "cr": "\n", "noBreakHyphen": "-", "softHyphen": ""}
_HEADING = re.compile(r"(?:heading|überschrift|titre|título|titolo|kop|rubrik|overskrift)\s*([1-9])", re.IGNORECASE)
_OUTLINE_LEVELS = 9
_SYMBOL_FONT_BULLETS = re.compile("[\uf000-\uf0ff]")


class DocxParagraph(Struct):
    """A paragraph's text and what hangs on it."""

    text: str = ""
    level: int = 0
    """1 for the title, 2 for headings of the first level and so on; 0 for text."""
    listed: bool = False
    breaks: int = 0
    """Page breaks within it, and those before its first character."""
    breaks_first: int = 0
    notes: list[tuple[str, str]] = field(default_factory=list)
    """Kind ("footnote", "endnote", "comment") and id of the notes it refers to."""
    boxes: list[_Element] = field(default_factory=list)
    """Text boxes anchored in it."""


class DocxStyles:
    """Which paragraph styles are headings or lists; found by outline level or name, along "based on"."""

    def __init__(self) -> None:
        self._levels: dict[str, int] = {}
        self._lists: set[str] = set()
        self._based_on: dict[str, str] = {}

    def read(self, root: _Element) -> None:
        """Add the styles below an element."""
        for style in root.iter("{*}style"):
            key = attribute(style, "styleId")
            based = style.find("{*}basedOn")
            if based is not None:
                self._based_on[key] = attribute(based, "val")
            name = style.find("{*}name")
            level = _style_level(attribute(name, "val") if name is not None else "") or _outline_level(style)
            if level is not None:
                self._levels[key] = level
            if style.find("{*}pPr/{*}numPr") is not None:
                self._lists.add(key)

    def level(self, key: str) -> int:
        """Level of a style as ``Paragraph.level`` counts; 0 for none."""
        for ancestor in self._line(key):
            if ancestor in self._levels:
                return self._levels[ancestor]
        return 0

    def is_list(self, key: str) -> bool:
        return any(ancestor in self._lists for ancestor in self._line(key))

    def _line(self, key: str) -> Iterator[str]:
        seen: set[str] = set()
        while key and key not in seen:
            seen.add(key)
            yield key
            key = self._based_on.get(key, "")


def _style_level(name: str) -> int | None:
    if name.lower() == "title":
        return 1
    match = _HEADING.match(name)
    return int(match.group(1)) + 1 if match else None


def _outline_level(node: _Element) -> int | None:
    found = node.find("{*}pPr/{*}outlineLvl")
    value = attribute(found, "val") if found is not None else ""
    if not value.isdecimal():
        return None
    return int(value) + 2 if int(value) < _OUTLINE_LEVELS else 0


class DocxNotes:
    """Footnotes, endnotes and comments; each is read once, below the paragraph that refers to it."""

    def __init__(self) -> None:
        self._texts: dict[tuple[str, str], str] = {}

    def read(self, package: Package, main: str) -> None:
        """Add the notes of a document's parts."""
        for kind, tag in (("footnotes", "footnote"), ("endnotes", "endnote"), ("comments", "comment")):
            for part in package.parts(main, kind):
                root = package.root(part)
                if root is not None:
                    self._read(root, tag)

    def _read(self, root: _Element, tag: str) -> None:
        for note in root.iter(f"{{*}}{tag}"):
            texts = [read_paragraph(node, None).text for node in note.iter("{*}p")]
            text = "\n".join(text for text in texts if text)
            author = attribute(note, "author")
            if text and tag == "comment":
                text = f"Comment by {author}: {text}" if author else f"Comment: {text}"
            if text:
                self._texts[tag, attribute(note, "id")] = text

    def take(self, references: list[tuple[str, str]]) -> Iterator[str]:
        """The texts of the given notes that were not taken yet."""
        for reference in references:
            text = self._texts.pop(reference, "")
            if text:
                yield text

    def unread(self) -> Iterator[str]:
        """What nothing referred to."""
        yield from self._texts.values()
        self._texts.clear()


def blocks(parent: _Element, *tags: str) -> Iterator[_Element]:
    """The paragraphs and tables (or ``tags``) of an element, those inside content controls and revisions too."""
    wanted = tags or ("p", "tbl")
    for node in parent:
        name = local(node)
        if name in wanted:
            yield node
        elif name in _WRAPPERS:
            yield from blocks(node, *tags)


def read_paragraph(paragraph: _Element, styles: DocxStyles | None) -> DocxParagraph:
    """Text and meaning of one ``w:p``; without ``styles`` headings are not told apart."""
    found = DocxParagraph()
    parts: list[str] = []
    _collect(paragraph, parts, found)
    lines = (" ".join(line.split()) for line in "".join(parts).split("\n"))
    found.text = _SYMBOL_FONT_BULLETS.sub("", "\n".join(line for line in lines if line)).strip()
    if styles is not None:
        style = paragraph.find("{*}pPr/{*}pStyle")
        key = attribute(style, "val") if style is not None else ""
        own = _outline_level(paragraph)
        found.level = styles.level(key) if own is None else own
        numbers = paragraph.find("{*}pPr/{*}numPr/{*}numId")
        numbered = attribute(numbers, "val") != "0" if numbers is not None else styles.is_list(key)
        found.listed = numbered or paragraph.find("{*}pPr/{*}listPr") is not None
    return found


def _collect(node: _Element, parts: list[str], found: DocxParagraph) -> None:
    for child in node:
        name = local(child)
        if name == "t":
            parts.append(child.text or "")
        elif name in _CHARACTERS:
            parts.append(_CHARACTERS[name])
        elif name == "br":
            parts.append("\n")
        elif name == "lastRenderedPageBreak":
            found.breaks += 1
            if not "".join(parts).strip():
                found.breaks_first += 1
        elif name in ("footnoteReference", "endnoteReference", "commentReference"):
            found.notes.append((name.removesuffix("Reference"), attribute(child, "id")))
        elif name == "txbxContent":
            found.boxes.append(child)
        elif name in ("tbl", "p"):  # against the rules, but written by some programs
            if not found.boxes or found.boxes[-1] is not node:
                found.boxes.append(node)
        elif name not in _SKIPPED:
            _collect(child, parts, found)
