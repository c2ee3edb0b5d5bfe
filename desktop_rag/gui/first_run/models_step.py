"""The second step: download a set of models, or none."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from desktop_rag.errors import DesktopRagError
from desktop_rag.gui.models.backend import ModelsSnapshot, read_snapshot
from desktop_rag.gui.models.download_list import DownloadList
from desktop_rag.gui.models.download_queue import DownloadQueue
from desktop_rag.gui.models.recommended_card import RecommendedCard
from desktop_rag.gui.services.background import BackgroundWorker
from desktop_rag.gui.services.errors import error_text
from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.gui.widgets.basic import Notice, column, label
from desktop_rag.gui.widgets.formatting import tr
from desktop_rag.gui.widgets.theme import GRID


class ModelsStep(QWidget):
    """``changed`` when the next thing to do has changed; downloads continue whatever step is shown."""

    changed = Signal()

    def __init__(self, mediator: Mediator) -> None:
        super().__init__()
        self._background = BackgroundWorker(self)
        self._downloads = DownloadQueue.of(mediator)
        self._shown: ModelsSnapshot | None = None
        self.notice = Notice()
        self.recommended = RecommendedCard(mediator, tr("Download"))
        inner = column(self, spacing=2 * GRID)
        about = tr(
            "Search works right away, and answers quote your files. With a language model, which has learned to write, "
            "this PC answers in full sentences. Other models find pictures by what they show and turn recordings into "
            "text. Your files are read in the meantime."
        )
        inner.addWidget(label(tr("Do you want more than quotes?"), factor=1.6, bold=True, wrap=True))
        inner.addWidget(label(about, "quiet", wrap=True))
        for part in (self.notice, self.recommended, DownloadList(mediator)):
            inner.addWidget(part)
        inner.addStretch(1)
        self.recommended.consent.busy_changed.connect(self.changed)
        self._downloads.changed.connect(self._show)
        mediator.models_changed.connect(self._read)
        self._read()

    @property
    def undecided(self) -> bool:
        """Whether there is something to get that the person has not agreed to get."""
        return not self.recommended.get.isHidden() or not self.recommended.consent.isHidden()

    def _read(self) -> None:
        self._background.run(read_snapshot, self._on_read, self._on_unread)

    def _on_read(self, shown: ModelsSnapshot) -> None:
        self._shown = shown
        self.notice.hide()
        self._show()

    def _on_unread(self, error: DesktopRagError) -> None:
        self.notice.say(error_text(error), "bad", tr("Try again"), self._read)

    def _show(self) -> None:
        if self._shown is None:
            return
        coming = {download.offer.name for download in self._downloads.all() if download.state != "done"}
        self.recommended.show_models(self._shown, coming)
        self.changed.emit()
