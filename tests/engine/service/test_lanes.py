"""What controls an engine waits behind nothing; errors and mistakes arrive as what they are; clients leave cleanly."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from multiprocessing import Pipe
from pathlib import Path

import pytest

from desktop_rag import errors
from desktop_rag.cli.exits import Exit, exit_for
from desktop_rag.engine.service import wire
from desktop_rag.engine.service.channel import Channel, Lost
from desktop_rag.engine.service.client import EngineClient
from desktop_rag.engine.service.opening import start_engine, stop_engine
from desktop_rag.errors import DesktopRagError, EngineGone, InternalError
from desktop_rag.types import Progress
from tests.engine.waiting import until

_ENDLESS = """
import threading
from pathlib import Path
from desktop_rag.engine.queries.document_queries import DocumentQueries
from desktop_rag.engine.sync.index_commands import IndexCommands
def endless(*_, **__):
    Path("{folder}", str(threading.get_ident())).touch()
    threading.Event().wait()
DocumentQueries.suggestions = IndexCommands.index = endless
"""
_BROKEN = """
from desktop_rag.engine.queries.document_queries import DocumentQueries
def broken(*_):
    raise ZeroDivisionError
DocumentQueries.suggestions = broken
"""


def _every_error(kind: type[DesktopRagError] = DesktopRagError) -> list[type[DesktopRagError]]:
    return [kind, *(found for child in kind.__subclasses__() for found in _every_error(child))]


@pytest.mark.parametrize("kind", _every_error())
def test_each_error_arrives_as_what_it_was(kind: type[DesktopRagError]) -> None:
    there = kind("It failed.", "Do something.")
    here = wire.error_of(wire.failure_of(there))
    assert type(here) is kind
    assert (here.code, here.message, here.hint) == (there.code, "It failed.", "Do something.")
    assert exit_for(here) == exit_for(there)


def test_codes_tell_errors_apart() -> None:
    kinds = [kind for kind in _every_error() if kind.__module__ == errors.__name__]
    assert len({kind.code for kind in kinds}) == len(kinds)


def test_an_error_of_another_version_keeps_its_code() -> None:
    error = wire.error_of(wire.Failure("moon-too-bright", "The moon is too bright.", "Wait."))
    assert (type(error), error.code, error.message) == (DesktopRagError, "moon-too-bright", "The moon is too bright.")
    assert DesktopRagError.code == "error"


def test_a_mistake_in_the_engine_is_one_here(library: Path, patched: Callable[[str], Path]) -> None:
    patched(_BROKEN)
    with start_engine(library) as client:
        with pytest.raises(InternalError, match="ZeroDivisionError") as raised:
            client.suggestions()
        assert exit_for(raised.value) is Exit.BUG
        assert client.status().files == 0


def test_stop_and_pause_wait_behind_no_calls(library: Path, patched: Callable[[str], Path]) -> None:
    begun = patched(_ENDLESS)
    with ExitStack() as clients:
        for number in range(8):
            client = clients.enter_context(start_engine(library))
            call = client.suggestions if number % 2 else client.index
            threading.Thread(target=_ignoring_the_end, args=(call,), daemon=True).start()
        until(lambda: len([mark for mark in begun.iterdir() if mark.name.isdigit()]) >= 8, "eight calls go on")
        with start_engine(library) as client:
            client.pause()
            until(lambda: (status := client.status().engine) and status.activity == "paused", "it has paused")
        assert stop_engine(library)


def _ignoring_the_end(call: Callable[[], object]) -> None:
    with pytest.raises(EngineGone):
        call()


def test_an_error_of_who_listens_is_not_the_end_of_the_engine(library: Path, notes: Path) -> None:
    heard: list[Progress] = []

    def hear(progress: Progress) -> None:
        heard.append(progress)
        raise BrokenPipeError("the reader has left")

    with start_engine(library) as client:
        before = client.status().engine
        with pytest.raises(BrokenPipeError, match="the reader has left"):
            client.listening(on_progress=hear).index([notes])
        assert len(heard) == 1
        after = client.status().engine
        assert before is not None
        assert after is not None
        assert after.pid == before.pid


def test_a_client_that_is_closed_ends_its_call(library: Path, patched: Callable[[str], Path]) -> None:
    begun = patched(_ENDLESS)
    client = start_engine(library)
    waiting = threading.Thread(target=_ignoring_the_end, args=(client.suggestions,))
    waiting.start()
    until(lambda: any(mark.name.isdigit() for mark in begun.iterdir()), "the call goes on")
    client.close()
    waiting.join()
    with pytest.raises(EngineGone):
        client.status()


def test_a_subscription_is_closed_while_somebody_waits_for_it(library: Path) -> None:
    with start_engine(library) as client:
        events = client.subscribe()
        got: list[object] = []
        waiting = threading.Thread(target=lambda: got.extend(events))
        waiting.start()
        events.close()
        waiting.join()
        assert events.ended


def test_a_channel_is_closed_after_its_reader_has_left() -> None:
    here, there = Pipe()
    channel = Channel(here)
    order: list[str] = []
    reading = threading.Event()

    class Watched(Channel):
        def _receive(self, within_s: float | None) -> wire.Answer | None:
            reading.set()
            try:
                return super()._receive(within_s)
            finally:
                order.append("closed" if here.closed else "open")

    channel = Watched(here)

    def read() -> None:
        with pytest.raises(Lost):
            channel.receive()

    reader = threading.Thread(target=read)
    reader.start()
    reading.wait()
    channel.close()
    reader.join()
    assert order == ["open"]
    assert here.closed
    there.close()
    with pytest.raises(Lost):
        channel.send(wire.Stop())
    with pytest.raises(Lost):
        channel.receive()


def test_a_client_knows_one_library(tmp_path: Path) -> None:
    assert EngineClient.connect(tmp_path) is None
