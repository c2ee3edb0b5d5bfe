"""The search field, and the picture or recording one searches by."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QSize, Qt, QTemporaryDir, Signal
from PySide6.QtGui import QAction, QGuiApplication, QImage, QImageReader, QKeyEvent, QKeySequence, QPixmap
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit

from desktop_rag.gui.services.bridge import EngineBridge
from desktop_rag.gui.services.dropped import dropped_paths, sample_of
from desktop_rag.gui.services.mediator import QuerySample
from desktop_rag.gui.widgets.basic import Elided, row, tool
from desktop_rag.gui.widgets.formatting import safe, tr
from desktop_rag.gui.widgets.icons import icon, pixmap
from desktop_rag.gui.widgets.theme import GRID, scaled

_SIDE = 40
_DECODED = {b"jpeg", b"png", b"webp", b"gif", b"bmp"}
"""Forms of pictures that Qt is let near."""


class SearchField(QLineEdit):
    """``went_down`` into the results, ``entered`` (with Ctrl or not), ``escaped``; ``pasted`` a picture, as an image or
    as a ``QuerySample``."""

    went_down = Signal()
    entered = Signal(bool)
    escaped = Signal()
    pasted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setFont(scaled(self.font(), 1.15))
        self.setPlaceholderText(tr("Search your files"))
        self.setAccessibleName(tr("Search your files"))
        self.setMaxLength(2_000)
        self.setAcceptDrops(False)  # of files; the window takes them
        self.addAction(QAction(icon("search", "quiet"), tr("Search"), self), QLineEdit.ActionPosition.LeadingPosition)
        self._clear = QAction(icon("close", "quiet"), tr("Clear search"), self)
        self._clear.triggered.connect(self.clear)
        self.addAction(self._clear, QLineEdit.ActionPosition.TrailingPosition)
        self._clear.setVisible(False)
        self.textChanged.connect(lambda text: self._clear.setVisible(bool(text)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == Qt.Key.Key_Down:
            self.went_down.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.entered.emit(bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))
        elif key == Qt.Key.Key_Escape:
            self.escaped.emit()
        elif not (event.matches(QKeySequence.StandardKey.Paste) and self._paste_picture()):
            super().keyPressEvent(event)

    def _paste_picture(self) -> bool:
        mime = QGuiApplication.clipboard().mimeData()
        sample = sample_of(dropped_paths(mime))
        if sample is not None:
            self.pasted.emit(sample)
        elif mime.hasImage() and not mime.hasText():
            self.pasted.emit(QGuiApplication.clipboard().image())
        else:
            return False
        return True


class SampleChip(QFrame):
    """What is searched by: a small picture, the name, and a button to do without."""

    removed = Signal()

    def __init__(self, bridge: EngineBridge) -> None:
        super().__init__()
        self.setObjectName("card")
        self._bridge = bridge
        self.sample: QuerySample | None = None
        self._picture = QLabel()
        self._picture.setFixedSize(QSize(_SIDE, _SIDE))
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._name = Elided()
        line = row(self._picture, self._name, tool("close", tr("Search without this file"), self.removed.emit))
        line.setContentsMargins(GRID // 2, GRID // 2, GRID // 2, GRID // 2)
        line.setStretch(1, 1)
        self.setLayout(line)
        self.setMaximumWidth(self.fontMetrics().averageCharWidth() * 56)
        self.hide()

    def set_sample(self, sample: QuerySample | None, name: str = "") -> None:
        """``name`` is for a file that has none of its own."""
        self.sample = sample
        self.setVisible(sample is not None)
        if sample is None:
            return
        drawing = {"image": "image", "audio": "audio"}.get(sample.kind, "file")
        self._picture.setPixmap(pixmap(drawing, 24, "quiet", self.devicePixelRatioF()))
        self._name.setText(tr("Similar to {name}").format(name=name or safe(Path(sample.path).name)))
        self._picture.setAccessibleName(self._name.full_text())
        if sample.kind == "image":
            path, side = sample.path, round(_SIDE * self.devicePixelRatioF())
            self._bridge.call("look", lambda _client, _call: _small(path, side), self, self._show, instead="sample")

    def _show(self, image: QImage) -> None:
        if not image.isNull():
            image.setDevicePixelRatio(self.devicePixelRatioF())
            self._picture.setPixmap(QPixmap.fromImage(image))


class PastedImages(QObject):
    """Pictures that were pasted, as files; they are deleted at the end. ``saved`` with the ``QuerySample`` of one."""

    saved = Signal(object)

    def __init__(self, bridge: EngineBridge, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._folder: QTemporaryDir | None = None
        self._count = 0
        application = QGuiApplication.instance()
        assert application is not None
        application.aboutToQuit.connect(self.clear)

    def save(self, image: QImage) -> None:
        if image.isNull():
            return
        if self._folder is None:
            self._folder = QTemporaryDir()
        self._count += 1
        path = self._folder.filePath(f"pasted-{self._count}.png")
        sample = QuerySample(path, "image")
        self._bridge.call(
            "look",
            lambda _client, _call: image.save(path),
            self,
            lambda done: self.saved.emit(sample) if done else None,
        )

    def clear(self) -> None:
        """Delete them."""
        if self._folder is not None:
            self._folder.remove()
            self._folder = None


def _small(path: str, side: int) -> QImage:
    """A picture in at most this size; none of a form that is not known to be harmless."""
    reader = QImageReader(path)
    reader.setDecideFormatFromContent(True)
    reader.setAutoTransform(True)
    if bytes(reader.format().data()) not in _DECODED:
        return QImage()
    size = reader.size()
    if size.isValid():
        reader.setScaledSize(size.scaled(QSize(side, side), Qt.AspectRatioMode.KeepAspectRatio))
    return reader.read()
