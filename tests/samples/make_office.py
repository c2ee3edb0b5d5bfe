"""Writes the samples of Word, PowerPoint and Excel since 2007 into the folders beside it.

Run: ``python -m tests.samples.make_office``.
"""

from __future__ import annotations

import io
from datetime import datetime

from tests.samples.compound_file import compound_file
from tests.samples.tea_shop import AUTHOR, FOOTNOTE, HEADER, NOTE, OPENING, TEAS, TITLE, WRITTEN, repack, write, zipped

# --- Word -------------------------------------------------------------------------------------------------------------


def make_docx() -> dict[str, bytes]:
    import docx

    document = docx.Document()
    core = document.core_properties
    core.title, core.author, core.created, core.keywords = TITLE, AUTHOR, WRITTEN, "tea, shop"
    core.modified, core.language = WRITTEN, "en-GB"
    document.add_heading(TITLE, 0)
    document.add_heading("Opening hours", 1)
    paragraph = document.add_paragraph(OPENING)
    document.add_comment(paragraph.runs, text=NOTE, author=AUTHOR, initials="MO")
    document.add_heading("Teas", 1)
    document.add_heading("Black and green", 2)
    table = document.add_table(rows=1, cols=4)
    for cell, text in zip(table.rows[0].cells, HEADER, strict=True):
        cell.text = text
    for tea in TEAS:
        for cell, value in zip(table.add_row().cells, tea, strict=True):
            cell.text = str(value)
    for item in ("Warm the pot", "Pour the water"):
        document.add_paragraph(item, style="List Bullet")
    document.add_heading("Nothing below", 1)
    document.sections[0].header.paragraphs[0].text = "For staff only"
    out = io.BytesIO()
    document.save(out)
    thumbnail = ("docProps/thumbnail.jpeg",)
    handbook = repack(out.getvalue(), thumbnail)
    return {
        "handbook.docx": handbook,
        "pages.docx": _word_parts(_PAGES_BODY),
        "strange.docx": _word_parts(_STRANGE_BODY, _STRANGE_PARTS, _STRANGE_LINKS),
        "protected.docx": compound_file({"EncryptionInfo": b"\4\0\4\0", "EncryptedPackage": b"\0" * 64}),
    }


_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE_LINKS = "http://schemas.openxmlformats.org/package/2006/relationships"
_PAGES_BODY = """
<w:p><w:r><w:t>On the first page.</w:t></w:r></w:p>
<w:p><w:r><w:lastRenderedPageBreak/><w:t>On the second page.</w:t></w:r></w:p>
<w:p><w:r><w:t xml:space="preserve">It begins on the second </w:t></w:r><w:r><w:lastRenderedPageBreak/>
<w:t>and ends on the third.</w:t></w:r></w:p>
<w:p><w:r><w:t>On the third page.</w:t></w:r></w:p>"""
_STRANGE_BODY = """
<w:p><w:r><w:t>Kept</w:t></w:r><w:del><w:r><w:delText>struck out</w:delText></w:r></w:del>
<w:ins><w:r><w:t xml:space="preserve"> and added</w:t></w:r></w:ins><w:r><w:footnoteReference w:id="2"/></w:r></w:p>
<w:p><w:r><mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">
<mc:Choice><w:txbxContent><w:p><w:r><w:t>In a box</w:t></w:r></w:p></w:txbxContent></mc:Choice>
<mc:Fallback><w:txbxContent><w:p><w:r><w:t>In a box</w:t></w:r></w:p></w:txbxContent></mc:Fallback>
</mc:AlternateContent></w:r></w:p>
<w:sdt><w:sdtContent><w:p><w:r><w:t>In a control</w:t></w:r></w:p></w:sdtContent></w:sdt>
<w:tbl><w:tr><w:tc><w:p><w:r><w:t>Outer</w:t></w:r></w:p><w:tbl>
<w:tr><w:tc><w:p><w:r><w:t>Key</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>Shelf</w:t></w:r></w:p></w:tc></w:tr>
<w:tr><w:tc><w:p><w:r><w:t>A7</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>12</w:t></w:r></w:p></w:tc></w:tr>
</w:tbl></w:tc><w:tc><w:p><w:r><w:t>Beside it</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"""
_STRANGE_PARTS: dict[str, str | bytes] = {
    "word/footnotes.xml": f'<w:footnotes {_W}><w:footnote w:id="2"><w:p><w:r><w:t>{FOOTNOTE}</w:t></w:r></w:p>'
    "</w:footnote></w:footnotes>",
    "word/embeddings/prices.csv": b"Tea,Price\nAssam,4.5\n",
}
_STRANGE_LINKS = (("footnotes", "footnotes.xml"), ("package", "embeddings/prices.csv"))


