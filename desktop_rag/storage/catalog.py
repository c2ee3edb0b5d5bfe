"""The catalog: one SQLite file that holds everything a library knows.

A crash at any moment leaves the last committed transaction: a document is there whole, with its chunks and vectors, or
not at all. What Chroma may hold too much is invisible (hits are joined to the catalog) and is removed by the sweep.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from desktop_rag.storage.connections import Connections
from desktop_rag.storage.storage_errors import storage_errors
from desktop_rag.types import Chunk, Document, File, FileState, Locator, Mail, Problem, Role

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DOCUMENT_COLUMNS = "id, kind, mime, title, author, created, language, parent_id, thread_id, locator, recipe, mail, tags"


class NewPicture(msgspec.Struct, frozen=True):
    """What a chunk shows: the hash of the picture, that of its looks, and its vector if an image model saw it."""

    image_hash: bytes
    looks: int
    embedding_id: int | None


class NewChunk(msgspec.Struct, frozen=True):
    """A chunk about to be stored; its ``id`` is already used in Chroma, ``embedding_id`` points at its vector."""

    id: int
    ordinal: int
    role: Role
    locator: Locator
    context: str
    text: str
    words: int
    embedding_id: int
    picture: NewPicture | None = None


class NewDocument(msgspec.Struct, frozen=True):
    """A document about to be stored. ``number`` and ``parent`` tie the documents of one file together."""

    number: int
    parent: int | None
    kind: str
    mime: str
    name: str
    title: str
    state: FileState
    chunks: Sequence[NewChunk]
    author: str = ""
    created: datetime | None = None
    language: str = ""
    tags: tuple[str, ...] = ()
    mail: Mail | None = None
    problem: Problem | None = None
    locator: Locator | None = None


class Known(msgspec.Struct, frozen=True):
    """A stored document: how it was made, what became of it, and which models have analyzed what is in it (see the
    schema)."""

    id: int
    recipe: str
    state: FileState
    problem: Problem | None
    seen_by: str | None
    heard_by: str | None

    def missed_by(self, seen_by: str, heard_by: str) -> bool:
        """Whether one of these models ("" for none) would see or hear something in it that it has not yet."""
        return (bool(seen_by) and self.seen_by not in (None, seen_by)) or (
            bool(heard_by) and self.heard_by not in (None, heard_by)
        )


class Catalog(Connections):
    """What stands in the file, by name; see ``Connections`` for how it is opened, and what that raises."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        super().__init__(path, read_only=read_only)
        self._next_chunk = 1
        with storage_errors(path):
            self.refresh()

    def refresh(self) -> None:
        """Take note of what was written by other connections than this object's writer."""
        with self.write_lock:
            (last,) = self._writer.execute(
                "SELECT max(coalesce((SELECT max(id) FROM chunks), 0),"
                " coalesce((SELECT max(chunk_id) FROM garbage), 0))"
            ).fetchone()
            self._next_chunk = max(self._next_chunk, int(last) + 1)
            self._commits += 1

    # --- settings and roots ------------------------------------------------------------------------------------------

    def setting(self, key: str) -> str | None:
        row = self.reader().execute("SELECT value FROM settings WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def set_setting(self, key: str, value: str) -> None:
        with self.transaction() as writer:
            writer.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (key, value))

    def remove_setting(self, key: str) -> None:
        with self.transaction() as writer:
            writer.execute("DELETE FROM settings WHERE key = ?", (key,))

    def roots(self) -> list[str]:
        """The folders and files a person chose, in the order of their names."""
        return [row[0] for row in self.reader().execute("SELECT path FROM roots ORDER BY path")]

    def add_root(self, path: str, now: datetime) -> None:
        with self.transaction() as writer:
            writer.execute("INSERT OR IGNORE INTO roots VALUES (?, ?)", (path, now.timestamp()))

    def remove_root(self, path: str) -> None:
        with self.transaction() as writer:
            writer.execute("DELETE FROM roots WHERE path = ?", (path,))

    def adopt_roots(self, root: str, inside: Sequence[str]) -> None:
        """Let ``root`` take over the files of the roots ``inside`` it."""
        with self.transaction() as writer:
            for old in inside:
                writer.execute("DELETE FROM roots WHERE path = ?", (old,))
                writer.execute("UPDATE files SET root = ? WHERE root = ?", (root, old))

    def mounts(self, root: str) -> list[str]:
        """The mount points that ``root`` or folders in it were when last looked at."""
        text = self.setting(f"mounts of {root}")
        return [] if text is None else msgspec.json.decode(text, type=list[str])

    def set_mounts(self, root: str, mounts: Sequence[str]) -> None:
        self.set_setting(f"mounts of {root}", msgspec.json.encode(sorted(mounts)).decode())

    # --- files -------------------------------------------------------------------------------------------------------

    def file_stamps(self, root: str, at: str = "") -> dict[str, tuple[int, int, str]]:
        """path -> (size, mtime_ns, recipe) of all files known of ``root``, or of those at or below ``at``."""
        columns = "SELECT path, size, mtime_ns, recipe FROM files WHERE "
        rows = self.reader().execute(
            columns + ("+root = ? AND (path = ? OR path BETWEEN ? AND ?)" if at else "root = ?"),
            (root, at, at + os.sep, at + os.sep + "\U0010ffff") if at else (root,),
        )
        return {path: (size, mtime_ns, recipe or "") for path, size, mtime_ns, recipe in rows}

    def missed_by(self, root: str, seen_by: str, heard_by: str) -> set[str]:
        """The files of ``root`` whose pictures or sound none of these models has analyzed; "" stands for no model."""
        rows = self.reader().execute(
            "SELECT f.path FROM documents d JOIN files f ON f.document_id = d.id"
            " WHERE f.root = ? AND ((? <> '' AND d.seen_by <> ?) OR (? <> '' AND d.heard_by <> ?))",
            (root, seen_by, seen_by, heard_by, heard_by),
        )
        return {row[0] for row in rows}

    def file(self, path: str) -> File | None:
        row = (
            self.reader()
            .execute(
                "SELECT path, root, size, mtime_ns, state, problem, document_id FROM files WHERE path = ?", (path,)
            )
            .fetchone()
        )
        return None if row is None else _file(row)

    def files(self, where: str = "1", parameters: Sequence[Any] = ()) -> Iterator[File]:
        """Files for which the SQL condition holds, by path."""
        rows = self.reader().execute(
            f"SELECT path, root, size, mtime_ns, state, problem, document_id FROM files WHERE {where} ORDER BY path",
            parameters,
        )
        return (_file(row) for row in rows)

    def state_counts(self) -> dict[str, int]:
        """Number of files in each state."""
        return dict(self.reader().execute("SELECT state, count(*) FROM files GROUP BY state ORDER BY state"))

    def waiting_counts(self) -> dict[str, int]:
        """Number of files with pictures or sound that no model has analyzed, by the role of the model: "image",
        "speech"."""
        row = (
            self.reader()
            .execute(
                "SELECT count(*) FILTER (WHERE d.seen_by = ''), count(*) FILTER (WHERE d.heard_by = '')"
                " FROM files f JOIN documents d ON d.id = f.document_id"
            )
            .fetchone()
        )
        return {role: count for role, count in zip(("image", "speech"), row, strict=True) if count}

    def files_by_root(self) -> dict[str, int]:
        """Number of files known of each root."""
        return dict(self.reader().execute("SELECT root, count(*) FROM files GROUP BY root"))

    def problem_counts(self) -> dict[str, int]:
        """Number of files with each problem code, the most frequent first."""
        return dict(
            self.reader().execute(
                "SELECT json_extract(problem, '$.code') code, count(*) FROM files WHERE problem IS NOT NULL"
                " GROUP BY code ORDER BY 2 DESC"
            )
        )

    def counts(self) -> dict[str, int]:
        """Number of files, documents, chunks and embeddings."""
        reader = self.reader()
        return {
            table: reader.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("files", "documents", "chunks", "embeddings")
        }

    # --- documents ---------------------------------------------------------------------------------------------------

    def document(self, document_id: int) -> Document | None:
        row = self.reader().execute(f"SELECT {DOCUMENT_COLUMNS} FROM documents WHERE id = ?", (document_id,)).fetchone()
        return None if row is None else document_of(row)

    def documents(self, ids: Iterable[int]) -> dict[int, Document]:
        rows = self.reader().execute(
            f"SELECT {DOCUMENT_COLUMNS} FROM documents WHERE id IN (SELECT value FROM json_each(?))",
            (msgspec.json.encode(list(ids)).decode(),),
        )
        return {row[0]: document_of(row) for row in rows}

    def paths_of(self, document_id: int) -> list[str]:
        """The files that hold a document (or the document it is inside of), by path."""
        rows = self.reader().execute(
            "SELECT path FROM files WHERE document_id = (SELECT top_id FROM documents WHERE id = ?) ORDER BY path",
            (document_id,),
        )
        return [row[0] for row in rows]

    def inner_documents(self, top_id: int) -> list[Document]:
        """All documents of one file, outermost first."""
        rows = self.reader().execute(
            f"SELECT {DOCUMENT_COLUMNS} FROM documents WHERE top_id = ? ORDER BY id", (top_id,)
        )
        return [document_of(row) for row in rows]

    def picture_hashes(self) -> set[bytes]:
        """The hashes of all pictures."""
        return {row[0] for row in self.reader().execute("SELECT DISTINCT image_hash FROM pictures")}

    def find_known(self, content_hash: str) -> Known | None:
        """What is known of a document with these bytes."""
        columns = "SELECT id, recipe, state, problem, seen_by, heard_by FROM documents WHERE content_hash = ?"
        row = self.reader().execute(columns, (content_hash,)).fetchone()
        return None if row is None else Known(row[0], row[1], FileState(row[2]), _problem(row[3]), row[4], row[5])

    def chunks_of(self, document_id: int) -> list[Chunk]:
        rows = self.reader().execute(
            "SELECT id, document_id, ordinal, text, context, locator, role FROM chunks WHERE document_id = ?"
            " ORDER BY ordinal",
            (document_id,),
        )
        return [chunk_of(row) for row in rows]

    def chunks(self, ids: Iterable[int]) -> dict[int, Chunk]:
        rows = self.reader().execute(
            "SELECT id, document_id, ordinal, text, context, locator, role FROM chunks"
            " WHERE id IN (SELECT value FROM json_each(?))",
            (msgspec.json.encode(list(ids)).decode(),),
        )
        return {row[0]: chunk_of(row) for row in rows}

    # --- writing -----------------------------------------------------------------------------------------------------

    def reserve_chunk_ids(self, count: int) -> range:
        """Ids for chunks about to be stored; one left unused by a crash may be given again, and is then overwritten."""
        with self.write_lock:
            first = self._next_chunk
            self._next_chunk += count
        return range(first, first + count)

    def known_embeddings(self, space: str, hashes: Sequence[bytes]) -> dict[bytes, tuple[int, bytes]]:
        """text hash -> (embedding id, vector as float16 bytes) of those texts that were embedded before."""
        known: dict[bytes, tuple[int, bytes]] = {}
        for begin in range(0, len(hashes), 500):
            part = hashes[begin : begin + 500]
            marks = ",".join("?" * len(part))
            rows = self.reader().execute(
                f"SELECT text_hash, id, vector FROM embeddings WHERE space = ? AND text_hash IN ({marks})",
                (space, *part),
            )
            known.update((text_hash, (number, vector)) for text_hash, number, vector in rows)
        return known

    def add_embeddings(self, space: str, hashes: Sequence[bytes], vectors: NDArray[np.float32]) -> list[int]:
        """Put ``vectors`` [n, dim] into the cache as float16; returns their ids [n]."""
        ids: list[int] = []
        halves = vectors.astype("float16")
        with self.transaction() as writer:
            for text_hash, vector in zip(hashes, halves, strict=True):
                row = writer.execute(
                    "INSERT INTO embeddings(space, text_hash, vector) VALUES (?, ?, ?)"
                    " ON CONFLICT(space, text_hash) DO UPDATE SET vector = excluded.vector RETURNING id",
                    (space, text_hash, vector.tobytes()),
                ).fetchone()
                ids.append(row[0])
        return ids


