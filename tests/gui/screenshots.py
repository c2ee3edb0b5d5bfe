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

from desktop_rag.engine.opening import start_engine, stop_engine
from desktop_rag.gui.ask.page import AskPage
from desktop_rag.gui.services.bridge import EngineBridge
from desktop_rag.gui.services.mediator import EvidenceLocation, Mediator
from desktop_rag.gui.shell.window import MainWindow
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
    for name in ("library", "models", "settings"):
        camera.mediator.page_wanted.emit(name)
        camera.wait(2)
        camera.take(name)


if __name__ == "__main__":
    raise SystemExit(main())
