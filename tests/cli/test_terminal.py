"""Small words for people, and opening files."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from desktop_rag.cli import opening
from desktop_rag.cli.options import question_of
from desktop_rag.cli.progress import Lines, counts, in_words
from desktop_rag.cli.terminal import clean, counted, duration, short_path, size
from desktop_rag.errors import Unreadable
from desktop_rag.types import Progress


def test_numbers_in_words() -> None:
    assert [counted(1, "file"), counted(1204, "file"), counted(2, "copy")] == ["1 file", "1,204 files", "2 copies"]
    assert [duration(0.012), duration(0.42), duration(12.4), duration(200), duration(180), duration(7500)] == [
        "12 ms", "0.4 s", "12 s", "3 min 20 s", "3 min", "2 h 5 min",
    ]  # fmt: skip
    assert [size(12), size(3.4 * 1024**2), size(5 * 1024**4)] == ["12 bytes", "3.4 MiB", "5.0 TiB"]


def test_clean_text_keeps_its_length() -> None:
    text = "a\x1b[31mb\r\n\tc\udc80"
    assert clean(text) == "a\ufffd[31mb\ufffd\n\tc\ufffd"
    assert len(clean(text)) == len(text)


def test_paths_are_as_one_would_type_them(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home)
    assert short_path(str(home / "a" / "b.txt")) == str(Path("a", "b.txt"))
    monkeypatch.chdir(home.parent.parent)
    assert short_path(str(home / "home" / "b.txt")) != str(Path("~", "b.txt")), "nearer to here than to the home folder"
    monkeypatch.chdir(Path(sys.prefix))
    assert short_path(str(Path.home() / "b.txt")) == str(Path("~", "b.txt"))
    assert short_path(str(home / "b.txt")) == str(home / "b.txt")


def test_quotes_that_the_shell_took_are_put_back() -> None:
    assert question_of(["when?", "from:Anna Berg", "after:2024"]) == 'when? from:"Anna Berg" after:2024'
    assert question_of(["when is it due?"]) == "when is it due?"


def test_progress_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("indexing", 1200, 31000, chunks_done=500, seconds_left=725)
    assert in_words(progress) == "indexing: 1,200 of 31,000 files, 500 passages, 12 min 5 s left"
    assert counts(progress, 10) == "1,200 of 31,000 files · 500 passages, 50/s · 12 min 5 s left"
    assert counts(progress, 0.1) == "1,200 of 31,000 files · 500 passages, 5,000/s"

    seldom, always = Lines(3600), Lines(0)
    seldom(progress)
    always(progress)
    always(Progress("scanning"))
    assert capsys.readouterr().err == in_words(progress) + "\n"


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
        assert opening.command_for(pdf, 3, desktop) == ["xdg-open", str(pdf)], "not installed"
        _program(tmp_path, name, monkeypatch)
        assert opening.command_for(pdf, 3, desktop) == command
        assert opening.command_for(pdf, None, desktop) == ["xdg-open", str(pdf)]


@pytest.mark.skipif(sys.platform != "linux", reason="records what xdg-open is given")
def test_a_program_is_never_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = tmp_path / "given"
    opener = tmp_path / "xdg-open"
    opener.write_text(
        f'#!/bin/sh\nprintf "%s" "$1" > "{given}.part"\n/bin/mv "{given}.part" "{given}"\n', encoding="utf-8"
    )
    opener.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    for name, opened in (("setup.bat", tmp_path), ("run.SH", tmp_path), ("notes.txt", tmp_path / "notes.txt")):
        (tmp_path / name).write_text("x", encoding="utf-8")
        given.unlink(missing_ok=True)
        said = opening.open_file(tmp_path / name)
        assert _when_there(given) == str(opened)
        assert ("folder instead" in said) == (opened == tmp_path)


def _when_there(path: Path) -> str:
    import time

    for _ in range(200):
        if path.exists():
            return path.read_text(encoding="utf-8")
        time.sleep(0.02)
    raise AssertionError(f"{path} was not written")


def test_a_file_that_is_gone_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="not there any more"):
        opening.open_file(tmp_path / "gone.pdf")
