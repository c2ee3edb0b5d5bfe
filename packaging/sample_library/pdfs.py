"""PDFs by ReportLab: invoices, a quote, the tenancy agreement (outline, page numbers), a two-column newsletter."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from reportlab.lib import colors  # type: ignore[import-untyped]
from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY, TA_RIGHT  # type: ignore[import-untyped]
from reportlab.lib.pagesizes import A4  # type: ignore[import-untyped]
from reportlab.lib.styles import ParagraphStyle  # type: ignore[import-untyped]
from reportlab.lib.units import mm  # type: ignore[import-untyped]
from reportlab.platypus import (  # type: ignore[import-untyped]
    BaseDocTemplate,
    Frame,
    FrameBreak,
    KeepTogether,
    NextPageTemplate,
    PageTemplate,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
)

from sample_library.texts import COURIER_ARTICLES, TENANCY_SECTIONS

_INK = colors.HexColor("#22303c")
_ACCENT = colors.HexColor("#8a3b2a")
_BODY = ParagraphStyle("body", fontName="Helvetica", fontSize=10, leading=14, textColor=_INK, spaceAfter=6)
_TITLE = ParagraphStyle("title", parent=_BODY, fontName="Times-Bold", fontSize=24, leading=28, textColor=_ACCENT)
_RIGHT = ParagraphStyle("right", parent=_BODY, alignment=TA_RIGHT)
_BOLD = ParagraphStyle("bold", parent=_BODY, fontName="Helvetica-Bold")
_CONTRACT = ParagraphStyle("contract", parent=_BODY, fontName="Times-Roman", fontSize=11, leading=15.5, spaceAfter=7)
_SECTION = ParagraphStyle(
    "section", parent=_CONTRACT, fontName="Times-Bold", fontSize=13, spaceBefore=10, keepWithNext=1
)
_NEWS = ParagraphStyle(
    "news", parent=_CONTRACT, fontSize=9.6, leading=12.6, alignment=TA_JUSTIFY, firstLineIndent=8, spaceAfter=2
)
_HEADLINE = ParagraphStyle(
    "headline", parent=_NEWS, fontName="Helvetica-Bold", fontSize=13, leading=15, firstLineIndent=0, spaceBefore=9,
    spaceAfter=4, alignment=0, textColor=_ACCENT, keepWithNext=1,
)  # fmt: skip


def write_invoices(folder: Path) -> None:
    """Write two invoices that look alike and differ in everything that matters."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Invoice TR-2024-017.pdf").write_bytes(
        _bill(
            "Invoice TR-2024-017",
            "2 May 2024",
            ["Alderbridge Herbarium", "Dr Ingrid Solheim", "Botanic Lane 5", "Alderbridge"],
            [
                ("Herbarium portfolio in full cloth, acid-free board", 3, 118.00),
                ("Title line tooled in gold", 3, 18.00),
                ("Collection and delivery", 1, 20.00),
            ],
            "Please pay £428.00 by 30 May 2024, quoting invoice TR-2024-017.",
        )
    )
    (folder / "Invoice TR-2024-018.pdf").write_bytes(
        _bill(
            "Invoice TR-2024-018",
            "3 May 2024",
            ["Parochial Church Council of St Aldhelm", "Rev. Thomas Abell", "The Vicarage, Church Walk", "Alderbridge"],
            [
                ("Parish register rebound in half calf, five raised cords", 4, 265.00),
                ("Drying and flattening of water-stained leaves, hours", 7, 32.00),
            ],
            "Please pay £1,284.00 by 31 May 2024, quoting invoice TR-2024-018.",
        )
    )


