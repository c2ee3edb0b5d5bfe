"""RTF: code pages, Unicode, styles, tables, notes."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from pathlib import Path

import pytest

from desktop_rag.errors import Damaged
from desktop_rag.parsing.office.rtf import parse_rtf
from desktop_rag.parsing.source import Limits, Source
from desktop_rag.types import Attachment, ParseItem, Problem, Segment, Whole
from tests.parsing.reading import metadata, segments, texts
from tests.parsing.real_files import read_all

_SAMPLE = Path(__file__).parents[2] / "samples" / "rtf" / "handbook.rtf"


def _read(data: bytes, limits: Limits | None = None) -> list[ParseItem]:
    return list(parse_rtf(Source("x.rtf", "", limits or Limits(), data=data)))


def _texts(body: str) -> list[str]:
    return texts(_read(("{\\rtf1\\ansi " + body + "}").encode("latin-1")))


def test_the_sample() -> None:
    items = _read(_SAMPLE.read_bytes())
    columns = "Columns: Tea, Origin, Price, Since"
    hours, teas = ("Opening hours",), ("Teas",)
    assert segments(items) == [
        Segment("The shop opens at eight in the morning and closes at half past six.", Whole(), hours),
        Segment("On Sundays at ten.", Whole(), hours),
        Segment("Přílišný čaj and žlutý and a joined \u201cquote\u201d", Whole(), hours),
        Segment("Tea: Assam; Origin: India; Price: 4.5; Since: 2021-05-01", Whole(), teas, form="row", context=columns),
        Segment(
            "Tea: Sencha; Origin: Japan; Price: 6.0; Since: 2022-11-15", Whole(), teas, form="row", context=columns
        ),
        Segment("- Warm the pot\n- Pour the water", Whole(), teas),
        Segment("The end.", Whole(), teas),
        Segment("For staff only", Whole()),
    ]
    found = metadata(items)
    assert (found.title, found.author) == ("Tea shop handbook", "Mira Okafor")
    assert found.created == datetime(2024, 3, 5, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("gl\\'fccklich", "glücklich"),
        ("\\ansicpg1251 \\'c4\\'e0", "Да"),
        ("{\\fonttbl{\\f3\\fcharset128 MS;}}\\f3 \\'83e\\'83X\\'83g", "テスト"),
        ("\\uc2\\u26666\\'81\\'9a x", "\u682a x".replace("\u682a", chr(26666))),
        ("\\uc0\\u-10179\\u-9138", "\U0001f44e"),
        ("\\uc0\\u-10179 alone", "\ufffdalone"),
        ("a\\~b\\_c\\-d", "a b-cd"),
        ("one\\line two", "one\ntwo"),
        ("{\\field{\\*\\fldinst HYPERLINK secret}{\\fldrslt shown}}", "shown"),
        ("seen{\\v hidden} again", "seen again"),
        ("\\{braces\\} and \\\\", "{braces} and \\"),
        ("before{\\pict\\bin5 }}{{x\\par}after", "beforeafter"),
        ("{\\*\\unknown {deep} text}kept", "kept"),
        ("a {\\*\\cs7 styled} word", "a styled word"),
        ("{\\upr{ansi}{\\*\\ud unicode}}", "unicode"),
    ],
)
def test_text(body: str, text: str) -> None:
    assert _texts(body) == [text]


def test_a_comment_has_its_author() -> None:
    assert _texts("Text{\\*\\atnid X}{\\*\\atnauthor Mira}\\chatn{\\*\\annotation{\\*\\atndate 1}Why?}\\par") == [
        "Text", "Comment by Mira: Why?",
    ]  # fmt: skip


def test_an_embedded_file() -> None:
    package = struct.pack("<H", 2) + b"list.txt\0C:\\list.txt\0" + struct.pack("<II", 3, 2) + b"x\0"
    package += struct.pack("<I", 5) + b"Assam"
    name = struct.pack("<I", 8) + b"Package\0"
    wrapped = struct.pack("<II", 0x501, 2) + name + struct.pack("<III", 0, 0, len(package)) + package
    items = _read(b"{\\rtf1 See{\\object\\objemb{\\*\\objdata " + wrapped.hex().encode() + b"}{\\result icon}}\\par}")
    attachment = next(item for item in items if isinstance(item, Attachment))
    assert (attachment.name, attachment.data) == ("list.txt", b"Assam")
    assert texts(items) == ["Seeicon"]


def test_a_file_cut_short_is_read_up_to_the_cut() -> None:
    assert texts(_read(_SAMPLE.read_bytes()[:700]))[0].startswith("The shop opens")
    limited = _read(_SAMPLE.read_bytes(), Limits(text_bytes=700))
    assert [item.code for item in limited if isinstance(item, Problem)] == ["over-cap"]


def test_deep_nesting_is_no_danger() -> None:
    assert texts(_read(b"{\\rtf1 " + b"{" * 200_000 + b"deep")) == ["deep"]


@pytest.mark.parametrize("data", [b"", b"plain text"])
def test_no_rtf(data: bytes) -> None:
    with pytest.raises(Damaged, match=r"x\.rtf"):
        _read(data)


def test_real_files(shared_data: Path) -> None:
    folder = shared_data / "documents" / "tika_documents"
    read, refused = read_all(parse_rtf, folder.glob("*.rtf"))
    found = {name: "\n".join(texts(items)) for name, items in read.items()}
    assert len(found) >= 42
    assert not refused
    assert all("\\" not in text for text in found.values())
    assert "Část svitku s textem Knihy Izajáš" in found["testRTFWord2010CzechCharacters.rtf"]
    assert found["testRTFWindowsCodepage1250.rtf"] == "zażółć gęślą jaźń\nZAŻÓŁĆ GĘŚLĄ JAŹŃ"
    assert found["testRTF-ms932.rtf"].splitlines() == ["Hello", "こんにちは", "Test", "テスト"]
    assert found["testFontAfterBufferedText.rtf"] == "Уважаемый клиент!"
    assert found["testRTFIgnoredControlWord.rtf"] == "The quick brown fox jumps over the lazy dog"
    assert found["testRTFUnicodeGothic.rtf"] == "𐌲𐌿𐍄𐌹𐍃𐌺"
    assert "This is a footnote." in found["testRTFVarious.rtf"]
