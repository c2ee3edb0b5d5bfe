"""RTF documents, and the texts of mails that come in RTF."""

from __future__ import annotations

from collections.abc import Iterator

from desktop_rag.errors import Damaged
from desktop_rag.messages import say
from desktop_rag.parsing.archive import GET_A_FRESH_COPY
from desktop_rag.parsing.office.embedded import unwrap_ole1
from desktop_rag.parsing.office.ooxml import real_title
from desktop_rag.parsing.office.rtf_reader import RtfBlock, read_rtf
from desktop_rag.parsing.source import Source
from desktop_rag.parsing.text.outline import Outline
from desktop_rag.parsing.text.tables import row_segments
from desktop_rag.types import Attachment, Entry, Metadata, ParseItem, Segment, Whole


def parse_rtf(source: Source) -> Iterator[ParseItem]:
    """A segment per paragraph, list and table row under the headings; notes below their paragraph; embedded files."""
    data, problem = source.read_text_bytes()
    if b"{\\rt" not in data[:1024]:
        what = "empty" if not data.strip() else "not RTF"
        raise Damaged(say("parsing.cannot-opened-2", name=source.name, what=what), GET_A_FRESH_COPY)
    found = read_rtf(data[data.index(b"{\\rt") :])
    yield Metadata(kind="document", title=real_title(found.title), author=found.author, created=found.created)
    yield from _segments(found.blocks)
    yield from (Segment(text, Whole()) for text in found.asides if any(map(str.isalpha, text)))
    for number, wrapped in enumerate(found.objects, 1):
        name, inner = unwrap_ole1(f"object{number}", wrapped)
        if inner:
            yield Attachment(name, "", inner, Entry(name))
    if problem is not None:
        yield problem


def rtf_text(data: bytes) -> str:
    """What an RTF text says: a line for each paragraph and table row, and a blank line where its author left one."""
    lines: list[str] = []
    for block in read_rtf(data).blocks:
        if block.after_blank and lines:
            lines.append("")
        rows = [" | ".join(cell for cell in row if cell) for row in block.rows]
        lines += [row for row in rows if row] or [f"- {block.text}" if block.listed else block.text]
    return "\n".join(lines)


def _segments(blocks: list[RtfBlock]) -> Iterator[Segment]:
    outline = Outline()
    items: list[str] = []
    for block in blocks:
        if items and not block.listed:
            yield Segment("\n".join(items), Whole(), outline.path())
            items = []
        if block.rows:
            yield from row_segments(list(enumerate(block.rows, 1)), lambda _: Whole(), outline.path())
        elif block.level:
            yield from outline.enter(block.level, block.text.replace("\n", " "), Whole())
        elif block.listed:
            items.append(f"- {block.text}")
        else:
            yield Segment(block.text, Whole(), outline.path())
    if items:
        yield Segment("\n".join(items), Whole(), outline.path())
    yield from outline.leave()
