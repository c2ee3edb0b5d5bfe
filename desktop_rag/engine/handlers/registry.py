"""Which function performs which call. A test holds that each declared call has exactly one, of the declared types."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar, cast

from desktop_rag.engine.call import Call, CallListener, Reply

if TYPE_CHECKING:
    from desktop_rag.engine.handlers.context import EngineContext

ACall = TypeVar("ACall", bound=Call[object])
Handler = Callable[["EngineContext", ACall, CallListener], Reply]
LocalHandler = Callable[[ACall, CallListener], Reply]

HANDLERS: dict[type[Call[object]], object] = {}
"""What ``handles`` and ``handles_here`` have noted, by call."""


def handles(call: Callable[..., Call[Reply]]) -> Callable[[Handler[ACall, Reply]], Handler[ACall, Reply]]:
    """Note a function as the one that performs ``call`` in an engine."""

    def note(function: Handler[ACall, Reply]) -> Handler[ACall, Reply]:
        _note(call, function)
        return function

    return note


def handles_here(
    call: Callable[..., Call[Reply]],
) -> Callable[[LocalHandler[ACall, Reply]], LocalHandler[ACall, Reply]]:
    """Note a function as the one that performs ``call`` in the process that makes it."""

    def note(function: LocalHandler[ACall, Reply]) -> LocalHandler[ACall, Reply]:
        _note(call, function)
        return function

    return note


def engine_handler(call: Call[Reply]) -> Handler[Call[Reply], Reply]:
    """The function for this call, whose place is the engine."""
    return cast(Handler[Call[Reply], Reply], HANDLERS[type(call)])


def local_handler(call: Call[Reply]) -> LocalHandler[Call[Reply], Reply]:
    """The function for this call, whose place is the caller's process."""
    return cast(LocalHandler[Call[Reply], Reply], HANDLERS[type(call)])


def _note(call: object, function: object) -> None:
    assert isinstance(call, type)
    assert issubclass(call, Call)
    assert call not in HANDLERS, f"{call.__name__} is performed twice"
    HANDLERS[call] = function
