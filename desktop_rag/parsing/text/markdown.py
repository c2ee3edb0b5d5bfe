"""Markdown: notes of Obsidian and Logseq, front matter, and every other dialect of it.

The blocks come from markdown-it's block parser, which knows the lines of each; the text inside them is read by its
inline parser, line by line, so that a passage reads well and still is found in the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from desktop_rag.parsing.source import Source
from desktop_rag.parsing.text.dates import date_in_name, date_in_words
from desktop_rag.parsing.text.encoding import decode
from desktop_rag.parsing.text.front_matter import FrontMatter, read_front_matter, readable_properties
from desktop_rag.parsing.text.lines import line_segments
from desktop_rag.parsing.text.markdown_inline import readable_markdown
from desktop_rag.parsing.text.markdown_lines import hidden_lines, is_rule, logseq_properties, shown_marks, split_marks
from desktop_rag.parsing.text.outline import Outline
from desktop_rag.parsing.text.tables import columns_context, row_text
from desktop_rag.types import Lines, Metadata, ParseItem, Segment

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_ALIAS = re.compile(r"(\[\[[^\[\]|\n\\]*)\|(?=[^\[\]|\n]*\]\])")
"""The stroke of ``[[Page|alias]]``, which does not end a table's cell."""
_BULLET = re.compile(r"^[ \t]*[-*+][ \t]+")
_PART = 1024 * 1024  # characters; a longer text is parsed in parts, cut before a heading where there is one
_LINE = 50  # characters that a line counts besides its own: what is known of it takes memory too
_LONG_LIST = 12  # lines; the items of a longer list are segments of their own


def parse_markdown(source: Source) -> Iterator[ParseItem]:
    """The properties of a note, then its paragraphs, lists, table rows and code blocks below their headings."""
    data, problem = source.read_text_bytes()
    yield from markdown_items(decode(data), source.name)
    if problem is not None:
        yield problem


def markdown_items(text: str, name: str) -> Iterator[Metadata | Segment]:
    """What the note ``text`` of the file ``name`` holds."""
    lines = text.split("\n")
    front = read_front_matter(lines)
    note = _MarkdownNote(lines, front)
    segments = note.segments()
    # The title and the tags stand anywhere in a note, so that a note of usual size is read before it is described.
    begun = [segment for segment, _ in zip(segments, range(10_000), strict=False)]
    yield note.metadata(name)
    yield from begun
    yield from segments


