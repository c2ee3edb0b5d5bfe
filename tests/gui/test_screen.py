"""The whole program as a person meets it: a real window on a screen, a mouse, a keyboard, and eyes."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_rag.engine.service.client import EngineClient
from desktop_rag.engine.service.opening import start_engine, stop_engine
from desktop_rag.models.store.model_store import ModelStore
from desktop_rag.paths import resources_dir
from tests.gui.conftest import settle
from tests.gui.screen import Screen
from tests.tiny.gguf import tiny_chat

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="needs Xvfb and xdotool"),
    pytest.mark.skipif(not (shutil.which("Xvfb") and shutil.which("xdotool")), reason="needs Xvfb and xdotool"),
]


@pytest.fixture
def screen() -> Iterator[Screen]:
    made = Screen()
    yield made
    made.close()


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A library that does not exist yet, for a person with a home of their own."""
    for name in ("HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME"):
        folder = tmp_path / name.lower()
        folder.mkdir()
        monkeypatch.setenv(name, str(folder))
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    yield tmp_path / "library"
    stop_engine(tmp_path / "library")


def open_window(screen: Screen, library: Path) -> None:
    screen.start([sys.executable, "-m", "desktop_rag", "window", "--library", str(library)])


def connect(screen: Screen, library: Path) -> EngineClient:
    client: EngineClient = screen.until(lambda: EngineClient.connect(library), "no engine was started")
    return client


def test_first_run_drop_ask_see_the_page_and_go_on_after_a_crash(screen: Screen, library: Path, tmp_path: Path) -> None:
    receipts = tmp_path / "Receipts"
    receipts.mkdir()
    samples = resources_dir() / "samples"
    for name in ("Invoice TR-2024-018.pdf", "Invoice TR-2024-017.pdf"):
        shutil.copy(next(samples.rglob(name)), receipts)
    open_window(screen, library)
    screen.wait_for("Which files do you want to ask about?")
    screen.start([sys.executable, "-m", "tests.gui.drag_source", str(receipts)])
    screen.wait_for("drag me")
    screen.drag((1230, 765), (300, 400))
    screen.wait_for("Add “Receipts” to your library")
    screen.drop()
    with connect(screen, library) as client:
        screen.until(lambda: client.status().roots, "the folder was not added")
        settle(client)
        assert client.status().files == 2
    screen.click("Skip setup")
    screen.wait_for("Ask about your files")
    screen.press("ctrl+n")
    screen.type("How much is invoice TR-2024-018, and when must it be paid?")
    screen.press("Return")
    screen.wait_for("31 May 2024")
    screen.click("TR-2024-018.pdf, page 1")
    screen.wait_for("page 1 of 1")
    screen.wait_for("Show in folder")

    with connect(screen, library) as client:
        engine = client.status().engine
        assert engine is not None
    os.kill(engine.pid, signal.SIGKILL)
    screen.press("ctrl+n")
    screen.type("How much is invoice TR-2024-017, and when must it be paid?")
    screen.press("Return")
    screen.wait_for("[1][2]")


def test_an_answer_that_is_written_can_be_stopped(screen: Screen, library: Path, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    (notes / "kiln.txt").write_text("The kiln is fired to 1240 degrees, always on a Friday.")
    ModelStore().import_model(
        tiny_chat(tmp_path / "talker.gguf", says=("and so on ",), ends=False, context=4096, dim=1024, layers=8)
    )
    with start_engine(library) as client:
        client.index([notes])
        settle(client)
    open_window(screen, library)
    screen.wait_for("Ask about your files")
    screen.type("How hot is the kiln fired?")
    screen.press("Return")
    screen.wait_for("and so on and so on")
    screen.press("Escape")
    screen.wait_for("Stopped early")
