"""The Models page."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from desktop_rag.engine.results import Status
from desktop_rag.errors import DesktopRagError
from desktop_rag.gui.models.backend import ModelRole, ModelsSnapshot, choose_model, read_snapshot
from desktop_rag.gui.models.catalogue_list import CatalogueList
from desktop_rag.gui.models.download_list import DownloadList, UnfinishedDownloads
from desktop_rag.gui.models.download_queue import DownloadQueue
from desktop_rag.gui.models.import_card import ImportCard
from desktop_rag.gui.models.installed_list import InstalledList
from desktop_rag.gui.models.memory_bars import MemoryBars
from desktop_rag.gui.models.recommended_card import RecommendedCard
from desktop_rag.gui.models.role_choices import RoleChoices
from desktop_rag.gui.models.wording import what_follows
from desktop_rag.gui.services.background import BackgroundWorker
from desktop_rag.gui.services.errors import error_text
from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.gui.widgets.basic import Notice, column, label, row
from desktop_rag.gui.widgets.disclosure import Disclosure
from desktop_rag.gui.widgets.formatting import tr
from desktop_rag.gui.widgets.theme import GRID, text_width


class ModelsPage(QWidget):
    """What this PC can run, what is installed and in use, and what can be downloaded."""

    def __init__(self, mediator: Mediator) -> None:
        super().__init__()
        self._mediator = mediator
        self._background = BackgroundWorker(self)
        self._downloads = DownloadQueue.of(mediator)
        self._shown: ModelsSnapshot | None = None
        self._reading = self._read_again = False
        self.notice = Notice()
        self.recommended = RecommendedCard(mediator)
        self.downloads = DownloadList(mediator)
        self.unfinished = UnfinishedDownloads(mediator)
        self.memory = MemoryBars()
        self.roles = RoleChoices(self._use)
        self.installed = InstalledList()
        self.catalogue_list = CatalogueList(mediator)
        self.others = Disclosure(tr("More models to download"), self.catalogue_list)
        self.import_card = ImportCard(mediator)
        self._lay_out()
        self._listen()
        self._read()

    # --- inside ---

    def _lay_out(self) -> None:
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        content = QWidget()
        content.setObjectName("content")
        middle = QWidget()
        middle.setMaximumWidth(2 * text_width(self))
        across = row(middle, spacing=0)
        across.addStretch()
        across.setStretch(0, 1)
        content.setLayout(across)
        down = column(middle, margin=3 * GRID, spacing=2 * GRID)
        self._fill(down)
        self._area.setWidget(content)
        outer = column(self, spacing=0)
        outer.addWidget(self.notice)
        outer.addWidget(self._area, 1)
        self.setFocusProxy(self.recommended.get)

    def _fill(self, down: QVBoxLayout) -> None:
        down.addWidget(label(tr("Models"), factor=1.6, bold=True))
        about = tr(
            "Models let the program do more. A language model, for example, has learned to write and can answer in "
            "full sentences. Models run on this PC, so nothing of yours leaves it. They are downloaded only when you "
            "ask for it here."
        )
        down.addWidget(label(about, "quiet", wrap=True))
        for part in (self.recommended, self.downloads, self.unfinished, self.memory):
            down.addWidget(part)
        down.addSpacing(GRID)
        down.addWidget(label(tr("Which model does what"), factor=1.15, bold=True))
        down.addWidget(self.roles)
        down.addSpacing(GRID)
        down.addWidget(label(tr("On this PC"), factor=1.15, bold=True))
        down.addWidget(self.installed)
        down.addSpacing(GRID)
        down.addWidget(self.others)
        down.addSpacing(GRID)
        down.addWidget(label(tr("Import a model"), factor=1.15, bold=True))
        down.addWidget(self.import_card)
        down.addStretch(1)

    def _listen(self) -> None:
        for part in (self.recommended, self.catalogue_list, self.import_card, self.unfinished):
            part.agreed.connect(self._on_agreed)
        self.unfinished.changed.connect(self._on_changed)
        self.installed.changed.connect(self._on_changed)
        self.import_card.changed.connect(self._on_changed)
        self.others.toggled.connect(lambda _: self._show())
        self._downloads.changed.connect(self._show)
        self._mediator.models_changed.connect(self._read)
        self._mediator.bridge.status_changed.connect(self._on_status)

    def _read(self) -> None:
        """Look at what is on disk; while that goes on, once more afterwards is enough."""
        if self._reading:
            self._read_again = True
            return
        self._reading = True
        self._background.run(read_snapshot, self._on_read, self._on_unread)

    def _on_read(self, shown: ModelsSnapshot) -> None:
        self._reading = False
        self._shown = shown
        self.notice.hide()
        self._show()
        if self._mediator.bridge.status is not None:
            self._on_status(self._mediator.bridge.status)
        self._once_more()

    def _on_unread(self, error: DesktopRagError) -> None:
        self._reading = False
        self.notice.say(error_text(error), "bad", tr("Try again"), self._read)
        self._once_more()

    def _once_more(self) -> None:
        if self._read_again:
            self._read_again = False
            self._read()

    def _show(self) -> None:
        if self._shown is None:
            return
        coming = {download.offer.name for download in self._downloads.all() if download.state != "done"}
        self.recommended.show_models(self._shown, coming)
        self.unfinished.show_models(self._shown, coming)
        self.roles.show_models(self._shown)
        self.installed.show_models(self._shown)
        if self.others.button.isChecked():
            self.catalogue_list.show_models(self._shown, coming)

    def _use(self, role: ModelRole, name: str) -> None:
        def done(_result: None) -> None:
            if name and what_follows(role):
                self._mediator.message.emit(what_follows(role))
            self._on_changed()

        def failed(error: DesktopRagError) -> None:
            self.notice.say(error_text(error), "bad")
            self._read()

        self._background.run(lambda: choose_model(role, name), done, failed)

    def _on_agreed(self) -> None:
        self._area.ensureWidgetVisible(self.downloads)
        self.downloads.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_changed(self) -> None:
        self._mediator.models_changed.emit()
        self._mediator.bridge.refresh()

    def _on_status(self, status: Status) -> None:
        if self._shown is not None:
            loaded = status.engine.loaded if status.engine is not None else ()
            self.memory.show_loaded(loaded, self._shown.machine)
