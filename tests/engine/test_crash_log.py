"""Who is blamed for a crash, and who is not."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from desktop_rag.engine.crash_log import CrashLog
from desktop_rag.engine.service.supervisor import TRACE_NAME, reason_of
from desktop_rag.errors import ModelError
from desktop_rag.storage.catalog import Catalog
from desktop_rag.types import FileState


@pytest.fixture
def note(tmp_path: Path) -> str:
    path = tmp_path / "note.txt"
    path.write_text("It crashes.", encoding="utf-8")
    return str(path)


def crash(folder: Path, catalog: Catalog, names: list[str], *, trace: bool = True) -> None:
    """What a process leaves that dies while it works on ``names``."""
    dying = CrashLog(folder, catalog)
    dying.look_back("recipe")
    dying.working_on(names)
    (folder / TRACE_NAME).write_text("Fatal Python error: Segmentation fault" if trace else "", encoding="utf-8")


@pytest.fixture
def catalog(tmp_path: Path, note: str) -> Iterator[Catalog]:
    from datetime import UTC, datetime

    with closing(Catalog(tmp_path / "catalog.sqlite")) as catalog:
        catalog.add_root(str(Path(note).parent), datetime.now(UTC))
        yield catalog


def test_second_crash_sets_a_file_aside(tmp_path: Path, catalog: Catalog, note: str) -> None:
    crash(tmp_path, catalog, [note, "/other.txt"])
    second = CrashLog(tmp_path, catalog)
    assert second.look_back("recipe") == []
    assert second.suspects == {note, "/other.txt"}
    second.working_on(["/other.txt"])
    second.working_on([note])
    assert second.suspects == {note}
    (tmp_path / TRACE_NAME).write_text("Fatal Python error: Aborted", encoding="utf-8")
    third = CrashLog(tmp_path, catalog)
    assert third.look_back("recipe") == [note]
    assert third.suspects == set()
    file = catalog.file(note)
    assert file is not None
    assert (file.state, file.problem and file.problem.code) == (FileState.FAILED, "crashed")
    assert CrashLog(tmp_path, catalog).look_back("recipe") == []


def test_a_process_killed_from_outside_blames_nobody(tmp_path: Path, catalog: Catalog, note: str) -> None:
    for _ in range(5):
        crash(tmp_path, catalog, [note], trace=False)
    log = CrashLog(tmp_path, catalog)
    assert log.look_back("recipe") == []
    assert log.suspects == set()
    assert catalog.file(note) is None


def test_an_orderly_end_blames_nobody(tmp_path: Path, catalog: Catalog, note: str) -> None:
    for _ in range(3):
        log = CrashLog(tmp_path, catalog)
        log.look_back("recipe")
        log.working_on([note])
        log.working_on([])
        log.close()
    assert log.suspects == set()


def test_a_model_that_crashed_twice_is_not_loaded(tmp_path: Path, catalog: Catalog) -> None:
    for _ in range(2):
        log = CrashLog(tmp_path, catalog)
        log.look_back("recipe")
        loading = log.loading("giant")
        loading.__enter__()
        (tmp_path / TRACE_NAME).write_text("Illegal instruction", encoding="utf-8")
    log = CrashLog(tmp_path, catalog)
    log.look_back("recipe")
    with pytest.raises(ModelError, match="giant was disabled"), log.loading("giant"):
        raise AssertionError("it was loaded")
    with log.loading("dwarf"):
        pass
    log.clear()
    with log.loading("giant"):
        pass


def test_unreadable_leftovers_blame_nobody(tmp_path: Path, catalog: Catalog, note: str) -> None:
    crash(tmp_path, catalog, [note])
    (tmp_path / "at-work.json").write_text('["/half', encoding="utf-8")
    assert CrashLog(tmp_path, catalog).look_back("recipe") == []


def test_suspects_are_told_while_another_thread_clears_them(
    tmp_path: Path, catalog: Catalog, request: pytest.FixtureRequest
) -> None:
    request.addfinalizer(partial(sys.setswitchinterval, sys.getswitchinterval()))
    names = [f"/{number}.txt" for number in range(300)]
    crash(tmp_path, catalog, names)
    log = CrashLog(tmp_path, catalog)
    log.look_back("recipe")
    assert log.suspects == set(names)
    sys.setswitchinterval(1e-6)

    def clear() -> None:
        for name in names:
            log.working_on([name])
        log.working_on([])

    clearing = threading.Thread(target=clear)
    clearing.start()
    while clearing.is_alive():
        assert log.suspects <= set(names)
    clearing.join()
    assert log.suspects == set()


@pytest.mark.parametrize(
    ("code", "memory_kills", "windows", "blamed"),
    [
        (-11, 0, False, True),
        (-6, 0, False, True),
        (-9, 0, False, False),
        (-9, 1, False, True),
        (-15, 0, False, False),
        (1, 0, False, False),
        (0xC0000005, 0, True, True),
        (-1073741819, 0, True, True),
        (1, 0, True, False),
    ],
)
def test_which_ends_are_crashes(code: int, memory_kills: int, windows: bool, blamed: bool) -> None:
    assert bool(reason_of(code, memory_kills=memory_kills, windows=windows)) is blamed
