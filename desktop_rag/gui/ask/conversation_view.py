"""The questions and answers of one conversation."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QWidget
from shiboken6 import isValid

from desktop_rag.gui.ask.turn import TurnView
from desktop_rag.gui.widgets.basic import clear, column
from desktop_rag.gui.widgets.formatting import tr
from desktop_rag.gui.widgets.theme import GRID


class ConversationView(QScrollArea):
    """Follows a growing answer as long as its question is visible; otherwise stays where the person has scrolled to."""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("Conversation"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        content = QWidget()
        content.setObjectName("content")
        self._column = column(spacing=GRID)
        self._room = QWidget()
        self._followed: TurnView | None = None
        outer = QHBoxLayout(content)
        outer.setContentsMargins(GRID, GRID, GRID, GRID)
        outer.addStretch(1)
        inner = column(spacing=0)
        inner.addLayout(self._column)
        inner.addWidget(self._room)
        inner.addStretch(1)
        outer.addLayout(inner, 100)
        outer.addStretch(1)
        self.setWidget(content)

    def turns(self) -> list[TurnView]:
        items = (self._column.itemAt(at) for at in range(self._column.count()))
        found = (item.widget() for item in items if item is not None)
        return [turn for turn in found if isinstance(turn, TurnView)]

    def add(self, turn: TurnView) -> int:
        """Put a turn at the end; returns its number, from 0."""
        number = len(self.turns())
        self._column.addWidget(turn)
        return number

    def clear(self) -> None:
        self._followed = None
        self._make_room()
        clear(self._column)

    def show_end(self) -> None:
        """Once everything is laid out, the last question at the top."""
        turns = self.turns()
        if turns:
            QTimer.singleShot(0, lambda: self._show_top(turns[-1]))

    def follow(self, turn: TurnView) -> None:
        """Bring a new question to the top, where its answer has all of the room below."""
        if self._followed is not None and isValid(self._followed):
            self._followed.removeEventFilter(self)
        self._followed = turn
        turn.installEventFilter(self)
        self._make_room()
        QTimer.singleShot(0, lambda: self._show_top(turn))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self._followed:
            self._make_room()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """Leave enough space below the last answer that its question can be at the top."""
        last = self._followed
        room = self.viewport().height() - last.height() - 2 * GRID if last is not None and isValid(last) else 0
        self._room.setFixedHeight(max(0, room))

    def _show_top(self, turn: TurnView) -> None:
        if turn in self.turns():
            self.verticalScrollBar().setValue(turn.y() - GRID)
