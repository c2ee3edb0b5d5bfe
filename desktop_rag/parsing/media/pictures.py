"""Pictures: photos, screenshots, scans."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from desktop_rag.messages import say
from desktop_rag.parsing.archive import refuse_large
from desktop_rag.parsing.media.photo_facts import describe, photo_facts
from desktop_rag.parsing.media.picture_files import (
    GET_A_FRESH_COPY,
    decoded,
    is_thumbnail,
    opened,
    problem_of,
)
from desktop_rag.parsing.source import Source, over_cap
from desktop_rag.types import Metadata, Page, ParseItem, Problem, Segment, Whole

if TYPE_CHECKING:
    import PIL.Image

_PAGED = "TIFF"


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
        yield picture_segment(describe(facts, picture.width, picture.height), picture.image)
    if not picture.whole:
        yield _cut_short(source.name)


def picture_segment(text: str, image: bytes, place: Whole | Page | None = None) -> Segment:
    return Segment(text, place or Whole(), role="picture", form="picture", image=image)


def _cut_short(name: str) -> Problem:
    return Problem("damaged", say("parsing.damaged-incomplete-shown-far-can-read", name=name), GET_A_FRESH_COPY)


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
                yield over_cap(say("parsing.only-first-pages-read", most=most, count=count))
                break
            picture = decoded(image, source.name)
        except Exception as error:
            problem = problem or problem_of(error, source.name).as_problem()
            continue
        shown += 1
        text = describe(photo_facts(image), picture.width, picture.height)
        yield picture_segment(text, picture.image, Page(number) if count > 1 else Whole())
        if not picture.whole:
            problem = problem or _cut_short(source.name)
    if problem is not None:
        yield problem
