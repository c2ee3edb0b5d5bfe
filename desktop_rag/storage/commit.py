"""The commit point of a document: one transaction replaces what a file held before by what it holds now."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from desktop_rag.messages import plain
from desktop_rag.storage.catalog import Catalog, NewChunk, NewDocument, timestamp
from desktop_rag.storage.names import folded_name
from desktop_rag.storage.threads import Relative, assign, identifiers, relative, split_subject
from desktop_rag.types import FileState, Mail, Person, Problem

USED_EMBEDDINGS = (
    "SELECT embedding_id FROM chunks"
    " UNION SELECT embedding_id FROM pictures WHERE embedding_id IS NOT NULL"
    " UNION SELECT embedding_id FROM respaced"
)
"""The cached vectors that something refers to."""
FIRST = 1
"""Number of the document that is the file itself."""


class SeenFile(msgspec.Struct, frozen=True):
    """A file as the scan found it, with the hash of its bytes and the recipe its index is made by."""

    path: str
    root: str
    size: int
    mtime_ns: int
    content_hash: str
    recipe: str


class FileOutcome(msgspec.Struct, frozen=True):
    """What became of a file, and which models have analyzed what is in it (see the schema)."""

    state: FileState
    problem: Problem | None = None
    seen_by: str | None = None
    heard_by: str | None = None


def commit_documents(
    catalog: Catalog,
    file: SeenFile,
    documents: Sequence[NewDocument],
    ids: dict[int, int],
    finished: FileOutcome | None,
) -> None:
    """Store ``documents`` as what ``file`` holds, in one transaction; what it held before is replaced.

    The first document is the file's own. A large mailbox comes in several calls, of which only the last is
    ``finished``; ``ids``, empty at the first, carries document number -> id from call to call. Until then the documents
    have no file and no hash, and are not found: what was known of these bytes stays until the last.
    The vectors of the chunks are in Chroma already; those of the replaced ones are listed as garbage.
    """
    with catalog.transaction() as writer:
        for document in documents:
            if document.number in ids:
                _update_document(writer, ids[document.number], document)
            else:
                ids[document.number] = _insert_document(writer, file, document, ids)
            _insert_chunks(writer, ids[document.number], document.chunks)
        if finished is not None:
            state, problem = finished.state, finished.problem
            top = ids[documents[0].number]
            _replace_known(writer, file.content_hash, top)
            writer.execute("UPDATE documents SET recipe = ? WHERE top_id = ?", (file.recipe, top))
            analyzed_by = (finished.seen_by, finished.heard_by, top)
            writer.execute("UPDATE documents SET seen_by = ?, heard_by = ? WHERE id = ?", analyzed_by)
            _set_file(writer, file, state, problem, top)
            # Copies of the file that were indexed by an older recipe get the new document, too.
            writer.execute(
                "UPDATE files SET document_id = ?, state = ?, problem = ?, recipe = ? WHERE content_hash = ?",
                (top, state, _json(problem), file.recipe, file.content_hash),
            )


def link_file(catalog: Catalog, file: SeenFile, state: FileState, problem: Problem | None, document_id: int) -> bool:
    """Record that ``file`` holds a document that is already in the catalog: a copy or a move embeds nothing. False, and
    nothing is recorded, when that document has gone in the meantime with the last file that held it."""
    with catalog.transaction() as writer:
        known = "SELECT 1 FROM documents WHERE id = ? AND content_hash = ?"  # an id may have been given again
        if writer.execute(known, (document_id, file.content_hash)).fetchone() is None:
            return False
        _set_file(writer, file, state, problem, document_id)
    return True


def note_file(catalog: Catalog, file: SeenFile, state: FileState, problem: Problem | None) -> None:
    """Record a file that could not even be opened."""
    with catalog.transaction() as writer:
        _set_file(writer, file, state, problem, None)


def forget_files(catalog: Catalog, paths: Sequence[str]) -> None:
    """Remove files, and the documents that no other file holds, with their chunks; the cache of embeddings stays."""
    with catalog.transaction() as writer:
        for path in paths:
            row = writer.execute("DELETE FROM files WHERE path = ? RETURNING document_id", (path,)).fetchone()
            if row is not None:
                _release(writer, row[0])


def sweep_unfinished(catalog: Catalog) -> None:
    """Delete documents that a crash or a stop left without a file."""
    with catalog.transaction() as writer:
        rows = writer.execute(
            "SELECT id FROM documents WHERE parent_id IS NULL"
            " AND NOT EXISTS (SELECT 1 FROM files WHERE files.document_id = documents.id)"
        ).fetchall()
        for (number,) in rows:
            _delete_document(writer, number)


def garbage(catalog: Catalog) -> list[int]:
    """Chunk ids whose vectors Chroma may still hold."""
    return [row[0] for row in catalog.reader().execute("SELECT chunk_id FROM garbage")]


def clear_garbage(catalog: Catalog, ids: Sequence[int]) -> None:
    with catalog.transaction() as writer:
        writer.executemany("DELETE FROM garbage WHERE chunk_id = ?", ((number,) for number in ids))


def sweep_embeddings(catalog: Catalog) -> int:
    """Delete cached vectors that no chunk uses; returns how many."""
    with catalog.transaction() as writer:
        return writer.execute(f"DELETE FROM embeddings WHERE id NOT IN ({USED_EMBEDDINGS})").rowcount


def _replace_known(writer: sqlite3.Connection, content_hash: str, top: int) -> None:
    """Let the document ``top`` be the one with these bytes, for all files that hold them."""
    old = writer.execute("SELECT id FROM documents WHERE content_hash = ?", (content_hash,)).fetchone()
    if old is not None:
        writer.execute("UPDATE files SET document_id = ? WHERE document_id = ?", (top, *old))
        _delete_document(writer, old[0])
    writer.execute("UPDATE documents SET content_hash = ? WHERE id = ?", (content_hash, top))


def _insert_document(writer: sqlite3.Connection, file: SeenFile, document: NewDocument, ids: Mapping[int, int]) -> int:
    inner = document.parent is not None
    cursor = writer.execute(
        "INSERT INTO documents(parent_id, top_id, recipe, dated, kind, mime, name, title, author,"
        " created, language, tags, mail, state, problem, locator, thread_id,"
        " subject)"
        " VALUES (?, ?, '', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            ids[document.parent] if document.parent is not None else None,
            ids[FIRST] if inner else 0,
            _dated(writer, file, document, ids),
            *_columns(writer, document),
        ),
    )
    number = int(cursor.lastrowid or 0)
    if not inner:
        writer.execute("UPDATE documents SET top_id = id WHERE id = ?", (number,))
    _insert_people(writer, number, document)
    return number


def _update_document(writer: sqlite3.Connection, number: int, document: NewDocument) -> None:
    writer.execute(
        "UPDATE documents SET kind = ?, mime = ?, name = ?, title = ?, author = ?, created = ?,"
        " language = ?, tags = ?, mail = ?, state = ?, problem = ?, locator = ?, thread_id = ?, subject = ?"
        " WHERE id = ?",
        (*_columns(writer, document), number),
    )
    writer.execute("DELETE FROM people WHERE document_id = ?", (number,))
    _insert_people(writer, number, document)


def _columns(writer: sqlite3.Connection, document: NewDocument) -> tuple[object, ...]:
    """kind … thread_id, in the order of the table."""
    return (
        document.kind,
        document.mime,
        document.name,
        document.title,
        document.author,
        document.created.isoformat() if document.created else None,
        document.language,
        msgspec.json.encode(document.tags).decode(),
        _json(document.mail),
        document.state,
        _json(document.problem),
        _json(document.locator),
        _thread(writer, document),
        split_subject(document.mail.subject).base if document.mail else None,
    )


def _dated(writer: sqlite3.Connection, file: SeenFile, document: NewDocument, ids: Mapping[int, int]) -> float:
    if document.created is not None:
        return timestamp(document.created)
    if document.parent is not None:
        parent = (ids[document.parent],)
        return float(writer.execute("SELECT dated FROM documents WHERE id = ?", parent).fetchone()[0])
    return file.mtime_ns / 1e9


def _insert_people(writer: sqlite3.Connection, number: int, document: NewDocument) -> None:
    """Who a document is from and to: a mail's sender and recipients, or the author of anything else."""
    mail = document.mail
    people = [("from", Person(document.author))] if mail is None else [("from", mail.sender)]
    people += [("to", person) for person in mail.recipients] if mail is not None else []
    writer.executemany(
        "INSERT INTO people VALUES (?, ?, ?, ?)",
        ((number, role, person.name, person.address) for role, person in people if str(person)),
    )


