"""The main window: navigation rail, pages, evidence pane and status bar."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QKeySequence,
    QShortcut,
    QShowEvent,
)  # fmt: skip
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QSplitter, QStackedWidget, QToolButton, QWidget

from desktop_rag.errors import DesktopRagError
from desktop_rag.gui.services.dropped import dropped_paths, sample_of
from desktop_rag.gui.services.mediator import EvidenceLocation, Mediator, PageName, QuerySample
from desktop_rag.gui.services.preferences import GEOMETRY, SPLIT
from desktop_rag.gui.shell.drop_overlay import DropOverlay
from desktop_rag.gui.shell.status_line import StatusLine
from desktop_rag.gui.widgets.basic import Notice, column
from desktop_rag.gui.widgets.formatting import safe, tr
from desktop_rag.gui.widgets.icons import icon
from desktop_rag.gui.widgets.shortcuts import KEYS, KeysDialog
from desktop_rag.gui.widgets.theme import GRID

if TYPE_CHECKING:
    from desktop_rag.engine.results import Status
    from desktop_rag.engine.service.client import EngineClient
    from desktop_rag.gui.evidence.pane import EvidencePane
    from desktop_rag.gui.services.bridge import BridgeCall

_SAID_MS = 5_000
_LOST_AFTER_MS = 700
"""An engine that is back sooner was hardly missed."""


class MainWindow(QMainWindow):
    """Pages are made when they are first shown; ``closed`` when the person has closed the window."""

    closed = Signal()
    shown = Signal()
    """It was painted for the first time."""

    def __init__(self, mediator: Mediator) -> None:
        super().__init__()
        self.mediator = mediator
        self.setWindowTitle("Desktop RAG")
        self.setWindowIcon(icon("program", "accent"))
        self.setMinimumSize(QSize(900, 600))
        self.setAcceptDrops(True)
        self._pages: dict[PageName, QWidget] = {}
        self._makers = _makers(mediator)
        self._evidence: EvidencePane | None = None
        self._buttons: dict[PageName, QToolButton] = {}
        self._painted = False
        self.notice = Notice()
        self._stack = QStackedWidget()
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.setChildrenCollapsible(False)
        self._split.addWidget(self._stack)
        self._status = StatusLine(
            lambda: self.show_page("library"), lambda: self.show_page("models"), self._show_privacy
        )
        self._drop_overlay = DropOverlay(self)
        self._lay_out()
        self._listen()
        self._restore()

    # --- what can be asked of it ---

    def show_page(self, name: PageName) -> None:
        page = self.page(name)
        self._stack.setCurrentWidget(page)
        self._buttons[name].setChecked(True)
        if self._evidence is not None:
            self._evidence.setVisible(name in ("ask", "search") and bool(self._evidence.property("used")))
        page.setFocus(Qt.FocusReason.OtherFocusReason)

    def page(self, name: PageName) -> QWidget:
        """The page, made if it was not shown yet."""
        if name not in self._pages:
            self._pages[name] = self._makers[name]()
            self._stack.addWidget(self._pages[name])
        return self._pages[name]

    def show_evidence(self, evidence: EvidenceLocation | None) -> None:
        if evidence is None:
            if self._evidence is not None:
                self._evidence.setProperty("used", False)
                self._evidence.hide()
            return
        if self._evidence is None:
            from desktop_rag.gui.evidence.pane import EvidencePane

            self._evidence = EvidencePane(self.mediator)
            self._split.addWidget(self._evidence)
            self._split.setStretchFactor(0, 3)
            self._split.setStretchFactor(1, 2)
            self._restore_split()
        self._evidence.setProperty("used", True)
        self._evidence.show()
        self._evidence.show_evidence(evidence)

    def _show_privacy(self) -> None:
        from desktop_rag.gui.settings.page import SettingsPage

        self.show_page("settings")
        page = self.page("settings")
        assert isinstance(page, SettingsPage)
        page.show_section("privacy")

    def show_keys(self) -> None:
        KeysDialog(self).open()

    # --- inside ---

    def _lay_out(self) -> None:
        rail = QWidget()
        rail.setObjectName("rail")
        buttons = column(rail, margin=GRID // 2, spacing=GRID // 2)
        titles: dict[PageName, str] = {
            "ask": tr("Ask"), "search": tr("Search"), "library": tr("Library"), "models": tr("Models"),
            "settings": tr("Settings"),
        }  # fmt: skip
        for name, title in titles.items():
            if name == "settings":
                buttons.addStretch()
            buttons.addWidget(self._rail_button(name, title))
        middle = QWidget()
        across = column(middle, spacing=0)
        across.addWidget(self.notice)
        across.addWidget(self._split, 1)
        centre = QWidget()
        down = column(centre, spacing=0)
        body = QWidget()
        side = _side_by_side(body, rail, middle)
        side.setStretch(1, 1)
        down.addWidget(body, 1)
        down.addWidget(self._status)
        self.setCentralWidget(centre)

    def _rail_button(self, name: PageName, title: str) -> QToolButton:
        made = QToolButton()
        made.setText(title)
        made.setIcon(icon(name))
        made.setIconSize(QSize(22, 22))
        made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        made.setCheckable(True)
        made.setAutoExclusive(True)
        made.setMinimumWidth(72)
        made.setToolTip(f"{title} ({KEYS[name][0]})")
        made.setAccessibleName(title)
        made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        made.clicked.connect(lambda: self.show_page(name))
        self._bind(name, lambda: self.show_page(name))
        self._buttons[name] = made
        return made

    def _listen(self) -> None:
        mediator, bridge = self.mediator, self.mediator.bridge
        mediator.page_wanted.connect(self.show_page)
        mediator.evidence_wanted.connect(self.show_evidence)
        mediator.ask_wanted.connect(self._ask)
        mediator.search_wanted.connect(self._search)
        mediator.message.connect(self._say)
        bridge.status_changed.connect(self._on_status)
        if bridge.status is not None:
            self._on_status(bridge.status)
        bridge.connected.connect(self._on_connected)
        bridge.lost.connect(self._on_lost)
        bridge.failed_to_start.connect(self._on_failure)
        self._bind("search everywhere", lambda: self._search("", None))
        self._bind("new question", lambda: self._ask("", None))
        self._bind("keys", self.show_keys)
        self._silence = QTimer(self, singleShot=True, interval=_SAID_MS)
        self._silence.timeout.connect(lambda: self._status.say(""))
        self._missed = QTimer(self, singleShot=True, interval=_LOST_AFTER_MS)
        self._missed.timeout.connect(self._say_lost)

    def _say_lost(self) -> None:
        self.notice.say(tr("The part of the program that reads your files has stopped. Restarting it…"))

    def _bind(self, action: str, do: Callable[[], object]) -> None:
        for keys in KEYS[action]:
            QShortcut(QKeySequence(keys), self, do)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """A question mark that nobody writes into a field asks for the keys."""
        if event.text() == "?":
            self.show_keys()
        else:
            super().keyPressEvent(event)

    def _say(self, text: str) -> None:
        self._status.say(text)
        self._silence.start()

    def _on_status(self, status: Status) -> None:
        self._status.show_status(status)

    def _on_connected(self) -> None:
        self._missed.stop()
        self.notice.hide()

    def _on_lost(self) -> None:
        if not self.mediator.bridge.restarts:
            self._missed.start()

    def _on_failure(self, error: DesktopRagError) -> None:
        self._missed.stop()
        self.notice.say(str(error), "bad")

    def _ask(self, question: str, sample: QuerySample | None) -> None:
        from desktop_rag.gui.ask.page import AskPage

        self.show_page("ask")
        page = self.page("ask")
        assert isinstance(page, AskPage)
        page.begin(question, sample)

    def _search(self, query: str, sample: QuerySample | None) -> None:
        from desktop_rag.gui.search.page import SearchPage

        self.show_page("search")
        page = self.page("search")
        assert isinstance(page, SearchPage)
        page.begin(query, sample)

    # --- dropping ---

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if dropped_paths(event.mimeData()):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        paths = dropped_paths(event.mimeData())
        if paths:
            self._drop_overlay.say(paths, search=self._is_right(event.position().x()))
            event.acceptProposedAction()

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        self._drop_overlay.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self._drop_overlay.hide()
        paths = dropped_paths(event.mimeData())
        if not paths:
            return
        event.acceptProposedAction()
        sample = sample_of(paths)
        if sample is not None and self._is_right(event.position().x()):
            self._search("", sample)
        else:
            self.add(paths)

    def _is_right(self, x: float) -> bool:
        return x > self.width() / 2

    def add(self, paths: Sequence[Path]) -> None:
        """Have the library take these up, and keep them up to date."""
        chosen = list(paths)
        names = ", ".join(f"“{safe(path.name) or safe(str(path))}”" for path in chosen[:3])
        self.mediator.message.emit(tr("Adding {names}…").format(names=names))

        def add(client: EngineClient, _call: BridgeCall) -> None:
            for path in chosen:
                client.add_root(path)

        self.mediator.bridge.call("work", add, self, lambda _: self.mediator.bridge.refresh(), self._on_failure)

    # --- remembering ---

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self.shown.emit)

    def closeEvent(self, event: QCloseEvent) -> None:
        settings = self.mediator.settings
        settings.setValue(GEOMETRY, self.saveGeometry())
        if self._evidence is not None:
            settings.setValue(SPLIT, self._split.saveState())
        super().closeEvent(event)
        self.closed.emit()

    def _restore(self) -> None:
        geometry = self.mediator.settings.value(GEOMETRY)
        if not isinstance(geometry, QByteArray) or not self.restoreGeometry(geometry):
            self.resize(1280, 800)

    def _restore_split(self) -> None:
        state = self.mediator.settings.value(SPLIT)
        if not isinstance(state, QByteArray) or not self._split.restoreState(state):
            self._split.setSizes([self.width() * 3 // 5, self.width() * 2 // 5])


def _side_by_side(parent: QWidget, *parts: QWidget) -> QHBoxLayout:
    made = QHBoxLayout(parent)
    made.setContentsMargins(0, 0, 0, 0)
    made.setSpacing(0)
    for part in parts:
        made.addWidget(part)
    return made


def _makers(mediator: Mediator) -> dict[PageName, Callable[[], QWidget]]:
    """What makes each page; its modules are imported only then, so that the window is there at once."""

    def ask() -> QWidget:
        from desktop_rag.gui.ask.page import AskPage

        return AskPage(mediator)

    def search() -> QWidget:
        from desktop_rag.gui.search.page import SearchPage

        return SearchPage(mediator)

    def library() -> QWidget:
        from desktop_rag.gui.library.page import LibraryPage

        return LibraryPage(mediator)

    def models() -> QWidget:
        from desktop_rag.gui.models.page import ModelsPage

        return ModelsPage(mediator)

    def settings() -> QWidget:
        from desktop_rag.gui.settings.page import SettingsPage

        return SettingsPage(mediator)

    return {"ask": ask, "search": search, "library": library, "models": models, "settings": settings}
