"""Shows over the whole window what dropping something will do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QWidget

from desktop_rag.gui.services.dropped import sample_of
from desktop_rag.gui.widgets.basic import column, label
from desktop_rag.gui.widgets.formatting import safe, tr
from desktop_rag.gui.widgets.theme import GRID


class DropOverlay(QFrame):
    """Covers the window while something is dragged over it. Dropping on the left half adds it to the library; dropping
    a picture or recording on the right half searches with it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("dropOverlay")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._title = label("", factor=1.6, bold=True, wrap=True)
        self._title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._more = label("", "quiet", 1.1, wrap=True)
        self._more.setAlignment(Qt.AlignmentFlag.AlignCenter)
        inner = column(self, margin=4 * GRID)
        inner.addStretch()
        inner.addWidget(self._title)
        inner.addWidget(self._more)
        inner.addStretch()
        self.hide()

    def say(self, paths: Sequence[Path], *, search: bool) -> None:
        """What is going to be done with these."""
        title, more = describe_drop(paths, search=search)
        self._title.setText(title)
        self._more.setText(more)
        around = self.parentWidget()
        if around is not None:
            self.setGeometry(around.rect().adjusted(GRID, GRID, -GRID, -GRID))
        self.raise_()
        self.show()


def describe_drop(paths: Sequence[Path], *, search: bool) -> tuple[str, str]:
    """What dropping these does, as a title and a sentence."""
    sample = sample_of(paths)
    if search and sample is not None:
        what = tr("Search with this picture") if sample.kind == "image" else tr("Search with this recording")
        return what, tr("Drop it on the left half of the window to add it to your library instead.")
    if len(paths) == 1:
        title = tr("Add “{name}” to your library").format(name=safe(paths[0].name) or safe(str(paths[0])))
    else:
        title = tr("Add %n item(s) to your library", len(paths))
    if sample is not None:
        return title, tr("Drop it on the right half of the window to search with it instead.")
    return title, tr("It stays where it is. Desktop RAG reads it and keeps up with changes.")
