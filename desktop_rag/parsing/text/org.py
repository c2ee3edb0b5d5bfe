"""Org: the outlines of Emacs, and of Logseq graphs written in it. Each line stays a line of text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from desktop_rag.parsing.source import Source
from desktop_rag.parsing.text.dates import date_in_name, date_in_words
from desktop_rag.parsing.text.encoding import decode
from desktop_rag.parsing.text.lines import LONGEST_MARKUP, line_segments
from desktop_rag.parsing.text.outline import Outline
from desktop_rag.parsing.text.tables import columns_context, row_text
from desktop_rag.types import Lines, Metadata, ParseItem, Segment

_HEADLINE = re.compile(r"(\*+)[ \t]+(.*)")
_HEADLINE_TAGS = re.compile(r"[ \t]+:((?:[\w@#%]+:)+)[ \t]*$")
_PRIORITY = re.compile(r"\[#[A-Z0-9]\][ \t]*")
_KEYWORD = re.compile(r"[ \t]*#\+([\w-]+):[ \t]*(.*)")
_BEGIN = re.compile(r"[ \t]*(?:[-+*][ \t]+)?#\+begin_(\w+)\b.*", re.IGNORECASE)
_DRAWER = re.compile(r"[ \t]*:([\w-]+):[ \t]*")
_DRAWER_LINE = re.compile(r"[ \t]*:([\w-]+):[ \t]+(.*)")
_END_DRAWER = re.compile(r"[ \t]*:END:[ \t]*", re.IGNORECASE)
_COMMENT = re.compile(r"[ \t]*#(?:[ \t].*)?")
_NOISE = re.compile(r"[ \t]*(?:id|collapsed|created-at|updated-at)::.*")
_PROPERTY = re.compile(r"([ \t]*[\w-]+)::(?=[ \t])")
_LONGEST_DRAWER = 200  # lines
_CODE_BLOCKS = ("src", "example", "export", "query")

_MARKS = re.compile(r"[=~:\[<*/_+({]")
_VERBATIM = re.compile(r"(?<![\w=~])([=~])(?=\S)([^\n]{1,1000}?)(?<=\S)\1(?!\w)")
_KEPT = re.compile("\x00(\\d+)\x00")
_LINK = re.compile(r"\[\[([^\[\]]+)\](?:\[((?:[^\[\]]|\[[^\[\]]*\])+)\])?\]")
_ANGLE = re.compile(r"<((?:https?|mailto|file):[^<>\s]+)>")
_EMPHASIS = re.compile(r"(?<![\w*/_+])([*/_+])(?=[^\s*/_+])([^\n]{1,500}?)(?<=\S)\1(?![\w*/_+])")
_HIDDEN = re.compile(r"\(\([\w-]{8,}\)\)|\{\{\{[^{}\n]*\}\}\}|\[fn:[^\[\]:\n]*\]|<<<?[^<>\n]+>?>>")
_EMBED = re.compile(r"\{\{(?:embed|video|youtube)[ \t]+([^{}\n]*)\}\}")


def parse_org(source: Source) -> Iterator[ParseItem]:
    """The keywords of the file, then its paragraphs, table rows and code blocks below their headlines."""
    data, problem = source.read_text_bytes()
    lines = decode(data).split("\n")
    yield _metadata(lines, source.name)
    yield from _Org(lines).segments()
    if problem is not None:
        yield problem


class _Org:
    """A walk over the lines of one file; ``waiting`` are those of the paragraph that is being read."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self.outline = Outline()
        self.waiting: list[str] = []

    def segments(self) -> Iterator[Segment]:
        index = 0
        while index < len(self.lines):
            line = self.lines[index]
            headline = _HEADLINE.fullmatch(line)
            block = _BEGIN.fullmatch(line)
            if headline:
                yield from self._paragraph(index)
                yield from self._headline(headline, index)
                index += 1
            elif block and block.group(1).lower() in _CODE_BLOCKS:
                yield from self._paragraph(index)
                end = self._end_of_block(block.group(1).lower(), index)
                if any(text.strip() for text in self.lines[index + 1 : end]):
                    yield from line_segments(self.lines[index + 1 : end], index + 2, self.outline.path(), form="code")
                index = end + 1
            elif line.lstrip().startswith("|"):
                yield from self._paragraph(index)
                end = index
                while end < len(self.lines) and self.lines[end].lstrip().startswith("|"):
                    end += 1
                yield from self._table(index, end)
                index = end
            elif not line.strip():
                yield from self._paragraph(index)
                index += 1
            else:
                end = _end_of_drawer(self.lines, index)
                self.waiting += [""] * (end - index) if end > index else [_readable_line(line)]
                index = max(end, index + 1)
        yield from self._paragraph(len(self.lines))
        yield from self.outline.leave()

    def _paragraph(self, end: int) -> Iterator[Segment]:
        """What was read before line ``end`` (from 0)."""
        lines, self.waiting = self.waiting, []
        if any(line.strip() for line in lines):
            yield from line_segments(lines, end - len(lines) + 1, self.outline.path())

    def _headline(self, found: re.Match[str], index: int) -> Iterator[Segment]:
        text = _PRIORITY.sub("", _HEADLINE_TAGS.sub("", found.group(2)), count=1)
        text = " ".join(readable_org(text).split())
        if text:
            yield from self.outline.enter(len(found.group(1)), text, Lines(index + 1, index + 1))

    def _end_of_block(self, name: str, begin: int) -> int:
        """The line that ends a block; the end of the file when none does."""
        end = f"#+end_{name}"
        for index in range(begin + 1, len(self.lines)):
            if self.lines[index].strip().lower().startswith(end):
                return index
        return len(self.lines)

    def _table(self, begin: int, end: int) -> Iterator[Segment]:
        rows = [(index, _cells(self.lines[index])) for index in range(begin, end)]
        has_header = len(rows) > 2 and bool(rows[0][1]) and not rows[1][1]
        header = rows[0][1] if has_header else []
        for index, cells in rows[1:] if has_header else rows:
            text = row_text(header, cells) if has_header else " | ".join(cell for cell in cells if cell)
            if text.strip():
                context = columns_context(header) if has_header else ""
                yield Segment(text, Lines(index + 1, index + 1), self.outline.path(), form="row", context=context)


