"""Pictures: photos, screenshots, scans, drawings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from desktop_rag.errors import Damaged, FileProblem
from desktop_rag.parsing.archive import parse_xml, refuse_large
from desktop_rag.parsing.media.photo_facts import describe, photo_facts
from desktop_rag.parsing.media.picture_files import (
    GET_A_FRESH_COPY,
    decoded,
    is_thumbnail,
    opened,
    problem_of,
    read_picture,
)
from desktop_rag.parsing.source import Source, over_cap
from desktop_rag.types import IMAGE_SIDE, Metadata, Page, ParseItem, Problem, Segment, Whole

if TYPE_CHECKING:
    import PIL.Image
    from lxml.etree import _Element

_PAGED = "TIFF"
_DRAWN_INSIDE = re.compile(r"#|data:image/(?:png|jpe?g|gif|webp)[;,]", re.IGNORECASE)
_LENGTH = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*(?!%)[a-z]*\s*$", re.IGNORECASE)


def parse_picture(source: Source) -> Iterator[ParseItem]:
    """The picture, described by what its file says about it. A TIFF is a picture per page; of one that moves, or holds
    several, it is the first.

    What is cut short is shown as far as it goes, and told.
    """
    refuse_large(source)
    with source.open() as stream, opened(stream, source.name) as image:
        facts = photo_facts(image)
        yield Metadata(
            kind="image",
            title=facts.title.split("\n")[0],
            author=facts.author,
            created=facts.taken,
            tags=facts.tags,
        )
        if image.format == _PAGED:
            yield from _pages(image, source)
            return
        picture = decoded(image, source.name, source.read() if image.format == "JPEG" else None)
        yield _segment(describe(facts, picture.width, picture.height), picture.image)
    if not picture.whole:
        yield _cut_short(source.name)


def parse_svg(source: Source) -> Iterator[ParseItem]:
    """The words of a drawing, and the drawing itself; nothing outside the file is drawn into it."""
    from desktop_rag.parsing.web.structured import parse_xml as parse_words

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
    yield _segment("", picture.image)


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
        raise Damaged(f"{name} cannot be drawn ({str(error)[:120]}).", GET_A_FRESH_COPY) from error


def _is_wide(root: _Element) -> bool:
    """Whether a drawing is wider than high, as far as it says so."""
    sides = [root.get("width", ""), root.get("height", "")]
    if not all(_LENGTH.match(side) for side in sides):
        sides = root.get("viewBox", "").replace(",", " ").split()[2:4]
    lengths = [float(length[1]) for side in sides if (length := _LENGTH.match(side))]
    return len(lengths) < 2 or lengths[0] >= lengths[1]


def _segment(text: str, image: bytes, place: Whole | Page | None = None) -> Segment:
    return Segment(text, place or Whole(), role="picture", form="picture", image=image)


def _cut_short(name: str) -> Problem:
    return Problem(
        "damaged", f"{name} is damaged or incomplete, and is shown as far as it can be read.", GET_A_FRESH_COPY
    )


def _pages(image: PIL.Image.Image, source: Source) -> Iterator[ParseItem]:
    try:
        count = int(getattr(image, "n_frames", 1))
    except Exception as error:
        raise problem_of(error, source.name) from error
    most = min(source.limits.pages, source.limits.attachments)
    problem: Problem | None = None
    shown = 0
    for number in range(1, count + 1):
        try:
            image.seek(number - 1)
            if number > 1 and is_thumbnail(image):
                continue
            if shown == most:
                yield over_cap(f"only the first {most:,} of {count:,} pages were read")
                break
            picture = decoded(image, source.name)
        except Exception as error:
            problem = problem or problem_of(error, source.name).as_problem()
            continue
        shown += 1
        text = describe(photo_facts(image), picture.width, picture.height)
        yield _segment(text, picture.image, Page(number) if count > 1 else Whole())
        if not picture.whole:
            problem = problem or _cut_short(source.name)
    if problem is not None:
        yield problem
