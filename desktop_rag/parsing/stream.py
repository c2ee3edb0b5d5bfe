"""What is said about a file while it is parsed, and how that travels from the parser's process.

A file is a tree of documents: a mailbox holds messages, a message holds attachments, an attachment may be a message
again. The documents of a file are numbered from 1 (the file itself) in the order in which they begin; an inner document
begins and ends between the beginning and the end of its parent. The stream of a file is a ``FileStart`` (unless it
could not be read) and then the events of document 1, whose ``DocumentEnd`` is the last.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from desktop_rag.errors import (
    Damaged,
    Encrypted,
    FileProblem,
    OverCap,
    ParserFault,
    ParserStopped,
    Unreadable,
    Unsupported,
)
from desktop_rag.framing import whole_characters
from desktop_rag.parsing.source import Limits
from desktop_rag.types import Entry, FileState, Kind, Locator, Message, Metadata, Problem, Segment


class _ParserEvent(Struct, frozen=True, omit_defaults=True, tag_field="event", tag=True):
    """Base of the events; the field ``event`` names the type in MessagePack."""


class FileStart(_ParserEvent, frozen=True):
    """The file on disk: the hash of its bytes and their number."""

    path: str
    sha256: str
    size: int


class FileRead(_ParserEvent, frozen=True):
    """A large file is being hashed: so many bytes were read so far. Comes before ``FileStart``."""

    size: int


class DocumentStart(_ParserEvent, frozen=True):
    """A document begins. ``locator`` says where in its parent it is (None for the file itself)."""

    document: int
    parent: int | None
    name: str
    kind: Kind
    mime: str
    locator: Message | Entry | None = None


class DocumentMetadata(_ParserEvent, frozen=True):
    """What is known about a document by now: kind and title are never empty. The last one of a document is complete;
    one comes before its first segment."""

    document: int
    metadata: Metadata


class DocumentSegment(_ParserEvent, frozen=True):
    """A segment; its locator is relative to its own document (see ``nest``)."""

    document: int
    segment: Segment


class DocumentProblem(_ParserEvent, frozen=True):
    """A part of a document was left out."""

    document: int
    problem: Problem


class DocumentEnd(_ParserEvent, frozen=True):
    """What became of a document, inner documents included: ``problem`` is its own, or the first one inside it."""

    document: int
    state: FileState
    problem: Problem | None = None


class PartRead(_ParserEvent, frozen=True):
    """What is at a place in a file, where only that was asked for."""

    name: str
    mime: str
    data: bytes


Event = (
    FileStart | FileRead | DocumentStart | DocumentMetadata | DocumentSegment | DocumentProblem | DocumentEnd | PartRead
)

FILE = 1
"""The number of the document that is the file itself."""


# --- between two processes -------------------------------------------------------------------------------------------


class WorkerSetup(Struct, frozen=True):
    """The first thing a worker is told. ``parse`` names ``module:function``, which has the form of ``parse_tree``."""

    limits: Limits
    timeout_s: float
    memory_bytes: int
    retire_after: int
    parse: str
    hear: bool


class ParseRequest(Struct, frozen=True, omit_defaults=True):
    """A file to be parsed; with a ``place``, only what is there is wanted. The path is as the system has it: on Linux a
    name need not be text."""

    path: bytes
    place: Locator | None = None

    @property
    def file(self) -> Path:
        return Path(os.fsdecode(self.path))


OUT_OF_MEMORY = 12
"""Exit status of a worker whose memory ran out outside of any parser."""


def _plain(value: object) -> object:
    """A library's own kind of text or number as a plain one."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, int | float):
        return int(value) if isinstance(value, int) else float(value)
    raise TypeError(f"{type(value)} cannot travel")


encode = msgspec.msgpack.Encoder(enc_hook=_plain).encode
decode_events = msgspec.msgpack.Decoder(list[Event]).decode
decode_setup = msgspec.msgpack.Decoder(WorkerSetup).decode
decode_requests = msgspec.msgpack.Decoder(list[ParseRequest]).decode


def encode_events(events: Sequence[Event]) -> bytes:
    """Half of a surrogate pair, which broken files and names may hold, is no text; it becomes "?"."""
    try:
        return encode(events)
    except UnicodeEncodeError:
        plain = [msgspec.to_builtins(event, builtin_types=(bytes, datetime), enc_hook=_plain) for event in events]
        return encode(whole_characters(plain))


_KINDS = (Unsupported, Encrypted, Damaged, OverCap, Unreadable, ParserStopped, ParserFault)
_ERRORS = {kind.code: kind for kind in _KINDS}


def problem_error(problem: Problem) -> FileProblem:
    """The error that became the problem of a file."""
    return _ERRORS.get(problem.code, FileProblem)(problem.worded("message"), problem.worded("hint"))
