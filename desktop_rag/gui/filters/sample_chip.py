"""The picture or recording that a question or a search is about."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QImage, QImageReader, QPixmap
from PySide6.QtWidgets import QFrame, QLabel

from desktop_rag.gui.services.bridge import EngineBridge
from desktop_rag.gui.services.images import decode_image
from desktop_rag.gui.services.mediator import QuerySample
from desktop_rag.gui.widgets.basic import Elided, row, tool
from desktop_rag.gui.widgets.formatting import safe
from desktop_rag.gui.widgets.icons import pixmap
from desktop_rag.gui.widgets.theme import GRID

_SIDE = 40


class SampleChip(QFrame):
    """A small picture, a name, and a button called ``remove`` to do without it; hidden while there is none."""

    removed = Signal()

    def __init__(self, bridge: EngineBridge, remove: str) -> None:
        super().__init__()
        self.setObjectName("card")
        self._bridge = bridge
        self.sample: QuerySample | None = None
        self._picture = QLabel()
        self._picture.setFixedSize(QSize(_SIDE, _SIDE))
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._name = Elided()
        line = row(self._picture, self._name, tool("close", remove, self.removed.emit))
        line.setContentsMargins(GRID // 2, GRID // 2, GRID // 2, GRID // 2)
        line.setStretch(1, 1)
        self.setLayout(line)
        self.setMaximumWidth(self.fontMetrics().averageCharWidth() * 56)
        self.hide()

    def set_sample(self, sample: QuerySample | None, words: str = "") -> None:
        """``words`` are shown in place of the file's name."""
        self.sample = sample
        self.setVisible(sample is not None)
        if sample is None:
            return
        drawing = {"image": "image", "audio": "audio"}.get(sample.kind, "file")
        self._picture.setPixmap(pixmap(drawing, 24, "quiet", self.devicePixelRatioF()))
        self._name.setText(words or safe(Path(sample.path).name))
        self._picture.setAccessibleName(self._name.full_text())
        if sample.kind == "image":
            path, side = sample.path, round(_SIDE * self.devicePixelRatioF())
            self._bridge.call(
                "look",
                lambda _client, _call: decode_image(QImageReader(path), side),
                self,
                lambda image: self._show(sample, image),
            )

    def _show(self, sample: QuerySample, image: QImage) -> None:
        if sample is self.sample and not image.isNull():
            image.setDevicePixelRatio(self.devicePixelRatioF())
            self._picture.setPixmap(QPixmap.fromImage(image))
