"""The bundled embedding model, run the same way for every framework: batches of 32, two threads, 256 tokens.

Like the embedding classes that come with the frameworks (all of them end in Sentence-Transformers), it sorts what it is
given by length, so that a batch holds little padding.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
import onnxruntime  # type: ignore[import-untyped,unused-ignore]
from numpy.typing import NDArray
from tokenizers import Tokenizer

MODEL = Path(__file__).resolve().parents[3] / "resources" / "models" / "all-MiniLM-L6-v2"
BATCH = 32
THREADS = 2
MAX_TOKENS = 256
DIMENSIONS = 384


@cache
def _tokenizer() -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(MODEL / "tokenizer.json"))
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.no_padding()
    return tokenizer


@cache
def _session() -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(MODEL / "model.onnx", options, providers=["CPUExecutionProvider"])


def embed(texts: Iterable[str]) -> NDArray[np.float32]:
    """The embeddings of ``texts``, float32 [texts, 384], each of unit length."""
    encodings = _tokenizer().encode_batch(list(texts))
    vectors = np.zeros((len(encodings), DIMENSIONS), np.float32)
    order = sorted(range(len(encodings)), key=lambda index: len(encodings[index].ids))
    for start in range(0, len(order), BATCH):
        rows = order[start : start + BATCH]
        tokens = np.zeros((len(rows), len(encodings[rows[-1]].ids)), np.int32)
        mask = np.zeros_like(tokens)
        for place, row in enumerate(rows):
            ids = encodings[row].ids
            tokens[place, : len(ids)] = ids
            mask[place, : len(ids)] = 1
        vectors[rows] = _session().run(None, {"input_ids": tokens, "attention_mask": mask})[0]
    return vectors
