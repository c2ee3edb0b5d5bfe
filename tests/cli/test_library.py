"""The commands that fill, show and mend a library."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from desktop_rag.cli import doctor
from desktop_rag.cli.exits import Exit
from desktop_rag.engine.engine import Engine
from desktop_rag.paths import resources_dir
from tests.cli.conftest import Run, RunJson, command
from tests.tiny.clip import draw


@pytest.fixture
def notes(home: Path) -> Path:
    """A folder with two good files and one that is broken."""
    folder = home / "notes"
    folder.mkdir()
    (folder / "boiler.txt").write_text("The boiler was serviced by Mrs Novak in July.\n", encoding="utf-8")
    (folder / "garden.txt").write_text("Tomatoes go out after the last frost.\n", encoding="utf-8")
    return folder


def test_from_nothing_to_an_answer(run: Run, run_json: RunJson, notes: Path) -> None:
    code, out, err = run("index", notes)
    assert (code, err) == (0, "")
    assert out.startswith("Done in ")
    assert ": 2 new.\n" in out
    assert "The library holds 2 files: 2 indexed.\n" in out

    assert "Mrs Novak" in run("ask", "Who serviced the boiler?")[1]
    assert ": 2 unchanged." in run("index")[1]

    (notes / "garden.txt").write_text("Beans go out in May.\n", encoding="utf-8")
    (notes / "boiler.txt").unlink()
    (notes / "tea.txt").write_text("Tea is in the blue tin.\n", encoding="utf-8")
    code, report = run_json("index")
    assert code == 0
    assert [report[name] for name in ("new", "changed", "gone", "unchanged")] == [1, 1, 1, 0]


def test_an_empty_library_says_how_to_fill_it(run: Run) -> None:
    code, _, err = run("index")
    assert code == Exit.USAGE
    assert "Name a folder" in err
    code, out, err = run("ask", "Who serviced the boiler?")
    assert code == Exit.NOTHING
    assert out.startswith("Nothing in your files answers this.")
    assert "This library is empty." in err
    assert "index ~/Documents" in run("status")[1]


def test_a_folder_that_does_not_exist_is_said(run: Run, tmp_path: Path) -> None:
    code, _, err = run("index", tmp_path / "none")
    assert code == Exit.USAGE
    assert "does not exist" in err


def test_broken_files_are_named_and_the_exit_code_says_so(run: Run, notes: Path) -> None:
    (notes / "broken.pdf").write_bytes(b"%PDF-1.7\nthis is not a PDF")
    (notes / "photo.jpg").write_bytes(draw("a red circle on white", side=200, form="JPEG"))
    code, out, _ = run("index", notes)
    assert code == Exit.PARTLY
    assert "! " in out
    assert "broken.pdf" in out
    assert "1 unreadable" in out
    assert "1 waiting for a model" in out
    assert run("index")[0] == 0, "what is known to be broken is no news"

    code, out, _ = run("why", notes / "broken.pdf")
    assert code == 0
    assert "It could not be read." in out


def test_a_missing_folder_keeps_what_is_known(run: Run, notes: Path) -> None:
    run("index", notes)
    notes.rename(notes.with_name("away"))
    code, out, _ = run("index")
    assert code == Exit.PARTLY
    assert "notes could not be read; what the library knows of it was kept." in out
    assert "2 indexed" in out


def test_status(run: Run, run_json: RunJson, notes: Path) -> None:
    run("index", notes)
    out = run("status")[1]
    assert str(notes) in out
    assert "Files     2 files: 2 indexed\n" in out
    assert "Passages  2 in 2 documents\n" in out
    code, status = run_json("status")
    assert code == 0
    assert status["roots"] == [str(notes)]
    assert status["states"] == {"indexed": 2}


def test_why(run: Run, run_json: RunJson, notes: Path, tmp_path: Path) -> None:
    run("index", notes)
    out = run("why", notes / "boiler.txt", "Who serviced the boiler?")[1]
    assert "It is indexed.\n" in out
    assert "boiler.txt, line 1\n" in out
    assert "by words: rank 1; by meaning: rank 1; together: rank 1" in out
    out = run("why", notes / "garden.txt", "type:pdf tomatoes")[1]
    assert "Left out" in out

    code, explanation = run_json("why", notes / "boiler.txt")
    assert code == 0
    assert explanation["file"]["state"] == "indexed"
    assert explanation["chunks"][0]["chunk"]["text"].startswith("The boiler")

    code, out, _ = run("why", tmp_path / "unknown.txt")
    assert code == Exit.NOTHING
    assert "unknown.txt" in out


def test_forget(run: Run, run_json: RunJson, notes: Path) -> None:
    run("index", notes)
    code, out, _ = run("forget", notes / "garden.txt")
    assert (code, out) == (0, "Forgot 1 file. The files themselves were not touched.\n")
    assert (notes / "garden.txt").exists()
    assert run("forget", notes / "garden.txt")[0] == Exit.NOTHING
    assert run_json("forget", notes) == (0, {"path": str(notes), "forgotten": 1})
    assert run_json("status")[1]["roots"] == []
    assert run("ask", "Who serviced the boiler?")[0] == Exit.NOTHING


def test_rebuild(run: Run, run_json: RunJson, notes: Path) -> None:
    run("index", notes)
    assert run("rebuild") == (0, "Rebuilt the vectors of 2 passages.\n", "")
    assert run_json("rebuild") == (0, {"chunks": 2})


def test_doctor(run: Run, run_json: RunJson, notes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("index", notes)
    code, out, _ = run("doctor")
    assert (code, out.splitlines()[-1]) == (0, "Everything is fine.")
    monkeypatch.setenv("CHROMA_SERVER_HOST", "example.org")
    code, value = run_json("doctor")
    assert code == Exit.PARTLY
    assert [check["name"] for check in value["checks"] if not check["ok"]] == ["offline"]
    assert "WRONG" in run("doctor")[1]


def test_doctor_knows_what_leads_out() -> None:
    assert doctor.offline({"PATH": "/bin", "HTTP_PROXY": "proxy"}).ok
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" in doctor.offline({"OTEL_EXPORTER_OTLP_ENDPOINT": "x"}).detail


def test_settings(run: Run, run_json: RunJson, notes: Path) -> None:
    assert run("config", "set", "ignore", "garden.*")[0] == 0
    assert run("config", "set", "limits.text_bytes", "128", "MiB")[1] == "limits.text_bytes is now 128.0 MiB.\n"
    out = run("config")[1]
    assert out == run("config", "show")[1]
    assert "* limits.text_bytes" in out
    assert "garden.*" in out
    assert run("config", "get", "limits.text_bytes")[1] == f"{128 * 1024 * 1024}\n"
    run("index", notes)
    assert run_json("status")[1]["files"] == 1

    assert run("config", "unset", "ignore")[0] == 0
    run("index")
    assert run_json("status")[1]["files"] == 2
    code, _, err = run("config", "set", "limits.pages", "none")
    assert code == Exit.USAGE
    assert "not a valid value for limits.pages" in err
    assert run_json("config")[1]["settings"]["workers"] >= 1


def test_demo(run: Run, run_json: RunJson, home: Path) -> None:
    code, out, _ = run("demo")
    assert code == 0
    entries = json.loads((resources_dir() / "samples-questions.json").read_text(encoding="utf-8"))
    wanted = [evidence for entry in entries if entry.get("demo") for evidence in entry["expect"]]
    assert wanted
    for evidence in (*wanted, "[1]", "index ~/Documents"):
        assert evidence in out
    assert not (home / "library").exists(), "a person's own library stays as it is"
    code, value = run_json("demo")
    assert code == 0
    assert value["report"]["new"] == 0
    assert all(answer["citations"] for answer in value["answers"])


def test_a_busy_library_can_be_searched_but_not_written(run: Run, notes: Path) -> None:
    run("index", notes)
    with Engine(Path(os.environ["DESKTOP_RAG_HOME"])):
        refused = command(Path(os.environ["DESKTOP_RAG_HOME"]), "index", code=Exit.BUSY)
        assert "is writing to this library" in refused.stderr
        answer = command(Path(os.environ["DESKTOP_RAG_HOME"]), "ask", "Who serviced the boiler?", "--json", code=0)
        assert "Mrs Novak" in json.loads(answer.stdout)["text"]
        assert json.loads(command(Path(os.environ["DESKTOP_RAG_HOME"]), "status", "--json", code=0).stdout)["busy"]


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="needs signals between processes")
def test_ctrl_c_keeps_what_is_done_and_the_next_run_goes_on(home: Path) -> None:
    folder = home / "many"
    folder.mkdir()
    for number in range(1200):
        (folder / f"{number:04}.txt").write_text(f"Sentence {number} speaks of its number.", encoding="utf-8")
    library = home / "library"
    with subprocess.Popen(
        [sys.executable, "-m", "desktop_rag", "index", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    ) as process:
        _wait_for_files(library)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the parsers too
        out, err = process.communicate(timeout=60)
    assert process.returncode == Exit.INTERRUPTED, err
    assert "Stopping; what was done is kept." in err
    assert "Traceback" not in err
    assert out.startswith("Stopped in ")
    assert "To continue: " in out

    with Engine(library) as engine:
        kept = engine.status().files
        assert 0 < kept < 1200
        assert all(check.ok for check in engine.doctor())
        assert engine.search("Sentence 3", limit=1).hits
        report = engine.index()
    assert report.unchanged == kept
    assert report.states == {"indexed": 1200}


def _wait_for_files(library: Path) -> None:
    """Until the first files are stored."""
    for _ in range(600):
        time.sleep(0.1)
        if (library / "catalog.sqlite").exists():
            with Engine(library, read_only=True) as engine:
                if engine.status().states.get("indexed"):
                    return
    raise AssertionError("nothing was indexed within a minute")


@pytest.mark.skipif(os.name == "nt", reason="needs signals between processes")
def test_ctrl_c_while_asking_is_no_traceback(home: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "desktop_rag", "search", "--batch", "-", "--json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        for _ in range(100):
            time.sleep(0.1)
            if (home / "library" / "catalog.sqlite").exists():
                break
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (Exit.INTERRUPTED, "Stopped.\n")
