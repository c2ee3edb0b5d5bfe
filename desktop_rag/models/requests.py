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
from typing import Any, Generic, Literal, Protocol, TypeVar, get_args

from msgspec import Struct

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

ModelRole = Literal["chat", "embedding", "reranking", "image", "speech", "ocr"]
"""What a model is for."""

INSTALLABLE: tuple[ModelRole, ...] = ("chat", "embedding", "reranking", "image", "speech")
"""The roles of models that a person installs; text recognition is part of the program."""

Form = Literal["gguf", "open_clip", "ctranslate2"]
"""How a model is stored: what its files are, and which library runs it."""


class ModelRequest(Struct, Generic[R_co], frozen=True, tag_field="kind", tag=True):
    """Base of the requests, whose replies are of type ``R_co``.

    ``perform`` does it in the model's process and yields any number of replies. It looks at ``cancelled``
    between steps (a token, a batch, a segment) and ends early, without an error, once it is set.
    Raises ``ModelError``; ``MemoryError`` or ``NoMemoryForModel`` when an allocation failed.
    """

    def perform(self, model: Any, cancelled: threading.Event) -> Iterator[R_co]:
        raise NotImplementedError


def type_of_replies(request: type[ModelRequest[R]]) -> type[R]:
    """What a kind of requests is replied with."""
    (base,) = vars(request)["__orig_bases__"]
    replies: type[R]
    (replies,) = get_args(base)
    return replies


class ModelClient(Protocol):
    """Whatever answers the requests of a model's module: its process, as a rule."""

    def ask(self, request: ModelRequest[R], cancelled: threading.Event | None = None) -> Iterator[R]:
        """The replies, as they come. Raises ``ModelError``."""
        ...
