from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import psutil
import pytest
from msgspec.structs import replace

from desktop_rag.parsing.source import MIB, Limits
from desktop_rag.parsing.stream import DocumentEnd, DocumentSegment, DocumentStart, Event, FileStart
from desktop_rag.parsing.worker import child
from desktop_rag.parsing.worker.sandbox import ParserPool, PoolClosed
from desktop_rag.parsing.worker.tree import parse_tree
from desktop_rag.types import FileState, Problem

_T = TypeVar("_T")
_MEMORY = 512 * MIB
_SILENCE_S = 4
"""More than a busy machine keeps a child waiting."""


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[ParserPool]:
    """One worker that does what the file says."""
    monkeypatch.syspath_prepend(Path(__file__).parent)
    with ParserPool(1, memory_bytes=_MEMORY, parse="misbehaving:parse") as pool:
        yield pool


def _file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def _said(pool: ParserPool, path: Path) -> str:
    """The only segment of a file."""
    (said,) = (event.segment.text for event in pool.parse(path) if isinstance(event, DocumentSegment))
    return said


def _end(events: list[Event]) -> DocumentEnd:
    assert isinstance(events[-1], DocumentEnd)
    assert events[-1].document == 1
    return events[-1]


def test_the_child_says_what_parsing_here_says(tmp_path: Path) -> None:
    path = _file(tmp_path, "mail.eml", "From: a@b.example\nSubject: Tea\nMessage-ID: <1@b>\n\nAt four o'clock.\n")
    with ParserPool() as pool:
        assert list(pool.parse(path)) == list(parse_tree(path, Limits()))


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ("crash", "crashed"),
        ("leave", "crashed"),
        ("raise", "crashed"),
        ("garbage", "crashed"),
        ("garbage in a frame", "crashed"),
        pytest.param(
            "eat",
            "more than 512 MiB of memory",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="no cap on address space"),
        ),
    ],
)
def test_a_lost_child_fails_its_file_and_no_other(pool: ParserPool, tmp_path: Path, order: str, words: str) -> None:
    paths = [_file(tmp_path, f"{number}.dat", order if number == 1 else "fine") for number in range(4)]
    ends = {path: _end(list(events)) for path, events in pool.parse_many(paths)}
    assert list(ends) == paths
    problem = ends.pop(paths[1]).problem
    assert problem is not None
    assert problem.code == "parser-stopped"
    assert words in problem.message
    assert "1.dat" in problem.message
    assert all(end.problem is None or end.problem.code != "parser-stopped" for end in ends.values())


def test_what_was_heard_before_a_crash_is_kept_and_every_document_ended(pool: ParserPool, tmp_path: Path) -> None:
    events = list(pool.parse(_file(tmp_path, "a.txt", "say and crash")))
    assert sum(isinstance(event, DocumentSegment) for event in events) > 600
    assert [event.document for event in events if isinstance(event, DocumentEnd)] == [2, 1]
    assert _end(events).state is FileState.PARTIAL


def test_a_child_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parent)
    with ParserPool(1, timeout_s=2, parse="misbehaving:parse") as pool:
        problem = _end(list(pool.parse(_file(tmp_path, "a.dat", "sleep")))).problem
    assert problem is not None
    assert problem.message == "Reading a.dat made no progress for 2 seconds."


@pytest.mark.parametrize("order", ["print", "half a pair"])
def test_nothing_disturbs_the_stream(pool: ParserPool, tmp_path: Path, order: str) -> None:
    events = list(pool.parse(_file(tmp_path, "a.dat", order)))
    problem = _end(events).problem
    assert problem is None or problem.code != "parser-stopped"
    assert all("\udce9" not in event.name for event in events if isinstance(event, DocumentStart))


