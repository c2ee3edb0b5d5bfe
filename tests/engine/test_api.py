"""One definition of the API: each call is declared once, performed by one function, and described in docs/api.md."""

from __future__ import annotations

import importlib
import inspect
import types
from pathlib import Path
from typing import get_type_hints

import msgspec
import pytest

from desktop_rag.engine.api import EngineApi, Search
from desktop_rag.engine.call import Call, CallListener, methods_of, reply_type
from desktop_rag.engine.engine import Engine
from desktop_rag.engine.handlers import local
from desktop_rag.engine.handlers.context import EngineContext
from desktop_rag.engine.handlers.registry import HANDLERS
from desktop_rag.engine.local_api import LocalApi
from desktop_rag.engine.service import wire
from desktop_rag.engine.service.client import EngineClient

CHECKOUT = Path(__file__).resolve().parent.parent.parent
METHODS = methods_of(EngineApi)
assert local.__name__  # its functions are registered


def _all_calls(base: type[Call[object]] = Call) -> set[type[Call[object]]]:
    return {kind for child in base.__subclasses__() for kind in (child, *_all_calls(child))}


def test_each_declared_call_is_a_method() -> None:
    assert set(METHODS.values()) == _all_calls()
    assert len(set(METHODS.values())) == len(METHODS)
    for api in (Engine, EngineClient):
        assert not set(vars(api)) & set(METHODS), "the declaration is the one definition"


def test_each_declared_call_has_one_function_of_its_types() -> None:
    assert set(HANDLERS) == set(METHODS.values())
    assert len({id(function) for function in HANDLERS.values()}) == len(HANDLERS)
    for call, function in HANDLERS.items():
        assert isinstance(function, types.FunctionType)
        hints = get_type_hints(function)
        place: list[type] = [EngineContext] if call.place == "engine" else []
        assert list(hints.values())[:-1] == [*place, call, CallListener], function.__name__
        answered = hints["return"]
        assert answered == reply_type(call), function.__name__


def test_calls_that_need_no_library_are_performed_by_the_caller() -> None:
    here = set(methods_of(LocalApi).values())
    assert {call for call in METHODS.values() if call.place == "caller"} == here


@pytest.mark.parametrize("name", METHODS)
def test_a_call_says_what_it_does(name: str) -> None:
    call = METHODS[name]
    assert inspect.getdoc(call)
    assert not (call.repeat == "once" and call.place == "caller"), "there is no engine that could die"


def test_the_page_about_the_api_is_up_to_date(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(CHECKOUT / "packaging"))
    api_docs = importlib.import_module("api_docs")
    assert (CHECKOUT / "docs" / "api.md").read_text(encoding="utf-8") == api_docs.page(), "run: make api-docs"


def test_calls_travel_whole() -> None:
    sent = Search("boat", like=Path("notes/a.png"), limit=3)
    came = wire.decode_call(wire.request(sent, ""))
    assert came == msgspec.structs.replace(sent, like=Path("notes/a.png").absolute())
    with pytest.raises(msgspec.MsgspecError):
        wire.decode_call(wire.CallRequest(msgspec.Raw(wire.encode({"call": "Nothing"}))))
