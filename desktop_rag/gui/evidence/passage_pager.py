"""The passages of a document that are shown, and how to load more of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop_rag.errors import DesktopRagError
from desktop_rag.gui.evidence.base import AROUND
from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.types import Chunk

if TYPE_CHECKING:
    from desktop_rag.engine.views import DocumentView


class PassagePager(QObject):
    """``before`` and ``after`` count the passages on either side of the loaded ones; ``more`` loads some of them.
    ``added`` brings them (True: before the loaded ones), ``failed`` has the reason in words."""

    added = Signal(bool, object)
    failed = Signal(str)

    def __init__(self, mediator: Mediator, parent: QObject) -> None:
        super().__init__(parent)
        self._mediator = mediator
        self._view: DocumentView | None = None
        self.known: list[Chunk] = []
        self.before = 0
        self.after = 0
        self._asked = False

    def begin(self, view: DocumentView) -> None:
        self._view = view
        self.known = list(view.passages)
        self.before, self.after = view.before, view.after
        self._asked = False

    def more(self, *, before: bool) -> None:
        view = self._view
        if self._asked or view is None or not self.known or not (self.before if before else self.after):
            return
        self._asked = True
        path, document, edge = Path(view.path), view.document.id, self.known[0 if before else -1].id
        self._mediator.bridge.call(
            "look",
            lambda client, _: client.view(path, document=document, chunk=edge, limit=2 * AROUND),
            self,
            lambda found: self._on_found(view, found, before),
            lambda error: self._on_failure(view, error),
        )

    def _on_found(self, asked: DocumentView, found: DocumentView, before: bool) -> None:
        if asked is not self._view:
            return
        self._asked = False
        if before:
            fresh = [passage for passage in found.passages if passage.ordinal < self.known[0].ordinal]
            self.known[:0] = fresh
            self.before = found.before if fresh else 0
        else:
            fresh = [passage for passage in found.passages if passage.ordinal > self.known[-1].ordinal]
            self.known += fresh
            self.after = found.after if fresh else 0
        self.added.emit(before, fresh)

    def _on_failure(self, asked: DocumentView, error: DesktopRagError) -> None:
        if asked is self._view:
            self._asked = False
            self.failed.emit(str(error))
