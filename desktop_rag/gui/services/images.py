"""Pictures from files and from the clipboard: decoded only in harmless formats, and kept as files."""

from __future__ import annotations

from PySide6.QtCore import QObject, QSize, Qt, QTemporaryDir, Signal
from PySide6.QtGui import QGuiApplication, QImage, QImageReader

from desktop_rag.gui.services.bridge import EngineBridge
from desktop_rag.gui.services.mediator import QuerySample
from desktop_rag.gui.widgets.formatting import tr

_DECODED_HERE = {b"jpeg", b"png", b"webp", b"gif", b"bmp"}
"""Formats that Qt reads itself; all others are left to the engine's parsers, which are processes of their own."""


def decode_image(reader: QImageReader, longest_side: int) -> QImage:
    """A picture, upright, at most ``longest_side`` pixels wide and high; a null image for one that is damaged, or of
    another format. Not for the main thread: it reads a file."""
    reader.setDecideFormatFromContent(True)
    reader.setAutoTransform(True)
    if bytes(reader.format().data()).lower() not in _DECODED_HERE:
        return QImage()
    size = reader.size()
    if max(size.width(), size.height()) > longest_side:
        reader.setScaledSize(size.scaled(QSize(longest_side, longest_side), Qt.AspectRatioMode.KeepAspectRatio))
    return reader.read()


class PastedImages(QObject):
    """Keeps pasted pictures as files, which are deleted at the end. ``saved`` with the ``QuerySample`` of one,
    ``failed`` with the reason in words."""

    saved = Signal(object)
    failed = Signal(str)

    def __init__(self, bridge: EngineBridge, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._folder: QTemporaryDir | None = None
        self._count = 0
        application = QGuiApplication.instance()
        assert application is not None
        application.aboutToQuit.connect(self.clear)

    def save(self, image: QImage) -> None:
        """``saved`` or ``failed`` follows, unless there is nothing in the image."""
        if image.isNull():
            return
        if self._folder is None:
            self._folder = QTemporaryDir()
        self._count += 1
        path = self._folder.filePath(f"{tr('Pasted picture')} {self._count}.png")

        def done(kept: bool) -> None:
            if kept:
                self.saved.emit(QuerySample(path, "image"))
            else:
                self.failed.emit(tr("The picture could not be saved. The disk may be full."))

        self._bridge.call("look", lambda _client, _call: image.save(path), self, done)

    def clear(self) -> None:
        """Delete them."""
        if self._folder is not None:
            self._folder.remove()
            self._folder = None