def readable_org(text: str) -> str:
    """One line without its markup."""
    if len(text) > LONGEST_MARKUP or not _MARKS.search(text):
        return text
    kept: list[str] = []

    def put_aside(found: re.Match[str]) -> str:
        kept.append(found.group(2))
        return f"\x00{len(kept) - 1}\x00"

    text = _VERBATIM.sub(put_aside, text)
    property = _PROPERTY.match(text)
    if property:
        text = f"{property.group(1)}:{text[property.end() :]}"
    text = _LINK.sub(lambda found: found.group(2) or found.group(1), _EMBED.sub(r"\1", text))
    text = _EMPHASIS.sub(r"\2", _EMPHASIS.sub(r"\2", _ANGLE.sub(r"\1", _HIDDEN.sub("", text))))
    return _KEPT.sub(lambda found: kept[int(found.group(1))], text)


def _readable_line(line: str) -> str:
    """A line of a paragraph; empty when it is there for a program."""
    keyword = _KEYWORD.fullmatch(line)
    if keyword:
        return readable_org(keyword.group(2)) if keyword.group(1).lower() in ("caption", "subtitle") else ""
    if _COMMENT.fullmatch(line) or line.lstrip().lower().startswith(("#+begin_", "#+end_")):
        return ""
    if _NOISE.fullmatch(line) or re.fullmatch(r"[ \t]*-{5,}[ \t]*", line):
        return ""
    return readable_org(line)


def _end_of_drawer(lines: Sequence[str], begin: int) -> int:
    """The line after the drawer that begins here; ``begin`` when none does, or it is never closed."""
    if not _DRAWER.fullmatch(lines[begin]) or _END_DRAWER.fullmatch(lines[begin]):
        return begin
    for index in range(begin + 1, min(begin + _LONGEST_DRAWER, len(lines))):
        if _END_DRAWER.fullmatch(lines[index]):
            return index + 1
        if _HEADLINE.fullmatch(lines[index]):
            break
    return begin


def _cells(line: str) -> list[str]:
    """The cells of a table's line; none for a rule."""
    bare = line.strip()
    if re.fullmatch(r"\|[-+|: ]*", bare) and "-" in bare:
        return []
    return [readable_org(cell.strip()) for cell in bare.strip("|").split("|")]


def _metadata(lines: Sequence[str], name: str) -> Metadata:
    """What the keywords say, and the drawer above the first headline; tags stand at headlines too."""
    told: dict[str, str] = {}
    tags: dict[str, None] = {}
    before = True
    for line in lines:
        headline = _HEADLINE.fullmatch(line)
        if headline:
            before = False
            found = _HEADLINE_TAGS.search(headline.group(2))
            tags.update(dict.fromkeys(found.group(1).strip(":").split(":") if found else ()))
            continue
        pair = _KEYWORD.fullmatch(line) or (_DRAWER_LINE.fullmatch(line) if before else None)
        if pair and pair.group(2).strip():
            told.setdefault(pair.group(1).lower(), pair.group(2).strip())
    words = re.split(r"[\s:,]+", told.get("filetags", "") + " " + told.get("tags", ""))
    tags = dict.fromkeys(word.strip("#[]") for word in words if word.strip("#[]")) | tags
    return Metadata(
        title=readable_org(told.get("title", "")),
        author=told.get("author", ""),
        created=date_in_words(told.get("date", "") or told.get("created", "")) or date_in_name(name),
        language=told.get("language", ""),
        tags=tuple(tags),
    )
