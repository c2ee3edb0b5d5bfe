"""A file and everything inside it -> one flat stream of events (see ``stream``)."""

from __future__ import annotations

import logging
import os
import re
import stat
from collections.abc import Generator, Iterator
from pathlib import Path

from msgspec import Struct
from msgspec.structs import fields, replace

from desktop_rag.errors import Damaged, FileProblem, OverCap, ParserStopped, Unreadable, Unsupported
from desktop_rag.messages import say
from desktop_rag.parsing.detect import HEAD_BYTES, detect
from desktop_rag.parsing.faults import fault_in, is_fault
from desktop_rag.parsing.formats import Format, by_mime, by_suffix
from desktop_rag.parsing.media.previews import with_preview
from desktop_rag.parsing.source import MIB, Limits, Source, over_cap, plain_name, unreadable
from desktop_rag.parsing.stream import (
    FILE,
    DocumentEnd,
    DocumentMetadata,
    DocumentProblem,
    DocumentSegment,
    DocumentStart,
    Event,
    FileRead,
    FileStart,
)
from desktop_rag.parsing.worker.fingerprint import hash_bytes, hashing
from desktop_rag.types import (
    Attachment,
    Entry,
    FileState,
    Kind,
    Lines,
    Message,
    Metadata,
    Problem,
    Segment,
)

_log = logging.getLogger(__name__)

_METADATA = tuple(field.name for field in fields(Metadata))
_READ_AT_ONCE = MIB  # a file up to this size is opened once, not three times
_TINY_IMAGE = 4096  # bytes; an attached image below is a logo, a line or a tracking pixel
_SIGNATURES = ("application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature")


def parse_tree(path: Path, limits: Limits, hear: bool = True) -> Iterator[Event]:
    """Detect, parse and follow attachments; never raises for what is in the file, nor when it cannot be read. Sound is
    handed on only to those who ``hear``."""
    try:
        source, digest, before = yield from _open(path, limits, hear)
    except FileProblem as error:
        kind, mime = describe(by_suffix(path.name))
        name = plain_name(path.name)
        yield DocumentStart(FILE, None, name, kind, mime)
        yield DocumentMetadata(FILE, Metadata(kind=kind, title=readable(name)))
        yield DocumentEnd(FILE, FileState.FAILED, error.as_problem())
        return
    yield FileStart(str(path), digest, source.size)
    format, problem = identify(source, "")
    for event in _FileTree(limits, hear).document(source, format, problem, None, None, (digest,), _Budget(limits)):
        if isinstance(event, DocumentEnd) and event.document == FILE and _has_changed(source, before):
            useful = event.state in (FileState.INDEXED, FileState.PARTIAL)
            changed = Problem(
                "changed",
                say("parsing.changed-while-being-read", name=source.name),
                say("parsing.will-read-again-later"),
            )
            event = DocumentEnd(FILE, state_of(useful, changed), changed)
        yield event


def describe(format: Format | None) -> tuple[Kind, str]:
    """Kind and mime of a document, of an unknown one too."""
    return (format.kind, format.mime) if format else ("data", "application/octet-stream")


def state_of(useful: bool, problem: Problem | None) -> FileState:
    """The state of a document that had text to search in it (or had not), and its problem."""
    if useful:
        return FileState.PARTIAL if problem else FileState.INDEXED
    if problem is None:
        return FileState.EMPTY
    return FileState.UNSUPPORTED if problem.code == Unsupported.code else FileState.FAILED


def readable(name: str) -> str:
    """A file's name as a title: ``my_trip-to-rome.txt`` gives "my trip to rome"."""
    title = name.rpartition(".")[0] if by_suffix(name) else name
    title = title.replace("_", " ")
    if " " not in title.strip():
        title = re.sub(r"(?<=[^\W\d])-(?=[^\W\d])", " ", title)
    return " ".join(title.split()) or name


def _open(path: Path, limits: Limits, hear: bool) -> Generator[Event, None, tuple[Source, str, os.stat_result]]:
    name = plain_name(path.name)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable(say("parsing.not-ordinary-file", name=name))
        if status.st_size <= _READ_AT_ONCE:
            data = path.read_bytes()
            return Source(name, "", limits, data=data, hear=hear), hash_bytes(data), status
    except OSError as error:
        raise unreadable(path, error) from error
    digest = hashing(path)
    while True:
        try:
            yield FileRead(next(digest))
        except StopIteration as end:
            return Source(name, "", limits, path=path, hear=hear), str(end.value), status


