"""The program around the window: one of it, how it starts and ends, the tray, and what does not end it."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QLabel, QMainWindow, QSystemTrayIcon
from pytestqt.qtbot import QtBot

from desktop_rag.engine.service.opening import stop_engine
from desktop_rag.gui.first_run.wizard import FirstRun
from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.gui.services.preferences import CLOSE_TO_TRAY, FIRST_RUN_DONE
from desktop_rag.gui.shell.app import _go_on
from desktop_rag.gui.shell.shutdown import report_unexpected_errors
from desktop_rag.gui.shell.tray import TrayIcon
from desktop_rag.gui.shell.window import MainWindow
from desktop_rag.gui.widgets.basic import Notice
from desktop_rag.gui.widgets.shortcuts import KEYS, KeysDialog
from tests.gui.conftest import MakeMediator

pytestmark = pytest.mark.usefixtures("theme")

_TOLD = """
import sys
from desktop_rag import __main__
from desktop_rag.gui.shell.window import MainWindow
shown, raised = MainWindow.showEvent, MainWindow.activateWindow
def on_show(self, event): shown(self, event); print("shown", flush=True)
def on_raise(self): raised(self); print("raised", flush=True)
MainWindow.showEvent, MainWindow.activateWindow = on_show, on_raise
sys.exit(__main__.main())
"""
"""The program, which tells when its window is shown and when it comes to the front."""


class Program:
    """A real process of the program without a screen."""

    def __init__(self, library: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _TOLD, "--library", str(library)],
            env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._said: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def hear(self) -> str:
        return self._said.get(timeout=60)

    def interrupt(self) -> None:
        self._process.send_signal(signal.SIGINT)

    def wait(self) -> int:
        return self._process.wait(timeout=60)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self._said.put(line.strip())


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[list[Program]]:
    started: list[Program] = []
    yield started
    for program in started:
        program.kill()
    stop_engine(tmp_path / "library")


@pytest.fixture
def window(own_mediator: Mediator, qtbot: QtBot) -> MainWindow:
    made = MainWindow(own_mediator)
    qtbot.addWidget(made)
    return made


@pytest.fixture
def tray(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> Iterator[TrayIcon]:
    """On a desktop that shows icons of programs."""
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: True)
    yield TrayIcon(window.mediator, window)
    QApplication.setQuitOnLastWindowClosed(True)


def entry(tray: TrayIcon, text: str) -> QAction:
    return next(action for action in tray.menu.actions() if action.text() == text)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal for one process")
def test_a_second_start_raises_the_first_and_ctrl_c_ends_it_well(programs: list[Program], tmp_path: Path) -> None:
    library = tmp_path / "library"
    programs.append(Program(library))
    assert programs[0].hear() == "shown"
    programs.append(Program(library))
    assert programs[1].wait() == 0
    assert programs[0].hear() == "raised"

    programs[0].interrupt()
    assert programs[0].wait() == 130
    remembered = QSettings(str(library / "window.ini"), QSettings.Format.IniFormat)
    assert remembered.contains("window/geometry")


def test_the_first_steps_are_shown_for_a_library_without_folders(
    make_mediator: MakeMediator, tmp_path: Path, qtbot: QtBot
) -> None:
    mediator = make_mediator(tmp_path / "new")
    window = MainWindow(mediator)
    qtbot.addWidget(window)
    pages = window.centralWidget()
    try:
        _go_on(mediator, window, None, new=False)
        qtbot.waitUntil(lambda: isinstance(window.centralWidget(), FirstRun), timeout=20000)
        first = window.centralWidget()
        assert isinstance(first, FirstRun)
        first.finished.emit()
        assert window.centralWidget() is pages
        assert mediator.settings.value(FIRST_RUN_DONE, False, type=bool)
    finally:
        mediator.bridge.close()
        stop_engine(tmp_path / "new")


def test_a_library_with_folders_begins_with_its_pages(own_mediator: Mediator, window: MainWindow, qtbot: QtBot) -> None:
    pages = window.centralWidget()
    _go_on(own_mediator, window, None, new=False)
    qtbot.waitUntil(lambda: own_mediator.bridge.status is not None, timeout=20000)
    assert window.centralWidget() is pages


def test_an_error_in_a_slot_is_said_and_the_window_stays(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)  # put back at the end
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    notice = Notice()
    qtbot.addWidget(notice)
    report_unexpected_errors(notice)
    try:
        raise ZeroDivisionError("what it stumbled over")
    except ZeroDivisionError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    said = " ".join(label.text() for label in notice.findChildren(QLabel))
    assert not notice.isHidden()
    assert "ZeroDivisionError" in said
    assert "stumbled" not in said


def test_reading_is_paused_and_resumed_from_the_tray(own_mediator: Mediator, tray: TrayIcon, qtbot: QtBot) -> None:
    own_mediator.bridge.refresh()
    qtbot.waitUntil(lambda: entry(tray, "Pause reading").isEnabled(), timeout=20000)
    entry(tray, "Pause reading").trigger()
    qtbot.waitUntil(lambda: any(action.text() == "Resume reading" for action in tray.menu.actions()), timeout=20000)
    assert tray.icon is not None
    assert "paused" in tray.icon.toolTip()
    entry(tray, "Resume reading").trigger()
    qtbot.waitUntil(lambda: any(action.text() == "Pause reading" for action in tray.menu.actions()), timeout=20000)
    assert "3 files up to date" in tray.icon.toolTip()


def test_a_quick_question_is_asked_in_the_window(
    own_mediator: Mediator, window: QMainWindow, tray: TrayIcon, qtbot: QtBot
) -> None:
    entry(tray, "Ask…").trigger()
    assert tray.question.isVisible()
    qtbot.keyClick(tray.question.field, Qt.Key.Key_Return)
    assert tray.question.isVisible(), "there is no question yet"
    qtbot.keyClicks(tray.question.field, "How hot is the kiln?")
    own_mediator.ask_wanted.disconnect()  # the page has tests of its own
    with qtbot.waitSignal(own_mediator.ask_wanted) as asked:
        qtbot.keyClick(tray.question.field, Qt.Key.Key_Return)
    assert asked.args == ["How hot is the kiln?", None]
    assert not tray.question.isVisible()
    assert window.isVisible()

    tray.question.show_up()
    assert tray.question.field.text() == ""
    qtbot.keyClick(tray.question.field, Qt.Key.Key_Escape)
    assert not tray.question.isVisible()


def test_the_window_stays_in_the_tray_only_when_it_is_to(
    own_mediator: Mediator, window: QMainWindow, tray: TrayIcon
) -> None:
    window.show()
    window.close()
    assert QApplication.quitOnLastWindowClosed()
    own_mediator.settings.setValue(CLOSE_TO_TRAY, True)
    entry(tray, "Open the window").trigger()
    assert window.isVisible()
    window.close()
    assert not QApplication.quitOnLastWindowClosed()


def test_a_message_is_shown_when_the_person_looks_elsewhere(
    own_mediator: Mediator, window: QMainWindow, tray: TrayIcon, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[tuple[str, str]] = []
    assert tray.icon is not None
    monkeypatch.setattr(tray.icon, "showMessage", lambda title, text, _: shown.append((title, text)))
    monkeypatch.setattr(window, "isActiveWindow", lambda: True)
    own_mediator.notify.emit("Done", "All files were read.")
    assert shown == []
    monkeypatch.setattr(window, "isActiveWindow", lambda: False)
    own_mediator.notify.emit("Done", "<b>rent</b>.pdf was read.")
    assert [title for title, _ in shown] == ["Done"]
    assert "<" not in shown[0][1]


def test_without_a_place_for_icons_there_is_none(window: QMainWindow, own_mediator: Mediator) -> None:
    bare = TrayIcon(own_mediator, window)
    assert bare.icon is None
    own_mediator.settings.setValue(CLOSE_TO_TRAY, True)
    window.show()
    window.close()
    assert QApplication.quitOnLastWindowClosed(), "there would be no way back"


def test_the_sheet_names_every_key(qtbot: QtBot) -> None:
    sheet = KeysDialog()
    qtbot.addWidget(sheet)
    shown = {cap.text() for cap in sheet.findChildren(QLabel, "keyCap")}
    assert {key for keys in KEYS.values() for key in keys} <= shown
