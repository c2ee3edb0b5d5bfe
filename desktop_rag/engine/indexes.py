"""What searches and fills a library: one index of its texts, and one of its pictures, each in the space of a model."""

from __future__ import annotations

from typing import NamedTuple

from desktop_rag.indexing.indexer import Indexer
from desktop_rag.models.embedder import Embedder
from desktop_rag.retrieval.pictures import PictureSearch
from desktop_rag.retrieval.retriever import Retriever
from desktop_rag.storage.search import CatalogSearch
from desktop_rag.storage.vectors import VectorStore


class TextIndex(NamedTuple):
    """What searches and fills the library in the space of one embedder."""

    embedder: Embedder
    vectors: VectorStore
    search: CatalogSearch
    retriever: Retriever
    indexer: Indexer


class PictureIndex(NamedTuple):
    """What searches pictures in the space of one image model."""

    vectors: VectorStore
    search: PictureSearch


def close_pictures(index: PictureIndex | None) -> None:
    if index is not None:
        index.vectors.close()


def close_texts(index: TextIndex) -> None:
    index.retriever.close()
    index.vectors.close()
