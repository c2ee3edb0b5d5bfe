"""Many commands at once on one library: each ends as it should, and the library is sound."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from desktop_rag.cli.exits import Exit
from desktop_rag.engine.engine import Engine
from desktop_rag.engine.library import CATALOG_NAME
from desktop_rag.engine.service.opening import stop_engine
from desktop_rag.errors import ConfigError, EngineGone
from tests.crash.record import read

_EXPECTED = {Exit.OK, Exit.NOTHING, Exit.USAGE, Exit.PARTLY, Exit.BUSY}
_HANGS_S = 240
_TIMES = 3


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    for number in range(60):
        path = folder / f"{number % 6}" / f"{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"Receipt {number} lies in box {number % 7}, marked qz{number}x.\n" * 3, encoding="utf-8")
    return folder


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for variable in ("XDG_STATE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path / "state"))
    library = tmp_path / "library"
    yield library
    with contextlib.suppress(EngineGone, ConfigError):
        stop_engine(library)


def command(library: Path, *arguments: str | Path) -> tuple[int, str]:
    """Run a command to its end: its exit code, and all it said. One that hangs fails the test."""
    done = subprocess.run(
        [sys.executable, "-m", "desktop_rag", "--library", str(library), *map(str, arguments)],
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=_HANGS_S,
        check=False,
    )
    return done.returncode, f"{' '.join(map(str, arguments))}: {done.returncode}\n{done.stdout}{done.stderr}"


def run_all(library: Path, commands: Sequence[Sequence[str | Path]], times: int = _TIMES) -> list[tuple[int, str]]:
    """Each of the commands so many times in a row, all of them side by side."""

    def repeat(arguments: Sequence[str | Path]) -> list[tuple[int, str]]:
        return [command(library, *arguments) for _ in range(times)]

    with ThreadPoolExecutor(len(commands)) as threads:
        return [end for ends in threads.map(repeat, commands) for end in ends]


def assert_expected(ends: Sequence[tuple[int, str]]) -> None:
    wrong = [said for code, said in ends if code not in _EXPECTED and not _was_left(code, said)]
    assert not wrong, "\n".join(wrong)


def _was_left(code: int, said: str) -> bool:
    """Whether a command had asked the engine when another command stopped that."""
    return code == Exit.INTERRUPTED or (code == Exit.STORAGE and "has stopped" in said)


def assert_sound(library: Path, notes: Path) -> None:
    """After one more run the library holds exactly what is on disk."""
    with contextlib.suppress(EngineGone):
        stop_engine(library)
    code, said = command(library, "index", notes)
    assert code == Exit.OK, said
    record = read(library / CATALOG_NAME)
    assert (record.broken, record.doubled, record.hidden) == ([], [], set())
    on_disk = {str(path) for path in notes.rglob("*.txt")}
    assert record.files.keys() == on_disk
    assert record.places == {f"qz{Path(path).stem}x": {path} for path in on_disk}
    with Engine(library) as engine:
        assert [f"{check.name}: {check.detail}" for check in engine.doctor() if not check.ok] == []
        assert engine._parts.vectors.stored_ids() == record.chunks
    traces = [log.read_text(encoding="utf-8") for log in (library.parent / "state").rglob("*.log*")]
    assert not [text for text in traces if "\n  File " in text]


@pytest.mark.slow
@pytest.mark.parametrize("engine", [False, True], ids=["without an engine", "with an engine that comes and goes"])
def test_many_commands_on_one_library(library: Path, notes: Path, engine: bool) -> None:
    code, said = command(library, "index", notes / "0")
    assert code == Exit.OK, said
    commands: list[tuple[str | Path, ...]] = [
        ("index", notes),
        ("index", notes / "1"),
        ("index", "--force"),
        ("search", "receipt in box 3"),
        ("search", "qz12x"),
        ("ask", "Where is receipt 7?"),
        ("status",),
        ("forget", notes / "2"),
        ("why", notes / "0" / "0.txt", "receipt"),
        ("doctor",),
        ("rebuild",),
        *([("engine", "start"), ("engine", "stop")] if engine else [("engine", "status")]),
    ]
    assert_expected(run_all(library, commands))
    assert_sound(library, notes)


def test_a_library_that_is_just_being_made_can_be_looked_at(library: Path) -> None:
    library.mkdir()
    (library / CATALOG_NAME).touch()
    with Engine(library, read_only=True) as engine:
        assert engine.status().files == 0


@pytest.mark.slow
def test_many_processes_make_one_library(library: Path, notes: Path) -> None:
    commands = [("index", notes), ("status",), ("search", "receipt"), ("engine", "start")] * 3
    assert_expected(run_all(library, commands, times=1))
    assert_sound(library, notes)
