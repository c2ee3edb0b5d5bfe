"""What answering needs of a language model: messages in, a stream of text out. The model itself is in ``llm``."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any, Literal, Protocol

from msgspec import Struct

from desktop_rag.errors import ModelStopped


class ChatMessage(Struct, frozen=True):
    role: Literal["system", "user", "assistant"]
    content: str


class ChatPiece(Struct, frozen=True, tag=True):
    """A little more of the answer's text; never "" and never half a character."""

    text: str


class ChatEnd(Struct, frozen=True, tag=True):
    """What an answer took; always the last of a stream.

    ``cached_tokens`` of the ``prompt_tokens`` were known from the answer before. ``reason`` is "length" when
    ``max_tokens`` or the end of the context was reached.
    """

    prompt_tokens: int
    cached_tokens: int
    tokens: int
    first_token_s: float
    tokens_per_s: float
    reason: Literal["stop", "length", "cancelled"]


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


class Asking(Protocol):
    """Whatever answers the requests of a model's module: its process, as a rule."""

    def ask(self, request: Any, cancelled: threading.Event | None = None) -> Iterator[Any]: ...


class ProcessChat:
    """A ``ChatModel`` whose model runs in another process. As safe to share between threads as that process is.

    ``cancelled`` ends all that is asked of it.
    """

    def __init__(self, process: Asking, name: str, cancelled: threading.Event | None = None) -> None:
        self.name = name
        self._process = process
        self._cancelled = cancelled
        self._context = 0

    @property
    def context(self) -> int:
        from desktop_rag.models.llama.llm import DescribeLlama

        if not self._context:
            self._context = self._only_reply(DescribeLlama()).context
        return self._context

    def count(self, texts: Sequence[str]) -> list[int]:
        from desktop_rag.models.llama.llm import Count

        if not texts:
            return []
        counts: list[int] = self._only_reply(Count(tuple(texts)))
        return counts

    def _only_reply(self, request: Any) -> Any:
        for reply in self._process.ask(request, self._cancelled):
            return reply
        raise ModelStopped("The question was stopped.")

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
        from desktop_rag.models.llama.llm import Complete

        request = Complete(tuple(messages), markers, max_tokens, temperature, seed, tuple(stop), aside)
        return self._process.ask(request, cancelled or self._cancelled)
