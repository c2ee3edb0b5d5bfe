"""Small words for people."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from desktop_rag.cli.options import question_of
from desktop_rag.cli.progress import ProgressLines, counts, in_words
from desktop_rag.cli.terminal import clean, counted, duration, short_path, size
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

    seldom, always = ProgressLines(3600), ProgressLines(0)
    seldom(progress)
    always(progress)
    always(Progress("scanning"))
    assert capsys.readouterr().err == in_words(progress) + "\n"
