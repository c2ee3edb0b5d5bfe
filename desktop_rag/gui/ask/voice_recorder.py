"""Records a spoken question into a temporary file."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl, Signal

from desktop_rag.gui.widgets.formatting import tr

if TYPE_CHECKING:
    from PySide6.QtMultimedia import QMediaRecorder

_LONGEST_MS = 60_000


class VoiceRecorder(QObject):
    """Records from the microphone. ``recorded`` with the path of the file, ``failed`` with the reason in words."""

    recorded = Signal(str)
    failed = Signal(str)
    running = Signal(bool)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._recorder: QMediaRecorder | None = None
        self._file = Path()

    @property
    def is_recording(self) -> bool:
        return self._recorder is not None

    def start(self) -> None:
        try:
            from PySide6.QtMultimedia import (
                QAudioInput,
                QMediaCaptureSession,
                QMediaDevices,
                QMediaFormat,
                QMediaRecorder,
            )  # fmt: skip
        except ImportError as error:
            self.failed.emit(tr("Recording is not available: {reason}.").format(reason=error))
            return
        if not QMediaDevices.audioInputs():
            self.failed.emit(tr("No microphone found. Connect one, or type your question."))
            return
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="desktop-rag-voice-")
        self._file = Path(self._folder.name) / f"question{sum(1 for _ in Path(self._folder.name).iterdir())}.wav"
        recorder = QMediaRecorder(self)
        session = QMediaCaptureSession(recorder)
        session.setAudioInput(QAudioInput(recorder))
        session.setRecorder(recorder)
        form = QMediaFormat(QMediaFormat.FileFormat.Wave)
        form.setAudioCodec(QMediaFormat.AudioCodec.Wave)
        recorder.setMediaFormat(form)
        recorder.setAudioChannelCount(1)
        recorder.setAudioSampleRate(16_000)
        recorder.setOutputLocation(QUrl.fromLocalFile(str(self._file)))
        recorder.errorOccurred.connect(lambda _, text: self._fail(text))
        recorder.recorderStateChanged.connect(
            lambda state: self._done() if state == QMediaRecorder.RecorderState.StoppedState else None
        )
        recorder.durationChanged.connect(lambda length: self.stop() if length > _LONGEST_MS else None)
        self._recorder = recorder
        recorder.record()
        self.running.emit(True)

    def stop(self) -> None:
        """End the recording; ``recorded`` follows."""
        if self._recorder is not None:
            self._recorder.stop()

    def _done(self) -> None:
        if self._let_go():
            self.recorded.emit(str(self._file))

    def _fail(self, why: str) -> None:
        if self._let_go():
            self.failed.emit(tr("Recording failed: {reason}.").format(reason=why.rstrip(".")))

    def _let_go(self) -> bool:
        recorder, self._recorder = self._recorder, None
        if recorder is None:
            return False
        recorder.deleteLater()
        self.running.emit(False)
        return True
