"""Starts the window, once for each library."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from desktop_rag.errors import ConfigError
from desktop_rag.gui.services.preferences import FIRST_RUN_DONE, THEME

if TYPE_CHECKING:
    from PySide6.QtCore import QSettings
    from PySide6.QtWidgets import QApplication, QWidget

    from desktop_rag.engine.results import Status
    from desktop_rag.engine.service.client import EngineClient
    from desktop_rag.gui.services.mediator import Mediator
    from desktop_rag.gui.shell.window import MainWindow
    from desktop_rag.gui.widgets.theme import ThemeChoice

_PLATFORM = "QT_QPA_PLATFORM"


def has_screen() -> bool:
    """Whether there is anything to draw a window on."""
    if sys.platform != "linux":
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", _PLATFORM))


def open_window(library: Path, *, samples: Path | None = None) -> int:
    """Show the window on ``library`` until it is closed; returns the exit code. ``samples`` is a folder that the
    library is to have. Raises ``ConfigError`` where no window can be shown."""
    from desktop_rag import offline
    from desktop_rag.log import start_log

    offline.install()
    start_log()
    application = _application()
    from PySide6.QtCore import QSettings

    from desktop_rag.gui.services.bridge import EngineBridge
    from desktop_rag.gui.services.mediator import Mediator
    from desktop_rag.gui.shell.shutdown import ShutdownHandler, report_unexpected_errors
    from desktop_rag.gui.shell.single_instance import SingleInstance, bring_to_front
    from desktop_rag.gui.shell.window import MainWindow
    from desktop_rag.gui.widgets.theme import Theme

    new = samples is None and not library.exists()
    single = SingleInstance(library)
    if single.raise_other():
        return 0
    settings = QSettings(str(library / "window.ini"), QSettings.Format.IniFormat)
    look = Theme(application)
    look.choose(_chosen_theme(settings))
    bridge = EngineBridge(library)
    mediator = Mediator(bridge, settings)
    window = MainWindow(mediator)
    report_unexpected_errors(window.notice)
    ending = ShutdownHandler(application, window, settings)
    single.asked.connect(lambda: bring_to_front(window))
    window.shown.connect(lambda: _go_on(mediator, window, samples, new=new))
    window.show_page("ask")
    if new:
        _welcome(mediator, window)
    window.show()
    try:
        application.exec()
    finally:
        bridge.close()
        settings.sync()
        single.close()
    return ending.code


def _application() -> QApplication:
    """Raises ``ConfigError`` where there is no screen, or Qt cannot draw on it."""
    if not has_screen():
        raise ConfigError(
            "There is no screen to show the window on.", "In a terminal, “desktop-rag demo” shows what it can do."
        )
    try:
        from PySide6.QtWidgets import QApplication
    except ImportError as error:
        raise ConfigError(f"The window cannot be shown: {error}.", "Install Desktop RAG again.") from error
    told = os.environ.get(_PLATFORM)
    if told is None and sys.platform == "linux":
        # Qt ends the process when none of these works; the last one always does, and is told apart below.
        wayland = ["wayland"] if os.environ.get("WAYLAND_DISPLAY") else []
        os.environ[_PLATFORM] = ";".join([*wayland, "xcb", "offscreen"])
    try:
        made = QApplication.instance() or QApplication(["desktop-rag"])
    finally:
        if told is None:
            os.environ.pop(_PLATFORM, None)  # programs that open a person's files are not to have it
    assert isinstance(made, QApplication)
    if made.platformName() == "offscreen" and told is None:
        raise ConfigError(
            "The screen cannot be drawn on.",
            "Is it yours? On Debian and Ubuntu, Qt needs: sudo apt install libxcb-cursor0 libegl1 libxkbcommon-x11-0",
        )
    made.setApplicationName("desktop-rag")
    made.setApplicationDisplayName("Desktop RAG")
    made.setDesktopFileName("desktop-rag")
    return made


def _chosen_theme(settings: QSettings) -> ThemeChoice:
    from desktop_rag.gui.widgets.theme import ThemeChoice

    named = settings.value(THEME, "system")
    return next((choice for choice in get_args(ThemeChoice) if choice == named), "system")


def _go_on(mediator: Mediator, window: MainWindow, samples: Path | None, *, new: bool) -> None:
    """What can wait until the window is on the screen. In a ``new`` library the first steps are shown already."""
    from PySide6.QtCore import Qt

    from desktop_rag.gui.shell.tray import TrayIcon

    def on_status(status: Status) -> None:
        if samples is not None:
            _show_samples(mediator, window, samples, status)
        elif not status.roots and not new and not mediator.settings.value(FIRST_RUN_DONE, False, type=bool):
            _welcome(mediator, window)

    mediator.bridge.status_changed.connect(on_status, Qt.ConnectionType.SingleShotConnection)
    mediator.bridge.start()
    TrayIcon(mediator, window)


def _show_samples(mediator: Mediator, window: MainWindow, samples: Path, status: Status) -> None:
    """Have the samples read, and let go of those that another copy of the program has left in this library."""
    here = samples.resolve()
    for root in map(Path, status.roots):
        if root != here and root.parts[-2:] == here.parts[-2:]:
            mediator.bridge.call("work", partial(_remove, root), window)
    if str(here) not in status.roots:
        window.add([here])


def _remove(root: Path, client: EngineClient, _call: object) -> None:
    client.remove_root(root)


def _welcome(mediator: Mediator, window: MainWindow) -> None:
    """Lead the person through the first steps; the pages are there again when they are done."""
    from desktop_rag.gui.first_run.wizard import FirstRun

    pages = window.centralWidget()
    assert pages is not None
    first = FirstRun(mediator)

    def on_finished(pages: QWidget = pages) -> None:
        mediator.settings.setValue(FIRST_RUN_DONE, True)
        window.takeCentralWidget()
        window.setCentralWidget(pages)
        pages.show()
        first.deleteLater()

    window.takeCentralWidget()
    pages.hide()
    window.setCentralWidget(first)
    first.finished.connect(on_finished)
