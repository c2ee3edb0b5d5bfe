"""Settings from the command line, and what ``why`` says of files that they leave out."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_rag.cli.exits import Exit
from tests.cli.conftest import Run, RunJson


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "garden.txt").write_text("Tomatoes in May.", encoding="utf-8")
    return folder


def test_switches_choices_and_sizes(run: Run) -> None:
    assert run("config", "set", "hidden", "yes")[1] == "hidden is now on.\n"
    assert run("config", "get", "hidden")[1] == "on\n"
    assert run("config", "set", "on_battery", "pause")[1] == "on_battery is now pause.\n"
    assert run("config", "set", "largest_bytes", "2", "GiB")[1] == "largest_bytes is now 2.0 GiB.\n"
    out = run("config")[1]
    assert "* hidden" in out
    assert "* on_battery" in out
    assert "  follow_links" in out
    code, _, err = run("config", "set", "follow_links", "perhaps")
    assert code == Exit.USAGE
    assert "Use on or off." in err


def test_settings_of_one_folder(run: Run, run_json: RunJson, notes: Path) -> None:
    assert run("config", "set", "ignore", "*.iso", "garden.*", "--folder", notes)[0] == 0
    out = run("config", "set", "hidden", "on", "--folder", notes)[1]
    assert out.startswith("hidden is now on in ")
    assert "Only in " in run("config")[1]
    assert run("config", "get", "ignore", "--folder", notes)[1] == "*.iso\ngarden.*\n"
    assert run("config", "get", "follow_links", "--folder", notes)[1] == "same as everywhere\n"
    assert run_json("config", "get", "hidden")[1]["value"] is False
    named = {"name": "hidden", "folder": str(notes.resolve()), "value": True}
    assert run_json("config", "get", "hidden", "--folder", notes)[1] == named

    code, _, err = run("config", "set", "workers", "1", "--folder", notes)
    assert code == Exit.USAGE
    assert "applies to all folders" in err
    assert "There is no folder" in run("config", "set", "hidden", "on", "--folder", notes / "gone")[2]
    for name in ("ignore", "hidden"):
        assert run("config", "unset", name, "--folder", notes)[0] == 0
    assert "Only in" not in run("config")[1]


@pytest.mark.skipif(sys.platform == "win32", reason="the commands are quoted in another way")
def test_why_tells_how_to_have_what_is_left_out(run: Run, notes: Path) -> None:
    """Every command that ``why`` gives is run, and brings the file back."""
    outside = notes.parent / "outside.txt"
    outside.write_text("Elsewhere.", encoding="utf-8")
    (notes / "link.txt").symlink_to(outside)
    for name in ("draft.tmp", "list.iso", "deed.scan", ".plan.txt"):
        (notes / name).write_text("What was planned.", encoding="utf-8")
    (notes / "huge.txt").write_text("x" * 5000, encoding="utf-8")
    run("config", "set", "ignore", "*.iso", "*.img")
    run("config", "set", "ignore", "*.scan", "--folder", notes)
    run("config", "set", "largest_bytes", "4000")
    run("index", notes)
    for name, said in (
        ("draft.tmp", "skipped because of the pattern “*.tmp” (built in)"),
        ("list.iso", "skipped because of the pattern “*.iso” (your settings)"),
        ("deed.scan", "skipped because of the pattern “*.scan” (your settings for this folder)"),
        (".plan.txt", "“.plan.txt” is hidden"),
        ("huge.txt", "larger than the size limit (3.91 KiB)"),
        ("link.txt", f"a link to {outside.resolve()}"),
    ):
        reason = run("why", notes / name)[1]
        assert said in reason
        command = next(line for line in reason.splitlines() if "desktop-rag config" in line)
        assert run(*shlex.split(command[command.index("desktop-rag") :])[1:])[0] == 0
        assert run("why", notes / name)[1].strip().endswith("It was added after the last indexing run. Index again.")
    assert run("config", "get", "ignore")[1].split() == ["*.img", "!*.tmp", "!.plan.txt"]  # the others are kept


def test_why_tells_of_a_folder_that_may_not_be_read(run: Run, notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shut = notes.resolve() / "shut"
    shut.mkdir()
    (shut / "deed.txt").write_text("Signed in May.", encoding="utf-8")
    (shut / "draft.tmp").write_text("Not signed.", encoding="utf-8")
    listing = os.scandir

    def refuse(path: str | Path) -> Iterator[os.DirEntry[str]]:
        if Path(path) == shut:  # the user that runs the tests may be one who may read everything
            raise PermissionError(path)
        return listing(path)

    monkeypatch.setattr(os, "scandir", refuse)
    run("index", notes)
    words = " ".join(run("why", shut / "deed.txt")[1].split())
    assert "You do not have permission to open the folder" in words
    assert "*.tmp" in run("why", shut / "draft.tmp")[1]
    monkeypatch.setattr(os, "scandir", listing)
    assert "Index again" in run("why", shut / "deed.txt")[1]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_why_of_a_file_behind_a_shut_folder(run: Run, notes: Path) -> None:
    shut = notes / "shut"
    shut.mkdir()
    (shut / "deed.txt").write_text("Signed in May.", encoding="utf-8")
    shut.chmod(0)
    try:
        run("index", notes)
        assert "You do not have permission to open the folder" in run("why", shut / "deed.txt")[1]
    finally:
        shut.chmod(0o700)
