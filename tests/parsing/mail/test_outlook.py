"""Outlook messages and winmail.dat."""

from __future__ import annotations

import importlib.util
import struct
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_rag.errors import Damaged, FileProblem, OverCap
from desktop_rag.parsing.mail.message import parse_eml
from desktop_rag.parsing.mail.outlook import parse_msg, parse_tnef
from desktop_rag.parsing.source import Limits, Source
from desktop_rag.types import Attachment, Metadata, ParseItem, Person, Segment

SAMPLES = Path(__file__).parents[2] / "samples"


def writer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_msg", SAMPLES / "make_msg.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def parse(data: bytes, limits: Limits | None = None) -> list[ParseItem]:
    return list(parse_msg(Source("m.msg", "application/vnd.ms-outlook", limits or Limits(), data=data)))


def metadata(items: list[ParseItem]) -> Metadata:
    return next(item for item in items if isinstance(item, Metadata))


def spoken(items: list[ParseItem], role: str) -> str:
    return "\n".join(item.text for item in items if isinstance(item, Segment) and item.role == role)


def item_of(properties: dict[int, object]) -> list[ParseItem]:
    make = writer()
    return parse(make.compound_file(make.properties(properties, 32)))


def test_the_sample_is_what_the_script_writes() -> None:
    make = writer()
    assert make.compound_file(make.reply()) == (SAMPLES / "msg" / "reply.msg").read_bytes()


def test_reply() -> None:
    items = parse((SAMPLES / "msg" / "reply.msg").read_bytes())
    found = metadata(items)
    assert found.title == "RE: Berth for the season \N{EN DASH} Größe"
    assert found.created == datetime(2024, 5, 14, 7, 30, tzinfo=UTC)
    assert found.mail is not None
    assert found.mail.sender == Person("Jonas Lindqvist", "jonas@harbour.example")
    assert found.mail.recipients == (
        Person("Ada Okafor", "ada@boats.example"),
        Person("Archive", "archive@harbour.example"),
    )
    assert found.mail.references == ("ask-1@harbour.example", "offer-3@boats.example")
    assert "berth 17 for the whole season, 1,240 euros" in spoken(items, "body")
    assert "Berth 17 is free from June." in spoken(items, "quoted")
    assert spoken(items, "signature") == "Kind regards,\nJonas Lindqvist\nHarbour Office"
    attached = [item for item in items if isinstance(item, Attachment)]
    assert [(item.name, item.mime) for item in attached] == [
        ("Preise 2024 für Boote.csv", "text/csv"),
        ("Mooring rules.eml", "message/rfc822"),
    ]
    assert attached[0].data == b"berth,price\n17,1240\n"
    inner = list(parse_eml(Source("i.eml", "", Limits(), data=attached[1].data)))
    assert spoken(inner, "body") == "No engines after ten at night."


def test_text_in_rtf_alone() -> None:
    rtf = rb"{\rtf1\ansi\pard Meet at the \b old\b0  pier.\par Bring rope.\par}"
    compressed = struct.pack("<II4sI", len(rtf) + 12, len(rtf), b"MELA", 0) + rtf
    items = item_of({0x001A: "IPM.Note", 0x0037: "Rope", 0x1009: compressed})
    assert spoken(items, "body") == "Meet at the old pier.\nBring rope."


def test_rtf_alone_keeps_blank_lines_and_whole_characters() -> None:
    rtf = (
        rb"{\rtf1\ansi\fromtext\pard Thumbs down \u-10179?\u-9138?\par\par See {\field{\*\fldinst HYPERLINK "
        rb'"x.doc"}{\fldrslt the list}}.\par\par\par Kind regards,\par Ada\par}'
    )
    compressed = struct.pack("<II4sI", len(rtf) + 12, len(rtf), b"MELA", 0) + rtf
    items = item_of({0x001A: "IPM.Note", 0x0037: "List", 0x1009: compressed})
    assert [item.text for item in items if isinstance(item, Segment) and item.role == "body"] == [
        "Thumbs down \U0001f44e", "See the list.",
    ]  # fmt: skip
    assert spoken(items, "signature") == "Kind regards,\nAda"


def test_html_body_with_its_code_page() -> None:
    items = item_of({0x0037: "Page", 0x1013: "<p>Größe und Länge</p>".encode("cp1252"), 0x3FDE: 1252})
    assert spoken(items, "body") == "Größe und Länge"


