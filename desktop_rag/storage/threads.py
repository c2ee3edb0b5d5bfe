"""Which conversation a mail belongs to, worked out one mail at a time and whatever the order they arrive in.

Mails of one thread are linked by the identifiers they name (Message-ID, In-Reply-To, References), as Jamie Zawinski's
algorithm does it: two mails that name a common identifier are in one thread, even if the mail of that identifier is
missing. A thread is thus a connected component, and a mail that names identifiers of two threads merges them.

Some programs answer without naming anything. Such an orphan ("Re: …" with neither In-Reply-To nor References) is also
linked to the mails of the same base subject that share a person with it and lie at most ``WINDOW`` away.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from desktop_rag.types import Mail

WINDOW = timedelta(days=30)

_REPLY = r"re|aw|antw|antwort|sv|vs|ref|rif|res|odp|ynt|ответ|回复|回覆|答复"
_FORWARD = r"fwd?|wg|tr|rv|enc|doorst|i|vb|пересылка|转发|轉寄"
_PREFIX = re.compile(
    rf"\s*(?:(?P<reply>{_REPLY})|{_FORWARD})\s*(?:\[\d+\]|\(\d+\)|\^\d+)?\s*[:\uff1a]\s*", re.IGNORECASE
)
_LIST_TAG = re.compile(r"\s*\[[^\]]{1,40}\]\s*(?=\S)")
_FORWARDED_TAIL = re.compile(r"\s*\((?:fwd|fw|wg)\)\s*$", re.IGNORECASE)


class Subject(Struct, frozen=True):
    """A subject without the prefixes that answering and forwarding put before it."""

    base: str
    """In small letters, to be compared."""
    is_reply: bool
    text: str
    """As it was written."""


class Relative(Struct, frozen=True):
    """What must be known of a mail already threaded to link an orphan by subject."""

    thread_id: int
    date: datetime
    people: frozenset[str]
    orphan: bool


class Assignment(Struct, frozen=True):
    """The thread of a mail, the threads that turn out to be the same one and are to be renamed to it, and the
    identifiers that from now on lead to it."""

    thread_id: int
    merged: frozenset[int]
    ids: tuple[str, ...]


def split_subject(subject: str) -> Subject:
    """``Re: [list] AW: Trip`` -> base "trip", a reply. A prefix counts as a reply wherever it stands among them."""
    rest, is_reply = _FORWARDED_TAIL.sub("", subject), False
    while True:
        prefix = _PREFIX.match(rest)
        if prefix:
            is_reply = is_reply or prefix["reply"] is not None
            rest = rest[prefix.end() :]
        elif tag := _LIST_TAG.match(rest):
            rest = rest[tag.end() :]
        else:
            text = " ".join(rest.split())
            return Subject(text.casefold(), is_reply, text)


def identifiers(mail: Mail) -> tuple[str, ...]:
    """The identifiers to look up for a mail: its own and those it refers to, each once."""
    named = (mail.message_id, *mail.in_reply_to, *mail.references)
    return tuple(dict.fromkeys(name for name in named if name))


def is_orphan(mail: Mail) -> bool:
    """Whether a mail answers another without naming it."""
    return not mail.in_reply_to and not mail.references and split_subject(mail.subject).is_reply


def participants(mail: Mail) -> frozenset[str]:
    """The addresses (or names, where there is none) of sender and recipients, for comparing."""
    people = (mail.sender, *mail.recipients)
    return frozenset(name.casefold() for person in people if (name := person.address or person.name))


def relative(mail: Mail, date: datetime, thread_id: int) -> Relative:
    """The record by which later orphans find this mail; kept under its base subject."""
    return Relative(thread_id, date, participants(mail), is_orphan(mail))


def assign(
    mail: Mail,
    known: Mapping[str, int],
    fresh: int,
    *,
    date: datetime | None = None,
    same_subject: Iterable[Relative] = (),
) -> Assignment:
    """Decide the thread of a mail.

    ``known`` maps identifiers seen so far to threads (those of ``identifiers(mail)`` are enough) and ``fresh`` is the
    number a new thread would get. ``same_subject`` holds the earlier seen mails of the same base subject; without it,
    or without a ``date``, only identifiers link. Of several threads the lowest number survives.
    """
    ids = identifiers(mail)
    found = {known[name] for name in ids if name in known}
    if date is not None:
        found |= {other.thread_id for other in same_subject if _linked_by_subject(mail, date, other)}
    if not found:
        return Assignment(fresh, frozenset(), ids)
    thread_id = min(found)
    return Assignment(thread_id, frozenset(found - {thread_id}), ids)


def _linked_by_subject(mail: Mail, date: datetime, other: Relative) -> bool:
    return (
        (other.orphan or is_orphan(mail))
        and bool(split_subject(mail.subject).base)
        and abs(date - other.date) <= WINDOW
        and not other.people.isdisjoint(participants(mail))
    )