def _has_changed(source: Source, before: os.stat_result) -> bool:
    """Whether a file that was read more than once (to be hashed, then parsed) may have been different each time."""
    if source.path is None:
        return False
    try:
        now = source.path.stat()
    except OSError:
        return True
    return (now.st_size, now.st_mtime_ns, now.st_ino) != (before.st_size, before.st_mtime_ns, before.st_ino)


def identify(source: Source, mime: str) -> tuple[Format | None, Problem | None]:
    """The format of a source (by its name, if its content cannot be told), and the problem that keeps it unread."""
    format = by_suffix(source.name) or by_mime(mime)
    try:
        format = detect(source.name, source.read(HEAD_BYTES), source.open, mime)
        _check(source, format)
    except FileProblem as error:
        return format, error.as_problem()
    except Exception as error:
        return format, unexpected(source.name, error)
    return format, None


def _check(source: Source, format: Format | None) -> None:
    """Raise a ``FileProblem`` if nothing reads the format, or the file is too large for what reads it."""
    if format is None:
        advice = "Save it as PDF, as text or in an Office format to have it indexed."
        raise Unsupported(say("parsing.unknown-format", name=source.name), advice)
    if not format.parser:
        raise Unsupported(say("parsing.format-not-supported", name=source.name, format=format.name), format.convert_to)
    streamed = format.carrier == "text" or format.kind in ("audio", "video")
    if not streamed and source.size > source.limits.file_bytes:
        size = source.limits.file_bytes // MIB
        raise OverCap(say("parsing.larger-than-mib", name=source.name, size=size), say("parsing.split-can-indexed"))
    source.mime = format.mime


def unexpected(name: str, error: BaseException) -> Problem:
    """The problem for an exception that no parser should let out: what a library made of a broken file, or a bug."""
    if is_fault(error):
        return fault_in(name, error).as_problem()
    _log.info("%s could not be parsed", name, exc_info=error)
    if isinstance(error, MemoryError):
        return ParserStopped(
            say("parsing.needs-more-memory-than-limit-allows", name=name), say("parsing.split-can-indexed")
        ).as_problem()
    if isinstance(error, ImportError):
        return ParserStopped(
            say("parsing.library-reads-not-installed", name=name, name_2=error.name),
            say("common.install-desktop-rag-again-2"),
        ).as_problem()
    reason = say("parsing.nested-too-deeply") if isinstance(error, RecursionError) else type(error).__name__
    return Damaged(
        say("parsing.damaged-built-unusual-way", name=name, reason=reason), say("parsing.open-program-made-save-again")
    ).as_problem()


class _Budget:
    """What a file, or one message of a mailbox, may still use."""

    def __init__(self, limits: Limits) -> None:
        self.characters = limits.characters
        self.attachments = limits.attachments


class _Outcome(Struct):
    """What is known so far about how a document ends."""

    useful: bool = False
    problem: Problem | None = None
    inner_problem: Problem | None = None

    def add_inner(self, inner: _Outcome) -> None:
        """Take over what a document inside this one came to; the first problem is named."""
        self.useful |= inner.useful
        self.inner_problem = self.inner_problem or inner.problem or inner.inner_problem