def test_a_contact_is_no_mail() -> None:
    items = item_of({0x001A: "IPM.Contact", 0x0037: "Ada Okafor", 0x3001: "Ada Okafor", 0x3A1C: "+49 170 5550199"})
    assert metadata(items).kind == "contact"
    assert metadata(items).mail is None
    assert "Phone (mobile): +49 170 5550199" in spoken(items, "body")


def test_what_is_no_message() -> None:
    make = writer()
    for data in (b"", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), make.compound_file({"WordDocument": b"text"})):
        with pytest.raises(Damaged):
            parse(data)
    with pytest.raises(OverCap):
        parse(bytes(200), Limits(file_bytes=100))
    with pytest.raises(Damaged):
        list(parse_tnef(Source("winmail.dat", "", Limits(), data=b"nothing")))


@given(st.binary(min_size=1, max_size=40), st.integers(0, 20_000), st.booleans())
def test_damage_never_surprises(noise: bytes, place: int, cut: bool) -> None:
    data = (SAMPLES / "msg" / "reply.msg").read_bytes()
    place %= len(data)
    try:
        items = parse(data[:place] + noise + (b"" if cut else data[place + len(noise) :]))
    except FileProblem:
        return
    assert all(item.text.strip() for item in items if isinstance(item, Segment))


def _attribute(level: int, name: int, kind: int, content: bytes) -> bytes:
    return struct.pack("<BHHI", level, name, kind, len(content)) + content + struct.pack("<H", sum(content) & 0xFFFF)


def _string_property(number: int, text: str) -> bytes:
    raw = text.encode("utf-16-le") + b"\x00\x00"
    return struct.pack("<HHII", 0x001F, number, 1, len(raw)) + raw.ljust(-(-len(raw) // 4) * 4, b"\x00")


def test_winmail() -> None:
    data = struct.pack("<IH", 0x223E9F78, 1)
    data += _attribute(1, 0x8004, 1, b"Tide table\x00")
    data += _attribute(1, 0x9003, 6, struct.pack("<I", 1) + _string_property(0x1000, "High water at noon."))
    data += _attribute(2, 0x9002, 6, bytes(14))
    data += _attribute(2, 0x8010, 1, b"TIDE~1.CSV\x00")
    data += _attribute(2, 0x800F, 6, b"hour,metres\n12,4.1\n")
    data += _attribute(2, 0x9005, 6, struct.pack("<I", 1) + _string_property(0x3707, "Tide table May.csv"))
    items = list(parse_tnef(Source("winmail.dat", "application/ms-tnef", Limits(), data=data)))
    assert metadata(items).title == "Tide table"
    assert spoken(items, "body") == "High water at noon."
    assert [(item.name, item.data) for item in items if isinstance(item, Attachment)] == [
        ("Tide table May.csv", b"hour,metres\n12,4.1\n")
    ]
    for end in range(6, len(data), 7):  # cut short anywhere: what came before is read
        list(parse_tnef(Source("winmail.dat", "", Limits(), data=data[:end])))


def test_public_messages(shared_data: Path) -> None:
    folder = shared_data / "mail" / "tika"
    kinds = {path.name: metadata(parse(path.read_bytes())).kind for path in folder.glob("*.msg")}
    assert len(kinds) >= 11
    assert kinds["testMSG_Appointment.msg"] == "event"
    assert kinds["testMSG_Contact.msg"] == "contact"
    assert kinds["testMSG_StickyNote.msg"] == "note"
    appointment = parse((folder / "testMSG_Appointment.msg").read_bytes())
    assert "When: Tuesday 28 February 2017, 18:30" in spoken(appointment, "body")
    assert "Where: under lazy dog" in spoken(appointment, "body")
    nested = [item for item in parse((folder / "testMSG_att_msg.msg").read_bytes()) if isinstance(item, Attachment)]
    assert [item.mime for item in nested] == ["message/rfc822", "application/octet-stream"]
    winmail = list(parse_tnef(Source("w", "", Limits(), path=folder / "testWINMAIL.dat")))
    names = [item.name for item in winmail if isinstance(item, Attachment)]
    assert names == ["quick.doc", "quick.html", "quick.pdf", "quick.txt", "quick.xml"]
