"""JSON and XML: nested values as readable lines, lists of alike records as rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from desktop_rag.errors import Damaged
from desktop_rag.parsing.encoding import decode
from desktop_rag.parsing.source import Source
from desktop_rag.parsing.tabular import columns_context, row_text
from desktop_rag.parsing.text import paragraphs
from desktop_rag.types import Lines, Metadata, ParseItem, Problem, Segment, Whole

_DEEPEST = 60
_TITLES = ("title", "head", "heading", "caption")
_LONGEST_NAME = 80


def parse_json(source: Source) -> Iterator[ParseItem]:
    """A JSON document, or one JSON value a line. What is no JSON is indexed as the text it is, and said to be."""
    data, problem = source.read_text_bytes()
    text = decode(data)
    try:
        yield from _value(msgspec.json.decode(text), ())
    except (msgspec.DecodeError, RecursionError):
        lines = list(_json_lines(text))
        if lines:
            yield from lines
        else:
            yield from paragraphs(text)
            if text.strip():
                yield Problem("damaged", f"{source.name} is not valid JSON; it was indexed as plain text.")
    if problem is not None:
        yield problem


def _json_lines(text: str) -> Iterator[Segment]:
    """Values that stand one a line (JSON Lines); nothing if the first line is none."""
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = msgspec.json.decode(line)
        except (msgspec.DecodeError, RecursionError):
            if number == 1:
                return
            yield Segment(line.strip(), Lines(number, number))
            continue
        flat = _flat(value)
        row = row_text(list(flat), list(flat.values()))
        if row:
            yield Segment(
                row, Lines(number, number), form="row", context=columns_context([name for name in flat if name])
            )


def _value(value: Any, path: tuple[str, ...]) -> Iterator[Segment]:
    """A value found at ``path``: records become rows, an object's plain members a block, the rest is followed."""
    if isinstance(value, list):
        if value and all(isinstance(item, dict) for item in value):
            for item in value:
                flat = _flat(item)
                row = row_text(list(flat), list(flat.values()))
                if row:
                    yield Segment(row, Whole(), path, form="row", context=columns_context(list(flat)))
            return
        plain = "\n".join(_plain(item) for item in value if not isinstance(item, dict | list) and _plain(item).strip())
        if plain:
            yield Segment(plain, Whole(), path)
        for item in value:
            if isinstance(item, dict | list):
                yield from _value(item, path)
    elif isinstance(value, dict):
        own = {name: _plain(item) for name, item in value.items() if not isinstance(item, dict | list)}
        block = "\n".join(f"{name}: {text}" for name, text in own.items() if text.strip())
        if block:
            yield Segment(block, Whole(), path)
        for name, item in value.items():
            if isinstance(item, dict | list):
                yield from _value(item, (*path, name[:_LONGEST_NAME]) if len(path) < _DEEPEST else path)
    elif _plain(value).strip():
        yield Segment(_plain(value), Whole(), path)


def _flat(value: Any, prefix: str = "") -> dict[str, str]:
    """ "path.to.member" -> text; lists of plain values are joined."""
    if isinstance(value, dict):
        flat: dict[str, str] = {}
        for name, item in value.items():
            flat |= _flat(item, f"{prefix}.{name}" if prefix else str(name))
        return flat
    if isinstance(value, list):
        if any(isinstance(item, dict | list) for item in value):
            flat = {}
            for number, item in enumerate(value, 1):
                flat |= _flat(item, f"{prefix}.{number}" if prefix else str(number))
            return flat
        return {prefix: ", ".join(_plain(item) for item in value)}
    return {prefix: _plain(value)}


def _plain(value: Any) -> str:
    return (
        {None: "", True: "yes", False: "no"}[value] if value is None or value is True or value is False else str(value)
    )


def parse_xml(source: Source) -> Iterator[ParseItem]:
    """The text of an XML document, below the titles found in it; entities are not expanded, nothing is fetched.

    Raises ``Damaged`` if nothing of it can be read.
    """
    from lxml import etree

    data, problem = source.read_text_bytes()
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True, remove_comments=True
    )
    try:
        root = etree.fromstring(data, parser) if data.strip() else None
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Damaged(
            f"{source.name} is not valid XML ({error}).", "Open it in its program and save it again."
        ) from error
    if root is None:
        if data.strip():
            raise Damaged(f"{source.name} is not valid XML.", "Open it in its program and save it again.")
        return
    title = next((_text(element) for element in root.iter() if _name(element) == "title" and _text(element)), "")
    if title:
        yield Metadata(title=title)
    yield from _element(root, (), 0)
    if len(parser.error_log):
        yield Problem("damaged", f"{source.name} is not well-formed XML; what could be read was indexed.")
    if problem is not None:
        yield problem


def _element(element: Any, headings: tuple[str, ...], depth: int) -> Iterator[Segment]:
    """An element whose children hold no elements is a block of "name: text"; a title names what follows beside it."""
    children = [child for child in element if isinstance(child.tag, str)]
    own = " ".join((element.text or "").split())
    mixed = own or any((child.tail or "").strip() for child in children)
    if not children or mixed or depth > _DEEPEST:
        text = _text(element)
        if text:
            yield Segment(text, Whole(), headings)
        return
    leaves = [child for child in children if not any(isinstance(inner.tag, str) for inner in child)]
    titles = [_text(child) for child in leaves if _name(child) in _TITLES and _text(child)]
    below = (*headings, titles[0][:_LONGEST_NAME]) if titles and depth else headings
    block: list[str] = []
    for child in children:
        if child in leaves:
            text = _text(child)
            if text:
                block.append(text if _name(child) in ("p", "para", "text") else f"{_name(child)}: {text}")
            continue
        if block:
            yield Segment("\n".join(block), Whole(), below)
            block = []
        yield from _element(child, below, depth + 1)
    if block:
        yield Segment("\n".join(block), Whole(), below)


def _text(element: Any) -> str:
    return " ".join(" ".join(element.itertext()).split())


def _name(element: Any) -> str:
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""
