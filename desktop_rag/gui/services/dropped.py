"""What was dropped or pasted: the files it names, and the picture or recording to search by."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData

from desktop_rag.gui.services.mediator import QuerySample

if TYPE_CHECKING:
    from desktop_rag.engine.results import SampleKind

_PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".avif", ".heic", ".heif", ".tif", ".tiff", ".gif", ".bmp", ".svg"}
_SOUNDS = {".mp3", ".wav", ".flac", ".ogg", ".oga", ".opus", ".m4a", ".aac", ".wma"}


def dropped_paths(mime: QMimeData) -> list[Path]:
    """The files and folders of this PC in what is dragged or pasted."""
    return [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]


def sample_kind(path: Path) -> SampleKind | None:
    """What one can search by: a picture, or a recording."""
    suffix = path.suffix.lower()
    return "image" if suffix in _PICTURES else "audio" if suffix in _SOUNDS else None


def sample_of(paths: Sequence[Path]) -> QuerySample | None:
    """The one picture or recording among ``paths``; None for anything else."""
    if len(paths) != 1 or not paths[0].is_file():
        return None
    kind = sample_kind(paths[0])
    return None if kind is None else QuerySample(str(paths[0]), kind)
