"""How the command line opens the window, and what it does where none can be shown."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from desktop_rag.cli.exits import Exit
from desktop_rag.cli.main import main
from desktop_rag.errors import ConfigError
from desktop_rag.paths import resources_dir
from tests.cli.conftest import Run

_SCREENS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


class Window:
    """In the place of the real one: notes what it was asked to show."""

    def __init__(self, error: ConfigError | None = None) -> None:
        self.shown: list[tuple[Path, Path | None]] = []
        self._error = error

    def open(self, library: Path, *, samples: Path | None = None) -> int:
        if self._error is not None:
            raise self._error
        self.shown.append((library, samples))
        return 0


@pytest.fixture
def window() -> Window:
    return Window()


NO_SCREEN = ConfigError("There is no screen to show the window on.")


def test_the_program_alone_opens_the_window(window: Window) -> None:
    assert main([], open_window=window.open) == 0
    assert window.shown == [(Path(os.environ["DESKTOP_RAG_HOME"]), None)]


def test_a_window_for_another_library(window: Window, tmp_path: Path) -> None:
    assert main(["window", "--library", str(tmp_path / "other")], open_window=window.open) == 0
    assert main(["--library", str(tmp_path / "other")], open_window=window.open) == 0
    assert window.shown == [(tmp_path / "other", None)] * 2


def test_without_a_screen_the_program_says_what_it_can_do_and_why(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], open_window=Window(NO_SCREEN).open) == Exit.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("usage: desktop-rag")
    assert "index" in err
    assert err.rstrip().endswith("Error: There is no screen to show the window on.")


def test_without_a_screen_the_command_fails_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["window"], open_window=Window(NO_SCREEN).open) == Exit.USAGE
    assert capsys.readouterr().err == "Error: There is no screen to show the window on.\n"


def test_a_command_line_without_a_window_says_so(run: Run) -> None:
    code, _, err = run("window")
    assert code == Exit.USAGE
    assert "cannot be opened" in err


def test_the_demo_in_the_window_has_a_library_of_its_own(window: Window) -> None:
    assert main(["demo", "--window"], open_window=window.open) == 0
    usual = Path(os.environ["DESKTOP_RAG_HOME"])
    assert window.shown == [(usual.with_name("library-demo"), resources_dir() / "samples")]


def test_the_demo_is_in_the_terminal_where_there_is_no_screen(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--window"], open_window=Window(NO_SCREEN).open) == 0
    assert "Now try it with your own files:" in capsys.readouterr().out


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a screen")
@pytest.mark.parametrize("screens", [{}, {"DISPLAY": ":7654"}], ids=["none", "one that does not answer"])
def test_the_real_program_without_a_screen(tmp_path: Path, screens: dict[str, str]) -> None:
    clean = {name: value for name, value in os.environ.items() if name not in _SCREENS}
    done = subprocess.run(
        [sys.executable, "-m", "desktop_rag", "--library", str(tmp_path / "library")],
        env=clean | screens,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == Exit.USAGE
    assert "screen" in done.stderr.splitlines()[-2]
    assert not (tmp_path / "library").exists()
