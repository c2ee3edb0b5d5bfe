"""The command line itself: its help, its speed, its words for errors."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_rag import __version__
from desktop_rag.cli.exits import EXPLAINED, Exit
from desktop_rag.cli.main import build_parser, main
from desktop_rag.paths import logs_dir
from tests.cli.conftest import Run, RunJson, command

_LIGHT = {"desktop_rag", "argcomplete", "typing_extensions"}


def _commands() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    for action in build_parser()._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.items()


COMMANDS = dict(_commands())


def test_every_command_is_there() -> None:
    wanted = (
        *("index", "ask", "chat", "conversations", "models", "search", "status", "why", "forget", "rebuild", "engine"),
        *("backup", "restore", "doctor", "demo", "config", "completion", "window"),
    )
    assert set(COMMANDS) == set(wanted)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_an_example_that_can_be_typed(name: str) -> None:
    text = COMMANDS[name].format_help()
    examples = text.partition("example")[2].splitlines()[1:]
    assert examples
    for example in examples:
        assert example.startswith(f"  desktop-rag {name}")
    assert "--json" in text
    assert "--library" in text


@pytest.mark.usefixtures("unmeasured")
def test_help_needs_no_library_of_ours_or_others() -> None:
    code = "import sys; from desktop_rag.__main__ import main; main(); print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code, "--help"], check=True, capture_output=True, text=True)
    loaded = set(done.stderr.split())
    assert not loaded & {
        "msgspec",
        "rich",
        "numpy",
        "sqlite3",
        "tomlkit",
        "shtab",
        "platformdirs",
        "asyncio",
        "PySide6",
    }
    ours = {name for name in loaded if name.startswith("desktop_rag.") and not name.startswith("desktop_rag.cli")}
    assert ours == {"desktop_rag.__main__"}
    assert len(loaded) < 150


def test_exit_codes_are_explained() -> None:
    assert all(f"\n  {code.value:<4} " in EXPLAINED for code in Exit)
    assert EXPLAINED in build_parser().format_help()


def test_version(run: Run) -> None:
    assert run("--version") == (0, f"Desktop RAG {__version__}\n", "")


def test_running_as_a_module(tmp_path: Path) -> None:
    assert __version__ in command(tmp_path, "--version", code=0).stdout


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["ask"],
        ["ask", "--limit", "0", "q"],
        ["search"],
        ["search", "q", "--batch", "f"],
        ["--lib", "x"],
    ],
)
def test_a_command_that_makes_no_sense_shows_its_usage(run: Run, arguments: list[str]) -> None:
    code, out, err = run(*arguments)
    assert code == Exit.USAGE
    assert out == ""
    assert err.startswith("usage: desktop-rag")


def test_the_library_is_named_before_or_after_the_command(run_json: RunJson, tmp_path: Path) -> None:
    for arguments in (["--library", tmp_path / "x", "status"], ["status", "--library", tmp_path / "x"]):
        assert run_json(*arguments)[1]["library"] == str(tmp_path / "x")
    assert run_json("--library", tmp_path / "y", "status", "--library", tmp_path / "x")[1]["library"] == str(
        tmp_path / "x"
    )
    assert run_json("status")[1]["library"] == os.environ["DESKTOP_RAG_HOME"]


def test_expected_errors_are_a_message_and_a_hint(run: Run, run_json: RunJson) -> None:
    code, out, err = run("ask", "when?", "--type", "pfd")
    assert (code, out) == (Exit.USAGE, "")
    assert err.startswith("Error: “pfd” is not a known type of file.\n       Did you mean type:pdf?")
    code, value = run_json("ask", "when?", "--after", "the flood")
    assert code == Exit.USAGE
    assert value["error"]["code"] == "query"
    assert "the flood" in value["error"]["message"]


def test_a_library_that_cannot_be_used_is_said(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    code, _, err = run("--library", tmp_path / "file" / "library", "status")
    assert code == Exit.STORAGE
    assert "Traceback" not in err

    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "catalog.sqlite").write_bytes(b"not a database at all" * 100)
    code, _, err = run("--library", broken, "ask", "when?")
    assert code == Exit.STORAGE
    assert err.startswith("Error: ")
    assert "Traceback" not in err


def test_a_mistake_of_ours_is_one_line_and_a_log(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> int:
        raise ZeroDivisionError("x" * 5000)

    monkeypatch.setattr("desktop_rag.cli.looking._status", fail)
    code, out, err = run("status")
    assert (code, out) == (Exit.BUG, "")
    assert err.count("\n") == 2
    assert "ZeroDivisionError" in err
    log = logs_dir() / "desktop-rag.log"
    assert str(log) in err
    written = log.read_text(encoding="utf-8")
    assert "in fail" in written
    assert len(written) < 4000


@pytest.mark.skipif(os.name == "nt", reason="pipes close in another way")
def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "desktop_rag", "completion", "zsh"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_an_encoding_without_our_characters_is_no_error() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "desktop_rag", "ask", "--help"],
        env=os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
        capture_output=True,
        check=True,
    )
    assert b"?emails from Anna" in done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "tcsh", "powershell"])
def test_completion_knows_commands_and_options(run: Run, shell: str) -> None:
    code, script, _ = run("completion", shell)
    assert code == 0
    assert all(word in script for word in ("doctor", "--batch", "per-document"))
    if shell == "bash" and shutil.which("bash"):
        checked = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)
        assert checked.returncode == 0, checked.stderr


def test_completion_without_a_shell_takes_that_of_the_person(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/usr/bin/fish")
    assert "complete -c desktop-rag" in run("completion")[1]
    monkeypatch.setenv("SHELL", "/bin/nologin")
    code, _, err = run("completion")
    assert code == Exit.USAGE
    assert "bash" in err


def test_main_takes_the_arguments_of_the_process(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["desktop-rag", "config", "get", "workers", "--json"])
    assert main() == 0
    assert json.loads(capsys.readouterr().out)["name"] == "workers"
