"""A mail within its conversation, oldest first; the cited one is open, with the quote marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from desktop_rag.gui.evidence.base import EvidenceView, LoadedEvidence
from desktop_rag.gui.evidence.link_bar import LinkBar
from desktop_rag.gui.evidence.mail_card import MailCard
from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.gui.widgets.basic import button, clear, column
from desktop_rag.gui.widgets.formatting import tr
from desktop_rag.gui.widgets.theme import GRID
from desktop_rag.types import Message

if TYPE_CHECKING:
    from desktop_rag.engine.views import ThreadMail

_AT_ONCE = 12
"""Mails that are shown before, and after, the cited one; more when they are wanted."""


class MailView(EvidenceView):
    """A conversation as cards."""

    def __init__(self, mediator: Mediator) -> None:
        super().__init__(mediator)
        self._shown: LoadedEvidence | None = None
        self._thread: Sequence[ThreadMail] = ()
        self._first = self._last = 0
        self.cards: list[MailCard] = []
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setAccessibleName(tr("Emails in this conversation"))
        content = QWidget()
        content.setObjectName("content")
        self._area.setWidget(content)
        outer = self._outer = column(content, margin=GRID)
        self.earlier = button("", lambda: self._more(before=True), kind="plain", drawing="chevron-up")
        self.later = button("", lambda: self._more(before=False), kind="plain", drawing="chevron-down")
        self._list: QVBoxLayout = column()
        outer.addWidget(self.earlier)
        outer.addLayout(self._list)
        outer.addWidget(self.later)
        outer.addStretch()
        self.links = LinkBar(mediator)
        inner = column(self, spacing=0)
        inner.addWidget(self._area, 1)
        inner.addWidget(self.links)

    def show_evidence(self, shown: LoadedEvidence) -> None:
        self._shown = shown
        self.links.hide()
        document = shown.view.document
        self._thread = shown.view.thread or (_alone(shown),)
        cited = next((at for at, mail in enumerate(self._thread) if mail.document.id == document.id), 0)
        self._first, self._last = max(0, cited - _AT_ONCE), min(len(self._thread), cited + _AT_ONCE + 1)
        clear(self._list)
        self.cards = [self._card(mail) for mail in self._thread[self._first : self._last]]
        for card in self.cards:
            self._list.addWidget(card)
        self._say_more()
        card = self.cards[cited - self._first]
        card.set_attachments(shown.view.attachments)
        card.open(shown.evidence.quote, {passage.id for passage in shown.cited})
        QTimer.singleShot(0, self, lambda: self._scroll_to(card))

    def leave(self) -> None:
        self._shown = None
        self.cards = []
        clear(self._list)

    def _card(self, mail: ThreadMail) -> MailCard:
        return MailCard(self.mediator, mail, self.inside.emit, self.links.ask)

    def _more(self, *, before: bool) -> None:
        bar = self._area.verticalScrollBar()
        if before:
            begin = max(0, self._first - 2 * _AT_ONCE)
            fresh = [self._card(mail) for mail in self._thread[begin : self._first]]
            for at, card in enumerate(fresh):
                self._list.insertWidget(at, card)
            self.cards[:0] = fresh
            self._first = begin
            below = bar.maximum() - bar.value()
            QTimer.singleShot(0, self, lambda: bar.setValue(bar.maximum() - below))
        else:
            end = min(len(self._thread), self._last + 2 * _AT_ONCE)
            fresh = [self._card(mail) for mail in self._thread[self._last : end]]
            for card in fresh:
                self._list.addWidget(card)
            self.cards += fresh
            self._last = end
        self._say_more()

    def _say_more(self) -> None:
        before, after = self._first, len(self._thread) - self._last
        self.earlier.setText(tr("Show earlier emails (%n)", before))
        self.earlier.setVisible(before > 0)
        self.later.setText(tr("Show later emails (%n)", after))
        self.later.setVisible(after > 0)

    def _scroll_to(self, card: MailCard) -> None:
        """Have the card's head seen, and its marked words if they are not far below it."""
        self._outer.activate()
        bar, height = self._area.verticalScrollBar(), self._area.viewport().height()
        top, mark = card.y(), card.y() + card.mark_top()
        bar.setValue(round(top - GRID if mark - top < height * 0.7 else mark - height / 3))


def _alone(shown: LoadedEvidence) -> ThreadMail:
    from desktop_rag.engine.views import ThreadMail

    view = shown.view
    return ThreadMail(view.document, view.path, shown.holder or Message(1), view.passages)
