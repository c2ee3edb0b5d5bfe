"""What a call of the engine is: one declaration, of which its method, what travels, and its page in the docs are made.

A call is a frozen struct. Its fields are the arguments, with their defaults; ``Call[Reply]`` names the type of what
comes back; the class variables say how it is treated. ``method(TheCall)`` in an API class makes it a method there, with
the signature of the struct. One function in ``handlers`` performs it.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Generic, Literal, ParamSpec, Self, TypeVar, get_args, overload

from msgspec import Struct

from desktop_rag.models.store.model_store import Transfer
from desktop_rag.types import AnswerEvent, Progress

Arguments = ParamSpec("Arguments")
Reply = TypeVar("Reply")
Reply_co = TypeVar("Reply_co", covariant=True)

Lane = Literal["control", "question", "look", "work"]
"""Which threads of an engine process perform a call, so that none waits for another kind: "control" is done at once,
"question" searches and answers, "look" reads what is there, "work" may take hours."""
Repeat = Literal["harmless", "once"]
"""What may be done when the engine died during a call and was started again. "harmless": ask again. "once": it is asked
again under the same id, by which the engine knows that its effect may be there already."""
Tells = Literal["nothing", "progress", "answer", "transfer"]
"""What is told while a call is performed, to whoever listens: ``Progress``, ``AnswerEvent`` or ``Transfer``."""
Place = Literal["engine", "caller"]
"""Where a call is performed: by the engine that owns the library, or, when it is about no library, in the process that
asks."""


class Call(Struct, Generic[Reply_co], frozen=True, tag_field="call", tag=True):
    """Base of the calls."""

    lane: ClassVar[Lane] = "look"
    repeat: ClassVar[Repeat] = "harmless"
    tells: ClassVar[Tells] = "nothing"
    place: ClassVar[Place] = "engine"
    writes: ClassVar[bool] = False
    """Whether the library must be open for writing."""

    if TYPE_CHECKING:  # of a call without fields; else mypy takes any arguments

        def __init__(self) -> None: ...

    def changes(self) -> bool:
        """Whether just this call needs a library that is open for writing."""
        return self.writes

    def once(self) -> bool:
        """Whether just this call must not have its effect twice."""
        return self.repeat == "once"


def reply_type(call: type[Call[object]]) -> object:
    """The type that ``call`` is answered with, as its base names it."""
    return get_args(vars(call)["__orig_bases__"][0])[0]


NEVER = threading.Event()
"""Is not set: for calls that nobody stops."""


@dataclass(frozen=True)
class CallListener:
    """Who hears of a call while it is performed, in the thread that performs or awaits it, and how it is ended early.

    What a function of it raises ends the call, and is raised to whoever made it. ``call_id`` and ``first_tried`` are
    set by an engine process: the id of a call that must not have its effect twice, and, when an engine died while it
    performed it, the time at which that one began (seconds since 1970).
    """

    on_progress: Callable[[Progress], None] = lambda _: None
    on_event: Callable[[AnswerEvent], None] = lambda _: None
    on_transfer: Callable[[Transfer], None] = lambda _: None
    stop: threading.Event = NEVER
    call_id: str = ""
    first_tried: float | None = None


class Performer(ABC):
    """Whatever calls can be made of."""

    @abstractmethod
    def perform(self, call: Call[Reply], listener: CallListener | None = None) -> Reply:
        """Have the call done; returns its reply, and raises its errors."""


class method(Generic[Arguments, Reply]):
    """A method of an API class that makes a call: its arguments are the fields of the call, its result the reply."""

    def __init__(self, call: Callable[Arguments, Call[Reply]]) -> None:
        self.call = call

    @overload
    def __get__(self, performer: None, owner: type[Performer]) -> Self: ...
    @overload
    def __get__(self, performer: Performer, owner: type[Performer]) -> Callable[Arguments, Reply]: ...
    def __get__(self, performer: Performer | None, owner: type[Performer]) -> Self | Callable[Arguments, Reply]:
        if performer is None:
            return self

        def ask(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Reply:
            return performer.perform(self.call(*args, **kwargs))

        return ask


def methods_of(api: type[object]) -> dict[str, type[Call[object]]]:
    """The calls of an API by the names of their methods, in the order of their declaration."""
    found: dict[str, type[Call[object]]] = {}
    for base in reversed(api.__mro__):
        for name, attribute in vars(base).items():
            if isinstance(attribute, method) and isinstance(attribute.call, type) and issubclass(attribute.call, Call):
                found[name] = attribute.call
    return found
