"""The second step: a set of models, or none."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from desktop_rag.errors import DesktopRagError
from desktop_rag.gui.background import Background
from desktop_rag.gui.desk import Desk
from desktop_rag.gui.models.downloads import Downloads
from desktop_rag.gui.models.recommended import Recommended
from desktop_rag.gui.models.said import told
from desktop_rag.gui.models.shown import Shown, read_shown
from desktop_rag.gui.models.transfers import Transfers
from desktop_rag.gui.theme import GRID
from desktop_rag.gui.widgets import Notice, column, label
from desktop_rag.gui.words import tr


class ModelsStep(QWidget):
    """``changed`` when there is another thing to do next; downloads go on whatever step is shown."""

    changed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._background = Background(self)
        self._downloads = Downloads.of(desk)
        self._shown: Shown | None = None
        self.notice = Notice()
        self.recommended = Recommended(desk, tr("Get it"))
        inner = column(self, spacing=2 * GRID)
        about = tr(
            "Searching works at once, and answers quote what your files say. With models that run on this PC, answers "
            "are written in sentences, pictures are found by what is on them, and recordings are understood. Reading "
            "your files goes on meanwhile."
        )
        inner.addWidget(label(tr("Do you want more than quotes?"), factor=1.6, bold=True, wrap=True))
        inner.addWidget(label(about, "quiet", wrap=True))
        for part in (self.notice, self.recommended, Transfers(desk)):
            inner.addWidget(part)
        inner.addStretch(1)
        self.recommended.getter.busy_changed.connect(self.changed)
        self._downloads.changed.connect(self._show)
        desk.models_changed.connect(self._read)
        self._read()

    @property
    def undecided(self) -> bool:
        """Whether there is something to get that the person has not agreed to get."""
        return not self.recommended.get.isHidden() or not self.recommended.getter.isHidden()

    def _read(self) -> None:
        self._background.run(read_shown, self._on_read, self._on_unread)

    def _on_read(self, shown: Shown) -> None:
        self._shown = shown
        self.notice.hide()
        self._show()

    def _on_unread(self, error: DesktopRagError) -> None:
        self.notice.say(told(error), "bad", tr("Try again"), self._read)

    def _show(self) -> None:
        if self._shown is None:
            return
        coming = {download.offer.name for download in self._downloads.all() if download.state != "done"}
        self.recommended.show_models(self._shown, coming)
        self.changed.emit()
