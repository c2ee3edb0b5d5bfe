"""The status bar: what the library is doing, in a few words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from desktop_rag import offline
from desktop_rag.gui.widgets.basic import Elided, button, label, row
from desktop_rag.gui.widgets.formatting import format_duration, tr
from desktop_rag.gui.widgets.theme import GRID

if TYPE_CHECKING:
    from desktop_rag.engine.results import Status

Show = Callable[[], object]


class StatusLine(QWidget):
    """Clicking a part of it leads to details."""

    def __init__(self, show_library: Show, show_models: Show, show_privacy: Show) -> None:
        super().__init__()
        self.setObjectName("statusLine")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._files = button("", show_library, kind="status")
        self._waiting = button("", show_models, kind="status")
        self._doing = Elided("", "quiet")
        self._connections = button("", show_privacy, kind="status")
        self._said = label("", "quiet")
        line = row(self._files, self._waiting, self._doing, self._said, self._connections, spacing=2 * GRID)
        line.setStretch(2, 1)
        line.setContentsMargins(GRID, 2, GRID, 2)
        self.setLayout(line)
        self.show_status(None)

    def say(self, text: str) -> None:
        self._said.setText(text)

    def show_status(self, status: Status | None) -> None:
        self._waiting.setVisible(bool(status and status.waiting))
        self._connections.setVisible(status is not None)
        if status is None:
            self._files.setText(tr("Opening your library…"))
            self._doing.setText("")
            return
        self._files.setText(describe_files(status))
        self._waiting.setText(describe_waiting(status))
        self._doing.setText(describe_engine(status))
        made = offline.made() + (status.engine.connections_made if status.engine is not None else 0)
        self._connections.setText(tr("%n connection(s) made", made) if made else tr("no connections made"))


def describe_files(status: Status) -> str:
    """``48,211 files up to date``, or how far indexing is."""
    progress = status.engine.progress if status.engine is not None else None
    if not status.roots:
        return tr("No folders chosen yet")
    if progress is not None and progress.phase == "scanning":
        return tr("Checking your folders…")
    if progress is not None and progress.phase == "indexing" and progress.files_total:
        left = progress.files_total - progress.files_done
        said = tr("%n file(s) to read", left)
        if not progress.seconds_left:
            return said
        return f"{said}, {tr('{time} left').format(time=format_duration(progress.seconds_left))}"
    return tr("%n file(s) up to date", status.files)


def describe_waiting(status: Status) -> str:
    """``3 waiting for a speech model``"""
    said = {"image": "%n waiting for a picture model", "speech": "%n waiting for a speech model"}
    return ", ".join(tr(said[role], count) for role, count in status.waiting.items() if count and role in said)


def describe_engine(status: Status) -> str:
    engine = status.engine
    if engine is None:
        return ""
    match engine.activity:
        case "paused":
            return tr("paused")
        case "polite":
            return engine.detail or tr("waiting until this PC is less busy")
        case "troubled":
            return engine.problems[-1].message if engine.problems else engine.detail
        case "starting":
            return tr("starting")
    watched = sum(folder.how in ("events", "polling") for folder in status.folders)
    missing = sum(folder.how == "missing" for folder in status.folders)
    said = [tr("watching %n folder(s)", watched)] if watched else []
    if missing:
        said.append(tr("%n missing", missing))
    return ", ".join(said)
