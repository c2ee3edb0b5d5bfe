"""One question with its answer, from the search to the last word."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QToolButton, QWidget

from desktop_rag.gui.ask.answer import AnswerView, plain_text
from desktop_rag.gui.services.mediator import Mediator, QuerySample
from desktop_rag.gui.widgets.basic import Notice, column, label, row, tool
from desktop_rag.gui.widgets.formatting import tr
from desktop_rag.gui.widgets.theme import GRID, text_width
from desktop_rag.types import Answer, Retrieved, Token

if TYPE_CHECKING:
    from desktop_rag.errors import DesktopRagError
    from desktop_rag.types import AnswerEvent

_SAY_AFTER_MS = 300
_QUOTED = "extractive"
NOTHING = "nothing found"


class TurnView(QFrame):
    """``retry`` with the question to ask it again; ``rated`` with 1, 0 or -1."""

    retry = Signal(str)
    rated = Signal(int)
    grew = Signal()

    def __init__(self, mediator: Mediator, question: str, sample: QuerySample | None = None) -> None:
        super().__init__()
        self._mediator = mediator
        self.question = question
        self.answer: Answer | None = None
        self.setMaximumWidth(round(text_width(self) * 1.15) + 4 * GRID)
        asked = question or (tr("What looks or sounds like this?") if sample is not None else "")
        self._question = label(asked, factor=1.2, bold=True, wrap=True)
        self._question.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._doing = label("", "quiet")
        self._doing.hide()
        self.view = AnswerView(mediator)
        self._note = label("", "quiet", 0.95, wrap=True)
        self._note.hide()
        self.problem = Notice()
        self._good = _thumb("up", tr("Good answer"), lambda: self._rate(1))
        self._bad = _thumb("down", tr("Bad answer"), lambda: self._rate(-1))
        self._actions = QWidget()
        line = row(
            tool("copy", tr("Copy with sources"), self.copy), tool("retry", tr("Ask again"), self._ask_again),
            self._good, self._bad, None, spacing=2,
        )  # fmt: skip
        self._actions.setLayout(line)
        self._actions.hide()
        inner = column(self, margin=2 * GRID)
        for part in (self._question, self._doing, self.view, self._note, self.problem, self._actions):
            inner.addWidget(part)
        inner.addStretch(1)
        self._soon = QTimer(self, singleShot=True, interval=_SAY_AFTER_MS)
        self._soon.timeout.connect(lambda: self._say_doing(tr("Searching your files…")))

    # --- an answer that is being made ---

    def begin(self) -> None:
        self._soon.start()

    def hear(self, event: AnswerEvent) -> None:
        match event:
            case Retrieved(hits=hits):
                self.view.begin()
                self._say_doing(tr("Reading %n passage(s)…", len(hits)) if hits else "")
            case Token(text=text):
                self._say_doing("")
                self.view.text.add(text)
                self.grew.emit()

    def complete(self, answer: Answer, rating: int = 0) -> None:
        """Show an answer that is done."""
        self._say_doing("")
        self.answer = answer
        self.view.complete(answer)
        self.setProperty("nothing", answer.mode == NOTHING)
        self.style().polish(self)
        self._note.setText(note_on(answer))
        self._note.setVisible(bool(self._note.text()))
        self._actions.show()
        self._good.setChecked(rating > 0)
        self._bad.setChecked(rating < 0)
        self.grew.emit()

    def fail(self, error: DesktopRagError) -> None:
        self._say_doing("")
        self.problem.say(str(error), "bad", tr("Try again"), self._ask_again)
        self.grew.emit()

    # --- inside ---

    def copy(self) -> None:
        if self.answer is not None:
            QGuiApplication.clipboard().setText(plain_text(self.answer))
            self._mediator.message.emit(tr("Copied with sources"))

    def _say_doing(self, text: str) -> None:
        self._soon.stop()
        self._doing.setText(text)
        self._doing.setVisible(bool(text))

    def _ask_again(self) -> None:
        self.retry.emit(self.question)

    def _rate(self, rating: int) -> None:
        pressed, other = (self._good, self._bad) if rating > 0 else (self._bad, self._good)
        other.setChecked(False)
        self.rated.emit(rating if pressed.isChecked() else 0)


def note_on(answer: Answer) -> str:
    """The note below an answer: how it came about, and how the question was understood."""
    said = [answer.note] if answer.note else []
    if answer.asked:
        said.append(tr("Understood as: {question}").format(question=answer.asked))
    elif answer.understood and not answer.note:
        said.append(tr("Searched {where}.").format(where=", ".join(answer.understood)))
    if answer.stopped:
        said.append(tr("Stopped early."))
    if answer.mode == _QUOTED and not answer.stopped:
        said.append(tr("Quoted word for word from your files."))
    elif answer.usage is not None:
        said.append(tr("Written by {model} from your files.").format(model=answer.usage.model))
    return " ".join(said)


def _thumb(drawing: str, name: str, press: Callable[[], object]) -> QToolButton:
    made = tool(drawing, name)
    made.setCheckable(True)
    made.clicked.connect(lambda: press())
    return made
