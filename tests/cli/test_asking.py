"""``ask`` and ``search`` over the sample library."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pytest

from desktop_rag.cli import asking
from desktop_rag.cli.exits import Exit
from desktop_rag.cli.options import Arguments
from desktop_rag.engine.results import SearchResult
from desktop_rag.engine.service.opening import AnyEngine
from desktop_rag.paths import resources_dir
from tests.cli.conftest import Run, RunJson, command

SHEAR = "When will the board shear be delivered, and who is the driver?"
INVOICE = "How much is invoice TR-2024-018, and when must it be paid?"
NONSENSE = "zyxwv qponm lkjih"


@pytest.fixture(autouse=True)
def library(sample_library: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DESKTOP_RAG_HOME", str(sample_library))
    monkeypatch.chdir(home)
    return sample_library


def test_an_answer_is_quoted_and_cited(run: Run) -> None:
    code, out, err = run("ask", SHEAR)
    assert (code, err) == (0, "")
    assert "Marek" in out
    assert "[1] Re: Board shear: can you quote?, from Daniel Osei, 15 March 2024\n" in out
    assert "2024-03-15 Re Board shear - delivery.eml\n" in out
    assert out.endswith("Quoted from your files; no language model was used.\n")


def test_the_answer_itself_comes_first(run: Run) -> None:
    question = "What is the booking reference of our train to the airport?"
    code, out, err = run("ask", question)
    assert (code, err) == (0, "")
    head, _, rest = out.partition("\n")
    assert head == "K7QX2M [1]"
    assert "K7QX2M" in rest
    assert run("ask", question, "--no-rerank")[1] != out
    assert run("search", question, "--no-rerank")[0] == 0


def test_quotes_around_a_question_are_optional(run: Run) -> None:
    assert run("ask", *SHEAR.split())[1] == run("ask", SHEAR)[1]


def test_an_answer_as_json(run_json: RunJson) -> None:
    code, answer = run_json("ask", INVOICE)
    assert code == 0
    assert set(answer) == {
        "question", "mode", "text", "short", "confidence", "citations", "understood", "note", "hits",
        "sentences", "usage", "stopped", "asked", "conversation",
    }  # fmt: skip
    quotes = " ".join(citation["quote"] for citation in answer["citations"])
    assert "£1,284.00" in quotes
    assert "31 May 2024" in quotes
    first = answer["citations"][0]
    assert first["place"] == "Invoice TR-2024-018.pdf, page 1"
    assert first["locator"] == {"at": "page", "number": 1}
    assert Path(first["path"]).is_file()


def test_what_nothing_answers_is_said(run: Run, run_json: RunJson) -> None:
    code, out, _ = run("ask", NONSENSE)
    assert code == Exit.NOTHING
    assert out.startswith("Nothing in your files answers this.\n")
    code, answer = run_json("ask", NONSENSE)
    assert code == Exit.NOTHING
    assert answer["citations"] == []


def test_options_are_filters(run_json: RunJson) -> None:
    _, found = run_json(
        "search", "guarantee", "--from", "Daniel Osei", "--after", "2024-03-01", "--before", "2024-04-01"
    )
    assert found["hits"]
    assert {Path(hit["path"]).parent.name for hit in found["hits"]} == {"Board shear"}
    assert any("Daniel Osei" in part for part in found["understood"])
    _, found = run_json("search", "invoice", "--type", "pdf", "--name", "TR-2024-017")
    assert {Path(hit["path"]).name for hit in found["hits"]} == {"Invoice TR-2024-017.pdf"}
    _, found = run_json("search", "invoice", "--folder", "Home")
    assert {Path(hit["path"]).parent.name for hit in found["hits"]} == {"Home"}


def test_filters_that_were_understood_are_said(run: Run) -> None:
    _, out, _ = run("search", "from:Marsh what should the children bring?")
    assert "Searched sent by Marsh.\n" in out


def test_search_shows_places_and_paths(run: Run) -> None:
    code, out, _ = run("search", INVOICE, "--limit", "1")
    assert code == 0
    assert out.startswith("1  Invoice TR-2024-018.pdf, page 1\n")
    assert str(resources_dir() / "samples" / "Workshop" / "Invoices" / "Invoice TR-2024-018.pdf") in out
    assert "1 passage in " in out


def test_limits_are_kept(run_json: RunJson) -> None:
    _, found = run_json("search", "the invoice of the board shear", "--limit", "4", "--per-document", "1")
    assert len(found["hits"]) == 4
    assert len({(hit["path"], hit["title"]) for hit in found["hits"]}) == 4


@pytest.mark.parametrize("mode", ["keyword", "dense", "hybrid"])
def test_every_mode_finds_the_invoice(run_json: RunJson, mode: str) -> None:
    _, found = run_json("search", INVOICE, "--mode", mode, "--limit", "3")
    assert any("TR-2024-018" in hit["path"] for hit in found["hits"])


def test_a_batch_answers_one_line_a_question(run: Run, tmp_path: Path) -> None:
    batch = tmp_path / "questions.jsonl"
    batch.write_text(
        f"{json.dumps({'question': INVOICE, 'id': 7})}\n\n{SHEAR}\n{NONSENSE} after:never\n", encoding="utf-8"
    )
    code, out, _ = run("search", "--batch", batch, "--json", "--limit", "2")
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == Exit.PARTLY
    assert [line["question"] for line in lines] == [INVOICE, SHEAR, f"{NONSENSE} after:never"]
    assert lines[2]["error"]["code"] == "query"
    assert lines[2]["hits"] == []
    for line in lines[:2]:
        assert len(line["hits"]) == 2
        for hit in line["hits"]:
            assert {"path", "locator", "score", "text", "kind"} <= set(hit)
            assert 0 <= hit["score"] <= 1


def test_a_batch_from_standard_input_for_people(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{INVOICE}\n"))
    code, out, _ = run("search", "--batch", "-", "--limit", "1")
    assert code == 0
    assert out.startswith(f"? {INVOICE}\n\n1  Invoice TR-2024-018.pdf, page 1\n")


def test_a_batch_that_cannot_be_read_is_said(run: Run, tmp_path: Path) -> None:
    code, _, err = run("search", "--batch", tmp_path / "none")
    assert code == Exit.USAGE
    assert "could not be read" in err


def test_a_line_that_fails_is_reported_and_the_next_is_answered(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = asking._find

    def failing(engine: AnyEngine, question: str, arguments: Arguments) -> SearchResult:
        if question == NONSENSE:
            raise KeyError("a word of the question")
        return find(engine, question, arguments)

    monkeypatch.setattr(asking, "_find", failing)
    batch = tmp_path / "questions.jsonl"
    batch.write_text(f'{NONSENSE}\n{{"query": "x"}}\n{{"question"\n{SHEAR}\n', encoding="utf-8")
    code, out, _ = run("search", "--batch", batch, "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == Exit.PARTLY
    assert [line.get("error", {}).get("code") for line in lines] == ["error", "query", "query", None]
    assert "KeyError" in lines[0]["error"]["message"]
    assert "word" not in lines[0]["error"]["message"]
    assert "Line 2" in lines[1]["error"]["message"]
    assert lines[3]["hits"]
    code, out, err = run("search", "--batch", batch)
    assert code == Exit.PARTLY
    assert "Line 3" in err
    assert SHEAR in out


def test_a_source_that_is_not_there_cannot_be_opened(run: Run) -> None:
    code, out, err = run("ask", SHEAR, "--open", "99")
    assert code == Exit.USAGE
    assert "Marek" in out
    assert "There is no source 99." in err


@pytest.mark.skipif(sys.platform != "linux", reason="records what xdg-open is given")
def test_a_source_is_opened_with_the_systems_program(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opener = tmp_path / "xdg-open"
    opener.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    opener.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    code, _, err = run("ask", SHEAR, "--open", "1")
    assert (code, err) == (0, "Opened 2024-03-15 Re Board shear - delivery.eml.\n")


def test_no_colours_in_a_pipe(sample_library: Path) -> None:
    out = command(sample_library, "search", INVOICE, code=0).stdout
    assert "\x1b" not in out
    assert not any(line != line.rstrip() for line in out.splitlines())


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_colours_on_a_terminal_unless_they_are_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[1;33m" in _on_a_terminal("search", INVOICE)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[1;33m" not in _on_a_terminal("search", INVOICE)


def _on_a_terminal(*arguments: str) -> str:
    """What a command writes to a terminal."""
    import pty

    chunks: list[bytes] = []

    def keep(descriptor: int) -> bytes:
        data = os.read(descriptor, 4096)
        chunks.append(data)
        return b"\0"  # nothing is passed on

    program = [sys.executable, "-m", "desktop_rag", *arguments]
    assert pty.spawn(program, keep) == 0
    return b"".join(chunks).decode("utf-8", "replace")
