from __future__ import annotations

from collections.abc import Callable, Iterator
from email.message import EmailMessage
from functools import partial
from pathlib import Path

import pytest

from desktop_rag.errors import Encrypted
from desktop_rag.locators import nest
from desktop_rag.parsing.formats import Format
from desktop_rag.parsing.source import MIB, Limits, Parser, Source
from desktop_rag.parsing.stream import (
    DocumentEnd,
    DocumentMetadata,
    DocumentProblem,
    DocumentSegment,
    DocumentStart,
    Event,
    FileRead,
    FileStart,
    decode_events,
    encode_events,
)
from desktop_rag.parsing.worker.fingerprint import hash_file, hashing
from desktop_rag.parsing.worker.tree import parse_tree, readable
from desktop_rag.types import (
    Attachment,
    Cells,
    Entry,
    FileState,
    Lines,
    Locator,
    Message,
    Metadata,
    Page,
    ParseItem,
    Segment,
    Whole,
)

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"


def _mail(subject: str = "Tea", text: str = "At four o'clock.") -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Ada <ada@home.example>"
    mail["To"] = "bob@home.example"
    mail["Subject"] = subject
    mail["Message-ID"] = f"<{subject.replace(' ', '.')}@home.example>"
    mail["Date"] = "Fri, 3 May 2024 10:00:00 +0200"
    mail.set_content(text)
    return mail


def _parse(path: Path, limits: Limits | None = None) -> list[Event]:
    events = list(parse_tree(path, limits or Limits()))
    _check_form(events)
    assert decode_events(encode_events(events)) == events
    return events


def _check_form(events: list[Event]) -> None:
    """Documents are numbered in order, lie inside their parents, and say what they are before what they hold."""
    opened: list[int] = []
    described: set[int] = set()
    count = 0
    for event in events:
        if isinstance(event, DocumentStart):
            count += 1
            assert event.document == count
            assert event.parent == (opened[-1] if opened else None)
            assert (event.locator is None) == (event.parent is None)
            opened.append(event.document)
        elif isinstance(event, DocumentEnd):
            assert event.document in described
            assert event.document == opened.pop()
        elif isinstance(event, DocumentMetadata):
            assert event.metadata.kind
            assert event.metadata.title
            described.add(event.document)
        elif isinstance(event, DocumentSegment):
            assert event.document == opened[-1]
            assert event.document in described
    assert opened == []
    assert count


def _starts(events: list[Event]) -> list[DocumentStart]:
    return [event for event in events if isinstance(event, DocumentStart)]


def _ends(events: list[Event]) -> dict[int, DocumentEnd]:
    return {event.document: event for event in events if isinstance(event, DocumentEnd)}


def _texts(events: list[Event], document: int) -> str:
    found = [
        event.segment.text for event in events if isinstance(event, DocumentSegment) and event.document == document
    ]
    return "\n".join(found)


def _write(path: Path, mail: EmailMessage) -> Path:
    path.write_bytes(mail.as_bytes())
    return path


# --- one document ----------------------------------------------------------------------------------------------------


def test_a_file_is_named_hashed_and_ended(tmp_path: Path) -> None:
    path = _write(tmp_path / "tea.eml", _mail())
    events = _parse(path)
    assert events[0] == FileStart(str(path), hash_file(path), path.stat().st_size)
    assert _starts(events) == [DocumentStart(1, None, "tea.eml", "mail", "message/rfc822")]
    assert "At four" in _texts(events, 1)
    metadata = [event.metadata for event in events if isinstance(event, DocumentMetadata)][-1]
    assert metadata.title == "Tea"
    assert metadata.created is not None
    assert events[-1] == DocumentEnd(1, FileState.INDEXED)


