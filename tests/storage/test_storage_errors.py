"""Trouble with our own files: what is said, and that nothing else is."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path

import pytest

from desktop_rag.errors import (
    DesktopRagError,
    DiskFull,
    EngineGone,
    LibraryBusy,
    LibraryDamaged,
    LibraryTooNew,
    StorageError,
)
from desktop_rag.storage.catalog import Catalog
from desktop_rag.storage.lock import LibraryLock
from desktop_rag.storage.migrations import MIGRATIONS
from desktop_rag.storage.storage_errors import storage_errors
from tests.storage.filling import add_file

mounts = pytest.mark.skipif(
    shutil.which("unshare") is None
    or subprocess.run(
        ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, check=False
    ).returncode
    != 0,
    reason="this system does not let a test attach a drive",
)


def _isolated(script: str, *arguments: str | Path) -> list[list[str]]:
    """What a process prints that may attach drives which only it sees: lines of JSON."""
    done = subprocess.run(
        ["unshare", "-rm", sys.executable, "-c", textwrap.dedent(script), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


# --- errors of SQLite ------------------------------------------------------------------------------------------------


def test_a_full_disk(tmp_path: Path) -> None:
    with closing(Catalog(tmp_path / "catalog.sqlite")) as catalog:
        with catalog.transaction() as writer:
            writer.execute("PRAGMA max_page_count = 1")
        with pytest.raises(DiskFull, match=r"disk .* is full"):
            add_file(catalog, "/root/a", ["word " * 5_000])
        assert catalog.counts()["files"] == 0


def test_a_damaged_catalog_can_be_mended(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite").write_bytes(b"no database " * 1_000)
    with pytest.raises(LibraryDamaged, match=r"catalog\.sqlite is damaged .*doctor --repair"):
        Catalog(tmp_path / "catalog.sqlite")
    Catalog(tmp_path / "torn.sqlite").close()
    whole = (tmp_path / "torn.sqlite").read_bytes()
    (tmp_path / "torn.sqlite").write_bytes(whole[:4096] + bytes(len(whole) - 4096))
    with pytest.raises(LibraryDamaged), closing(Catalog(tmp_path / "torn.sqlite")) as torn:
        add_file(torn, "/root/a", ["word"])


def test_a_catalog_that_another_program_keeps(tmp_path: Path) -> None:
    Catalog(tmp_path / "catalog.sqlite").close()
    with (
        closing(sqlite3.connect(tmp_path / "catalog.sqlite", isolation_level=None)) as other,
        closing(sqlite3.connect(tmp_path / "catalog.sqlite", isolation_level=None, timeout=0)) as ours,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LibraryBusy, match="locked"), storage_errors(tmp_path):
            ours.execute("BEGIN IMMEDIATE")


def test_a_catalog_that_cannot_be_opened_or_written(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite").mkdir()
    with pytest.raises(StorageError, match="could not be opened"):
        Catalog(tmp_path / "catalog.sqlite")
    Catalog(tmp_path / "other.sqlite").close()
    with (
        closing(Catalog(tmp_path / "other.sqlite", read_only=True)) as reading,
        pytest.raises(StorageError, match="cannot be written"),
    ):
        reading.set_setting("key", "value")


def test_mistakes_of_ours_are_said_too(tmp_path: Path) -> None:
    connection = sqlite3.connect(":memory:")
    with pytest.raises(StorageError, match=r"could not be used: no such table: missing"), storage_errors(tmp_path):
        connection.execute("SELECT * FROM missing")
    connection.close()
    with pytest.raises(StorageError, match="closed database"), storage_errors(tmp_path):
        connection.execute("SELECT 1")


# --- errors of the system --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (errno.ENOSPC, DiskFull),
        (errno.EDQUOT, DiskFull),
        (errno.EROFS, StorageError),
        (errno.EACCES, StorageError),
        (errno.EIO, StorageError),
    ],
)
def test_errors_about_the_library(tmp_path: Path, number: int, expected: type[StorageError]) -> None:
    catalog = tmp_path / "catalog.sqlite"
    catalog.touch()
    inside: list[str | bytes] = [str(catalog), os.fsencode(tmp_path / "chroma" / "x"), str(tmp_path)]
    for place in (tmp_path, catalog):
        for error in (OSError(number, "reason"), *(OSError(number, "reason", name) for name in inside)):
            with pytest.raises(expected) as caught, storage_errors(place):
                raise error
            assert type(caught.value) is expected
            assert caught.value.hint


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EACCES, "reason", "/home/ann/letter.txt"),
        OSError(errno.EIO, "reason", "/home/ann/letter.txt"),
        FileNotFoundError(errno.ENOENT, "reason", "/home/ann/letter.txt"),
        FileNotFoundError(errno.ENOENT, "reason"),
        ConnectionResetError(errno.ECONNRESET, "reason"),
        EngineGone("message", "hint"),
        LibraryTooNew("message"),
        KeyboardInterrupt(),
        ValueError("mistake"),
    ],
)
def test_other_errors_pass_as_they_are(tmp_path: Path, error: BaseException) -> None:
    with pytest.raises(type(error)) as caught, storage_errors(tmp_path), storage_errors(tmp_path / "catalog.sqlite"):
        raise error
    assert caught.value is error


# --- drives ----------------------------------------------------------------------------------------------------------

_ATTACH = """
    import json, subprocess, sys
    from pathlib import Path
    from desktop_rag.errors import DesktopRagError
    from desktop_rag.storage.catalog import Catalog
    from desktop_rag.storage.lock import LibraryLock

    drive = Path(sys.argv[1])

    def attempt(work):
        try:
            print(json.dumps(["done", work()]))
        except DesktopRagError as error:
            print(json.dumps([error.code, str(error)]))
