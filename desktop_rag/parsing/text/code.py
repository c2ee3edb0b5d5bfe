"""Source code and settings: blocks of lines, below the names of the classes and functions they are in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from desktop_rag.parsing.source import Source
from desktop_rag.parsing.text.encoding import decode
from desktop_rag.parsing.text.lines import line_segments
from desktop_rag.types import ParseItem, Segment

_BEFORE = (
    "abstract|async|const|constexpr|crate|data|declare|default|export|extern|final|friend|inline|inner|internal|local|"
    "mutating|noinline|nonisolated|open|override|partial|private|protected|pub(?:\\([^)\n]{0,40}\\))?|public|readonly|"
    "sealed|static|suspend|typedef|unsafe|virtual"
)
_NAMED = (
    "class|interface|struct|enum|trait|impl|module|namespace|object|record|protocol|extension|union|def|func|fn|"
    "function|fun|sub|procedure|defmodule|defp|macro|macro_rules!|library|contract|service|message|mod"
)
_DEFINITION = re.compile(
    rf"[ \t]*(?:(?:{_BEFORE})[ \t]+){{0,6}}(?:{_NAMED})[ \t]*(?:\*|<[^<>\n]{{0,80}}>|\([^()\n]{{0,80}}\))?[ \t]+"
    r"(?:class[ \t]+)?([A-Za-z_$][\w.:$'?!]*)"
)
_SQL = re.compile(
    r"create[ \t]+(?:or[ \t]+replace[ \t]+)?(?:temp(?:orary)?[ \t]+)?"
    r"(?:table|view|index|function|procedure|trigger|type)[ \t]+(?:if[ \t]+not[ \t]+exists[ \t]+)?([\w.\"`]+)",
    re.IGNORECASE,
)
_C_FUNCTION = re.compile(r"[A-Za-z_][\w \t*&:<>,~]{0,120}?([\w:~]+)[ \t]*\([^;{}=]{0,300}\)?[^;{}=]{0,60}\{?[ \t]*")
_SHELL_FUNCTION = re.compile(r"([\w-]+)[ \t]*\(\)[ \t]*\{?[ \t]*")
_SECTION = re.compile(r"\[{1,2}([^\[\]\n]+)\]{1,2}[ \t]*(?:[#;].*)?")
_NOT_NAMES = (
    "if",
    "for",
    "while",
    "switch",
    "catch",
    "return",
    "else",
    "do",
    "elif",
    "until",
    "case",
    "with",
    "sizeof",
)
_ABOVE = ("@", "#", "//", "/*", "*", "--", "'''", ";", "%")
_CLOSING = ("}", ")", "]", "{", "end")
_CONTAINER = re.compile(
    r"\b(?:class|interface|struct|enum|trait|impl|module|namespace|object|record|mod|contract)\b|\["
)
_SHORT = 700
"""Characters of a function that is not worth a passage of its own: without its name in their heading path, such
neighbours are merged; the name stands in their text."""
_LEVELS = 2  # deeper definitions stay in the block around them
_LONGEST_LINE = 500  # a longer one is no definition


def parse_code(source: Source) -> Iterator[ParseItem]:
    """Blocks of a source file: its top-level definitions, the methods of its classes, and what lies between them."""
    data, problem = source.read_text_bytes()
    yield from code_segments(decode(data).split("\n"))
    if problem is not None:
        yield problem


def code_segments(lines: Sequence[str]) -> Iterator[Segment]:
    """The blocks of a program. Indentation says what a line belongs to, in every language alike."""
    open_names: list[tuple[int, str, bool]] = []
    begin = 0
    blank_before = False
    for index, line in enumerate(lines):
        bare = line.strip()
        if not bare:
            blank_before = True
            continue
        indent = len(line) - len(bare) if line.startswith((" ", "\t")) else 0
        name = _defined(line, indent)
        ends_block = blank_before and indent == 0 and not bare.startswith(_CLOSING)
        blank_before = False
        inside = [outer for outer in open_names if outer[0] < indent]
        if not (name and len(inside) < _LEVELS) and not ends_block:
            continue
        cut = _with_comments(lines, index, begin)
        yield from _block(lines, begin, cut, open_names)
        begin = cut
        open_names = [*inside, (indent, name, _CONTAINER.search(line) is not None)] if name else inside
    yield from _block(lines, begin, len(lines), open_names)


def _block(
    lines: Sequence[str], begin: int, end: int, open_names: Sequence[tuple[int, str, bool]]
) -> Iterator[Segment]:
    block = lines[begin:end]
    short = sum(map(len, block)) < _SHORT
    names = tuple(name for _, name, contains in open_names if contains or not short)
    yield from line_segments(block, begin + 1, names, form="code")


def _defined(line: str, indent: int) -> str:
    """The name of what a line defines, or ""."""
    if len(line) > _LONGEST_LINE:
        return ""
    found = _DEFINITION.match(line)
    if not found and indent == 0:
        line = line.rstrip()
        found = _SECTION.fullmatch(line) or _SQL.match(line)
        if not found and "(" in line:
            found = _SHELL_FUNCTION.fullmatch(line) or _C_FUNCTION.fullmatch(line)
    name = found.group(1).strip(" \"'`:") if found else ""
    return "" if name in _NOT_NAMES or (found and found.group().split(None, 1)[0] in _NOT_NAMES) else name


def _with_comments(lines: Sequence[str], index: int, begin: int) -> int:
    """The first of the comment and decorator lines that stand directly above a definition."""
    while index > begin and lines[index - 1].strip().startswith(_ABOVE):
        index -= 1
    return index