def shear_quote() -> bytes:
    """The PDF attached to the supplier's first mail."""
    return _bill(
        "Quote QT-2024-0318",
        "6 March 2024",
        ["Two Rivers Bindery", "Nora Whitlock and Samir Haddad", "Unit 2, The Old Brewery", "Malt Lane, Alderbridge"],
        [
            ("Board shear Kestrel 110, new, 1,100 mm, foot clamp, steel stand", 1, 3650.00),
            ("Carriage in three crates and installation", 1, 120.00),
        ],
        "This quote holds until 5 April 2024. Delivery seven weeks after order, deposit 30 per cent.",
        seller=["Fenwick Bindery Supplies", "Wharf Road, Castleton", "VAT no. 000 4471 96"],
        vat=0.20,
    )


def _bill(
    title: str, date: str, to: list[str], items: list[tuple[str, int, float]], terms: str,
    seller: list[str] | None = None, vat: float = 0.0,
) -> bytes:  # fmt: skip
    seller = seller or ["Two Rivers Bindery", "Unit 2, The Old Brewery, Malt Lane, Alderbridge", "01632 960188"]
    rows: list[list[Any]] = [["Description", "Quantity", "Each", "Amount"]]
    rows += [[Paragraph(what, _BODY), str(n), f"£{each:,.2f}", f"£{n * each:,.2f}"] for what, n, each in items]
    net = sum(n * each for _, n, each in items)
    first_sum = len(rows)
    if vat:
        rows += [["", "", "Net", f"£{net:,.2f}"], ["", "", f"VAT {vat:.0%}", f"£{net * vat:,.2f}"]]
    rows.append(["", "", "Total", f"£{net * (1 + vat):,.2f}"])
    table = Table(rows, colWidths=[95 * mm, 20 * mm, 27 * mm, 28 * mm])
    table.setStyle([
        ("FONT", (0, 0), (-1, -1), "Helvetica", 10),
        ("FONT", (0, 0), (-1, 0), "Helvetica-Bold", 10),
        ("FONT", (0, -1), (-1, -1), "Helvetica-Bold", 11),
        ("TEXTCOLOR", (0, 0), (-1, -1), _INK),
        ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#efe6dc")),
        ("ALIGN", (1, 0), (-1, -1), "RIGHT"),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("LINEBELOW", (0, 1), (-1, first_sum - 1), 0.4, colors.HexColor("#c9bfb3")),
        ("LINEABOVE", (2, -1), (-1, -1), 1, _INK),
    ])  # fmt: skip
    no_vat = [] if vat else [Paragraph("No VAT is charged: small business below the threshold.", _BODY)]
    story = [
        Paragraph(seller[0], _TITLE),
        Paragraph("<br/>".join(seller[1:]), _BODY),
        Spacer(0, 14 * mm),
        Paragraph("<br/>".join(to), _BODY),
        Spacer(0, 6 * mm),
        Paragraph(f"{date}", _RIGHT),
        Paragraph(title, ParagraphStyle("number", parent=_BOLD, fontSize=15, spaceAfter=12)),
        table,
        Spacer(0, 10 * mm),
        Paragraph(terms, _BOLD),
        *no_vat,
        Spacer(0, 6 * mm),
        Paragraph("Thank you for your custom." if not vat else "We look forward to your order.", _BODY),
    ]
    stream = io.BytesIO()
    SimpleDocTemplate(
        stream, pagesize=A4, title=f"{title}, {to[0]}", author=seller[0], invariant=1,
        leftMargin=20 * mm, rightMargin=20 * mm, topMargin=22 * mm,
    ).build(story)  # fmt: skip
    return stream.getvalue()


class _OutlinedTemplate(BaseDocTemplate):  # type: ignore[misc]
    """Puts every section heading into the outline."""

    def afterFlowable(self, flowable: Any) -> None:
        if isinstance(flowable, Paragraph) and flowable.style is _SECTION:
            key = f"section-{self.seq.nextf('section')}"
            self.canv.bookmarkPage(key)
            self.canv.addOutlineEntry(flowable.getPlainText(), key, level=0)


def write_tenancy(path: Path) -> None:
    """Write the contract: numbered clauses, a footer "Page 1 of 3", an outline of its sections."""
    pages = _build_tenancy(path, 0)
    _build_tenancy(path, pages)