"""


@mounts
def test_a_drive_that_runs_full(tmp_path: Path) -> None:
    script = """
    from desktop_rag.storage.backup import write_backup
    from tests.storage.filling import add_file

    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", drive], check=True)
    catalog = Catalog(drive / "catalog.sqlite")
    for number in range(100):
        try:
            add_file(catalog, f"/root/{number}", [f"{number} " * 5_000])
        except DesktopRagError as error:
            break
    attempt(lambda: add_file(catalog, "/root/last", ["word " * 50_000]))
    print(json.dumps(["check", catalog.check()]))
    with (drive / "filler").open("wb", buffering=0) as out:
        try:
            while out.write(bytes(4096)):
                pass
        except OSError:
            pass
    lock = LibraryLock(drive)
    attempt(lock.acquire)
    attempt(lock.release)
    (drive / "filler").unlink()
    attempt(lambda: catalog.set_setting("key", "value"))
    """
    last, check, locked, released, after = _isolated(_ATTACH + script, tmp_path)
    assert last[0] == "disk-full"
    assert "check" in check
    assert (locked[0], released[0]) == ("done", "done")
    assert after[0] == "done"


@mounts
def test_a_backup_to_a_drive_that_runs_full(tmp_path: Path) -> None:
    script = """
    import shutil
    from collections import namedtuple
    from desktop_rag.storage.backup import write_backup
    from tests.storage.filling import add_file

    library = Path(sys.argv[2])
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", drive], check=True)
    catalog = Catalog(library / "catalog.sqlite")
    for number in range(20):
        add_file(catalog, f"/root/{number}", [f"{number * 7919} " * 20_000])
    write = lambda: write_backup(catalog, library / "config.toml", drive / "b.zip", on_progress=lambda _: None)
    attempt(write)
    shutil.disk_usage = lambda _: namedtuple("Usage", "free")(10**12)  # it was free a moment ago
    attempt(write)
    print(json.dumps(["left", [path.name for path in drive.iterdir()]]))
    """
    library = tmp_path / "library"
    drive = tmp_path / "drive"
    library.mkdir()
    drive.mkdir()
    before, meanwhile, left = _isolated(_ATTACH + script, drive, library)
    assert (before[0], meanwhile[0]) == ("disk-full", "disk-full")
    assert "needs up to" in before[1]
    assert f"holds {drive / 'b.zip'}" in meanwhile[1]
    assert left == ["left", []]


_READ_ONLY = """
    from desktop_rag.storage.storage_errors import storage_errors

    library = Path(sys.argv[2])
    subprocess.run(["mount", "--bind", library, drive], check=True)
    subprocess.run(["mount", "-o", "remount,ro,bind", drive], check=True)

    def search():
        catalog = Catalog(drive / "catalog.sqlite", read_only=True)
        return [file.path for file in catalog.files()]

    attempt(search)
    attempt(lambda: Catalog(drive / "catalog.sqlite").close())
    attempt(LibraryLock(drive).acquire)
