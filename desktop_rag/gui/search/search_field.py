"""The search field."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLineEdit

from desktop_rag.gui.services.dropped import dropped_paths, sample_of
from desktop_rag.gui.widgets.formatting import tr
from desktop_rag.gui.widgets.icons import icon
from desktop_rag.gui.widgets.theme import scaled


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
