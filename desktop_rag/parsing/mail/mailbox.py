"""Mailbox files (mbox): many messages, one after the other, read without ever holding more than one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from desktop_rag.errors import Damaged, Unreadable
from desktop_rag.messages import say
from desktop_rag.parsing.mail import headers as mail_headers
from desktop_rag.parsing.source import MIB, Source, unreadable
from desktop_rag.types import Attachment, Message, Metadata, ParseItem, Problem

_LINE_BYTES = 64 * 1024
_DATE = re.compile(rb"\w{3},? +(?:\w{3} +\d{1,2}|\d{1,2} +\w{3}).*\d{4}|\d\d:\d\d")
_HEADER = re.compile(rb">?[!-9;-~]+ ?:|>From ")
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
_SUBJECT = re.compile(rb"^Subject:[ \t]*((?:.*(?:\n[ \t].*)*))", re.MULTILINE | re.IGNORECASE)
_DELETED = re.compile(rb"^X-Mozilla-Status: [0-9A-F]{2}[0-9A-F]([89A-F])\r?$", re.MULTILINE | re.IGNORECASE)


def parse_mbox(source: Source) -> Iterator[ParseItem]:
    """Yield each message as an attachment located by its number, from 1.

    Messages that Thunderbird has marked as deleted, and not yet removed, are left out but counted.
    Raises ``Damaged`` if the file does not begin like a mailbox.
    """
    yield Metadata(kind="mail")
    limit = source.limits.text_bytes
    shortened = 0
    with source.open() as stream:
        for number, (separator, data, whole) in enumerate(_messages(source, stream, limit), 1):
            if number > source.limits.messages:
                yield Problem(
                    "over-cap",
                    say("parsing.only-first-messages-mailbox-read", messages=source.limits.messages),
                    say("parsing.split-mailbox-all-can-indexed"),
                )
                break
            shortened += not whole
            head = re.split(rb"\n\r?\n", data, maxsplit=1)[0]
            if _DELETED.search(head) or not data.strip():
                continue
            subject = _SUBJECT.search(head)
            name = mail_headers.words(subject[1].decode("utf-8", "surrogateescape")) if subject else ""
            yield Attachment(
                name or f"message {number}", "message/rfc822", _dated(separator, head, data), Message(number)
            )
    if shortened:
        messages = "1 message" if shortened == 1 else f"{shortened:,} messages"
        yield Problem(
            "over-cap",
            say("parsing.only-first-mib-mailbox-read", limit=limit // MIB, messages=messages),
        )


def _messages(source: Source, stream: BinaryIO, limit: int) -> Iterator[tuple[bytes, bytes, bool]]:
    """Separator line, bytes (at most ``limit``) and whether that is all, of each message."""
    lines = _lines(source, stream)
    line = next((line for line in lines if line.strip()), b"")
    line = line.removeprefix(b"\xef\xbb\xbf")
    if not line:
        return
    if not line.startswith(b"From "):
        raise Damaged(
            say("parsing.not-mailbox-does-not-begin-line", name=source.name), say("parsing.check-ending-name")
        )
    separator, size = line, 0
    kept: list[bytes] = []
    above_blank = False
    line = next(lines, b"")
    while line:
        following = next(lines, b"")
        if above_blank and line.startswith(b"From ") and _separates(line, following):
            yield separator, _unquoted(b"".join(kept)), size <= limit
            separator, kept, size = line, [], 0
            above_blank = False
        else:
            size += len(line)
            if size <= limit:
                kept.append(line)
            above_blank = not line.strip()
        line = following
    yield separator, _unquoted(b"".join(kept)), size <= limit


def _separates(line: bytes, following: bytes) -> bool:
    """Whether a "From " line begins a message, rather than being a sentence of one."""
    return bool(_DATE.search(line)) if not _HEADER.match(following) else True


def _lines(source: Source, stream: BinaryIO) -> Iterator[bytes]:
    try:
        while line := stream.readline(_LINE_BYTES):
            yield line
    except OSError as error:
        if source.path is None:
            raise Unreadable(say("common.could-not-read", path=source.name, reason=error)) from error
        raise unreadable(source.path, error) from error


def _unquoted(data: bytes) -> bytes:
    return _QUOTED_FROM.sub(rb"\1", data) if b"\n>" in data or data.startswith(b">") else data


def _dated(separator: bytes, head: bytes, data: bytes) -> bytes:
    """The message; if it does not say when it was sent, with the date of the mailbox's own line."""
    if re.search(rb"^date:", head, re.MULTILINE | re.IGNORECASE):
        return data
    words = separator.split()
    for first in range(1, len(words)):
        if mail_headers.date(b" ".join(words[first:]).decode("ascii", "replace")):
            return b"Date: " + b" ".join(words[first:]) + b"\n" + data
    return data
