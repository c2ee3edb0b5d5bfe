"""``backup`` and ``restore`` as a person uses them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from desktop_rag.cli.exits import Exit
from desktop_rag.storage.lock import LibraryLock
from tests.cli.conftest import Run, RunJson


@pytest.fixture
def notes(home: Path, run: Run) -> Path:
    """A folder with a note, in the library."""
    folder = home / "notes"
    folder.mkdir()
    (folder / "kiln.txt").write_text("The kiln is fired on Thursdays.", encoding="utf-8")
    assert run("index", folder)[0] == Exit.OK
    return folder


def test_there_and_back(notes: Path, home: Path, run: Run, run_json: RunJson) -> None:
    run("config", "set", "rescan_minutes", "7")
    file = home / "backup.zip"
    code, out, err = run("backup", file)
    assert (code, err) == (Exit.OK, "")
    assert "backup.zip was written: 1 file, 1 passage, " in out
    assert hashlib.sha256(file.read_bytes()).hexdigest() in out

    code, checked = run_json("backup", "--check", file)
    assert (code, checked["files"], checked["chunks"]) == (Exit.OK, 1, 1)
    assert "is intact" in run("backup", "--check", file)[1]

    run("forget", notes)
    run("config", "unset", "rescan_minutes")
    assert run("search", "kiln")[0] == Exit.NOTHING
    code, restored = run_json("restore", file)
    assert (code, restored) == (Exit.OK, checked)
    assert run_json("search", "when is pottery baked?")[1]["hits"][0]["path"] == str(notes / "kiln.txt")
    assert run_json("status")[1]["roots"] == [str(notes)]
    assert run("config", "get", "rescan_minutes")[1].strip() == "7"
    assert run_json("index")[1]["unchanged"] == 1


def test_a_library_is_not_replaced_unasked(notes: Path, home: Path, run: Run) -> None:
    run("backup", home / "backup.zip")
    (notes / "glaze.txt").write_text("Glaze is mixed with water.", encoding="utf-8")
    run("index")
    code, out, err = run("restore", home / "backup.zip")
    assert (code, out) == (Exit.USAGE, "")
    assert "This library holds 2 files from" in err
    assert "--force" in err
    assert run("search", "glaze")[0] == Exit.OK
    code, out, _ = run("restore", "--force", home / "backup.zip")
    assert code == Exit.OK
    assert "was restored: 1 file, 1 passage" in out
    assert run("search", "glaze", "--mode", "keyword")[0] == Exit.NOTHING


@pytest.mark.usefixtures("notes")
def test_a_library_that_another_process_writes_to(home: Path, run: Run) -> None:
    lock = LibraryLock(home / "library")
    lock.acquire()
    try:
        assert run("backup", home / "backup.zip")[0] == Exit.OK
        assert run("restore", "--force", home / "backup.zip")[0] == Exit.BUSY
    finally:
        lock.release()


@pytest.mark.usefixtures("notes")
def test_what_cannot_be_done_is_said(home: Path, run: Run, run_json: RunJson) -> None:
    file = home / "backup.zip"
    assert run("backup", file)[0] == Exit.OK
    code, _, err = run("backup", file)
    assert code == Exit.USAGE
    assert "already exists" in err
    assert run("backup", file, "--force")[0] == Exit.OK
    assert run("backup", file, "--force", "--check")[0] == Exit.USAGE

    file.write_bytes(file.read_bytes()[:-100])
    for command in (("backup", "--check", file), ("restore", "--force", file)):
        code, value = run_json(*command)
        assert code == Exit.STORAGE
        assert value["error"]["code"] == "backup-damaged"
    assert run("search", "kiln")[0] == Exit.OK
    for command in (("backup", "--check", home / "nothing.zip"), ("restore", "--force", home / "nothing.zip")):
        code, _, err = run(*command)
        assert code == Exit.USAGE
        assert "does not exist" in err
