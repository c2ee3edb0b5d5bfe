"""What a catalog says, read straight from its file, and what must never be true of it."""

from __future__ import annotations

import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from msgspec import Struct

from desktop_rag.engine.library import CATALOG_NAME
from desktop_rag.storage.catalog import Catalog

_MARKER = re.compile(r"\bqz\d+x\b")


class KnownFile(Struct, frozen=True):
    """A row of the catalog's files."""

    size: int
    mtime_ns: int
    content_hash: str | None
    recipe: str
    state: str
    document_id: int | None


class Record(Struct, frozen=True):
    """The catalog at one moment. ``documents`` are those that are finished: content hash -> (id, chunk ids, recipe).
    ``places`` has each marker that can be found, with the files it is found in; ``hidden`` those that only stand in
    documents that are not finished."""

    files: dict[str, KnownFile]
    documents: dict[str, tuple[int, tuple[int, ...], str]]
    embeddings: dict[bytes, int]
    places: dict[str, set[str]]
    hidden: set[str]
    chunks: set[int]
    doubled: list[str]
    broken: list[str]


@contextmanager
def as_left(library: Path) -> Iterator[Path]:
    """A copy of the catalog of a library that no process has open: looking at it changes nothing for the next one."""
    with tempfile.TemporaryDirectory() as folder:
        for suffix in ("", "-wal"):
            source = library / (CATALOG_NAME + suffix)
            if source.exists():
                shutil.copyfile(source, Path(folder) / source.name)
        yield Path(folder) / CATALOG_NAME


def read_left(library: Path) -> Record:
    """What a killed process has left; the catalog's own checks are made, too."""
    with as_left(library) as path:
        catalog = Catalog(path)
        wrong = catalog.check()
        catalog.close()
        record = read(path)
    record.broken.extend(wrong)
    return record


def open_catalog(path: Path) -> sqlite3.Connection:
    """A connection that cannot change anything, not even by closing it last."""
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=30)


def read(path: Path) -> Record:
    """What the catalog at ``path`` says at this moment; another process may be writing to it."""
    with closing(open_catalog(path)) as catalog:
        catalog.execute("BEGIN")  # all of it at one moment
        return _read(catalog)


def _read(catalog: sqlite3.Connection) -> Record:
    files = {
        path: KnownFile(*row)
        for path, *row in catalog.execute(
            "SELECT path, size, mtime_ns, content_hash, coalesce(recipe, ''), state, document_id FROM files"
        )
    }
    chunks: dict[int, list[int]] = {}
    places: dict[str, set[str]] = {}
    hidden: set[str] = set()
    inner: dict[tuple[int, str], set[int]] = {}
    paths: dict[int, set[str]] = {}
    for path, file in files.items():
        if file.document_id is not None:
            paths.setdefault(file.document_id, set()).add(path)
    rows = catalog.execute(
        "SELECT c.id, d.id, d.top_id, c.text FROM chunks c JOIN documents d ON d.id = c.document_id ORDER BY c.id"
    )
    for chunk, document, top, text in rows:
        chunks.setdefault(top, []).append(chunk)
        for marker in _MARKER.findall(text):
            inner.setdefault((top, marker), set()).add(document)
            if top in paths:
                places.setdefault(marker, set()).update(paths[top])
            else:
                hidden.add(marker)
    tops = {
        number: (content_hash, recipe)
        for number, content_hash, recipe in catalog.execute(
            "SELECT id, content_hash, recipe FROM documents WHERE parent_id IS NULL"
        )
    }
    doubled = [f"{marker} stands twice in document {top}" for (top, marker), found in inner.items() if len(found) > 1]
    doubled += [f"{many} documents have the bytes {content_hash}" for content_hash, many in catalog.execute(
        "SELECT content_hash, count(*) FROM documents WHERE content_hash IS NOT NULL GROUP BY 1 HAVING count(*) > 1"
    )]  # fmt: skip
    return Record(
        files,
        {
            str(tops[number][0]): (number, tuple(chunks.get(number, ())), tops[number][1])
            for number in paths
            if number in tops
        },
        dict(catalog.execute("SELECT text_hash, id FROM embeddings")),
        places,
        hidden - places.keys(),
        {chunk for ids in chunks.values() for chunk in ids},
        doubled,
        list(_broken(files, tops, paths)),
    )


def _broken(
    files: dict[str, KnownFile], tops: dict[int, tuple[str | None, str]], paths: dict[int, set[str]]
) -> Iterator[str]:
    for path, file in files.items():
        if file.document_id is None:
            if file.state in ("indexed", "partial"):
                yield f"{path} is {file.state} but has no document"
        elif file.document_id not in tops:
            yield f"{path} is of document {file.document_id}, which is none"
        elif tops[file.document_id][0] != file.content_hash:
            yield f"{path} is of a document with other bytes"
    for number, (_, recipe) in tops.items():
        if recipe and number not in paths:
            yield f"document {number} is finished but is in no file"