def _insert_chunks(writer: sqlite3.Connection, document_id: int, chunks: Sequence[NewChunk]) -> None:
    writer.executemany(
        "INSERT INTO chunks(id, document_id, ordinal, role, locator, context, text, words, embedding_id)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                chunk.id,
                document_id,
                chunk.ordinal,
                chunk.role,
                msgspec.json.encode(chunk.locator).decode(),
                chunk.context,
                chunk.text,
                chunk.words,
                chunk.embedding_id,
            )
            for chunk in chunks
        ),
    )
    writer.executemany(
        "INSERT INTO pictures VALUES (?, ?, ?, ?)",
        (
            (chunk.id, chunk.picture.image_hash, chunk.picture.looks, chunk.picture.embedding_id)
            for chunk in chunks
            if chunk.picture is not None
        ),
    )


def _set_file(
    writer: sqlite3.Connection, file: SeenFile, state: FileState, problem: Problem | None, document_id: int | None
) -> None:
    before = writer.execute("SELECT document_id FROM files WHERE path = ?", (file.path,)).fetchone()
    writer.execute(
        "INSERT OR REPLACE INTO files(path, root, size, mtime_ns, state, problem, content_hash, recipe, document_id,"
        " name) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            file.path,
            file.root,
            file.size,
            file.mtime_ns,
            state,
            _json(problem),
            file.content_hash,
            file.recipe,
            document_id,
            folded_name(file.path),
        ),
    )
    if before is not None and before[0] != document_id:
        _release(writer, before[0])


