"""Lines read in a picture -> paragraphs in reading order.

Columns are told apart by the gutters between them (a recursive X-Y cut: Nagy and Seth, "Hierarchical representation of
optically scanned documents", 1984), where what crosses a gutter, a headline say, divides what is above from what is
below. Only running text is cut into columns; the columns of a table are read row by row.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from msgspec import Struct

from desktop_rag.models.vision.ocr import TextLine
from desktop_rag.types import Region

_RUNNING = 14
"""Characters of the usual line of running text, at least; cells of tables are shorter."""
_LEAST_LINES = 3
"""A column has at least so many."""
_GUTTER = 0.9
"""Width of the narrowest gutter, in characters; lines are marked out with some space around them."""
_CROSSING = 0.2
"""The part of the lines that may cross a gutter, or reach into it."""
_CELL = 3.0
"""Width, in characters, of the gap that makes two parts of a row cells of a table."""
_SAME_ROW = 0.5
"""The part of the lower one's height by which two lines of one row overlap."""
_GAP = 0.75
"""A gap of so much of a line's height above the usual one parts two paragraphs."""
_OTHER_SIZE = 1.5
"""Lines of which one is so much higher than the other are of different paragraphs: a headline and its text."""
_MOST_CHARACTERS = 2_000
"""Longer paragraphs are cut, so that a citation points at less than a page."""
_BULLET = re.compile(r"(?:[•▪■●○◦‣·*\u2013\u2014-]|\(?\d{1,2}[.)]|\(?[a-z]\))\s")
_HYPHENS = "-\u00ad\u2010"


class _OcrLine(Struct, frozen=True):
    """A line, or all lines of one row, as fractions of the upright page."""

    left: float
    top: float
    right: float
    bottom: float
    text: str
    cells: int = 1

    @property
    def height(self) -> float:
        return self.bottom - self.top


def paragraphs_of(lines: Sequence[TextLine]) -> list[tuple[str, Region]]:
    """The paragraphs of a page or picture, in reading order, and where each stands.

    A line break that the page's width does not explain stays in the text; words divided at the end of a line are
    joined.
    """
    if not lines:
        return []
    turn = lines[0].turn
    page = [_upright(line, turn) for line in lines if line.text.strip()]
    found = [paragraph for block in _blocks(page) for paragraph in _paragraphs(_rows(block))]
    return [(_text(rows), _place(rows, turn)) for rows in found]