@pytest.mark.parametrize("order", ["connect", "spawn", "write", "remove"])
def test_no_network_no_other_program_and_no_writing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, order: str
) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parent)
    log = tmp_path / "log"
    with ParserPool(parse="misbehaving:parse", log=log) as pool:
        assert _end(list(pool.parse(_file(tmp_path, "a.txt", order)))).state is FileState.FAILED
    assert "a parser may not use" in log.read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.txt", "log"]
    assert (tmp_path / "a.txt").read_text() == order


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse only Python's own calls")
def test_native_code_is_refused_it_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parent)
    deeds = ["read", "write", "truncate", "remove", "run", "connect"]
    with socket.create_server(("127.0.0.1", 0)) as server, ParserPool(parse="misbehaving:parse") as pool:
        monkeypatch.setenv("MISBEHAVE_PORT", str(server.getsockname()[1]))
        done = {deed: _said(pool, _file(tmp_path, deed, f"natively {deed}")) for deed in deeds}
    if done["write"] == "True":
        pytest.skip("this Linux has no Landlock")
    assert done == {deed: str(deed == "read") for deed in deeds}


@pytest.mark.skipif(sys.platform == "win32", reason="priorities have other names there")
def test_children_stand_back(pool: ParserPool, tmp_path: Path) -> None:
    here = os.getpriority(os.PRIO_PROCESS, 0)
    assert int(_said(pool, _file(tmp_path, "a.txt", "priority"))) == min(here + 10, 19)


def test_a_file_that_keeps_talking_is_given_up_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parent)
    with ParserPool(timeout_s=60, file_s=2, parse="misbehaving:parse") as pool:
        end = _end(list(pool.parse(_file(tmp_path, "a.txt", "drip"))))
    assert end.state is FileState.PARTIAL
    assert end.problem is not None
    assert end.problem.message == "Reading a.txt took longer than 2 seconds."


def test_a_child_that_swells_is_ended_where_the_system_has_no_cap(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parent)
    monkeypatch.setattr(child, "_CAPPED", False)
    with ParserPool(parse="misbehaving:parse") as pool:
        assert _end(list(pool.parse(_file(tmp_path, "a.txt", "fine")))).problem is None
        (process,) = (process for _, process in pool._free)
        process._setup = replace(process._setup, memory_bytes=150 * MIB)  # the child goes by what it was told
        problem = _end(list(pool.parse(_file(tmp_path, "b.txt", "swell")))).problem
    assert problem is not None
    assert problem.message == "Reading b.txt needed more than 150 MiB of memory."


def test_a_child_without_work_ends_and_another_comes_when_there_is_some(tmp_path: Path) -> None:
    path = _file(tmp_path, "a.txt", "text")
    before = set(psutil.Process().children())
    with ParserPool(idle_s=0.2) as pool:
        first = list(pool.parse(path))
        _wait_for(lambda: before.issuperset(psutil.Process().children()))
        assert list(pool.parse(path)) == first


@pytest.mark.parametrize("error", [RuntimeError("x"), KeyError("x"), MemoryError()], ids=repr)
def test_a_child_without_work_ends_after_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    path = _file(tmp_path, "a.txt", "text")
    before = set(psutil.Process().children())
    problems: list[Problem] = []
    errors = [error]
    kill = child.ParserProcess.kill

    def failing(self: child.ParserProcess) -> None:
        if errors:
            raise errors.pop()
        kill(self)

    monkeypatch.setattr(child.ParserProcess, "kill", failing)
    with ParserPool(idle_s=0.2, report=problems.append) as pool:
        first = list(pool.parse(path))
        _wait_for(lambda: before.issuperset(psutil.Process().children()))
        assert [problem.code for problem in problems] == ["bug"]
        assert list(pool.parse(path)) == first


