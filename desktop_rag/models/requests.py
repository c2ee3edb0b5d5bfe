"""What a process that runs a model can be asked, and how that travels.

Each heavy library runs in a process of its own (``child``), for three reasons: a crash in native code costs one answer
and not the engine; memory, that of a graphics card above all, is given back entirely; and the CUDA libraries that
CTranslate2, torch and llama.cpp bring never meet in one process, where they clash when loaded in the wrong order.

A module of a model has ``SETTINGS`` (the type that says what to load, and how), ``open_model(settings)``, which
returns the loaded model or raises ``ModelError``, and ``REQUESTS``, the union of the requests it answers.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, ClassVar, Literal

from msgspec import Struct

ModelRole = Literal["chat", "embedding", "reranking", "image", "speech", "ocr"]
"""What a model is for."""

INSTALLABLE: tuple[ModelRole, ...] = ("chat", "embedding", "reranking", "image", "speech")
"""The roles of models that a person installs; text recognition is part of the program."""


class ModelRequest(Struct, frozen=True, tag_field="kind", tag=True):
    """Base of the requests.

    ``perform`` does it in the model's process and yields any number of replies, each of the type ``replies`` names. It
    looks at ``cancelled`` between steps (a token, a batch, a segment) and ends early, without an error, once it is set.
    Raises ``ModelError``; ``MemoryError`` or ``NoMemoryForModel`` when an allocation failed.
    """

    replies: ClassVar[Any] = None

    def perform(self, model: Any, cancelled: threading.Event) -> Iterator[Any]:
        raise NotImplementedError
