"""The setup, shown instead of the pages while the library is empty."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QStackedWidget, QWidget

from desktop_rag.engine.service.client import EngineClient
from desktop_rag.errors import ConfigError, DesktopRagError
from desktop_rag.gui.first_run.ask_step import AskStep
from desktop_rag.gui.first_run.folders_step import FoldersStep
from desktop_rag.gui.first_run.models_step import ModelsStep
from desktop_rag.gui.first_run.stepper import Stepper
from desktop_rag.gui.services.errors import error_text
from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.gui.widgets.basic import Notice, button, column, row
from desktop_rag.gui.widgets.formatting import tr
from desktop_rag.gui.widgets.theme import GRID, text_width

_FOLDERS, _MODELS, _ASK = range(3)


class FirstRun(QWidget):
    """Three steps: folders, models, the first question. Reading starts after the first step and continues. ``finished``
    when the person has asked, is done, or skips the setup."""

    finished = Signal()

    def __init__(self, mediator: Mediator) -> None:
        super().__init__()
        self._mediator = mediator
        self._added: set[Path] = set()
        self.stepper = Stepper((tr("Your files"), tr("Models"), tr("Ask")))
        self.notice = Notice()
        self.folders = FoldersStep()
        self.models = ModelsStep(mediator)
        self.ask = AskStep(mediator)
        self._steps = QStackedWidget()
        for step in (self.folders, self.models, self.ask):
            self._steps.addWidget(_scrolled(step))
        self.skip = button(tr("Skip setup"), self._finish, kind="plain")
        self.back = button(tr("Back"), self._go_back)
        self.next = button(tr("Next"), self._go_on, kind="next")
        self._lay_out()
        self.folders.changed.connect(self._name_buttons)
        self.models.changed.connect(self._name_buttons)
        self.ask.asked.connect(self._on_asked)
        self._show(_FOLDERS)

    @property
    def step(self) -> int:
        """0, 1 or 2."""
        return self._steps.currentIndex()

    # --- inside ---

    def _lay_out(self) -> None:
        head = QWidget()
        top = row(self.stepper)
        top.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        head.setLayout(top)
        foot = QWidget()
        foot.setObjectName("statusLine")
        bottom = row(self.skip, None, self.back, self.next)
        bottom.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        foot.setLayout(bottom)
        down = column(self, spacing=0)
        down.addWidget(head)
        down.addWidget(self.notice)
        down.addWidget(self._steps, 1)
        down.addWidget(foot)

    def _show(self, step: int) -> None:
        if self.step == _ASK and step != _ASK:
            self.ask.end()
        self._steps.setCurrentIndex(step)
        self.stepper.show_step(step)
        self._name_buttons()
        if step == _ASK:
            self.ask.begin()
        elif step == _MODELS:
            self.next.setFocus(Qt.FocusReason.OtherFocusReason)

    def _name_buttons(self) -> None:
        count = len(self.folders.chosen())
        self.back.setEnabled(self.step > _FOLDERS)
        self.skip.setVisible(self.step < _ASK)
        if self.step == _FOLDERS:
            text = tr("Read %n location(s)", count) if count else tr("Next")
        elif self.step == _MODELS:
            text = tr("Not now") if self.models.undecided else tr("Next")
        else:
            text = tr("Done")
        self.next.setText(text)
        self.next.setEnabled(self.step != _FOLDERS or bool(count or self._added))
        # Where a step has a button of its own that is the one thing to do, this one steps back.
        is_next = self.step == _FOLDERS or (self.step == _MODELS and not self.models.undecided)
        self.next.setProperty("kind", "next" if is_next else "")
        self.next.style().polish(self.next)

    def _go_back(self) -> None:
        self._show(self.step - 1)

    def _go_on(self) -> None:
        if self.step == _FOLDERS:
            self._take_up()
        if self.step == _ASK:
            self._finish()
        else:
            self._show(self.step + 1)

    def _take_up(self) -> None:
        """Add the chosen sources to the library, and remove those that are no longer chosen."""
        wanted = set(self.folders.chosen())
        new, gone = wanted - self._added, self._added - wanted
        self._added = wanted
        self.notice.hide()

        def change(client: EngineClient, _call: object) -> None:
            problem: DesktopRagError | None = None
            for path in sorted(gone):
                with suppress(ConfigError):  # it lies in another that is still chosen
                    client.remove_root(path)
            for path in sorted(new):
                try:
                    client.add_root(path)
                except ConfigError as error:
                    problem = error
            if problem is not None:  # said once the others are on their way
                raise problem

        self._mediator.bridge.call("work", change, self, lambda _: self._mediator.bridge.refresh(), self._on_failure)

    def _on_failure(self, error: DesktopRagError) -> None:
        self.notice.say(error_text(error), "bad")

    def _on_asked(self, question: str) -> None:
        self.ask.end()
        self.finished.emit()
        self._mediator.ask_wanted.emit(question, None)

    def _finish(self) -> None:
        self.ask.end()
        self.finished.emit()


def _scrolled(step: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    content = QWidget()
    content.setObjectName("content")
    step.setMaximumWidth(2 * text_width(step))
    across = row(step, spacing=0)
    across.addStretch()
    across.setStretch(0, 1)
    across.setContentsMargins(3 * GRID, GRID, 3 * GRID, 3 * GRID)
    content.setLayout(across)
    area.setWidget(content)
    return area