@pytest.mark.parametrize(
    ("name", "data", "state", "code"),
    [
        ("photo.jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(300), FileState.FAILED, "damaged"),
        ("voice.mp3", b"ID3\x03\x00" + bytes(300), FileState.FAILED, "damaged"),
        ("plan.pages", b"\x00\x01\x02\x03" * 50, FileState.UNSUPPORTED, "unsupported"),
        ("strange.xyz", b"\x00\x01\x02\x03" * 50, FileState.UNSUPPORTED, "unsupported"),
        ("broken.docx", b"PK\x03\x04" + bytes(100), FileState.FAILED, "damaged"),
        ("empty.pdf", b"", FileState.EMPTY, None),
    ],
)
def test_what_is_not_read_says_why(tmp_path: Path, name: str, data: bytes, state: FileState, code: str | None) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    end = _ends(_parse(path))[1]
    assert end.state is state
    if code is None:
        assert end.problem is None
    else:
        assert end.problem is not None
        assert end.problem.code == code
        assert name in end.problem.message
        assert end.problem.hint


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "gone.eml", tmp_path):
        events = _parse(path)
        assert _ends(events)[1].state is FileState.FAILED
        problem = _ends(events)[1].problem
        assert problem is not None
        assert problem.code == "unreadable"


def test_a_large_file_is_hashed_in_steps(tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    with path.open("wb") as stream:
        stream.write(b"\x00\x00\x00\x18ftypmp42")
        stream.truncate(130 * MIB)
    events = _parse(path)
    assert events[:2] == [FileRead(64 * MIB), FileRead(128 * MIB)]
    assert isinstance(events[2], FileStart)
    assert events[2].sha256 == hash_file(path)
    assert sum(1 for _ in hashing(path)) == 2


def test_a_file_too_large_for_its_parser(tmp_path: Path) -> None:
    path = tmp_path / "book.pdf"
    path.write_bytes(b"%PDF-1.7\n" + bytes(2 * MIB))
    problem = _ends(_parse(path, Limits(file_bytes=MIB)))[1].problem
    assert problem is not None
    assert problem.code == "over-cap"


def test_a_name_as_a_title() -> None:
    assert readable("my_trip-to-rome.txt") == "my trip-to-rome"
    assert readable("my-trip-to-rome.txt") == "my trip to rome"
    assert readable("2024-05-03.md") == "2024-05-03"
    assert readable("Minutes 10.30") == "Minutes 10.30"
    assert readable(".env") == ".env"


# --- attachments -----------------------------------------------------------------------------------------------------


def test_attachments_are_documents_of_their_own(tmp_path: Path) -> None:
    inner = _mail("The inner one", "A forwarded word.")
    inner.add_attachment(b"From: x\n" * 3, maintype="text", subtype="plain", filename="deep.txt")
    outer = _mail()
    outer.add_attachment(inner)
    outer.add_attachment(PNG + bytes(5000), maintype="image", subtype="png", filename="photo.png")
    outer.add_attachment(PNG + bytes(50), maintype="image", subtype="png", filename="dot.png")
    events = _parse(_write(tmp_path / "a.eml", outer))
    starts = _starts(events)
    assert [(start.document, start.parent, start.kind) for start in starts] == [
        (1, None, "mail"),
        (2, 1, "mail"),
        (3, 2, "text"),
        (4, 1, "image"),
    ]
    assert starts[3].locator == Message(1, "photo.png")
    assert "A forwarded word." in _texts(events, 2)
    ends = _ends(events)
    assert ends[2].state is FileState.INDEXED
    assert ends[4].state is FileState.FAILED
    assert ends[1].state is FileState.PARTIAL
    assert ends[1].problem == ends[4].problem


def test_a_bad_attachment_leaves_the_others_alone(tmp_path: Path) -> None:
    mail = _mail()
    for name, data in (("bad.docx", b"PK\x03\x04" + bytes(50)), ("good.eml", _mail("Two", "Still here.").as_bytes())):
        mail.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    events = _parse(_write(tmp_path / "a.eml", mail))
    ends = _ends(events)
    assert ends[2].state is FileState.FAILED
    assert "Still here." in _texts(events, 3)
    assert ends[1].state is FileState.PARTIAL


def test_depth_is_limited(tmp_path: Path) -> None:
    events = _parse(_nested(tmp_path, 30), Limits(depth=5))
    assert [start.parent for start in _starts(events)] == [None, 1, 2, 3, 4, 5, 6]
    last = _ends(events)[7].problem
    assert last is not None
    assert last.code == "over-cap"
    assert _ends(events)[1].state is FileState.PARTIAL


def _nested(folder: Path, depth: int) -> Path:
    mail = _mail("number 0")
    for number in range(1, depth):
        outer = _mail(f"number {number}")
        outer.add_attachment(mail)
        mail = outer
    return _write(folder / "nested.eml", mail)


def test_attachments_are_counted_over_the_whole_file(tmp_path: Path) -> None:
    mail = _mail()
    for number in range(6):
        inner = _mail(f"inner {number}")
        inner.add_attachment(_mail(f"innermost {number}"))
        mail.add_attachment(inner)
    events = _parse(_write(tmp_path / "a.eml", mail), Limits(attachments=5))
    assert len(_starts(events)) == 6
    problems = [event.problem.code for event in events if isinstance(event, DocumentProblem)]
    assert "over-cap" in problems
    assert _ends(events)[1].state is FileState.PARTIAL


def test_text_is_counted_over_the_whole_file(tmp_path: Path) -> None:
    mail = _mail(text="\n".join(f"Line {number} of the first." for number in range(50)))
    mail.add_attachment(_mail("Two", "\n".join(f"Line {number} of the second." for number in range(50))))
    events = _parse(_write(tmp_path / "a.eml", mail), Limits(characters=1500))
    kept = [event.segment for event in events if isinstance(event, DocumentSegment)]
    assert sum(len(segment.text) for segment in kept) == 1500
    last = kept[-1].locator
    assert isinstance(last, Message)
    assert isinstance(last.inner, Lines)
    assert last.inner.last - last.inner.first == kept[-1].text.count("\n")
    problem = _ends(events)[1].problem
    assert problem is not None
    assert "1,500 characters" in problem.message


def test_messages_of_a_mailbox_are_files_of_their_own(tmp_path: Path) -> None:
    mails = [_mail(f"Message {number}", "Words of it. " * 20) for number in range(4)]
    mails[2].add_attachment(b"name,price\ntea,3\n", maintype="text", subtype="csv", filename="list.csv")
    path = tmp_path / "all.mbox"
    path.write_bytes(b"".join(b"From a@b Fri May  3 10:00:00 2024\n" + mail.as_bytes() + b"\n\n" for mail in mails))
    events = _parse(path, Limits(attachments=1, characters=400))
    starts = _starts(events)
    assert [start.locator for start in starts[1:]] == [
        Message(1),
        Message(2),
        Message(3),
        Message(1, "list.csv"),
        Message(4),
    ]
    assert [start.parent for start in starts] == [None, 1, 1, 1, 4, 1]
    assert all(
        "Words of it." in _texts(events, start.document) for start in starts if start.kind == "mail" and start.parent
    )


def test_signatures_are_no_documents(tmp_path: Path) -> None:
    mail = _mail()
    mail.add_attachment(b"-----BEGIN", maintype="application", subtype="pgp-signature", filename="signature.asc")
    assert len(_starts(_parse(_write(tmp_path / "a.eml", mail)))) == 1


# --- parsers that misbehave ------------------------------------------------------------------------------------------


def _use(monkeypatch: pytest.MonkeyPatch, parser: Parser) -> None:
    """Let every format be read by ``parser``."""
    monkeypatch.setattr(Format, "load", lambda _format: parser)


def test_a_file_that_contains_itself_is_read_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def quine(source: Source) -> Iterator[ParseItem]:
        yield Segment("Once.", Whole())
        yield Attachment("again.eml", "message/rfc822", source.read(), Entry("again.eml"))

    _use(monkeypatch, quine)
    events = _parse(_write(tmp_path / "a.eml", _mail()))
    assert len(_starts(events)) == 1
    assert _ends(events)[1].state is FileState.INDEXED


def _takes_two(first: object, _second: object) -> object:
    raise TypeError(f"{type(first).__name__} is not what a file should hold")


def _called_in_program_code(call: Callable[[], object]) -> Parser:
    """A parser whose last line, ``call()``, stands in a module of the program."""
    place: dict[str, object] = {"__name__": "desktop_rag.parsing.made_up", "call": call}
    exec("def parse(source):\n    yield from ()\n    call()\n", place)
    parser = place["parse"]
    assert callable(parser)
    return parser


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (partial(_takes_two, 1), "parser-fault"),  # raised where it is called
        (partial(getattr, 3, "length"), "parser-fault"),
        (partial(_takes_two, 1, 2), "damaged"),  # raised inside what was called, by what it was given
        (partial(int, "many"), "damaged"),
    ],
)
def test_a_bug_of_the_program_is_not_the_files(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    call: Callable[[], object],
    code: str,
) -> None:
    _use(monkeypatch, _called_in_program_code(call))
    end = _ends(_parse(_write(tmp_path / "a.eml", _mail())))[1]
    assert end.problem is not None
    assert end.problem.code == code
    if code == "parser-fault":
        assert "Nothing is wrong with the file" in end.problem.hint
        assert "Error in desktop_rag.parsing.made_up, line 3." in end.problem.hint


