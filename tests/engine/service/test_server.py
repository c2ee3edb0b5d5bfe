"""The engine in a process of its own: the same API, trusted clients only, and an end to every crash."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client
from pathlib import Path

import pytest

from desktop_rag.engine.engine import Engine
from desktop_rag.engine.events import Changed
from desktop_rag.engine.service import server, wire
from desktop_rag.engine.service.client import EngineClient
from desktop_rag.engine.service.opening import open_engine, start_engine, stop_engine
from desktop_rag.errors import ConfigError, EngineFull, LibraryBusy, QueryError, Unreadable
from desktop_rag.types import FileState, Message, Whole
from tests.engine.waiting import until

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")


def pid_of(client: EngineClient) -> int:
    status = client.status().engine
    assert status is not None
    return status.pid


def test_everything_works_across_processes(library: Path, notes: Path) -> None:
    with start_engine(library) as client:
        seen: list[str] = []
        report = client.listening(on_progress=lambda progress: seen.append(progress.phase)).index([notes])
        assert (report.new, report.states) == (1, {"indexed": 1})
        assert seen[-1] == "done"
        with Engine(library, read_only=True) as direct:
            assert client.search("where is the boat").hits == direct.search("where is the boat").hits
            assert client.ask("Where is the boat moored?").text == direct.ask("Where is the boat moored?").text
        with client.subscribe() as subscription:
            until(lambda: client.status().engine, "an answer, so that the subscription stands")
            (notes / "kiln.txt").write_text("The kiln is hot.", encoding="utf-8")
            event = next(event for event in subscription if isinstance(event, Changed))
        assert event.new == 1
        assert client.why(notes / "kiln.txt", "hot kiln").reason == "It is indexed."
        with pytest.raises(QueryError):
            client.search("kiln after:nonsense")
        assert all(check.ok for check in client.doctor())
        with Engine(library, read_only=True) as direct:
            assert client.files(states=[FileState.INDEXED], root=notes, name="BOAT", limit=1) == direct.files(
                name="boat"
            )
            assert client.view(notes / "boat.txt", limit=1) == direct.view(notes / "boat.txt")
            assert client.people("nobody") == direct.people("nobody") == ()
            assert client.suggestions() == direct.suggestions() != ()
        assert client.part(notes / "boat.txt", Whole()).data == (notes / "boat.txt").read_bytes()
        with pytest.raises(Unreadable):
            client.part(notes / "boat.txt", Message(7, "gone.pdf"))
        assert client.previews([1, 2, 3]) == {}
        talk = client.ask("Where is the boat moored?", remember=True).conversation
        assert talk is not None
        client.rate(talk, 0, -1)
        assert client.turns(talk)[0].rating == -1
        client.pause()
        (notes / "kiln.txt").unlink()
        assert client.forget(notes / "kiln.txt") == 1
        assert client.rebuild() == 1
        assert client.add_root(notes) == str(notes)
        client.resume()
        assert client.remove_root(notes) == 1
        status = client.status()
        assert (status.files, status.roots) == (0, ())
    assert stop_engine(library)
    assert not stop_engine(library)
    assert wire.read_address(library) is None


def test_stop_ends_a_call_early(library: Path, notes: Path) -> None:
    for number in range(1500):
        (notes / f"{number}.txt").write_text(f"Receipt {number} lies in box {number % 7}. " * 20, encoding="utf-8")
    stop = threading.Event()
    with start_engine(library) as client:
        client.pause()
        hearing = client.listening(stop=stop, on_progress=lambda seen: stop.set() if seen.files_done else None)
        report = hearing.index([notes])
        assert report.stopped
        assert 0 < client.status().files < 1501


def test_a_second_owner_is_sent_to_the_engine(library: Path) -> None:
    with start_engine(library) as client:
        with pytest.raises(LibraryBusy):
            Engine(library)
        with open_engine(library) as other:
            assert isinstance(other, EngineClient)
            assert pid_of(other) == pid_of(client)


def test_an_engine_that_cannot_start_says_why(library: Path) -> None:
    with Engine(library), pytest.raises(LibraryBusy, match="process"):
        start_engine(library)
    (library / "config.toml").write_text("workers = 'many'", encoding="utf-8")
    with pytest.raises(ConfigError, match="workers"):
        start_engine(library)


def test_strangers_are_turned_away(library: Path) -> None:
    with start_engine(library) as client:
        address = wire.read_address(library)
        assert address is not None
        with pytest.raises(AuthenticationError):
            Client(address.address, authkey=b"guessed")
        silent = Client(address.address)  # says nothing, for ever
        rude = Client(address.address, authkey=bytes.fromhex(address.key))
        rude.send({"pickled": Path("object")})
        with pytest.raises((EOFError, OSError)):
            rude.recv_bytes()
        late = Client(address.address, authkey=bytes.fromhex(address.key))
        late.send_bytes(wire.encode(wire.Hello(wire.PROTOCOL + 1, "9")))
        assert wire.decode_answer(late.recv_bytes()) == wire.Hello(wire.PROTOCOL, address.version)
        with pytest.raises((EOFError, OSError)):
            late.recv_bytes()
        assert client.status().files == 0
        silent.close()


def test_an_engine_without_room_says_so(library: Path) -> None:
    with contextlib.ExitStack() as others:
        others.enter_context(start_engine(library))
        for _ in range(server._MOST_CLIENTS - 1):
            others.enter_context(open_engine(library))
        with pytest.raises(EngineFull, match="Too many programs are using the engine"):
            open_engine(library)
    with open_engine(library) as client:  # they have gone
        assert client.status().files == 0


@pytest.mark.filterwarnings("ignore:XDG_RUNTIME_DIR is not set")
@pytest.mark.parametrize("error", [RuntimeError("x"), OSError(24, "x"), KeyError("x"), MemoryError()], ids=repr)
def test_clients_are_let_in_after_an_error(
    library: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    errors = [error]
    serve = server.Service._accept

    def failing(self: server.Service) -> float | None:
        if errors:
            raise errors.pop()
        return serve(self)

    monkeypatch.setattr(server.Service, "_accept", failing)
    with Engine(library) as engine, server.Service(engine):
        for _ in range(2):
            client = EngineClient.connect(library)
            assert client is not None
            with client:
                assert client.status().files == 0


@POSIX
def test_only_the_owner_can_read_the_key_and_reach_the_socket(library: Path) -> None:
    with start_engine(library):
        address = wire.read_address(library)
        assert address is not None
        assert wire.address_path(library).stat().st_mode & 0o777 == 0o600
        assert Path(address.address).parent.stat().st_mode & 0o777 == 0o700


@POSIX
def test_a_killed_engine_is_back_and_the_call_goes_on(library: Path, notes: Path) -> None:
    for number in range(400):
        (notes / f"{number}.txt").write_text(f"Receipt {number} lies in box {number % 7}.", encoding="utf-8")
    with start_engine(library) as client:
        first = pid_of(client)
        report = client.listening(on_progress=_kill_once(first)).index([notes])
        assert report.states == {"indexed": 401}
        assert pid_of(client) != first
        status = client.status().engine
        assert status is not None
        assert status.restarts == 1


def _kill_once(pid: int):  # type: ignore[no-untyped-def]
    def on_progress(progress: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            if getattr(progress, "files_done", 0):
                os.kill(pid, signal.SIGKILL)

    return on_progress


_CRASHES = """
from desktop_rag.models.onnx.text_embedding import TextEmbedder
embed = TextEmbedder.embed
def embed_or_die(self, texts, between=None):
    if any("poison" in text for text in texts):
        import ctypes
        ctypes.string_at(0)
    return embed(self, texts, between)
