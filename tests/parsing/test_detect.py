from __future__ import annotations

import io
import random
import zipfile
from collections import Counter
from pathlib import Path
from time import perf_counter

import pytest

from desktop_rag.errors import Damaged, Encrypted
from desktop_rag.parsing.detect import HEAD_BYTES, detect
from desktop_rag.parsing.formats import FORMATS, Format, by_mime, by_suffix, suffix_of

MAIL = b"Return-Path: <a@b.example>\nFrom: A <a@b.example>\nTo: c@d.example\nSubject: Tea\n\nAt four.\n"
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + bytes(200)


def _suffix(name: str, data: bytes, mime: str = "") -> str | None:
    found = detect(name, data[:HEAD_BYTES], lambda: io.BytesIO(data), mime)
    return found.suffixes[0] if found else None


def _zip(*names: str, mimetype: str = "") -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        if mimetype:
            archive.writestr("mimetype", mimetype)
        for name in names:
            archive.writestr(name, "x" * 50)
    return stream.getvalue()


# --- the table -------------------------------------------------------------------------------------------------------


def test_each_suffix_and_mime_stands_in_one_row() -> None:
    names = Counter(name for row in FORMATS for name in (*row.suffixes, *row.mimes))
    assert [name for name, count in names.items() if count > 1] == []
    assert all(name == name.lower() for name in names)


@pytest.mark.parametrize("row", FORMATS, ids=lambda row: row.name)
def test_each_row_is_read_or_says_what_to_do(row: Format) -> None:
    assert bool(row.parser) != bool(row.convert_to)
    assert row.suffixes[0].startswith(".")
    assert by_suffix(f"A FILE{row.suffixes[0].upper()}") is row
    assert by_mime(f"{row.mime}; charset=utf-8") is row


def test_suffix_of_a_name() -> None:
    assert suffix_of("a.tar.GZ") == ".gz"
    assert suffix_of("Makefile") == ""


# --- made here -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("notes.txt", b"Some words.\n", ".txt"),
        ("notes", "Grüße aus Köln\n".encode("cp1252"), ".txt"),
        ("notes", "Grüße aus Köln\n".encode("utf-16"), ".txt"),
        ("notes.txt", "Greetings from Rome, without a mark\n".encode("utf-16-le"), ".txt"),
        ("a.md", MAIL, ".md"),
        ("a.txt", MAIL, ".eml"),
        ("1713.M1P2.host:2,S", MAIL, ".eml"),
        ("a.txt", b"From a@b.example Mon Jan  1 10:00:00 2024\n" + MAIL, ".mbox"),
        ("a.txt", b"From here to there it takes 10:30 hours.\nTo: nobody\n", ".txt"),
        ("note.txt", b"Date: Monday\nPlace: Rome\n\nWe met.\n", ".txt"),
        ("a.txt", b"<!DOCTYPE html><html><p>x</html>", ".html"),
        ("a.doc", b"\n<html><p>x</html>", ".html"),
        ("a.md", b"<html>in Markdown</html>", ".md"),
        ("a.doc", rb"{\rtf1\ansi x}", ".rtf"),
        ("a.doc", b"just text", ".txt"),
        ("a", b'<?xml version="1.0"?><!-- c --><rss version="2.0"/>', ".xml"),
        ("a", b'<?xml version="1.0"?><!DOCTYPE html><html xmlns="x"/>', ".html"),
        ("a.ics", b"BEGIN:VCALENDAR\n", ".ics"),
        ("a.txt", b"\xef\xbb\xbfBEGIN:VCARD\n", ".vcf"),
        ("a", b"#!/bin/sh\necho\n", ".py"),
        ("a", b' {"a": [1]}', ".json"),
        ("a.txt", PDF, ".pdf"),
        ("a.pdf", b"\x00\x01junk\n" + PDF, ".pdf"),
        ("a", b"\x00\x01junk\n" + PDF, ".pdf"),
        ("a.txt", b"The header %PDF-1.7 begins a PDF.", ".txt"),
        ("a.docx", JPEG, ".jpg"),
        ("a.txt", JPEG, ".jpg"),
        ("a.txt", random.Random(1).randbytes(9000), None),
        ("a", random.Random(1).randbytes(9000), None),
        ("a.docx", random.Random(1).randbytes(9000), ".docx"),
        ("a.pdf", b"", ".pdf"),
        ("a", b"", None),
        ("a.ts", b"const a: number = 1;\n", ".py"),
        ("a.ts", (b"\x47" + b"\x00" * 187) * 10, ".mp4"),
        ("winmail.dat", b"\x78\x9f\x3e\x22\x01\x00" + bytes(60), ".tnef"),
        ("a.svg", b'<svg xmlns="http://www.w3.org/2000/svg"/>', ".svg"),
        ("a", b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', ".svg"),
        ("a.xbm", b"#define a_width 16\n#define a_height 16\n", ".jpg"),
        ("a.nef", b"MM\x00*\x00\x00\x00\x08" + bytes(100), ".dng"),
        ("private.key", b"-----BEGIN KEY-----\n", ".key"),
    ],
)
def test_content_decides_and_the_suffix_hints(name: str, data: bytes, expected: str | None) -> None:
    assert _suffix(name, data) == expected


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.zip", _zip("[Content_Types].xml", "word/document.xml"), ".docx"),
        ("a", _zip("[Content_Types].xml", "ppt/presentation.xml"), ".pptx"),
        ("a.docx", _zip("[Content_Types].xml", "xl/workbook.xml"), ".xlsx"),
        ("a", _zip("[Content_Types].xml", "FixedDocSeq.fdseq"), ".xps"),
        ("a", _zip("content.xml", mimetype="application/vnd.oasis.opendocument.text"), ".odt"),
        ("a", _zip("content.xml", mimetype="application/vnd.oasis.opendocument.graphics"), ".odg"),
        ("a", _zip("META-INF/container.xml", mimetype="application/epub+zip"), ".epub"),
        ("a", _zip("META-INF/container.xml"), ".epub"),
        ("a.numbers", _zip("Index/Document.iwa"), ".numbers"),
        ("a.docx", _zip("readme.txt"), ".docx"),
        ("a", _zip("readme.txt"), ".zip"),
        ("a", _zip("[Content_Types].xml", "word/document.xml")[:-60], ".docx"),
        ("a.txt", _zip("content.xml", mimetype="application/epub+zip")[:-60], ".epub"),
    ],
)
def test_archives_are_told_apart_by_their_members(name: str, data: bytes, expected: str) -> None:
    assert _suffix(name, data) == expected