@pytest.mark.parametrize(
    ("error", "code", "word"),
    [
        (ValueError("what"), "damaged", "ValueError"),
        (RecursionError(), "damaged", "nested too deeply"),
        (SystemExit(3), "damaged", "SystemExit"),
        (MemoryError(), "parser-stopped", "memory"),
        (ModuleNotFoundError(name="frobnicate"), "parser-stopped", "frobnicate"),
        (Encrypted("a.eml needs a password."), "encrypted", "password"),
    ],
)
def test_what_a_parser_raises_is_a_problem_and_what_it_gave_is_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: BaseException, code: str, word: str
) -> None:
    def broken(_source: Source) -> Iterator[ParseItem]:
        yield Segment("Before.", Whole())
        raise error

    _use(monkeypatch, broken)
    events = _parse(_write(tmp_path / "a.eml", _mail()))
    assert _texts(events, 1) == "Before."
    end = _ends(events)[1]
    assert end.state is FileState.PARTIAL
    assert end.problem is not None
    assert end.problem.code == code
    assert word in end.problem.message


def test_metadata_is_merged_and_completed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def talkative(_source: Source) -> Iterator[ParseItem]:
        yield Metadata(author="Ada")
        yield Segment("Words.", Whole())
        yield Metadata(author="Bob", language="de")
        yield Segment("  ", Whole())

    _use(monkeypatch, talkative)
    events = _parse(_write(tmp_path / "my_file.eml", _mail()))
    told = [event.metadata for event in events if isinstance(event, DocumentMetadata)]
    assert told[0] == Metadata(kind="mail", title="my file", author="Ada")
    assert told[-1] == Metadata(kind="mail", title="my file", author="Ada", language="de")
    assert _texts(events, 1) == "Words."


