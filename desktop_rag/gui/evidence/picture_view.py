"""A picture with a box around what was read or found in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSizeF
from PySide6.QtGui import QImage, QImageReader

from desktop_rag.errors import Damaged, DesktopRagError, FileProblem
from desktop_rag.gui.evidence.base import EvidenceView, LoadedEvidence
from desktop_rag.gui.evidence.canvas import Canvas
from desktop_rag.gui.services.images import decode_image
from desktop_rag.gui.services.mediator import Mediator, region_of
from desktop_rag.gui.widgets.basic import column, label, row
from desktop_rag.gui.widgets.formatting import safe, tr
from desktop_rag.gui.widgets.theme import GRID
from desktop_rag.types import Whole

if TYPE_CHECKING:
    from desktop_rag.engine.service.client import EngineClient

_LONGEST_SIDE = 4_096


class PictureView(EvidenceView):
    """Fits the pane at first."""

    def __init__(self, mediator: Mediator) -> None:
        super().__init__(mediator)
        self._shown: LoadedEvidence | None = None
        self.canvas = Canvas(tr("Picture"), "whole")
        self._about = label("", "quiet", wrap=False)
        bar = row(
            self._about,
            None,
            *self.canvas.zoom_tools(tr("Fit to window")),
            spacing=GRID // 2,
        )
        bar.setContentsMargins(2 * GRID, GRID // 2, GRID, GRID // 2)
        inner = column(self, spacing=0)
        inner.addLayout(bar)
        inner.addWidget(self.canvas, 1)
        self.canvas.zoom_from(self)

    def show_evidence(self, shown: LoadedEvidence) -> None:
        before = self._shown
        self._shown = shown
        self.canvas.setAccessibleName(tr("Picture {name}").format(name=safe(shown.evidence.title)))
        self.canvas.setAccessibleDescription(safe(" ".join(passage.text for passage in shown.cited))[:500])
        if (
            before is not None
            and before.view.document.id == shown.view.document.id
            and not self.canvas.image().isNull()
        ):
            self._mark(shown)
            return
        self.canvas.set_size(QSizeF())
        self._about.setText("")

        def done(image: QImage) -> None:
            if shown is self._shown:
                self.canvas.set_size(QSizeF(image.size()))
                self.canvas.set_image(image)
                self.canvas.fit()
                self._about.setText(tr("{width} × {height} pixels").format(width=image.width(), height=image.height()))  # noqa: RUF001
                self._mark(shown)

        def failed(error: DesktopRagError) -> None:
            if shown is self._shown:
                self.failed.emit(str(error))

        self.mediator.bridge.call("look", lambda client, _: read_image(client, shown), self, done, failed)

    def leave(self) -> None:
        self._shown = None
        self.canvas.set_size(QSizeF())

    def _mark(self, shown: LoadedEvidence) -> None:
        region = region_of(shown.evidence.locator)
        if region is None:
            region = next((found for one in shown.cited if (found := region_of(one.locator)) is not None), None)
        box = None if region is None else QRectF(region.x, region.y, region.width, region.height)
        self.canvas.set_marks([], box)
        if self.canvas.zoom > 1:
            self.canvas.show_mark()


def read_image(client: EngineClient, shown: LoadedEvidence) -> QImage:
    """The picture, upright; not for the main thread. Raises ``FileProblem`` if it cannot be shown."""
    path = Path(shown.view.path)
    image = QImage()
    if not shown.is_inside:
        image = decode_image(QImageReader(str(path)), _LONGEST_SIDE)
    if image.isNull():
        try:
            part = client.part(path, shown.holder or Whole())
        except FileProblem:
            image = _preview(client, shown)
            if image.isNull():
                raise
            return image
        buffer = QBuffer()
        buffer.setData(QByteArray(part.data))
        buffer.open(QIODevice.OpenModeFlag.ReadOnly)
        image = decode_image(QImageReader(buffer), _LONGEST_SIDE)
    if image.isNull():
        image = _preview(client, shown)
    if image.isNull():
        raise Damaged(tr("This picture cannot be shown."), tr("Open it in another program."))
    return image


def _preview(client: EngineClient, shown: LoadedEvidence) -> QImage:
    """The preview that was kept when the picture was read."""
    previews = client.previews([passage.id for passage in shown.view.passages if passage.role == "picture"])
    return QImage.fromData(next(iter(previews.values()), b""))
