"""An embedder in GGUF, seen from the side that asks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from desktop_rag.errors import ModelError
from desktop_rag.models.llama.gguf_embedding import GgufEmbedder, prefixes
from desktop_rag.models.llama.gguf_file import read_header
from desktop_rag.models.llama.llm import LlamaSettings, open_model
from desktop_rag.types import Space
from tests.tiny.gguf import tiny_embedder


class FakeProcess:
    """Answers requests with a model in this process, and keeps them."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.asked: list[Any] = []

    def ask(self, request: Any, cancelled: threading.Event | None = None) -> Iterator[Any]:
        self.asked.append(request)
        yield from request.perform(self.model, cancelled or threading.Event())


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_embedder(tmp_path_factory.mktemp("models") / "embedder.gguf")


@pytest.fixture
def process(path: Path) -> Iterator[FakeProcess]:
    model = open_model(LlamaSettings(str(path), "embedding", threads=1))
    yield FakeProcess(model)
    model.close()


def test_unit_vectors_of_many_texts(path: Path, process: FakeProcess) -> None:
    embedder = GgufEmbedder(process, name="tiny", fingerprint="abc", header=read_header(path))
    assert embedder.space == Space("tiny", "abc", 64)
    embedder.load()
    told: list[int] = []
    texts = ["the cat sat", "the cat sat on", "invoice paid"] * 50
    vectors = embedder.embed(texts, told.append)
    assert vectors.shape == (150, 64)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert sum(told) == 150
    assert len(told) > 1
    assert vectors[0] @ vectors[1] > 0.8 > vectors[0] @ vectors[2]
    assert embedder.embed_question("the cat sat") == pytest.approx(vectors[0], abs=1e-4)
    assert embedder.embed([]).shape == (0, 64)


def test_what_between_raises_ends_the_work(path: Path, process: FakeProcess) -> None:
    embedder = GgufEmbedder(process, name="tiny", fingerprint="abc", header=read_header(path))

    def stop(_count: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        embedder.embed(["cat"] * 200, stop)
    assert len(process.asked) == 1


def test_questions_and_passages_are_told_apart(path: Path, process: FakeProcess) -> None:
    embedder = GgufEmbedder(process, name="e5-small-v2", fingerprint="abc", header=read_header(path))
    embedder.embed(["cat"])
    embedder.embed_question("cat")
    assert [request.texts for request in process.asked] == [("passage: cat",), ("query: cat",)]


def test_vectors_of_another_size_are_an_error(process: FakeProcess, tmp_path: Path) -> None:
    other = tiny_embedder(tmp_path / "other.gguf", dim=32)
    embedder = GgufEmbedder(process, name="tiny", fingerprint="abc", header=read_header(other))
    with pytest.raises(ModelError, match="64 numbers"):
        embedder.embed(["cat"])
    with pytest.raises(ModelError, match="64 numbers"):
        embedder.load()


@pytest.mark.parametrize(
    ("architecture", "name", "question", "passage"),
    [
        ("gemma-embedding", "Embeddinggemma 300m", "task: search result | query: ", "title: none | text: "),
        ("nomic-bert", "nomic-embed-text-v1.5", "search_query: ", "search_document: "),
        ("nomic-bert-moe", "nomic-embed-text-v2-moe", "search_query: ", "search_document: "),
        ("bert", "multilingual e5 large", "query: ", "passage: "),
        ("bert", "intfloat_e5-base-v2", "query: ", "passage: "),
        ("bert", "snowflake-arctic-embed-l-v2.0", "query: ", ""),
        ("bert", "BGE M3", "", ""),
        ("bert", "all-MiniLM-L6-v2", "", ""),
    ],
)
def test_prefixes_of_families(architecture: str, name: str, question: str, passage: str) -> None:
    assert prefixes(architecture, name) == (question, passage)


@pytest.mark.parametrize(
    ("architecture", "name", "begins"),
    [
        ("bert", "bge-base-en-v1.5", "Represent this sentence"),
        ("bert", "mxbai-embed-large-v1", "Represent this sentence"),
        ("bert", "snowflake-arctic-embed-m-v1.5", "Represent this sentence"),
        ("bert", "multilingual-e5-large-instruct", "Instruct: "),
        ("qwen3", "Qwen3 Embedding 0.6B", "Instruct: "),
        ("bert", "bge-large-zh-v1.5", "为这个句子"),
    ],
)
def test_instructions_of_families(architecture: str, name: str, begins: str) -> None:
    found = prefixes(architecture, name)
    assert found.question.startswith(begins)
    assert found.passage == ""
