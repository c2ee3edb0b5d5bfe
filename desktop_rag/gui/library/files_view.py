"""All files of the library with their status."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QLineEdit, QSplitter, QStackedWidget, QWidget

from desktop_rag.engine.events import Changed
from desktop_rag.engine.results import Status
from desktop_rag.errors import DesktopRagError
from desktop_rag.gui.library.file_panel import FilePanel
from desktop_rag.gui.library.files_model import FilesModel, FilesQuery
from desktop_rag.gui.library.files_table import FilesTable
from desktop_rag.gui.library.wording import STATES, root_name, state_name
from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.gui.widgets.basic import EmptyState, button, column, label, row
from desktop_rag.gui.widgets.chips import ChoiceChips
from desktop_rag.gui.widgets.controls import ChoiceBox
from desktop_rag.gui.widgets.formatting import tr
from desktop_rag.gui.widgets.theme import GRID
from desktop_rag.types import File, FileState

_TYPING_MS = 200


class FilesView(QWidget):
    """The list with its filters, and a panel for the selected file."""

    def __init__(self, mediator: Mediator, fail: Callable[[DesktopRagError], None]) -> None:
        super().__init__()
        self._seen: object = None
        self._roots: tuple[str, ...] = ()
        self._states: dict[str, int] = {}
        self.model = FilesModel(mediator.bridge)
        self.model.setParent(self)
        self.model.failed.connect(fail)
        self.model.counted.connect(self._count)
        self.table = FilesTable(self.model)
        self.panel = FilePanel(mediator)
        self.chips = ChoiceChips([(None, tr("All")), *((state, state_name(state)) for state in STATES)])
        self.name = QLineEdit()
        self.name.setPlaceholderText(tr("Find by name"))
        self.name.setAccessibleName(tr("Find by name"))
        self.name.setClearButtonEnabled(True)
        self.folder = ChoiceBox()
        self.folder.setAccessibleName(tr("Only files in this folder"))
        self.folder.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.folder.setMinimumContentsLength(16)
        self.folder.addItem(tr("All folders"), "")
        self._counted = label("", "quiet")
        self._typing = QTimer(self, singleShot=True, interval=_TYPING_MS)
        self._lay_out()
        self._listen()

    def show_status(self, status: Status) -> None:
        self._states = status.states
        self.chips.show_counts({None: status.files} | {state: status.states.get(state.value, 0) for state in STATES})
        self._show_folders(status.roots)
        seen = (status.states, status.problems, status.files, status.roots)
        if seen != self._seen:
            self._seen = seen
            self.check_for_changes()

    def hear(self, event: object) -> None:
        """An event of the engine."""
        if isinstance(event, Changed):
            self.check_for_changes()

    def check_for_changes(self) -> None:
        """What is in sight may have changed."""
        self.model.outdate()
        self.table.look_soon()

    def narrow(self, *, state: FileState | None = None, root: str = "") -> None:
        """List only these, whatever was listed before."""
        self.name.clear()
        self.folder.setCurrentIndex(max(0, self.folder.findData(root)))
        self.chips.choose(state)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.table.look_soon()

    # --- inside ---

    def _lay_out(self) -> None:
        self._nothing = EmptyState(
            "filter",
            tr("No matching files"),
            tr("No file in your library matches these filters."),
            button(tr("Show all files"), self.narrow),
        )
        self._listed = QStackedWidget()
        self._listed.addWidget(self.table)
        self._listed.addWidget(self._nothing)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        split.addWidget(self._listed)
        split.addWidget(self.panel)
        split.setSizes([600, 320])
        split.setStretchFactor(0, 1)
        narrowing = row(self.name, self.folder, self._counted, spacing=GRID)
        narrowing.setStretch(0, 2)
        narrowing.setStretch(1, 1)
        inner = column(self)
        inner.addWidget(self.chips)
        inner.addLayout(narrowing)
        inner.addWidget(split, 1)

    def _listen(self) -> None:
        self.chips.chosen.connect(self._choose_state)
        self.name.textChanged.connect(lambda _: self._typing.start())
        self._typing.timeout.connect(self._choose)
        self.folder.currentIndexChanged.connect(lambda _: self._choose())
        self.table.picked.connect(self._show_file)
        self.table.opened.connect(self.panel.open_file)
        self.table.left.connect(self.panel.leave)
        self.panel.closed.connect(self._leave_file)
        self.model.dataChanged.connect(self._refresh_panel)
        self._state: FileState | None = None

    def _choose_state(self, state: FileState | None) -> None:
        self._state = state
        self._choose()

    def _choose(self) -> None:
        self._typing.stop()
        states = (self._state,) if self._state is not None else ()
        wanted = FilesQuery(states, str(self.folder.currentData() or ""), self.name.text().strip())
        if wanted != self.model.wanted:
            self.model.choose(wanted)
            self.table.clearSelection()
            self.table.scrollToTop()

    def _count(self, total: int) -> None:
        self._counted.setText(tr("%n file(s)", total))
        self._listed.setCurrentWidget(self._nothing if total == 0 else self.table)

    def _show_folders(self, roots: Sequence[str]) -> None:
        if tuple(roots) == self._roots:
            return
        self._roots = tuple(roots)
        chosen = self.folder.currentData()
        self.folder.blockSignals(True)
        self.folder.clear()
        self.folder.addItem(tr("All folders"), "")
        for root in roots:
            self.folder.addItem(root_name(root), root)
        self.folder.setCurrentIndex(max(0, self.folder.findData(chosen)))
        self.folder.blockSignals(False)
        self._choose()

    def _refresh_panel(self) -> None:
        """The file shown may be one that has changed."""
        shown = self.panel.file
        if shown is None or not self.panel.isVisible():
            return
        file = self.model.file(self.model.row_of(shown.path))
        if file is not None and file.path == shown.path and file != shown:
            self.panel.show_file(file)

    def _show_file(self, file: File) -> None:
        self.table.show_reasons(False)  # the panel has it in full
        self.panel.show_file(file)

    def _leave_file(self) -> None:
        self.table.show_reasons(True)
        self.table.clearSelection()
        self.table.setFocus()

    def forget(self, file: File) -> None:
        """The file is no longer in the library."""
        if self.panel.file is not None and self.panel.file.path == file.path:
            self.panel.hide()
            self._leave_file()
