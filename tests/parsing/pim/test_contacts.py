"""Contact cards."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_rag.errors import Damaged, FileProblem
from desktop_rag.parsing.pim.contacts import parse_vcf
from desktop_rag.parsing.source import Limits, Source
from desktop_rag.types import Entry, Metadata, ParseItem, Problem, Segment, Whole

SAMPLE = Path(__file__).parents[2] / "samples" / "vcf" / "friends.vcf"


def parse(data: bytes | str, limits: Limits | None = None) -> list[ParseItem]:
    raw = data.encode() if isinstance(data, str) else data
    return list(parse_vcf(Source("c.vcf", "text/vcard", limits or Limits(), data=raw)))


def segments(items: list[ParseItem]) -> list[Segment]:
    return [item for item in items if isinstance(item, Segment)]


def test_cards() -> None:
    items = parse(SAMPLE.read_bytes())
    found = segments(items)
    assert [segment.locator for segment in found] == [
        Entry("Dr. Jonas Lindqvist"), Entry("Eva Grün"), Entry("Otto Lang"),
    ]  # fmt: skip
    assert found[0].text.splitlines() == [
        "Dr. Jonas Lindqvist",
        "Organisation: Harbour Office, Berths",
        "Title: Harbour master",
        "Email (work): jonas@harbour.example",
        "Email: jonas@home.example",
        "Phone (work): +49 555 1234567",
        "Phone (mobile): +49 170 7654321",
        "Address (home): Bridge Street 5, 10115 Newport, Germany",
        "Birthday: 1980-05-03",
        "Note: Likes tea, not coffee. Knows the tides.",
    ]
    assert found[1].text == "Eva Grün\nPhone (mobile): 0171 222 333\nNote: lives above the bakery"
    assert found[2].text == "Otto Lang\nPhone (home): +1-555-0134"


def test_a_single_card_names_the_document() -> None:
    items = parse("BEGIN:VCARD\nVERSION:3.0\nFN:Otto Lang\nEMAIL:otto@lang.example\nEND:VCARD\n")
    assert items[0] == Metadata(kind="contact", title="Otto Lang")
    assert segments(items) == [Segment("Otto Lang\nEmail: otto@lang.example", Whole())]


def test_cards_without_end_or_name() -> None:
    items = parse("BEGIN:VCARD\nVERSION:3.0\nTEL:0555 1\nBEGIN:VCARD\nVERSION:4.0\nFN:Cut sho")
    assert [segment.text for segment in segments(items)] == ["Phone: 0555 1", "Cut sho"]


def test_an_empty_card_is_reported() -> None:
    items = parse("BEGIN:VCARD\nVERSION:3.0\nEND:VCARD\nBEGIN:VCARD\nVERSION:3.0\nFN:Otto\nEND:VCARD\n")
    assert [segment.text for segment in segments(items)] == ["Otto"]
    assert [item.code for item in items if isinstance(item, Problem)] == ["damaged"]


def _card(version: str, *lines: str) -> str:
    text = "\r\n".join(("BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", ""))
    return segments(parse(text))[0].text


def test_a_card_of_an_old_phone() -> None:
    assert _card(
        "2.1", "N:Stenerson;Derik", "TEL;WORK;VOICE:+1 555", "TEL;HOME;FAX:+1 556",
        "ADR;WORK;ENCODING=QUOTED-PRINTABLE:;;Suite 101=0D=0A1 Central St.;Any Town;NC;28654;",
        "PHOTO;ENCODING=BASE64;TYPE=JPEG:/9j/4AAQSkZJRgAB", "  AQAAAQABAAD", "",
        "NOTE;QUOTED-PRINTABLE;CHARSET=ISO-8859-1:Gr=FC=DFe=", " und mehr=",
    ).splitlines() == [
        "Derik Stenerson", "Phone (work): +1 555", "Phone (home, fax): +1 556",
        "Address (work): Suite 101 1 Central St., 28654 Any Town, NC", "Note: Grüßeund mehr",
    ]  # fmt: skip


def test_a_card_of_an_address_book() -> None:
    assert _card(
        "4.0", "FN:Sean O'Neil\\, Jr.", "N:O'Neil;Sean,Pat;;Dr.;",
        'item1.TEL;VALUE=uri;TYPE="work,voice":tel:+1-2;ext=3',
        "item1.X-ABLabel:_$!<Work>!$_", 'ADR;LABEL="Mr: X; y":;;1 A St,Flat 2;Town;;1;Land', "IMPP;PREF=1:xmpp:a@b.c",
        "NICKNAME:Jim,Jimmie", "CATEGORIES:a,b\\,c", "ORG:ABC\\, Inc.;;Sales", "URL:http://a.b/c?d=e:f", "NOTE:folded ",
        "  line, and\\; more\\\\", "LOGO:data:image/png;base64,AAAA",
    ).splitlines() == [
        "Sean O'Neil, Jr.", "Organisation: ABC, Inc., Sales", "Nickname: Jim, Jimmie", "Phone (work): +1-2;ext=3",
        "Address: 1 A St, Flat 2, 1 Town, Land", "Web: http://a.b/c?d=e:f", "Chat: a@b.c", "Categories: a, b,c",
        "Note: folded line, and; more\\",
    ]  # fmt: skip


def test_a_text_in_base64_and_a_separator_of_lines() -> None:
    assert _card("3.0", "FN:Otto", "NOTE;ENCODING=b:SGVsbG8=", "TITLE;ENCODING=b:?") == "Otto\nNote: Hello"
    assert _card("3.0", "FN:Otto", "NOTE:one\u2028two") == "Otto\nNote: one two"


_GROWING = """
from desktop_rag.parsing.pim.contacts import parse_vcf
from desktop_rag.parsing.source import Limits, Source

PIECES = (";a", ";x=,", ',"', ';x="', "\\\\", "=\\n", "\\n ", "\\nTEL:1", ".", "-", " ", ":")
PIECES += (";x=" + ",y" * 9, "\\n;")
for piece in PIECES:
    for head in ("NOTE", "NOTE;ENCODING=QUOTED-PRINTABLE:", "NOTE:", "TEL;x=", "N:"):
        card = f"BEGIN:VCARD\\nVERSION:2.1\\nFN:Otto\\n{head}{piece * 50_000}\\nEND:VCARD\\n"
        items = list(parse_vcf(Source("c.vcf", "text/vcard", Limits(), data=card.encode())))
        assert items[1].text.startswith("Otto"), (piece, head)
"""


def test_no_card_takes_time_out_of_proportion() -> None:
    """Read in a process that would be ended: a pattern that tries again and again would be at it for hours."""
    subprocess.run([sys.executable, "-c", _GROWING], check=True, timeout=300)


def test_cap_and_what_is_no_card() -> None:
    card = "BEGIN:VCARD\nVERSION:3.0\nFN:Otto\nEND:VCARD\n"
    items = parse(card * 5, Limits(rows=3))
    assert len(segments(items)) == 3
    assert [item.code for item in items if isinstance(item, Problem)] == ["over-cap"]
    assert not any(isinstance(item, Problem) for item in parse(card * 3, Limits(rows=3)))
    assert parse(b"") == []
    with pytest.raises(Damaged):
        parse(bytes(range(256)))


@given(st.binary(min_size=1, max_size=60), st.integers(0, 5000))
def test_damage_never_surprises(noise: bytes, place: int) -> None:
    data = SAMPLE.read_bytes()
    place %= len(data)
    try:
        items = parse(data[:place] + noise + data[place + len(noise) :])
    except FileProblem:
        return
    assert all(segment.text.strip() for segment in segments(items))
