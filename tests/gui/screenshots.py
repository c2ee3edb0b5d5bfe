"""Pictures of every view in both themes, on the sample library: ``python -m tests.gui.screenshots [FOLDER]``.

To be looked at by whoever changes a view; two of them are in the README.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QSettings, QSize
from PySide6.QtWidgets import QApplication, QWidget

from desktop_rag.engine.service.opening import start_engine, stop_engine
from desktop_rag.gui.ask.page import AskPage
from desktop_rag.gui.first_run.wizard import FirstRun
from desktop_rag.gui.library.page import LibraryPage
from desktop_rag.gui.models.page import ModelsPage
from desktop_rag.gui.services.bridge import EngineBridge
from desktop_rag.gui.services.mediator import EvidenceLocation, Mediator
from desktop_rag.gui.settings.page import SettingsPage
from desktop_rag.gui.shell.window import MainWindow
from desktop_rag.gui.widgets.shortcuts import KeysDialog
from desktop_rag.gui.widgets.theme import Theme
from desktop_rag.paths import resources_dir
from tests.gui.conftest import settle

_SIZE = QSize(1280, 800)
_QUESTIONS = (
    "How much is invoice TR-2024-018, and when must it be paid?",
    "When will the board shear be delivered, and who is the driver?",
)
_PATIENCE_S = 60.0


class Camera:
    """A window on a library, and where its pictures go."""

    def __init__(self, application: QApplication, library: Path, out: Path) -> None:
        self._application = application
        self._look = Theme(application)
        self._out = out
        self.mediator = Mediator(
            EngineBridge(library), QSettings(str(library / "shots.ini"), QSettings.Format.IniFormat)
        )
        self.window = MainWindow(self.mediator)
        self.window.resize(_SIZE)

    def turn_on(self) -> None:
        self.window.show_page("ask")
        self.window.show()
        self.mediator.bridge.start()
        self.until(lambda: self.mediator.bridge.status is not None)

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError("The window did not get there.")
            self.wait(0.02)

    def wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._application.processEvents()
            time.sleep(0.005)

    def take(self, name: str, widget: QWidget | None = None) -> None:
        """A picture in each theme."""
        for choice in ("light", "dark"):
            self._look.choose(choice)
            self.wait(0.3)
            path = self._out / f"{name}-{choice}.png"
            (widget or self.window).grab().save(str(path))
            print(path)  # noqa: T201
        self._look.choose("light")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.gui.screenshots", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("build/screenshots"))
    out: Path = parser.parse_args().folder
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="desktop-rag-shots-") as name:
        library = Path(name) / "library"
        with start_engine(library) as client:
            client.index([resources_dir() / "samples"])
            settle(client)
        application = QApplication(sys.argv[:1])
        camera = Camera(application, library, out)
        try:
            camera.turn_on()
            _take_all(camera)
        finally:
            camera.mediator.bridge.close()
            stop_engine(library)
    return 0


def _take_all(camera: Camera) -> None:
    page = cast(AskPage, camera.window.page("ask"))
    camera.until(lambda: page.suggested() > 0)
    camera.take("ask-empty")
    for question in _QUESTIONS:
        turn = page.ask(question)
        camera.until(lambda: not page.is_answering)
        camera.wait(0.3)
    assert turn.answer is not None
    camera.take("ask-answer")
    camera.mediator.show_evidence(EvidenceLocation.of_citation(turn.answer.citations[0], turn.answer))
    camera.wait(1.5)
    camera.take("ask-evidence")
    camera.mediator.evidence_wanted.emit(None)
    camera.mediator.search_wanted.emit("invoice", None)
    camera.wait(2.5)
    camera.take("search")
    camera.mediator.show_page("library")
    library = cast(LibraryPage, camera.window.page("library"))
    for tab, part in enumerate(("folders", "files", "storage")):
        library.show_tab(tab)
        camera.wait(1.5)
        camera.take(f"library-{part}")
    camera.mediator.show_page("models")
    models = cast(ModelsPage, camera.window.page("models"))
    models.others.button.click()
    camera.wait(2)
    camera.take("models")
    camera.take("models-whole", models.recommended.parentWidget())
    camera.mediator.show_page("settings")
    settings = cast(SettingsPage, camera.window.page("settings"))
    for section in ("folders", "reading", "appearance", "answers", "privacy", "about"):
        settings.show_section(section)
        camera.wait(0.5)
        camera.take(f"settings-{section}")
    keys = KeysDialog(camera.window)
    keys.show()
    camera.wait(0.3)
    camera.take("shortcuts", keys)
    keys.close()
    _take_first_run(camera)


def _take_first_run(camera: Camera) -> None:
    first = FirstRun(camera.mediator)
    first.resize(_SIZE)
    first.show()
    for step in ("folders", "models", "ask"):
        camera.wait(2)
        camera.take(f"first-run-{step}", first)
        first._show(min(first.step + 1, 2))
    first.close()


if __name__ == "__main__":
    raise SystemExit(main())
