"""What can be done with a result, by key, click or menu."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from desktop_rag import launch
from desktop_rag.gui.services.mediator import EvidenceLocation, Mediator, QuerySample
from desktop_rag.gui.widgets.formatting import tr
from desktop_rag.gui.widgets.icons import icon
from desktop_rag.places import page_number
from desktop_rag.types import Hit


class HitActions(QObject):
    """``failed`` with the error when an action did not work."""

    failed = Signal(object)

    def __init__(self, mediator: Mediator, parent: QObject) -> None:
        super().__init__(parent)
        self._mediator = mediator

    def show(self, hit: Hit) -> None:
        self._mediator.show_evidence(EvidenceLocation.of_hit(hit))

    def open(self, hit: Hit) -> None:
        """With the system's program, at the page."""
        self._launch(lambda: launch.open_file(Path(hit.path), page_number(hit.locator)))

    def show_in_folder(self, hit: Hit) -> None:
        self._launch(lambda: launch.show_in_folder(Path(hit.path)))

    def copy_path(self, hit: Hit) -> None:
        QGuiApplication.clipboard().setText(hit.path)
        self._mediator.message.emit(tr("Path copied"))

    def find_similar(self, hit: Hit) -> None:
        self._mediator.search_wanted.emit("", QuerySample(hit.path, "any"))

    def menu(self, hit: Hit, parent: QWidget, ask: Callable[[], object]) -> QMenu:
        """The menu of a result; ``ask`` is what "Ask about this" does."""
        made = QMenu(parent)

        def add(text: str, drawing: str, do: Callable[[], object], keys: str = "") -> None:
            action = made.addAction(icon(drawing), text)
            action.triggered.connect(lambda: do())
            if keys:
                action.setShortcut(QKeySequence(keys))
                action.setShortcutVisibleInContextMenu(True)

        add(tr("Show"), "search", lambda: self.show(hit), "Return")
        add(tr("Open"), "open", lambda: self.open(hit), "Ctrl+Return")
        add(tr("Show in folder"), "folder", lambda: self.show_in_folder(hit))
        add(tr("Copy path"), "copy", lambda: self.copy_path(hit), "Ctrl+C")
        made.addSeparator()
        if hit.parent is None:  # what is inside of a file cannot be searched by
            add(tr("Find similar"), "similar", lambda: self.find_similar(hit))
        add(tr("Ask about this"), "ask", ask)
        return made

    def _launch(self, do: Callable[[], str]) -> None:
        self._mediator.bridge.call(
            "look", lambda _client, _call: do(), self, self._mediator.message.emit, self.failed.emit
        )
