"""Office files: a letter (DOCX), slides (PPTX), the price lists of two years (RTF and ODT)."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from pathlib import Path

from docx import Document
from docx.shared import Pt
from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.util import Pt as SlidePt

from sample_library.common import without_times

_LETTER = [
    "Dear Sir or Madam,",
    "In the night from Sunday to Monday, 19 February 2024, a water pipe burst above the workbench of our workshop at "
    "Unit 2, The Old Brewery. When I opened the door at a quarter past seven the water stood four centimetres deep at "
    "the back wall. I had closed the stopcock a few minutes earlier from the yard. The plumber, Mr Dale Iredale, "
    "found a joint that had frozen in January and given way when the thaw came; his report is enclosed.",
    "The following things were damaged beyond repair or need replacing:",
]
_DAMAGE = [
    ("Board shear, hand-operated, 1,100 mm", "2015", "about £4,500 new"),
    ("Laying press, beech, cheek cracked", "2011", "£180"),
    ("Fourteen calf skins, stained", "2023", "£546"),
    ("Paper and grey board", "2023", "£124"),
]
_LETTER_END = [
    "The parish registers that were in our care belong to a customer. We are drying them ourselves and make no claim "
    "for them, but I want you to know of them.",
    "I enclose twenty-six photographs, taken before anything was moved, and a recording that I made while walking "
    "through the room. The policy is BP-60-114-882. You can reach me at any time on 01632 960188.",
    "Yours faithfully,",
    "Nora Whitlock\nTwo Rivers Bindery",
]


def write_letter(path: Path) -> None:
    """Write the letter that opens the insurance claim."""
    document = Document()
    document.styles["Normal"].font.size = Pt(11)
    document.add_paragraph("Two Rivers Bindery\nUnit 2, The Old Brewery, Malt Lane\nAlderbridge")
    document.add_paragraph("Harrow Mutual\nClaims Department\nHarrow House, Castleton")
    document.add_paragraph("21 February 2024")
    document.add_heading("Water damage at our workshop, policy BP-60-114-882", level=1)
    for paragraph in _LETTER:
        document.add_paragraph(paragraph)
    grid = document.add_table(rows=1, cols=3, style="Light Grid Accent 1")
    for cell, title in zip(grid.rows[0].cells, ("Item", "Bought in", "Value"), strict=True):
        cell.text = title
    for row in _DAMAGE:
        for cell, value in zip(grid.add_row().cells, row, strict=True):
            cell.text = value
    document.add_paragraph()
    for paragraph in _LETTER_END:
        document.add_paragraph(paragraph)
    properties = document.core_properties
    properties.title, properties.author = "Water damage at our workshop", "Nora Whitlock"
    properties.created = properties.modified = datetime(2024, 2, 21, 18, 5)
    stream = io.BytesIO()
    document.save(stream)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(without_times(stream.getvalue()))


_SLIDES = [
    ("What happens to a book under water", [
        "Paper swells more than board: the spine goes first",
        "Ink of oak gall stays, felt-tip leaves for ever",
        "You have two days before mould begins",
    ], "Pass round the swollen cookery book. Let people guess its age: it is from 1998."),
    ("How we dried four registers in a week", [
        "Blotting paper changed every four hours",
        "Volumes upright, moving air, no heat",
        "1,312 leaves, 90 metres of blotting paper",
    ], "Samir counts the leaves every time he tells it and gets a different number. The right one is on the slide."),
    ("Marbling: try it yourself", [
        "Carrageen moss in the bath, ox gall in the colour",
        "Comb once, comb back, breathe, lay the sheet",
        "A sheet costs £3, children pay what they like",
    ], "Aprons hang behind the door. Nora does noon, Samir does three o'clock. Keep the lemonade away from the bath."),
    ("Come back with a broken book", [
        "We look at it for nothing, on Thursdays from four to six",
        "Cookery books, Bibles, theses, the picture book with the chewed corner",
        "Waiting time this summer: about five weeks",
    ], "Give everybody a bookmark with the telephone number."),
]  # fmt: skip


def write_slides(path: Path) -> None:
    """Write the slides of the open day, with speaker notes."""
    deck = Presentation()
    cover = deck.slides.add_slide(deck.slide_layouts[0])
    _fill(cover.shapes.title, "Two Rivers Bindery")
    _fill(cover.placeholders[1], "Open day at the Old Brewery\nSaturday 15 June 2024")
    for title, points, notes in _SLIDES:
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        _fill(slide.shapes.title, title)
        _fill(slide.placeholders[1], "\n".join(points))
        frame = slide.notes_slide.notes_text_frame
        assert frame is not None
        frame.text = notes
    colour = RGBColor.from_string("8A3B2A")  # type: ignore[no-untyped-call]
    for slide in deck.slides:
        heading = slide.shapes.title
        assert heading is not None
        for paragraph in heading.text_frame.paragraphs:
            paragraph.font.size, paragraph.font.color.rgb = SlidePt(36), colour
            paragraph.font.name = "Georgia"
    properties = deck.core_properties
    properties.title, properties.author = "Open day 2024", "Nora Whitlock and Samir Haddad"
    properties.created = properties.modified = datetime(2024, 6, 12, 20, 40)
    stream = io.BytesIO()
    deck.save(stream)
    path.write_bytes(without_times(stream.getvalue()))


def _fill(shape: object, words: str) -> None:
    shape.text_frame.text = words  # type: ignore[attr-defined]


_SERVICES = [
    ("Rebinding in full cloth", 105, 118),
    ("Rebinding in half calf", 240, 265),
    ("Thesis, hard cover, ready in three days", 39, 46),
    ("Title line tooled in gold", 15, 18),
    ("Clamshell box", 84, 95),
    ("Wedding album, 40 leaves", 410, 428),
    ("Paper repair, per hour", 29, 32),
]
_CONDITIONS = {
    2023: ["Prices hold from 1 January to 31 December 2023.", "Students pay ten per cent less for a second thesis.",
           "We collect and deliver within Alderbridge for £15."],
    2024: ["Prices hold from 1 January to 31 December 2024.", "Students pay fifteen per cent less for a second thesis.",
           "We collect and deliver within Alderbridge for £20."],
}  # fmt: skip

_ODT_MIME = "application/vnd.oasis.opendocument.text"
_ODT_CELL = '<table:table-cell office:value-type="string"><text:p>{}</text:p></table:table-cell>'
_ODT_CONTENT = """<?xml version="1.0" encoding="UTF-8"?>
<office:document-content office:version="1.3"
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"
 xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0">
