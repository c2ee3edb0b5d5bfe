"""Drawings in SVG: their words, and what they look like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from desktop_rag.errors import Damaged, FileProblem
from desktop_rag.messages import say
from desktop_rag.parsing.archive import parse_xml
from desktop_rag.parsing.media.picture_files import GET_A_FRESH_COPY, read_picture
from desktop_rag.parsing.media.pictures import picture_segment
from desktop_rag.parsing.source import Source
from desktop_rag.parsing.web.structured import parse_xml as parse_words
from desktop_rag.types import IMAGE_SIDE, ParseItem

if TYPE_CHECKING:
    from lxml.etree import _Element

_DRAWN_INSIDE = re.compile(r"#|data:image/(?:png|jpe?g|gif|webp)[;,]", re.IGNORECASE)
_LENGTH = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*(?!%)[a-z]*\s*$", re.IGNORECASE)


def parse_svg(source: Source) -> Iterator[ParseItem]:
    """The words of a drawing, and the drawing itself; nothing outside the file is drawn into it."""
    yield from parse_words(source)
    data = source.read(source.limits.text_bytes)
    root, _ = parse_xml(data)
    if root is None:
        return
    try:
        picture = read_picture(_drawn(root, source.name), source.name)
    except FileProblem as error:
        yield error.as_problem()
        return
    yield picture_segment("", picture.image)


def _drawn(root: _Element, name: str) -> bytes:
    """A drawing as PNG. Raises ``Damaged``."""
    from lxml import etree
    from resvg_py import svg_to_bytes

    etree.strip_tags(root, etree.Entity)
    for node in root.iter("{*}*"):
        for key in [key for key in node.attrib if str(key).rpartition("}")[2].lower() in ("href", "base")]:
            if not _DRAWN_INSIDE.match(str(node.attrib[key])):
                del node.attrib[key]
    wide = _is_wide(root)
    try:
        return svg_to_bytes(
            svg_string=etree.tostring(root, encoding="unicode"),
            background="white",
            width=IMAGE_SIDE if wide else None,
            height=None if wide else IMAGE_SIDE,
        )
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of the library, which is written in Rust, is no Exception
        raise Damaged(say("parsing.cannot-shown", name=name, reason=str(error)[:120]), GET_A_FRESH_COPY) from error


def _is_wide(root: _Element) -> bool:
    """Whether a drawing is wider than high, as far as it says so."""
    sides = [root.get("width", ""), root.get("height", "")]
    if not all(_LENGTH.match(side) for side in sides):
        sides = root.get("viewBox", "").replace(",", " ").split()[2:4]
    lengths = [float(length[1]) for side in sides if (length := _LENGTH.match(side))]
    return len(lengths) < 2 or lengths[0] >= lengths[1]
