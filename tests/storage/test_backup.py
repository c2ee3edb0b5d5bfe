"""A backup holds one moment of a library, and gives it back whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from desktop_rag.errors import ConfigError, DiskFull
from desktop_rag.storage import backup, migrations
from desktop_rag.storage.backup import BackupReport, check_backup, restore_backup, write_backup
from desktop_rag.storage.catalog import Catalog
from desktop_rag.storage.commit import forget_files
from desktop_rag.types import Progress
from tests.storage.filling import add_file, matches

kills = pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    """A library with two files of three chunks each."""
    (tmp_path / "library").mkdir()
    opened = Catalog(tmp_path / "library" / "catalog.sqlite")
    opened.set_setting("open", "1")
    add_file(opened, "/root/a", ["kiln", "glaze", "clay"])
    add_file(opened, "/root/b", ["oven", "bread", "flour"])
    yield opened
    opened.close()


@pytest.fixture
def file(tmp_path: Path, catalog: Catalog) -> Path:
    """A backup of it."""
    _write(catalog, tmp_path / "backup.zip")
    return tmp_path / "backup.zip"


def _config(catalog: Catalog) -> Path:
    return catalog.path.with_name("config.toml")


def _write(catalog: Catalog, file: Path, *, force: bool = False) -> BackupReport:
    return write_backup(catalog, _config(catalog), file, force=force, on_progress=lambda _: None)


def _restore(catalog: Catalog, file: Path, before: Callable[[], None] = lambda: None) -> BackupReport:
    return restore_backup(catalog, _config(catalog), file, before=before, on_progress=lambda _: None)


def _check(file: Path) -> BackupReport:
    return check_backup(file, on_progress=lambda _: None)


def _files(catalog: Catalog) -> list[str]:
    return [known.path for known in catalog.files()]


def _dump(catalog: Catalog) -> list[str]:
    return sorted(catalog.reader().iterdump())


# --- there and back --------------------------------------------------------------------------------------------------


def test_a_backup_gives_everything_back(catalog: Catalog, tmp_path: Path) -> None:
    _config(catalog).write_text("quiet_s = 2.0\n", encoding="utf-8")
    written = _write(catalog, tmp_path / "backup.zip")
    before = _dump(catalog)
    forget_files(catalog, ["/root/a"])
    add_file(catalog, "/root/c", ["other"])
    _config(catalog).write_text("quiet_s = 3.0\n", encoding="utf-8")

    assert _restore(catalog, tmp_path / "backup.zip") == written

    assert _dump(catalog) == before
    assert (matches(catalog, "kiln"), matches(catalog, "other")) == (1, 0)
    assert _config(catalog).read_text(encoding="utf-8") == "quiet_s = 2.0\n"
    assert catalog.check() == []
    add_file(catalog, "/root/d", ["goes on"])
    assert _files(catalog) == ["/root/a", "/root/b", "/root/d"]


def test_the_report_says_what_was_written(catalog: Catalog, tmp_path: Path) -> None:
    file = tmp_path / "backup.zip"
    written = _write(catalog, file)
    assert (written.files, written.documents, written.chunks) == (2, 2, 6)
    assert written.bytes == file.stat().st_size
    assert written.digest == hashlib.sha256(file.read_bytes()).hexdigest()
    assert _check(file) == written
    assert sorted(zipfile.ZipFile(file).namelist()) == ["catalog.sqlite", "manifest.json"]


def test_progress_ends_where_it_should(catalog: Catalog, tmp_path: Path) -> None:
    file, said = tmp_path / "backup.zip", list[Progress]()
    write_backup(catalog, _config(catalog), file, on_progress=said.append)
    _ends_where_it_should(said)
    said.clear()
    check_backup(file, on_progress=said.append)
    _ends_where_it_should(said)
    said.clear()
    restore_backup(catalog, _config(catalog), file, on_progress=said.append)
    _ends_where_it_should(said)


def _ends_where_it_should(said: list[Progress]) -> None:
    done = [progress.bytes_done for progress in said]
    assert done == sorted(done)
    assert len({progress.bytes_total for progress in said}) == 1
    assert (said[-1].phase, said[-1].bytes_done) == ("done", said[-1].bytes_total)


def test_only_the_owner_can_read_it_and_nothing_else_is_left(catalog: Catalog, tmp_path: Path) -> None:
    _write(catalog, tmp_path / "backup.zip")
    _restore(catalog, tmp_path / "backup.zip")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup.zip", "library"]
    assert not [path.name for path in catalog.path.parent.iterdir() if not path.name.startswith("catalog.sqlite")]
    if os.name != "nt":
        assert (tmp_path / "backup.zip").stat().st_mode & 0o777 == 0o600


def test_what_was_forgotten_is_not_in_the_backup(catalog: Catalog, tmp_path: Path) -> None:
    add_file(catalog, "/root/secret", ["xylophone " * 500])
    forget_files(catalog, ["/root/secret"])
    _write(catalog, tmp_path / "backup.zip")
    with zipfile.ZipFile(tmp_path / "backup.zip") as archive:
        assert b"xylophone xylophone" not in archive.read("catalog.sqlite")


def test_without_settings_in_it_those_of_the_library_stay(catalog: Catalog, file: Path) -> None:
    _config(catalog).write_text("quiet_s = 3.0\n", encoding="utf-8")
    _restore(catalog, file)
    assert _config(catalog).read_text(encoding="utf-8") == "quiet_s = 3.0\n"


def test_what_tells_of_the_running_process_stays(catalog: Catalog, tmp_path: Path) -> None:
    catalog.set_setting("open", "an earlier process")
    catalog.set_setting("other", "kept")
    _write(catalog, tmp_path / "backup.zip")
    catalog.set_setting("open", "this process")
    catalog.remove_setting("other")
    _restore(catalog, tmp_path / "backup.zip")
    assert (catalog.setting("open"), catalog.setting("other")) == ("this process", "kept")
    catalog.remove_setting("open")
    _restore(catalog, tmp_path / "backup.zip")
    assert catalog.setting("open") is None


def test_ids_of_chunks_are_not_given_twice(file: Path, tmp_path: Path) -> None:
    with closing(Catalog(tmp_path / "new.sqlite")) as other:
        assert other.reserve_chunk_ids(1).start == 1
        restore_backup(other, tmp_path / "config.toml", file, on_progress=lambda _: None)
        (highest,) = other.reader().execute("SELECT max(id) FROM chunks").fetchone()
        assert other.reserve_chunk_ids(1).start > highest


def test_a_library_that_is_only_read_can_be_backed_up(catalog: Catalog, tmp_path: Path) -> None:
    with closing(Catalog(catalog.path, read_only=True)) as reading:
        assert _write(reading, tmp_path / "backup.zip").files == 2


def test_a_backup_of_an_older_version_is_brought_up_to_date(
    catalog: Catalog, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = (
        *migrations.MIGRATIONS,
        ("later", "CREATE TABLE later(id INTEGER PRIMARY KEY); INSERT INTO later VALUES (7);"),
    )
    monkeypatch.setattr(migrations, "MIGRATIONS", later)
    monkeypatch.setattr(backup, "MIGRATIONS", later)
    with closing(Catalog(catalog.path)) as newer:
        _restore(newer, file)
        assert newer.reader().execute("SELECT id FROM later").fetchall() == [(7,)]
        assert _files(newer) == ["/root/a", "/root/b"]


# --- while others use the library ------------------------------------------------------------------------------------


def test_a_backup_is_of_one_moment_while_others_write(catalog: Catalog, tmp_path: Path) -> None:
    enough = threading.Event()

    def fill() -> None:
        number = 0
        while not enough.is_set():
            add_file(catalog, f"/root/more{number}", ["one", "two", "three"])
            number += 1

    writer = threading.Thread(target=fill)
    writer.start()
    try:
        reports = [_write(catalog, tmp_path / f"{number}.zip") for number in range(5)]
    finally:
        enough.set()
        writer.join()
    assert reports[-1].files > reports[0].files
    for report in reports:
        assert report.chunks == 3 * report.documents == 3 * report.files
        with closing(Catalog(tmp_path / f"{Path(report.file).stem}.sqlite")) as other:
            restore_backup(other, tmp_path / "config.toml", Path(report.file), on_progress=lambda _: None)
            assert other.check() == []
            assert other.counts() | {"embeddings": 0} == {
                "files": report.files, "documents": report.documents, "chunks": report.chunks, "embeddings": 0
            }  # fmt: skip
            assert matches(other, "three") == report.files - 2


def test_others_see_the_old_library_or_the_new_one(
    catalog: Catalog, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(20):
        add_file(catalog, f"/root/more{number}", ["one", "two", "three"])
    monkeypatch.setattr(backup, "_PAGES", 3)
    old, new = set(_files(catalog)), {"/root/a", "/root/b"}
    enough = threading.Event()
    seen: list[set[str]] = []
    failed: list[BaseException] = []

    def read(from_outside: bool) -> None:
        other = Catalog(catalog.path, read_only=True) if from_outside else catalog
        try:
            while not enough.is_set():
                seen.append(set(_files(other)))
                assert matches(other, "kiln") == 1
        except BaseException as error:
            failed.append(error)
        finally:
            if from_outside:
                other.close()

    readers = [threading.Thread(target=read, args=(outside,)) for outside in (False, False, True)]
    for reader in readers:
        reader.start()
    versions = {catalog.version()}
    halfway: list[set[str]] = []

    def look(_: Progress) -> None:
        halfway.append(set(_files(catalog)))

    try:
        restore_backup(catalog, _config(catalog), file, on_progress=look)
        versions.add(catalog.version())
    finally:
        enough.set()
        for reader in readers:
            reader.join()
    assert not failed
    assert {frozenset(files) for files in seen} <= {frozenset(old), frozenset(new)}
    assert halfway[0] == old
    assert halfway[-1] == new
    assert sum(files == old for files in halfway) > 3
    assert len(versions) == 2
    assert set(_files(catalog)) == new


_KILLED = """
    import os, signal, sys
    from pathlib import Path
    from desktop_rag.storage import backup
    from desktop_rag.storage.catalog import Catalog

    library, file, work, after = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    backup._PAGES = 3
    told = 0

    def tell(progress):
        global told
        told += 1
        if told == after:
            os.kill(os.getpid(), signal.SIGKILL)

    catalog = Catalog(library / "catalog.sqlite")
    options = {"force": True} if work == "write_backup" else {}
    getattr(backup, work)(catalog, library / "config.toml", file, on_progress=tell, **options)
    print(told)
