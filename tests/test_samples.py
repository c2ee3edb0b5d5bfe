"""The sample library is complete and small, and the questions about it can be answered from it."""

from __future__ import annotations

import email
import email.policy
import json
import mailbox
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

RESOURCES = Path(__file__).resolve().parents[1] / "resources"
SAMPLES = RESOURCES / "samples"
QUESTIONS: list[dict[str, Any]] = json.loads((RESOURCES / "samples-questions.json").read_text(encoding="utf-8"))

EXPECTED = """
README.md
Home/Bank 2024.csv
Home/Budget.xlsx
Home/Contacts.vcf
Home/Family.ics
Home/Semolina cake.txt
Home/Tenancy agreement.pdf
Mail/Board shear/2024-03-04 Board shear - can you quote.eml
Mail/Board shear/2024-03-06 Re Board shear - quote attached.eml
Mail/Board shear/2024-03-07 Re Board shear - too dear.eml
Mail/Board shear/2024-03-11 Re Board shear - second-hand.eml
Mail/Board shear/2024-03-14 Re Board shear - accepted.eml
Mail/Board shear/2024-03-15 Re Board shear - delivery.eml
Mail/Family archive.mbox
Media/IMG_20241021_1834.jpg
Media/Voice memo 2024-02-19.flac
Notes/Daily/2024-02-19.md
Notes/Daily/2024-04-11.md
Notes/Trips/Bruges 2023.md
Notes/Trips/Porto 2024.md
Notes/Workshop/St Aldhelm registers.md
Notes/Workshop/Wheat paste.md
Town/Alderbridge Courier June 2024.pdf
Town/Malt Lane on market days.html
Workshop/Invoices/Invoice TR-2024-017.pdf
Workshop/Invoices/Invoice TR-2024-018.pdf
Workshop/Invoices/Scan_20240412.jpg
Workshop/Letter to Harrow Mutual.docx
Workshop/Open day 2024.pptx
Workshop/Price list 2023.rtf
Workshop/Price list 2024.odt
""".strip().splitlines()

_TEXT = {".md", ".txt", ".csv", ".html", ".ics", ".vcf"}


def test_the_library_holds_exactly_the_expected_files() -> None:
    found = {path.relative_to(SAMPLES).as_posix() for path in SAMPLES.rglob("*") if path.is_file()}
    assert found == set(EXPECTED)


def test_the_library_is_small() -> None:
    sizes = {path: path.stat().st_size for path in SAMPLES.rglob("*") if path.is_file()}
    assert all(size > 0 for size in sizes.values())
    assert sum(sizes.values()) < 3 * 1024 * 1024


def test_the_questions_cover_what_they_should() -> None:
    assert sum(bool(entry.get("demo")) for entry in QUESTIONS) == 3
    assert sum(bool(entry.get("none")) for entry in QUESTIONS) == 2
    assert sum(len(entry["files"]) == 2 for entry in QUESTIONS) >= 2
    assert len({entry["question"] for entry in QUESTIONS}) == len(QUESTIONS)


@pytest.mark.parametrize("entry", QUESTIONS, ids=lambda entry: entry["question"])
def test_the_expected_evidence_stands_in_the_files(entry: dict[str, Any]) -> None:
    if entry.get("none"):
        assert not entry["files"]
        assert not entry["expect"]
        return
    paths = [path for name in entry["files"] for path in SAMPLES.rglob(name)]
    assert [path.name for path in paths] == entry["files"]
    texts = [_text(path) for path in paths]
    if None in texts:  # a format that only the program's own parsers read
        return
    together = " ".join(" ".join(text.split()) for text in texts if text)
    for evidence in entry["expect"]:
        assert evidence in together


def _text(path: Path) -> str | None:
    if path.suffix in _TEXT:
        return path.read_text(encoding="utf-8")
    if path.suffix == ".pdf":
        return _pdf_text(PdfReader(path))
    if path.suffix == ".eml":
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        return _mail_text(message)
    if path.suffix == ".mbox":
        box = mailbox.mbox(path, factory=None, create=False)
        try:
            messages = [email.message_from_bytes(box.get_bytes(key), policy=email.policy.default) for key in box.keys()]  # noqa: SIM118
        finally:
            box.close()
        return "\n".join(_mail_text(message) for message in messages if isinstance(message, EmailMessage))
    return None


def _mail_text(message: EmailMessage) -> str:
    texts = [str(message["Subject"])]
    for part in message.walk():
        if part.get_content_maintype() == "text":
            texts.append(part.get_content())
        elif part.get_content_type() == "application/pdf":
            texts.append(_pdf_text(PdfReader(BytesIO(part.get_content()))))
    return "\n".join(texts)


def _pdf_text(reader: PdfReader) -> str:
    return "\n".join(page.extract_text() for page in reader.pages)
