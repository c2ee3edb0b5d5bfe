"""The evidence pane: what was cited or found, in its file."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedWidget, QWidget

from desktop_rag.errors import DesktopRagError
from desktop_rag.gui.evidence.base import EvidenceView, LoadedEvidence, ViewName, load, view_name
from desktop_rag.gui.evidence.evidence_reader import EvidenceReader
from desktop_rag.gui.evidence.footer import EvidenceFooter
from desktop_rag.gui.services.mediator import EvidenceLocation, Mediator
from desktop_rag.gui.widgets.basic import Elided, EmptyState, Notice, column, label, row, tool
from desktop_rag.gui.widgets.formatting import safe, tr
from desktop_rag.gui.widgets.theme import GRID
from desktop_rag.places import describe, where

_WAIT_MS = 300
"""Whoever waits for longer is told what for."""


class EvidencePane(QWidget):
    """A header, the view of the file, and a footer with the quote and actions."""

    def __init__(self, mediator: Mediator) -> None:
        super().__init__()
        self.mediator = mediator
        self.evidence: EvidenceLocation | None = None
        self.view: EvidenceView | None = None
        """How it is shown at the moment; None while that is not known yet."""
        self._shown: LoadedEvidence | None = None
        self._trail: list[EvidenceLocation] = []
        self._views: dict[ViewName, EvidenceView] = {}
        self.setMinimumWidth(320)
        self.setAccessibleName(tr("Source"))
        self.title = Elided()
        self.title.setFont(label(bold=True, factor=1.1).font())
        self.place = Elided("", "quiet")
        self.back = tool("back", tr("Back"), self._go_back, keys="Alt+Left")
        self.back.hide()
        close = tool("close", tr("Close the source"), self._close, keys="Esc")
        self.notice = Notice()
        self._waiting = label("", "quiet")
        self._waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._passage = EvidenceReader(tr("The passage as it was read"))
        self._empty = EmptyState("file", tr("Source"), tr("Choose an answer's source or a result to see it here."))
        self._stack = QStackedWidget()
        for page in (self._empty, self._waiting, self._passage):
            self._stack.addWidget(page)
        self.footer = EvidenceFooter(mediator)
        self.footer.failed.connect(lambda said: self._say(said, "bad"))
        self.footer.hide()
        titles = column(spacing=0)
        titles.addWidget(self.title)
        titles.addWidget(self.place)
        head = row(self.back)
        head.addLayout(titles, 1)
        head.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        head.setContentsMargins(2 * GRID, GRID, GRID, GRID)
        inner = column(self, spacing=0)
        inner.addLayout(head)
        inner.addWidget(self.notice)
        inner.addWidget(self._stack, 1)
        inner.addWidget(self.footer)
        self._slow = QTimer(self, singleShot=True, interval=_WAIT_MS)
        self._slow.timeout.connect(lambda: self._waiting.setText(tr("Opening the file…")))
        within = Qt.ShortcutContext.WidgetWithChildrenShortcut
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self, self._close, context=within)
        QShortcut(QKeySequence("Alt+Left"), self, self._go_back, context=within)

    def show_evidence(self, evidence: EvidenceLocation) -> None:
        self._trail = []
        self._begin(evidence)

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop playing what is no longer visible, unless the whole window is minimized."""
        if not event.spontaneous():
            self._leave()
        super().hideEvent(event)

    # --- inside ---

    def _begin(self, evidence: EvidenceLocation) -> None:
        self.evidence = evidence
        self.back.setVisible(bool(self._trail))
        self.title.setText(safe(evidence.title) or safe(evidence.path.replace("\\", "/").rpartition("/")[2]))
        self.place.setText(_place(evidence))
        self.notice.hide()
        self.footer.begin(evidence)
        self.footer.show()
        self._waiting.setText("")
        self._slow.start()
        if self.view is None:
            self._stack.setCurrentWidget(self._waiting)

        def done(shown: LoadedEvidence) -> None:
            if evidence is self.evidence:
                self._show(shown)

        def failed(error: DesktopRagError) -> None:
            if evidence is self.evidence:
                self._say(str(error), "warn")
                self._show_passage(evidence.text or evidence.quote)

        self.mediator.bridge.call(
            "look", lambda client, _: load(client, evidence), self, done, failed, instead="evidence"
        )

    def _show(self, shown: LoadedEvidence) -> None:
        self._slow.stop()
        self.place.setText(_place(shown.evidence, shown))
        self.footer.show_evidence(shown)
        name = view_name(shown)
        if shown.on_disk == "read again" and not shown.cited:
            self._say(tr("This file has changed. The passage is no longer in it."), "warn")
        if shown.on_disk in ("gone", "changed"):
            self._say_not_as_read(shown, name)
            name = name if name in ("mail", "sheet") else "text"
        self._show_in(name, shown)

    def _say_not_as_read(self, shown: LoadedEvidence, name: ViewName) -> None:
        if shown.on_disk == "gone":
            self._say(tr("This file is gone. You see the text that was read from it."), "warn")
        elif name in ("text", "sheet", "mail"):
            self._say(tr("This file has changed since it was read. You see the text as it was then."), "warn")
        else:
            self.notice.say(
                tr("This file has changed since it was read. You see the text as it was then."),
                "warn",
                tr("Show the current file"),
                lambda: self._show_as_is_now(name, shown),
            )

    def _show_as_is_now(self, name: ViewName, shown: LoadedEvidence) -> None:
        self.notice.hide()
        self._show_in(name, shown)

    def _show_in(self, name: ViewName, shown: LoadedEvidence) -> None:
        is_new = name not in self._views
        view = self._view(name)
        if view is not self.view:
            self._leave()
            self.view = view
        self._shown = shown
        self._stack.setCurrentWidget(view)
        if is_new:  # making it took its time: let the window breathe
            QTimer.singleShot(0, view, lambda: self._fill(view, shown))
        else:
            self._fill(view, shown)

    def _fill(self, view: EvidenceView, shown: LoadedEvidence) -> None:
        if self.view is view and self._shown is shown:
            view.show_evidence(shown)

    def _cannot_show(self, view: EvidenceView, why: str) -> None:
        """Show the text that was read instead."""
        shown = self._shown
        if shown is not None and shown.evidence is self.evidence and self.view is view:
            self._say(why, "warn")
            self._show_in("text", shown)

    def _view(self, name: ViewName) -> EvidenceView:
        if name not in self._views:
            made = _MAKERS[name](self.mediator)
            made.inside.connect(self._go_inside)
            made.failed.connect(lambda why: self._cannot_show(made, why))
            self._views[name] = made
            self._stack.addWidget(made)
        return self._views[name]

    def _show_passage(self, text: str) -> None:
        """Show the passage that came with the evidence: the library does not know its file."""
        self._slow.stop()
        self._leave()
        self.footer.quote.hide()
        self._passage.begin()
        span = self._passage.add(text or tr("The passage is no longer available."))
        self._passage.mark([span] if text else [])
        self._stack.setCurrentWidget(self._passage)

    def _leave(self) -> None:
        if self.view is not None:
            self.view.leave()
            self.view = None
            self._stack.setCurrentWidget(self._waiting)

    def _go_inside(self, evidence: EvidenceLocation) -> None:
        if self.evidence is not None:
            self._trail.append(self.evidence)
        self._begin(evidence)

    def _go_back(self) -> None:
        if self._trail:
            self._begin(self._trail.pop())

    def _close(self) -> None:
        self.mediator.evidence_wanted.emit(None)

    def _say(self, text: str, tone: str) -> None:
        self.notice.say(safe(text), "bad" if tone == "bad" else "warn")