<office:automatic-styles><style:style style:name="Title" style:family="paragraph">
<style:text-properties fo:font-size="20pt" fo:font-weight="bold"/></style:style></office:automatic-styles>
<office:body><office:text>
<text:h text:style-name="Title" text:outline-level="1">Two Rivers Bindery: price list 2024</text:h>
<table:table table:name="Prices"><table:table-column table:number-columns-repeated="2"/>{rows}</table:table>
{conditions}</office:text></office:body></office:document-content>
"""
_ODT_MANIFEST = f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.3">
<manifest:file-entry manifest:full-path="/" manifest:media-type="{_ODT_MIME}"/>
<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>
</manifest:manifest>
"""


def write_price_lists(folder: Path) -> None:
    """Write the price list of 2023 as RTF and the one of 2024 as ODT: the same services at other prices."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [r"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\froman Georgia;}}", r"{\info{\title Price list 2023}}"]
    lines.append(r"\f0\fs36\b Two Rivers Bindery: price list 2023\b0\fs22\par\par")
    lines += [_rtf(f"{name}: £{old}") for name, old, _ in _SERVICES]
    lines += [r"\par", *(_rtf(line) for line in _CONDITIONS[2023]), "}"]
    (folder / "Price list 2023.rtf").write_bytes("\r\n".join(lines).encode("ascii"))

    rows = [("Service", "Price 2024"), *((name, f"£{new}") for name, _, new in _SERVICES)]
    cells = "".join(
        f"<table:table-row>{_ODT_CELL.format(name)}{_ODT_CELL.format(price)}</table:table-row>" for name, price in rows
    )
    conditions = "".join(f"<text:p>{line}</text:p>" for line in _CONDITIONS[2024])
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        # The type comes first and unpacked, so that programs find it at a fixed place.
        archive.writestr("mimetype", _ODT_MIME, zipfile.ZIP_STORED)
        archive.writestr("content.xml", _ODT_CONTENT.format(rows=cells, conditions=conditions))
        archive.writestr("META-INF/manifest.xml", _ODT_MANIFEST)
    (folder / "Price list 2024.odt").write_bytes(without_times(stream.getvalue()))


def _rtf(line: str) -> str:
    return "".join(c if ord(c) < 128 else rf"\'{c.encode('cp1252').hex()}" for c in line) + r"\par"
