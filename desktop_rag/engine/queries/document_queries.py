"""What a library shows of its files, beside searching them: lists, documents to read, pictures, people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from msgspec.structs import replace

from desktop_rag.engine.library import Library
from desktop_rag.engine.queries.hits import full_locator, with_parents
from desktop_rag.engine.queries.suggestions import SuggestionQueries
from desktop_rag.engine.views import DocumentView, FileList, PartContent, ThreadMail
from desktop_rag.errors import QueryError
from desktop_rag.indexing.scan import is_text
from desktop_rag.messages import say
from desktop_rag.parsing.stream import DocumentSegment
from desktop_rag.parsing.worker.fingerprint import short_hash
from desktop_rag.storage.listing import FileFilter, Listing, Named
from desktop_rag.storage.names import folded
from desktop_rag.types import Chunk, Document, File, FileState, Locator, Message, Person, Whole

_MOST_AT_ONCE = 1_000
_MOST_INSIDE = 500
_MOST_MAILS = 50
_MOST_OF_A_MAIL = 60
"""Passages shown of each message of a thread."""
_POOL = ("views", 2)
"""Parsers of their own, so that nobody waits for what is indexed."""


class DocumentQueries:
    """Safe to use from several threads, while the library is changed."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._catalog = library.catalog
        self._listing = Listing(library.catalog)
        self._people: tuple[int, list[tuple[Person, str]]] = (-1, [])
        self._suggestions = SuggestionQueries(library.catalog, self._listing, lambda: library.search)

    def files(self, states: Sequence[FileState], root: Path | None, name: str, after: str, limit: int) -> FileList:
        wanted = FileFilter(tuple(dict.fromkeys(states)), "" if root is None else _full(root), name)
        with self._listing.moment():
            found = self._listing.files(wanted, after, _at_most(limit, _MOST_AT_ONCE))
        return FileList(found.files, found.total)

    # --- documents ---------------------------------------------------------------------------------------------------

    def view(self, path: Path, document: int | None, chunk: int | None, limit: int) -> DocumentView:
        with self._listing.moment():
            return self._view(path, document, chunk, limit)

    def _view(self, path: Path, document: int | None, chunk: int | None, limit: int) -> DocumentView:
        file = self._file(path)
        asked = None if chunk is None else self._catalog.chunks([chunk]).get(chunk)
        wanted = document if asked is None else document or asked.document_id
        known = with_parents(self._catalog, {number for number in (wanted, file.document_id) if number is not None})
        shown = known.get(wanted or 0)
        if shown is None or _outermost(shown, known).id != file.document_id:
            if document is not None:
                raise QueryError(
                    say("engine.does-not-contain-document", path=file.path), say("engine.may-changed-search-again")
                )
            shown = known[file.document_id or 0]
        around = asked.ordinal if asked is not None and asked.document_id == shown.id else None
        passages = self._listing.passages(shown.id, _at_most(limit, _MOST_AT_ONCE), around)
        return DocumentView(
            path=file.path,
            document=_placed(shown, known),
            parent=None if shown.parent_id is None else _placed(known[shown.parent_id], known),
            passages=_all_placed(passages.chunks, shown, known),
            before=passages.before,
            after=passages.after,
            attachments=tuple(
                _placed(inner, known | {inner.id: inner}) for inner in self._listing.inside(shown.id, _MOST_INSIDE)
            ),
            thread=self._thread(shown, file.path),
        )

    def _file(self, path: Path) -> File:
        if not is_text(str(path)):
            raise QueryError(say("common.files-name-not-valid-unicode"), say("common.rename-can-indexed"))
        file = self._catalog.file(_full(path)) or self._catalog.file(str(path.expanduser().resolve()))
        if file is None:
            raise QueryError(say("engine.not-library", path=path), say("common.may-moved-deleted"))
        if file.document_id is None:
            if file.problem is None:
                raise QueryError(say("engine.not-read-yet", path=path), say("engine.wait-moment-try-again"))
            raise QueryError(file.problem.worded("message"), file.problem.worded("hint"))
        return file

    def _thread(self, shown: Document, path: str) -> tuple[ThreadMail, ...]:
        if shown.thread_id is None or shown.mail is None:
            return ()
        mails = _once_each(self._listing.thread(shown.thread_id), shown)
        at = next((index for index, mail in enumerate(mails) if mail.id == shown.id), 0)
        first = max(0, min(at - _MOST_MAILS // 2, len(mails) - _MOST_MAILS))
        mails = mails[first : first + _MOST_MAILS]
        known = with_parents(self._catalog, {mail.id for mail in mails})
        found: list[ThreadMail] = []
        for mail in mails:
            paths = self._catalog.paths_of(mail.id)
            if paths:
                chunks = self._listing.passages(mail.id, _MOST_OF_A_MAIL).chunks
                found.append(
                    ThreadMail(
                        _placed(mail, known),
                        path if path in paths else paths[0],
                        full_locator(mail, Message(1), known),
                        _all_placed(chunks, mail, known),
                    )
                )
        return tuple(found)

    # --- bytes -------------------------------------------------------------------------------------------------------

    def part(self, path: Path, locator: Locator) -> PartContent:
        found = self._library.pools.shared(*_POOL).read_part(path.expanduser().absolute(), locator)
        return PartContent(found.name, found.mime, found.data)

    def previews(self, chunks: Sequence[int]) -> dict[int, bytes]:
        hashes = self._listing.picture_hashes(chunks)
        kept = {picture: data for picture in set(hashes.values()) if (data := self._library.thumbnails.load(picture))}
        lost = {number: picture for number, picture in hashes.items() if picture not in kept}
        kept |= self._made_again(lost)
        return {number: kept[picture] for number, picture in hashes.items() if picture in kept}

    def _made_again(self, lost: dict[int, bytes]) -> dict[bytes, bytes]:
        """The small forms of the pictures of these chunks, from their files, by hash; those that are still there."""
        by_path: dict[str, set[bytes]] = {}
        for chunk in self._catalog.chunks(lost).values():
            for path in self._catalog.paths_of(chunk.document_id)[:1]:
                by_path.setdefault(path, set()).add(lost[chunk.id])
        made: dict[bytes, bytes] = {}
        for path, wanted in by_path.items():
            for event in self._library.pools.shared(*_POOL).parse(Path(path)):
                if not isinstance(event, DocumentSegment) or event.segment.preview is None:
                    continue
                preview = event.segment.preview
                picture = short_hash(preview)
                if picture in wanted:
                    wanted.remove(picture)
                    made[picture] = preview
                    if not self._library.read_only:
                        self._library.thumbnails.keep(picture, preview)
                if not wanted:
                    break
        return made

    # --- people and questions ----------------------------------------------------------------------------------------

    def people(self, name: str, limit: int) -> tuple[Person, ...]:
        part = folded(name.strip())
        found = (person for person, known_as in self._everybody() if part in known_as)
        return tuple(islice(found, max(0, limit)))

    def _everybody(self) -> list[tuple[Person, str]]:
        """Everybody, the most frequent first, with name and address as they are compared; made again only after the
        catalog has changed."""
        version = self._catalog.version()
        known, people = self._people
        if version != known:
            counted = _same_people(self._listing.senders())
            ranked = sorted(counted, key=lambda named: (-named.count, folded(named.name), named.address))
            people = [(Person(who.name, who.address), folded(f"{who.name}\n{who.address}")) for who in ranked]
            self._people = (version, people)
        return people

    def suggestions(self, limit: int) -> tuple[str, ...]:
        return self._suggestions.make(limit)


def _full(path: Path) -> str:
    return str(path.expanduser().absolute())


def _at_most(limit: int, most: int) -> int:
    return max(0, min(limit, most))


def _outermost(document: Document, known: dict[int, Document]) -> Document:
    while document.parent_id is not None:
        document = known[document.parent_id]
    return document


def _placed(document: Document, known: dict[int, Document]) -> Document:
    """The document with its place as seen from the file on disk."""
    return document if document.parent_id is None else replace(document, locator=full_locator(document, Whole(), known))


def _all_placed(chunks: Iterable[Chunk], document: Document, known: dict[int, Document]) -> tuple[Chunk, ...]:
    return tuple(replace(chunk, locator=full_locator(document, chunk.locator, known)) for chunk in chunks)


def _once_each(mails: Sequence[Document], shown: Document) -> list[Document]:
    """The mails without copies of the same message; of copies, the one shown stays, or the first."""
    chosen: dict[str, Document] = {}
    for mail in mails:
        name = (mail.mail.message_id if mail.mail else "") or f"document {mail.id}"
        if name not in chosen or mail.id == shown.id:
            chosen[name] = mail
    return list(chosen.values())


def _same_people(forms: Sequence[Named]) -> list[Named]:
    """Everybody once: those of one address are the same, under the name they use most, and so is who has the name of
    exactly one of them and no address."""
    by_address: dict[str, list[Named]] = {}
    for form in sorted(forms, key=lambda form: (-form.count, form.name, form.address)):
        if form.address:
            by_address.setdefault(folded(form.address), []).append(form)
    people = {
        address: Named(next((form.name for form in same if form.name), ""), same[0].address, sum(f.count for f in same))
        for address, same in by_address.items()
    }
    of_name: dict[str, list[str]] = {}
    for address, person in people.items():
        of_name.setdefault(folded(person.name), []).append(address)
    for form in forms:
        if not form.address:
            called = of_name.get(folded(form.name), [])
            key = called[0] if len(called) == 1 else folded(form.name)
            before = people.get(key, Named(form.name, "", 0))
            people[key] = replace(before, count=before.count + form.count)
    return list(people.values())
