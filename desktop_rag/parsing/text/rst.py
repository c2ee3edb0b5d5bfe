"""reStructuredText, read line by line: nothing in it is ever run or included, and each line stays where it is."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence

from desktop_rag.parsing.source import Source
from desktop_rag.parsing.text.dates import date_in_name, date_in_words
from desktop_rag.parsing.text.encoding import decode
from desktop_rag.parsing.text.lines import LONGEST_MARKUP, line_segments
from desktop_rag.parsing.text.outline import Outline
from desktop_rag.types import Lines, Metadata, ParseItem, Segment

_ADORNMENT = re.compile(r"([!-/:-@\[-`{-~])\1{2,}[ \t]*")
_DIRECTIVE = re.compile(r"([ \t]*)\.\.[ \t]+(?:\|[^|\n]+\|[ \t]+)?([\w:.+-]+)::(?:[ \t]+(.*))?")
_FOOTNOTE = re.compile(r"([ \t]*)\.\.[ \t]+\[([^\]\n]+)\][ \t]+(.*)")
_EXPLICIT = re.compile(r"([ \t]*)\.\.(?:[ \t].*)?")
_FIELD = re.compile(r"[ \t]*:([\w -]+):(?:[ \t]+(.*))?")
_TABLE_RULE = re.compile(r"[ \t]*(?:\+(?:[-=]+\+)+|=+(?:[ \t]+=+)+|-+(?:[ \t]+-+)+)[ \t]*")
_CODE = frozenset(
    (
        "code", "code-block", "sourcecode", "literalinclude", "parsed-literal", "math", "doctest", "testcode",
        "ipython", "prompt",
    )
)  # fmt: skip
_SILENT = frozenset(
    (
        "raw", "include", "image", "figure", "toctree", "contents", "index", "highlight", "role",
        "default-role", "meta", "sectnum", "target-notes", "class", "rst-class", "currentmodule", "module",
        "automodule", "autoclass", "autofunction", "autosummary", "tocdepth", "only", "unicode",
    )
)  # fmt: skip
"""Directives whose argument is nothing to read; raw content is left out with them."""
_NAMED = frozenset(
    (
        "note", "warning", "tip", "hint", "important", "caution", "danger", "attention", "error", "seealso",
        "deprecated", "versionadded", "versionchanged", "todo", "topic", "sidebar", "rubric", "admonition",
    )
)  # fmt: skip

_LITERAL = re.compile(r"``([^\n]{1,1000}?)``")
_ROLE = re.compile(r":[\w:.+-]+:`([^`\n<]*?)(?:[ \t]*<[^`<>\n]*>)?`")
_LINK = re.compile(r"`([^`\n<]*?)[ \t]*<([^`<>\n]*)>`__?")
_REFERENCE = re.compile(r"`([^`\n]+)`__?|`([^`\n]+)`")
_WORD_REFERENCE = re.compile(r"\b([A-Za-z][\w.+-]*[^\W_])__?(?=[\s.,;:!?)]|$)")
_FOOTNOTE_MARK = re.compile(r"[ \t]*\[(?:#[\w-]*|\*|\d+)\]_")
_STRONG = re.compile(r"(?<![\w*])(\*{1,2})(?=[^\s*])([^*\n]+)(?<=\S)\1(?![\w*])")
_SUBSTITUTION = re.compile(r"(?<!\w)\|([^|\s][^|\n]*)\|_{0,2}(?!\w)")
_KEPT = re.compile("\x00(\\d+)\x00")


def parse_rst(source: Source) -> Iterator[ParseItem]:
    """The bibliographic fields of the file, then its paragraphs and code blocks below their sections."""
    data, problem = source.read_text_bytes()
    lines = decode(data).split("\n")
    yield _metadata(lines, source.name)
    yield from _Rst(lines).segments()
    if problem is not None:
        yield problem


class _Rst:
    """A walk over the lines of one file. ``styles`` are the adornments of sections met so far, outermost first."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self.outline = Outline()
        self.styles: list[tuple[str, bool]] = []
        self.waiting: list[str] = []

    def segments(self) -> Iterator[Segment]:
        index = 0
        while index < len(self.lines):
            section = _section(self.lines, index)
            if section:
                yield from self._paragraph(index)
                yield from self._section(*section, index)
                index += 3 if section[2] else 2
                continue
            line = self.lines[index]
            if not line.strip():
                yield from self._paragraph(index)
                index += 1
            elif _EXPLICIT.fullmatch(line):
                yield from self._paragraph(index)
                index = yield from self._explicit(index)
            elif line.rstrip().endswith("::") and self._literal_end(index) > index:
                self.waiting.append(readable_rst(line.rstrip()[:-1]).rstrip())
                yield from self._paragraph(index + 1)
                end = self._literal_end(index)
                yield from self._code(index + 1, end)
                index = end
            else:
                self.waiting.append(_readable_line(line))
                index += 1
        yield from self._paragraph(len(self.lines))
        yield from self.outline.leave()

    def _paragraph(self, end: int) -> Iterator[Segment]:
        """What was read before line ``end`` (from 0)."""
        lines, self.waiting = self.waiting, []
        if any(line.strip(" \t:") for line in lines):
            yield from line_segments(lines, end - len(lines) + 1, self.outline.path())

    def _code(self, begin: int, end: int) -> Iterator[Segment]:
        if any(line.strip() for line in self.lines[begin:end]):
            yield from line_segments(self.lines[begin:end], begin + 1, self.outline.path(), form="code")

    def _section(self, title: str, mark: str, overline: bool, index: int) -> Iterator[Segment]:
        style = (mark, overline)
        if style not in self.styles:
            self.styles.append(style)
        text = " ".join(readable_rst(title).split())
        if text:
            number = index + 2 if overline else index + 1
            yield from self.outline.enter(self.styles.index(style) + 1, text, Lines(number, number))

    def _explicit(self, index: int) -> Generator[Segment, None, int]:
        """A directive, footnote, target or comment; returns the line where reading goes on."""
        line = self.lines[index]
        footnote = _FOOTNOTE.fullmatch(line)
        if footnote:
            self.waiting.append(readable_rst(footnote.group(3)))
            return index + 1
        found = _DIRECTIVE.fullmatch(line)
        end = _block_end(self.lines, index, _indent(line))
        if not found:
            return end  # a comment or the target of a link
        name, argument = found.group(2).rpartition(":")[2].lower(), (found.group(3) or "").strip()
        body = self._body(index, end)
        if name in _CODE:
            yield from self._code(body, end)
            return end
        if name == "raw":
            return end
        label = name.capitalize() if name in _NAMED else ""
        text = "" if name in _SILENT else readable_rst(argument)
        self.waiting.append(": ".join(part for part in (label, text) if part))
        self.waiting += [""] * (body - index - 1)
        return body  # what is inside is read like the text around it

    def _body(self, index: int, end: int) -> int:
        """The line after the options of a directive."""
        body = index + 1
        while body < end and _FIELD.fullmatch(self.lines[body]):
            body += 1
        return body

    def _literal_end(self, index: int) -> int:
        """The line after the indented block below a paragraph that ends with ``::``; ``index`` when there is none."""
        below = next((i for i in range(index + 1, len(self.lines)) if self.lines[i].strip()), None)
        if below is None or below == index + 1 or _indent(self.lines[below]) <= _indent(self.lines[index]):
            return index
        return _block_end(self.lines, index, _indent(self.lines[index]))


