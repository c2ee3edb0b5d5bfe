"""Filters: what narrows a search to some of the files, read from operators such as ``type:pdf`` and said in words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from datetime import datetime
from typing import get_args

from desktop_rag.errors import QueryError
from desktop_rag.languages import LANGUAGES
from desktop_rag.messages import say
from desktop_rag.parsing.formats import by_suffix
from desktop_rag.retrieval.dates import describe_dates, parse_date
from desktop_rag.types import Kind, Selection

OPERATORS = ("type", "folder", "from", "to", "after", "before", "name")

KINDS: tuple[str, ...] = get_args(Kind)

_ALIASES = {name: types for one in LANGUAGES for name, types in one.filters.type_names.items()}


class Filters(Selection, frozen=True):
    """What a hit must satisfy: every field that is set, by any one of its values.

    ``types`` holds kinds ("mail", "image") and suffixes with their dot (".pdf"). ``folders`` are as typed: a path, or
    the name of a folder anywhere above the file. ``senders`` and ``recipients`` are parts of a name or address.
    ``names`` are parts of a file's name, or globs if they hold ``*`` or ``?``. ``after`` and ``before`` have a time
    zone and bound the half-open interval after <= date < before.
    """

    @property
    def is_empty(self) -> bool:
        return self == Filters()

    def __or__(self, other: Filters) -> Filters:
        """Both together: any of the values of both in a field, and the time that both intervals share."""
        starts = [bound for bound in (self.after, other.after) if bound]
        ends = [bound for bound in (self.before, other.before) if bound]
        return Filters(
            types=_union(self.types, other.types),
            folders=_union(self.folders, other.folders),
            senders=_union(self.senders, other.senders),
            recipients=_union(self.recipients, other.recipients),
            names=_union(self.names, other.names),
            after=max(starts, default=None),
            before=min(ends, default=None),
        )

    @property
    def is_possible(self) -> bool:
        """Whether any moment lies between the two dates."""
        return self.after is None or self.before is None or self.after < self.before

    def describe(self) -> tuple[str, ...]:
        """Each filter in words: "only mail or .pdf", "sent by Anna", "in March 2024"."""
        parts = [
            told
            for told in (
                self.types and say("retrieval.only-type", values=_either(self.types)),
                self.folders and say("retrieval.in-folder", values=_either(self.folders)),
                self.senders and say("retrieval.sent-by", values=_either(self.senders)),
                self.recipients and say("retrieval.sent-to", values=_either(self.recipients)),
                self.names and say("retrieval.named", values=_either(self.names)),
            )
            if told
        ]
        dates = describe_dates(self.after, self.before)
        return (*parts, dates) if dates else tuple(parts)


def read_filters(operators: Iterable[tuple[str, str]], *, now: datetime) -> Filters:
    """The filters that pairs of an operator's name and one value mean: ``("type", "pdf")``, ``("after", "May 2024")``.

    Both dates name a first moment, as in mail programs: ``after:2023 before:2024`` is the year 2023. Raises
    ``QueryError`` for a value that cannot be understood, and for dates that exclude each other.
    """
    filters = Filters()
    for name, value in operators:
        value = value.strip()
        if not value:
            raise QueryError(
                say("retrieval.no-value", name=name), say("retrieval.write-remove", example=_EXAMPLES[name])
            )
        filters |= _read_one(name, value, now)
    if not filters.is_possible:
        raise QueryError(
            say(
                "retrieval.no-date-can-both",
                after=describe_dates(filters.after, None),
                before=describe_dates(None, filters.before),
            ),
            say("retrieval.remove-after-before-swap-them"),
        )
    return filters


_EXAMPLES = {
    "type": "type:pdf",
    "folder": "folder:Invoices",
    "from": "from:Anna",
    "to": "to:anna@example.org",
    "after": "after:2024-05-03",
    "before": "before:2024-05-03",
    "name": 'name:"annual report" or name:*.pdf',
}


def _read_one(name: str, value: str, now: datetime) -> Filters:
    match name:
        case "type":
            return Filters(types=_types(value))
        case "folder":
            return Filters(folders=(value,))
        case "from":
            return Filters(senders=(value,))
        case "to":
            return Filters(recipients=(value,))
        case "name":
            return Filters(names=(value,))
    interval = parse_date(value, now, any_language=True)
    if interval is None:
        raise QueryError(
            say("retrieval.not-date", value=value, name=name),
            say("retrieval.write-date-such-2024-05-03", name=name),
        )
    return Filters(after=interval.start) if name == "after" else Filters(before=interval.start)


def _types(value: str) -> tuple[str, ...]:
    word = value.lower().removeprefix("*")
    singular = word[:-1] if word.endswith("s") and word != "slides" else word
    for candidate in (word, singular):
        if candidate in KINDS:
            return (candidate,)
        if candidate in _ALIASES:
            return _ALIASES[candidate]
    suffix = word if word.startswith(".") else f".{word}"
    if by_suffix(suffix) and re.fullmatch(r"\.\w+", suffix):
        return (suffix,)
    close = difflib.get_close_matches(word, [*KINDS, *_ALIASES, "pdf", "docx", "xlsx", "pptx"], n=1, cutoff=0.6)
    meant = say("retrieval.did-mean-type", type=close[0]) if close else ""
    raise QueryError(
        say("retrieval.not-known-type-file", value=value),
        say("retrieval.use-suffix-such-pdf-one", meant=meant, kinds=", ".join(KINDS)),
    )


def _either(values: tuple[str, ...]) -> str:
    """One after the other, with "or" between them."""
    *rest, last = values
    told = last
    for value in reversed(rest):
        told = say("retrieval.or", first=value, second=told)
    return told


def _union(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(first + second))