class _MarkdownNote:
    """One text: its lines, its open headings, and what became known of it on the way."""

    def __init__(self, lines: list[str], front: FrontMatter) -> None:
        self.lines = lines
        self.front = front
        self.title = ""
        self.tags: dict[str, None] = dict.fromkeys(front.tags())
        self.properties: dict[str, str] = {}
        self.headings = Outline()
        self.headed = False
        self.is_outline = _is_outline(lines[front.lines :])
        self.references: Mapping[str, object] = {}
        self.hidden: set[int] = set()
        self.read: dict[int, str] = {}
        """What a person reads of the lines that hold the text of a block, by their indexes; of one part at a time."""

    def metadata(self, name: str) -> Metadata:
        front, own = self.front, self.properties
        for tag in own.get("tags", "").split(","):
            if clean := tag.strip(" #").removeprefix("[[").removesuffix("]]"):
                self.tags.setdefault(clean)
        return Metadata(
            title=front.first("title") or own.get("title", "") or self.title,
            author=", ".join(front.all("author", "authors")) or own.get("author", ""),
            created=front.created() or date_in_words(own.get("date", "")) or date_in_name(name),
            language=front.first("lang", "language"),
            tags=tuple(self.tags),
        )

    def segments(self) -> Iterator[Segment]:
        yield from line_segments(readable_properties(self.lines[: self.front.lines]), 1)
        begin = self.front.lines
        while begin < len(self.lines):
            end = _part_end(self.lines, begin)
            yield from self._blocks(begin, end)
            begin = end
        yield from self.headings.leave()

    def _blocks(self, begin: int, end: int) -> Iterator[Segment]:
        """The segments of ``lines[begin:end]``. What no block claims (a link's definition, say) is text too."""
        lines = [
            _ALIAS.sub(r"\1\\|", line) if "[[" in line and line.lstrip().startswith("|") else line
            for line in self.lines[begin:end]
        ]
        known: dict[str, dict[str, object]] = {}
        tokens = _block_parser().parse("\n".join(lines), known)
        self.references = known.get("references", {})
        self.hidden = {begin + index for index in hidden_lines(lines)}
        self.read.clear()
        for token in tokens:
            if token.map is not None and token.type in ("inline", "html_block"):
                self._read_block(token.content, lines, begin, *token.map)
        at = begin
        header: list[str] = []
        for index, token in enumerate(tokens):
            if token.map is None:
                continue
            first, last = token.map[0] + begin, token.map[1] + begin
            if token.type in ("fence", "code_block"):
                yield from self._prose(at, first)
                yield from self._code(token, first, last)
                at = last
            elif token.type == "heading_open" and token.level in (0, 2) and "\n" not in tokens[index + 1].content:
                yield from self._prose(at, first)
                yield from self._heading(int(token.tag[1:]), tokens[index + 1].content, first)
                at = last
            elif token.type == "table_open":
                yield from self._prose(at, first)
                header, at = [], last
                if last - first <= 2:
                    at = first  # a header without rows
            elif token.type == "tr_open" and at > first:
                cells = _cells(tokens, index)
                if header:
                    yield from self._row(header, cells, first)
                else:
                    header = [self._clean(cell).strip() for cell in cells]
            elif token.level == 0 or self._is_item(token, first - at):
                yield from self._prose(at, first)
                at = first
        yield from self._prose(at, end)

    def _is_item(self, token: Token, lines_before: int) -> bool:
        return token.type == "list_item_open" and token.level == 1 and (self.is_outline or lines_before >= _LONG_LIST)

    def _prose(self, first: int, last: int) -> Iterator[Segment]:
        text = "\n".join(self.lines[first:last])
        if not text.strip():
            return
        if "::" in text and not self.properties:
            self.properties = logseq_properties(text)
        lines = [self._line(index) for index in range(first, last)]
        if any(line.strip() for line in lines):  # only then has the heading something below it
            yield from line_segments(lines, first + 1, self.headings.path())

    def _code(self, token: Token, first: int, last: int) -> Iterator[Segment]:
        lines = token.content.split("\n")[: last - first]
        number = first + 2 if token.type == "fence" else first + 1
        if token.content.strip():
            yield from line_segments(lines, number, self.headings.path(), form="code")

    def _heading(self, level: int, content: str, line: int) -> Iterator[Segment]:
        text = " ".join(self._clean(content).split())
        if level == 1 and not self.headed:
            self.title = text
        self.headed = True
        if text:
            yield from self.headings.enter(level, text, Lines(line + 1, line + 1))

    def _row(self, header: Sequence[str], cells: Sequence[str], line: int) -> Iterator[Segment]:
        text = row_text(header, [self._clean(cell).strip() for cell in cells])
        if text.strip():
            context = columns_context(header)
            yield Segment(text, Lines(line + 1, line + 1), self.headings.path(), form="row", context=context)

    def _read_block(self, content: str, lines: Sequence[str], begin: int, first: int, last: int) -> None:
        """Note what is read of the text of a block, which is ``lines[first:last]`` without the marks before each."""
        written = content.split("\n")[: last - first]
        if len(written) < last - first:
            return
        for index, line in enumerate(written):
            if begin + first + index in self.hidden or is_rule(line):
                written[index] = ""
            elif self.is_outline:  # a bullet too far in for Markdown, but not for Logseq
                written[index] = _BULLET.sub("", line)
        read = self._clean("\n".join(written)).split("\n")
        if len(read) != len(written):
            return
        for index, (line, text) in enumerate(zip(written, read, strict=True), first):
            marks = lines[index][: max(lines[index].rfind(line.strip()), 0)]
            self.read[begin + index] = self._with_marks(marks, text)

    def _line(self, index: int) -> str:
        if index in self.hidden:
            return ""
        if index in self.read:
            return self.read[index]
        marks, text = split_marks(self.lines[index])
        return self._with_marks(marks, self._clean(text))

    def _with_marks(self, marks: str, text: str) -> str:
        return shown_marks(marks, outline=self.is_outline) + text.strip() if text.strip() else ""

    def _clean(self, text: str) -> str:
        return readable_markdown(text, self.tags, self.references)


@cache
def _block_parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    # Deep outlines are usual: each level of a list counts twice.
    parser = MarkdownIt("commonmark", {"maxNesting": 100}).enable("table")
    parser.disable(["inline", "text_join"])
    return parser


def _cells(tokens: Sequence[Token], row: int) -> list[str]:
    cells: list[str] = []
    index = row + 1
    while tokens[index].type != "tr_close":
        if tokens[index].type == "inline":
            cells.append(tokens[index].content.replace("\\|", "|"))
        index += 1
    return cells


def _is_outline(lines: Sequence[str]) -> bool:
    """Whether nearly every paragraph is a list item, as in Logseq."""
    outer = [line for line in lines if line.strip() and not line[0].isspace()]
    items = sum(1 for line in outer if line.startswith("- ") or line == "-" or ":: " in line)
    return items >= 1 and items >= 0.8 * len(outer)


def _part_end(lines: Sequence[str], begin: int) -> int:
    size = 0
    for index in range(begin, len(lines)):
        size += len(lines[index]) + _LINE
        if size > 2 * _PART or (size > _PART and lines[index].startswith("#")):
            return max(index, begin + 1)
    return len(lines)
