"""What a model's process and its parent tell each other: MessagePack in frames (see ``desktop_rag.framing``).

The parent sends one ``Load`` and then ``Ask`` after ``Ask``, numbered, each when the one before is done; a ``Cancel``
may come at any time. The child answers ``Load`` with ``Ready`` or ``Failed``, and each ``Ask`` with any number of
``Reply`` and then ``Done`` or ``Failed``. Before work that might never end it says ``Within``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Raw, Struct

from desktop_rag.framing import whole_characters


class _Note(Struct, frozen=True, tag=True):
    """Base of what is sent; ``number`` is that of the request it belongs to, 0 for the loading."""

    number: int


class Load(_Note, frozen=True):
    settings: Raw
    """Of the type ``Settings`` of the model's module."""


class Ask(_Note, frozen=True):
    request: Raw
    """One of the ``REQUESTS`` of the model's module."""


class Cancel(_Note, frozen=True):
    pass


class Ready(_Note, frozen=True):
    pass


class Reply(_Note, frozen=True):
    value: Raw


class Done(_Note, frozen=True):
    pass


class Within(_Note, frozen=True):
    """If nothing else comes within ``seconds`` of the child's work, the parent is to end it, and to say ``message``; 0:
    no more."""

    seconds: float
    message: str


class Failed(_Note, frozen=True):
    """``code`` is that of a ``ModelError``; "bug" for an error that is none, of which ``message`` names the type."""

    code: str
    message: str
    hint: str = ""


BUG = "bug"

decode_order: Callable[[bytes], Load | Ask | Cancel] = msgspec.msgpack.Decoder(Load | Ask | Cancel).decode
decode_answer: Callable[[bytes], Ready | Reply | Done | Failed | Within] = msgspec.msgpack.Decoder(
    Ready | Reply | Done | Failed | Within
).decode

_encoder = msgspec.msgpack.Encoder()


def encode(value: Any) -> bytes:
    """Half of a surrogate pair, which names of files may hold, is no text; it becomes "?"."""
    try:
        return _encoder.encode(value)
    except UnicodeEncodeError:
        return _encoder.encode(whole_characters(msgspec.to_builtins(value, builtin_types=(bytes,))))
