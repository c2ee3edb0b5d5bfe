"""A GGUF model under llama.cpp: chat, embeddings, reranking. The only module that knows llama_cpp."""

# ruff: noqa: ARG002 (each request gets what any request may need)

from __future__ import annotations

import ctypes
import math
import threading
from collections import deque
from collections.abc import Iterator
from functools import cache
from typing import Any

from desktop_rag.models.llama.generation import Chat
from desktop_rag.models.llama.loaded_model import LlamaDescription, LlamaSettings, Model
from desktop_rag.models.llama.messages import ChatEnd, ChatMessage, ChatPiece
from desktop_rag.models.llama.pooled import Pooled
from desktop_rag.models.requests import ModelRequest

__all__ = [
    "REQUESTS",
    "SETTINGS",
    "Complete",
    "Count",
    "DescribeLlama",
    "Embed",
    "LlamaDescription",
    "LlamaSettings",
    "Rerank",
    "open_model",
]

_warnings: deque[str] = deque(maxlen=50)
"""What llama.cpp warned of last."""
_WARN = 3
"""GGML_LOG_LEVEL_WARN: llama.cpp tells more, but only this and what is worse says why something failed."""


@cache
def _native() -> tuple[Any, object]:
    """llama.cpp's interface, and what must live as long as it does."""
    from llama_cpp import llama_cpp

    @llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
    def keep(level: int, text: bytes, _data: object) -> None:
        if level >= _WARN:
            _warnings.append(text.decode("utf-8", "replace").strip())

    llama_cpp.llama_log_set(keep, ctypes.c_void_p(0))
    llama_cpp.llama_backend_init()
    return llama_cpp, keep


def open_model(settings: LlamaSettings) -> Model:
    """Load a model. Raises ``ModelRefused`` for a file that is none of the role, and ``NoMemoryForModel``."""
    native, _ = _native()
    return (Chat if settings.role == "chat" else Pooled)(settings, native, _warnings)


class Complete(ModelRequest[ChatPiece | ChatEnd], frozen=True):
    """Answer the last message; see ``chat.ChatModel.stream``. ``temperature`` 0 takes the likeliest token each time."""

    messages: tuple[ChatMessage, ...]
    markers: int = 0
    max_tokens: int = 512
    temperature: float = 0.0
    seed: int = 0
    stop: tuple[str, ...] = ()
    aside: bool = False

    def perform(self, model: Any, cancelled: threading.Event) -> Iterator[ChatPiece | ChatEnd]:
        yield from model.complete(
            self.messages,
            cancelled,
            markers=self.markers,
            max_tokens=self.max_tokens,
            temperature=self.temperature,
            seed=self.seed,
            stop=self.stop,
            aside=self.aside,
        )


class Count(ModelRequest[list[int]], frozen=True):
    """The number of tokens of each text, without those that begin and end it."""

    texts: tuple[str, ...]

    def perform(self, model: Any, cancelled: threading.Event) -> Iterator[list[int]]:
        yield [len(model.tokens(text)) for text in self.texts]


class Embed(ModelRequest[bytes], frozen=True):
    """Unit vectors of the texts, in their order: each reply holds those of one batch, float32 [n, dim] as bytes."""

    texts: tuple[str, ...]

    def perform(self, model: Any, cancelled: threading.Event) -> Iterator[bytes]:
        import numpy as np

        for batch in model.batches([model.whole(text) for text in self.texts]):
            if cancelled.is_set():
                return
            vectors = model.pool(batch, model.dim)
            yield (vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)).tobytes()


class Rerank(ModelRequest[list[float]], frozen=True):
    """How well each text answers the question, 0 to 1: one reply."""

    question: str
    texts: tuple[str, ...]

    def perform(self, model: Any, cancelled: threading.Event) -> Iterator[list[float]]:
        scores: list[float] = []
        for batch in model.batches([model.pair(self.question, text) for text in self.texts]):
            if cancelled.is_set():
                return
            scores += model.pool(batch, 1)[:, 0].tolist()
        # Of models of this kind llama.cpp gives the probability of a "yes"; of others what precedes a sigmoid.
        if not model.architecture.startswith("qwen3"):
            scores = [1.0 / (1.0 + math.exp(-max(-60.0, score))) for score in scores]
        yield scores


class DescribeLlama(ModelRequest[LlamaDescription], frozen=True):
    def perform(self, model: Any, cancelled: threading.Event) -> Iterator[LlamaDescription]:
        yield model.describe()


SETTINGS = LlamaSettings
REQUESTS = Complete | Count | Embed | Rerank | DescribeLlama
