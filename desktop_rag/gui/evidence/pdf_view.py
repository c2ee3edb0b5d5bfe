"""Pages of a PDF, with the region or quote marked. Only the visible page is drawn."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, QSize, QTimer
from PySide6.QtGui import QImage
from PySide6.QtPdf import QPdfDocument, QPdfDocumentRenderOptions, QPdfPageRenderer

from desktop_rag.errors import DesktopRagError
from desktop_rag.gui.evidence.base import EvidenceView, LoadedEvidence
from desktop_rag.gui.evidence.canvas import Canvas
from desktop_rag.gui.evidence.quote_matching import find_quote, innermost
from desktop_rag.gui.services.mediator import Mediator, region_of
from desktop_rag.gui.widgets.basic import column, label, row, tool
from desktop_rag.gui.widgets.formatting import tr
from desktop_rag.gui.widgets.theme import GRID
from desktop_rag.types import Locator, Page

_MOST_PIXELS = 10_000_000
_MOST_OF_A_PAGE = 0.7
_SETTLED_MS = 120
"""A page is drawn sharp again when its size has not changed for so long."""


class PdfView(EvidenceView):
    """One page at a time."""

    def __init__(self, mediator: Mediator) -> None:
        super().__init__(mediator)
        self._shown: LoadedEvidence | None = None
        self._document: QPdfDocument | None = None
        self._renderer: QPdfPageRenderer | None = None
        self._buffer: QBuffer | None = None
        self._wanted: tuple[int, QSize] | None = None
        self.page = 0
        self.canvas = Canvas(tr("Page"), "width", paper=True)
        self.canvas.turned.connect(lambda by: self._turn(by, from_end=by < 0))
        self._settled = QTimer(self, singleShot=True, interval=_SETTLED_MS)
        self._settled.timeout.connect(self._draw)
        self.canvas.rescaled.connect(self._settled.start)
        self.previous = tool("chevron-up", tr("Previous page"), lambda: self._turn(-1), keys="Page up")
        self.next = tool("chevron-down", tr("Next page"), lambda: self._turn(1), keys="Page down")
        self.number = label("", "quiet")
        bar = row(
            self.previous,
            self.next,
            self.number,
            None,
            *self.canvas.zoom_tools(tr("Fit width")),
            spacing=GRID // 2,
        )
        bar.setContentsMargins(GRID, GRID // 2, GRID, GRID // 2)
        inner = column(self, spacing=0)
        inner.addLayout(bar)
        inner.addWidget(self.canvas, 1)
        self.canvas.zoom_from(self)

    def show_evidence(self, shown: LoadedEvidence) -> None:
        before = self._shown
        self._shown = shown
        if before is not None and self._document is not None and _same_file(before, shown):
            self._show_place()
            return
        self._close()
        self.number.setText("")
        if not shown.is_inside:
            self._open(shown, None)
            return
        path, holder = Path(shown.view.path), shown.holder

        def done(data: bytes) -> None:
            if shown is self._shown:
                self._open(shown, data)

        def failed(error: DesktopRagError) -> None:
            if shown is self._shown:
                self.failed.emit(str(error))

        assert holder is not None
        self.mediator.bridge.call("look", lambda client, _: client.part(path, holder).data, self, done, failed)

    def leave(self) -> None:
        self._shown = None
        self._close()

    # --- the document ---

    def _open(self, shown: LoadedEvidence, data: bytes | None) -> None:
        document = QPdfDocument(self)
        if data is None:
            error = document.load(shown.view.path)
        else:
            self._buffer = QBuffer(self)
            self._buffer.setData(QByteArray(data))
            self._buffer.open(QIODevice.OpenModeFlag.ReadOnly)
            document.load(self._buffer)
            error = document.error()
        if error != QPdfDocument.Error.None_ or document.pageCount() == 0:
            document.deleteLater()
            locked = error in (QPdfDocument.Error.IncorrectPassword, QPdfDocument.Error.UnsupportedSecurityScheme)
            self.failed.emit(
                tr("This file is protected by a password, so its pages cannot be shown here.")
                if locked
                else tr("The pages of this file cannot be shown. It is damaged or not a PDF.")
            )
            return
        self._document = document
        self._renderer = QPdfPageRenderer(self)
        self._renderer.setRenderMode(QPdfPageRenderer.RenderMode.MultiThreaded)
        self._renderer.setDocument(document)
        self._renderer.pageRendered.connect(self._on_drawn)
        self._show_place()

    def _close(self) -> None:
        """Let go of the document: what it has read takes room."""
        self._wanted = None
        if self._renderer is not None:
            self._renderer.deleteLater()
        if self._document is not None:
            self._document.deleteLater()
        if self._buffer is not None:
            self._buffer.deleteLater()
        self._document = self._renderer = self._buffer = None
        self.canvas.set_image(QImage())

    # --- the page ---

    def _show_place(self) -> None:
        assert self._shown is not None
        self._go_to(_page_of(self._shown) - 1)
        self.canvas.show_mark()

    def _turn(self, by: int, *, from_end: bool = False) -> None:
        if self._document is None or not 0 <= self.page + by < self._document.pageCount():
            return
        self._go_to(self.page + by)
        bar = self.canvas.verticalScrollBar()
        bar.setValue(bar.maximum() if from_end else 0)

    def _go_to(self, page: int) -> None:
        assert self._document is not None
        count = self._document.pageCount()
        self.page = min(max(page, 0), count - 1)
        said = tr("Page {number} of {count}").format(number=self.page + 1, count=count)
        self.number.setText(said)
        self.canvas.setAccessibleName(said)
        self.previous.setEnabled(self.page > 0)
        self.next.setEnabled(self.page < count - 1)
        self.canvas.set_size(self._document.pagePointSize(self.page))
        words, box = self._marks()
        self.canvas.set_marks(words, box)
        self._settled.stop()
        self._draw()

    def _marks(self) -> tuple[list[QRectF], QRectF | None]:
        """The evidence on this page, as fractions of it."""
        assert self._shown is not None
        assert self._document is not None
        evidence = self._shown.evidence
        if self.page == _page_of(self._shown) - 1 and (region := region_of(evidence.locator)) is not None:
            return [], QRectF(region.x, region.y, region.width, region.height)
        wanted = [evidence.quote] if evidence.quote else [passage.text for passage in self._shown.cited]
        places = [passage.locator for passage in self._shown.cited] or [evidence.locator]
        if not evidence.quote and self.page + 1 not in [_number(place) for place in places]:
            return [], None
        text = self._document.getAllText(self.page).text()
        size = self._document.pagePointSize(self.page)
        found = []
        for quote in wanted:
            if not evidence.quote and len(quote) > _MOST_OF_A_PAGE * len(text):
                continue  # marking nearly all of a page would tell nothing
            for begin, end in find_quote(quote, text):
                words = self._document.getSelectionAtIndex(self.page, begin, end - begin)
                found += [
                    QRectF(
                        box.x() / size.width(), box.y() / size.height(),
                        box.width() / size.width(), box.height() / size.height(),
                    )
                    for box in (polygon.boundingRect() for polygon in words.bounds())
                ]  # fmt: skip
        return found, None

    def _draw(self) -> None:
        if self._renderer is None:
            return
        wanted = (self.page, self.canvas.wanted_pixels(_MOST_PIXELS))
        if wanted != self._wanted:
            self._wanted = wanted
            self._renderer.requestPage(*wanted, QPdfDocumentRenderOptions())

    def _on_drawn(self, page: int, size: QSize, image: QImage, _options: object, _request: int) -> None:
        if (page, size) == self._wanted:
            self.canvas.set_image(image)


def _page_of(shown: LoadedEvidence) -> int:
    """The page to show, from 1."""
    return _number(shown.evidence.locator) or next((_number(passage.locator) for passage in shown.cited), 1) or 1


def _number(locator: Locator) -> int:
    place = innermost(locator)
    return place.number if isinstance(place, Page) else 0


def _same_file(one: LoadedEvidence, two: LoadedEvidence) -> bool:
    return (one.view.path, one.view.document.id) == (two.view.path, two.view.document.id)
