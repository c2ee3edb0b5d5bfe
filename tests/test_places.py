"""Places in words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from desktop_rag.places import describe, page_number, where
from desktop_rag.types import (
    Cells,
    Document,
    Entry,
    Kind,
    Lines,
    Locator,
    Mail,
    Message,
    Page,
    Person,
    Region,
    TimeSpan,
    Whole,
)

ANNA = Mail(subject="Re: Trip", sender=Person("Anna Berg", "anna@example.org"))
SENT = datetime(2024, 5, 3, 9, 0, tzinfo=UTC)


def document(
    kind: Kind = "document", title: str = "", mail: Mail | None = None, created: datetime | None = None
) -> Document:
    return Document(id=1, kind=kind, mime="", title=title, mail=mail, created=created)


MAIL = document("mail", "Re: Trip", ANNA, SENT)


@pytest.mark.parametrize(
    ("name", "locator", "words"),
    [
        ("invoice.pdf", Page(2), "invoice.pdf, page 2"),
        ("talk.pptx", Page(3, label="slide"), "talk.pptx, slide 3"),
        ("budget.xlsx", Cells("2024", 5, 9), "budget.xlsx, sheet 2024, rows 5-9"),
        ("bank.csv", Cells("", 5, 5), "bank.csv, row 5"),
        ("notes.md", Lines(10, 14), "notes.md, lines 10-14"),
        ("notes.md", Lines(10, 10), "notes.md, line 10"),
        ("memo.flac", TimeSpan(65, 80.9), "memo.flac, 1:05-1:20"),
        ("memo.flac", TimeSpan(3600, 3723), "memo.flac, 1:00:00-1:02:03"),
        ("photo.jpg", Region(0, 0, 1, 1), "photo.jpg"),
        ("letter.docx", Whole(), "letter.docx"),
        ("Contacts.vcf", Entry("Anna Berg"), "Anna Berg, in Contacts.vcf"),
        ("report.docx", Entry("table.xlsx", Cells("A", 1, 2)), "table.xlsx, sheet A, rows 1-2, in report.docx"),
        ("trip.eml", Message(1, "plan.pdf", Page(4)), "plan.pdf, page 4, in trip.eml"),
        ("box.mbox", Message(7, "plan.pdf", Page(4)), "plan.pdf, page 4, in message 7 of box.mbox"),
        (
            "box.mbox",
            Message(7, "all.zip", Entry("plan.pdf", Page(4))),
            "plan.pdf, page 4, in all.zip, in message 7 of box.mbox",
        ),
    ],
)
def test_a_file_is_called_by_its_name(name: str, locator: Locator, words: str) -> None:
    assert describe(document(), f"folder/{name}", locator) == words


def test_a_mail_is_called_by_subject_sender_and_date() -> None:
    for name, locator in (("trip.eml", Message(1)), ("box.mbox", Message(7, "", Lines(1, 3)))):
        assert describe(MAIL, name, locator) == "Re: Trip, from Anna Berg, 3 May 2024"


def test_what_a_mail_does_not_say_is_left_out() -> None:
    address = Mail(sender=Person("", "anna@example.org"))
    assert describe(document("mail", "", address), "a.eml", Message(1)) == "(no subject), from anna@example.org"
    assert describe(document("mail", "", Mail()), "a.eml", Message(1)) == "(no subject)"


def test_an_attachment_names_its_mail() -> None:
    found = describe(document(), "box.mbox", Message(7, "quote.pdf", Page(1)), MAIL)
    assert found == "quote.pdf, page 1, in Re: Trip, from Anna Berg, 3 May 2024"


def test_a_forwarded_mail_names_the_mail_around_it() -> None:
    inner = document("mail", "", Mail(subject="Tickets", sender=Person("Railway")))
    found = describe(inner, "trip.eml", Message(1, "Tickets.eml", Message(1, "", Lines(1, 2))), MAIL)
    assert found == "Tickets, from Railway, in Re: Trip, from Anna Berg, 3 May 2024"


def test_where_is_the_innermost_part() -> None:
    assert where(Message(7, "a.zip", Entry("plan.pdf", Page(4)))) == "page 4"
    assert where(Message(7)) == ""


def test_only_a_page_of_the_file_itself_can_be_opened() -> None:
    assert page_number(Page(4)) == 4
    assert page_number(Message(1, "plan.pdf", Page(4))) is None