def _upright(line: TextLine, turn: int) -> _OcrLine:
    """``line`` of a page that is turned clockwise by ``turn`` degrees, with the page set upright."""
    x, y, width, height = line.box.x, line.box.y, line.box.width, line.box.height
    for _ in range(turn // 90):
        x, y, width, height = y, 1 - x - width, height, width
    return _OcrLine(x, y, x + width, y + height, line.text.strip())


def _place(rows: Sequence[_OcrLine], turn: int) -> Region:
    """What ``rows`` take up, in the page as it is turned."""
    x, y = min(row.left for row in rows), min(row.top for row in rows)
    width, height = max(row.right for row in rows) - x, max(row.bottom for row in rows) - y
    for _ in range(turn // 90):
        x, y, width, height = 1 - y - height, x, height, width
    return Region(*(round(min(1.0, max(0.0, value)), 4) for value in (x, y, width, height)))


# --- columns ---------------------------------------------------------------------------------------------------------


def _blocks(lines: list[_OcrLine]) -> list[list[_OcrLine]]:
    """Cut a page into blocks that are read one after the other, each from top to bottom."""
    gutter = _gutter(lines)
    if gutter is None:
        return [lines] if lines else []
    blocks: list[list[_OcrLine]] = []
    band: list[_OcrLine] = []
    across: list[_OcrLine] = []
    for line in sorted(lines, key=lambda line: line.top + line.bottom):
        if _crosses(line, gutter):
            blocks += _columns(band, gutter)
            band = []
            across.append(line)
        else:
            blocks += [across] if across else []
            across = []
            band.append(line)
    return [*blocks, *([across] if across else []), *_columns(band, gutter)]


def _columns(band: list[_OcrLine], gutter: tuple[float, float]) -> list[list[_OcrLine]]:
    return [block for side in _sides(band, gutter) for block in _blocks(side)]


def _crosses(line: _OcrLine, gutter: tuple[float, float]) -> bool:
    """Whether ``line`` is on both sides, and does not merely reach a little into the gutter."""
    width = max(gutter[1] - gutter[0], (line.right - line.left) / len(line.text))
    return line.left < gutter[0] - width and line.right > gutter[1] + width


def _sides(lines: Sequence[_OcrLine], gutter: tuple[float, float]) -> tuple[list[_OcrLine], list[_OcrLine]]:
    def is_left(line: _OcrLine) -> bool:
        return line.left + line.right < sum(gutter)

    return [line for line in lines if is_left(line)], [line for line in lines if not is_left(line)]


def _gutter(lines: Sequence[_OcrLine]) -> tuple[float, float] | None:
    """Left and right edge of the widest strip between two columns of running text, which few lines reach into."""
    if len(lines) < 2 * _LEAST_LINES:
        return None
    width = _character(lines)
    strips: list[tuple[float, float]] = []
    begin: float | None = None
    covering = 0
    for place, change in sorted([(line.left, 1) for line in lines] + [(line.right, -1) for line in lines]):
        covering += change
        empty = covering <= _CROSSING * len(lines)
        if empty and begin is None:
            begin = place
        elif not empty and begin is not None:
            if place - begin >= _GUTTER * width:
                strips.append((begin, place))
            begin = None
    for strip in sorted(strips, key=lambda strip: strip[0] - strip[1]):
        left, right = _sides([line for line in lines if not _crosses(line, strip)], strip)
        if _runs(left) and _runs(right):
            return strip
    return None


def _runs(lines: Sequence[_OcrLine]) -> bool:
    """Whether these are lines of running text, and not the cells of a table."""
    return len(lines) >= _LEAST_LINES and median(len(line.text) for line in lines) >= _RUNNING


def _character(lines: Sequence[_OcrLine]) -> float:
    """The usual width of a character."""
    return median((line.right - line.left) / len(line.text) for line in lines)


# --- rows ------------------------------------------------------------------------------------------------------------


def _rows(lines: Sequence[_OcrLine]) -> list[_OcrLine]:
    """Join what stands side by side, from left to right; rows from top to bottom."""
    rows: list[list[_OcrLine]] = []
    for line in sorted(lines, key=lambda line: line.top + line.bottom):
        for row in reversed(rows[-4:]):
            if _beside(row, line):
                row.append(line)
                break
        else:
            rows.append([line])
    return [_joined(row) for row in rows]


def _beside(row: Sequence[_OcrLine], line: _OcrLine) -> bool:
    """Whether ``line`` continues ``row``: at the height of the nearest of its parts, and over none of them."""
    if any(part.left < line.right and line.left < part.right and _overlap(part, line) < 0.8 for part in row):
        return False
    nearest = min(row, key=lambda part: max(line.left - part.right, part.left - line.right))
    return _overlap(nearest, line) >= _SAME_ROW


def _overlap(one: _OcrLine, other: _OcrLine) -> float:
    """The part of the lower one's height that both share."""
    shared = min(one.bottom, other.bottom) - max(one.top, other.top)
    return shared / max(1e-6, min(one.height, other.height))


def _joined(row: list[_OcrLine]) -> _OcrLine:
    row.sort(key=lambda line: line.left)
    width = _character(row)
    wide = sum(later.left - part.right > _CELL * width for part, later in pairwise(row))
    return _OcrLine(
        min(line.left for line in row),
        min(line.top for line in row),
        max(line.right for line in row),
        max(line.bottom for line in row),
        " ".join(line.text for line in row),
        1 + wide,
    )


# --- paragraphs ------------------------------------------------------------------------------------------------------


def _paragraphs(rows: Sequence[_OcrLine]) -> list[list[_OcrLine]]:
    if not rows:
        return []
    gaps = [later.top - row.bottom for row, later in pairwise(rows)]
    height = median(row.height for row in rows)
    # The usual gap is one of the smaller ones: most rows follow closely on the one before.
    usual = sorted(gaps)[len(gaps) // 3] if gaps else 0.0
    paragraphs = [[rows[0]]]
    for row, later, gap in zip(rows, rows[1:], gaps, strict=False):
        sizes = sorted((row.height, later.height))
        if (
            gap > usual + _GAP * height
            or sizes[1] > _OTHER_SIZE * sizes[0]
            or _indented(rows, row, later)
            or sum(len(part.text) for part in paragraphs[-1]) > _MOST_CHARACTERS
        ):
            paragraphs.append([])
        paragraphs[-1].append(later)
    return paragraphs


def _indented(rows: Sequence[_OcrLine], row: _OcrLine, later: _OcrLine) -> bool:
    """Whether ``later`` opens a paragraph by its indentation: set in from the row above and the block's edge alike,
    after a row that ended a sentence."""
    width = _character([row, later])
    inset = later.left - max(row.left, min(each.left for each in rows))
    return row.cells == later.cells == 1 and width < inset < 8 * width and row.text[-1] in '.!?:"”»'


def _text(rows: Sequence[_OcrLine]) -> str:
    edge = max(row.right for row in rows)
    text = rows[0].text
    for row, later in pairwise(rows):
        if _is_divided(row.text, later.text):
            text = text[:-1] + later.text
        else:
            text += (" " if _is_wrapped(row, later, edge) else "\n") + later.text
    return text


def _is_divided(text: str, later: str) -> bool:
    """Whether a word runs over the end of a line."""
    return len(text) > 2 and text[-1] in _HYPHENS and text[-2].isalpha() and later[:1].islower()


def _is_wrapped(row: _OcrLine, later: _OcrLine, edge: float) -> bool:
    """Whether the break after ``row`` is there for want of space: the next word would not have fitted in."""
    if row.cells > 1 or later.cells > 1 or _BULLET.match(later.text):
        return False
    first = later.text.split(maxsplit=1)[0]
    return row.right + (len(first) + 1) * _character([row, later]) > edge
