"""JSON and XML: nested values as readable lines, lists of alike records as rows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import msgspec

from desktop_rag.errors import Damaged
from desktop_rag.messages import say
from desktop_rag.parsing.source import Source
from desktop_rag.parsing.text.encoding import decode
from desktop_rag.parsing.text.notebook import is_notebook, notebook_items
from desktop_rag.parsing.text.plain import paragraphs
from desktop_rag.parsing.text.tables import columns_context, row_text
from desktop_rag.parsing.web.blobs import is_blob
from desktop_rag.types import Lines, Locator, Metadata, ParseItem, Problem, Segment, Whole

_DEEPEST = 60
_MOST_NAMES = 40
"""Names of members that a context lists; records of more say them in their text alone."""
_LONGEST_NAME = 80


def parse_json(source: Source) -> Iterator[ParseItem]:
    """A JSON document, or one JSON value a line. What is no JSON is indexed as the text it is, and said to be."""
    data, problem = source.read_text_bytes()
    text = decode(data)
    try:
        yield from _document(_loaded(text), source.name)
    except (ValueError, RecursionError):
        lines = list(_json_lines(text))
        if lines:
            yield from lines
        else:
            yield from paragraphs(text)
            if text.strip():
                yield Problem("damaged", say("parsing.not-valid-json-indexed-plain-text", name=source.name))
    if problem is not None:
        yield problem


def _loaded(text: str) -> object:
    """The value that ``text`` writes. Raises ``ValueError`` or ``RecursionError``."""
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        # What many programs write and the standard forbids: NaN, Infinity, halves of an emoji.
        value = json.loads(text)
        return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", errors="replace"))


def _document(value: object, name: str) -> Iterator[ParseItem]:
    if is_notebook(value):
        return notebook_items(value, name)
    return _value(value, ())


def _json_lines(text: str) -> Iterator[Segment]:
    """Values that stand one a line (JSON Lines); nothing if the first line is none."""
    records: list[dict[str, str]] = []
    places: list[Lines] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = _flat(_loaded(line))
        except (ValueError, RecursionError):
            if not records:
                return
            record = {"": line}
        records.append(record)
        places.append(Lines(number, number))
    yield from _rows(records, places, ())


def _rows(records: Sequence[dict[str, str]], places: Sequence[Locator], path: tuple[str, ...]) -> Iterator[Segment]:
    """Records as rows. All have one context, so that neighbours share a passage though each may lack some members."""
    names = dict.fromkeys(name for record in records for name in record if name)
    context = columns_context(list(names)[:_MOST_NAMES])
    for record, place in zip(records, places, strict=True):
        text = row_text(list(record), list(record.values()))
        if text:
            yield Segment(text, place, path, form="row", context=context)


def _value(value: object, path: tuple[str, ...]) -> Iterator[Segment]:
    """A value found at ``path``: records become rows, an object's plain members a block, the rest is followed."""
    if isinstance(value, list):
        if value and all(isinstance(item, dict) for item in value):
            yield from _rows([_flat(item) for item in value], [Whole()] * len(value), path)
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
                heading = " ".join(name.split())[:_LONGEST_NAME]
                yield from _value(item, (*path, heading) if heading and len(path) < _DEEPEST else path)
    elif _plain(value).strip():
        yield Segment(_plain(value), Whole(), path)


def _flat(value: object, prefix: str = "") -> dict[str, str]:
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


def _plain(value: object) -> str:
    if value is None or value != value:  # NaN: a value that is missing, in most files that have one
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = str(value)
    return "" if is_blob(text) else text


def parse_xml(source: Source) -> Iterator[ParseItem]:
    """The text of an XML document, below the titles found in it; entities are not expanded, nothing is fetched.

    Raises ``Damaged`` if nothing of it can be read.
    """
    from lxml import etree

    from desktop_rag.parsing.web.xml_text import name_of, text_of, xml_segments

    data, problem = source.read_text_bytes()
    if not data.strip():
        return
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=True,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        root = None
    if root is None:
        raise Damaged(say("parsing.not-valid-xml", name=source.name), say("parsing.open-program-made-save-again"))
    title = next((text for element in root.iter() if name_of(element) == "title" and (text := text_of(element))), "")
    if title:
        yield Metadata(title=title)
    yield from xml_segments(root)
    if len(parser.error_log):
        yield Problem("damaged", say("parsing.not-well-formed-xml-what-could", name=source.name))
    if problem is not None:
        yield problem
