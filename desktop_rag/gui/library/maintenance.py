"""Maintenance of the library: disk space, checks and backups."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from desktop_rag.engine.results import Check, Status
from desktop_rag.engine.service.client import EngineClient
from desktop_rag.engine.service.opening import restart_engine
from desktop_rag.gui.library.check_list import REPAIRED, CheckList, verdict
from desktop_rag.gui.library.dialogs import ConfirmationRow, choose_backup
from desktop_rag.gui.library.tasks import TaskList
from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.gui.widgets.basic import Elided, button, column, label, row
from desktop_rag.gui.widgets.formatting import format_date, format_size, safe, tr
from desktop_rag.gui.widgets.theme import GRID
from desktop_rag.types import Progress

if TYPE_CHECKING:
    from desktop_rag.engine.results import BackupReport


class MaintenanceView(QWidget):
    """Long operations run in ``jobs``."""

    def __init__(self, mediator: Mediator, jobs: TaskList) -> None:
        super().__init__()
        self._mediator = mediator
        self._jobs = jobs
        self._room = label("", factor=1.1, bold=True)
        self._where = Elided(safe(str(mediator.library)), "quiet")
        self._checks = CheckList()
        self._repair = button(tr("Repair"), self.repair)
        self._repair.hide()
        self._restore = button(tr("Restore…"), lambda: choose_backup(self, self._ask_restore))
        self._question = ConfirmationRow(self._restore)
        self._question.agreed.connect(self._restore_it)
        self._backup: Path | None = None
        content = QWidget()
        content.setObjectName("content")
        inner = column(content)
        inner.setContentsMargins(0, 0, GRID, GRID)
        inner.addWidget(self._room)
        inner.addWidget(self._where)
        inner.addWidget(
            label(
                tr("This is the space Desktop RAG uses to find things quickly. Your own files are not included."),
                "quiet",
            )
        )
        inner.addSpacing(GRID)
        inner.addWidget(
            _card(
                tr("Check"),
                tr("Makes sure that nothing in your library is missing or damaged."),
                button(tr("Check"), self.check),
                self._repair,
                below=self._checks,
            )
        )
        inner.addWidget(
            _card(
                tr("Rebuild search"),
                tr(
                    "Builds the search again from the text already read. Use it if things are missing from "
                    "your results."
                ),
                button(tr("Rebuild search"), self.rebuild),
            )
        )
        inner.addWidget(
            _card(
                tr("Backup"),
                tr(
                    "Saves everything that was read, your conversations and your settings in one file. Keep it "
                    "on another disk."
                ),
                button(tr("Back up…"), self._choose_backup),
                self._restore,
                below=self._question,
            )
        )
        inner.addStretch()
        scroll = QScrollArea()
        scroll.setWidget(content)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column(self).addWidget(scroll)

    def show_status(self, status: Status) -> None:
        self._room.setText(tr("Your library uses {size} on this PC").format(size=format_size(status.bytes_on_disk)))

    # --- what can be done ---

    def check(self) -> None:
        self._jobs.start(tr("Check"), lambda client, _, __: client.doctor(), verdict, done=self._show_checks)

    def repair(self) -> None:
        self._jobs.start(
            tr("Repair"), lambda client, _, __: client.doctor(repair=True), verdict, done=self._show_checks
        )

    def rebuild(self) -> None:
        self._jobs.start(
            tr("Rebuild search"),
            lambda client, report, _: client.listening(on_progress=report).rebuild(),
            lambda count: tr("done, %n passage(s) searchable.", count),
            in_files=False,
        )

    def back_up(self, files: Sequence[Path]) -> None:
        """Write a backup to the first of ``files``; whoever chose it has agreed to what it replaces."""
        file = files[0]
        self._jobs.start(
            tr("Backup"),
            lambda client, report, _: client.listening(on_progress=report).backup(file, force=True),
            lambda report: _described(report, tr("saved as {file} ({what}).")),
            in_files=False,
        )

    def restore(self, file: Path) -> None:
        """Replace the library with a backup."""

        def work(client: EngineClient, report: Callable[[Progress], None], _: threading.Event) -> BackupReport:
            done = client.listening(on_progress=report).restore(file)
            restart_engine(client.library)  # the settings in the backup hold from the next start on
            return done

        self._jobs.start(
            tr("Restore"),
            work,
            lambda report: _described(report, tr("{file} restored ({what}).")),
            in_files=False,
            done=lambda _: self._mediator.settings_changed.emit(),
        )

    # --- inside ---

    def _show_checks(self, checks: list[Check]) -> None:
        self._checks.show_checks(checks)
        self._repair.setVisible(any(not check.ok and check.name in REPAIRED for check in checks))

    def _choose_backup(self) -> None:
        choose_backup(self, self.back_up, new=f"desktop-rag-{datetime.now().astimezone():%Y-%m-%d}.zip")

    def _ask_restore(self, files: Sequence[Path]) -> None:
        self._backup = files[0]
        self._question.ask(
            tr(
                "Replace your library, its conversations and its settings with the backup “{name}”? Your "
                "own files are not changed."
            ).format(name=safe(files[0].name)),
            tr("Replace"),
            tr("Cancel"),
        )

    def _restore_it(self) -> None:
        if self._backup is not None:
            self.restore(self._backup)


def _card(title: str, sentence: str, *buttons: QWidget, below: QWidget | None = None) -> QFrame:
    card = QFrame()
    card.setObjectName("card")
    words = column(spacing=2)
    words.addWidget(label(title, bold=True))
    words.addWidget(label(sentence, "quiet", wrap=True))
    top = row()
    top.addLayout(words, 1)
    top.addSpacing(2 * GRID)
    for part in buttons:
        top.addWidget(part)
    inner = column(card, margin=2 * GRID)
    inner.addLayout(top)
    if below is not None:
        inner.addWidget(below)
    return card


def _described(report: BackupReport, said: str) -> str:
    what = ", ".join((tr("%n file(s)", report.files), format_size(report.bytes), format_date(report.created)))
    return said.format(file=safe(Path(report.file).name), what=what)
