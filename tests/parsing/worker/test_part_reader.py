"""What is at a place in a file comes out of it: attachments, pictures, bodies of messages."""

from __future__ import annotations

import io
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from PIL import Image

from desktop_rag.errors import Damaged, OverCap, ParserStopped, Unreadable
from desktop_rag.parsing.source import MIB, Limits
from desktop_rag.parsing.stream import DocumentEnd, DocumentSegment, DocumentStart, PartRead
from desktop_rag.parsing.worker import part_reader
from desktop_rag.parsing.worker.sandbox import ParserPool
from desktop_rag.parsing.worker.tree import parse_tree
from desktop_rag.types import Entry, Lines, Locator, Message, Page, Region, Whole
from tests.samples.make_pictures import saved, shop

CSV = b"day,tea\nMonday,assam\nTuesday,green\n"


@pytest.fixture(scope="module")
def pool() -> Iterator[ParserPool]:
    with ParserPool() as pool:
        yield pool


def _mail(subject: str, html: bool = True) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = (
        "Anna <a@b.example>",
        "c@d.example",
        subject,
        "<1@b>",
    )
    mail["Date"] = "Mon, 4 Mar 2024 09:12:00 +0000"
    mail.set_content(f"{subject}, in plain words.\n")
    if html:
        mail.add_alternative(f"<p>{subject} at <b>four</b> in the café</p>", subtype="html", charset="iso-8859-1")
    return mail


def _written(path: Path, *mails: EmailMessage) -> Path:
    """A mail, or a mailbox of several."""
    if path.suffix == ".mbox":
        texts = [b"From a@b.example Mon Mar  4 09:12:00 2024\n" + mail.as_bytes() + b"\n" for mail in mails]
        path.write_bytes(b"".join(texts))
    else:
        path.write_bytes(mails[0].as_bytes())
    return path


def test_the_body_of_a_mail_comes_as_the_page_it_was_sent_as(pool: ParserPool, tmp_path: Path) -> None:
    part = pool.read_part(_written(tmp_path / "tea.eml", _mail("Tea")), Message(1))
    assert (part.name, part.mime) == ("tea.html", "text/html")
    assert "<p>Tea at <b>four</b> in the café</p>" in part.data.decode()
    plain = pool.read_part(_written(tmp_path / "plain.eml", _mail("Cake", html=False)), Message(1, "", Lines(1, 1)))
    assert (plain.name, plain.mime, plain.data.decode().strip()) == ("plain.txt", "text/plain", "Cake, in plain words.")


def test_an_attached_page_is_not_taken_for_the_body(pool: ParserPool, tmp_path: Path) -> None:
    mail = _mail("Tea", html=False)
    mail.add_attachment("<p>a saved page</p>", subtype="html", filename="page.html")
    assert pool.read_part(_written(tmp_path / "tea.eml", mail), Message(1)).mime == "text/plain"


def test_attachments_come_out_as_they_went_in(pool: ParserPool, tmp_path: Path) -> None:
    inner = _mail("Forwarded")
    inner.add_attachment(CSV, maintype="text", subtype="csv", filename="week.csv")
    outer = _mail("Tea")
    outer.add_attachment(b"PK\x03\x04 no parser reads this", maintype="application", subtype="zip", filename="a.zip")
    outer.add_attachment(inner)
    box = _written(tmp_path / "box.mbox", _mail("First"), outer)
    assert pool.read_part(box, Message(2, "a.zip")).data == b"PK\x03\x04 no parser reads this"
    assert "Forwarded at" in pool.read_part(box, Message(2, "Forwarded.eml", Message(1))).data.decode()
    week = pool.read_part(box, Message(2, "Forwarded.eml", Message(1, "week.csv")))
    assert (week.name, week.mime, week.data.replace(b"\r", b"")) == ("week.csv", "text/csv", CSV)
    deep = Message(2, "Forwarded.eml", Message(1, "week.csv", Lines(2, 3)))
    assert pool.read_part(box, deep).data == week.data
    assert "First at" in pool.read_part(box, Message(1)).data.decode()


def test_every_attachment_is_found_where_the_parsers_say_it_is(pool: ParserPool, tmp_path: Path) -> None:
    mail = _mail("Two of one name")
    for day in (b"Monday is long enough\n", b"Tuesday is long enough\n"):
        mail.add_attachment(day, maintype="text", subtype="plain", filename="day.txt")
    path = _written(tmp_path / "tea.eml", mail)
    places = [
        event.locator for event in parse_tree(path, Limits()) if isinstance(event, DocumentStart) and event.parent
    ]
    found = [pool.read_part(path, place).data for place in places if place is not None]
    assert [data.split()[0] for data in found] == [b"Monday", b"Tuesday"]


@pytest.mark.parametrize("form", ["TIFF", "AVIF"])
def test_pictures_that_few_programs_show_come_as_others_do(pool: ParserPool, tmp_path: Path, form: str) -> None:
    path = tmp_path / f"shop.{form.lower()}"
    path.write_bytes(saved(shop(620, 877), form))
    for place in (Whole(), Region(0.1, 0.1, 0.2, 0.2)):
        part = pool.read_part(path, place)
        assert part.mime in ("image/jpeg", "image/png")
        assert part.name == f"shop.{part.mime.removeprefix('image/').replace('jpeg', 'jpg')}"
        with Image.open(io.BytesIO(part.data)) as image:
            assert image.size == shop(620, 877).size


