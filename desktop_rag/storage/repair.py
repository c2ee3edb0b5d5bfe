"""A damaged catalog -> a sound one that holds what could still be read.

Cached embeddings are the dear part of a catalog: they are kept, so that files are read again but nothing is embedded
twice. For a library that nobody has open.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from desktop_rag.messages import say
from desktop_rag.storage.migrations import migrate
from desktop_rag.storage.storage_errors import storage_errors

_FOLDERS_NAME = "folders.json"
_TABLES = {
    "settings": "key",
    "roots": "path",
    "embeddings": "id",
    "documents": "id",
    "chunks": "id",
    "pictures": "chunk_id",
    "perceived": "content_hash",
    "files": "path",
    "people": "rowid",
    "messages": "message_id",
    "conversations": "id",
    "turns": "id",
}
"""Tables with the key they are ordered by; what is derived from them is not among them."""


def remember_folders(library: Path, roots: Sequence[str]) -> None:
    """Keep the list of chosen folders beside the catalog, for the day when nothing of it can be read."""
    with suppress(OSError):
        fresh = library / f"{_FOLDERS_NAME}.new"
        fresh.write_bytes(msgspec.json.encode(sorted(roots)))
        fresh.replace(library / _FOLDERS_NAME)


def repair(catalog: Path) -> list[str]:
    """Mend the catalog; returns in words what was done, [] when it was sound.

    A damaged full-text index or index is made again. Otherwise all rows that can be read go into a new catalog, and
    the damaged one is kept beside it; every file is then read again. A crash leaves the damaged catalog or the mended
    one. Raises ``StorageError``, ``DiskFull``.
    """
    if not catalog.exists():
        return []
    with storage_errors(catalog):
        try:
            with closing(_connect(catalog)) as connection:
                if _is_sound(connection):
                    return []
                done = _mend_in_place(connection)
                if done and _is_sound(connection):
                    return done
        except sqlite3.DatabaseError as error:
            if _is_ours(error):
                raise
        return _salvage(catalog)


def _is_ours(error: sqlite3.DatabaseError) -> bool:
    """Whether an error is about the disk or the rights, and no damage."""
    return isinstance(error, sqlite3.OperationalError) and (getattr(error, "sqlite_errorcode", 0) & 0xFF) not in (
        sqlite3.SQLITE_ERROR,  # a table that the damage has made unknown
        sqlite3.SQLITE_CORRUPT,
    )


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, timeout=5)


def _is_sound(connection: sqlite3.Connection) -> bool:
    if [row[0] for row in connection.execute("PRAGMA integrity_check(1)")] != ["ok"]:
        return False
    if connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'chunk_words'").fetchone() != (1,):
        return False
    try:
        connection.execute("INSERT INTO chunk_words(chunk_words, rank) VALUES ('integrity-check', 1)")
    except sqlite3.DatabaseError:
        return False
    return True


def _mend_in_place(connection: sqlite3.Connection) -> list[str]:
    """Make again what is derived from the tables; [] when that is not possible."""
    try:
        connection.execute("REINDEX")
        connection.execute("INSERT INTO chunk_words(chunk_words) VALUES ('rebuild')")
    except sqlite3.DatabaseError:
        return []
    return [say("storage.indexes-catalog-rebuilt")]


def _salvage(catalog: Path) -> list[str]:
    fresh = catalog.with_name(f"{catalog.stem}.mended.sqlite")
    fresh.unlink(missing_ok=True)
    kept: dict[str, int] = {}
    with closing(_connect(fresh)) as new:
        migrate(new)
        try:
            with closing(_connect(catalog)) as old:
                for table, key in _TABLES.items():
                    kept[table] = _copy(old, new, table, key)
        except sqlite3.DatabaseError:  # not a database any more
            pass
        _make_consistent(new)
        if not kept.get("roots"):
            _restore_roots(new, catalog.parent)
        chunks, roots = (new.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("chunks", "roots"))
    aside = catalog.with_name(f"{catalog.stem}.damaged-{datetime.now():%Y%m%d-%H%M%S}.sqlite")
    shutil.copyfile(catalog, aside)
    with fresh.open("rb+") as written:
        os.fsync(written.fileno())
    for rest in ("-wal", "-shm"):  # of the damaged one: they must not be applied to the new
        catalog.with_name(catalog.name + rest).unlink(missing_ok=True)
    fresh.replace(catalog)
    # Chunks may get numbers again that stand for others in Chroma: it is made again at the next opening.
    for folder in ("chroma", "pictures"):
        shutil.rmtree(catalog.with_name(folder), ignore_errors=True)
    return [
        say("storage.catalog-damaged-passages-embeddings-saved", chunks=chunks, embeddings=kept.get("embeddings", 0)),
        say("storage.folders-known", count=roots),
        say("storage.damaged-catalog-kept-delete-when-everything", name=aside.name),
    ]


def _copy(old: sqlite3.Connection, new: sqlite3.Connection, table: str, key: str) -> int:
    """Copy the rows that can be read; returns how many. Raises ``sqlite3.DatabaseError`` when ``old`` is no database
    at all."""
    known = {row[1] for row in old.execute(f"PRAGMA table_info({table})")}  # an older version may have written it
    columns = [row[1] for row in new.execute(f"PRAGMA table_info({table})") if row[1] in known]
    if not columns:
        return 0
    insert = f"INSERT OR IGNORE INTO {table}({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"
    new.execute("BEGIN")
    for row in _readable(old, table, key, columns):
        with suppress(sqlite3.DatabaseError):  # a value that the table does not take
            new.execute(insert, row)
    new.execute("COMMIT")
    return int(new.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def _readable(old: sqlite3.Connection, table: str, key: str, columns: Sequence[str]) -> Iterator[Sequence[Any]]:
    """The rows from the first one up to the damage, and from the last one down to it."""
    for order in ("ASC", "DESC"):
        try:
            yield from old.execute(f"SELECT {', '.join(columns)} FROM {table} NOT INDEXED ORDER BY {key} {order}")
            return
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_NOTADB:
                raise


def _make_consistent(new: sqlite3.Connection) -> None:
    """Drop rows that point to lost ones, and have every file read again: parts of its document may be lost."""
    new.executescript(
        """
        BEGIN;
        DELETE FROM documents WHERE top_id NOT IN (SELECT id FROM documents)
            OR (parent_id IS NOT NULL AND parent_id NOT IN (SELECT id FROM documents));
        DELETE FROM chunks WHERE document_id NOT IN (SELECT id FROM documents)
            OR embedding_id NOT IN (SELECT id FROM embeddings);
        DELETE FROM pictures WHERE chunk_id NOT IN (SELECT id FROM chunks)
            OR embedding_id NOT IN (SELECT id FROM embeddings);
        DELETE FROM turns WHERE conversation_id NOT IN (SELECT id FROM conversations);
        DELETE FROM people WHERE document_id NOT IN (SELECT id FROM documents);
        UPDATE documents SET recipe = '';
        UPDATE files SET recipe = '', name = folded_name(path),
            document_id = CASE WHEN document_id IN (SELECT id FROM documents) THEN document_id END;
        COMMIT;
        """
    )


def _restore_roots(new: sqlite3.Connection, library: Path) -> None:
    try:
        roots = msgspec.json.decode((library / _FOLDERS_NAME).read_bytes(), type=list[str])
    except (OSError, msgspec.MsgspecError):
        return
    now = datetime.now(UTC).timestamp()
    new.executemany("INSERT OR IGNORE INTO roots VALUES (?, ?)", ((root, now) for root in roots))
