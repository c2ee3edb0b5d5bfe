"""The bundled model, for real."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from desktop_rag.errors import ModelError
from desktop_rag.models.onnx.text_embedding import TextEmbedder

EMBEDDER = TextEmbedder()
TEXTS = [
    "The cat sleeps on the sofa.",
    "A kitten naps on the couch.",
    "Interest rates rose in March.",
    "",
    "boat " * 900,
]


def test_unit_vectors_whatever_the_length() -> None:
    vectors = EMBEDDER.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), EMBEDDER.space.dim)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-4)


def test_order_and_company_change_little() -> None:
    alone = np.vstack([EMBEDDER.embed([text]) for text in TEXTS])
    together = EMBEDDER.embed(TEXTS * 20)[: len(TEXTS)]
    # Activations are quantized over the batch, so a text's company shows a little.
    assert (alone * together).sum(axis=1).min() > 0.95


def test_meaning_is_nearer_than_words() -> None:
    cat, kitten, rates = EMBEDDER.embed(TEXTS[:3])
    assert cat @ kitten > 0.5 > cat @ rates


def test_batches_are_told() -> None:
    told: list[int] = []
    EMBEDDER.embed(TEXTS * 30, told.append)
    assert sum(told) == len(TEXTS) * 30
    assert len(told) > 1


def test_token_spans_cover_the_words() -> None:
    text = "Größe matters, doesn't it?"
    spans = EMBEDDER.token_spans(text)
    assert text[spans[0][0] : spans[0][1]] in ("Größe", "Gr", "G")
    assert all(begin < end for begin, end in spans)
    assert EMBEDDER.token_counts([text]) == [len(spans)]


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_missing_or_broken_file_is_named(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "model"
    shutil.copytree(EMBEDDER.folder, folder)
    (folder / name).write_bytes(b"not a model")
    with pytest.raises(ModelError, match=f"{name} is damaged"):
        TextEmbedder(folder).embed(["text"])
    (folder / name).unlink()
    with pytest.raises(ModelError, match=f"{name} is missing"):
        TextEmbedder(folder).embed(["text"])
