"""Previews of the pictures that were found, fetched for visible results only."""

from __future__ import annotations

from collections import OrderedDict

from PySide6.QtCore import QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPixmap

from desktop_rag.engine.service.client import EngineClient
from desktop_rag.gui.services.bridge import EngineBridge
from desktop_rag.types import Hit

SIDE = 320
"""Pixels of the longer side that a preview is kept at."""
_KEPT = 120
_AT_ONCE = 16
_WAITING = 80
"""Those that were scrolled away from longest ago are not fetched any more."""


def is_picture(hit: Hit) -> bool:
    """Whether there is something to see."""
    return hit.document.kind in ("image", "video") or hit.chunk.role == "picture"


class PreviewCache(QObject):
    """``arrived`` when there are more previews. Painting asks for them, so only visible ones are fetched."""

    arrived = Signal()

    def __init__(self, bridge: EngineBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._known: OrderedDict[int, QPixmap | None] = OrderedDict()
        self._wanted: OrderedDict[int, None] = OrderedDict()
        self._fetching = False
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._fetch)

    def get(self, chunk: int) -> QPixmap | None:
        """The picture of a chunk; None when it has none, or is not here yet."""
        if chunk in self._known:
            self._known.move_to_end(chunk)
            return self._known[chunk]
        self._wanted[chunk] = None
        self._wanted.move_to_end(chunk)
        if not self._fetching and not self._soon.isActive():
            self._soon.start()
        return None

    def _fetch(self) -> None:
        while len(self._wanted) > _WAITING:
            self._wanted.popitem(last=False)
        chunks = [self._wanted.popitem()[0] for _ in range(min(_AT_ONCE, len(self._wanted)))]
        if not chunks:
            return
        self._fetching = True
        self._bridge.call(
            "look",
            lambda client, _: _decoded(client, chunks),
            self,
            lambda images: self._keep(chunks, images),
            lambda _: self._keep(chunks, {}),
        )

    def _keep(self, chunks: list[int], images: dict[int, QImage]) -> None:
        self._fetching = False
        for chunk in chunks:
            self._known[chunk] = QPixmap.fromImage(images[chunk]) if chunk in images else None
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)
        self.arrived.emit()
        if self._wanted:
            self._soon.start()


def _decoded(client: EngineClient, chunks: list[int]) -> dict[int, QImage]:
    images = {chunk: QImage.fromData(data) for chunk, data in client.previews(chunks).items()}
    return {
        chunk: image.scaled(
            QSize(SIDE, SIDE), Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        for chunk, image in images.items()
        if not image.isNull()
    }