def _place(evidence: EvidenceLocation, shown: LoadedEvidence | None = None) -> str:
    """Where it is, in words."""
    document = shown.view.document if shown is not None else evidence.document
    parent = shown.view.parent if shown is not None else evidence.parent
    if document is None:
        name = evidence.path.replace("\\", "/").rpartition("/")[2]
        return safe(", ".join(filter(None, (name, where(evidence.locator)))))
    return safe(describe(document, evidence.path, evidence.locator, parent))


def _pdf(mediator: Mediator) -> EvidenceView:
    from desktop_rag.gui.evidence.pdf_view import PdfView

    return PdfView(mediator)


def _mail(mediator: Mediator) -> EvidenceView:
    from desktop_rag.gui.evidence.mail_view import MailView

    return MailView(mediator)


def _text(mediator: Mediator) -> EvidenceView:
    from desktop_rag.gui.evidence.text_view import TextView

    return TextView(mediator)


def _sheet(mediator: Mediator) -> EvidenceView:
    from desktop_rag.gui.evidence.sheet_view import SheetView

    return SheetView(mediator)


def _picture(mediator: Mediator) -> EvidenceView:
    from desktop_rag.gui.evidence.picture_view import PictureView

    return PictureView(mediator)


def _sound(mediator: Mediator) -> EvidenceView:
    from desktop_rag.gui.evidence.recording_view import RecordingView

    return RecordingView(mediator)


_MAKERS: dict[ViewName, Callable[[Mediator], EvidenceView]] = {
    "pdf": _pdf, "mail": _mail, "text": _text, "sheet": _sheet, "picture": _picture, "sound": _sound,
}  # fmt: skip
"""What makes each view; its libraries are loaded only then."""
