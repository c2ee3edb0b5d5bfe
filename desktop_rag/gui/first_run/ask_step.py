"""The third step: the first question, while files are still being read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QLocale, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QLineEdit, QWidget

from desktop_rag.engine.events import Working
from desktop_rag.engine.results import Status
from desktop_rag.gui.first_run.file_counts import ICONS, FileGroup, count_by_group, describe_counts
from desktop_rag.gui.models.download_list import DownloadList
from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.gui.widgets.basic import Elided, ShareBar, button, clear, column, label, row
from desktop_rag.gui.widgets.chips import chip
from desktop_rag.gui.widgets.formatting import format_duration, safe, tr
from desktop_rag.gui.widgets.icons import pixmap
from desktop_rag.gui.widgets.theme import GRID, scaled, theme
from desktop_rag.types import Progress

_LOOK_EVERY_MS = 3_000
_COLUMNS = 3


class AskStep(QWidget):
    """``asked`` with the first question."""

    asked = Signal(str)

    def __init__(self, mediator: Mediator) -> None:
        super().__init__()
        self._mediator = mediator
        self._found: dict[FileGroup, int] = {}
        self._icons: list[tuple[QLabel, str]] = []
        self._suggested: tuple[str, ...] = ()
        self.question = QLineEdit()
        self.question.setPlaceholderText(tr("Ask your first question…"))
        self.question.setAccessibleName(tr("Your first question"))
        self.question.setFont(scaled(self.question.font(), 1.15))
        self.question.setMinimumHeight(5 * GRID)
        self.question.returnPressed.connect(self._ask)
        self._send = button(tr("Ask"), self._ask, kind="next", drawing="send")
        self._suggestions = column(spacing=GRID // 2)
        self._headline = label("", bold=True)
        self._bar = ShareBar(tr("Files read"))
        self._said = label("", "quiet", wrap=True)
        self._file = Elided("", "quiet")
        self._grid = QGridLayout()
        self._look = QTimer(self, interval=_LOOK_EVERY_MS)
        self._look.timeout.connect(self._look_at_library)
        self._lay_out()
        mediator.bridge.event_received.connect(self._on_event)
        mediator.bridge.status_changed.connect(self._on_status)
        theme().changed.connect(self._paint)

    def begin(self) -> None:
        """Show how things are, now and from now on."""
        self.question.setFocus(Qt.FocusReason.OtherFocusReason)
        self._look.start()
        self._look_at_library()
        if self._mediator.bridge.status is not None:
            self._on_status(self._mediator.bridge.status)

    def end(self) -> None:
        self._look.stop()

    # --- inside ---

    def _lay_out(self) -> None:
        inner = column(self, spacing=2 * GRID)
        inner.addWidget(label(tr("Ask about your files"), factor=1.6, bold=True))
        about = tr("You can ask right away. Answers get better as more files are read.")
        inner.addWidget(label(about, "quiet", wrap=True))
        line = row(self.question, self._send)
        line.setStretch(0, 1)
        inner.addLayout(line)
        inner.addLayout(self._suggestions)
        card = QFrame()
        card.setObjectName("card")
        progress = column(card, margin=2 * GRID, spacing=GRID)
        for part in (self._headline, self._bar, self._said, self._file):
            progress.addWidget(part)
        self._grid.setHorizontalSpacing(3 * GRID)
        self._grid.setVerticalSpacing(GRID)
        progress.addLayout(self._grid)
        inner.addWidget(card)
        inner.addWidget(DownloadList(self._mediator))
        inner.addStretch(1)

    def _ask(self) -> None:
        text = self.question.text().strip()
        if text:
            self.asked.emit(text)

    def _on_event(self, event: object) -> None:
        if isinstance(event, Working) and self.isVisible():
            self._show_progress(event.progress)

    def _on_status(self, status: Status) -> None:
        engine = status.engine
        progress = engine.progress if engine is not None else None
        if progress is not None and progress.phase != "done":
            self._show_progress(progress)
        elif engine is not None and (engine.activity in ("starting", "indexing") or engine.waiting):
            self._headline.setText(tr("Checking your folders…"))
            self._said.setText("")
        else:
            self._show_done(status)

    def _show_progress(self, progress: Progress) -> None:
        if progress.phase == "done":
            self._mediator.bridge.refresh()
            return
        self._bar.setVisible(progress.phase == "indexing")
        if progress.phase == "scanning":
            self._headline.setText(tr("Checking your folders…"))
            self._said.setText(tr("%n file(s) found so far", progress.files_total) if progress.files_total else "")
            return
        self._headline.setText(tr("Reading your files"))
        self._bar.set_share(progress.files_done / progress.files_total if progress.files_total else 0.0)
        said = [
            tr("{done} of %n file(s) read", progress.files_total).format(done=QLocale().toString(progress.files_done))
        ]
        if progress.seconds_left is not None:
            said.append(tr("{time} left").format(time=format_duration(progress.seconds_left)))
        self._said.setText(", ".join(said))
        self._file.setText(safe(progress.current))
        self._file.show()

    def _show_done(self, status: Status) -> None:
        if not self._bar.isHidden():
            self._look_at_library()
        self._bar.hide()
        self._file.hide()
        if not status.roots:
            self._headline.setText(tr("No folders chosen yet"))
            self._said.setText(tr("Go back to choose some, or add them later in the Library."))
        else:
            self._headline.setText(tr("%n file(s) read", status.files))
            self._said.setText(tr("New and changed files will be read automatically."))

    def _look_at_library(self) -> None:
        bridge = self._mediator.bridge
        bridge.call(
            "look",
            lambda client, call: count_by_group(client, call.stop),
            self,
            self._show_found,
            instead="first-found",
        )
        bridge.call(
            "look", lambda client, _: client.suggestions(3), self, self._show_suggestions, instead="first-suggestions"
        )

    def _show_found(self, counted: Mapping[FileGroup, int]) -> None:
        if dict(counted) == self._found:
            return
        self._found = dict(counted)
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self._icons = []
        for number, (group, said) in enumerate(describe_counts(counted)):
            drawing = QLabel()
            self._icons.append((drawing, ICONS[group]))
            entry = QWidget()
            entry.setLayout(row(drawing, label(said), None))
            self._grid.addWidget(entry, number // _COLUMNS, number % _COLUMNS)
        self._paint()

    def _show_suggestions(self, questions: tuple[str, ...]) -> None:
        """Once shown, suggestions stay: what a person is about to click must not move."""
        if self._suggested or not questions:
            return
        self._suggested = questions
        clear(self._suggestions)
        self._suggestions.addWidget(label(tr("For example:"), "quiet"))
        for question in questions:
            made = chip(question, partial(self.asked.emit, question))
            self._suggestions.addLayout(row(made, None))

    def _paint(self) -> None:
        for drawing, name in self._icons:
            drawing.setPixmap(pixmap(name, 18, "quiet", self.devicePixelRatioF()))
