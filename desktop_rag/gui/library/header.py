"""The header of the Library page: what is going on, how far it is, and a button to pause it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QMenu, QProgressBar, QWidget

from desktop_rag.engine.events import Changed, Working
from desktop_rag.engine.results import Status
from desktop_rag.errors import DesktopRagError
from desktop_rag.gui.library.wording import describe_activity, describe_change, describe_progress
from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.gui.widgets.basic import button, column, label, row, tool
from desktop_rag.gui.widgets.formatting import format_age, tr
from desktop_rag.gui.widgets.icons import icon
from desktop_rag.gui.widgets.theme import GRID
from desktop_rag.types import Progress

_RATE_WINDOW_S = 20.0
_AGO_EVERY_MS = 30_000


class LibraryHeader(QWidget):
    """``check_for_changes`` when all folders should be checked for changes."""

    check_for_changes = Signal()

    def __init__(self, mediator: Mediator, fail: Callable[[DesktopRagError], None]) -> None:
        super().__init__()
        self._mediator = mediator
        self._fail = fail
        self._status: Status | None = None
        self._progress: Progress | None = None
        self._done: deque[tuple[float, int]] = deque()
        self._change: tuple[datetime, str] | None = None
        self._line = label("", factor=1.25, bold=True, wrap=True)
        self._more = label("", "quiet", wrap=True)
        self._pause = button(tr("Pause"), self._turn, drawing="pause")
        menu = QMenu(self)
        menu.addAction(icon("retry"), tr("Check everything for changes"), self.check_for_changes.emit)
        self._menu = tool(
            "more",
            tr("More actions for the library"),
            lambda: menu.popup(self._menu.mapToGlobal(self._menu.rect().bottomLeft())),
        )
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 1000)
        self._bar.setAccessibleName(tr("Reading progress"))
        policy = self._bar.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._bar.setSizePolicy(policy)
        self._bar.hide()
        top = row(self._line, self._pause, self._menu)
        top.setStretch(0, 1)
        inner = column(self, spacing=GRID // 2)
        inner.addLayout(top)
        inner.addWidget(self._bar)
        inner.addWidget(self._more)
        self._clock = QTimer(self, interval=_AGO_EVERY_MS)
        self._clock.timeout.connect(self._show)
        self._clock.start()
        self._show()

    def show_status(self, status: Status) -> None:
        self._status = status
        self._progress = status.engine.progress if status.engine is not None else None
        if self._progress is None:
            self._done.clear()
        self._show()

    def hear(self, event: object) -> None:
        """An event of the engine."""
        if isinstance(event, Working):
            self._progress = event.progress
            now = time.monotonic()
            self._done.append((now, event.progress.files_done))
            while now - self._done[0][0] > _RATE_WINDOW_S:
                self._done.popleft()
            self._show()
        elif isinstance(event, Changed) and (said := describe_change(event)):
            self._change = datetime.now(UTC), said
            self._show()

    # --- inside ---

    @property
    def _paused(self) -> bool:
        engine = self._status.engine if self._status is not None else None
        return engine is not None and engine.activity == "paused"

    def _show(self) -> None:
        said, tone = describe_activity(self._status, self._progress)
        self._line.setText(said)
        if self._line.property("tone") != tone:
            self._line.setProperty("tone", tone)
            self._line.style().polish(self._line)
        share = (
            describe_progress(self._progress)[0]
            if self._progress is not None and self._progress.phase != "done"
            else -1.0
        )
        self._bar.setVisible(share >= 0 and not self._paused)
        self._bar.setValue(round(1000 * max(share, 0.0)))
        self._more.setText("   ".join(filter(None, (self._rate(), self._last_change()))))
        self._pause.setVisible(self._status is not None and bool(self._status.roots))
        self._pause.setText(tr("Resume") if self._paused else tr("Pause"))
        self._pause.setIcon(icon("play" if self._paused else "pause"))
        self._menu.setVisible(self._pause.isVisibleTo(self))

    def _rate(self) -> str:
        """``about 120 files a minute``; nothing while too little is known to say it."""
        if len(self._done) < 2 or self._progress is None or self._progress.phase != "indexing":
            return ""
        (began, before), (now, after) = self._done[0], self._done[-1]
        if now - began < 2 or after <= before:
            return ""
        return tr("about %n file(s) per minute", max(1, round(60 * (after - before) / (now - began))))

    def _last_change(self) -> str:
        if self._change is None:
            return tr("No changes since you opened this page.")
        when, what = self._change
        return tr("Last change {when}: {what}").format(when=format_age(when), what=what)

    def _turn(self) -> None:
        paused = self._paused
        self._pause.setEnabled(False)
        self._mediator.bridge.call(
            "look",
            lambda client, _: client.resume() if paused else client.pause(),
            self,
            self._turned,
            self._not_turned,
        )

    def _turned(self, _: object) -> None:
        self._pause.setEnabled(True)
        self._mediator.bridge.refresh()

    def _not_turned(self, error: DesktopRagError) -> None:
        self._pause.setEnabled(True)
        self._fail(error)
