"""Below the evidence: the quote, and actions for the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from desktop_rag.errors import DesktopRagError
from desktop_rag.gui.evidence.base import LoadedEvidence
from desktop_rag.gui.services.mediator import EvidenceLocation, Mediator, QuerySample
from desktop_rag.gui.widgets.basic import button, column, label, row
from desktop_rag.gui.widgets.formatting import safe, tr
from desktop_rag.gui.widgets.theme import GRID
from desktop_rag.launch import open_file, show_in_folder
from desktop_rag.places import page_number

_QUOTE = 240
"""Characters of the quote that are shown; the view has all of it, marked."""
_LIKE = 300
"""Characters of a passage that others are looked for by."""


class EvidenceFooter(QWidget):
    """``failed`` with the reason in words when an action did not work."""

    failed = Signal(str)

    def __init__(self, mediator: Mediator) -> None:
        super().__init__()
        self._mediator = mediator
        self._evidence: EvidenceLocation | None = None
        self._shown: LoadedEvidence | None = None
        self.quote = label("", wrap=True)
        self.quote.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.open = button(tr("Open"), self._open, drawing="open")
        self.folder = button(tr("Show in folder"), self._show_in_folder, drawing="folder")
        self.similar = button(tr("Find similar"), self._find_similar, drawing="similar")
        inner = column(self, margin=GRID)
        inner.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        inner.addWidget(self.quote)
        inner.addLayout(row(self.open, self.folder, self.similar, None))

    def begin(self, evidence: EvidenceLocation) -> None:
        self._evidence, self._shown = evidence, None
        text = safe(evidence.quote)
        self.quote.setText(f"“{text if len(text) <= _QUOTE else text[:_QUOTE].rstrip() + '…'}”")
        self.quote.setVisible(bool(text))
        name = safe(Path(evidence.path).name)
        self.open.setToolTip(tr("Open “{name}” in its usual program").format(name=name))
        self.folder.setToolTip(safe(str(Path(evidence.path).parent)))
        self.similar.setEnabled(False)

    def show_evidence(self, shown: LoadedEvidence) -> None:
        self._shown = shown
        gone = shown.on_disk == "gone"
        self.open.setEnabled(not gone)
        self.folder.setEnabled(not gone or Path(shown.view.path).parent.is_dir())
        self.similar.setEnabled(self._sample() is not None or bool(self._text()))

    def _sample(self) -> QuerySample | None:
        """The file itself, if one can search by it."""
        shown = self._shown
        if shown is None or shown.is_inside or shown.on_disk == "gone":
            return None
        kind = shown.view.document.kind
        if kind == "image":
            return QuerySample(shown.view.path, "image")
        return QuerySample(shown.view.path, "audio") if kind in ("audio", "video") else None

    def _text(self) -> str:
        if self._evidence is None or self._shown is None:
            return ""
        cited = self._shown.cited or self._shown.view.passages[:1]
        text = self._evidence.quote or " ".join(passage.text for passage in cited)
        return safe(text[:_LIKE])

    def _find_similar(self) -> None:
        sample = self._sample()
        self._mediator.search_wanted.emit("" if sample is not None else self._text(), sample)

    def _open(self) -> None:
        if self._evidence is not None:
            path, page = Path(self._evidence.path), page_number(self._evidence.locator)
            self._launch(lambda: open_file(path, page))

    def _show_in_folder(self) -> None:
        if self._evidence is not None:
            path = Path(self._evidence.path)
            self._launch(lambda: show_in_folder(path))

    def _launch(self, launch: Callable[[], str]) -> None:
        """Asking the system for a program may take a while."""

        def failed(error: DesktopRagError) -> None:
            self.failed.emit(str(error))

        self._mediator.bridge.call(
            "look", lambda _client, _call: launch(), self, lambda said: self._mediator.message.emit(safe(said)), failed
        )