def _build_tenancy(path: Path, pages: int) -> int:
    def footer(canvas: Any, document: Any) -> None:
        canvas.setFont("Times-Italic", 9)
        canvas.setFillColor(_INK)
        canvas.drawString(25 * mm, 14 * mm, "Tenancy agreement, Flat 3, 14 Tanner's Row")
        canvas.drawRightString(185 * mm, 14 * mm, f"Page {document.page} of {pages}")

    frame = Frame(25 * mm, 24 * mm, 160 * mm, 250 * mm, 0, 0, 0, 0)
    document = _OutlinedTemplate(
        str(path), pagesize=A4, title="Tenancy agreement, Flat 3, 14 Tanner's Row", author="Pryce Lettings", invariant=1
    )
    document.addPageTemplates(PageTemplate("all", [frame], onPage=footer))
    heading = ParagraphStyle("agreement", parent=_TITLE, alignment=TA_CENTER, textColor=_INK, spaceAfter=16)
    story: list[Any] = [Paragraph("Tenancy Agreement", heading)]
    for number, (title, clauses) in enumerate(TENANCY_SECTIONS, start=1):
        story.append(Paragraph(f"{number}. {title}", _SECTION))
        story += [Paragraph(f"{number}.{n} {clause}", _CONTRACT) for n, clause in enumerate(clauses, start=1)]
    signatures = [["", ""], ["Daniel Pryce, landlord", "Nora Whitlock and Samir Haddad, tenants"]]
    table = Table(signatures, colWidths=[78 * mm, 78 * mm], rowHeights=[16 * mm, 7 * mm])
    table.setStyle([("LINEABOVE", (0, 1), (-1, 1), 0.6, _INK), ("FONT", (0, 0), (-1, -1), "Times-Italic", 10)])
    signed = Paragraph("Signed at Alderbridge on 20 August 2022", _CONTRACT)
    story.append(KeepTogether([Spacer(0, 6 * mm), signed, table]))
    document.build(story)
    return int(document.page)


def write_courier(path: Path) -> None:
    """Write the newsletter, two columns a page."""
    path.parent.mkdir(parents=True, exist_ok=True)

    def banner(canvas: Any, document: Any) -> None:
        first = document.page == 1
        canvas.setFillColor(_INK)
        if first:
            canvas.setFont("Times-Bold", 34)
            canvas.drawCentredString(105 * mm, 270 * mm, "The Alderbridge Courier")
            canvas.setFont("Times-Italic", 10.5)
            canvas.drawCentredString(
                105 * mm, 262 * mm, "News from the two rivers · June 2024 · No. 214 · Free, please pass on"
            )
        canvas.setStrokeColor(_ACCENT)
        canvas.line(18 * mm, (258 if first else 281) * mm, 192 * mm, (258 if first else 281) * mm)
        canvas.setStrokeColor(colors.HexColor("#c9bfb3"))
        canvas.line(105 * mm, 20 * mm, 105 * mm, (255 if first else 278) * mm)
        canvas.setFont("Times-Italic", 9)
        canvas.drawCentredString(105 * mm, 11 * mm, f"Alderbridge Courier, June 2024, page {document.page}")

    def columns(top: float) -> list[Any]:
        return [Frame(x * mm, 18 * mm, 83 * mm, (top - 18) * mm, 0, 0, 0, 0) for x in (18, 109)]

    document = BaseDocTemplate(
        str(path), pagesize=A4, title="The Alderbridge Courier, June 2024", author="Alderbridge Courier", invariant=1
    )
    document.addPageTemplates([
        PageTemplate("front", columns(255), onPage=banner),
        PageTemplate("inside", columns(278), onPage=banner),
    ])  # fmt: skip
    story: list[Any] = [NextPageTemplate("inside")]
    for headline, paragraphs in COURIER_ARTICLES:
        if headline == "|":
            story.append(FrameBreak())
            continue
        story.append(Paragraph(headline, _HEADLINE))
        story += [Paragraph(text, _NEWS) for text in paragraphs]
    document.build(story)
