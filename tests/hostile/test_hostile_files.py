"""Files made to harm go through the sandbox as the engine uses it: each costs itself at most, and says why."""

from __future__ import annotations

import os
import re
import socket
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_rag.parsing.source import MIB, Limits
from desktop_rag.parsing.stream import DocumentEnd, DocumentProblem, DocumentSegment, DocumentStart, Event, FileStart
from desktop_rag.parsing.worker.sandbox import ParserPool
from desktop_rag.parsing.worker.tree import parse_tree
from desktop_rag.types import FileState
from tests.hostile.forms import Hostile, check_events
from tests.hostile.mails import MAILS, named_attachments
from tests.hostile.packages import PACKAGES
from tests.hostile.pdfs import PDFS
from tests.hostile.texts import TEXTS

_ALL = (*TEXTS, *MAILS, *PACKAGES, *PDFS)
_STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")


@pytest.fixture(scope="module")
def pool() -> Iterator[ParserPool]:
    with ParserPool(timeout_s=90, file_s=180, memory_bytes=1024 * MIB) as pool:
        yield pool


def _texts(events: list[Event]) -> list[str]:
    return [event.segment.text for event in events if isinstance(event, DocumentSegment)]


def _check_the_next(pool: ParserPool, folder: Path) -> None:
    path = folder / "good.md"
    path.write_text("# Tea\n\nAt four o'clock.\n")
    events = list(pool.parse(path))
    assert check_events(events).state is FileState.INDEXED
    assert _texts(events) == ["At four o'clock."]


@pytest.mark.parametrize(
    "hostile",
    [pytest.param(each, marks=pytest.mark.slow) if each.slow else each for each in _ALL],
    ids=lambda hostile: hostile.name,
)
def test_a_hostile_file_costs_itself_at_most(pool: ParserPool, tmp_path: Path, hostile: Hostile) -> None:
    path = tmp_path / hostile.name
    path.write_bytes(hostile.make())
    events = list(pool.parse(path))
    end = check_events(events)
    assert (end.problem.code if end.problem else "") in (hostile.codes or ("",)), end.problem
    texts = _texts(events)
    assert any(hostile.finds in text for text in texts) or not hostile.finds
    assert not any("root:" in text or "climbed" in text for text in texts), "a file outside was read"
    assert [each.name for each in tmp_path.iterdir()] == [hostile.name], "something was written"
    _check_the_next(pool, tmp_path)


def test_no_two_hostile_files_have_one_name() -> None:
    assert len({each.name for each in _ALL}) == len(_ALL)


def test_names_that_climb_out_or_deceive_are_shown_plainly(pool: ParserPool, tmp_path: Path) -> None:
    path = tmp_path / "names.eml"
    path.write_bytes(named_attachments())
    events = list(pool.parse(path))
    names = [event.name for event in events if isinstance(event, DocumentStart)]
    assert len(names) > 10
    assert not any("/" in name or "\\" in name or _STEERING.search(name) for name in names), names
    assert max(map(len, names)) <= 200
    assert {"evil.txt", "passwd", "CON", "NUL.txt"} <= set(names)
    problems = [event.problem for event in events if isinstance(event, DocumentEnd | DocumentProblem)]
    assert not any(problem and _STEERING.search(problem.message) for problem in problems)
    assert list(tmp_path.iterdir()) == [path]


@posix
@pytest.mark.parametrize(
    "name", ["line\nbreak.txt", "\x1b[2J\x1b]0;owned\x07.txt", "invoice\u202etxt.exe", "\udcff.txt"]
)
def test_a_file_whose_own_name_deceives(pool: ParserPool, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    try:
        path.write_text("Tea at four o'clock.")
    except OSError:
        pytest.skip("the file system refuses such a name")
    events = list(pool.parse(path))
    end = check_events(events)
    assert isinstance(events[0], FileStart)
    (begin,) = (event for event in events if isinstance(event, DocumentStart))
    assert not _STEERING.search(begin.name)
    assert end.problem is None or not _STEERING.search(end.problem.message)
    path.unlink()
    gone = check_events(list(pool.parse(path)))
    assert gone.problem is not None
    assert not _STEERING.search(gone.problem.message)


@posix
@pytest.mark.parametrize("kind", ["pipe", "socket", "device", "folder", "link to nowhere", "link in a circle"])
def test_what_is_no_ordinary_file_is_not_opened(pool: ParserPool, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "letter.txt"
    with socket.socket(socket.AF_UNIX) as server:
        if kind == "pipe":
            os.mkfifo(path)
        elif kind == "socket":
            server.bind(os.path.relpath(path))  # its address must be short
        elif kind == "device":
            path.symlink_to("/dev/zero")
        elif kind == "folder":
            path.mkdir()
        else:
            path.symlink_to(path if kind == "link in a circle" else tmp_path / "nowhere")
        end = check_events(list(pool.parse(path)))
    assert end.state is FileState.FAILED
    assert end.problem is not None
    assert end.problem.code == "unreadable"
    _check_the_next(pool, tmp_path)


@posix
def test_a_file_that_has_become_a_pipe_costs_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between being looked at and being opened: opening a pipe waits for a writer that never comes."""
    path = tmp_path / "letter.txt"
    os.mkfifo(path)
    monkeypatch.syspath_prepend(Path(__file__).parent)
    with ParserPool(timeout_s=1.5, parse="waiting:parse") as pool:
        end = check_events(list(pool.parse(path)))
        assert end.problem is not None
        assert end.problem.code == "parser-stopped"
        _check_the_next(pool, tmp_path)


@pytest.mark.parametrize("change", ["grow", "shrink", "vanish"])
def test_a_file_that_changes_while_it_is_read_says_so(tmp_path: Path, change: str) -> None:
    path = tmp_path / "diary.txt"
    path.write_text("A line of a long diary.\n\n" * 100_000)
    events: list[Event] = []
    for event in parse_tree(path, Limits()):
        if isinstance(event, FileStart):  # its hash is known, and it is opened again to be parsed
            if change == "vanish":
                path.rename(tmp_path / "elsewhere")
            else:
                os.truncate(path, path.stat().st_size * 2 if change == "grow" else 5_000)
        events.append(event)
    end = check_events(events)
    assert end.state in (FileState.PARTIAL, FileState.FAILED)
    assert end.problem is not None
    assert end.problem.code == "changed"


def test_a_file_that_stays_as_it_is_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "diary.txt"
    path.write_text("A line of a long diary.\n\n" * 100_000)
    assert stat.S_ISREG(path.stat().st_mode)
    assert check_events(list(parse_tree(path, Limits()))).problem is None
