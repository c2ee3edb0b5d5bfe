"""Writes the samples of PDF into the folder beside it.

Run: ``python -m tests.samples.make_pdf``.
"""

from __future__ import annotations

import io
from typing import Any

from tests.samples.tea_shop import AUTHOR, OPENING, TITLE, write


def make_pdf() -> dict[str, bytes]:
    return {
        "handbook.pdf": _handbook_pdf(),
        "two-columns.pdf": _columns_pdf(),
        "invoice.pdf": _invoice_pdf(),
        "scanned.pdf": _scanned_pdf(text_page=False),
        "half-scanned.pdf": _scanned_pdf(text_page=True),
        "form-and-notes.pdf": _form_pdf(),
        "empty-password.pdf": _locked_pdf(""),
        "password.pdf": _locked_pdf("secret"),
        "attachment.pdf": _attachment_pdf(),
    }


def _canvas(out: io.BytesIO, **options: Any) -> Any:
    from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

    return Canvas(out, pagesize=(420, 595), invariant=1, **options)


def _handbook_pdf() -> bytes:
    out = io.BytesIO()
    page = _canvas(out, lang="en-GB")
    page.setTitle(TITLE)
    page.setAuthor(AUTHOR)
    chapters = (
        ("Opening hours", ["The shop opens at eight in the morning and closes at half", "past six, but on Sundays "
                           "the kettle goes on no ear-", "lier than ten."]),
        ("Returns", ["Unopened tins are taken back within thirty days, with the", "receipt, at the counter."]),
    )  # fmt: skip
    for number, (heading, lines) in enumerate(chapters, 1):
        page.bookmarkPage(heading)
        page.addOutlineEntry(heading, heading, level=0)
        page.setFont("Helvetica-Bold", 16)
        page.drawString(50, 530, f"{number} {heading}")
        page.setFont("Helvetica", 10)
        for row, line in enumerate(lines):
            page.drawString(50, 500 - 12 * row, line)
        page.drawString(50, 440, "A second paragraph stands lower on the page than a line would.")
        page.drawString(200, 30, str(number))
        page.showPage()
    page.save()
    return out.getvalue()


def _columns_pdf() -> bytes:
    out = io.BytesIO()
    page = _canvas(out)
    page.setFont("Helvetica-Bold", 16)
    page.drawString(50, 550, "Two kinds of tea")
    page.setFont("Helvetica", 9)
    left = ["Green tea is steamed or pan fired soon after", "it has been picked, so that its leaves keep",
            "their colour and most of their taste of grass."]  # fmt: skip
    right = ["Black tea is left to wither and oxidise before", "it is dried, which turns the leaves dark and",
             "gives them a taste of malt and of honey."]  # fmt: skip
    for x, lines in ((40, left), (220, right)):
        for row, line in enumerate(lines):
            page.drawString(x, 500 - 11 * row, line)
    page.showPage()
    page.save()
    return out.getvalue()


def _invoice_pdf() -> bytes:
    """Labels first, values after, as many programs write forms: the order of drawing is no order to read."""
    out = io.BytesIO()
    page = _canvas(out)
    page.setFont("Helvetica", 10)
    rows = (("Invoice number", "TS-2024-0117"), ("Date", "5 March 2024"), ("Total", "EUR 148.50"),
            ("Due", "19 March 2024"), ("Account", "DE02 1203 0000"))  # fmt: skip
    for x, column in ((50, 0), (220, 1)):
        for row in reversed(range(len(rows))):
            page.drawString(x, 500 - 20 * row, rows[row][column])
    page.showPage()
    page.save()
    return out.getvalue()


def _scanned_pdf(*, text_page: bool) -> bytes:
    from PIL import Image
    from reportlab.lib.utils import ImageReader  # type: ignore[import-untyped]

    out = io.BytesIO()
    page = _canvas(out)
    if text_page:
        page.drawString(50, 500, OPENING)
        page.showPage()
    for shade in (40, 200):
        page.drawImage(ImageReader(Image.new("L", (40, 60), shade)), 50, 50, 300, 450)
        page.showPage()
    page.showPage()  # a blank page waits for nothing
    page.save()
    return out.getvalue()


def _form_pdf() -> bytes:
    from pypdf import PdfReader, PdfWriter
    from pypdf.annotations import Text
    from pypdf.generic import NameObject, TextStringObject

    out = io.BytesIO()
    page = _canvas(out)
    page.drawString(50, 550, "Order form")
    page.acroForm.textfield(name="customer", tooltip="Customer", value="Jun Takeda", x=50, y=480, width=200)
    page.acroForm.textfield(name="remarks", tooltip="Remarks", value="", x=50, y=430, width=200)
    page.showPage()
    page.save()
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(out.getvalue())))
    note = Text(text="Call back before Friday.", rect=(300, 500, 320, 520), open=False)
    note[NameObject("/T")] = TextStringObject(AUTHOR)
    writer.add_annotation(page_number=0, annotation=note)
    return _written(writer)


def _locked_pdf(password: str) -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(_columns_pdf())))
    writer.encrypt(user_password=password, owner_password="owner", algorithm="AES-256")
    return _written(writer)


def _attachment_pdf() -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(_columns_pdf())))
    writer.add_attachment("prices.csv", b"Tea,Price\nAssam,4.5\n")
    return _written(writer)


def _written(writer: Any) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


if __name__ == "__main__":
    write(make_pdf())
