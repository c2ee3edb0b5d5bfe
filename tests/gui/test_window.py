"""The window as a whole: its pages, what is dropped on it, an engine that dies; nobody is kept waiting."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QAccessible, QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QComboBox, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from desktop_rag.gui.ask.page import AskPage
from desktop_rag.gui.services.mediator import Mediator, PageName
from desktop_rag.gui.shell.drop_overlay import describe_drop
from desktop_rag.gui.shell.window import MainWindow
from tests.gui.stalls import watched

PATIENCE_MS = 60_000
PAGES: tuple[PageName, ...] = ("ask", "search", "library", "models", "settings")
STALL_S = 0.05
LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def open_window(mediator: Mediator, qtbot: QtBot) -> MainWindow:
    window = MainWindow(mediator)
    qtbot.addWidget(window)
    window.resize(1100, 720)
    window.show_page("ask")
    window.show()
    qtbot.waitUntil(lambda: mediator.bridge.status is not None, timeout=PATIENCE_MS)
    return window


@pytest.fixture
def window(mediator: Mediator, qtbot: QtBot) -> MainWindow:
    return open_window(mediator, qtbot)


@pytest.fixture
def own_window(own_mediator: Mediator, qtbot: QtBot) -> MainWindow:
    return open_window(own_mediator, qtbot)


def test_every_page_opens_by_its_button_and_its_key(window: MainWindow) -> None:
    for name in PAGES:
        QTest.mouseClick(window._buttons[name], Qt.MouseButton.LeftButton)
        assert window._stack.currentWidget() is window.page(name)
        assert window._buttons[name].isChecked()
    QTest.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert window._stack.currentWidget() is window.page("search")
    QTest.keyClick(window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    assert window._stack.currentWidget() is window.page("ask")


def test_the_line_at_the_foot_says_how_things_are(window: MainWindow, qtbot: QtBot) -> None:
    line = window._status
    qtbot.waitUntil(lambda: "up to date" in line._files.text(), timeout=PATIENCE_MS)
    assert line._connections.text() == "no connections made"
    assert "watching 1 folder" in line._doing.full_text()


def test_every_control_has_a_name_and_can_be_reached(window: MainWindow, qtbot: QtBot) -> None:
    unnamed, unreachable = [], []
    for name in PAGES:
        window.show_page(name)
        qtbot.wait(200)
        page = window.page(name)
        for control in page.findChildren(QWidget):
            if not isinstance(control, QAbstractButton | QLineEdit | QComboBox | QAbstractItemView):
                continue
            if not control.isVisibleTo(page) or control.objectName().startswith("qt_"):
                continue
            said = QAccessible.queryAccessibleInterface(control)
            told = said.text(QAccessible.Text.Name) if said is not None else ""
            if not (told or control.accessibleName() or control.toolTip()):
                unnamed.append((name, type(control).__name__, control.objectName()))
            if control.isEnabled() and control.focusPolicy() == Qt.FocusPolicy.NoFocus and not _inside(control):
                unreachable.append((name, type(control).__name__, told))
    assert unnamed == []
    assert unreachable == []


def _inside(control: QWidget) -> bool:
    """Whether it is a part of another control, which has the focus for it: the button that clears a field."""
    return isinstance(control.parentWidget(), QLineEdit | QComboBox | QAbstractItemView)


def _mime(*paths: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def _drag(window: MainWindow, mime: QMimeData, x: int) -> None:
    at = QPoint(x, 300)
    window.dragEnterEvent(QDragEnterEvent(at, Qt.DropAction.CopyAction, mime, LEFT, NONE))
    window.dragMoveEvent(QDragMoveEvent(at, Qt.DropAction.CopyAction, mime, LEFT, NONE))


def test_a_dropped_folder_is_announced_added_and_read(own_window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    receipts = tmp_path / "Receipts"
    receipts.mkdir()
    (receipts / "boiler.txt").write_text("The boiler was repaired by Huber for 184.50 euros on 17 March.")
    mime = _mime(receipts)
    _drag(own_window, mime, 100)
    assert own_window._drop_overlay.isVisible()
    assert own_window._drop_overlay._title.text() == "Add “Receipts” to your library"
    own_window.dropEvent(
        QDropEvent(
            QPointF(100, 300), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        )
    )
    assert not own_window._drop_overlay.isVisible()
    bridge = own_window.mediator.bridge

    def is_read() -> bool:
        bridge.refresh()
        return bridge.status is not None and bridge.status.files == 4 and len(bridge.status.roots) == 2

    qtbot.waitUntil(is_read, timeout=PATIENCE_MS)
    page = own_window.page("ask")
    assert isinstance(page, AskPage)
    turn = page.ask("Who repaired the boiler?")
    qtbot.waitUntil(lambda: not page.is_answering, timeout=PATIENCE_MS)
    assert "Huber" in turn.view.text.toPlainText()


def test_a_picture_is_searched_by_on_the_right_half_and_added_on_the_left(tmp_path: Path) -> None:
    picture = tmp_path / "cat.png"
    picture.write_bytes(b"")
    assert describe_drop([picture], search=True)[0] == "Search with this picture"
    assert describe_drop([picture], search=False)[0] == "Add “cat.png” to your library"
    assert describe_drop([picture, tmp_path], search=True)[0] == "Add 2 items to your library"
    evil = tmp_path / "invoice\u202egnp.exe"
    assert "\u202e" not in describe_drop([evil], search=False)[0]


def test_an_engine_that_dies_is_back_and_work_goes_on(own_window: MainWindow, qtbot: QtBot) -> None:
    bridge = own_window.mediator.bridge
    assert bridge.status is not None
    assert bridge.status.engine is not None
    pid = bridge.status.engine.pid
    page = own_window.page("ask")
    assert isinstance(page, AskPage)
    with qtbot.waitSignal(bridge.lost, timeout=PATIENCE_MS):
        os.kill(pid, signal.SIGKILL) if hasattr(signal, "SIGKILL") else psutil.Process(pid).kill()
    turn = page.ask("How hot is the kiln fired?")
    qtbot.waitUntil(lambda: not page.is_answering, timeout=PATIENCE_MS)
    assert "1240" in turn.view.text.toPlainText()
    qtbot.waitUntil(lambda: not own_window.notice.isVisible(), timeout=PATIENCE_MS)

    def is_another() -> bool:
        bridge.refresh()
        return bridge.status is not None and bridge.status.engine is not None and bridge.status.engine.pid != pid

    qtbot.waitUntil(is_another, timeout=PATIENCE_MS)


def test_the_layout_is_remembered(mediator: Mediator, qtbot: QtBot) -> None:
    first = open_window(mediator, qtbot)
    first.resize(1000, 640)  # wider than the screen there is in tests, but lower
    first.close()
    second = MainWindow(mediator)
    qtbot.addWidget(second)
    assert second.height() == 640


def test_nothing_keeps_the_window_waiting(window: MainWindow, qtbot: QtBot) -> None:
    """Pages are made first: what is measured is a window in use."""
    page = window.page("ask")
    assert isinstance(page, AskPage)
    for name in PAGES:
        window.show_page(name)
        qtbot.wait(300)
    window.show_page("ask")
    page.ask("Where is the spare key of the workshop hidden?")
    qtbot.waitUntil(lambda: not page.is_answering, timeout=PATIENCE_MS)
    with watched() as stalls:
        page.ask("How much is invoice TR-2024-018, and when must it be paid?")
        qtbot.waitUntil(lambda: not page.is_answering, timeout=PATIENCE_MS)
        for name in PAGES:
            window.show_page(name)
            qtbot.wait(200)
    assert stalls.longest_s < STALL_S, stalls.where