def test_a_library_s_own_kind_of_text_travels(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Text(str):
        __slots__ = ()

    def foreign(_source: Source) -> Iterator[ParseItem]:
        yield Segment(Text("Words."), Whole(), (Text("Half \ud83d a pair"),))

    _use(monkeypatch, foreign)
    events = decode_events(encode_events(list(parse_tree(_write(tmp_path / "a.eml", _mail()), Limits()))))
    found = [event.segment for event in events if isinstance(event, DocumentSegment)]
    assert found == [Segment("Words.", Whole(), ("Half ? a pair",))]


# --- locators --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        (Message(5), Message(1, "a.pdf", Page(2)), Message(5, "a.pdf", Page(2))),
        (Message(5), Message(1, "", Lines(1, 2)), Message(5, "", Lines(1, 2))),
        (Message(5), Message(1), Message(5)),
        (Message(1, "a.pdf"), Page(2), Message(1, "a.pdf", Page(2))),
        (
            Message(1, "a.eml"),
            Message(1, "b.xlsx", Cells("S", 1, 2)),
            Message(1, "a.eml", Message(1, "b.xlsx", Cells("S", 1, 2))),
        ),
        (Entry("x.bin"), Whole(), Entry("x.bin")),
        (Entry("a.msg", Message(1, "b.pdf")), Page(3), Entry("a.msg", Message(1, "b.pdf", Page(3)))),
    ],
)
def test_places_are_composed_from_the_file_inwards(outer: Message | Entry, inner: Locator, expected: Locator) -> None:
    assert nest(outer, inner) == expected


def test_every_real_mail_ends_well(shared_data: Path) -> None:
    paths = [path for path in (shared_data / "mail").rglob("*") if path.is_file()]
    for path in paths:
        end = _ends(_parse(path))[1]
        assert end.state in (FileState.INDEXED, FileState.EMPTY) or end.problem is not None
    assert len(paths) > 100
