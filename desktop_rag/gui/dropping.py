"""What happens to what is dropped on the window: said, over all of the window, before it is let go."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, Qt
from PySide6.QtWidgets import QFrame, QWidget

from desktop_rag.gui.desk import Sample
from desktop_rag.gui.theme import GRID
from desktop_rag.gui.widgets import column, label
from desktop_rag.gui.words import safe, tr

if TYPE_CHECKING:
    from desktop_rag.engine.api import SampleKind

_PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".avif", ".heic", ".heif", ".tif", ".tiff", ".gif", ".bmp", ".svg"}
_SOUNDS = {".mp3", ".wav", ".flac", ".ogg", ".oga", ".opus", ".m4a", ".aac", ".wma"}


def dropped_paths(mime: QMimeData) -> list[Path]:
    """The files and folders of this PC in what is dragged."""
    return [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]


def sample_kind(path: Path) -> SampleKind | None:
    """What one can search by: a picture, or a recording."""
    suffix = path.suffix.lower()
    return "image" if suffix in _PICTURES else "audio" if suffix in _SOUNDS else None


def sample_of(paths: Sequence[Path]) -> Sample | None:
    """The one picture or recording that is dragged."""
    if len(paths) != 1 or not paths[0].is_file():
        return None
    kind = sample_kind(paths[0])
    return None if kind is None else Sample(str(paths[0]), kind)


class Veil(QFrame):
    """Covers the window while something is dragged over it. On the left half, what is dropped is added; a picture or
    a recording is searched by on the right one."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("veil")
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
        title, more = in_words(paths, search=search)
        self._title.setText(title)
        self._more.setText(more)
        around = self.parentWidget()
        if around is not None:
            self.setGeometry(around.rect().adjusted(GRID, GRID, -GRID, -GRID))
        self.raise_()
        self.show()


def in_words(paths: Sequence[Path], *, search: bool) -> tuple[str, str]:
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
    return title, tr("It stays where it is. Desktop RAG reads it, and keeps reading it when it changes.")
