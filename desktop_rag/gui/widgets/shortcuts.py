"""All keyboard shortcuts in one table, and the dialog that shows them."""

from __future__ import annotations

from msgspec import Struct
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QFrame, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QWidget

from desktop_rag.gui.widgets.basic import button, column, label, row
from desktop_rag.gui.widgets.formatting import tr
from desktop_rag.gui.widgets.theme import GRID

KEYS: dict[str, tuple[str, ...]] = {
    "ask": ("Ctrl+1",), "search": ("Ctrl+2",), "library": ("Ctrl+3",), "models": ("Ctrl+4",), "settings": ("Ctrl+,",),
    "search everywhere": ("Ctrl+K",), "new question": ("Ctrl+N",), "keys": ("F1", "Ctrl+?"),
}  # fmt: skip
"""The keys that work everywhere in the window, by what they do."""


class KeyBinding(Struct, frozen=True):
    """Keys, any of which does the same, and what that is."""

    keys: tuple[str, ...]
    does: str


def key_groups() -> tuple[tuple[str, tuple[KeyBinding, ...]], ...]:
    """All keys in groups, each with its title."""
    everywhere = (
        KeyBinding(KEYS["search everywhere"], tr("Search all files")),
        KeyBinding(KEYS["new question"], tr("Start a new question")),
        KeyBinding(KEYS["ask"], tr("Ask")),
        KeyBinding(KEYS["search"], tr("Search")),
        KeyBinding(KEYS["library"], tr("Library")),
        KeyBinding(KEYS["models"], tr("Models")),
        KeyBinding(KEYS["settings"], tr("Settings")),
        KeyBinding(("Tab", "Shift+Tab"), tr("Go to the next or previous control")),
        KeyBinding(("Esc",), tr("Stop or close")),
        KeyBinding(KEYS["keys"], tr("Show keyboard shortcuts")),
    )
    asking = (
        KeyBinding(("Enter",), tr("Send the question")),
        KeyBinding(("Shift+Enter",), tr("Start a new line")),
        KeyBinding(("Ctrl+V",), tr("Paste a picture to ask about")),
        KeyBinding(("Esc",), tr("Stop the answer")),
    )
    lists = (
        KeyBinding(("Up", "Down"), tr("Move through results")),
        KeyBinding(("Space",), tr("Preview the result")),
        KeyBinding(("Enter",), tr("Show the result")),
        KeyBinding(("Home", "End"), tr("Go to the first or last result")),
    )
    return ((tr("Everywhere"), everywhere), (tr("Asking"), asking), (tr("Results and lists"), lists))


class KeysDialog(QDialog):
    """The list of all keyboard shortcuts."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Keyboard shortcuts"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        content = QWidget()
        content.setObjectName("content")
        columns = QHBoxLayout(content)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(6 * GRID)
        first, *others = key_groups()
        for groups in ((first,), others):
            down = column(spacing=GRID)
            for title, keys in groups:
                down.addWidget(label(title, factor=1.1, bold=True))
                down.addLayout(_sheet(keys))
                down.addSpacing(2 * GRID)
            down.addStretch()
            columns.addLayout(down, 1)
        area = QScrollArea()
        area.setWidget(content)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setAccessibleName(tr("List of keyboard shortcuts"))
        inner = column(self, margin=3 * GRID, spacing=2 * GRID)
        inner.addWidget(area)
        close = button(tr("Close"), self.accept, kind="next")
        close.setDefault(True)
        inner.addLayout(row(None, close))
        wanted = content.sizeHint()
        self.resize(wanted.width() + 8 * GRID, wanted.height() + 14 * GRID)
        close.setFocus()


def _sheet(keys: tuple[KeyBinding, ...]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(2 * GRID)
    grid.setVerticalSpacing(GRID)
    grid.setColumnStretch(0, 1)
    for line, key in enumerate(keys):
        does = label(key.does)
        caps = [_cap(written) for written in key.keys]
        does.setAccessibleName(f"{key.does}: {', '.join(cap.text() for cap in caps)}")
        grid.addWidget(does, line, 0)
        grid.addLayout(row(None, *caps, spacing=GRID // 2), line, 1)
    return grid


def _cap(written: str) -> QLabel:
    """A key as it is written on the system's keyboards."""
    made = label(QKeySequence(written).toString(QKeySequence.SequenceFormat.NativeText), "quiet", 0.95)
    made.setObjectName("keyCap")
    return made
