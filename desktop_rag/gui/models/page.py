"""The page of the models."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QPushButton, QScrollArea, QVBoxLayout, QWidget

from desktop_rag.engine.results import Status
from desktop_rag.errors import DesktopRagError
from desktop_rag.gui.background import Background
from desktop_rag.gui.desk import Desk
from desktop_rag.gui.icons import icon
from desktop_rag.gui.models.available import Available
from desktop_rag.gui.models.bringing import Bringing
from desktop_rag.gui.models.downloads import Downloads
from desktop_rag.gui.models.installed_list import InstalledList
from desktop_rag.gui.models.memory_bars import MemoryBars
from desktop_rag.gui.models.recommended import Recommended
from desktop_rag.gui.models.roles import Roles
from desktop_rag.gui.models.said import told, what_follows
from desktop_rag.gui.models.shown import Shown, read_shown
from desktop_rag.gui.models.transfers import Transfers
from desktop_rag.gui.models.unfinished import Unfinished
from desktop_rag.gui.theme import GRID, text_width
from desktop_rag.gui.widgets import Notice, column, label, row
from desktop_rag.gui.words import tr
from desktop_rag.models.requests import ModelRole
from desktop_rag.models.store.model_store import ModelStore


class ModelsPage(QWidget):
    """What this PC can run, what is installed and in use, and what can be had."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._background = Background(self)
        self._downloads = Downloads.of(desk)
        self._shown: Shown | None = None
        self._reading = self._read_again = False
        self.notice = Notice()
        self.recommended = Recommended(desk)
        self.transfers = Transfers(desk)
        self.unfinished = Unfinished(desk)
        self.memory = MemoryBars()
        self.roles = Roles(self._use)
        self.installed = InstalledList()
        self.others = _disclosure(tr("Other models that can be had"))
        self.available = Available(desk)
        self.bringing = Bringing(desk)
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
            "A model is a file, or a few, that makes the program able to do more. Models run on this PC; nothing of "
            "yours leaves it. They are fetched from the internet only when you ask for it here."
        )
        down.addWidget(label(about, "quiet", wrap=True))
        for part in (self.recommended, self.transfers, self.unfinished, self.memory):
            down.addWidget(part)
        down.addSpacing(GRID)
        down.addWidget(label(tr("What is used for what"), factor=1.15, bold=True))
        down.addWidget(self.roles)
        down.addSpacing(GRID)
        down.addWidget(label(tr("On this PC"), factor=1.15, bold=True))
        down.addWidget(self.installed)
        down.addSpacing(GRID)
        down.addWidget(self.others, 0, Qt.AlignmentFlag.AlignLeft)
        down.addWidget(self.available)
        self.available.hide()
        down.addSpacing(GRID)
        down.addWidget(label(tr("From elsewhere"), factor=1.15, bold=True))
        down.addWidget(self.bringing)
        down.addStretch(1)

    def _listen(self) -> None:
        for part in (self.recommended, self.available, self.bringing, self.unfinished):
            part.agreed.connect(self._on_agreed)
        self.unfinished.changed.connect(self._on_changed)
        self.installed.changed.connect(self._on_changed)
        self.bringing.changed.connect(self._on_changed)
        self.others.toggled.connect(self._show_others)
        self._downloads.changed.connect(self._show)
        self._desk.models_changed.connect(self._read)
        self._desk.bridge.status_changed.connect(self._on_status)

    def _read(self) -> None:
        """Look at what is on disk; while that goes on, once more afterwards is enough."""
        if self._reading:
            self._read_again = True
            return
        self._reading = True
        self._background.run(read_shown, self._on_read, self._on_unread)

    def _on_read(self, shown: Shown) -> None:
        self._reading = False
        self._shown = shown
        self.notice.hide()
        self._show()
        if self._desk.bridge.status is not None:
            self._on_status(self._desk.bridge.status)
        self._once_more()

    def _on_unread(self, error: DesktopRagError) -> None:
        self._reading = False
        self.notice.say(told(error), "bad", tr("Try again"), self._read)
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
        if self.others.isChecked():
            self.available.show_models(self._shown, coming)

    def _show_others(self, shown: bool) -> None:
        self.others.setIcon(icon("chevron-up" if shown else "chevron-down"))
        self.available.setVisible(shown)
        self._show()

    def _use(self, role: ModelRole, name: str) -> None:
        def done(_result: None) -> None:
            if name and what_follows(role):
                self._desk.said.emit(what_follows(role))
            self._on_changed()

        def failed(error: DesktopRagError) -> None:
            self.notice.say(told(error), "bad")
            self._read()

        self._background.run(lambda: ModelStore().use(role, name or None), done, failed)

    def _on_agreed(self) -> None:
        self._area.ensureWidgetVisible(self.transfers)
        self.transfers.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_changed(self) -> None:
        self._desk.models_changed.emit()
        self._desk.bridge.refresh()

    def _on_status(self, status: Status) -> None:
        if self._shown is not None:
            loaded = status.engine.loaded if status.engine is not None else ()
            self.memory.show_loaded(loaded, self._shown.machine)


def _disclosure(title: str) -> QPushButton:
    made = QPushButton(title)
    made.setProperty("kind", "plain")
    made.setCheckable(True)
    made.setIcon(icon("chevron-down"))
    return made