"""


def _work_until_killed(library: Path, file: Path, work: str, after: int) -> int:
    """Has a process end by SIGKILL when it tells of its progress for this time; returns how often it told."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_KILLED), library, file, work, str(after)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (-signal.SIGKILL if after else 0), done.stderr
    return after or int(done.stdout)


@kills
@pytest.mark.slow
def test_a_restore_that_is_killed_leaves_the_old_library_or_the_new_one(
    catalog: Catalog, file: Path, tmp_path: Path
) -> None:
    add_file(catalog, "/root/c", ["not in the backup"])
    _config(catalog).write_text("quiet_s = 3.0\n", encoding="utf-8")
    catalog.close()
    shutil.copytree(catalog.path.parent, tmp_path / "copy")
    told = _work_until_killed(tmp_path / "copy", file, "restore_backup", 0)
    assert told > 8
    committed = told - 1  # only that all is done comes later
    for after in (1, 2, told // 2, committed - 1, committed):
        _work_until_killed(catalog.path.parent, file, "restore_backup", after)
        with closing(Catalog(catalog.path)) as again:
            assert _files(again) == ["/root/a", "/root/b"] + ["/root/c"] * (after < committed)
            assert again.check() == []
    with closing(Catalog(catalog.path)) as again:
        _restore(again, file)
    assert not list(catalog.path.parent.glob(".*"))


@kills
def test_a_backup_that_is_killed_leaves_the_old_file_and_the_next_one_tidies_up(catalog: Catalog, file: Path) -> None:
    was = file.read_bytes()
    _work_until_killed(catalog.path.parent, file, "write_backup", 2)
    assert file.read_bytes() == was
    assert [path.name for path in file.parent.glob(".*")] != []
    _write(catalog, file, force=True)
    assert [path.name for path in file.parent.glob(".*")] == []


# --- what is refused -------------------------------------------------------------------------------------------------


def test_nothing_is_overwritten_unasked(catalog: Catalog, file: Path, tmp_path: Path) -> None:
    was = file.read_bytes()
    with pytest.raises(ConfigError, match=r"already exists.*--force"):
        _write(catalog, file)
    assert file.read_bytes() == was
    forget_files(catalog, ["/root/a"])
    assert _write(catalog, file, force=True).files == 1
    with pytest.raises(ConfigError, match="is a folder"):
        _write(catalog, tmp_path, force=True)
    with pytest.raises(ConfigError, match="does not exist"):
        _write(catalog, tmp_path / "nowhere" / "backup.zip")
    with pytest.raises(ConfigError, match="library's own folder"):
        _write(catalog, catalog.path, force=True)
    assert catalog.check() == []


def test_a_disk_without_room_is_said_before(catalog: Catalog, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type("Usage", (), {"free": 10_000})
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(DiskFull, match=r"needs up to .* MiB"):
        _write(catalog, file.with_name("other.zip"))
    with pytest.raises(DiskFull, match=r"needs up to .* MiB"):
        _restore(catalog, file)
    assert sorted(path.name for path in file.parent.iterdir()) == ["backup.zip", "library"]