@pytest.mark.parametrize("order", ["sleep", "drip"])
def test_a_pool_is_closed_while_threads_use_it(pool: ParserPool, tmp_path: Path, order: str) -> None:
    """One thread in the middle of a file, and one that waits for its turn: neither takes its file for a bad one."""
    path = _file(tmp_path, "a.txt", order)
    heard: list[Event] = []
    closed: list[bool] = []

    def work() -> None:
        try:
            heard.extend(pool.parse(path))
        except PoolClosed:
            closed.append(True)

    before = set(psutil.Process().children())
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    _wait_for(lambda: set(psutil.Process().children()) - before)
    pool.close()
    for thread in threads:
        thread.join()
    assert closed == [True, True]
    assert not any(isinstance(event, DocumentEnd) for event in heard)
    assert before.issuperset(psutil.Process().children())
    with pytest.raises(PoolClosed):
        list(pool.parse(path))


def test_a_worker_is_replaced_after_so_many_files_without_losing_any(tmp_path: Path) -> None:
    paths = [_file(tmp_path, f"{number}.xyz", "") for number in range(50)]
    with ParserPool(retire_after=7) as pool:
        heard = [
            [event.path for event in events if isinstance(event, FileStart)] for _, events in pool.parse_many(paths)
        ]
    assert heard == [[str(path)] for path in paths]


def test_events_nobody_asked_for_are_skipped(tmp_path: Path) -> None:
    paths = [_file(tmp_path, f"{number}.xyz", "text") for number in range(5)]
    with ParserPool() as pool:
        firsts = [next(events) for _, events in pool.parse_many(paths)]
        for _, events in pool.parse_many(paths):
            next(events)
            break  # the child is in the middle of the others
        again = list(pool.parse(paths[3]))
    assert [event.path for event in firsts if isinstance(event, FileStart)] == [str(path) for path in paths]
    assert again[0] == firsts[3]


def test_a_slow_reader_is_no_silence(tmp_path: Path) -> None:
    path = _file(tmp_path, "long.eml", "From: a@b.example\nMessage-ID: <1@b>\n\n" + "A line of text.\n\n" * 60_000)
    with ParserPool(timeout_s=_SILENCE_S) as pool:
        events = pool.parse(path)
        next(events)
        time.sleep(_SILENCE_S + 0.5)
        assert _end(list(events)).state is FileState.INDEXED


def test_many_threads_share_the_children(tmp_path: Path) -> None:
    paths = [_file(tmp_path, f"{number}.xyz", str(number)) for number in range(40)]
    heard: list[str] = []

    def work(mine: list[Path]) -> None:
        for path in mine:
            heard.extend(event.path for event in shared.parse(path) if isinstance(event, FileStart))

    with ParserPool(2) as shared:
        threads = [threading.Thread(target=work, args=(paths[start::4],)) for start in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(heard) == sorted(str(path) for path in paths)


def test_a_missing_file_is_a_problem_of_that_file(tmp_path: Path) -> None:
    with ParserPool() as pool:
        end = _end(list(pool.parse(tmp_path / "gone.txt")))
    assert end.state is FileState.FAILED
    assert end.problem is not None
    assert end.problem.code == "unreadable"


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
@pytest.mark.parametrize("order", ["sleep", "be stuck"])
def test_children_end_with_their_parent(tmp_path: Path, order: str) -> None:
    """A parent killed while its child is in the middle of a file."""
    path = _file(tmp_path, "a.txt", order)
    script = (
        "import sys; from pathlib import Path; from desktop_rag.parsing.worker.sandbox import ParserPool\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "pool = ParserPool(parse='misbehaving:parse', timeout_s=2)\n"
        f"list(pool.parse(Path({str(path)!r})))\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)}
    with subprocess.Popen([sys.executable, "-c", script], env=environment) as parent:
        orphans = _wait_for(lambda: _children(parent.pid))
        time.sleep(0.7)  # until it is at its file
        parent.send_signal(signal.SIGKILL)
    _wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in orphans))


def _children(pid: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(status.parent.name))
    return found


def _wait_for(look: Callable[[], _T]) -> _T:
    """What ``look`` gives as soon as it is true."""
    for _ in range(100):
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError("did not happen within ten seconds")
