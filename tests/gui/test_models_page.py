"""The page of the models, on a hub of this machine: asked, told, agreed, fetched, used, checked, removed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop_rag.gui.models.memory_bars import split
from desktop_rag.gui.models.page import ModelsPage
from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.models import hardware
from desktop_rag.models.hardware import Card, Machine
from desktop_rag.models.runtime.scheduler import Loaded
from desktop_rag.models.store.catalogue import load_catalogue
from desktop_rag.models.store.model_store import ModelStore
from tests.models.hub import Hub, serving
from tests.models.model_files import open_clip_folder, whisper_folder
from tests.tiny.gguf import tiny_chat, tiny_embedder, tiny_reranker

GIB = 1024**3
PATIENCE_MS = 20_000
SET = {"qwen3-8b", "qwen3-embedding-0.6b", "qwen3-reranker-0.6b", "clip-vit-l-14", "whisper-large-v3-turbo"}


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Machine:
    """A PC with a card, and no models yet."""
    for name in ("XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "data"))
    card = Card("Big Card", 8 * GIB, 8 * GIB, "1", (8, 9), "GPU-1")
    found = Machine((card,), 32 * GIB, 16 * GIB, 8)
    monkeypatch.setattr(hardware, "read_machine", lambda: found)
    return found


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
            hub.repositories[model.repository] = {
                name or model.files[0]: data for name, data in made[model.role].items()
            }
        yield hub


@pytest.fixture
def page(qtbot: QtBot, mediator: Mediator) -> ModelsPage:
    """Shown, with everything read that it shows."""
    made = ModelsPage(mediator)
    qtbot.addWidget(made)
    made.resize(1000, 700)
    made.show()
    qtbot.waitUntil(lambda: "Big Card" in text_of(made.recommended), timeout=PATIENCE_MS)
    return made


def text_of(widget: QWidget) -> str:
    """All that a person can read there."""
    labels = [label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget)]
    return "\n".join(labels + [button.text() for button in buttons(widget)])


def buttons(widget: QWidget) -> list[QPushButton]:
    return [button for button in widget.findChildren(QPushButton) if button.isVisibleTo(widget)]


def press(widget: QWidget, text: str) -> None:
    """With the keyboard: what is being laid out may move below a mouse."""
    (found,) = [button for button in buttons(widget) if button.text().startswith(text)]
    QTest.keyClick(found, Qt.Key.Key_Space)


def wait_for(qtbot: QtBot, widget: QWidget, text: str) -> None:
    qtbot.waitUntil(lambda: text in text_of(widget), timeout=PATIENCE_MS)


def test_the_recommended_set_from_a_button_to_in_use(qtbot: QtBot, page: ModelsPage, hub: Hub) -> None:
    assert "8 GB" in text_of(page.recommended)
    assert "32 GB" in text_of(page.recommended)
    assert not hub.headers, "nobody was asked before the person did"
    press(page.recommended, "Download the recommended set")
    wait_for(qtbot, page.recommended, "Download these models?")
    told = text_of(page.recommended)
    assert f"from {hub.address.removeprefix('http://')}/Qwen/Qwen3-8B-GGUF; licence: Apache-2.0" in told
    assert " free." in told
    assert not hub.requests, "no file was fetched before the person agreed"
    with qtbot.waitSignal(page._mediator.models_changed, timeout=PATIENCE_MS):
        press(page.recommended.consent, "Download ")
    qtbot.waitUntil(lambda: {model.name for model in ModelStore().installed()} == SET, timeout=PATIENCE_MS)
    wait_for(qtbot, page.recommended, "All of these are installed.")
    assert text_of(page.downloads).count("Installed and checked.") == 5
    qtbot.waitUntil(lambda: text_of(page.installed).count("in use") == 5, timeout=PATIENCE_MS)
    assert "Answers: Qwen3 8B" in text_of(page.installed)
    assert page.roles.boxes["chat"].currentText() == "Qwen3 8B"
    press(page.downloads, "OK")
    assert page.downloads.isHidden()


def test_no_is_no(qtbot: QtBot, page: ModelsPage, hub: Hub) -> None:
    press(page.recommended, "Download the recommended set")
    wait_for(qtbot, page.recommended, "Not now")
    press(page.recommended, "Not now")
    assert "Download the recommended set" in text_of(page.recommended)
    assert not hub.requests
    assert not ModelStore().folder.exists()


def test_pause_and_go_on(qtbot: QtBot, page: ModelsPage, hub: Hub) -> None:
    hub.block, hub.pause_s = 20_000, 0.1
    QTest.mouseClick(page.others.button, Qt.MouseButton.LeftButton)
    page.catalogue_list.buttons["qwen3-4b"].click()
    wait_for(qtbot, page.catalogue_list, "Download these models?")
    press(page.catalogue_list, "Download ")
    wait_for(qtbot, page.downloads, " per second")
    press(page.downloads, "Pause")
    wait_for(qtbot, page.downloads, "Paused.")
    ((name, came),) = ModelStore().unfinished()
    assert name == "qwen3-4b"
    assert came > 0
    begun = len(hub.requests)
    hub.pause_s = 0.0
    press(page.downloads, "Resume")
    wait_for(qtbot, page.downloads, "Installed and checked.")
    assert hub.requests[begun][1] != "bytes=0-", "what had come was not fetched again"
    assert ModelStore().find("qwen3-4b").title == "Qwen3 4B Instruct 2507"


def test_a_question_goes_before_a_download(qtbot: QtBot, page: ModelsPage, hub: Hub) -> None:
    hub.block, hub.pause_s = 10_000, 0.1
    QTest.mouseClick(page.others.button, Qt.MouseButton.LeftButton)
    page.catalogue_list.buttons["qwen3-4b"].click()
    wait_for(qtbot, page.catalogue_list, "Download these models?")
    press(page.catalogue_list, "Download ")
    wait_for(qtbot, page.downloads, " per second")
    page.catalogue_list.buttons["whisper-tiny"].click()
    wait_for(qtbot, page.catalogue_list, "Systran/faster-whisper-tiny")
    assert "qwen3-4b" not in {model.name for model in ModelStore().installed()}
    hub.pause_s = 0.0
    press(page.catalogue_list, "Download ")
    qtbot.waitUntil(lambda: text_of(page.downloads).count("Installed and checked.") == 2, timeout=PATIENCE_MS)


def test_what_is_left_of_an_earlier_day(qtbot: QtBot, page: ModelsPage, hub: Hub) -> None:
    left = ModelStore().download_folder("qwen3-4b")
    left.mkdir(parents=True)
    (left / "x.part").write_bytes(b"x" * 2_000)
    page._mediator.models_changed.emit()
    wait_for(qtbot, page.unfinished, "Qwen3 4B Instruct 2507: 2.0 kB downloaded so far.")
    press(page.unfinished, "Resume")
    wait_for(qtbot, page.unfinished, "Download these models?")
    assert not hub.requests
    press(page.unfinished, "Not now")
    press(page.unfinished, "Delete")
    qtbot.waitUntil(page.unfinished.isHidden, timeout=PATIENCE_MS)
    assert not left.exists()


def test_without_a_network(qtbot: QtBot, page: ModelsPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    press(page.recommended, "Download the recommended set")
    wait_for(qtbot, page.recommended, "could not be reached")
    said = text_of(page.recommended)
    assert "Check your internet connection." in said
    assert "“Import a model file…”" in said
    assert "desktop-rag" not in said
    assert "Download the recommended set" in said, "it can be tried again"


def test_a_download_that_fails_says_why_and_can_be_tried_again(qtbot: QtBot, page: ModelsPage, hub: Hub) -> None:
    hub.instead["Qwen3-8B-Q4_K_M.gguf"] = b"x" * len(hub.repositories["Qwen/Qwen3-8B-GGUF"]["Qwen3-8B-Q4_K_M.gguf"])
    press(page.recommended, "Download the recommended set")
    wait_for(qtbot, page.recommended, "Not now")
    press(page.recommended.consent, "Download ")
    wait_for(qtbot, page.downloads, "its checksum differs")
    qtbot.waitUntil(lambda: text_of(page.downloads).count("Installed and checked.") == 4, timeout=PATIENCE_MS)
    hub.instead.clear()
    press(page.downloads, "Try again")
    qtbot.waitUntil(lambda: text_of(page.downloads).count("Installed and checked.") == 5, timeout=PATIENCE_MS)


def test_import_choose_check_and_remove(qtbot: QtBot, page: ModelsPage, tmp_path: Path) -> None:
    wait_for(qtbot, page.installed, "MiniLM reader, marks the answer (")
    page.import_card.import_from(tiny_chat(tmp_path / "first.gguf", seed=1))
    wait_for(qtbot, page.import_card, "is installed and checked. It is used for: Answers.")
    page.import_card.import_from(tiny_chat(tmp_path / "second.gguf", seed=2))
    qtbot.waitUntil(lambda: set(page.installed.rows) == {"first", "second"}, timeout=PATIENCE_MS)
    box = page.roles.boxes["chat"]
    box.setCurrentIndex(box.findData("first"))
    box.activated.emit(box.currentIndex())
    qtbot.waitUntil(lambda: (model := ModelStore().chosen("chat")) is not None and model.name == "first")
    box.setCurrentIndex(box.findData(""))
    box.activated.emit(box.currentIndex())
    qtbot.waitUntil(lambda: ModelStore().chosen("chat") is None)

    first = page.installed.rows["first"]
    press(first, "Check")
    wait_for(qtbot, first, "Checked: all files are intact.")
    weights = Path(ModelStore().find("first").folder) / "first.gguf"
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    press(first, "Check")
    wait_for(qtbot, first, "Remove it, then download it again.")
    wait_for(qtbot, first, "cannot be used: first.gguf has changed.")

    press(first, "Remove")
    assert "This frees" in text_of(first)
    assert len(ModelStore().installed()) == 2, "one is asked first"
    press(first, "Remove first")
    qtbot.waitUntil(lambda: set(page.installed.rows) == {"second"}, timeout=PATIENCE_MS)
    assert [model.name for model in ModelStore().installed()] == ["second"]


def test_what_is_no_model_is_refused_in_words(qtbot: QtBot, page: ModelsPage, tmp_path: Path) -> None:
    (tmp_path / "letter.gguf").write_text("Dear Anna,")
    page.import_card.import_from(tmp_path / "letter.gguf")
    wait_for(qtbot, page.import_card, "letter.gguf")
    qtbot.waitUntil(lambda: not page.import_card.notice.isHidden(), timeout=PATIENCE_MS)
    assert page.import_card.file.isEnabled()
    assert not ModelStore().installed()


def test_any_repository_by_its_name_or_its_page(qtbot: QtBot, page: ModelsPage, hub: Hub) -> None:
    hub.repositories["me/mine-GGUF"] = {"mine.gguf": hub.repositories["Qwen/Qwen3-8B-GGUF"]["Qwen3-8B-Q4_K_M.gguf"]}
    page.import_card.address.setText("mine")
    press(page.import_card, "Look up")
    assert "This is not a model name." in text_of(page.import_card)
    for named in ("me/mine-GGUF", "https://huggingface.co/me/mine-GGUF/blob/main/mine.gguf"):
        page.import_card.address.setText(named)
        press(page.import_card, "Look up")
        wait_for(qtbot, page.import_card, "Download these models?")
        page.import_card.consent.put_away()
    page.import_card.address.setText("me/gone")
    press(page.import_card, "Look up")
    wait_for(qtbot, page.import_card, "does not exist or is not public")


def test_those_that_fit_come_first(qtbot: QtBot, page: ModelsPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "read_machine", lambda: Machine((), 8 * GIB, 4 * GIB, 4))
    page._mediator.models_changed.emit()
    wait_for(qtbot, page.recommended, "no NVIDIA graphics card")
    QTest.mouseClick(page.others.button, Qt.MouseButton.LeftButton)
    names = list(page.catalogue_list.buttons)
    assert names.index("qwen3-4b") < names.index("mistral-small-24b")
    qtbot.waitUntil(lambda: text_of(page.catalogue_list).count("too large for this PC") == 3, timeout=PATIENCE_MS)


def test_what_is_in_memory_is_a_bar_with_words(page: ModelsPage, machine: Machine) -> None:
    page.memory.show_loaded((), machine)
    assert page.memory.isHidden()
    loaded = (
        Loaded("chat", "Qwen3 8B", "both", 7 * GIB, ""),
        Loaded("image", "CLIP", "card", 2 * GIB, ""),
        Loaded("speech", "Whisper", "processor", GIB, ""),
    )
    page.memory.show_loaded(loaded, machine)
    said = text_of(page.memory)
    assert "8 GB of 8 GB used by models" in said
    assert "2 GB of 32 GB used by models" in said
    assert "Pictures: CLIP, about 2 GB, on the graphics card" in said
    assert split(loaded, 8 * GIB) == (
        [("image", 2 * GIB), ("chat", 6 * GIB)],
        [("speech", GIB), ("chat", GIB)],
    )
    page.memory.show_loaded((), machine)
    assert page.memory.isHidden()


def test_every_control_has_a_name(page: ModelsPage) -> None:
    for button in buttons(page):
        assert button.accessibleName() or button.text()
    for box in page.roles.boxes.values():
        assert box.accessibleName()
