"""Sound and video, played from the cited second, with the transcript."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractButton

from desktop_rag.errors import DesktopRagError
from desktop_rag.gui.evidence.base import EvidenceView, LoadedEvidence
from desktop_rag.gui.evidence.passage_pager import PassagePager
from desktop_rag.gui.evidence.player import RecordingPlayer
from desktop_rag.gui.evidence.transcript import Transcript
from desktop_rag.gui.services.mediator import Mediator, time_of
from desktop_rag.gui.widgets.basic import Notice, button, column, label
from desktop_rag.gui.widgets.formatting import tr
from desktop_rag.gui.widgets.theme import GRID


class RecordingView(EvidenceView):
    """Space plays and pauses; clicking a passage jumps to it."""

    def __init__(self, mediator: Mediator) -> None:
        super().__init__(mediator)
        self._shown: LoadedEvidence | None = None
        self.notice = Notice()
        self.player = RecordingPlayer()
        self.passages = PassagePager(mediator, self)
        self.passages.failed.connect(lambda said: self.notice.say(said, "bad"))
        self.transcript = Transcript(self.passages)
        self.transcript.chosen.connect(self.player.seek)
        self.player.moved.connect(self.transcript.follow)
        self.player.failed.connect(lambda said: self.notice.say(said, "warn"))
        self.about = label("", "quiet", wrap=True)
        self.about.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)
        self.about.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.earlier = button(
            tr("Show earlier text"), lambda: self.passages.more(before=True), kind="plain", drawing="chevron-up"
        )
        self.passages.added.connect(lambda *_: self.earlier.setVisible(self.passages.before > 0))
        inner = self._column = column(self, spacing=0)
        inner.addWidget(self.notice)
        inner.addWidget(self.player)
        inner.addWidget(self.earlier)
        inner.addWidget(self.transcript, 2)
        inner.addWidget(self.about, 2)
        QShortcut(
            QKeySequence(Qt.Key.Key_Space),
            self,
            self._on_space,
            context=Qt.ShortcutContext.WidgetWithChildrenShortcut,
        )

    def show_evidence(self, shown: LoadedEvidence) -> None:
        before = self._shown
        self._shown = shown
        self.notice.hide()
        self.passages.begin(shown.view)
        self.transcript.begin({passage.id for passage in shown.cited})
        self.transcript.setVisible(bool(self.transcript.lines.said))
        self.about.setVisible(not self.transcript.lines.said)
        self.about.setText(_about(shown))
        self.earlier.setVisible(self.passages.before > 0)
        span = time_of(shown.evidence.locator)
        at_s = 0.0 if span is None else span.start_s
        if before is not None and before.view.document.id == shown.view.document.id:
            self.player.seek(at_s)
            return
        video = shown.view.document.kind == "video"
        self._column.setStretchFactor(self.player, int(video))
        if not shown.is_inside:
            self.player.begin(shown.view.path, video=video, at_s=at_s)
            return
        self.player.stop()
        path, holder = Path(shown.view.path), shown.holder

        def done(data: bytes) -> None:
            if shown is self._shown:
                self.player.begin(data, video=video, at_s=at_s)

        def failed(error: DesktopRagError) -> None:
            if shown is self._shown:
                self.notice.say(str(error), "bad")

        assert holder is not None
        self.mediator.bridge.call("look", lambda client, _: client.part(path, holder).data, self, done, failed)

    def _on_space(self) -> None:
        focus = self.focusWidget()
        if isinstance(focus, QAbstractButton) and focus.hasFocus():
            focus.click()
        else:
            self.player.turn()

    def leave(self) -> None:
        self._shown = None
        self.player.stop()


def _about(shown: LoadedEvidence) -> str:
    known = "\n".join(passage.text for passage in shown.view.passages)
    return "\n\n".join(filter(None, (known, tr("There is no transcript of this recording."))))
