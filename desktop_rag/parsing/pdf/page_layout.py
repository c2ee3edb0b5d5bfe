"""From the pieces of text that a PDF page draws, each with its place, to paragraphs in reading order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from msgspec import Struct

_SAME_LINE = 0.4
"""Pieces whose base lines differ by less than this share of the letters' size stand on one line."""
_NEW_BLOCK = 1.35
"""A step down of more than this many usual steps begins a new paragraph."""
_NEW_SIZE = 1.15
_INDENT = 0.8
"""A first line indented by this share of the letters' size begins a paragraph; more than four times it is a column."""
_JUMBLED = 0.2
"""Share of lines drawn above the line before them from which on the order of drawing is no reading order."""
_FORM = 25
"""Characters up to which lines are taken for the labels and values of a form, whose columns belong together."""
_FLOWING = 40
"""Characters from which on lines are taken for running text, whose line ends mean nothing."""

_TABULAR = 0.25
"""Share of words with digits in them from which on lines are taken for rows of a table."""

_HYPHENATED = re.compile(r"(?<=[^\W\d_]{2})[-\u2010\u00ad]\n(?=[^\W\d_])")
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
_UNSEEN = {0x00AD: "", 0x200B: "", 0xFEFF: "", 0xFFFE: "", 0x0000: "", 0x00A0: " "}
_CONTROLS = re.compile("[\x01-\x08\x0b-\x1f\x7f\ue000-\uf8ff\U000f0000-\U0010ffff]")
"""Control characters, and characters that mean something in one font only."""
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")


class DrawnText(Struct):
    """Text as it was drawn: ``x`` from the left, ``y`` from the bottom, in points; ``size`` of the letters."""

    text: str
    x: float
    y: float
    size: float
    upright: bool = True


def paragraphs(pieces: Sequence[DrawnText], drawn: str) -> list[str]:
    """The page's paragraphs; ``drawn`` is its whole text in the order of drawing, used when places say nothing.

    The order of drawing is kept, since programs write columns one after the other, unless it jumps about the page as
    in forms and invoices: then lines are read from top to bottom and each from left to right.
    """
    lines = _lines(pieces)
    if len(lines) < 2 or not all(line.upright for line in lines):
        return [text for block in re.split(r"\n\s*\n", clean(drawn)) if (text := flow(block.split("\n")))]
    if _is_jumbled(lines):
        lines = _side_by_side(sorted(lines, key=lambda line: -line.y))
    return [text for block in _blocks(lines) if (text := flow([line.text for line in block]))]


def clean(text: str) -> str:
    """Without ligatures, soft hyphens and control characters."""
    return _CONTROLS.sub(" ", text.translate(_LIGATURES | _UNSEEN).replace("\r\n", "\n").replace("\r", "\n"))


def flow(lines: Sequence[str]) -> str:
    """One text from the lines of a paragraph: words broken at line ends are joined, and in running text the lines."""
    kept = [" ".join(line.split()) for line in lines]
    kept = [line for line in kept if line]
    if not kept:
        return ""
    words = " ".join(kept).split()
    figures = sum(1 for word in words if any(map(str.isdecimal, word)))
    running = median(len(line) for line in kept[:-1] or kept) >= _FLOWING and figures < len(words) * _TABULAR
    text = _HYPHENATED.sub("", "\n".join(kept)) if running else "\n".join(kept)
    return text.replace("\n", " ") if running else text


def _lines(pieces: Sequence[DrawnText]) -> list[DrawnText]:
    """Pieces drawn one after the other are one line until the text breaks or the pen goes back.

    Then parts on one base line are put together from left to right.
    """
    parts: list[DrawnText] = []
    at = 0.0
    fresh = True
    for piece in pieces:
        for number, text in enumerate(clean(piece.text).split("\n")):
            fresh = fresh or number > 0 or piece.x < at - piece.size
            if not text.strip():
                if text and not fresh:
                    parts[-1].text += " "
                continue
            if fresh:
                # A piece of several lines gives the place of its first; the others follow at the usual distance.
                parts.append(DrawnText(text, piece.x, piece.y - number * 1.2 * piece.size, piece.size, piece.upright))
            else:
                parts[-1].text += text
            at = piece.x
            fresh = False
    return _side_by_side(parts)


def _side_by_side(parts: Sequence[DrawnText]) -> list[DrawnText]:
    """Neighbours in the list that stand on one base line become one line."""
    rows: list[list[DrawnText]] = []
    for part in parts:
        last = rows[-1][0] if rows else None
        if last is not None and abs(last.y - part.y) < max(part.size, last.size) * _SAME_LINE:
            rows[-1].append(part)
        else:
            rows.append([part])
    lines = []
    for row in rows:
        if not any(_RIGHT_TO_LEFT.search(part.text) for part in row):
            row.sort(key=lambda part: part.x)
        upright = all(part.upright for part in row)
        size = max(part.size for part in row)
        lines.append(DrawnText(" ".join(part.text.strip() for part in row), row[0].x, row[0].y, size, upright))
    return lines


def _is_jumbled(lines: Sequence[DrawnText]) -> bool:
    rises = sum(1 for a, b in pairwise(lines) if b.y > a.y + max(a.size, b.size) * _SAME_LINE)
    short = median(len(line.text) for line in lines) < _FORM
    return len(lines) > 5 and rises > 2 and (short or rises / len(lines) >= _JUMBLED)


def _blocks(lines: Sequence[DrawnText]) -> list[list[DrawnText]]:
    steps = [a.y - b.y for a, b in pairwise(lines) if 0 < a.y - b.y < 4 * max(a.size, b.size)]
    usual = median(steps) if steps else 0.0
    blocks: list[list[DrawnText]] = []
    margin = 0.0
    for line in lines:
        last = blocks[-1][-1] if blocks else None
        if last is None or _begins_block(last, line, usual, margin, alone=len(blocks[-1]) == 1):
            blocks.append([line])
            margin = line.x
        else:
            blocks[-1].append(line)
            margin = min(margin, line.x)
    return blocks


def _begins_block(last: DrawnText, line: DrawnText, usual: float, margin: float, *, alone: bool) -> bool:
    step = last.y - line.y
    size = max(last.size, line.size, 1.0)
    if step < -size * _SAME_LINE or step > max(usual * _NEW_BLOCK, size * 1.3):
        return True
    if max(last.size, line.size) > _NEW_SIZE * max(min(last.size, line.size), 0.1):
        return True
    indent = line.x - margin
    return not alone and _INDENT * size < indent < 4 * size and step > 0
