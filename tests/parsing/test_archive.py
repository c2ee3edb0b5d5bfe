"""ZIP containers: caps, damage, encryption and hostile XML."""

from __future__ import annotations

import io
import zipfile

import pytest

from desktop_rag.errors import Damaged, Encrypted, OverCap
from desktop_rag.parsing.archive import open_archive, parse_xml
from desktop_rag.parsing.source import MIB, Limits, Source
from tests.samples.compound_file import compound_file

_LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;&x;&x;"><!ENTITY f SYSTEM
"file:///etc/passwd">]><a><b>&y;</b><c>&f;</c><d>text</d></a>"""


def _source(data: bytes, limits: Limits | None = None) -> Source:
    return Source("some.docx", "", limits or Limits(), data=data)


def _zip(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as container:
        for name, data in members.items():
            container.writestr(name, data)
    return out.getvalue()


def test_members_are_found_whatever_their_case_and_slashes() -> None:
    with open_archive(_source(_zip({"Word/Document.xml": b"<a/>", "word\\x.bin": b"xyz"}))) as archive:
        assert "word/document.xml" in archive
        assert "/WORD/X.BIN" in archive
        assert archive.read("word/x.bin") == b"xyz"


def test_a_missing_member_is_damage() -> None:
    with open_archive(_source(_zip({"a": b"1"}))) as archive, pytest.raises(Damaged, match=r"some.docx.*word/x"):
        archive.read("word/x")


@pytest.mark.parametrize("data", [b"", b"This is no archive", b"PK\3\4 cut off"])
def test_no_archive_is_damage(data: bytes) -> None:
    with pytest.raises(Damaged, match=r"some.docx"), open_archive(_source(data)):
        pass


def test_a_flipped_bit_is_damage() -> None:
    data = bytearray(_zip({"a": b"tea " * 1000}))
    data[40] ^= 0xFF
    with open_archive(_source(bytes(data))) as archive, pytest.raises(Damaged):
        archive.read("a")


def test_a_bomb_is_refused_before_anything_is_unpacked() -> None:
    bomb = _zip({f"part{number}": bytes(20 * MIB) for number in range(3)})
    with pytest.raises(OverCap, match="times its size"), open_archive(_source(bomb)):
        pass
    with pytest.raises(OverCap), open_archive(_source(_zip({"a": bytes(2000)}), Limits(archive_bytes=1000))):
        pass


def test_a_small_file_may_shrink_a_lot() -> None:
    with open_archive(_source(_zip({"a": bytes(MIB)}))) as archive:
        assert len(archive.read("a")) == MIB


def test_a_large_file_is_refused_by_its_size() -> None:
    with pytest.raises(OverCap), open_archive(_source(_zip({"a": b"1"}), Limits(file_bytes=10))):
        pass


def test_no_more_is_unpacked_than_declared() -> None:
    data = bytearray(_zip({"a": b"tea " * 5000}))
    for mark, offset in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        place = data.index(mark) + offset
        data[place : place + 4] = (8).to_bytes(4, "little")
    with open_archive(_source(bytes(data))) as archive, pytest.raises(Damaged):
        archive.read("a")


def test_a_protected_office_file_is_an_ole_file() -> None:
    with pytest.raises(Encrypted), open_archive(_source(compound_file({"EncryptedPackage": b"x"}))):
        pass
    with pytest.raises(Damaged, match="before 2007"), open_archive(_source(compound_file({"WordDocument": b"x"}))):
        pass


def test_a_member_with_a_password() -> None:
    data = bytearray(_zip({"a": b"tea"}))
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    with open_archive(_source(bytes(data))) as archive, pytest.raises(Encrypted):
        archive.read("a")


def test_entities_are_neither_expanded_nor_fetched() -> None:
    root, _ = parse_xml(_LAUGHS)
    assert root is not None
    text = "".join(str(text) for text in root.itertext())
    assert text.endswith("text")
    assert "ha" not in text
    assert "root:" not in text


def test_broken_xml_is_mended_and_told() -> None:
    with open_archive(_source(_zip({"a.xml": b"<a><b>one</b><b>two", "b.xml": b"", "c.xml": b"<a/>"}))) as archive:
        assert [node.text for node in archive.xml("a.xml")] == ["one", "two"]
        assert archive.mended == ["a.xml"]
        with pytest.raises(Damaged, match=r"b\.xml"):
            archive.xml("b.xml")
        archive.xml("c.xml")
        assert archive.mended == ["a.xml"]
