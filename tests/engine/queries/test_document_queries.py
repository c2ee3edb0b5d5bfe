"""What the engine shows of a library's files: lists, documents, what is inside them, people, and first questions."""

from __future__ import annotations

import io
import shutil
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from PIL import Image

from desktop_rag.engine.engine import Engine
from desktop_rag.errors import LibraryBusy, QueryError, Unreadable
from desktop_rag.retrieval.filters import Filters
from desktop_rag.types import Entry, FileState, Message, Page, Person

MAILBOX = "Mail/Family archive.mbox"
THREAD = "Mail/Board shear"


def mail(number: int, subject: str, *, after: int | None = None, text: str = "") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Anna Berg <anna@berg.org>", "me@home.org", subject
    message["Message-ID"], message["Date"] = f"<{number}@berg.org>", f"Mon, {number % 28 + 1} Jan 2024 10:00:00 +0000"
    if after is not None:
        message["In-Reply-To"] = f"<{after}@berg.org>"
    message.set_content(text or f"Message {number} about {subject}.\n")
    return message


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    return folder


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Engine]:
    """A library of its own for each test."""
    with Engine(tmp_path / "library") as opened:
        yield opened


# --- lists -----------------------------------------------------------------------------------------------------------


def test_the_list_of_files_is_complete_and_in_order(engine: Engine, samples: Path) -> None:
    found = engine.files(limit=1000)
    paths = [file.path for file in found.files]
    assert paths == sorted(str(path) for path in samples.rglob("*") if path.is_file())
    assert found.total == len(paths)
    pages: list[str] = []
    while page := engine.files(after=pages[-1] if pages else "", limit=7).files:
        pages += [file.path for file in page]
    assert pages == paths


def test_the_list_is_narrowed_by_state_folder_and_name(engine: Engine, samples: Path) -> None:
    inside = engine.files(root=samples / "Mail", name="BOARD")
    assert {Path(file.path).parent.name for file in inside.files} == {"Board shear"}
    assert inside.total == 6
    assert engine.files(states=[FileState.FAILED]).total == 0
    assert sum(engine.files(states=[state]).total for state in FileState) == engine.files().total
    assert engine.files(states=list(FileState), limit=1000).files == engine.files(limit=1000).files
    assert engine.files(root=samples / MAILBOX).total == 1


# --- documents -------------------------------------------------------------------------------------------------------


def test_a_document_is_read_from_its_beginning_or_around_a_passage(engine: Engine, samples: Path) -> None:
    path = samples / "Home/Tenancy agreement.pdf"
    view = engine.view(path)
    assert (view.path, view.parent, view.before, view.after) == (str(path), None, 0, 0)
    assert "Tenancy agreement" in view.document.title
    hit = next(hit for hit in engine.search("tenancy deposit").hits if hit.path == str(path))
    around = engine.view(path, chunk=hit.chunk.id, limit=3)
    assert len(around.passages) == 3
    assert hit.chunk.id in {passage.id for passage in around.passages}
    assert around.before + 3 + around.after == len(view.passages)
    assert view.passages[around.before : around.before + 3] == around.passages


def test_a_thread_is_shown_oldest_first_with_what_came_with_it(engine: Engine, samples: Path) -> None:
    path = next((samples / THREAD).glob("2024-03-06*"))
    view = engine.view(path)
    assert [Path(message.path).name[:10] for message in view.thread] == [
        "2024-03-04", "2024-03-06", "2024-03-07", "2024-03-11", "2024-03-14", "2024-03-15",
    ]  # fmt: skip
    assert all(message.passages and message.locator == Message(1) for message in view.thread)
    assert view.document in [message.document for message in view.thread]
    (quote,) = view.attachments
    assert engine.part(path, quote.locator or Message(9)).data.startswith(b"%PDF")
    inner = engine.view(path, document=quote.id)
    assert inner.parent == view.document
    assert inner.document == quote
    assert inner.thread == ()
    assert inner.passages[0].locator == Message(1, "Quote QT-2024-0318.pdf", Page(1))


