"""The lines of a note around its text: list marks, quotation marks, rules, and what Logseq keeps there for itself."""

from __future__ import annotations

import re
from collections.abc import Sequence

from desktop_rag.parsing.text.lines import LONGEST_MARKUP

_RULE = re.compile(r"(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|=+|\|?[ \t]*:?--[-:| \t]*")
"""A line across the page, under a heading, or under the header of a table."""
_MARKS_BEFORE = re.compile(r"(?:[ \t]*(?:>|[-*+](?=[ \t]|$)|#{1,6}(?=[ \t])))*[ \t]*")
_QUOTE_OR_HEADING = re.compile(r">[ \t]?|#{1,6}[ \t]+")
_NUMBER = re.compile(r"\d+[.)][ \t]+")
_PROPERTY_LINE = re.compile(r"^[ \t]*(?:[-*+][ \t]+)?([\w./?-]+(?: [\w./?-]+)?)::(?:[ \t]+(.*))?$", re.MULTILINE)
_DRAWER = re.compile(r"[ \t]*:(LOGBOOK|PROPERTIES|END):.*")
_BORDER = re.compile(r"[ \t]*(?:[-*+][ \t]+)?#\+(BEGIN|END)_(\w+).*", re.IGNORECASE)


def is_rule(line: str) -> bool:
    """Whether a line without its list and quotation marks is drawn, and says nothing."""
    return _RULE.fullmatch(line.strip()) is not None


def split_marks(line: str) -> tuple[str, str]:
    """The list and quotation marks before a line that no block has claimed, and the rest of it."""
    if len(line) > LONGEST_MARKUP:
        return "", line
    unquoted = line.lstrip(" \t>")
    if is_rule(unquoted):
        return "", ""
    end = _MARKS_BEFORE.match(line)
    at = end.end() if end else 0
    return line[:at], "" if is_rule(line[at:]) else line[at:]


def shown_marks(marks: str, *, outline: bool) -> str:
    """What is read of the marks before a line: indentation, bullets and numbers; in an outline, the numbers."""
    if outline:
        return "".join(_NUMBER.findall(marks))
    return _QUOTE_OR_HEADING.sub("", marks)


def hidden_lines(lines: Sequence[str]) -> set[int]:
    """The indexes of lines that are there for Logseq: queries, drawers like ``:LOGBOOK:``, borders of blocks."""
    hidden: set[int] = set()
    drawer = query = -1  # the line that opened it
    for index, line in enumerate(lines):
        if ":" in line and (found := _DRAWER.fullmatch(line)):
            if found[1] != "END":
                drawer = index
            elif drawer >= 0:
                hidden.update(range(drawer, index + 1))
                drawer = -1
        if "#+" in line and (found := _BORDER.fullmatch(line)):
            hidden.add(index)
            if found[2].upper() == "QUERY" and found[1].upper() == "BEGIN":
                query = index
            elif found[2].upper() == "QUERY" and query >= 0:
                hidden.update(range(query, index))
                query = -1
    return hidden


def logseq_properties(text: str) -> dict[str, str]:
    """The ``name:: value`` lines of a block."""
    return {found[1].lower(): (found[2] or "").strip() for found in _PROPERTY_LINE.finditer(text)}
