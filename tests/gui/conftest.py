"""Real widgets without a screen, on real engines: the sample library read once, and small libraries to change."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

from desktop_rag.engine.service.client import EngineClient
from desktop_rag.engine.service.opening import start_engine, stop_engine
from desktop_rag.gui.services.bridge import EngineBridge
from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.gui.widgets.theme import Theme
from desktop_rag.gui.widgets.theme import theme as current_theme
from desktop_rag.paths import resources_dir

PATIENCE_S = 120.0

MakeMediator = Callable[..., Mediator]


def settle(client: EngineClient) -> None:
    """Wait until the engine has read everything."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        engine = client.status().engine
        if engine is not None and engine.activity == "idle" and not engine.waiting and engine.model_ready:
            return
        assert time.monotonic() < deadline, engine
        time.sleep(0.05)


@pytest.fixture(scope="session")
def sample_library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A library that holds the sample files, with its engine running. Tests only look at it."""
    library = tmp_path_factory.mktemp("samples") / "library"
    with start_engine(library) as client:
        client.index([resources_dir() / "samples"])
        settle(client)
    yield library
    stop_engine(library)


@pytest.fixture
def make_mediator(qapp: QApplication, tmp_path: Path) -> Iterator[MakeMediator]:  # noqa: ARG001 (widgets need it)
    """Makes the mediator of a window on a library; the engine is started by its bridge if none runs, and ends with the
    test unless it is ``shared``."""
    made: list[Mediator] = []
    own: list[Path] = []

    def make(library: Path, *, shared: bool = False) -> Mediator:
        settings = QSettings(str(tmp_path / f"window{len(made)}.ini"), QSettings.Format.IniFormat)
        bridge = EngineBridge(library)
        made.append(Mediator(bridge, settings))
        if not shared:
            own.append(library)
        bridge.start()
        return made[-1]

    yield make
    for mediator in made:
        mediator.bridge.close()
    for library in own:
        stop_engine(library)


@pytest.fixture
def mediator(make_mediator: MakeMediator, sample_library: Path) -> Mediator:
    """The mediator of a window on the sample library; tests only look at it."""
    return make_mediator(sample_library, shared=True)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A few files of one's own."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "kiln.md").write_text("# The kiln\n\nThe kiln is fired to 1240 degrees, always on a Friday.\n")
    (folder / "roses.txt").write_text("The roses are pruned in March, before the first warm week.\n")
    (folder / "bees.txt").write_text("The bees swarmed on 12 May and were caught in the old pear tree.\n")
    return folder


@pytest.fixture
def own_mediator(make_mediator: MakeMediator, tmp_path: Path, files: Path) -> Mediator:
    """The mediator of a window on a library of one's own, with ``files`` read: to be changed at will."""
    library = tmp_path / "library"
    with start_engine(library) as client:
        client.index([files])
        settle(client)
    return make_mediator(library)


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:  # noqa: ARG001
    """The application's theme, light again at the end."""
    look = current_theme()
    look.choose("light")
    yield look
    look.choose("light")