def test_a_message_of_a_mailbox_is_shown_by_itself(engine: Engine, samples: Path) -> None:
    hit = next(hit for hit in engine.search("claim HM-2024-007731").hits if hit.path == str(samples / MAILBOX))
    view = engine.view(samples / MAILBOX, chunk=hit.chunk.id)
    assert view.document.id == hit.document.id
    assert hit.chunk.id in {passage.id for passage in view.passages}
    assert isinstance(view.document.locator, Message)
    assert all(
        isinstance(passage.locator, Message) and passage.locator.index == view.document.locator.index
        for passage in view.passages
    )
    assert len(view.thread) == 3
    body = engine.part(samples / MAILBOX, next(m.locator for m in view.thread if m.document == view.document))
    assert view.passages[0].text.split("\n")[0] in body.data.decode()
    box = engine.view(samples / MAILBOX)
    assert box.passages == ()
    assert view.document in box.attachments


def test_what_is_not_known_is_told(engine: Engine, samples: Path) -> None:
    with pytest.raises(QueryError, match="not in the library"):
        engine.view(samples / "gone.txt")
    other = engine.view(samples / MAILBOX).document.id
    for number in (other, 10_000):
        with pytest.raises(QueryError, match="does not contain this document"):
            engine.view(samples / "Home/Budget.xlsx", document=number)
    elsewhere = engine.view(samples / "Home/Semolina cake.txt").passages[0].id
    for chunk in (10_000_000, elsewhere):
        assert engine.view(samples / "Home/Budget.xlsx", chunk=chunk).document.title == "Budget"


def test_a_file_that_could_not_be_read_says_why(own: Engine, files: Path) -> None:
    (files / "broken.docx").write_bytes(b"PK\x03\x04 cut short")
    own.index([files])
    state = own.files().files[0]
    if state.document_id is None:
        with pytest.raises(QueryError):
            own.view(files / "broken.docx")
    else:
        assert own.view(files / "broken.docx").passages == ()


def test_a_long_thread_is_shown_around_the_message(own: Engine, files: Path) -> None:
    for number in range(70):
        text = mail(number, "Trip", after=number - 1 if number else None)
        del text["Date"]
        text["Date"] = f"Mon, 1 Jan 2024 {number // 60:02}:{number % 60:02}:00 +0000"
        (files / f"{number:02}.eml").write_bytes(text.as_bytes())
    own.index([files])
    view = own.view(files / "03.eml")
    assert [Path(message.path).stem for message in view.thread] == [f"{number:02}" for number in range(50)]
    assert [Path(m.path).stem for m in own.view(files / "68.eml").thread] == [
        f"{number:02}" for number in range(20, 70)
    ]


def test_a_message_that_two_files_hold_is_shown_once(own: Engine, files: Path) -> None:
    for number, subject in ((1, "Trip"), (2, "Re: Trip")):
        (files / f"{number}.eml").write_bytes(mail(number, subject, after=1 if number > 1 else None).as_bytes())
    both = b"".join(b"From x Mon Jan  1 10:00:00 2024\n" + (files / f"{n}.eml").read_bytes() + b"\n" for n in (1, 2))
    (files / "box.mbox").write_bytes(both)
    own.index([files])
    view = own.view(files / "2.eml")
    assert len(view.thread) == 2
    assert (view.thread[1].path, view.thread[1].document) == (str(files / "2.eml"), view.document)


def test_a_mail_inside_a_mail_has_its_whole_place(own: Engine, files: Path) -> None:
    inner = mail(2, "Inner")
    inner.add_attachment(b"tea and cake for everybody\n", maintype="text", subtype="plain", filename="note.txt")
    outer = mail(1, "Outer")
    outer.add_attachment(inner)
    (files / "outer.eml").write_bytes(outer.as_bytes())
    own.index([files])
    (hit,) = (
        hit for hit in own.search("tea and cake for everybody", mode="keyword").hits if hit.document.title == "note"
    )
    view = own.view(files / "outer.eml", chunk=hit.chunk.id)
    assert view.document.locator == Message(1, "Inner.eml", Message(1, "note.txt"))
    assert view.passages[0].locator == hit.locator
    assert own.part(files / "outer.eml", hit.locator).data.strip() == b"tea and cake for everybody"
    assert view.parent is not None
    above = own.view(files / "outer.eml", document=view.parent.id)
    assert above.thread[0].locator == Message(1, "Inner.eml", Message(1))
    assert b"Message 2 about Inner" in own.part(files / "outer.eml", above.thread[0].locator).data


