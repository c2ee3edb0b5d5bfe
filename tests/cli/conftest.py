"""A home of its own for every test, and the sample library indexed once."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console, RenderableType

from desktop_rag.cli.main import main
from desktop_rag.paths import resources_dir

Run = Callable[..., tuple[int, str, str]]
RunJson = Callable[..., tuple[int, Any]]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Library and log of the test go to a folder of its own."""
    monkeypatch.setenv("DESKTOP_RAG_HOME", str(tmp_path / "library"))
    for variable in ("HOME", "USERPROFILE", "XDG_STATE_HOME", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(tmp_path / "home"))
    yield tmp_path
    logging.captureWarnings(False)
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler, RotatingFileHandler):
            handler.close()
            root.removeHandler(handler)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process: exit code, standard output, standard error."""

    def run_command(*arguments: str | Path) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run_command


@pytest.fixture
def run_json(run: Run) -> RunJson:
    """Run a command with ``--json``: exit code and the value it printed."""

    def run_command(*arguments: str | Path) -> tuple[int, Any]:
        code, out, _ = run(*arguments, "--json")
        return code, json.loads(out)

    return run_command


@pytest.fixture(scope="session")
def sample_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library with the samples in it; tests only read it."""
    library = tmp_path_factory.mktemp("samples") / "library"
    command(library, "index", resources_dir() / "samples", code=0)
    return library


def command(library: Path, *arguments: str | Path, code: int) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, which must end with ``code``."""
    done = subprocess.run(
        [sys.executable, "-m", "desktop_rag", *map(str, arguments)],
        env=os.environ | {"DESKTOP_RAG_HOME": str(library), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == code, f"{arguments}\n{done.stdout}\n{done.stderr}"
    return done


def printed(*parts: RenderableType, width: int = 80, color: bool = False) -> str:
    """What a terminal of ``width`` columns gets to see."""
    out = io.StringIO()
    console = Console(
        file=out, width=width, force_terminal=color, color_system="standard" if color else None, legacy_windows=False
    )
    for part in parts:
        console.print(part, markup=False, highlight=False)
    return out.getvalue()
