"""Plain text and subtitles: each paragraph, or caption, is a segment with its lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from desktop_rag.parsing.source import Source
from desktop_rag.parsing.text.dates import date_in_name
from desktop_rag.parsing.text.encoding import decode
from desktop_rag.parsing.text.lines import line_segments
from desktop_rag.types import Metadata, ParseItem, Segment

_TIMES = re.compile(r"(?:\d+:)?\d+:\d\d[.,]\d+\s*-->\s*(?:\d+:)?\d+:\d\d[.,]\d+.*")
_SPEAKER = re.compile(r"<v(?:\.[^\s>]*)?[ \t]+([^<>\n]+)>")
_MARKUP = re.compile(r"</?[a-zA-Z0-9][^<>\n]*>|\{\\[^{}\n]*\}")
_NO_CAPTION = re.compile(r"(?:WEBVTT|NOTE|STYLE|REGION)\b")


def parse_text(source: Source) -> Iterator[ParseItem]:
    """Paragraphs of a plain text in any encoding; what lies beyond the size limit is reported.

    Of subtitles only what is said is kept, without numbers and times.
    """
    data, problem = source.read_text_bytes()
    text = decode(data)
    created = date_in_name(source.name)
    if created:
        yield Metadata(created=created)
    if source.name.lower().endswith((".srt", ".vtt")):
        text = spoken(text)
    yield from paragraphs(text)
    if problem is not None:
        yield problem


def paragraphs(text: str, first_line: int = 1) -> Iterator[Segment]:
    """The blocks of ``text`` between blank lines or form feeds, located by lines counted from ``first_line``."""
    block: list[str] = []
    number = first_line
    for number, line in enumerate(text.split("\n"), first_line):
        new_page = line.startswith("\f")
        if block and (new_page or not line.strip()):
            yield from line_segments(block, number - len(block))
            block = []
        if line.strip():
            block.append(line.strip("\f").replace("\f", " "))
    yield from line_segments(block, number - len(block) + 1)


def spoken(text: str) -> str:
    """The captions of SubRip or WebVTT subtitles; every other line is emptied."""
    lines = text.split("\n")
    kept = [""] * len(lines)
    caption = silent = False
    for index, line in enumerate(lines):
        if not line.strip():
            caption = silent = False
            continue
        if index == 0 or not lines[index - 1].strip():
            silent = _NO_CAPTION.match(line.lstrip("\ufeff")) is not None
        if _TIMES.fullmatch(line.strip()):
            caption = True
        elif caption or not (silent or _is_name(lines, index)):
            kept[index] = _MARKUP.sub("", _SPEAKER.sub(r"\1: ", line)).strip()
    return "\n".join(kept)


def _is_name(lines: list[str], index: int) -> bool:
    """Whether a line outside the captions is the number or name of the next one."""
    following = lines[index + 1].strip() if index + 1 < len(lines) else ""
    return _TIMES.fullmatch(following) is not None or lines[index].strip().isdecimal()
