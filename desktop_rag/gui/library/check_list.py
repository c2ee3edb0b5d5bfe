"""The results of a check of the library, in plain words."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from desktop_rag.engine.results import Check
from desktop_rag.gui.services.errors import advice
from desktop_rag.gui.widgets.basic import clear, column, label, row
from desktop_rag.gui.widgets.formatting import safe, tr, wrappable
from desktop_rag.gui.widgets.icons import pixmap
from desktop_rag.gui.widgets.theme import GRID, theme

_NAMES = {
    "versions": "Desktop RAG is complete",
    "disk": "There is enough disk space",
    "catalog": "The stored text is intact",
    "embedding model": "Search by meaning works",
    "installed models": "The installed models are intact",
    "folders": "All your folders can be reached",
    "connections": "Nothing tried to reach the internet",
    "vectors": "Everything that was read can be searched",
}
"""What each check of the engine makes sure of."""
_WRONG = {
    "versions": "A part of Desktop RAG is missing",
    "disk": "The disk is almost full",
    "catalog": "The stored text is damaged",
    "embedding model": "Search by meaning does not work",
    "installed models": "An installed model is damaged",
    "folders": "Some of your folders cannot be reached",
    "connections": "Something tried to reach the internet and was blocked",
    "vectors": "Not everything that was read can be searched",
}
REPAIRED = {"embedding model", "vectors"}
"""What a repair can help with."""
_SIDE = 18


def verdict(checks: Sequence[Check]) -> str:
    wrong = sum(not check.ok for check in checks)
    return tr("%n problem(s) found.", wrong) if wrong else tr("no problems found.")


class CheckList(QWidget):
    """One line for each check, with what to do about a problem; empty before the first check."""

    def __init__(self) -> None:
        super().__init__()
        self._lines = column(self)
        self._lines.setContentsMargins(0, GRID, 0, 0)
        self._checks: Sequence[Check] = ()
        theme().changed.connect(self._show_again)
        self.hide()

    def _show_again(self) -> None:
        self.show_checks(self._checks)

    def show_checks(self, checks: Sequence[Check]) -> None:
        self._checks = checks
        clear(self._lines)
        for check in checks:
            self._lines.addLayout(self._line(check))
        self.setVisible(bool(checks))

    def _line(self, check: Check) -> QHBoxLayout:
        mark = QLabel()
        mark.setPixmap(
            pixmap("check" if check.ok else "close", _SIDE, "good" if check.ok else "bad", self.devicePixelRatioF())
        )
        mark.setAccessibleName(tr("OK") if check.ok else tr("Problem"))
        title = tr((_NAMES if check.ok else _WRONG).get(check.name, check.name))
        text = title
        if not check.ok:
            remedy = tr("Choose “Repair” to fix it.") if check.name in REPAIRED else advice(check.hint)
            text = f"{title}: {wrappable(check.detail).rstrip('.')}. {remedy}".strip()
        words = label(text, "" if check.ok else "bad", wrap=True)
        words.setToolTip(safe(check.detail))
        line = row(mark, words)
        line.setStretch(1, 1)
        line.setAlignment(mark, Qt.AlignmentFlag.AlignTop)
        return line