def test_a_mail_names_the_type_of_what_is_attached() -> None:
    assert _suffix("", b"<p>Hello", "text/html; charset=utf-8") == ".html"
    assert _suffix("Look at example.com", MAIL, "message/rfc822") == ".eml"
    assert _suffix("report.pdf", PDF, "application/octet-stream") == ".pdf"


def test_a_compound_file_that_cannot_be_opened() -> None:
    cut = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100)
    assert _suffix("a.xls", cut) == ".xls"
    with pytest.raises(Damaged, match=r"a\.dat is a damaged Office file"):
        _suffix("a.dat", cut)


def test_text_is_told_in_no_time() -> None:
    data = b"Some words about the trip to Rome.\n" * 30
    started = perf_counter()
    for _ in range(200):
        detect("note.txt", data, lambda: io.BytesIO(data))
    assert (perf_counter() - started) / 200 < 0.001


# --- real files ------------------------------------------------------------------------------------------------------

_OTHERWISE = ("testWORD_2006ml.doc", "testWORDML_tableInsideParagraph.doc", "testODTnotaZipFile.odt", "example4.raw")
"""Files that are not what their suffix says."""


def _detect_file(path: Path) -> Format | None:
    with path.open("rb") as stream:
        return detect(path.name, stream.read(HEAD_BYTES), lambda: path.open("rb"))


def test_mails_without_a_telling_name(shared_data: Path) -> None:
    paths = [
        *(shared_data / "mail/mail-parser/tests/mails").glob("mail_*"),
        *(shared_data / "mail/cpython_test_email").glob("msg_*.txt"),
    ]
    found = Counter(row.name if (row := _detect_file(path)) else "" for path in paths)
    assert found == {"mail message": 67, "mailbox": 2, "Outlook message": 1, "plain text": 1}


def test_real_files_are_what_their_suffix_says(shared_data: Path) -> None:
    wrong = []
    for path in shared_data.rglob("*.*"):
        expected = by_suffix(path.name)
        if not path.is_file() or expected is None or path.suffix in (".txt", ".asf", ".wma", ".wmv", ".ogg", ".m4a"):
            continue
        if "questions" in path.parts or path.name in _OTHERWISE:
            continue
        try:
            found = _detect_file(path)
        except Encrypted:
            continue
        if found is not expected:
            wrong.append((path.name, found and found.name))
    assert wrong == []


def test_real_files_under_a_wrong_name(shared_data: Path) -> None:
    documents = shared_data / "documents/tika_documents"
    for name in ("testPDF.pdf", "testWORD.docx", "testEXCEL.xls", "testPPT.ppt", "testWORD.doc", "testRTF.rtf"):
        path = documents / name
        with path.open("rb") as stream:
            found = detect("wrong.txt", stream.read(HEAD_BYTES), lambda path=path: path.open("rb"))  # type: ignore[misc]
        assert found is by_suffix(name)


def test_a_password_is_named(shared_data: Path) -> None:
    with pytest.raises(Encrypted, match="protected by a password"):
        _detect_file(shared_data / "documents/tika_documents/testWORD_protected_passtika.docx")
