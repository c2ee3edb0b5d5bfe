"""LangChain as its documentation shows it: loader, recursive splitter, Chroma, and BM25 joined to it by an ensemble."""

from __future__ import annotations

from pathlib import Path

from langchain_chroma import Chroma  # type: ignore[import-not-found,unused-ignore]
from langchain_classic.retrievers import EnsembleRetriever  # type: ignore[import-not-found,unused-ignore]
from langchain_community.document_loaders import (  # type: ignore[import-not-found,unused-ignore]
    DirectoryLoader,
    TextLoader,
)
from langchain_community.retrievers import BM25Retriever  # type: ignore[import-not-found,unused-ignore]
from langchain_core.documents import Document  # type: ignore[import-not-found,unused-ignore]
from langchain_core.embeddings import Embeddings  # type: ignore[import-not-found,unused-ignore]
from langchain_text_splitters import RecursiveCharacterTextSplitter  # type: ignore[import-not-found,unused-ignore]
from nltk.tokenize import NLTKWordTokenizer  # type: ignore[import-not-found,import-untyped,unused-ignore]

from tests.benchmarks.others.embedder import embed
from tests.benchmarks.others.harness import TOP, Find, main


class BundledModel(Embeddings):  # type: ignore[misc,unused-ignore]
    """The bundled model in LangChain's own interface."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = embed(texts).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


def index(notes: Path, store: Path) -> int:
    """Load, split (1,000 characters, 200 shared, as the tutorial does), embed and store all notes."""
    loader = DirectoryLoader(
        str(notes), glob="**/*.md", loader_cls=TextLoader, loader_kwargs={"encoding": "utf-8"}, use_multithreading=True
    )
    chunks = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200).split_documents(loader.load())
    Chroma.from_documents(chunks, BundledModel(), collection_name="notes", persist_directory=str(store))
    return len(chunks)


def reopen(store: Path, mode: str) -> Find:
    """Dense search, or dense search and BM25 (made again from the stored texts: it has no form on disk)."""
    chroma = Chroma(collection_name="notes", embedding_function=BundledModel(), persist_directory=str(store))
    retriever = chroma.as_retriever(search_kwargs={"k": TOP})
    if mode == "hybrid":
        stored = chroma.get(include=["documents", "metadatas"])
        keyword = BM25Retriever.from_documents(
            [
                Document(text, metadata=data)
                for text, data in zip(stored["documents"], stored["metadatas"], strict=True)
            ],
            preprocess_func=NLTKWordTokenizer().tokenize,  # the documentation's advice: words, not split at blanks
            k=TOP,
        )
        retriever = EnsembleRetriever(retrievers=[keyword, retriever], weights=[0.5, 0.5])

    def find(question: str) -> list[str]:
        return [hit.metadata["source"] for hit in retriever.invoke(question)]

    return find


if __name__ == "__main__":
    main(index, reopen)