def test_a_part_that_is_gone_is_told(engine: Engine, samples: Path) -> None:
    with pytest.raises(Unreadable):
        engine.part(samples / MAILBOX, Message(500))
    with pytest.raises(Unreadable):
        engine.part(samples / "gone.eml", Entry("x"))


# --- pictures --------------------------------------------------------------------------------------------------------


def test_previews_come_from_the_cache_and_are_made_again(own: Engine, files: Path, tmp_path: Path) -> None:
    Image.effect_noise((900, 600), 90).save(files / "noise.png")
    inside = mail(1, "Pictures")
    data = io.BytesIO()
    Image.effect_noise((500, 700), 40).save(data, "PNG")
    inside.add_attachment(data.getvalue(), maintype="image", subtype="png", filename="grain.png")
    (files / "pictures.eml").write_bytes(inside.as_bytes())
    own.index([files])
    shown = {
        view.passages[0].id: size
        for view, size in (
            (own.view(files / "noise.png"), (640, 427)),
            (own.view(files / "pictures.eml", document=own.view(files / "pictures.eml").attachments[0].id), (457, 640)),
        )
    }
    text = own.view(files / "pictures.eml").passages[0].id
    before = own.previews([*shown, text, 99_999])
    assert before.keys() == shown.keys()
    for chunk, size in shown.items():
        with Image.open(io.BytesIO(before[chunk])) as image:
            assert (image.format, image.size) == ("JPEG", size)
    shutil.rmtree(tmp_path / "library/thumbnails")
    assert own.previews([*shown, text]) == before
    assert len(list((tmp_path / "library/thumbnails").glob("*/*.jpg"))) == 2
    shutil.rmtree(tmp_path / "library/thumbnails")
    (files / "noise.png").unlink()
    (files / "pictures.eml").write_bytes(mail(1, "Changed").as_bytes())
    assert own.previews(list(shown)) == {}


# --- people and questions --------------------------------------------------------------------------------------------


def test_people_are_counted_and_found_by_a_part_of_name_or_address(engine: Engine) -> None:
    everybody = engine.people(limit=100)
    assert everybody[0].name == "Nora Whitlock"
    assert len({str(person).casefold() for person in everybody}) == len(everybody)
    assert [person.name for person in engine.people("helen")] == ["Helen Castellano", "Helen Marsh"]
    assert engine.people("MILLBROOKprimary") == (Person("Helen Marsh", "h.marsh@millbrookprimary.example"),)
    assert engine.people("GRAÇA")[0].name == "Graça Teixeira"
    assert engine.people("nobody of this name") == ()
    assert len(engine.people(limit=3)) == 3


def test_forms_of_one_address_are_one_person(own: Engine, files: Path) -> None:
    senders = ["Anna Berg <anna@berg.org>", "Anna Berg <ANNA@berg.org>", "anna@berg.org", "Bo <bo@x.org>"]
    for number, sender in enumerate(senders):
        message = mail(number, f"Subject {number}")
        message.replace_header("From", sender)
        (files / f"{number}.eml").write_bytes(message.as_bytes())
    own.index([files])
    anna, bo = own.people()
    assert (anna.name, anna.address.lower(), bo.name) == ("Anna Berg", "anna@berg.org", "Bo")


def test_everybody_offered_finds_what_is_from_them(engine: Engine) -> None:
    """One definition of "from": who is offered is found, be it the sender of a mail or the author of a document."""
    everybody = engine.people(limit=1_000)
    authors = [person for person in everybody if not person.address]
    assert authors, "the samples have documents with an author"
    for person in everybody:
        found = engine.search("", filters=Filters(senders=(person.address or person.name,)))
        assert found.hits, person


