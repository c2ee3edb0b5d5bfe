"""Mail messages: headers, bodies by who speaks, attachments, and what is broken in real mail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_rag.errors import Damaged, FileProblem
from desktop_rag.parsing.mail import headers as mail_headers
from desktop_rag.parsing.mail.message import body_text, parse_eml
from desktop_rag.parsing.source import Limits, Source
from desktop_rag.types import Attachment, Lines, Message, Metadata, ParseItem, Person, Problem, Segment

SAMPLES = Path(__file__).parents[2] / "samples" / "eml"


def parse(data: bytes | str, limits: Limits | None = None) -> list[ParseItem]:
    raw = data.encode() if isinstance(data, str) else data
    return list(parse_eml(Source("m.eml", "message/rfc822", limits or Limits(), data=raw)))


def sample(name: str) -> list[ParseItem]:
    return parse((SAMPLES / name).read_bytes())


def metadata(items: Sequence[ParseItem]) -> Metadata:
    return next(item for item in items if isinstance(item, Metadata))


def attachments(items: Sequence[ParseItem]) -> dict[str, Attachment]:
    return {item.name: item for item in items if isinstance(item, Attachment)}


def spoken(items: Sequence[ParseItem], role: str) -> str:
    return "\n".join(item.text for item in items if isinstance(item, Segment) and item.role == role)


def problems(items: Sequence[ParseItem]) -> list[str]:
    return [item.code for item in items if isinstance(item, Problem)]


def body(text: str, headers: str = "") -> list[ParseItem]:
    return parse(f"From: a@b.example\nSubject: s\n{headers}\n{text}")


def test_headers_of_a_reply() -> None:
    found = metadata(sample("reply.eml"))
    assert found.kind == "mail"
    assert found.title == "Re: [choir] Probe übermorgen"
    assert found.author == "Vogt, Mara"
    assert found.created == datetime(2024, 5, 2, 16, 4, 5, tzinfo=UTC)
    assert found.created.utcoffset() == timedelta(hours=2)
    assert found.mail is not None
    assert found.mail.message_id == "reh-2@choir.example"
    assert found.mail.in_reply_to == ("reh-1@reed.example",)
    assert found.mail.references == ("reh-0@lists.example", "reh-1@reed.example")
    assert found.mail.sender == Person("Vogt, Mara", "mara@choir.example")
    assert found.mail.recipients == (
        Person("Tom Reed", "tom@reed.example"),
        Person("", "choir@lists.example"),
        Person("Jürgen", "juergen@choir.example"),
    )


def test_author_quotation_and_signature_are_kept_apart() -> None:
    items = sample("reply.eml")
    assert "19:30 in the church hall, the key costs 25 €." in spoken(items, "body")
    assert "parking place" in spoken(items, "body")
    assert "rehearsal" not in spoken(items, "body")
    assert spoken(items, "quoted") == (
        "Am 1. Mai 2024 um 21:10 schrieb Tom Reed <tom@reed.example>:\n"
        "Hello Mara,\nwhen is the rehearsal?\nSomebody else asked first."
    )
    assert spoken(items, "signature").splitlines() == [
        "Viele Grüße", "Mara", "--", "Mara Vogt", "Choir of St. Anne, Tel. 0555 1234",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["reply.eml", "attachments.eml"])
def test_lines_point_at_the_text(name: str) -> None:
    data = (SAMPLES / name).read_bytes()
    lines = body_text(data).split("\n")
    seen = 0
    for segment in (item for item in parse(data) if isinstance(item, Segment)):
        assert isinstance(segment.locator, Message)
        where = segment.locator.inner
        assert isinstance(where, Lines)
        there = lines[where.first - 1 : where.last]
        assert len(there) == len(segment.text.split("\n"))
        assert all(shown in line for shown, line in zip(segment.text.split("\n"), there, strict=True))
        seen += 1
    assert seen


def test_alternatives_and_attachments() -> None:
    items = sample("attachments.eml")
    assert spoken(items, "body") == "Thank you for order 77-4410. The rope ships on Friday."
    found = attachments(items)
    assert list(found) == ["attachment.ics", "Auftragsübersicht Mai.csv", "Internal note - rope.eml"]
    csv = found["Auftragsübersicht Mai.csv"]
    assert (csv.mime, csv.data) == ("text/csv", b"Item;Price\nRope;12,50\n")
    assert csv.locator == Message(1, "Auftragsübersicht Mai.csv")
    inner = found["Internal note - rope.eml"]
    assert inner.mime == "message/rfc822"
    assert spoken(parse(inner.data), "body") == "Only forty metres of rope are left."
    assert b"SUMMARY:Delivery" in found["attachment.ics"].data


def test_html_only_body() -> None:
    items = sample("html_only.eml")
    assert spoken(items, "body").splitlines() == [
        "The tomatoes need water on Tuesday \N{EN DASH} two cans.", "The key is under the third pot.",
    ]  # fmt: skip
    assert "Which plants are thirsty?" in spoken(items, "quoted")
    assert "Tom Reed wrote" in spoken(items, "quoted")
    assert spoken(items, "signature") == "Lena, allotment 12"


def test_saved_page() -> None:
    items = sample("saved_page.mht")
    assert metadata(items).kind == "web"
    assert metadata(items).mail is None
    assert "opens at ten in the morning" in spoken(items, "body")
    assert not attachments(items)


@pytest.mark.parametrize(
    "introduction",
    [
        "On Fri, 3 May 2024 at 10:00, Tom Reed <tom@reed.example> wrote:",
        "On Fri, 3 May 2024 at 10:00, Tom Reed\n<tom@reed.example> wrote:",
        "Am 03.05.24 um 10:00 schrieb Tom Reed:",
        "Le ven. 3 mai 2024 à 10:00, Tom Reed <tom@reed.example> a écrit :",
        "Il giorno 3 mag 2024, alle ore 10:00, Tom Reed ha scritto:",
        "El vie, 3 may 2024 a las 10:00, Tom Reed escribió:",
        "Tom Reed <tom@reed.example> writes:",
    ],
)
def test_introductions_of_quotations(introduction: str) -> None:
    marked = body(f"Yes.\n\n{introduction}\n\n> Shall we?\n\nAfterwards too.\n")
    assert spoken(marked, "body") == "Yes.\nAfterwards too."
    assert spoken(marked, "quoted").endswith("Shall we?")
    unmarked = body(f"Yes.\n\n{introduction}\n\nShall we?\n\nOr not?\n")
    assert spoken(unmarked, "body") == "Yes."
    assert "Or not?" in spoken(unmarked, "quoted")


@pytest.mark.parametrize(
    "introduction",
    [
        "-----Original Message-----",
        "-----Ursprüngliche Nachricht-----",
        "---------- Forwarded message ---------",
        "Begin forwarded message:",
        "From: Tom Reed <tom@reed.example>\nSent: Friday, 3 May 2024 10:00\nTo: Mara\nSubject: Pier",
        "Von: Tom Reed\nGesendet: Freitag, 3. Mai 2024 10:00\nAn: Mara\nBetreff: Pier",
    ],
)
def test_forwarded_mails(introduction: str) -> None:
    items = body(f"For you.\n\n{introduction}\n\nThe pier is closed.\n")
    assert spoken(items, "body") == "For you."
    assert "The pier is closed." in spoken(items, "quoted")


@pytest.mark.parametrize(
    "text",
    [
        "I asked what you wrote:\n\nnothing came.",
        "Subject: to change.\n\nFrom: here to there.\n\nAll of it is mine.",
        "The message is:\n\nbuy milk.",
        "Thank you\n\nfor the very long letter, which I have read with care.\n\nPS: more tomorrow.",
    ],
)
def test_what_only_looks_like_a_quotation(text: str) -> None:
    items = body(text)
    assert spoken(items, "body") == text.replace("\n\n", "\n")


@pytest.mark.parametrize("sign_off", ["Best regards,", "Mit freundlichen Grüßen", "Cordialement,", "Cheers"])
def test_signatures_without_dashes(sign_off: str) -> None:
    items = body(
        f"The boat is red.\n\n{sign_off}\nTom Reed\nTel. 0555 99\n\nOn 3 May 2024, Mara wrote:\n> What colour?\n"
    )
    assert spoken(items, "body") == "The boat is red."
    assert spoken(items, "signature") == f"{sign_off}\nTom Reed\nTel. 0555 99"


def test_mobile_signature() -> None:
    assert spoken(body("I am late.\n\nSent from my iPhone\n"), "signature") == "Sent from my iPhone"


def test_a_mail_of_a_subject_alone_can_be_found() -> None:
    segments = [item for item in parse("From: a@b.example\nSubject: Call me at six\n\n") if isinstance(item, Segment)]
    assert [segment.text for segment in segments] == ["Call me at six"]


def test_flowed_text_is_joined() -> None:
    flowed = "Content-Type: text/plain; format=flowed\n"
    items = body("The boat goes \nout at six.\n> are you \n> sure?\n-- \nTom\n", flowed)
    assert spoken(items, "body") == "The boat goes out at six."
    assert spoken(items, "quoted") == "are you sure?"
    assert spoken(items, "signature") == "--\nTom"


def test_no_date_falls_back_to_received() -> None:
    items = parse("Received: from x by y; Fri, 3 May 2024 10:00:00 +0200\nFrom: a@b.example\nDate: yesterday\n\nhi\n")
    assert metadata(items).created == datetime(2024, 5, 3, 8, tzinfo=UTC)
    assert metadata(parse("From: a@b.example\n\nhi\n")).created is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Fri, 3 May 2024 10:00:00 -0000", datetime(2024, 5, 3, 10, tzinfo=UTC)),
        ("3 May 2024 10:00 EST", datetime(2024, 5, 3, 15, tzinfo=UTC)),
        ("2024-05-03T10:00:00+02:00", datetime(2024, 5, 3, 8, tzinfo=UTC)),
        ("Fri, 3 May 2024 10:00:00 +9900", datetime(2024, 5, 3, 10, tzinfo=UTC)),
    ],
)
def test_dates(value: str, expected: datetime) -> None:
    found = mail_headers.date(value)
    assert found is not None
    assert found.tzinfo is not None
    if "+9900" not in value:
        assert found == expected


@pytest.mark.parametrize("value", ["", "yesterday", "Fri, 99 Foo 2024", "\x00" * 50])
def test_no_dates(value: str) -> None:
    assert mail_headers.date(value) is None


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("=?utf-8?Q?caf=C3=A9?= au lait", "café au lait"),
        ("=?utf-8?B?Y2Fm?= =?utf-8?B?w6k=?=", "café"),
        ("=?iso-8859-1?q?caf=E9?=\n =?iso-8859-1?q?_noir?=", "café noir"),
        ("=?utf-8?Q?two words?=", "two words"),
        ("=?no-such-charset?Q?abc?=", "abc"),
        ("=?utf-8?B?Y2Fmw6?=", "caf"),
        ("=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"),
        (b"caf\xc3\xa9".decode("ascii", "surrogateescape"), "café"),
        (b"caf\xe9".decode("ascii", "surrogateescape"), "café"),
        ("=?utf-8?Q?unfinished", "=?utf-8?Q?unfinished"),
    ],
)
def test_encoded_words(raw: str, expected: str) -> None:
    assert mail_headers.words(raw).replace("\N{REPLACEMENT CHARACTER}", "") == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("undisclosed-recipients:;", ()),
        ("'mara@choir.example' <mara@choir.example>", (Person("", "mara@choir.example"),)),
        ("=?utf-8?Q?Mara_<mara@choir.example>?=", (Person("Mara", "mara@choir.example"),)),
        ("Vogt, Mara <mara@choir.example>", (Person("Mara", "mara@choir.example"),)),
        ("a@b.example, A@B.example", (Person("", "a@b.example"),)),
        ("(" * 5_000, ()),
    ],
)
def test_people(value: str, expected: tuple[Person, ...]) -> None:
    found = mail_headers.people([value])
    assert found[-len(expected) :] == expected if expected else not any(person.address for person in found)


@pytest.mark.parametrize(
    "label", ["utf-8", "x-unknown", "rot13", "punycode", "undefined", "a\x00b", "", "cp-1252", "UTF-7"]
)
def test_charsets_never_fail(label: str) -> None:
    assert mail_headers.decode_bytes(b"plain text", label) == "plain text"


def test_wrong_charset() -> None:
    data = "From: a@b.example\nContent-Type: text/plain; charset=us-ascii\nContent-Transfer-Encoding: 8bit\n\nGrüße\n"
    assert spoken(parse(data), "body") == "Grüße"
    assert spoken(parse(data.encode("cp1252")), "body") == "Grüße"


def test_base64_cut_short() -> None:
    headers = "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n"
    assert spoken(body("VGhlIHBpZXIgaXMgY2xvc2Vk\nIHVudGlsIEp1b", headers), "body").startswith("The pier is closed")


def test_missing_boundary_is_found() -> None:
    items = body(
        "--found\nContent-Type: text/plain\n\nInside the part.\n--found--\n", "Content-Type: multipart/mixed\n"
    )
    assert spoken(items, "body") == "Inside the part."


def test_stray_line_among_the_headers() -> None:
    items = parse(
        "From: a@b.example\nthis is no header\nSubject: Still found\nDate: Fri, 3 May 2024 10:00:00 Z\n\nText.\n"
    )
    assert metadata(items).title == "Still found"
    assert spoken(items, "body") == "Text."


def test_uuencoded_file_in_the_text() -> None:
    items = body("Here it is.\nbegin 644 tide.txt\n%:&EG:`H \n`\nend\nDone.\n")
    assert attachments(items)["tide.txt"].data == b"high\n"
    assert spoken(items, "body") == "Here it is.\nDone."


def test_encrypted_mails_say_so() -> None:
    part = "--x\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--x--\n"
    pgp = body(part, "Content-Type: multipart/encrypted; boundary=x\n")
    smime = body("MIIB", "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\n")
    inline = body("-----BEGIN PGP MESSAGE-----\n\nhQEM\n-----END PGP MESSAGE-----\n\nRegular text.\n")
    assert [problems(items) for items in (pgp, smime, inline)] == [["encrypted"]] * 3
    assert spoken(inline, "body") == "Regular text."


def test_signed_mail_is_read_without_its_signature() -> None:
    items = body(
        "--x\nContent-Type: text/plain\n\nSigned text.\n"
        "--x\nContent-Type: application/pgp-signature; name=signature.asc\n\n"
        "-----BEGIN PGP SIGNATURE-----\n--x--\n",
        "Content-Type: multipart/signed; boundary=x\n",
    )
    assert spoken(items, "body") == "Signed text."
    assert not attachments(items)


def test_delivery_report() -> None:
    items = body(
        "--x\nContent-Type: text/plain\n\nCould not be delivered.\n--x\nContent-Type: message/delivery-status\n\n"
        "Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; lost@example.com\nStatus: 5.1.1\n--x--\n",
        "Content-Type: multipart/report; boundary=x\n",
    )
    assert "Final-Recipient: rfc822; lost@example.com" in spoken(items, "body")


def test_names_of_attachments_are_unique_and_without_folders() -> None:
    part = '--x\nContent-Type: application/pdf; name="C:\\\\scans\\\\bill.pdf"\n\n%PDF\n'
    items = body(f"{part * 3}--x--\n", "Content-Type: multipart/mixed; boundary=x\n")
    assert list(attachments(items)) == ["bill.pdf", "bill (2).pdf", "bill (3).pdf"]


def test_too_many_attachments() -> None:
    part = "--x\nContent-Type: application/pdf; name=a.pdf\n\n%PDF\n"
    items = parse(
        f"From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n{part * 9}--x--\n", Limits(attachments=4)
    )
    assert len(attachments(items)) == 4
    assert problems(items) == ["over-cap"]


def test_mail_over_the_byte_limit_is_read_up_to_it() -> None:
    items = parse("From: a@b.example\nSubject: long\n\n" + "A line of text.\n\n" * 1000, Limits(text_bytes=2000))
    assert 50 < len([item for item in items if isinstance(item, Segment)]) < 150
    assert problems(items) == ["over-cap"]


def test_nesting_without_end() -> None:
    nested = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(2000))
    items = parse(f"From: a@b.example\nSubject: Matryoshka\n{nested}Content-Type: text/plain\n\ncore\n")
    assert metadata(items).title == "Matryoshka"
    assert problems(items)


def test_what_is_no_mail() -> None:
    assert parse(b"") == []
    with pytest.raises(Damaged):
        parse(bytes(range(256)) * 20)
    items = parse("just a few lines\nof text without any header")
    assert problems(items) == ["damaged"]
    assert "just a few lines" in spoken(items, "body")


@given(
    st.binary(max_size=600), st.integers(0, 5000), st.sampled_from(["reply.eml", "attachments.eml", "html_only.eml"])
)
def test_damage_never_surprises(noise: bytes, place: int, name: str) -> None:
    data = (SAMPLES / name).read_bytes()
    place %= len(data)
    try:
        items = parse(data[:place] + noise + data[place + len(noise) // 2 :])
    except FileProblem:
        return
    assert all(item.text.strip() for item in items if isinstance(item, Segment))


def test_public_mails_end_indexed_or_with_a_reason(shared_data: Path) -> None:
    folder = shared_data / "mail"
    files = [*folder.glob("cpython_test_email/msg_*.txt"), *folder.glob("tika/*.eml"), *folder.rglob("mail_[tm]*")]
    assert len(files) > 70
    for path in files:
        items = list(parse_eml(Source(path.name, "message/rfc822", Limits(), path=path)))
        assert any(isinstance(item, Segment | Attachment | Problem) for item in items) or path.stat().st_size < 250