def _release(writer: sqlite3.Connection, document_id: int | None) -> None:
    """Delete a document if no file holds it any more."""
    held = writer.execute("SELECT 1 FROM files WHERE document_id = ? LIMIT 1", (document_id,)).fetchone()
    if document_id is not None and held is None:
        writer.execute(
            "DELETE FROM perceived WHERE content_hash = (SELECT content_hash FROM documents WHERE id = ?)",
            (document_id,),
        )
        _delete_document(writer, document_id)


def _delete_document(writer: sqlite3.Connection, top_id: int) -> None:
    """Delete a document with those inside it; its chunks go first, so that the full-text index hears of each."""
    inner = "document_id IN (SELECT id FROM documents WHERE top_id = ?)"
    writer.execute(f"INSERT OR IGNORE INTO garbage SELECT id FROM chunks WHERE {inner}", (top_id,))
    writer.execute(f"DELETE FROM chunks WHERE {inner}", (top_id,))
    writer.execute("DELETE FROM documents WHERE id = ?", (top_id,))


def _thread(writer: sqlite3.Connection, document: NewDocument) -> int | None:
    """The conversation a mail belongs to; conversations that it connects become one."""
    mail = document.mail
    if mail is None:
        return None
    base = split_subject(mail.subject).base
    (fresh,) = writer.execute(
        "SELECT 1 + max(coalesce((SELECT max(thread_id) FROM messages), 0),"
        " coalesce((SELECT max(thread_id) FROM documents), 0))"
    ).fetchone()
    assigned = assign(
        mail,
        _known_threads(writer, identifiers(mail)),
        fresh,
        date=document.created,
        same_subject=_same_subject(writer, base) if document.created and base else (),
    )
    for other in assigned.merged:
        writer.execute("UPDATE messages SET thread_id = ? WHERE thread_id = ?", (assigned.thread_id, other))
        writer.execute("UPDATE documents SET thread_id = ? WHERE thread_id = ?", (assigned.thread_id, other))
    writer.executemany(
        "INSERT OR IGNORE INTO messages VALUES (?, ?)", ((name, assigned.thread_id) for name in assigned.ids)
    )
    return assigned.thread_id


def _known_threads(writer: sqlite3.Connection, names: Sequence[str]) -> dict[str, int]:
    marks = ",".join("?" * len(names))
    return dict(writer.execute(f"SELECT message_id, thread_id FROM messages WHERE message_id IN ({marks})", names))


def _same_subject(writer: sqlite3.Connection, base: str) -> list[Relative]:
    """The mails already stored that have the same subject but for "Re:" and the like."""
    rows = writer.execute(
        "SELECT mail, created, thread_id FROM documents WHERE subject = ? AND created IS NOT NULL"
        " AND thread_id IS NOT NULL",
        (base,),
    )
    return [
        relative(msgspec.json.decode(mail, type=Mail), datetime.fromisoformat(created), thread)
        for mail, created, thread in rows
    ]


def _json(value: object) -> str | None:
    return None if value is None else msgspec.json.encode(value, enc_hook=plain).decode()
