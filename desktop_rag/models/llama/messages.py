"""What goes into a language model that answers, and what comes out of it."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


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