TextEmbedder.embed = embed_or_die
"""


@POSIX
def test_a_file_that_crashes_the_engine_twice_is_set_aside(
    library: Path, notes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        (notes / f"{number}.txt").write_text(f"Receipt {number} lies in box {number % 7}.", encoding="utf-8")
    (notes / "bad.txt").write_text("This is poison to native code.", encoding="utf-8")
    (tmp_path / "patch").mkdir()
    (tmp_path / "patch" / "sitecustomize.py").write_text(_CRASHES, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path / "patch"))
    with start_engine(library) as client:
        client.add_root(notes)
        until(lambda: client.status().states == {"failed": 1, "indexed": 21}, "all but one are indexed")
        status = client.status().engine
        assert status is not None
        assert status.restarts == 2
        why = client.why(notes / "bad.txt")
        assert "crashed the program twice" in why.reason


def test_many_starts_make_one_engine(library: Path) -> None:
    command = [sys.executable, "-m", "desktop_rag", "--library", str(library), "--json", "engine", "start"]
    starting = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    outputs = [process.communicate(timeout=120)[0] for process in starting]
    with start_engine(library) as client:
        pid = pid_of(client)
    assert [process.returncode for process in starting] == [0] * 4
    assert all(f'"pid":{pid}' in output for output in outputs)
