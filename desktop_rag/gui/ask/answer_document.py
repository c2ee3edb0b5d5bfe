"""Renders an answer's Markdown: nothing in it loads, runs or links. Citations become small numbers, and sentences that
the sources barely support are underlined with dots."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from functools import cache
from typing import Any

from PySide6.QtGui import QFont, QTextBlockFormat, QTextCharFormat, QTextCursor, QTextDocument, QTextTable

from desktop_rag.gui.widgets.theme import Theme, scaled
from desktop_rag.types import Sentence

CITE = "cite:"
"""Begins the address of a citation's number."""
_MARKER = re.compile(r"[ \u00a0]?\[(\d{1,3})\]")
_JOINER = "\u2060"
_THIN = "\u2009"
_NEAR = 24
"""Characters of markup that may stand between two characters of text."""
_STRESS = 1.2
_BELOW = 8
_LINE_HEIGHT = 145
"""Percent; what is read wants more room than a list."""


def fill(document: QTextDocument, text: str, look: Theme, *, citations: int) -> None:
    """Put an answer's ``text`` into an empty or older document. Markers up to ``citations`` become links."""
    colours = look.colours
    document.setDefaultStyleSheet(
        f"a {{ color: {colours.accent}; text-decoration: none; }}"
        f"code {{ background: {colours.hover}; }} pre {{ background: {colours.hover}; }}"
        f"th, td {{ border: 1px solid {colours.line}; padding: 4px 8px; }} table {{ border-collapse: collapse; }}"
    )
    document.setHtml(_parser().render(text))
    _space_lines(document)
    _make_chips(document, look, citations)


def stress_first(document: QTextDocument) -> None:
    """Make the first paragraph stand out; its citations stay as they are."""
    block = document.firstBlock()
    cursor = QTextCursor(block)
    form = QTextCharFormat()
    form.setFontWeight(QFont.Weight.DemiBold)
    form.setFontPointSize(document.defaultFont().pointSizeF() * _STRESS)
    iterator = block.begin()
    while not iterator.atEnd():
        fragment = iterator.fragment()
        if not fragment.charFormat().isAnchor():
            cursor.setPosition(fragment.position())
            cursor.setPosition(fragment.position() + fragment.length(), QTextCursor.MoveMode.KeepAnchor)
            cursor.mergeCharFormat(form)
        iterator += 1
    form_below = QTextBlockFormat()
    form_below.setBottomMargin(_BELOW)
    QTextCursor(block).mergeBlockFormat(form_below)


def underline(document: QTextDocument, text: str, sentences: Sequence[Sentence], look: Theme) -> list[tuple[int, int]]:
    """Mark the doubtful ``sentences`` of ``text`` in the document; returns where each of them is."""
    places = positions(text, document)
    found = []
    for sentence in sentences:
        begin, end = _place(places, sentence.begin), _place(places, sentence.end)
        found.append((begin, end))
        if end <= begin or not (sentence.support in ("weak", "unsupported") or sentence.unseen):
            continue
        form = QTextCharFormat()
        form.setUnderlineStyle(QTextCharFormat.UnderlineStyle.DotLine)
        form.setUnderlineColor(look.colour("warn" if sentence.support == "weak" else "bad"))
        cursor = QTextCursor(document)
        cursor.setPosition(begin)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        cursor.mergeCharFormat(form)
    return found


def positions(text: str, document: QTextDocument) -> list[tuple[int, int]]:
    """Maps a Markdown text to the document it became: pairs of offsets (in the text, in the document), rising in both.
    Markup and white space are in neither."""
    found: list[tuple[int, int]] = []
    at = 0
    plain = document.toRawText()
    for position, char in enumerate(plain):
        if char.isspace() or char in (_JOINER, "\ufffc"):
            continue
        there = text.find(char, at, at + _NEAR)
        if there >= 0:
            found.append((there, position))
            at = there + 1
    return found


def _place(places: Sequence[tuple[int, int]], at: int) -> int:
    """The position in the document of what stands at ``at`` in the text, or of what was last before it."""
    index = bisect_left(places, (at, -1))
    if index < len(places) and places[index][0] == at:
        return places[index][1]
    return places[index - 1][1] + 1 if index else 0


def _space_lines(document: QTextDocument) -> None:
    """Room between lines; a column of text is only as wide as it is easily read, which is the widget's matter."""
    cursor = QTextCursor(document)
    cursor.select(QTextCursor.SelectionType.Document)
    form = QTextBlockFormat()
    form.setLineHeight(_LINE_HEIGHT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
    cursor.mergeBlockFormat(form)
    for frame in document.rootFrame().childFrames():
        if isinstance(frame, QTextTable):
            look = frame.format()
            look.setCellPadding(4)
            frame.setFormat(look)


def _make_chips(document: QTextDocument, look: Theme, citations: int) -> None:
    """Turn each "[k]" into a small number that is never the first thing on a line."""
    chip = QTextCharFormat()
    chip.setAnchor(True)
    chip.setForeground(look.colour("accent"))
    chip.setBackground(look.colour("chosen"))
    small = scaled(document.defaultFont(), 0.82)
    chip.setFontPointSize(small.pointSizeF()) if small.pointSizeF() > 0 else chip.setProperty(
        QTextCharFormat.Property.FontPixelSize, small.pixelSize()
    )
    chip.setFontWeight(QFont.Weight.DemiBold)
    chip.setFontUnderline(False)
    plain = document.toRawText()
    for marker in reversed(list(_MARKER.finditer(plain))):
        number = int(marker[1])
        if not 1 <= number <= citations:
            continue
        cursor = QTextCursor(document)
        cursor.setPosition(marker.start())
        cursor.setPosition(marker.end(), QTextCursor.MoveMode.KeepAnchor)
        around = cursor.charFormat()
        if around.fontFixedPitch() or "monospace" in (around.fontFamilies() or ()):  # an index in code is no citation
            continue
        cursor.removeSelectedText()
        plain_form = QTextCharFormat()
        cursor.insertText(f"{_JOINER}{_THIN}{_JOINER}", plain_form)
        linked = QTextCharFormat(chip)
        linked.setAnchorHref(f"{CITE}{number}")
        linked.setAnchorNames([f"cite{number}"])
        cursor.insertText(f"\u00a0{number}\u00a0", linked)


@cache
def _parser() -> Any:
    """Markdown without HTML, pictures and links: the model that wrote the answer has read untrusted files."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": True}).enable("table")
    return parser.disable(["image", "link", "autolink", "reference", "html_inline", "html_block"])
