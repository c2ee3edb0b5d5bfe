"""Why a file was found, or not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from desktop_rag.engine.results import ChunkRank, Explanation
from desktop_rag.indexing.indexer import shown
from desktop_rag.indexing.scan import is_text, scan
from desktop_rag.retrieval.query import Query
from desktop_rag.retrieval.retriever import Retriever
from desktop_rag.storage.catalog import Catalog
from desktop_rag.storage.search import CatalogSearch
from desktop_rag.types import Chunk, FileState, Selection, Whole

_STATES = {
    FileState.PENDING: "It is waiting to be indexed.",
    FileState.INDEXED: "It is indexed.",
    FileState.PARTIAL: "It is indexed, but not all of it.",
    FileState.EMPTY: "There is no text in it.",
    FileState.WAITING: "It waits for a model.",
    FileState.UNSUPPORTED: "Its format is not supported.",
    FileState.FAILED: "It could not be read.",
}


def explain(
    catalog: Catalog,
    search: CatalogSearch,
    retriever: Retriever,
    path: Path,
    query: Query | None,
    ignore: Sequence[str],
) -> Explanation:
    """What became of the file at ``path``, and where its chunks came for ``query``."""
    full = str(path.expanduser().absolute())
    if not is_text(full):
        return Explanation(shown(full), None, "The file's name is not valid Unicode; rename it to have it indexed.")
    file = catalog.file(full) or catalog.file(str(Path(full).resolve()))
    if file is None:
        return Explanation(full, None, _unknown(catalog, Path(full).resolve(), ignore))
    reason = _STATES[file.state]
    if file.problem is not None:
        reason = " ".join(filter(None, (reason, file.problem.message, file.problem.hint)))
    if file.document_id is None:
        return Explanation(file.path, file, reason)
    documents = catalog.inner_documents(file.document_id)
    ranks = _ranks(retriever, query)
    chunks = tuple(
        replace(ranks[chunk.id], chunk=chunk) if chunk.id in ranks else ChunkRank(chunk)
        for document in documents
        for chunk in catalog.chunks_of(document.id)
    )
    return Explanation(
        file.path,
        file,
        reason,
        tuple(documents),
        chunks,
        tuple(other for other in catalog.paths_of(file.document_id) if other != file.path),
        query.understood if query else (),
        _excluded(search, query, {document.id for document in documents}),
    )


def _unknown(catalog: Catalog, path: Path, ignore: Sequence[str]) -> str:
    """Why a path is not in the catalog."""
    around = [root for root in catalog.roots() if path.is_relative_to(root)]
    if not path.exists():
        return "There is no such file, and none was indexed under this path."
    if not around:
        return "It is outside the folders you chose: index it, or a folder around it."
    if path.is_dir():
        return "It is a folder; ask about a file in it."
    if str(path) not in scan(Path(around[0]), ignore).files:
        return "It is left out by the ignore patterns (see “desktop-rag config”)."
    return "It came after the last run: index again."


def _ranks(retriever: Retriever, query: Query | None) -> dict[int, ChunkRank]:
    if query is None:
        return {}
    placeholder: dict[int, ChunkRank] = {}
    for rank, item in enumerate(retriever.rank(query), 1):
        chunk = Chunk(item.candidate.id, item.candidate.document_id, item.candidate.ordinal, "", "", Whole())
        placeholder[chunk.id] = ChunkRank(chunk, item.keyword_rank, item.dense_rank, rank, item.score)
    return placeholder


def _excluded(search: CatalogSearch, query: Query | None, documents: set[int]) -> tuple[str, ...]:
    """The filters of a question that none of ``documents`` meets, in words."""
    if query is None or query.filters.is_empty:
        return ()
    missed: list[str] = []
    for field in Selection.__struct_fields__:
        value = getattr(query.filters, field)
        if value:
            alone = type(query.filters)(**{field: value})
            if documents.isdisjoint(search.allowed_documents(alone)):
                missed.extend(alone.describe())
    return tuple(missed)
