"""What is started, spoken to and ended: a child that answers, one that does not, and one that is gone."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from desktop_rag.child_process import KILLED, ChildProcess, exit_reason

PATIENCE_S = 30.0

_ECHO = """
import os, sys, time
from desktop_rag.framing import read_frame, take_over_standard_streams, write_frame
orders, answers = take_over_standard_streams()
while (frame := read_frame(orders)) is not None:
    if frame == b"leave":
        os._exit(7)
    elif frame == b"hang":
        time.sleep(600)
    elif frame == b"garbage":
        answers.write(b"no frame"); answers.flush()
    elif frame == b"many":
        for number in range(1000):
            write_frame(answers, b"%d" % number)
    elif frame == b"print":
        print("x" * (3 << 20), flush=True)
    write_frame(answers, frame)
"""

Start = Callable[..., ChildProcess]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    (tmp_path / "echoing.py").write_text(_ECHO, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    started: list[ChildProcess] = []

    def start(log: Path | None = None) -> ChildProcess:
        started.append(ChildProcess("echoing", log=log))
        return started[-1]

    yield start
    for child in started:
        child.end()


def test_what_is_sent_is_answered_in_order(start: Start) -> None:
    child = start()
    for text in (b"a", b"b" * (1 << 20), b"\0"):
        child.send(text)
    assert [child.receive(PATIENCE_S) for _ in range(3)] == [b"a", b"b" * (1 << 20), b"\0"]
    assert child.running
    assert child.memory_bytes() > 0


def test_a_quick_child_waits_and_nothing_is_lost(start: Start) -> None:
    child = start()
    child.send(b"many")
    assert [child.receive(PATIENCE_S) for _ in range(1001)] == [*(b"%d" % number for number in range(1000)), b"many"]


def test_one_that_ends_says_so_to_everybody_who_asks(start: Start) -> None:
    child = start()
    child.send(b"leave")
    assert [child.receive(PATIENCE_S) for _ in range(3)] == [None, None, None]
    child.send(b"anybody there?")
    assert child.end() == 7
    assert child.memory_bytes() == 0


def test_what_is_no_frame_is_noticed_at_once(start: Start) -> None:
    child = start()
    child.send(b"garbage")
    assert child.receive(PATIENCE_S) is None
    assert child.running
    assert child.end() == (KILLED if sys.platform != "win32" else 1)


def test_who_waits_gives_up_in_time_or_when_cancelled(start: Start) -> None:
    child, cancelled = start(), threading.Event()
    child.send(b"hang")
    with pytest.raises(TimeoutError):
        child.receive(0.05)
    with pytest.raises(TimeoutError):
        child.receive(0.05, cancelled)
    cancelled.set()
    assert child.receive(None, cancelled) is None
    child.kill()
    assert child.receive(PATIENCE_S) is None


def test_no_zombie_and_no_thread_is_left(start: Start) -> None:
    threads = threading.active_count()
    child = start()
    process = psutil.Process(child.pid)
    child.send(b"leave")
    child.receive(PATIENCE_S)
    process.wait(PATIENCE_S)
    assert not process.is_running()
    other = start()
    other.send(b"many")  # more than anybody reads
    other.receive(PATIENCE_S)
    other.end()
    child.end()
    assert threading.active_count() == threads


def test_its_log_is_bounded(start: Start, tmp_path: Path) -> None:
    log = tmp_path / "logs" / "child.log"
    child = start(log=log)
    child.send(b"print")
    assert child.receive(PATIENCE_S) == b"print"
    child.end()
    assert log.stat().st_size <= 1 << 20
    assert {path.name for path in log.parent.iterdir()} == {"child.log", "child.log.1"}


@pytest.mark.parametrize(("status", "words"), [(-11, "SIGSEGV"), (3, "status 3"), (-1073741819, "status 0xc0000005")])
def test_ends_have_a_reason(status: int, words: str) -> None:
    assert exit_reason(status) == words