def test_what_an_author_wrote_is_found_by_the_address_they_mail_from(own: Engine, files: Path) -> None:
    message = mail(1, "The offer")
    message.replace_header("From", "Anna Berg <anna@berg.org>")
    (files / "offer.eml").write_bytes(message.as_bytes())
    page = '<html><head><title>Report</title><meta name="author" content="{}"></head><body><p>{}</p></body></html>'
    (files / "anna.html").write_text(page.format("Anna Berg", "The quarter went well."))
    (files / "bo.html").write_text(page.format("Bo Lind", "The quarter went badly."))
    own.index([files])
    assert {str(person) for person in own.people()} == {"Anna Berg", "Bo Lind"}

    def found(sender: str) -> set[str]:
        return {Path(hit.path).name for hit in own.search("", filters=Filters(senders=(sender,))).hits}

    assert found("anna@berg.org") == {"offer.eml", "anna.html"}
    assert found("Bo Lind") == {"bo.html"}


def test_every_suggested_question_is_answered(engine: Engine) -> None:
    questions = engine.suggestions(20)
    assert len(questions) == 20
    assert engine.suggestions(20) == questions
    assert engine.suggestions(4) == questions[:4]
    answers = [engine.ask(question) for question in questions]
    assert [answer.question for answer in answers if answer.mode == "nothing found"] == []
    first = {citation.path.rpartition(".")[2] for answer in answers[:4] for citation in answer.citations[:1]}
    assert len(first) == 4  # a mail, a document, a note and an event


def test_an_empty_library_suggests_nothing(own: Engine, files: Path) -> None:
    assert own.suggestions() == ()
    assert own.people() == ()
    assert own.files().total == 0
    (files / "IMG_2034.png").write_bytes(b"")
    own.index([files])
    assert own.suggestions() == ()


def test_machines_and_quotation_marks_are_not_asked_about(own: Engine, files: Path) -> None:
    message = mail(1, "Your parcel is on its way")
    message.replace_header("From", "Parcels <no-reply@parcels.example>")
    (files / "parcel.eml").write_bytes(message.as_bytes())
    (files / "quoted.eml").write_bytes(mail(2, 'The "secret" plan').as_bytes())
    own.index([files])
    assert own.suggestions() == ()
    (files / "trip.eml").write_bytes(mail(3, "Re: Trip to Porto?").as_bytes())
    own.index([files])
    assert own.suggestions() == ("What did Anna Berg write about Trip to Porto?",)


# --- while other things go on ----------------------------------------------------------------------------------------


def test_lists_and_views_are_there_while_files_are_read(own: Engine, files: Path) -> None:
    (files / "first.eml").write_bytes(mail(1, "Trip").as_bytes())
    own.index([files])
    for number in range(300):
        (files / f"{number}.txt").write_text(f"Receipt {number} lies in box {number % 7}. " * 20, encoding="utf-8")
    problems: list[BaseException] = []
    looked = threading.Event()
    done = threading.Event()

    def look() -> None:
        try:
            while not done.is_set():
                assert own.files(limit=5).total >= 1
                assert own.view(files / "first.eml").thread
                assert own.people("anna")
                assert own.suggestions()
                assert own.part(files / "first.eml", Message(1)).data
                looked.set()
        except BaseException as error:
            problems.append(error)
        finally:
            looked.set()

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    looked.wait(60)
    own.index([files])
    done.set()
    for thread in threads:
        thread.join()
    assert problems == []
    assert own.files().total == 301


def test_who_only_reads_sees_the_same_and_rates_nothing(own: Engine, files: Path, tmp_path: Path) -> None:
    (files / "first.eml").write_bytes(mail(1, "Trip to Porto").as_bytes())
    own.index([files])
    number = own.ask("What did Anna write?", remember=True).conversation
    assert number is not None
    own.rate(number, 0, 1)
    with Engine(tmp_path / "library", read_only=True) as reading:
        assert reading.files() == own.files()
        assert reading.view(files / "first.eml") == own.view(files / "first.eml")
        assert reading.people() == own.people()
        assert reading.suggestions() == own.suggestions() != ()
        assert [turn.rating for turn in reading.turns(number)] == [1]
        with pytest.raises(LibraryBusy):
            reading.rate(number, 0, -1)
