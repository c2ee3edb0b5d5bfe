"""What retrieval reads from the catalog: keyword matches, chunks to be ranked, and the documents a filter admits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from msgspec import Struct

from desktop_rag.storage.catalog import Catalog
from desktop_rag.storage.vectors import CHUNKS
from desktop_rag.types import Selection

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Candidate(Struct, frozen=True):
    """A chunk as ranking needs it; ``vector`` is float16 in bytes, b"" when it is in another space."""

    id: int
    document_id: int
    top_id: int
    ordinal: int
    role: str
    context: str
    text: str
    words: int
    vector: bytes


FEW = 2_500
"""Up to so many chunks are compared one by one: no slower than an index, and exact."""


class Allowed(Struct, frozen=True):
    """What filters and quoted phrases admit: of ``documents`` (None: of all) the chunks that match ``phrases``, an FTS5
    expression ("": all). ``chunks`` are those if they are few; ``share`` is about how many of all chunks they are.

    Few are searched among themselves. Many are found by searching on until enough pass: as quick as a search without a
    filter, as long as the filter admits a fair part of everything.
    """

    documents: frozenset[int] | None
    phrases: str
    chunks: list[int] | None
    share: float

    @property
    def nothing(self) -> bool:
        return self.chunks == [] or (self.documents is not None and not self.documents)

    def wide(self, limit: int) -> int:
        """How many to look at so that about ``limit`` pass."""
        return min(5_000, limit + int(1.5 * limit / max(self.share, 1e-6)))


class Corpus(Struct, frozen=True):
    """The numbers that BM25 needs: chunks, and words of a chunk on average."""

    chunks: int
    mean_words: float


class CatalogSearch:
    """Read-only queries, safe from any thread. Vectors are those of ``rows`` (see ``storage.vectors``) in ``space``."""

    def __init__(self, catalog: Catalog, space: str, rows: str = CHUNKS) -> None:
        self._catalog = catalog
        self._space = space
        self._rows = rows
        self._version = -1
        self._counted = (-1, 0)
        self._corpus: Corpus | None = None
        self._frequencies: dict[str, int] = {}

    @property
    def version(self) -> int:
        """The state of the catalog that ``vector_count`` last saw."""
        return self._counted[0]

    def corpus(self) -> Corpus:
        """Counted again only after the catalog has changed."""
        self._look()
        corpus = self._corpus
        if corpus is None:
            reader = self._catalog.reader()
            count, total = reader.execute("SELECT count(*), coalesce(sum(words), 0) FROM chunks").fetchone()
            corpus = self._corpus = Corpus(count, total / count if count else 1.0)
        return corpus

    def _look(self) -> None:
        """Forget what was counted before the catalog changed."""
        version = self._catalog.version()
        if version != self._version:
            self._corpus = None
            self._frequencies = {}
            self._version = version

    def frequencies(self, stems: Iterable[str]) -> dict[str, int]:
        """In how many chunks each stem occurs."""
        self._look()
        reader = self._catalog.reader()
        counted = self._frequencies
        result: dict[str, int] = {}
        for stem in stems:
            known = counted.get(stem)
            if known is None:
                row = reader.execute("SELECT doc FROM chunk_vocabulary WHERE term = ?", (stem,)).fetchone()
                known = counted[stem] = row[0] if row else 0
            result[stem] = known
        return result

    def completions(self, beginning: str, limit: int) -> list[str]:
        """The stems that begin so, those of the most chunks first."""
        rows = self._catalog.reader().execute(
            "SELECT term FROM chunk_vocabulary WHERE term >= ? AND term < ? AND term != ? ORDER BY doc DESC LIMIT ?",
            (beginning, f"{beginning}\U0010ffff", beginning, limit),
        )
        return [row[0] for row in rows]

    def keyword(self, match: str, limit: int, allowed: Allowed | None = None) -> list[tuple[int, float]]:
        """The best chunks of an FTS5 expression: (chunk id, BM25, higher is better), best first."""
        reader = self._catalog.reader()
        if allowed is not None and allowed.chunks is not None:
            # Scores are computed after the test for the chunk, so that a narrow filter saves time.
            return reader.execute(
                "SELECT rowid, -rank FROM chunk_words WHERE chunk_words MATCH ?"
                " AND +rowid IN (SELECT value FROM json_each(?)) ORDER BY rank LIMIT ?",
                (match, json.dumps(allowed.chunks), limit),
            ).fetchall()
        if allowed is None:
            return reader.execute(
                "SELECT rowid, -rank FROM chunk_words WHERE chunk_words MATCH ? ORDER BY rank LIMIT ?", (match, limit)
            ).fetchall()
        if allowed.phrases:
            match = f"({match}) AND {allowed.phrases}"
        found: list[tuple[int, float]] = []
        with closing(
            reader.execute("SELECT rowid, -rank FROM chunk_words WHERE chunk_words MATCH ? ORDER BY rank", (match,))
        ) as rows:
            while len(found) < limit and (some := rows.fetchmany(allowed.wide(limit))):
                found += self._of_documents(some, allowed)
        return found[:limit]

    def passing(self, found: Sequence[tuple[int, float]], allowed: Allowed) -> list[tuple[int, float]]:
        """Those of ``found`` (chunk id, score) that filters and phrases admit, in the same order."""
        if allowed.chunks is not None:
            admitted = set(allowed.chunks)
            return [(number, score) for number, score in found if number in admitted]
        if allowed.phrases:
            rows = self._catalog.reader().execute(
                "SELECT rowid FROM chunk_words WHERE chunk_words MATCH ? AND rowid IN (SELECT value FROM json_each(?))",
                (allowed.phrases, json.dumps([number for number, _ in found])),
            )
            matching = {row[0] for row in rows}
            found = [(number, score) for number, score in found if number in matching]
        return self._of_documents(found, allowed)

    def _of_documents(self, found: Sequence[tuple[int, float]], allowed: Allowed) -> list[tuple[int, float]]:
        documents = allowed.documents
        if documents is None:
            return list(found)
        rows = self._catalog.reader().execute(
            "SELECT id, document_id FROM chunks WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps([number for number, _ in found]),),
        )
        admitted = {number for number, document in rows if document in documents}
        return [(number, score) for number, score in found if number in admitted]

    def candidates(self, ids: Iterable[int]) -> dict[int, Candidate]:
        """The chunks to be ranked, of documents that a file still holds."""
        rows = self._catalog.reader().execute(
            "SELECT c.id, c.document_id, d.top_id, c.ordinal, c.role, c.context, c.text, c.words,"
            " CASE e.space WHEN ? THEN e.vector ELSE x'' END"
            " FROM json_each(?) wanted CROSS JOIN chunks c ON c.id = wanted.value"
            " JOIN documents d ON d.id = c.document_id JOIN embeddings e ON e.id = c.embedding_id"
            " WHERE EXISTS (SELECT 1 FROM files WHERE files.document_id = d.top_id)",
            (self._space, json.dumps(list(ids))),
        )
        return {row[0]: Candidate(*row) for row in rows}

    def has_pictures(self) -> bool:
        """Whether there is a picture at all."""
        return self._catalog.reader().execute("SELECT 1 FROM pictures LIMIT 1").fetchone() is not None

    def vector_count(self) -> int:
        """How many vectors there are; counted again only after the catalog has changed."""
        version = self._catalog.version()
        if self._counted[0] != version:
            (count,) = (
                self._catalog.reader()
                .execute(f"SELECT count(*) FROM ({self._rows}) r WHERE r.embedding_id IS NOT NULL")
                .fetchone()
            )
            self._counted = (version, count)
        return self._counted[1]

    def vectors(self, chunk_ids: Sequence[int] | None = None) -> tuple[NDArray[np.int64], NDArray[np.float16]]:
        """Ids [n] and vectors [n, dim] of the given chunks, or of all."""
        import numpy as np

        # A cross join is done in the order it is written in: SQLite would go through all vectors, not knowing how few
        # are wanted.
        wanted = "" if chunk_ids is None else "json_each(?) wanted CROSS JOIN "
        of_wanted = "" if chunk_ids is None else " ON r.id = wanted.value"
        rows = (
            self._catalog.reader()
            .execute(
                f"SELECT r.id, e.vector FROM {wanted}({self._rows}) r{of_wanted}"
                " CROSS JOIN embeddings e ON e.id = r.embedding_id AND e.space = ?",
                (*(() if chunk_ids is None else (json.dumps(list(chunk_ids)),)), self._space),
            )
            .fetchall()
        )
        ids = np.fromiter((row[0] for row in rows), np.int64, len(rows))
        packed = np.frombuffer(b"".join(row[1] for row in rows), np.float16)
        return ids, packed.reshape(len(rows), -1) if rows else packed.reshape(0, 1)

    def some_vectors(self, count: int) -> tuple[NDArray[np.int64], NDArray[np.float16]]:
        """Ids [n] and vectors [n, dim] of about ``count`` chunks from all over the library."""
        reader = self._catalog.reader()
        step = max(1, self.vector_count() // count)
        rows = reader.execute(f"SELECT r.id FROM ({self._rows}) r WHERE r.id % ? = 0 LIMIT ?", (step, count))
        return self.vectors([row[0] for row in rows])

    def looks(self, chunk_ids: Sequence[int]) -> dict[int, int]:
        """What the pictures among the given chunks look like: 64 bits each."""
        rows = self._catalog.reader().execute(
            "SELECT p.chunk_id, p.looks FROM json_each(?) wanted CROSS JOIN pictures p ON p.chunk_id = wanted.value",
            (json.dumps(list(chunk_ids)),),
        )
        return dict(rows)

    def allowed_documents(self, filters: Selection) -> list[int]:
        """Documents that meet all filters, newest first."""
        conditions, parameters = _conditions(filters)
        rows = self._catalog.reader().execute(
            f"SELECT d.id FROM documents d WHERE {' AND '.join(conditions) or '1'} ORDER BY d.dated DESC", parameters
        )
        return [row[0] for row in rows]

    def allowed(self, filters: Selection, phrases: str = "") -> Allowed:
        """What ``filters`` and ``phrases``, an FTS5 expression or "", admit, planned for the searches to come. One of
        them says something."""
        if filters == type(filters)():
            found = self._matching(phrases, filters)
            return Allowed(None, phrases, found, 1.0 if found is not None else self._share(phrases))
        documents = self.allowed_documents(filters)
        (total,) = self._catalog.reader().execute("SELECT count(*) FROM documents").fetchone()
        share = len(documents) / max(1, total)
        chunks = self._chunks_of(documents) if len(documents) <= FEW else None
        if phrases:
            chunks = self._matching_among(phrases, chunks) if chunks is not None else self._matching(phrases, filters)
            share *= self._share(phrases) if chunks is None else 1.0
        return Allowed(frozenset(documents), phrases, chunks, share)

    def _chunks_of(self, documents: Sequence[int]) -> list[int] | None:
        """The chunks of some documents; None if they are many."""
        rows = self._catalog.reader().execute(
            "SELECT c.id FROM json_each(?) wanted CROSS JOIN chunks c ON c.document_id = wanted.value LIMIT ?",
            (json.dumps(documents), FEW + 1),
        )
        return _few(rows)

    def _matching_among(self, phrases: str, chunks: Sequence[int]) -> list[int]:
        rows = self._catalog.reader().execute(
            "SELECT rowid FROM chunk_words WHERE chunk_words MATCH ? AND +rowid IN (SELECT value FROM json_each(?))",
            (phrases, json.dumps(chunks)),
        )
        return [row[0] for row in rows]

    def _matching(self, phrases: str, filters: Selection) -> list[int] | None:
        """The chunks that meet filters and phrases; None if they are many."""
        conditions, parameters = _conditions(filters)
        rows = self._catalog.reader().execute(
            "SELECT c.id FROM chunk_words CROSS JOIN chunks c ON c.id = chunk_words.rowid"
            " CROSS JOIN documents d ON d.id = c.document_id"
            f" WHERE chunk_words MATCH ? AND {' AND '.join(conditions) or '1'} LIMIT ?",
            (phrases, *parameters, FEW + 1),
        )
        return _few(rows)

    def _share(self, phrases: str) -> float:
        """The share of all chunks that match an FTS5 expression."""
        (count,) = (
            self._catalog.reader()
            .execute("SELECT count(*) FROM chunk_words WHERE chunk_words MATCH ?", (phrases,))
            .fetchone()
        )
        return float(count / max(1, self.corpus().chunks))

    def first_chunks(self, documents: Sequence[int]) -> list[int]:
        """The first chunk of each document, in the order given."""
        rows = self._catalog.reader().execute(
            "SELECT c.id FROM json_each(?) wanted CROSS JOIN chunks c ON c.document_id = wanted.value AND c.ordinal = 0"
            " ORDER BY wanted.key",
            (json.dumps(list(documents)),),
        )
        return [row[0] for row in rows]


def _few(rows: Iterable[tuple[int]]) -> list[int] | None:
    found = [row[0] for row in rows]
    return found if len(found) <= FEW else None


def _conditions(filters: Selection) -> tuple[list[str], list[str | float]]:
    """SQL conditions on ``documents d`` and their parameters. Each field's values are alternatives."""
    conditions: list[str] = []
    parameters: list[str | float] = []
    any_type: list[str] = []
    by_path = "EXISTS (SELECT 1 FROM files f WHERE f.document_id = d.top_id AND f.path LIKE ? ESCAPE '\\')"

    def any_of(template: str, values: Sequence[str], *forms: str, escape: Callable[[str], str] = _escape) -> None:
        conditions.append("(" + " OR ".join([template] * len(values)) + ")")
        for value in values:
            parameters.extend(form.format(escape(value)) for form in forms)

    for value in filters.types:
        if value.startswith("."):
            any_type.append("(CASE WHEN d.parent_id IS NULL THEN " + by_path + " ELSE d.name LIKE ? ESCAPE '\\' END)")
            parameters += ["%" + _escape(value)] * 2
        else:
            any_type.append("d.kind = ?")
            parameters.append(value)
    if any_type:
        conditions.append("(" + " OR ".join(any_type) + ")")
    if filters.folders:
        folders = [value.replace("\\", "/").strip("/") for value in filters.folders]
        any_of(by_path.replace("f.path", "replace(f.path, '\\', '/')"), folders, "%/{}/%")
    if filters.names:
        names = [value if set(value) & set("*?") else f"*{value}*" for value in filters.names]
        path = "replace(f.path, '\\', '/')"
        base = f"replace({path}, rtrim({path}, replace({path}, '/', '')), '')"
        any_of(
            f"({by_path.replace('f.path LIKE', base + ' LIKE')} OR d.name LIKE ? ESCAPE '\\')",
            names,
            "{}",
            "{}",
            escape=_glob,
        )
    for role, people in (("from", filters.senders), ("to", filters.recipients)):
        if people:
            any_of(
                # By the document: left to itself, SQLite goes through everybody again for each of them.
                "EXISTS (SELECT 1 FROM people p INDEXED BY people_document"
                f" WHERE p.role = '{role}' AND p.document_id IN (d.id, d.parent_id)"
                " AND (p.name LIKE ? ESCAPE '\\' OR p.address LIKE ? ESCAPE '\\' OR p.address = '' AND p.name IN"
                " (SELECT a.name FROM people a WHERE a.address LIKE ? ESCAPE '\\' AND a.address <> '')))",
                people, "%{}%", "%{}%", "%{}%",  # who wrote a document has a name alone: it is that of an address
            )  # fmt: skip
    if filters.after is not None:
        conditions.append("d.dated >= ?")
        parameters.append(filters.after.timestamp())
    if filters.before is not None:
        conditions.append("d.dated < ?")
        parameters.append(filters.before.timestamp())
    return conditions, parameters


def _glob(value: str) -> str:
    """The pattern of LIKE for one with ``*`` and ``?``."""
    return _escape(value).replace("*", "%").replace("?", "_")


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