def document_of(row: Sequence[Any]) -> Document:
    """A row of ``DOCUMENT_COLUMNS`` as a document."""
    return Document(
        id=row[0],
        kind=row[1],
        mime=row[2],
        title=row[3],
        author=row[4],
        created=datetime.fromisoformat(row[5]) if row[5] else None,
        language=row[6],
        parent_id=row[7],
        thread_id=row[8],
        locator=None if row[9] is None else decode_locator(row[9]),
        recipe=row[10],
        mail=None if row[11] is None else msgspec.json.decode(row[11], type=Mail),
        tags=tuple(msgspec.json.decode(row[12])),
    )


def chunk_of(row: Sequence[Any]) -> Chunk:
    """A row (id, document_id, ordinal, text, context, locator, role) as a chunk."""
    return Chunk(
        id=row[0],
        document_id=row[1],
        ordinal=row[2],
        text=row[3],
        context=row[4],
        locator=decode_locator(row[5]),
        role=row[6],
    )


_locator_decoder = msgspec.json.Decoder(Locator)


def decode_locator(text: str) -> Locator:
    locator: Locator = _locator_decoder.decode(text)
    return locator


def timestamp(moment: datetime) -> float:
    """Seconds since 1970; moments without a time zone are taken as UTC."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _problem(text: str | None) -> Problem | None:
    return None if text is None else msgspec.json.decode(text, type=Problem)


def _file(row: Sequence[Any]) -> File:
    return File(row[0], row[1], row[2], row[3], FileState(row[4]), _problem(row[5]), row[6])