class _FileTree:
    """One walk over a file. ``ancestors`` are the hashes of the documents around the current one."""

    def __init__(self, limits: Limits, hear: bool) -> None:
        self.limits = limits
        self.hear = hear
        self.documents = 0

    def document(
        self,
        source: Source,
        format: Format | None,
        refusal: Problem | None,
        parent: int | None,
        locator: Message | Entry | None,
        ancestors: tuple[str, ...],
        budget: _Budget,
    ) -> Generator[Event, None, _Outcome]:
        self.documents += 1
        number = self.documents
        kind, mime = describe(format)
        yield DocumentStart(number, parent, source.name, kind, mime, locator)
        known = Metadata(kind=kind, title=readable(source.name))
        outcome = _Outcome(problem=refusal)
        if format is None or refusal is not None or source.size == 0:
            yield DocumentMetadata(number, known)
        else:
            yield from self._parse(source, format, number, known, outcome, ancestors, budget)
        problem = outcome.problem or outcome.inner_problem
        yield DocumentEnd(number, state_of(outcome.useful, problem), problem)
        return outcome

    def _parse(
        self,
        source: Source,
        format: Format,
        number: int,
        fallback: Metadata,
        outcome: _Outcome,
        ancestors: tuple[str, ...],
        budget: _Budget,
    ) -> Iterator[Event]:
        known = Metadata()
        told: Metadata | None = None
        try:
            for item in format.load()(source):
                if isinstance(item, Metadata):
                    known = _fill(known, item)
                    continue
                if isinstance(item, Problem):
                    outcome.problem = outcome.problem or item
                    yield DocumentProblem(number, item)
                    continue
                if told is None or told != known:
                    told = known
                    yield DocumentMetadata(number, _fill(known, fallback))
                if isinstance(item, Attachment):
                    yield from self._attachment(item, format, number, outcome, ancestors, budget)
                    continue
                segment = _clip(item, budget.characters)
                budget.characters -= len(segment.text)
                if segment.text.strip() or segment.image is not None or segment.sound is not None:
                    outcome.useful = True
                    yield DocumentSegment(number, with_preview(segment) if segment.form == "picture" else segment)
                if segment is not item:
                    raise OverCap(
                        over_cap(say("parsing.only-first-characters-kept", characters=self.limits.characters)).message
                    )
        except FileProblem as error:
            outcome.problem = error.as_problem()
        except (GeneratorExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # a panic of a parser written in Rust is no Exception
            outcome.problem = unexpected(source.name, error)
        if told is None or told != known:
            yield DocumentMetadata(number, _fill(known, fallback))

    def _attachment(
        self,
        item: Attachment,
        outer: Format,
        parent: int,
        outcome: _Outcome,
        ancestors: tuple[str, ...],
        budget: _Budget,
    ) -> Iterator[Event]:
        digest = hash_bytes(item.data)
        if digest in ancestors or item.mime in _SIGNATURES:
            return  # a file that contains itself holds nothing new, and neither does a signature
        if outer.mime == "application/mbox":
            budget = _Budget(self.limits)  # each message of a mailbox counts as a file of its own
        elif budget.attachments <= 0:
            problem = over_cap(say("parsing.only-files-inside-read", count=self.limits.attachments))
            if outcome.problem != problem:
                outcome.problem = problem
                yield DocumentProblem(parent, problem)
            return
        else:
            budget.attachments -= 1
        name = plain_name(item.name).strip() or "attachment"
        source = Source(name, item.mime, self.limits, data=item.data, hear=self.hear)
        if len(ancestors) > self.limits.depth:
            format = by_suffix(name) or by_mime(item.mime)
            refusal: Problem | None = OverCap(
                say("parsing.nested-more-than-files-deep", name=name, depth=self.limits.depth),
                say("parsing.save-separate-file"),
            ).as_problem()
        else:
            format, refusal = identify(source, item.mime)
        if format is not None and format.kind == "image" and len(item.data) < _TINY_IMAGE:
            return
        inner = yield from self.document(source, format, refusal, parent, item.locator, (*ancestors, digest), budget)
        outcome.add_inner(inner)


def _fill(known: Metadata, more: Metadata) -> Metadata:
    """``known`` with what it leaves out taken from ``more``."""
    found = {name: value for name in _METADATA if not getattr(known, name) and (value := getattr(more, name))}
    return replace(known, **found) if found else known


def _clip(segment: Segment, room: int) -> Segment:
    """The segment itself if it has no more than ``room`` characters, else a new one with the beginning of it."""
    if len(segment.text) <= room:
        return segment
    text = segment.text[: max(room, 0)]
    locator = segment.locator
    if isinstance(locator, Lines):
        locator = Lines(locator.first, locator.first + text.count("\n"))
    elif isinstance(locator, Message) and isinstance(locator.inner, Lines):
        first = locator.inner.first
        locator = replace(locator, inner=Lines(first, first + text.count("\n")))
    return replace(segment, text=text, locator=locator)
