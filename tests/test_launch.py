"""Opening files with the system's programs."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from desktop_rag import launch
from desktop_rag.errors import Unreadable


def _program(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a program of this name on the path."""
    program = folder / name
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


@pytest.mark.skipif(sys.platform == "win32", reason="programs are found in another way")
def test_a_viewer_is_told_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pdf = tmp_path / "a b.pdf"
    for name, desktop, command in (
        ("evince", "org.gnome.Evince.desktop", ["evince", "--page-index=3", str(pdf)]),
        ("okular", "okular.desktop", ["okular", "--page", "3", str(pdf)]),
        ("qpdfview", "qpdfview.desktop", ["qpdfview", "--unique", f"{pdf}#3"]),
        ("firefox", "firefox-esr.desktop", ["firefox", f"{pdf.as_uri()}#page=3"]),
    ):
        assert launch.command_for(pdf, 3, desktop) == ["xdg-open", str(pdf)], "not installed"
        _program(tmp_path, name, monkeypatch)
        assert launch.command_for(pdf, 3, desktop) == command
        assert launch.command_for(pdf, None, desktop) == ["xdg-open", str(pdf)]


@pytest.mark.skipif(sys.platform != "linux", reason="records what xdg-open is given")
def test_a_program_is_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = _recorder(tmp_path, "xdg-open", monkeypatch)
    for name, opened in (("setup.bat", tmp_path), ("run.SH", tmp_path), ("notes.txt", tmp_path / "notes.txt")):
        (tmp_path / name).write_text("x", encoding="utf-8")
        given.unlink(missing_ok=True)
        said = launch.open_file(tmp_path / name)
        assert _when_there(given) == str(opened)
        assert ("folder was opened instead" in said) == (opened == tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="records what the file manager is asked")
def test_a_file_is_shown_in_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a, b.pdf"
    path.write_bytes(b"x")
    given = _recorder(tmp_path, "dbus-send", monkeypatch)
    assert launch.show_in_folder(path) == "Opened the folder of a, b.pdf."
    asked = _when_there(given)
    assert "org.freedesktop.FileManager1.ShowItems" in asked
    assert f"array:string:{tmp_path.as_uri()}/a%2C%20b.pdf" in asked


@pytest.mark.skipif(sys.platform != "linux", reason="records what xdg-open is given")
def test_without_such_a_file_manager_the_folder_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.sh"
    path.write_text("x", encoding="utf-8")
    given = _recorder(tmp_path, "xdg-open", monkeypatch)
    launch.show_in_folder(path)
    assert _when_there(given) == str(tmp_path)
    given.unlink()
    path.unlink()
    assert "no longer there" in launch.show_in_folder(path)
    assert _when_there(given) == str(tmp_path)


def _recorder(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a program of this name on the path; the file that it writes what it is given into."""
    given = folder / "given"
    program = folder / name
    program.write_text(
        f'#!/bin/sh\nprintf "%s" "$*" > "{given}.part"\n/bin/mv "{given}.part" "{given}"\n', encoding="utf-8"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return given


def _when_there(path: Path) -> str:
    import time

    for _ in range(200):
        if path.exists():
            return path.read_text(encoding="utf-8")
        time.sleep(0.02)
    raise AssertionError(f"{path} was not written")


def test_a_file_that_is_gone_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="no longer there"):
        launch.open_file(tmp_path / "gone.pdf")
    with pytest.raises(Unreadable, match="no longer there"):
        launch.show_in_folder(tmp_path / "gone" / "gone.pdf")
