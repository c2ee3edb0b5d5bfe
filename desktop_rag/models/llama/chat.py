"""What answering needs of a language model: messages in, a stream of text out. The model itself is in ``llm``."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

from desktop_rag.errors import ModelStopped
from desktop_rag.messages import say
from desktop_rag.models.llama.llm import Complete, Count, DescribeLlama
from desktop_rag.models.llama.messages import ChatEnd, ChatMessage, ChatPiece
from desktop_rag.models.requests import ModelClient, ModelRequest

R = TypeVar("R")


class ChatModel(Protocol):
    """A language model that is ready to answer."""

    name: str

    @property
    def context(self) -> int:
        """Tokens of prompt and answer together."""
        ...

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text."""
        ...

    def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        markers: int = 0,
        max_tokens: int = 512,
        temperature: float = 0.0,
        seed: int = 0,
        stop: Sequence[str] = (),
        aside: bool = False,
        cancelled: threading.Event | None = None,
    ) -> Iterator[ChatPiece | ChatEnd]:
        """The answer to the last message: pieces of text, then how it ended.

        With ``markers`` n > 0 a "[" in the text always begins a marker "[k]" with 1 <= k <= n. An ``aside`` leaves what
        is known of the conversation as it is, if there is room for both. Raises ``ModelError`` when the messages do not
        fit into the context, and for all that goes wrong with the model; ``ModelStopped`` when it was ``cancelled``
        before the model was loaded.
        """
        ...


class ProcessChat:
    """A ``ChatModel`` whose model runs in another process. As safe to share between threads as that process is.

    ``cancelled`` ends all that is asked of it.
    """

    def __init__(self, process: ModelClient, name: str, cancelled: threading.Event | None = None) -> None:
        self.name = name
        self._process = process
        self._cancelled = cancelled
        self._context = 0

    @property
    def context(self) -> int:
        if not self._context:
            self._context = self._only_reply(DescribeLlama()).context
        return self._context

    def count(self, texts: Sequence[str]) -> list[int]:
        if not texts:
            return []
        return self._only_reply(Count(tuple(texts)))

    def _only_reply(self, request: ModelRequest[R]) -> R:
        for reply in self._process.ask(request, self._cancelled):
            return reply
        raise ModelStopped(say("models.question-stopped"))

    def stream(
        self,
        messages: Sequence[ChatMessage],
        *,
        markers: int = 0,
        max_tokens: int = 512,
        temperature: float = 0.0,
        seed: int = 0,
        stop: Sequence[str] = (),
        aside: bool = False,
        cancelled: threading.Event | None = None,
    ) -> Iterator[ChatPiece | ChatEnd]:
        request = Complete(tuple(messages), markers, max_tokens, temperature, seed, tuple(stop), aside)
        return self._process.ask(request, cancelled or self._cancelled)
