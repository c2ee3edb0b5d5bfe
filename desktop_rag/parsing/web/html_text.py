"""An element tree (of HTML, or of trafilatura's reduced form of it) -> segments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from desktop_rag.parsing.text.tables import row_segments
from desktop_rag.types import Segment, Whole

if TYPE_CHECKING:
    from lxml.etree import _Element

_HIDDEN = {
    "script", "style", "noscript", "template", "svg", "math", "object", "iframe", "canvas", "select", "datalist",
}  # fmt: skip
_INLINE = {
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "hi", "i",
    "ins", "kbd", "label", "mark", "q", "ref", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "time",
    "tt", "u", "var", "wbr", "graphic", "img",
}  # fmt: skip
_BREAKS = {"br", "lb"}
_LEVELS = {f"h{level}": level for level in range(1, 7)}
_INVISIBLE_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_DEEPEST = 200
"""Nesting after which what is inside is taken as one block; pages made by programs reach a few dozen."""


class TreeReader:
    """Walks a tree once, collecting text into blocks. ``headings`` is the path at the current place."""

    def __init__(self) -> None:
        self._headings: list[tuple[int, str]] = []
        self._bare = False
        self._text: list[str] = []

    def segments(self, root: _Element) -> Iterator[Segment]:
        """The segments below ``root``, in reading order."""
        yield from self._element(root, 0)
        yield from self._flush()
        yield from self._bare_heading()

    def _element(self, element: _Element, depth: int) -> Iterator[Segment]:
        tag = element.tag if isinstance(element.tag, str) else ""
        tag = tag.rpartition("}")[2].lower()
        if tag and tag not in _HIDDEN and not _is_hidden(element):
            if tag in _BREAKS:
                self._text.append("\n")
            elif tag in _INLINE:
                yield from self._inside(element, depth)
            else:
                yield from self._block(element, tag, depth)
        if element.tail:
            self._text.append(_BLANKS.sub(" ", element.tail))

    def _block(self, element: _Element, tag: str, depth: int) -> Iterator[Segment]:
        yield from self._flush()
        level = _LEVELS.get(tag) or (_LEVELS.get(element.get("rend", "h2"), 2) if tag == "head" else 0)
        if level:
            title = _one_line(element)
            if title:
                yield from self._heading(level, title)
        elif tag == "table" and not element.findall(".//table"):
            yield from self._table(element)
        elif tag == "pre":
            code = "".join(map(str, element.itertext())).strip("\n")
            if code.strip():
                yield self._segment(code, form="code")
        else:
            if tag in ("li", "item"):
                self._text.append("- ")
            yield from self._inside(element, depth)
            yield from self._flush()

    def _inside(self, element: _Element, depth: int) -> Iterator[Segment]:
        if depth > _DEEPEST:
            self._text.append(_one_line(element))
            return
        if element.text:
            self._text.append(_BLANKS.sub(" ", element.text))
        for child in element:
            yield from self._element(child, depth + 1)

    def _heading(self, level: int, title: str) -> Iterator[Segment]:
        yield from self._bare_heading()
        self._headings = [*((known, text) for known, text in self._headings if known < level), (level, title)]
        self._bare = True

    def _bare_heading(self) -> Iterator[Segment]:
        """A heading with nothing below it is found by its own text."""
        if self._bare:
            yield self._segment(self._headings[-1][1])

    def _flush(self) -> Iterator[Segment]:
        if not self._text:
            return
        lines = (_BLANKS.sub(" ", line).strip() for line in "".join(self._text).split("\n"))
        self._text = []
        text = "\n".join(line for line in lines if line and line != "-")
        if text:
            yield self._segment(text)

    def _segment(self, text: str, form: Literal["prose", "code"] = "prose") -> Segment:
        self._bare = False
        return Segment(text, Whole(), tuple(title for _, title in self._headings), form=form)

    def _table(self, table: _Element) -> Iterator[Segment]:
        rows = [
            (number, [_one_line(cell) for cell in row if isinstance(cell.tag, str)])
            for number, row in enumerate((row for row in table.iter("tr", "row")), 1)
        ]
        if any(sum(1 for value in values if value) > 1 for _, values in rows):
            self._bare = False
            yield from row_segments(rows, lambda _: Whole(), tuple(title for _, title in self._headings))
            return
        # One column is a layout, not a table: its cells are read like paragraphs.
        for cell in table.iter("td", "th", "cell"):
            yield from self._inside(cell, 0)
            yield from self._flush()


def _is_hidden(element: _Element) -> bool:
    if element.get("hidden") is not None or element.get("aria-hidden") == "true":
        return True
    style = element.get("style")
    return bool(style and _INVISIBLE_STYLE.search(style))


def _one_line(element: _Element) -> str:
    return " ".join("".join(_visible(element)).split())


def _visible(element: _Element) -> Iterator[str]:
    for part in element.iter():
        if isinstance(part.tag, str) and part.tag.lower() not in _HIDDEN and part.text:
            yield part.text
        if part.tag in ("br", "lb", "p", "div", "td", "li"):
            yield " "
        if part is not element and part.tail:
            yield part.tail
