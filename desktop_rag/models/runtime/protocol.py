"""What a model's process and its parent tell each other: MessagePack in frames (see ``desktop_rag.framing``).

The parent sends one ``LoadMessage`` and then one ``RequestMessage`` after another, numbered, each when the one before
is done; a ``CancelMessage`` may come at any time. The child answers the loading with ``ReadyMessage`` or
``FailedMessage``, and each request with any number of ``ReplyMessage`` and then ``DoneMessage`` or ``FailedMessage``.
Before work that might never end it says ``WithinMessage``.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec import Raw, Struct

from desktop_rag.framing import whole_characters
from desktop_rag.messages import plain
from desktop_rag.types import Problem


class _ModelMessage(Struct, frozen=True, tag=True):
    """Base of what is sent; ``number`` is that of the request it belongs to, 0 for the loading."""

    number: int


class LoadMessage(_ModelMessage, frozen=True):
    settings: Raw
    """Of the type ``SETTINGS`` of the model's module."""


class RequestMessage(_ModelMessage, frozen=True):
    request: Raw
    """One of the ``REQUESTS`` of the model's module."""


class CancelMessage(_ModelMessage, frozen=True):
    pass


class ReadyMessage(_ModelMessage, frozen=True):
    pass


class ReplyMessage(_ModelMessage, frozen=True):
    value: Raw


class DoneMessage(_ModelMessage, frozen=True):
    pass


class WithinMessage(_ModelMessage, frozen=True):
    """The parent is to end the child, and to say ``message``, once it has worked for ``seconds`` more; 0: no more."""

    seconds: float
    message: str


class FailedMessage(_ModelMessage, frozen=True):
    """``problem`` is that of a ``ModelError``; its code is "bug" for any other error, which its message names."""

    problem: Problem


BUG = "bug"

decode_order: Callable[[bytes], LoadMessage | RequestMessage | CancelMessage] = msgspec.msgpack.Decoder(
    LoadMessage | RequestMessage | CancelMessage
).decode
decode_answer: Callable[[bytes], ReadyMessage | ReplyMessage | DoneMessage | FailedMessage] = msgspec.msgpack.Decoder(
    ReadyMessage | ReplyMessage | DoneMessage | FailedMessage
).decode

_encoder = msgspec.msgpack.Encoder(enc_hook=plain)


def encode(value: object) -> bytes:
    """Half of a surrogate pair, which names of files may hold, is no text; it becomes "?"."""
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:
        return _encoder.encode(whole_characters(msgspec.to_builtins(value, builtin_types=(bytes,), enc_hook=plain)))
