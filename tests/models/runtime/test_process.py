"""Models in real processes: what goes in and out, and what becomes of it when they crash, hang or are taken away."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import psutil
import pytest

from desktop_rag.errors import ModelCrashed, ModelError, ModelRefused, NoMemoryForModel
from desktop_rag.models.runtime.process import ModelProcess
from tests.models.echo_model import CountUp, Echo, EchoBytes, Misbehave, Settings, Variable, Word

MODULE = "tests.models.echo_model"
CHECKOUT = Path(__file__).resolve().parents[3]
PATIENCE_S = 30.0

_PIPES = pytest.mark.skipif(sys.platform == "win32", reason="its pipes are found in another way")

Open = Callable[..., ModelProcess]


@pytest.fixture
def start() -> Iterator[Open]:
    opened: list[ModelProcess] = []

    def start(settings: Settings | None = None, **options: Any) -> ModelProcess:
        opened.append(ModelProcess(MODULE, settings or Settings(), name="Echo", **options))
        return opened[-1]

    yield start
    for process in opened:
        process.close()


def test_replies_come_back_whatever_libraries_print(start: Open) -> None:
    process = start(Settings(word="hello"))
    assert (process.alive, process.pid, process.memory_bytes()) == (False, None, 0)
    texts, data = ("é", "", "x" * 1_000_000), b"\0\xff" * 500_000
    assert tuple(process.ask(Echo(texts))) == texts
    assert list(process.ask(EchoBytes(data))) == [data]
    assert list(process.ask(Word())) == ["hello"]
    assert list(process.ask(Misbehave("print"))) == ["begun", "done"]
    assert process.alive
    assert process.pid not in (None, os.getpid())
    assert process.memory_bytes() > 0


def test_half_a_character_travels_as_a_question_mark(start: Open) -> None:
    assert list(start().ask(Echo(("a\udc80b", "c")))) == ["a?b", "c"]


def test_the_parents_word_for_a_setting_reaches_the_child(start: Open) -> None:
    process = start(environment={"ECHO_CARD": "none"})
    assert list(process.ask(Variable("ECHO_CARD"))) == ["none"]
    process.restart_with(Settings(word="other"), {"ECHO_CARD": "first"})
    assert not process.alive
    assert [*process.ask(Word()), *process.ask(Variable("ECHO_CARD"))] == ["other", "first"]


@pytest.mark.parametrize(
    ("how", "kind", "words"),
    [
        ("crash", ModelCrashed, "SIGSEGV" if sys.platform != "win32" else "status"),
        ("value", ModelError, r"failed unexpectedly \(ValueError\)"),
        ("memory", NoMemoryForModel, "not enough memory"),
        ("cuda", NoMemoryForModel, "not enough memory"),
        ("connect", ModelError, "OfflineError"),
        ("exit", ModelError, r"failed unexpectedly \(SystemExit\)"),
        ("rust", ModelError, r"failed unexpectedly \(BaseException\)"),
        pytest.param("garbage", ModelCrashed, "it wrote something that is not an answer", marks=_PIPES),
        pytest.param("garbage in a frame", ModelCrashed, "it wrote something that is not an answer", marks=_PIPES),
    ],
)
def test_what_goes_wrong_is_an_error_and_the_next_request_is_answered(
    start: Open, tmp_path: Path, how: str, kind: type[ModelError], words: str
) -> None:
    log = tmp_path / "logs" / "model.log"
    process = start(log=log)
    replies = process.ask(Misbehave(how))
    assert next(replies) == "begun"
    with pytest.raises(kind, match=words) as caught:
        next(replies)
    assert type(caught.value) is kind
    assert list(process.ask(Word())) == ["echo"]
    process.close()
    assert "chatter of native code" in log.read_text()
    assert "secret text" not in log.read_text()
    assert ("echo_model.py" in log.read_text()) == (how in ("crash", "value", "connect", "exit", "rust"))


@pytest.mark.parametrize(
    ("loading", "kind", "words"),
    [
        ("refuse", ModelRefused, "It is no model. Get another."),
        ("no memory", NoMemoryForModel, "There is no room. Buy some."),
        ("library", ModelError, "The library heavy is missing"),
    ],
)
def test_a_model_that_does_not_load_leaves_no_process(
    start: Open, loading: str, kind: type[ModelError], words: str
) -> None:
    process = start(Settings(loading=loading))
    with pytest.raises(kind, match=words):
        process.load()
    assert process.pid is None


def test_a_module_that_is_none_is_said() -> None:
    process = ModelProcess("tests.models.no_such_model", Settings())
    with pytest.raises(ModelError, match="is missing"):
        process.load()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_killed_while_loading_is_taken_for_a_lack_of_memory(start: Open) -> None:
    with pytest.raises(NoMemoryForModel, match="memory ran out"):
        start(Settings(loading="killed")).load()


def test_one_that_crashes_twice_while_loading_is_set_aside(start: Open, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    process = start(Settings(loading="crash", mark=str(mark)))
    for _ in range(2):
        with pytest.raises(ModelCrashed, match="while it was being loaded"):
            process.load()
    for _ in range(2):
        with pytest.raises(ModelError, match="disabled") as caught:
            process.load()
        assert type(caught.value) is ModelError
    assert mark.read_text().count("loaded") == 2
    process.clear_crashes()
    with pytest.raises(ModelCrashed):
        process.load()


def test_one_crash_while_loading_does_not_count_when_the_next_goes_well(start: Open, tmp_path: Path) -> None:
    process = start(Settings(loading="crash once", mark=str(tmp_path / "mark")))
    with pytest.raises(ModelCrashed):
        process.load()
    assert list(process.ask(Word())) == ["echo"]


def test_cancelled_by_another_thread_while_it_works(start: Open) -> None:
    process, cancelled = start(), threading.Event()
    numbers = process.ask(CountUp(), cancelled)
    assert list(islice(numbers, 3)) == [0, 1, 2]
    threading.Timer(0.1, cancelled.set).start()
    assert len(list(numbers)) < 1000
    pid = process.pid
    assert list(process.ask(Word())) == ["echo"]
    assert process.pid == pid


def test_who_stops_reading_cancels(start: Open) -> None:
    process = start()
    assert next(process.ask(CountUp())) == 0
    assert next(process.ask(Echo(("first", "second")))) == "first"
    assert list(process.ask(Word())) == ["echo"]


def test_cancelled_before_it_began_starts_nothing(start: Open) -> None:
    process, cancelled = start(), threading.Event()
    cancelled.set()
    assert list(process.ask(Word(), cancelled)) == []
    assert process.pid is None


def test_loading_goes_on_when_who_waited_for_it_left(start: Open, tmp_path: Path) -> None:
    mark, cancelled = tmp_path / "mark", threading.Event()
    process = start(Settings(loading="slow", mark=str(mark)))
    threading.Timer(0.2, cancelled.set).start()
    assert list(process.ask(Word(), cancelled)) == []
    assert not process.alive
    assert list(process.ask(Word())) == ["echo"]
    assert mark.read_text().count("loaded") == 1


def test_one_request_at_a_time_and_who_waits_can_leave(start: Open) -> None:
    process, cancelled = start(), threading.Event()
    heard: list[str] = []
    numbers = process.ask(CountUp())
    next(numbers)
    waiting = threading.Thread(target=lambda: heard.extend(process.ask(Word(), cancelled)))
    waiting.start()
    cancelled.set()
    waiting.join(PATIENCE_S)
    assert not waiting.is_alive()
    assert heard == []
    numbers.close()  # type: ignore[attr-defined]
    assert list(process.ask(Word())) == ["echo"]


@pytest.mark.parametrize("how", ["hang", "stopped"])
def test_closing_ends_even_one_that_hangs(start: Open, how: str) -> None:
    process, problems = start(), []
    replies = process.ask(Misbehave("hang"))
    next(replies)
    child = psutil.Process(process.pid)
    if how == "stopped":
        child.suspend()

    def read() -> None:
        with pytest.raises(ModelError, match="unloaded while it was working") as caught:
            next(replies)
        problems.append(caught.value)

    reading = threading.Thread(target=read)
    reading.start()
    process.close()
    reading.join(PATIENCE_S)
    assert [type(problem) for problem in problems] == [ModelError]
    assert not child.is_running()
    assert list(process.ask(Word())) == ["echo"]


def test_one_that_died_while_nobody_asked_is_started_again(start: Open) -> None:
    process = start()
    process.load()
    psutil.Process(process.pid).kill()
    deadline = time.monotonic() + PATIENCE_S
    while process.alive and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not process.alive
    assert list(process.ask(Word())) == ["echo"]


def test_the_log_is_bounded(start: Open, tmp_path: Path) -> None:
    log = tmp_path / "model.log"
    process = start(log=log)
    list(process.ask(Misbehave("print")))
    process.close()
    assert log.stat().st_size <= 1024 * 1024
    assert {path.name for path in tmp_path.iterdir()} == {"model.log", "model.log.1"}


_PARENT = """
import sys
from desktop_rag.models.runtime.process import ModelProcess
from tests.models.echo_model import Misbehave, Settings
process = ModelProcess("tests.models.echo_model", Settings())
replies = process.ask(Misbehave("hang"))
next(replies)
print(process.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
def test_a_child_minds_no_interrupt_and_ends_with_its_parent() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", _PARENT],
        cwd=CHECKOUT,
        env=os.environ | {"PYTHONPATH": str(CHECKOUT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        child.send_signal(signal.SIGINT)
        time.sleep(0.2)
        assert child.is_running()
        parent.kill()
        gone, _ = psutil.wait_procs([child], timeout=PATIENCE_S)
    assert gone
