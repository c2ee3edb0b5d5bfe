"""The ``models`` command, from what suits a PC to a model in use."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_rag.cli import models
from desktop_rag.cli.exits import Exit
from desktop_rag.cli.getting import _Lines
from desktop_rag.models.requests import INSTALLABLE
from desktop_rag.models.store.catalogue import load_catalogue
from desktop_rag.models.store.model_store import ModelStore, Transfer
from tests.cli.conftest import Run, RunJson
from tests.models.hub import Hub, serving
from tests.models.model_files import open_clip_folder, whisper_folder
from tests.tiny.gguf import tiny_chat, tiny_embedder, tiny_reranker


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub that has, under the names of the catalogue, tiny models of the right kind."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    made = {
        "chat": {"": tiny_chat(tmp_path / "chat.gguf").read_bytes()},
        "embedding": {"": tiny_embedder(tmp_path / "embedding.gguf").read_bytes()},
        "reranking": {"": tiny_reranker(tmp_path / "reranking.gguf").read_bytes()},
        "image": {path.name: path.read_bytes() for path in open_clip_folder(tmp_path / "image").iterdir()},
        "speech": {path.name: path.read_bytes() for path in whisper_folder(tmp_path / "speech").iterdir()},
    }
    with serving() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        for model in load_catalogue().models:
            files = {name or model.files[0]: data for name, data in made[model.role].items()}
            hub.repositories[model.repository] = files
        yield hub


def test_the_roles_are_those_that_can_be_installed() -> None:
    assert models.ROLES == INSTALLABLE


def test_nothing_installed(run: Run, run_json: RunJson) -> None:
    code, out, _ = run("models")
    assert code == Exit.OK
    assert "Chat models answer in sentences. Without one, answers quote your files." in out
    assert "qwen3-4b" in out
    assert "GGUF" not in out
    listed = run_json("models", "list")[1]
    assert (listed["installed"], listed["in_use"], listed["unfinished"]) == ([], {}, [])
    assert len(listed["available"]) == len(load_catalogue().models)
    assert [model["name"] for model in listed["bundled"]] == [model.name for model in load_catalogue().bundled]
    assert all(model.title in out for model in load_catalogue().bundled)
    assert "No models are installed" in run("models", "verify")[2]


def test_what_suits_a_pc_is_said_in_words(run: Run, run_json: RunJson) -> None:
    code, out, _ = run("models", "recommend", "--card", "8", "--memory", "32")
    assert code == Exit.OK
    assert "The set for a graphics card with 8 GB:" in out
    assert "A chat model answers in sentences." in out
    assert "(an estimate)" in out
    assert "models download recommended" in out
    advice = run_json("models", "recommend", "--card", "0", "--memory", "8")[1]
    assert advice["tier"] == "cpu"
    assert advice["means"] == {"card_bytes": 0, "memory_bytes": 8 * 1024**3}
    assert run("models", "recommend")[1].startswith("This PC has: ")
    assert run("models", "recommend", "--card", "-1")[0] == Exit.USAGE


def test_a_download_says_what_from_where_and_how_much(hub: Hub, run: Run, run_json: RunJson) -> None:
    code, out, err = run("models", "download", "qwen3-4b", "--yes")
    assert code == Exit.OK
    assert "qwen3-4b: Qwen3 4B Instruct 2507, " in err
    assert f"from {hub.address}/unsloth/Qwen3-4B-Instruct-2507-GGUF (as of " in err
    assert "licence: Apache-2.0" in err
    assert "To download: " in err
    assert out.startswith("qwen3-4b is installed and checked: Qwen3 4B Instruct 2507, for chat, ")
    assert "* qwen3-4b " in run("models")[1]
    assert "qwen3-4b is already installed." in run("models", "download", "qwen3-4b", "--yes")[2]
    listed = run_json("models")[1]
    assert listed["in_use"] == {"chat": "qwen3-4b"}
    assert "already installed" in run("models", "recommend", "--card", "6")[1]


@pytest.mark.parametrize(("said", "code"), [("y", Exit.OK), ("Yes ", Exit.OK), ("n", Exit.NOTHING), ("", Exit.NOTHING)])
def test_nothing_is_fetched_without_consent(
    hub: Hub, run: Run, monkeypatch: pytest.MonkeyPatch, said: str, code: int
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda: said)
    assert run("models", "download", "clip-vit-b-32")[0] == code
    assert bool(hub.requests) == (code == Exit.OK)
    assert len(ModelStore().installed()) == (code == Exit.OK)


def test_nobody_to_ask(hub: Hub, run: Run) -> None:
    code, _, err = run("models", "download", "qwen3-4b")
    assert code == Exit.USAGE
    assert "Add --yes." in err
    assert hub.headers == [], "the hub was not even asked"


@pytest.mark.usefixtures("hub")
def test_the_set_for_this_pc(run: Run, run_json: RunJson, monkeypatch: pytest.MonkeyPatch) -> None:
    from desktop_rag.models import hardware

    card = hardware.Card("Big Card", 8 * 1024**3, 8 * 1024**3, "1", (8, 9), "GPU-1")
    monkeypatch.setattr(hardware, "read_machine", lambda: hardware.Machine((card,), 32 * 1024**3, 16 * 1024**3, 8))
    assert "This PC has: Big Card with 8.0 GiB, 32.0 GiB of memory." in run("models", "recommend")[1]
    code, models = run_json("models", "download", "recommended", "--yes")
    assert code == Exit.OK
    assert [model["role"] for model in models] == ["chat", "embedding", "reranking", "image", "speech"]
    assert set(run_json("models")[1]["in_use"]) == {"chat", "embedding", "reranking", "image", "speech"}
    assert "You have all of them." in run("models", "recommend")[1]


def test_any_repository(hub: Hub, run: Run) -> None:
    hub.repositories["me/mine-GGUF"] = {"mine.gguf": next(iter(hub.repositories["Qwen/Qwen3-8B-GGUF"].values()))}
    assert run("models", "download", "me/mine-GGUF/mine.gguf", "--yes", "--role", "chat")[0] == Exit.OK
    code, _, err = run("models", "download", "me/mine-GGUF/gone.gguf", "--yes")
    assert code == Exit.STORAGE
    assert "It has: mine.gguf" in err
    assert "does not exist or is not public" in run("models", "download", "me/gone", "--yes")[2]
    assert "There is no model called “gone”." in run("models", "download", "gone", "--yes")[2]
    assert "not a speech model" in run("models", "download", "qwen3-4b", "--yes", "--role", "speech")[2]


def test_no_network(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    code, _, err = run("models", "download", "qwen3-4b", "--yes")
    assert code == Exit.STORAGE
    assert "could not be reached" in err
    assert "models import" in err


def test_import_choose_and_remove(run: Run, run_json: RunJson, tmp_path: Path) -> None:
    first, second = tiny_chat(tmp_path / "first.gguf", seed=1), tiny_chat(tmp_path / "second.gguf", seed=2)
    assert "first is installed and checked: Tiny Chat, for chat, " in run("models", "import", first)[1]
    assert run_json("models", "import", second, "--name", "other")[1]["name"] == "other"
    assert "* other " in run("models")[1]
    assert run("models", "use", "first")[1] == "first is now used for chat.\n"
    third = tiny_chat(tmp_path / "third.gguf", seed=3)
    assert "first stays in use. To use this one: " in run("models", "import", third)[1]
    assert run_json("models", "use", "--without", "chat")[1] == {"role": "chat", "name": None}
    assert run_json("models")[1]["in_use"] == {}
    assert run("models", "remove", "first", "third")[1] == "first was removed.\nthird was removed.\n"
    assert [model["name"] for model in run_json("models")[1]["installed"]] == ["other"]
    assert "No model called “first” is installed." in run("models", "use", "first")[2]
    assert run("models", "use")[0] == Exit.USAGE


def test_a_changed_embedder_says_what_follows(run: Run, tmp_path: Path) -> None:
    err = run("models", "import", tiny_embedder(tmp_path / "e.gguf"))[2]
    assert "The next indexing run adds your files to its search" in err
    assert "reads the files that waited for it" in run("models", "import", open_clip_folder(tmp_path / "clip"))[2]


def test_what_is_no_model(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "letter.gguf"
    path.write_text("Dear all", encoding="utf-8")
    code, _, err = run("models", "import", path)
    assert code == Exit.STORAGE
    assert "letter.gguf" in err
    code, _, err = run("models", "import", tiny_chat(tmp_path / "chat.gguf"), "--role", "embedding")
    assert "chat.gguf is a chat model (it writes answers), not a text embedding model." in err


def test_checking_finds_what_has_changed(run: Run, run_json: RunJson, tmp_path: Path) -> None:
    run("models", "import", tiny_chat(tmp_path / "a.gguf"))
    assert run("models", "verify")[1] == "a is intact.\n"
    path = next(ModelStore().folder.rglob("a.gguf"))
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    code, _, err = run("models", "verify", "a")
    assert code == Exit.PARTLY
    assert "a.gguf has changed." in err
    assert "cannot be used: a.gguf has changed." in run("models")[1]
    assert run_json("models", "verify")[1][0]["ok"] is False
    assert run_json("models")[1]["in_use"] == {}


def test_progress_without_a_terminal_is_a_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    lines = _Lines("Fetching x")
    for now in (1.0, 9.0, 11.0, 12.0, 30.0):
        lines(Transfer("x", int(now) * 1024, 40 * 1024))
    assert capsys.readouterr().err == "Fetching x: 11.0 KiB of 40.0 KiB\nFetching x: 30.0 KiB of 40.0 KiB\n"


@pytest.mark.skipif(sys.platform == "win32", reason="sends the signal of Ctrl-C")
def test_ctrl_c_keeps_what_has_come(hub: Hub, run: Run) -> None:
    hub.block, hub.pause_s = 2000, 0.02
    process = subprocess.Popen(
        [sys.executable, "-m", "desktop_rag", "models", "download", "qwen3-4b", "--yes"],
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    while hub.sent < 10_000:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    err = process.communicate(timeout=60)[1]
    assert process.returncode == Exit.INTERRUPTED
    assert "What was downloaded is kept" in err
    assert "so far); run it again to continue." in run("models")[1]
    hub.pause_s = 0.0
    code, _, err = run("models", "download", "qwen3-4b", "--yes")
    assert code == Exit.OK
    assert "of which " in err
    assert hub.requests[-1][1] != "bytes=0-"
