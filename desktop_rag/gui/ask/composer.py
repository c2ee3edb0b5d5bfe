"""Where a question is written, with a picture or recording if wanted, to all files or some of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtWidgets import QFileDialog, QFrame, QPlainTextEdit, QSizePolicy

from desktop_rag.gui.ask.voice_recorder import VoiceRecorder
from desktop_rag.gui.filters.filter_row import FilterRow
from desktop_rag.gui.filters.sample_chip import SampleChip
from desktop_rag.gui.services.dropped import dropped_paths, sample_of
from desktop_rag.gui.services.images import PastedImages
from desktop_rag.gui.services.mediator import Mediator, QuerySample
from desktop_rag.gui.widgets.basic import Notice, column, row, tool
from desktop_rag.gui.widgets.formatting import safe, tr
from desktop_rag.gui.widgets.icons import icon
from desktop_rag.gui.widgets.theme import GRID, scaled

if TYPE_CHECKING:
    from desktop_rag.engine.questions import Filters

_MOST_LINES = 8


class Composer(QFrame):
    """``sent`` with a question and a ``QuerySample`` or None; ``stopped`` when the current answer is to end."""

    sent = Signal(str, object)
    stopped = Signal()

    def __init__(self, mediator: Mediator) -> None:
        super().__init__()
        self.setObjectName("card")
        self._busy = False
        self.field = _QuestionField()
        self.field.entered.connect(self._send)
        self.field.given.connect(self.attach)
        self._attached = SampleChip(mediator.bridge, tr("Remove attachment"))
        self._attached.removed.connect(lambda: self.attach(None))
        self._pasted = PastedImages(mediator.bridge, self)
        self._pasted.saved.connect(self.attach)
        self.field.pasted.connect(self._pasted.save)
        self._notice = Notice()
        self._pasted.failed.connect(lambda why: self._notice.say(why, "bad"))
        self.scope = FilterRow(mediator)
        self._voice = VoiceRecorder(self)
        self._voice.recorded.connect(lambda path: self.attach(QuerySample(path, "audio"), tr("Your spoken question")))
        self._voice.failed.connect(lambda why: self._notice.say(why, "warn"))
        self._voice.running.connect(self._show_recording)
        self._image_button = tool("image", tr("Ask with a picture"), self._choose_image)
        self._voice_button = tool("voice", tr("Ask by voice"), self._speak)
        self._send_button = tool("send", tr("Send"), self._send, keys=tr("Enter"))
        self._send_button.setProperty("kind", "next")
        self._send_button.setEnabled(False)
        self.field.textChanged.connect(self._show_state)
        foot = row(self.scope, None, self._image_button, self._voice_button, self._send_button, spacing=GRID // 2)
        inner = column(self, margin=GRID, spacing=GRID // 2)
        for part in (self._notice, self._attached, self.field):
            inner.addWidget(part)
        inner.addLayout(foot)

    def filters(self) -> Filters:
        return self.scope.filters()

    def set_busy(self, busy: bool) -> None:
        """While an answer is being written, the send button stops it."""
        self._busy = busy
        self._show_state()

    def attach(self, sample: QuerySample | None, words: str = "") -> None:
        """Ask with this picture or recording, or None; ``words`` are shown in place of its file's name."""
        self._attached.set_sample(sample, words)
        self._show_state()

    # --- inside ---

    def _send(self) -> None:
        if self._busy:
            self.stopped.emit()
            return
        question, sample = self.field.toPlainText().strip(), self._attached.sample
        if not question and sample is None:
            return
        self._notice.hide()
        self.field.clear()
        self.attach(None)
        self.sent.emit(question, sample)

    def _show_state(self) -> None:
        self._send_button.setIcon(icon("stop" if self._busy else "send", "on_accent"))
        name = tr("Stop") if self._busy else tr("Send")
        self._send_button.setAccessibleName(name)
        self._send_button.setToolTip(f"{name} ({tr('Esc') if self._busy else tr('Enter')})")
        self._send_button.setEnabled(
            self._busy or bool(self.field.toPlainText().strip()) or self._attached.sample is not None
        )

    def _choose_image(self) -> None:
        dialog = QFileDialog(self, tr("Ask with a picture or a recording"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self._attach_file)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _attach_file(self, path: str) -> None:
        sample = sample_of([Path(path)])
        if sample is None:
            self._notice.say(tr("{name} is not a picture or a recording.").format(name=safe(Path(path).name)), "warn")
        else:
            self.attach(sample)

    def _speak(self) -> None:
        if self._voice.is_recording:
            self._voice.stop()
        else:
            self._voice.start()

    def _show_recording(self, running: bool) -> None:
        self._voice_button.setIcon(icon("stop" if running else "voice", "bad" if running else "text"))
        name = tr("Stop recording") if running else tr("Ask by voice")
        self._voice_button.setAccessibleName(name)
        self._voice_button.setToolTip(name)
        if running:
            self._notice.say(tr("Listening… Press the button again when you are done."))
        else:
            self._notice.hide()


class _QuestionField(QPlainTextEdit):
    """Grows with its text. Enter sends, Shift+Enter begins a line; a picture can be pasted."""

    entered = Signal()
    pasted = Signal(QImage)
    given = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setPlaceholderText(tr("Ask about your files…"))
        self.setAccessibleName(tr("Question"))
        self.setTabChangesFocus(True)
        self.setFont(scaled(self.font(), 1.05))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.document().documentLayout().documentSizeChanged.connect(lambda _: self._fit())
        self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.entered.emit()
            return
        super().keyPressEvent(event)

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        return source.hasImage() or super().canInsertFromMimeData(source)

    def insertFromMimeData(self, source: QMimeData) -> None:
        sample = sample_of(dropped_paths(source))
        if sample is not None:
            self.given.emit(sample)
        elif source.hasImage():
            self.pasted.emit(QImage(source.imageData()))
        else:
            super().insertFromMimeData(source)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), self.height())

    def _fit(self) -> None:
        lines = max(1, min(_MOST_LINES, round(self.document().size().height())))
        self.setFixedHeight(self.fontMetrics().lineSpacing() * lines + 3 * GRID)
