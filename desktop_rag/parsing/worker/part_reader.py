"""A file and a place in it -> the bytes of what is there: an attachment, a picture, the body of a message.

It is found the way it was when the file was read: by the parsers, one document after the other from the outside in.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from email.message import Message as MimeMessage
from pathlib import Path

from msgspec.structs import replace

from desktop_rag.errors import FileProblem, OverCap, Unreadable
from desktop_rag.messages import say
from desktop_rag.parsing.formats import Format, by_suffix
from desktop_rag.parsing.mail.parts import body
from desktop_rag.parsing.source import MIB, Limits, Source, plain_name, unreadable
from desktop_rag.parsing.stream import FILE, DocumentEnd, DocumentStart, Event, FileRead, PartRead, problem_error
from desktop_rag.parsing.worker.tree import describe, identify, unexpected
from desktop_rag.types import Attachment, Entry, FileState, Locator, Message, Page, Problem, Region, Segment, Whole

_MOST_BYTES = 64 * MIB
_SHOWN_ANYWHERE = (
    (b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n", "image/png"), (b"GIF8", "image/gif"), (b"BM", "image/bmp"),
)  # fmt: skip
"""Pictures that are given as they are, and how they begin. (WebP, which says so later, too.)"""
_MAILBOX = "application/mbox"
_MAIL = "message/rfc822"
_OUTLOOK = "application/vnd.ms-outlook"
_SUFFIXES = {"text/html": ".html", "text/plain": ".txt", "image/jpeg": ".jpg", "image/png": ".png"}

_Search = Generator[Event, None, PartRead]


def read_part(path: Path, place: Locator, limits: Limits) -> Iterator[Event]:
    """The events of a file of which only what is at ``place`` is wanted: among them one ``PartRead``, unless the
    ``DocumentEnd`` says why there is none. Never raises for what is in the file."""
    name = plain_name(path.name)
    kind, mime = describe(by_suffix(name))
    yield DocumentStart(FILE, None, name, kind, mime)
    problem: Problem | None = None
    try:
        if not path.is_file():
            raise Unreadable(say("parsing.not-file-no-longer-exists", name=name), say("common.may-moved-deleted"))
        yield (yield from _at(Source(name, "", limits, path=path, hear=False), place))
    except FileProblem as error:
        problem = error.as_problem()
    except OSError as error:
        problem = unreadable(path, error).as_problem()
    except (GeneratorExit, KeyboardInterrupt):
        raise
    except BaseException as error:  # a panic of a parser written in Rust is no Exception
        problem = unexpected(name, error)
    yield DocumentEnd(FILE, FileState.FAILED if problem else FileState.INDEXED, problem)


def _at(source: Source, place: Locator | None) -> _Search:
    """What is at ``place`` in a document; None stands for all of it."""
    format, problem = identify(source, source.mime)
    if place is None or isinstance(place, Whole | Region):
        return (yield from _whole(source, format))
    if format is None or problem is not None:
        raise problem_error(problem) if problem else Unreadable(say("parsing.unknown-format", name=source.name))
    if isinstance(place, Message) and not place.part and format.mime in (_MAIL, _OUTLOOK):
        return _body(source, format)
    for item in format.load()(source):
        if isinstance(item, Attachment) and isinstance(place, Message | Entry) and _holds(item.locator, place):
            return (yield from _at(_source_of(item, source), _inside(item.locator, place)))
        if isinstance(item, Segment) and item.image is not None and _shows(item, place):
            return _picture(source.name, item.image)
        yield FileRead(0)  # proves that the search goes on
    if isinstance(place, Message) or (isinstance(place, Entry) and place.inner is not None):
        raise Unreadable(
            say("parsing.part-looking-no-longer", name=source.name), say("parsing.may-changed-search-again")
        )
    return (yield from _whole(source, format))


def _holds(container: Message | Entry, place: Message | Entry) -> bool:
    """Whether a place in the same document is in the attachment at ``container``; of a mailbox that is a message."""
    return container == replace(place, inner=None) or (isinstance(place, Message) and container == Message(place.index))


def _inside(container: Message | Entry, place: Message | Entry) -> Locator | None:
    """The place as seen from the attachment that holds it (see ``nest``); None stands for all of it."""
    if isinstance(place, Message) and isinstance(container, Message) and not container.part:
        return replace(place, index=1)
    return place.inner


def _source_of(item: Attachment, around: Source) -> Source:
    name = plain_name(item.name).strip() or "attachment"
    return Source(name, item.mime, around.limits, data=item.data, hear=False)


def _shows(segment: Segment, place: Locator) -> bool:
    if segment.form == "scan" and isinstance(segment.locator, Page) and isinstance(place, Page):
        return segment.locator.number == place.number
    return segment.locator == place


def _whole(source: Source, format: Format | None) -> _Search:
    """All of a document; pictures that few programs show in another form."""
    mime = format.mime if format else source.mime or "application/octet-stream"
    if format is not None and format.kind == "image" and format.parser:
        as_it_is = _shown_anywhere(source.read(16))
        mime = as_it_is or mime
        for item in format.load()(source) if not as_it_is else ():
            if isinstance(item, Segment) and item.image is not None:
                return _picture(source.name, item.image)
            if isinstance(item, Problem):
                raise problem_error(item)
            yield FileRead(0)
    if source.size > _MOST_BYTES:
        raise OverCap(
            say("parsing.larger-than-mib", name=source.name, size=_MOST_BYTES // MIB), say("parsing.open-file-contains")
        )
    return PartRead(source.name, mime, source.read())


def _shown_anywhere(head: bytes) -> str:
    """The media type of a picture that every program shows; "" for another."""
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp"
    return next((mime for start, mime in _SHOWN_ANYWHERE if head.startswith(start)), "")


def _picture(name: str, data: bytes) -> PartRead:
    return _named(name, "image/png" if data.startswith(b"\x89PNG") else "image/jpeg", data)


def _body(source: Source, format: Format) -> PartRead:
    mime, data = body(_message(source, format))
    if len(data) > _MOST_BYTES:
        raise OverCap(
            say("parsing.larger-than-mib", name=source.name, size=_MOST_BYTES // MIB), say("parsing.open-file-contains")
        )
    return _named(source.name, mime, data)


def _message(source: Source, format: Format) -> MimeMessage:
    if format.mime == _OUTLOOK:
        from desktop_rag.parsing.mail.outlook import read_item

        return read_item(source)
    from desktop_rag.parsing.mail.message import read_message

    return read_message(source.read_text_bytes()[0])[0]


def _named(name: str, mime: str, data: bytes) -> PartRead:
    """With a name that fits what it has become."""
    stem, suffix = os.path.splitext(name)  # noqa: PTH122 (names of attachments are no paths)
    return PartRead((stem if by_suffix(name) else f"{stem}{suffix}") + _SUFFIXES[mime], mime, data)