def test_a_drawing_comes_drawn(pool: ParserPool, tmp_path: Path) -> None:
    path = tmp_path / "cup.svg"
    path.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><circle r="9" fill="red"/></svg>')
    part = pool.read_part(path, Whole())
    with Image.open(io.BytesIO(part.data)) as image:
        assert (part.mime, image.width) == (
            "image/png" if part.name.endswith("png") else "image/jpeg",
            2 * image.height,
        )


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_other_pictures_are_not_touched(pool: ParserPool, tmp_path: Path, form: str) -> None:
    path = tmp_path / f"shop.{form.lower()}"
    path.write_bytes(saved(shop(620, 877), form))
    part = pool.read_part(path, Whole())
    assert (part.mime, part.data) == (f"image/{form.lower()}", path.read_bytes())


def test_a_page_of_a_tiff(pool: ParserPool, tmp_path: Path) -> None:
    path = tmp_path / "pages.tiff"
    Image.new("RGB", (60, 40), "red").save(path, save_all=True, append_images=[Image.new("RGB", (30, 50), "blue")])
    with Image.open(io.BytesIO(pool.read_part(path, Page(2)).data)) as image:
        assert image.size == (30, 50)


def test_a_scanned_page_comes_as_its_picture_and_a_written_one_as_its_file(pool: ParserPool, tmp_path: Path) -> None:
    path = tmp_path / "scan.pdf"
    picture = shop(620, 877)
    picture.save(path, "PDF", resolution=75.0, save_all=True, append_images=[picture.rotate(180)])
    first, second = (pool.read_part(path, Page(number, Region(0, 0, 1, 0.5))) for number in (1, 2))
    assert first.mime.startswith("image/")
    assert first.data != second.data
    mail = _mail("A scan")
    mail.add_attachment(path.read_bytes(), maintype="application", subtype="pdf", filename="scan.pdf")
    attached = _written(tmp_path / "scan.eml", mail)
    assert pool.read_part(attached, Message(1, "scan.pdf", Page(2))).data == second.data
    assert pool.read_part(attached, Message(1, "scan.pdf")).data == path.read_bytes()
    assert pool.read_part(attached, Message(1, "scan.pdf", Page(9))).mime == "application/pdf"


@pytest.mark.parametrize(
    "place", [Message(3), Message(1, "gone.pdf"), Message(1, "gone.pdf", Page(2)), Entry("gone", Page(1))]
)
def test_what_is_not_there_any_more_is_told(pool: ParserPool, tmp_path: Path, place: Locator) -> None:
    with pytest.raises(Unreadable, match=r"no longer in"):
        pool.read_part(_written(tmp_path / "box.mbox", _mail("Tea"), _mail("Cake")), place)


def test_a_file_that_is_gone_is_told(pool: ParserPool, tmp_path: Path) -> None:
    for path in (tmp_path / "gone.eml", tmp_path):
        with pytest.raises(Unreadable):
            pool.read_part(path, Message(1))


def test_what_is_damaged_is_told_and_the_next_one_is_read(pool: ParserPool, tmp_path: Path) -> None:
    bad = tmp_path / "bad.tiff"
    bad.write_bytes(b"II*\x00nothing of a picture")
    with pytest.raises(Damaged):
        pool.read_part(bad, Whole())
    assert pool.read_part(_written(tmp_path / "tea.eml", _mail("Tea")), Message(1)).mime == "text/html"


def test_what_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(part_reader, "_MOST_BYTES", MIB)
    mail = _mail("Tea")
    mail.add_attachment(b"x" * (MIB + 1), maintype="application", subtype="x-unknown", filename="huge.bin")
    end = list(part_reader.read_part(_written(tmp_path / "tea.eml", mail), Message(1, "huge.bin"), Limits()))[-1]
    assert isinstance(end, DocumentEnd)
    assert end.problem is not None
    assert end.problem.code == OverCap.code


def test_a_lost_child_is_a_problem_of_that_file(tmp_path: Path) -> None:
    path = tmp_path / "large.tiff"
    Image.effect_noise((9000, 9000), 90).save(path)
    with ParserPool(1, timeout_s=0.05) as pool, pytest.raises(ParserStopped):
        pool.read_part(path, Whole())


def test_an_outlook_item_has_a_body_and_attachments(pool: ParserPool) -> None:
    path = Path(__file__).parents[2] / "samples" / "msg" / "reply.msg"
    body = pool.read_part(path, Message(1))
    said = " ".join(event.segment.text for event in parse_tree(path, Limits()) if isinstance(event, DocumentSegment))
    assert said.split()[0] in body.data.decode()


def test_one_part_is_told_for_a_place(tmp_path: Path) -> None:
    events = list(part_reader.read_part(_written(tmp_path / "tea.eml", _mail("Tea")), Message(1), Limits()))
    assert [isinstance(event, PartRead) for event in events].count(True) == 1
