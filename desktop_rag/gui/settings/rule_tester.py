"""Tells which rule excludes a file."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QLineEdit, QWidget

from desktop_rag.engine.results import Explanation
from desktop_rag.errors import DesktopRagError
from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.gui.widgets.basic import Tone, button, column, label, row
from desktop_rag.gui.widgets.formatting import tr

_COMMAND = re.compile(r"\s*[^.\n]*: desktop-rag .*", re.DOTALL)
"""The command that would change it: the page has fields for that."""


class RuleTester(QWidget):
    """A field for a path, and what the engine says about that file."""

    def __init__(self, mediator: Mediator) -> None:
        super().__init__()
        self._mediator = mediator
        self.field = QLineEdit()
        self.field.setPlaceholderText(tr("File path"))
        self.field.setAccessibleName(tr("File to check"))
        self.field.returnPressed.connect(self._ask)
        self.choose = button(tr("Choose…"), self._choose)
        self.test = button(tr("Check"), self._ask)
        self.said = label("", wrap=True)
        self.said.hide()
        inner = column(self)
        line = row(self.field, self.choose, self.test)
        line.setStretch(0, 1)
        inner.addLayout(line)
        inner.addWidget(self.said)

    def _choose(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, tr("Choose a file"), self.field.text())
        if path:
            self.field.setText(path)
            self._ask()

    def _ask(self) -> None:
        named = self.field.text().strip()
        if not named:
            return
        path = Path(named)
        self._mediator.bridge.call(
            "look", lambda client, _: client.why(path), self, self._on_told, self._on_failure, instead="why"
        )

    def _on_told(self, told: Explanation) -> None:
        self._say(_COMMAND.sub("", told.reason))

    def _on_failure(self, error: DesktopRagError) -> None:
        self._say(str(error), "bad")

    def _say(self, text: str, tone: Tone = "") -> None:
        self.said.setText(text)
        self.said.setProperty("tone", tone)
        self.said.style().polish(self.said)
        self.said.show()
