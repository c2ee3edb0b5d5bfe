"""Passages -> hits: the place of each as seen from the file on disk, and the files that hold it."""

from __future__ import annotations

from collections.abc import Sequence

from desktop_rag.locators import join, nest
from desktop_rag.retrieval.passages import RetrievedPassage
from desktop_rag.storage.catalog import Catalog
from desktop_rag.types import Chunk, Document, Entry, Hit, Locator, Message, Why


def to_hits(catalog: Catalog, passages: Sequence[RetrievedPassage]) -> tuple[Hit, ...]:
    """The hits of ``passages``, in the same order; those whose file has just been removed are left out."""
    chunks = catalog.chunks(candidate.id for passage in passages for candidate in passage.chunks)
    documents = with_parents(catalog, {chunk.document_id for chunk in chunks.values()})
    found = (_to_hit(catalog, passage, chunks, documents) for passage in passages)
    return tuple(hit for hit in found if hit is not None)


def full_locator(document: Document, inner: Locator, documents: dict[int, Document]) -> Locator:
    """The place ``inner`` of a document, through all documents around it."""
    while document.parent_id is not None:
        if isinstance(document.locator, Message | Entry):
            inner = nest(document.locator, inner)
        document = documents[document.parent_id]
    return inner


def _to_hit(
    catalog: Catalog, passage: RetrievedPassage, chunks: dict[int, Chunk], documents: dict[int, Document]
) -> Hit | None:
    best = passage.best
    present = [chunks[candidate.id] for candidate in passage.chunks if candidate.id in chunks]
    if best.candidate.id not in chunks:
        return None
    chunk = chunks[best.candidate.id]
    document = documents[chunk.document_id]
    paths = catalog.paths_of(document.id)
    if not paths:
        return None
    # Chunks that touch may stand on two pages: the place named is then that of the best one.
    place: Locator | None = present[0].locator
    for other in present[1:]:
        place = place and join(place, other.locator)
    repeated = [path for same in passage.repeated for path in catalog.paths_of(same)]
    return Hit(
        chunk=chunk,
        document=document,
        parent=None if document.parent_id is None else documents.get(document.parent_id),
        path=paths[0],
        locator=full_locator(document, place or chunk.locator, documents),
        text="\n\n".join(part.text for part in present),
        score=best.score,
        why=Why(
            best.keyword_rank,
            best.dense_rank,
            best.features.bm25,
            best.features.cosine,
            best.picture_rank,
            best.picture_score,
            best.reading,
        ),
        paths=tuple(dict.fromkeys((*paths, *repeated))),
    )


def with_parents(catalog: Catalog, ids: set[int]) -> dict[int, Document]:
    """The documents of these numbers and all that they are inside of, by number."""
    known: dict[int, Document] = {}
    wanted = ids
    while wanted:
        known |= catalog.documents(wanted)
        wanted = {document.parent_id for document in known.values() if document.parent_id is not None} - known.keys()
    return known
