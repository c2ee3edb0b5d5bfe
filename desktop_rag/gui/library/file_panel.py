"""The details of one file: its status, why, and what can be done."""

from __future__ import annotations

from functools import partial
from pathlib import Path, PurePath

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtWidgets import QScrollArea, QWidget

from desktop_rag.gui.library.diagnosis import FileDiagnosis
from desktop_rag.gui.library.wording import STATES, full_reason_of, remedy_of, state_name
from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.gui.widgets.basic import Elided, button, column, label, row, tool
from desktop_rag.gui.widgets.flow_layout import FlowLayout
from desktop_rag.gui.widgets.formatting import format_size, safe, tr
from desktop_rag.gui.widgets.theme import GRID, scaled
from desktop_rag.types import File, FileState


class FilePanel(QScrollArea):
    """The signals carry the ``File`` to act on."""

    open_file = Signal(object)
    show_in_folder = Signal(object)
    try_again = Signal(object)
    leave_out = Signal(object)
    closed = Signal()

    def __init__(self, mediator: Mediator) -> None:
        super().__init__()
        self.file: File | None = None
        self._name = Elided()
        self._name.setFont(scaled(self._name.font(), 1.1, bold=True))
        self._where = Elided("", "quiet")
        self._state = label(bold=True)
        self._reason = label(wrap=True)
        self._remedy = label("", "quiet", wrap=True)
        self._models = button(tr("Choose a model"), lambda: mediator.show_page("models"), kind="next")
        self._why = FileDiagnosis(mediator, self._hear)
        content = QWidget()
        content.setObjectName("content")
        buttons = FlowLayout()
        for text, signal in (
            (tr("Open"), self.open_file), (tr("Show in folder"), self.show_in_folder),
            (tr("Try again"), self.try_again), (tr("Exclude"), self.leave_out),
        ):  # fmt: skip
            buttons.addWidget(button(text, partial(self._act, signal)))
        head = row(self._name, tool("close", tr("Close file details"), self.leave))
        head.setStretch(0, 1)
        inner = column(content)
        inner.setContentsMargins(2 * GRID, 0, GRID, GRID)
        inner.addLayout(head)
        inner.addWidget(self._where)
        inner.addSpacing(GRID)
        for part in (self._state, self._reason, self._remedy):
            inner.addWidget(part)
        inner.addWidget(self._models, 0, Qt.AlignmentFlag.AlignLeft)
        inner.addSpacing(GRID)
        inner.addLayout(buttons)
        inner.addSpacing(2 * GRID)
        inner.addWidget(self._why)
        inner.addStretch()
        content.setMinimumWidth(1)
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMinimumWidth(280)
        self.hide()

    def show_file(self, file: File) -> None:
        self.file = file
        self._why.about(file.path)
        self._name.setText(safe(PurePath(file.path).name))
        self._where.setText(f"{format_size(file.size)}, {safe(str(Path(file.path).parent))}")
        tone = STATES[file.state][1]
        self._state.setText(state_name(file.state))
        self._state.setProperty("tone", "" if tone == "quiet" else tone)
        self._state.style().polish(self._state)
        self._reason.setText(full_reason_of(file))
        self._remedy.setText(remedy_of(file.problem))
        self._remedy.setVisible(bool(self._remedy.text()))
        self._models.setVisible(file.state is FileState.WAITING)
        self.show()

    def _act(self, signal: SignalInstance) -> None:
        signal.emit(self.file)

    def leave(self) -> None:
        self.hide()
        self.closed.emit()

    def _hear(self, file: File) -> None:
        if self.file is not None and file.path == self.file.path:
            self.show_file(file)
