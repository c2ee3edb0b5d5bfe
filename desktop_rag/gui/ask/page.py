"""The Ask page: past conversations, the current one, and the composer."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget, QWidget

from desktop_rag.engine.events import Changed
from desktop_rag.gui.ask.composer import Composer
from desktop_rag.gui.ask.conversation_list import ConversationList
from desktop_rag.gui.ask.conversation_view import ConversationView
from desktop_rag.gui.ask.turn import TurnView
from desktop_rag.gui.services.mediator import Mediator, QuerySample
from desktop_rag.gui.services.preferences import ASK_SPLIT
from desktop_rag.gui.widgets.basic import EmptyState, clear, column, label
from desktop_rag.gui.widgets.chips import chip
from desktop_rag.gui.widgets.formatting import tr
from desktop_rag.gui.widgets.theme import GRID, text_width

if TYPE_CHECKING:
    from desktop_rag.engine.results import Status
    from desktop_rag.engine.service.client import EngineClient
    from desktop_rag.errors import DesktopRagError
    from desktop_rag.gui.services.bridge import BridgeCall
    from desktop_rag.types import Answer, Turn

_SUGGESTED = 4


class AskPage(QWidget):
    """Answers one question at a time; asking another one stops the answer in progress."""

    def __init__(self, mediator: Mediator) -> None:
        super().__init__()
        self._mediator = mediator
        self._conversation: int | None = None
        self._call: BridgeCall | None = None
        self.conversations = ConversationList(mediator)
        self.thread_view = ConversationView()
        self.composer = Composer(mediator)
        self._suggested = column(spacing=GRID // 2)
        self._middle = QStackedWidget()
        self._middle.addWidget(self._beginning())
        self._middle.addWidget(self.thread_view)
        talk = QWidget()
        down = column(talk)
        down.addWidget(self._middle, 1)
        down.addLayout(_centred(self.composer))
        down.addSpacing(GRID)
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.addWidget(self.conversations)
        self._split.addWidget(talk)
        self._split.setStretchFactor(1, 1)
        self._split.setCollapsible(1, False)
        state = mediator.settings.value(ASK_SPLIT)
        if not isinstance(state, QByteArray) or not self._split.restoreState(state):
            self._split.setSizes([220, 800])
        self._split.splitterMoved.connect(lambda *_: mediator.settings.setValue(ASK_SPLIT, self._split.saveState()))
        column(self, spacing=0).addWidget(self._split)
        self.conversations.chosen.connect(self._choose)
        self.conversations.gone.connect(lambda _: self._begin_anew())
        self.composer.sent.connect(self.ask)
        self.composer.stopped.connect(self.stop)
        self.setFocusProxy(self.composer.field)
        mediator.bridge.connected.connect(self._suggest)
        mediator.bridge.event_received.connect(self._on_event)
        mediator.bridge.status_changed.connect(self._on_status)
        if mediator.bridge.is_connected:
            self.conversations.refresh()
            self._suggest()
        if mediator.bridge.status is not None:
            self._on_status(mediator.bridge.status)

    # --- what can be asked of it ---

    def begin(self, question: str, sample: QuerySample | None) -> None:
        """A new conversation, with its first question if there is one."""
        self._begin_anew()
        if question or sample is not None:
            self.ask(question, sample)
        self.composer.field.setFocus()

    def ask(self, question: str, sample: QuerySample | None = None) -> TurnView:
        """Ask, in the conversation that is open."""
        self.stop()
        turn = self._add_turn(question, sample)
        turn.begin()
        conversation, filters = self._conversation, self.composer.filters()

        def work(client: EngineClient, call: BridgeCall) -> Answer:
            hearing = client.listening(on_event=lambda event: call.tell(turn.hear, event), stop=call.stop)
            return hearing.ask(
                question,
                filters=filters,
                like=None if sample is None else Path(sample.path),
                like_kind="any" if sample is None else sample.kind,
                conversation=conversation,
                remember=True,
            )

        self._call = self._mediator.bridge.call(
            "ask", work, turn, lambda answer: self._answered(turn, answer), lambda error: self._failed(turn, error)
        )
        self.composer.set_busy(True)
        self._middle.setCurrentWidget(self.thread_view)
        self.thread_view.follow(turn)
        return turn

    def stop(self) -> None:
        """End the answer that is being written; what there is of it stays."""
        if self._call is not None:
            self._call.stop.set()

    def suggested(self) -> int:
        """How many questions are suggested at the moment."""
        return self._suggested.count()

    @property
    def is_answering(self) -> bool:
        return self._call is not None

    # --- inside ---

    def _beginning(self) -> QWidget:
        page = QWidget()
        self._hint = label("", "quiet", wrap=True)
        self._hint.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        empty = EmptyState(
            "ask", tr("Ask about your files"),
            tr("Answers come from your own files, and every answer shows its sources. Nothing leaves this PC."),
        )  # fmt: skip
        suggested = QWidget()
        suggested.setLayout(self._suggested)
        empty.add_below(suggested)
        inner = column(page)
        inner.addWidget(empty, 1)
        inner.addWidget(self._hint)
        return page

    def _on_status(self, status: Status) -> None:
        self._hint.setText("" if status.roots else tr("No files yet. Drag a folder onto this window to add it."))

    def _on_event(self, event: object) -> None:
        if isinstance(event, Changed) and not self._suggested.count():
            self._suggest()

    def _suggest(self) -> None:
        self._mediator.bridge.call(
            "look", lambda client, _: client.suggestions(_SUGGESTED), self, self._show_suggested, instead="suggestions"
        )

    def _show_suggested(self, questions: Sequence[str]) -> None:
        clear(self._suggested)
        for question in questions:
            made = chip(question, partial(self.ask, question))
            made.setToolTip(tr("Ask this"))
            self._suggested.addWidget(made, 0, Qt.AlignmentFlag.AlignHCenter)

    def _choose(self, number: int | None) -> None:
        self._leave()
        if number is None:
            self._begin_anew()
            self.composer.field.setFocus()
            return
        self._conversation = number
        self._mediator.bridge.call(
            "look", lambda client, _: client.turns(number), self, lambda turns: self._show_turns(number, turns),
            self._not_shown, instead="turns",
        )  # fmt: skip

    def _show_turns(self, number: int, turns: Sequence[Turn]) -> None:
        if number != self._conversation:
            return
        self.thread_view.clear()
        for turn in turns:
            view = self._add_turn(turn.question, None)
            view.complete(turn.answer, turn.rating)
        self._middle.setCurrentWidget(self.thread_view)
        self.thread_view.show_end()

    def _leave(self) -> None:
        """Stop the answer in progress; what there is of it is kept in its conversation."""
        self.stop()
        self._call = None
        self.composer.set_busy(False)

    def _begin_anew(self) -> None:
        self._leave()
        self._conversation = None
        self.conversations.set_current(None)
        self.thread_view.clear()
        self._middle.setCurrentIndex(0)
        self._suggest()

    def _add_turn(self, question: str, sample: QuerySample | None) -> TurnView:
        turn = TurnView(self._mediator, question, sample)
        number = self.thread_view.add(turn)
        turn.retry.connect(lambda again: self.ask(again, sample))
        turn.rated.connect(lambda rating: self._rate(turn, number, rating))
        return turn

    def _answered(self, turn: TurnView, answer: Answer) -> None:
        self._end(turn)
        turn.complete(answer)
        if answer.conversation is not None and turn in self.thread_view.turns():
            self._conversation = answer.conversation
            self.conversations.set_current(answer.conversation)
        self.conversations.refresh()

    def _failed(self, turn: TurnView, error: DesktopRagError) -> None:
        self._end(turn)
        turn.fail(error)

    def _end(self, turn: TurnView) -> None:
        if self._call is not None and self._call.owner is turn:  # else another question was asked meanwhile
            self._call = None
            self.composer.set_busy(False)

    def _rate(self, turn: TurnView, number: int, rating: int) -> None:
        conversation = turn.answer.conversation if turn.answer is not None else None
        if conversation is None:
            conversation = self._conversation
        if conversation is not None:
            chosen = conversation
            self._mediator.bridge.call("look", lambda client, _: client.rate(chosen, number, rating), turn)

    def _not_shown(self, error: DesktopRagError) -> None:
        self._mediator.message.emit(error.message)
        self._begin_anew()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.is_answering:
            self.stop()
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.composer.field.setFocus()


def _centred(part: QWidget) -> QHBoxLayout:
    """In the middle, no wider than what is easily read."""
    part.setMaximumWidth(round(text_width(part) * 1.15) + 4 * GRID)
    made = QHBoxLayout()
    made.setContentsMargins(2 * GRID, 0, 2 * GRID, 0)
    made.addStretch(1)
    made.addWidget(part, 100)
    made.addStretch(1)
    return made
