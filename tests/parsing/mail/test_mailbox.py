"""Mailbox files and Maildir folders."""

from __future__ import annotations

import io
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import pytest

from desktop_rag.errors import Damaged
from desktop_rag.parsing.mail.mailbox import parse_mbox
from desktop_rag.parsing.mail.message import parse_eml
from desktop_rag.parsing.source import Limits, Source
from desktop_rag.types import Attachment, Message, Metadata, ParseItem, Problem, Segment

SAMPLES = Path(__file__).parents[2] / "samples"


def parse(data: bytes, limits: Limits | None = None) -> list[ParseItem]:
    return list(parse_mbox(Source("m.mbox", "application/mbox", limits or Limits(), data=data)))


def messages(items: list[ParseItem]) -> list[Attachment]:
    return [item for item in items if isinstance(item, Attachment)]


def read(message: Attachment) -> list[ParseItem]:
    return list(parse_eml(Source(message.name, message.mime, Limits(), data=message.data)))


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_messages_of_a_mailbox(line_end: bytes) -> None:
    data = (SAMPLES / "mbox" / "club.mbox").read_bytes().replace(b"\n", line_end)
    found = messages(parse(data))
    assert [message.name for message in found] == ["Boat race", "Re: Boat race \N{EN DASH} crew", "message 4"]
    assert [message.locator for message in found] == [Message(1), Message(2), Message(4)]  # the third is deleted
    assert {message.mime for message in found} == {"message/rfc822"}
    text = "\n".join(item.text for item in read(found[0]) if isinstance(item, Segment))
    assert "\nFrom here it goes to the lighthouse." in text
    assert "From what I know there are eight boats." in text
    assert "From now on we train on Sundays." in text
    assert b"\n>From the diary" in found[1].data


def test_date_of_the_separator_fills_in() -> None:
    found = messages(parse((SAMPLES / "mbox" / "club.mbox").read_bytes()))
    dates = [item.created for message in found for item in read(message) if isinstance(item, Metadata)]
    assert dates[1] == datetime(2024, 5, 2, 8, tzinfo=UTC)
    assert dates[0] == datetime(2024, 5, 1, 19, 10, tzinfo=UTC)


def test_caps() -> None:
    message = b"From a@b.example Fri May  3 10:00:00 2024\nSubject: s\n\n" + b"line\n" * 500 + b"\n"
    items = parse(message * 5, Limits(messages=3))
    assert len(messages(items)) == 3
    assert [item.code for item in items if isinstance(item, Problem)] == ["over-cap"]
    items = parse(message * 2, Limits(text_bytes=1000))
    assert [len(message.data) <= 1100 for message in messages(items)] == [True, True]
    assert [item.code for item in items if isinstance(item, Problem)] == ["over-cap"]


def test_what_is_no_mailbox() -> None:
    assert messages(parse(b"")) == []
    with pytest.raises(Damaged):
        parse(b"Dear reader,\nFrom here on it is no mailbox.\n")


class _Endless(Source):
    """A mailbox that is made while it is read, so that the test needs no file of its size."""

    def open(self) -> BinaryIO:
        return io.BufferedReader(_Messages(100), 1 << 16)  # type: ignore[type-var]


class _Messages(io.RawIOBase):
    def __init__(self, count: int) -> None:
        self._message = (
            b"From a@b.example Fri May  3 10:00:00 2024\nSubject: s\n\n" + b"a line of the mail\n" * 5000 + b"\n"
        )
        self._left = count
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        if not self._rest and self._left:
            self._rest, self._left = self._message, self._left - 1
        taken = self._rest[: len(buffer)]
        buffer[: len(taken)] = taken
        self._rest = self._rest[len(taken) :]
        return len(taken)


def test_memory_stays_flat() -> None:
    tracemalloc.start()
    count = sum(isinstance(item, Attachment) for item in parse_mbox(_Endless("m.mbox", "", Limits(), data=b"")))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 100  # 9.5 MB of mail
    assert peak < 3_000_000


def test_maildir_messages_are_plain_mails() -> None:
    paths = sorted((SAMPLES / "maildir").glob("[cn]*/1*"))
    assert len(paths) == 2
    titles = []
    for path in paths:
        items = list(parse_eml(Source(path.name, "message/rfc822", Limits(), path=path)))
        found = next(item for item in items if isinstance(item, Metadata))
        titles.append(found.title)
        assert found.tags == ()
        assert sum(isinstance(item, Segment) for item in items) == 1
    assert titles == ["Read and answered", "Unread"]


def test_public_mailboxes(shared_data: Path) -> None:
    counts = {
        path.name: len(messages(parse(path.read_bytes()))) for path in (shared_data / "mail" / "tika").glob("*.mbox")
    }
    assert counts["complex.mbox"] == 3
    assert counts["simple.mbox"] == 2
    assert all(counts.values())