def _word_parts(
    body: str, parts: dict[str, str | bytes] | None = None, links: tuple[tuple[str, str], ...] = ()
) -> bytes:
    return zipped(
        {
            "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
            "_rels/.rels": _links((("officeDocument", "word/document.xml"),)),
            "word/document.xml": f"<w:document {_W}><w:body>{body}</w:body></w:document>",
            "word/_rels/document.xml.rels": _links(links),
            **(parts or {}),
        }
    )


def _links(links: tuple[tuple[str, str], ...]) -> str:
    inner = "".join(
        f'<Relationship Id="r{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(links, 1)
    )
    return f'<Relationships xmlns="{_PACKAGE_LINKS}">{inner}</Relationships>'


# --- PowerPoint -------------------------------------------------------------------------------------------------------


def make_pptx() -> dict[str, bytes]:
    from pptx import Presentation
    from pptx.util import Inches

    show = Presentation()
    core = show.core_properties
    core.title, core.author, core.created, core.modified = TITLE, AUTHOR, WRITTEN, WRITTEN
    first = show.slides.add_slide(show.slide_layouts[1])
    first.shapes.title.text = "Opening hours"
    first.placeholders[1].text = OPENING
    first.notes_slide.notes_text_frame.text = NOTE
    second = show.slides.add_slide(show.slide_layouts[5])
    second.shapes.title.text = "Teas"
    table = second.shapes.add_table(3, 4, Inches(1), Inches(2), Inches(8), Inches(2)).table
    for row, values in enumerate((HEADER, *TEAS)):
        for column, value in enumerate(values):
            table.cell(row, column).text = str(value)
    group = second.shapes.add_group_shape()
    group.shapes.add_textbox(0, 0, Inches(2), Inches(1)).text_frame.text = "In a group"
    third = show.slides.add_slide(show.slide_layouts[5])
    third.shapes.title.text = "Only a title"
    out = io.BytesIO()
    show.save(out)
    unused = ("docProps/thumbnail.jpeg", "ppt/printerSettings/printerSettings1.bin")
    return {"handbook.pptx": repack(out.getvalue(), unused)}


# --- spreadsheets -----------------------------------------------------------------------------------------------------


def make_xlsx() -> dict[str, bytes]:
    from openpyxl import Workbook  # type: ignore[import-untyped]
    from openpyxl.comments import Comment  # type: ignore[import-untyped]

    book = Workbook()
    book.properties.title, book.properties.creator = TITLE, AUTHOR
    book.properties.created = book.properties.modified = WRITTEN.replace(tzinfo=None)
    sheet = book.active
    sheet.title = "Teas"
    sheet["B1"] = "Prices of spring"
    for column, name in enumerate(HEADER, 2):
        sheet.cell(3, column, name)
    for row, tea in enumerate(TEAS, 4):
        for column, value in enumerate(tea, 2):
            sheet.cell(row, column, value)
    sheet["D5"].comment = Comment(NOTE, AUTHOR)
    stock = book.create_sheet("Stock")
    for values in (("Tin", "Count", "Counted"), ("A-7", 12, datetime(2024, 3, 5, 17, 45)), ("B-2", 0.1 + 0.2, None)):
        stock.append(values)
    out = io.BytesIO()
    book.save(out)
    return {"prices.xlsx": repack(out.getvalue())}


if __name__ == "__main__":
    write(make_docx() | make_pptx() | make_xlsx())