"""


@mounts
def test_a_library_on_a_read_only_drive_can_be_searched(tmp_path: Path) -> None:
    library = tmp_path / "library"
    drive = tmp_path / "drive"
    library.mkdir()
    drive.mkdir()
    with closing(Catalog(library / "catalog.sqlite")) as catalog:
        add_file(catalog, "/root/a", ["word"])
        searched, written, locked = _isolated(_ATTACH + _READ_ONLY, drive, library)
        assert searched == ["done", ["/root/a"]]  # beside the process that owns it
    assert sorted(path.name for path in library.iterdir()) == ["catalog.sqlite"]
    searched, written, locked = _isolated(_ATTACH + _READ_ONLY, drive, library)
    assert searched == ["done", ["/root/a"]]
    for code, message in (written, locked):
        assert code == "storage"
        assert "read-only" in message


@mounts
def test_changes_that_were_cut_off_from_their_catalog_are_not_passed_over(tmp_path: Path) -> None:
    library = tmp_path / "library"
    drive = tmp_path / "drive"
    library.mkdir()
    drive.mkdir()
    with closing(Catalog(library / "catalog.sqlite")) as catalog:
        add_file(catalog, "/root/a", ["word"])
        for name in ("catalog.sqlite", "catalog.sqlite-wal"):
            shutil.copy(library / name, drive / name)
    searched, *_ = _isolated(_ATTACH + _READ_ONLY, library, drive)
    assert searched[0] == "storage"


# --- the lock and the first opening ----------------------------------------------------------------------------------


def test_the_lock_holds_when_its_owner_cannot_be_noted(tmp_path: Path) -> None:
    (tmp_path / "owner").mkdir()
    lock, other = LibraryLock(tmp_path), LibraryLock(tmp_path)
    lock.acquire()
    with pytest.raises(LibraryBusy, match="Another Desktop RAG process is writing"):
        other.acquire()
    lock.release()
    other.acquire()
    other.release()


def test_a_lock_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "lock").mkdir()
    with pytest.raises(DesktopRagError) as caught:
        LibraryLock(tmp_path).acquire()
    assert isinstance(caught.value, StorageError)


_OPENS = """
    import sys
    from pathlib import Path
    from desktop_rag.storage.catalog import Catalog

    sys.stdin.read(1)
    catalog = Catalog(Path(sys.argv[1]))
    catalog.set_setting(sys.argv[2], "here")
    catalog.close()
"""


def test_processes_that_make_a_library_at_once(tmp_path: Path) -> None:
    for attempt in range(3):
        path = tmp_path / f"{attempt}.sqlite"
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", textwrap.dedent(_OPENS), path, str(number)],
                stdin=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            for number in range(4)
        ]
        for process in processes:
            assert process.stdin is not None
            process.stdin.write(b".")
            process.stdin.flush()
        said = [process.communicate(timeout=60)[1].decode() for process in processes]
        assert [process.returncode for process in processes] == [0] * 4, said
        with closing(Catalog(path)) as catalog:
            assert [catalog.setting(str(number)) for number in range(4)] == ["here"] * 4
            (version,) = catalog.reader().execute("PRAGMA user_version").fetchone()
            assert version == len(MIGRATIONS)
            assert catalog.check() == []
