"""LlamaIndex as its documentation shows it: directory reader, default splitter, Chroma, and BM25 fused with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import chromadb
from llama_index.core import (  # type: ignore[import-not-found,unused-ignore]
    SimpleDirectoryReader,
    StorageContext,
    VectorStoreIndex,
)
from llama_index.core.base.embeddings.base import BaseEmbedding  # type: ignore[import-not-found,unused-ignore]
from llama_index.core.llms import MockLLM  # type: ignore[import-not-found,unused-ignore]
from llama_index.core.node_parser import SentenceSplitter  # type: ignore[import-not-found,unused-ignore]
from llama_index.core.retrievers import QueryFusionRetriever  # type: ignore[import-not-found,unused-ignore]
from llama_index.retrievers.bm25 import BM25Retriever  # type: ignore[import-not-found,unused-ignore]
from llama_index.vector_stores.chroma import ChromaVectorStore  # type: ignore[import-not-found,unused-ignore]

from tests.benchmarks.others.embedder import BATCH, embed
from tests.benchmarks.others.harness import TOP, Find, main


class BundledModel(BaseEmbedding):  # type: ignore[misc,unused-ignore]
    """The bundled model in LlamaIndex's own interface."""

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = embed(texts).tolist()
        return vectors

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)


def _vectors(store: Path) -> Any:
    client = chromadb.PersistentClient(str(store / "chroma"))
    return ChromaVectorStore(chroma_collection=client.get_or_create_collection("notes"))


def index(notes: Path, store: Path) -> int:
    """Read, split, embed and store all notes; the BM25 index is built from the same nodes and saved beside them."""
    nodes = SentenceSplitter().get_nodes_from_documents(SimpleDirectoryReader(str(notes), recursive=True).load_data())
    context = StorageContext.from_defaults(vector_store=_vectors(store))
    VectorStoreIndex(nodes, storage_context=context, embed_model=BundledModel(embed_batch_size=BATCH))
    BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=TOP).persist(str(store / "bm25"))
    return len(nodes)


def reopen(store: Path, mode: str) -> Find:
    """Dense search, or dense search and BM25 fused by reciprocal rank."""
    retriever = VectorStoreIndex.from_vector_store(
        _vectors(store), embed_model=BundledModel(embed_batch_size=BATCH)
    ).as_retriever(similarity_top_k=TOP)
    if mode == "hybrid":
        retriever = QueryFusionRetriever(
            [retriever, BM25Retriever.from_persist_dir(str(store / "bm25"))],
            llm=MockLLM(),  # it would write variants of the question, which num_queries=1 does without
            mode="reciprocal_rerank",
            similarity_top_k=TOP,
            num_queries=1,
            use_async=False,
        )

    def find(question: str) -> list[str]:
        return [hit.node.metadata["file_path"] for hit in retriever.retrieve(question)]

    return find


if __name__ == "__main__":
    main(index, reopen)