def readable_rst(text: str) -> str:
    """One line without its markup."""
    if len(text) > LONGEST_MARKUP:
        return text
    kept: list[str] = []

    def put_aside(found: re.Match[str]) -> str:
        kept.append(found.group(1))
        return f"\x00{len(kept) - 1}\x00"

    if "`" in text:
        text = _ROLE.sub(r"\1", _LITERAL.sub(put_aside, text))
        text = _LINK.sub(lambda found: found.group(1) or found.group(2), text)
        text = _REFERENCE.sub(lambda found: found.group(1) or found.group(2), text)
    if "_" in text:
        text = _WORD_REFERENCE.sub(r"\1", _FOOTNOTE_MARK.sub("", text))
    text = _SUBSTITUTION.sub(r"\1", _STRONG.sub(r"\2", text))
    return _KEPT.sub(lambda found: kept[int(found.group(1))], text)


def _readable_line(line: str) -> str:
    """A line of a paragraph, field list or table; empty when it is only a rule."""
    if len(line) > LONGEST_MARKUP:
        return line
    if _TABLE_RULE.fullmatch(line) or _adornment(line.strip()):
        return ""
    bare = line.strip()
    if len(bare) > 1 and bare[0] == bare[-1] == "|":
        return "; ".join(readable_rst(cell.strip()) for cell in bare[1:-1].split("|") if cell.strip())
    field = _FIELD.fullmatch(line)
    if field:
        return f"{field.group(1)}: {readable_rst(field.group(2) or '')}".rstrip()
    return readable_rst(line[2:] if line.startswith("| ") else line)


def _section(lines: Sequence[str], index: int) -> tuple[str, str, bool] | None:
    """Title, adornment and whether it has one above too, if a section begins on this line."""
    title = lines[index]
    following = lines[index + 1] if index + 1 < len(lines) else ""
    over = _adornment(title)
    if over and following.strip() and index + 2 < len(lines):
        if lines[index + 2].rstrip() == title.rstrip() and not _adornment(following):
            return following.strip(), over.group(1), True
        return None
    under = _adornment(following)
    if not title.strip() or title[0].isspace() or over or not under or title.startswith(".. "):
        return None
    if index > 0 and lines[index - 1].strip() and not _adornment(lines[index - 1]):
        return None  # the last line of a paragraph
    return (title.strip(), under.group(1), False) if len(following.rstrip()) >= len(title.rstrip()) * 0.7 else None


def _adornment(line: str) -> re.Match[str] | None:
    return _ADORNMENT.fullmatch(line) if len(line) <= LONGEST_MARKUP else None


def _indent(line: str) -> int:
    return len(line.expandtabs()) - len(line.expandtabs().lstrip())


def _block_end(lines: Sequence[str], index: int, indent: int) -> int:
    """The line after the block below ``index`` that is indented more than ``indent``, up to its last words."""
    end = index + 1
    for at in range(index + 1, len(lines)):
        if lines[at].strip():
            if _indent(lines[at]) <= indent:
                break
            end = at + 1
    return end


def _metadata(lines: Sequence[str], name: str) -> Metadata:
    """The fields above the first paragraph, and the first section's title."""
    told: dict[str, str] = {}
    title = ""
    for index, line in enumerate(lines[:60]):
        section = _section(lines, index)
        if section and not title:
            title = readable_rst(section[0])
        field = _FIELD.fullmatch(line)
        if field and not line[0].isspace():
            told.setdefault(field.group(1).lower(), readable_rst(field.group(2) or "").strip())
    tags = (word.strip() for word in told.get("tags", told.get("keywords", "")).split(","))
    return Metadata(
        title=told.get("title", "") or title,
        author=told.get("author", "") or told.get("authors", ""),
        created=date_in_words(told.get("date", "")) or date_in_name(name),
        language=told.get("language", ""),
        tags=tuple(tag for tag in tags if tag),
    )
