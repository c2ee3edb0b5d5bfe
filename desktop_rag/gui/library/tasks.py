"""Long operations that a person has started: each has a line with its progress, can be stopped where the engine can
stop it, and stays with its result until it is closed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QProgressBar, QWidget

from desktop_rag.engine.service.client import EngineClient
from desktop_rag.errors import DesktopRagError
from desktop_rag.gui.library.wording import describe_progress
from desktop_rag.gui.services.bridge import BridgeCall
from desktop_rag.gui.services.errors import error_text
from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.gui.widgets.basic import Tone, button, column, label, row, tool
from desktop_rag.gui.widgets.formatting import tr
from desktop_rag.gui.widgets.theme import GRID
from desktop_rag.types import Progress

_LONG_S = 10.0
"""Who has waited longer has turned to something else, and is told of the end."""
_NO_GUESS_S = 3.0

Work = Callable[[EngineClient, Callable[[Progress], None], threading.Event], Any]
"""Does the work: with a client, what hears of progress, and what is set when it is to stop."""
Summary = Callable[[Any], str]
"""The result in a sentence."""


class TaskRow(QFrame):
    """One operation. ``done`` with its result when it has succeeded; ``ended`` however it ended."""

    done = Signal(object)
    ended = Signal()
    closed = Signal()

    def __init__(
        self, mediator: Mediator, title: str, work: Work, said: Summary, *, stops: bool, in_files: bool
    ) -> None:
        super().__init__()
        self.setObjectName("card")
        self.title = title
        self._mediator = mediator
        self._said = said
        self._in_files = in_files
        self._began = time.monotonic()
        self.running = True
        self._text = label(wrap=True)
        self._stop = button(tr("Stop"), self.stop)
        self._stop.setAccessibleName(tr("Stop: {what}").format(what=title))
        self._stop.setVisible(stops)
        self._close = tool("close", tr("Close this message"), self.close_it)
        self._close.hide()
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 1000)
        self._bar.setAccessibleName(title)
        inner = column(self, margin=GRID, spacing=GRID // 2)
        inner.setContentsMargins(2 * GRID, GRID // 2, GRID // 2, GRID // 2)
        line = row(self._text, self._stop, self._close)
        line.setStretch(0, 1)
        inner.addLayout(line)
        inner.addWidget(self._bar)
        self._say(tr("waiting…"))
        self._call: BridgeCall = mediator.bridge.call(
            "work",
            lambda client, call: work(client, lambda progress: call.tell(self._on_progress, progress), call.stop),
            self,
            self._on_done,
            self._on_failed,
        )

    def stop(self) -> None:
        """Ask for an early end; what was done is kept."""
        self._call.stop.set()
        self._stop.setEnabled(False)
        self._say(tr("stopping…"))

    def text(self) -> str:
        return self._text.text()

    def _say(self, what: str, tone: Tone = "") -> None:
        self._text.setText(f"{self.title}: {what}")
        self._text.setProperty("tone", tone)
        self._text.style().polish(self._text)

    def _on_progress(self, progress: Progress) -> None:
        if self._call.stop.is_set():
            return
        share, _ = describe_progress(progress, in_files=self._in_files)
        took = time.monotonic() - self._began
        left = took * (1 - share) / share if share > 0 and took > _NO_GUESS_S else None
        self._say(describe_progress(progress, left, in_files=self._in_files)[1])
        self._bar.setValue(round(1000 * max(share, 0.0)))

    def _on_done(self, result: Any) -> None:
        sentence = self._said(result)
        self._end(sentence, "")
        self.done.emit(result)

    def _on_failed(self, error: DesktopRagError) -> None:
        self._end(error_text(error), "bad")

    def _end(self, sentence: str, tone: Tone) -> None:
        self.running = False
        had_focus = self._stop.hasFocus()
        self._say(sentence, tone)
        self._stop.hide()
        self._bar.hide()
        self._close.show()
        if had_focus:
            self._close.setFocus()
        if time.monotonic() - self._began > _LONG_S:
            self._mediator.notify.emit(self.title, sentence)
        self.ended.emit()

    def close_it(self) -> None:
        self.hide()
        self.closed.emit()
        self.deleteLater()


class TaskList(QWidget):
    """Operations in progress and their results, the latest at the bottom."""

    def __init__(self, mediator: Mediator) -> None:
        super().__init__()
        self._mediator = mediator
        self._lines = column(self, spacing=GRID // 2)
        self.hide()

    def start(
        self,
        title: str,
        work: Work,
        said: Summary,
        *,
        stops: bool = False,
        in_files: bool = True,
        done: Callable[[Any], None] | None = None,
    ) -> TaskRow:
        """Begin something, or leave it as it is when it goes on already. ``done`` hears of a good end."""
        for other in self.all():
            if other.title == title and other.running:
                return other
            if other.title == title:
                other.close_it()
        job = TaskRow(self._mediator, title, work, said, stops=stops, in_files=in_files)
        if done is not None:
            job.done.connect(done)
        job.ended.connect(self._mediator.bridge.refresh)
        job.closed.connect(self._show)
        self._lines.addWidget(job)
        self.show()
        return job

    def all(self) -> list[TaskRow]:
        return [job for job in self.findChildren(TaskRow) if not job.isHidden()]

    def _show(self) -> None:
        self.setVisible(bool(self.all()))
