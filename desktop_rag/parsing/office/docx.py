"""Word documents since 2007 (DOCX and its templates and macro variants)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from desktop_rag.errors import Damaged
from desktop_rag.messages import say
from desktop_rag.parsing.archive import GET_A_FRESH_COPY, open_archive, parse_xml, refuse_large
from desktop_rag.parsing.media.embedded_pictures import InnerPictures
from desktop_rag.parsing.office.drawing import drawing_texts, drawn_pictures
from desktop_rag.parsing.office.ooxml import Package, Relationship, real_title
from desktop_rag.parsing.office.word_text import DocxNotes, DocxParagraph, DocxStyles, blocks, read_paragraph
from desktop_rag.parsing.source import Source
from desktop_rag.parsing.text.outline import Outline
from desktop_rag.parsing.text.tables import row_segments
from desktop_rag.parsing.xml_values import attribute, local, moment
from desktop_rag.types import Locator, Metadata, Page, ParseItem, Problem, Segment, Whole

if TYPE_CHECKING:
    from lxml.etree import _Element

_FLOWING_CHARACTERS = 600
"""A table with a cell longer than this lays out a page; it is read as running text."""


def parse_docx(source: Source) -> Iterator[ParseItem]:
    """Headings as the path of what is below them, one segment per paragraph, list and table row, notes where they are
    referred to, pictures after the paragraph or table they are in; then headers, footers and charts, and embedded
    files as attachments.

    Places are pages where the file tells how its writer broke them, else the whole file.
    """
    with open_archive(source) as archive:
        package = Package(archive)
        main = package.main_part("word/document.xml")
        yield package.metadata("document")
        root = archive.xml(main)
        styles, notes = DocxStyles(), DocxNotes()
        for part in package.parts(main, "styles"):
            style_root = package.root(part)
            if style_root is not None:
                styles.read(style_root)
        notes.read(package, main)
        pictures = InnerPictures(source, archive)
        body = _DocxBody(styles, notes, pictures, package.links(main), paged=_has_pages(root))
        yield from body.read(root)
        for part in [*package.parts(main, "header"), *package.parts(main, "footer")]:
            yield from body.read_aside(package.root(part))
        for text in drawing_texts(package, main):
            yield Segment(text, body.place())
        yield from package.attachments([main, *(link.target for link in package.links(main).values())])
        yield from pictures.problems()
        yield from package.problems()


def parse_word_xml(source: Source) -> Iterator[ParseItem]:
    """The one XML file that Word 2003 could save a document as; it is built as the main part of a DOCX is."""
    refuse_large(source)
    root, whole = parse_xml(source.read())
    if root is None or local(root) != "wordDocument":
        raise Damaged(
            say("parsing.not-word-document", name=source.name), say("parsing.give-suffix-real-format-get-fresh")
        )
    values = {local(node): " ".join((node.text or "").split()) for node in root.iterfind("{*}DocumentProperties/{*}*")}
    yield Metadata(
        kind="document",
        title=real_title(values.get("Title", "")),
        author=values.get("Author", ""),
        created=moment(values.get("Created", "")),
    )
    styles = DocxStyles()
    styles.read(root)
    yield from _DocxBody(styles, DocxNotes(), None, {}, paged=_has_pages(root)).read(root)
    if not whole:
        yield Problem("damaged", say("parsing.damaged-much-possible-read", name=source.name), GET_A_FRESH_COPY)


def _has_pages(root: _Element) -> bool:
    return any(local(node) == "lastRenderedPageBreak" for node in root.iter("{*}lastRenderedPageBreak"))


class _DocxBody:
    """Walks the blocks of a document and keeps the heading path, the page and the list being collected."""

    def __init__(
        self,
        styles: DocxStyles,
        notes: DocxNotes,
        pictures: InnerPictures | None,
        links: dict[str, Relationship],
        *,
        paged: bool,
    ) -> None:
        self._styles = styles
        self._notes = notes
        self._pictures = pictures
        self._links = links
        self._outline = Outline()
        self._page = 1 if paged else 0
        self._list: list[str] = []
        self._list_place: Locator = Whole()
        self._asides: set[str] = set()

    def place(self) -> Locator:
        return Page(self._page) if self._page else Whole()

    def read(self, root: _Element) -> Iterator[Segment]:
        yield from self._blocks(root)
        yield from self._end_list()
        yield from self._outline.leave()
        for text in self._notes.unread():
            yield Segment(text, self.place())

    def read_aside(self, root: _Element | None) -> Iterator[Segment]:
        """A header or footer; those that repeat an earlier one say nothing new."""
        if root is None:
            return
        text = "\n".join(line for line in self._lines(root) if any(map(str.isalpha, line)))
        if text and text not in self._asides:
            self._asides.add(text)
            yield Segment(text, Page(1) if self._page else Whole())

    def _lines(self, parent: _Element) -> Iterator[str]:
        for node in blocks(parent, "p", "tbl", "tr", "tc"):
            if local(node) != "p":
                yield from self._lines(node)
                continue
            paragraph = read_paragraph(node, self._styles)
            yield paragraph.text
            for box in paragraph.boxes:
                yield from self._lines(box)

    def _blocks(self, parent: _Element) -> Iterator[Segment]:
        for node in blocks(parent):
            if local(node) == "tbl":
                yield from self._end_list()
                yield from self._table(node)
            else:
                yield from self._paragraph(read_paragraph(node, self._styles))
            yield from self._pictures_in(node)

    def _pictures_in(self, node: _Element) -> Iterator[Segment]:
        if self._pictures is not None:
            for name, text in drawn_pictures(node, self._links):
                for picture in self._pictures.part(name, text, self.place()):
                    yield replace(picture, headings=self._outline.path())

    def _paragraph(self, paragraph: DocxParagraph) -> Iterator[Segment]:
        # What stands before the first page break of a paragraph is where a reader starts to look for it.
        place = self.place()
        if paragraph.breaks_first:
            self._page += paragraph.breaks_first
            place = self.place()
        text = paragraph.text
        if text and paragraph.level:
            yield from self._end_list()
            yield from self._outline.enter(paragraph.level, " ".join(text.split()), place)
        elif text and paragraph.listed:
            if not self._list:
                self._list_place = place
            elif place != self._list_place:
                yield from self._end_list()
                self._list_place = place
            self._list.append(f"- {text}")
        elif text:
            yield from self._end_list()
            yield Segment(text, place, self._outline.path())
        for note in self._notes.take(paragraph.notes):
            yield from self._end_list()
            yield Segment(note, place, self._outline.path())
        for box in paragraph.boxes:
            yield from self._end_list()
            yield from self._blocks(box)
        if self._page:
            self._page += paragraph.breaks - paragraph.breaks_first

    def _end_list(self) -> Iterator[Segment]:
        if self._list:
            yield Segment("\n".join(self._list), self._list_place, self._outline.path())
            self._list = []

    def _table(self, table: _Element) -> Iterator[Segment]:
        rows = [list(blocks(row, "tc")) for row in blocks(table, "tr")]
        if _lays_out(rows):
            for cells in rows:
                for cell in cells:
                    yield from self._blocks(cell)
                    yield from self._end_list()
            return
        place: dict[int, Locator] = {}
        texts: list[tuple[int, list[str]]] = []
        after: list[str] = []
        for number, cells in enumerate(rows, 1):
            values: list[str] = []
            place[number] = self.place()
            for cell in cells:
                paragraphs = [read_paragraph(node, self._styles) for node in cell.iter("{*}p") if _owner(node) is cell]
                values.append(" ".join(" ".join(p.text for p in paragraphs).split()))
                values.extend("" for _ in range(_span(cell) - 1))
                for paragraph in paragraphs:
                    after.extend(self._notes.take(paragraph.notes))
                    if self._page:
                        self._page += paragraph.breaks
            texts.append((number, values))
        yield from row_segments(texts, place.__getitem__, self._outline.path())
        for note in after:
            yield Segment(note, self.place(), self._outline.path())


def _owner(paragraph: _Element) -> _Element | None:
    return next((node for node in paragraph.iterancestors() if local(node) in ("tc", "txbxContent")), None)


def _span(cell: _Element) -> int:
    node = cell.find("{*}tcPr/{*}gridSpan")
    value = attribute(node, "val") if node is not None else ""
    return min(int(value), 64) if value.isdecimal() else 1


def _lays_out(rows: list[list[_Element]]) -> bool:
    """Whether a table only arranges text on the page: one column, tables in its cells, or whole passages in them."""
    cells = [cell for row in rows for cell in row]
    if max((len(row) for row in rows), default=0) < 2:
        return True
    if any(node is not None for cell in cells for node in (cell.find(".//{*}tbl"), cell.find(".//{*}txbxContent"))):
        return True
    return any(sum(len(t.text or "") for t in cell.iter("{*}t")) > _FLOWING_CHARACTERS for cell in cells)
