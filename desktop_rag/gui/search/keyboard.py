"""Keyboard navigation between the search field and the results."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Qt, QTimer

from desktop_rag.gui.search.actions import HitActions
from desktop_rag.gui.search.result_view import ResultView
from desktop_rag.gui.search.search_field import SearchField
from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.types import Hit

_WALKING_MS = 120
"""One who walks on sooner has not looked at what was passed."""


class KeyboardNavigator(QObject):
    """Connects the field with the ``views`` of the results; ``view`` is the visible one."""

    def __init__(
        self,
        mediator: Mediator,
        field: SearchField,
        views: Sequence[ResultView],
        view: Callable[[], ResultView],
        actions: HitActions,
    ) -> None:
        super().__init__(field)
        self._mediator = mediator
        self._field = field
        self._view = view
        self._actions = actions
        self._peeking = False
        self._awaited = False
        self._entered: bool | None = None
        self._walking = QTimer(self, singleShot=True, interval=_WALKING_MS)
        self._walking.timeout.connect(self._look_at_selected)
        field.went_down.connect(self._go_down)
        field.entered.connect(self._enter)
        for one in views:
            one.chosen.connect(actions.show)
            one.started.connect(actions.open)
            one.peeked.connect(self._peek)
            one.walked.connect(self._walk)
            one.left_upwards.connect(self.go_up)
            one.escaped.connect(self._leave_list)
            one.typed.connect(self._go_on_typing)
        mediator.evidence_wanted.connect(self._on_evidence)

    def wait_for_results(self, awaited: bool) -> None:
        """What is shown was found for something else: Enter waits for the results of what was typed."""
        self._awaited = awaited
        self._entered = None

    def on_results(self) -> None:
        """The results are those of what was typed."""
        self._awaited = False
        if self._entered is not None:
            self._enter(self._entered)

    def go_up(self) -> None:
        """Into the field."""
        self._field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _go_down(self) -> None:
        view = self._view()
        if view.model().rowCount():
            view.setFocus(Qt.FocusReason.TabFocusReason)
            if view.selected() is None:
                view.select(0)

    def _enter(self, with_program: bool) -> None:
        """Enter in the field: the selected result, or the best one, as soon as it is there."""
        if self._awaited:
            self._entered = with_program
            return
        self._entered = None
        hit = self._view().selected() or self._view().select(0)
        if hit is not None:
            (self._actions.open if with_program else self._actions.show)(hit)

    def _leave_list(self) -> None:
        if self._peeking:
            self._mediator.evidence_wanted.emit(None)
        else:
            self.go_up()

    def _go_on_typing(self, text: str) -> None:
        self.go_up()
        self._field.end(False)
        if text:
            self._field.insert(text)
        else:
            self._field.backspace()

    def _peek(self, hit: Hit) -> None:
        """Preview the result and those selected next, with the focus in the list; a second time ends that."""
        if self._peeking:
            self._mediator.evidence_wanted.emit(None)
        else:
            self._peeking = True
            self._actions.show(hit)

    def _walk(self, _hit: Hit) -> None:
        if self._peeking:
            self._walking.start()

    def _look_at_selected(self) -> None:
        hit = self._view().selected()
        if self._peeking and hit is not None:
            self._actions.show(hit)

    def _on_evidence(self, evidence: object) -> None:
        if evidence is None:
            self._peeking = False
