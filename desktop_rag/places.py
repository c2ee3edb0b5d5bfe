"""A place in words: ``invoice.pdf, page 2``; ``Re: Trip, from Anna Berg, 3 May 2024``; ``budget.xlsx, rows 5-9``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from desktop_rag.clock import locally
from desktop_rag.messages import say
from desktop_rag.types import (
    Cells,
    Document,
    Entry,
    Lines,
    Locator,
    Message,
    Page,
    Person,
    TimeSpan,
)

_PAGES = {"page": "places.page", "slide": "places.slide", "chapter": "places.chapter"}
_ONE_MESSAGE = {".eml", ".emlx", ".msg", ".mht", ".mhtml"}


def describe(document: Document, path: str, locator: Locator, parent: Document | None = None) -> str:
    """The place ``locator`` of the file at ``path``, where ``document`` is.

    A mail is called by its subject, sender and date, everything else by its file's name; what is inside of something
    else says in what: ``quote.pdf, page 1, in Re: Trip, from Anna Berg, 3 May 2024``. ``parent`` is the document
    around an inner one, if known.
    """
    names = _names(Path(path).name, locator)
    if document.mail is not None:
        names[0] = mail_name(document)
        if parent is None or parent.mail is None:
            return names[0]  # a mailbox is no place that a reader looks for
    if parent is not None and parent.mail is not None and len(names) > 1:
        names = [names[0], mail_name(parent)]
    told = names[-1]
    for name in reversed(names[:-1]):
        told = say("places.in", inner=name, outer=told)
    return told


def mail_name(document: Document) -> str:
    """``Re: Trip, from Anna Berg, 3 May 2024``, without what the message does not say."""
    mail = document.mail
    subject = document.title if mail is None else mail.subject or document.title
    sender = str(Person() if mail is None else mail.sender)
    return ", ".join(
        filter(
            None,
            (
                subject or say("places.no-subject"),
                say("places.from", sender=sender) if sender else "",
                day(document.created),
            ),
        )
    )


def day(moment: datetime | None) -> str:
    """``3 May 2024`` where the person is, as the filters have it; or nothing."""
    if moment is None:
        return ""
    moment = locally(moment)
    return f"{moment.day} {moment:%B} {moment.year}"


def where(locator: Locator) -> str:
    """The innermost part of a place: ``page 2``, ``lines 10-14``, ``sheet 2024, rows 5-9``; "" for a whole file."""
    match locator:
        case Page(number=number, label=label):
            return say(_PAGES.get(label, _PAGES["page"]), number=number)
        case Lines(first=first, last=last):
            if first == last:
                return say("places.line", number=first)
            return say("places.lines", first=first, last=last)
        case Cells(sheet=sheet, first=first, last=last):
            rows = say("places.rows", first=first, last=last) if first != last else say("places.row", number=first)
            return say("places.sheet", sheet=sheet, rows=rows) if sheet else rows
        case TimeSpan(start_s=start, end_s=end):
            return f"{_clock(start)}-{_clock(end)}"
        case Message(inner=inner) | Entry(inner=inner):
            return where(inner) if inner is not None else ""
    return ""


def page_number(locator: Locator) -> int | None:
    """The page to open a file at: only where the page is one of the file itself, not of something inside it."""
    return locator.number if isinstance(locator, Page) else None


def _names(name: str, locator: Locator) -> list[str]:
    """What the place is called and what that is in, from the inside outwards."""
    match locator:
        case Entry(name=entry, inner=inner):
            return [*_inside(entry, inner), name]
        case Message(index=index, part=part, inner=inner):
            here = (
                name if Path(name).suffix.lower() in _ONE_MESSAGE else say("places.message-of", index=index, name=name)
            )
            if part:
                return [*_inside(part, inner), here]
            return [*_names("", inner)[:-1], here] if isinstance(inner, Message | Entry) else [here]
    place = where(locator)
    return [say("places.in-file", name=name, place=place) if place else name]


def _inside(name: str, inner: Locator | None) -> list[str]:
    return [name] if inner is None else _names(name, inner)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
