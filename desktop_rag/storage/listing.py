"""Lists of what a library holds: pages of files, passages of a document, threads of mails, people. Read-only, and quick
at any size: each query is answered from an index."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any

from msgspec import Struct

from desktop_rag.storage.catalog import DOCUMENT_COLUMNS, Catalog, chunk_of, document_of
from desktop_rag.storage.names import folded
from desktop_rag.types import Chunk, Document, File, FileState, Kind

_LAST = "\U0010ffff"
_COUNTS_KEPT = 32


class FileFilter(Struct, frozen=True):
    """What a list of files is narrowed to. ``states`` are alternatives, none stands for all; ``below`` is a folder or
    file; ``name`` a part of the file's name, in which case does not matter."""

    states: tuple[FileState, ...] = ()
    below: str = ""
    name: str = ""


class FilePage(Struct, frozen=True):
    """Some of the files that a filter admits, and how many it admits in all."""

    files: tuple[File, ...]
    total: int


class ChunkRange(Struct, frozen=True):
    """A stretch of a document's chunks, and how many come before and after it."""

    chunks: tuple[Chunk, ...]
    before: int
    after: int


class Named(Struct, frozen=True):
    """Somebody as written in ``count`` documents."""

    name: str
    address: str
    count: int


class Listing:
    """Safe to use from several threads."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._counted = -1
        self._counts: dict[FileFilter, int] = {}

    @contextmanager
    def moment(self) -> Iterator[None]:
        """What this thread reads inside is of one moment, whatever is written meanwhile."""
        reader = self._catalog.reader()
        reader.execute("BEGIN")
        try:
            yield
        finally:
            if reader.in_transaction:
                reader.execute("ROLLBACK")

    def files(self, wanted: FileFilter, after: str, limit: int) -> FilePage:
        """The next files by path that ``wanted`` admits, from the one after ``after``, and how many it admits in all;
        these are counted again only after the catalog has changed."""
        version = self._catalog.version()
        if version != self._counted or len(self._counts) > _COUNTS_KEPT:
            self._counted, self._counts = version, {}
        counts = self._counts
        reader = self._catalog.reader()
        conditions, parameters = self._conditions(wanted)
        found = (
            # One state at a time the index gives them in order.
            reader.execute(
                f"SELECT path FROM files WHERE {' AND '.join(['state = ?', 'path > ?', *conditions])}"
                " ORDER BY path LIMIT ?",
                (state, after, *parameters, limit),
            )
            for state in wanted.states or FileState
        )
        paths = sorted(path for (path,) in chain.from_iterable(found))[:limit]
        if wanted not in counts:
            complete = not after and len(paths) < limit
            counts[wanted] = len(paths) if complete else self._count(wanted)
        files = self._catalog.files("path IN (SELECT value FROM json_each(?))", (json.dumps(paths),))
        return FilePage(tuple(files), counts[wanted])

    def _count(self, wanted: FileFilter) -> int:
        conditions, parameters = self._conditions(wanted)
        if wanted.states:
            conditions.append("state IN (SELECT value FROM json_each(?))")
            parameters.append(json.dumps(wanted.states))
        query = f"SELECT count(*) FROM files WHERE {' AND '.join(conditions) or '1'}"
        return int(self._catalog.reader().execute(query, parameters).fetchone()[0])

    def _conditions(self, wanted: FileFilter) -> tuple[list[str], list[Any]]:
        """What ``wanted`` asks for beside the state, as SQL."""
        conditions: list[str] = []
        parameters: list[Any] = []
        if wanted.below and self._catalog.file(wanted.below) is not None:
            conditions.append("path = ?")
            parameters.append(wanted.below)
        elif wanted.below:
            folder = wanted.below.rstrip(os.sep) + os.sep
            conditions.append("path BETWEEN ? AND ?")
            parameters += [folder, folder + _LAST]
        if wanted.name:
            conditions.append("instr(name, ?)")
            parameters.append(folded(wanted.name))
        return conditions, parameters

    # --- documents ---------------------------------------------------------------------------------------------------

    def passages(self, document: int, limit: int, around: int | None = None) -> ChunkRange:
        """At most ``limit`` chunks of a document in order: from the first on, or with the one of the number ``around``
        in the middle."""
        reader = self._catalog.reader()
        total, before = reader.execute(
            "SELECT count(*), count(*) FILTER (WHERE ordinal < ?) FROM chunks WHERE document_id = ?",
            (around or 0, document),
        ).fetchone()
        first = max(0, min(before - limit // 2, total - limit))
        rows = reader.execute(
            "SELECT id, document_id, ordinal, text, context, locator, role FROM chunks WHERE document_id = ?"
            " ORDER BY ordinal LIMIT ? OFFSET ?",
            (document, limit, first),
        )
        chunks = tuple(chunk_of(row) for row in rows)
        return ChunkRange(chunks, first, max(0, total - first - len(chunks)))

    def inside(self, document: int, limit: int) -> list[Document]:
        """The documents right inside a document, in order."""
        return self._documents("WHERE parent_id = ? ORDER BY id LIMIT ?", document, limit)

    def thread(self, thread: int) -> list[Document]:
        """The messages of a thread that a file still holds, the oldest first."""
        return self._documents(
            "d WHERE thread_id = ? AND EXISTS (SELECT 1 FROM files f WHERE f.document_id = d.top_id)"
            " ORDER BY dated, id",
            thread,
        )

    def newest(self, kind: Kind, limit: int) -> list[Document]:
        """The newest documents of a kind that a file holds."""
        return self._documents(
            "d WHERE kind = ? AND EXISTS (SELECT 1 FROM files f WHERE f.document_id = d.top_id)"
            " ORDER BY dated DESC, id DESC LIMIT ?",
            kind,
            limit,
        )

    def _documents(self, rest: str, *parameters: object) -> list[Document]:
        rows = self._catalog.reader().execute(f"SELECT {DOCUMENT_COLUMNS} FROM documents {rest}", parameters)
        return [document_of(row) for row in rows]

    def picture_hashes(self, chunks: Sequence[int]) -> dict[int, bytes]:
        """The hash of what each of the chunks shows, of those that show something."""
        rows = self._catalog.reader().execute(
            "SELECT chunk_id, image_hash FROM pictures WHERE chunk_id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(chunks)),),
        )
        return dict(rows)

    # --- people ------------------------------------------------------------------------------------------------------

    def senders(self) -> list[Named]:
        """Who has sent mails or written documents, by each form of name and address: those whom ``from:`` finds."""
        rows = self._catalog.reader().execute(
            "SELECT name, address, count(*) FROM people WHERE role = 'from' GROUP BY name, address"
        )
        return [Named(*row) for row in rows]
