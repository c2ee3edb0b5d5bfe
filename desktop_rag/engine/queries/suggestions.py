"""Questions to begin with, made from what a library holds: no model is asked, and each finds what it is about."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate

from desktop_rag.engine.queries.search import parse
from desktop_rag.messages import say
from desktop_rag.retrieval.filters import Filters
from desktop_rag.retrieval.keyword import quoted
from desktop_rag.retrieval.terms import has_content, search_terms
from desktop_rag.storage.catalog import Catalog
from desktop_rag.storage.listing import Listing
from desktop_rag.storage.names import folded
from desktop_rag.storage.search import CatalogSearch
from desktop_rag.storage.threads import split_subject
from desktop_rag.types import Chunk, Document, Entry, Kind

_NEWEST = 12
"""Documents of a kind that are looked at."""
_PASSAGES = 12
"""Passages of a document whose headings are looked at."""
_FOUND_AMONG = 10
"""A question finds a document when one of so many passages is of it."""
_POSTINGS = 1_500
"""Passages that a question is looked for in by its rarest words: what only common words tell apart is not asked."""
_LONGEST = 60
"""Characters of a title, heading or name that fits into a question."""
_MACHINES = re.compile(r"no-?reply|do-?not-?reply|newsletter|notif|mailer|daemon|bounce", re.IGNORECASE)
_NO_HEADING = re.compile(r"(?:columns:|attached to |from |notes$|page \d|sheet ?\d|slide \d)", re.IGNORECASE)
_NUMBERING = re.compile(r"^(?:§\s*)?(?:\d+(?:\.\d+)*|[IVX]+|[a-z])[.)]?\s+(?=\S)")
_NO_TITLE = re.compile(
    r"(?:microsoft \w+ - .*|untitled.*|(?:document|presentation|book) ?\d*|(?:img|dsc|scan|pxl)[ _-]?\d.*|[\W\d_]+)$",
    re.IGNORECASE,
)

_Maker = Callable[[Document], Iterator[str]]
"""Makes questions about a document, the best first."""


class SuggestionQueries:
    """Safe to use from several threads."""

    def __init__(self, catalog: Catalog, listing: Listing, search: Callable[[], CatalogSearch]) -> None:
        self._catalog = catalog
        self._listing = listing
        self._search = search
        self._makers: tuple[tuple[Kind, tuple[_Maker, ...]], ...] = (
            ("mail", (self._about_mail,)),
            ("document", (self._about_heading, self._about_whole)),
            ("note", (self._about_heading, self._about_whole)),
            ("event", (self._about_event,)),
            ("slides", (self._about_heading, self._about_whole)),
            ("spreadsheet", (self._about_table,)),
            ("book", (self._about_heading, self._about_whole)),
            ("web", (self._about_heading, self._about_whole)),
            ("text", (self._about_heading, self._about_whole)),
        )

    def make(self, limit: int) -> tuple[str, ...]:
        """At most ``limit`` questions, of as many kinds as there are; the same ones for the same library."""
        by_kind = [self._of_kind(kind, makers) for kind, makers in self._makers]
        made: dict[str, None] = {}
        while by_kind and len(made) < limit:
            for questions in list(by_kind):
                question = next((question for question in questions if question not in made), None)
                if question is None:
                    by_kind.remove(questions)
                elif len(made) < limit:
                    made[question] = None
        return tuple(made)

    def _of_kind(self, kind: Kind, makers: Sequence[_Maker]) -> Iterator[str]:
        """One question for each of the newest documents that can be asked about, about the same thing once; those of
        the first maker first."""
        documents = self._listing.newest(kind, _NEWEST)
        seen: set[str] = set()
        for make in makers:
            for document in documents:
                subject = split_subject(document.title).base
                if subject in seen:
                    continue
                question = next((question for question in make(document) if self._finds(question, document)), None)
                if question is not None:
                    seen.add(subject)
                    yield question

    def _finds(self, question: str, document: Document) -> bool:
        """Whether the words of a question lead to a document, and none of them is taken for a filter."""
        query = parse(question, Filters())
        if not query.filters.is_empty:
            return False
        said = folded(" ".join(chunk.text for chunk in self._chunks(document)))
        if not all(folded(exact.text) in said for exact in query.sought.exact):
            return False  # a number that only the title has would be looked for in vain
        search = self._search()
        frequencies = search.frequencies(query.sought.term_stems)
        terms = zip(query.sought.terms, query.sought.term_stems, strict=True)
        known = sorted((frequencies[stem], term) for term, stem in terms if frequencies[stem])
        costs = accumulate(frequency for frequency, _ in known)
        rarest = [quoted([term]) for (_, term), cost in zip(known, costs, strict=True) if cost <= _POSTINGS]
        if not rarest:
            return False
        found = [number for number, _ in search.keyword(" OR ".join(rarest), _FOUND_AMONG)]
        return any(chunk.document_id == document.id for chunk in self._catalog.chunks(found).values())

    def _about_mail(self, document: Document) -> Iterator[str]:
        if document.mail is None:
            return
        sender, subject = document.mail.sender, split_subject(document.mail.subject).text.rstrip(" ?!.:;")
        machine = _MACHINES.search(f"{sender.name} {sender.address}")
        if _fits(sender.name) and "@" not in sender.name and not machine and _fits(subject) and has_content(subject):
            yield say("engine.what-did-write-about", name=sender.name, subject=subject)

    def _about_heading(self, document: Document) -> Iterator[str]:
        title = _title(document)
        # The heading at the top is often no more than another title.
        for chunk in sorted(self._chunks(document), key=lambda chunk: chunk.ordinal == 0) if title else ():
            heading = _heading(chunk, title)
            if heading:
                yield say("engine.what-does-say-about", title=title, heading=heading)

    def _about_whole(self, document: Document) -> Iterator[str]:
        if (title := _title(document)) and self._chunks(document):
            yield say("engine.what-about", title=title)

    def _about_table(self, document: Document) -> Iterator[str]:
        if (title := _title(document)) and self._chunks(document):
            yield say("engine.what-is-in", title=title)

    def _about_event(self, document: Document) -> Iterator[str]:
        for chunk in reversed(self._chunks(document)):
            what = chunk.locator.name if isinstance(chunk.locator, Entry) else document.title
            if _fits(what) and has_content(what):
                yield say("engine.when-is", what=what)

    def _chunks(self, document: Document) -> tuple[Chunk, ...]:
        return self._listing.passages(document.id, _PASSAGES).chunks


def _title(document: Document) -> str:
    """The title, if it is one that a person would name."""
    title = " ".join(document.title.split())
    return title if _fits(title) and not _NO_TITLE.match(title) and has_content(title) else ""


def _heading(chunk: Chunk, title: str) -> str:
    """The innermost heading above a passage, if it says something else than the title."""
    if chunk.role != "body" or chunk.context.endswith("…"):
        return ""
    parts = [part for part in chunk.context.split(" > ")[1:] if not _NO_HEADING.match(part)]
    heading = _NUMBERING.sub("", parts[-1]).rstrip(" ?!.:;") if parts else ""
    same = set(search_terms(heading)) & set(search_terms(title))
    return heading if _fits(heading) and has_content(heading) and not same else ""


def _fits(text: str) -> bool:
    """Whether a text can stand in a question: not empty, not long, on one line and without quotation marks."""
    return 2 < len(text) <= _LONGEST and text.isprintable() and not set(text) & set('“”"')
