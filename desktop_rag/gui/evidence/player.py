"""Plays a recording. Nothing is opened until the person presses Play, except for the first frame of a video."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt, QTimer, QUrl, Signal
from PySide6.QtWidgets import QSizePolicy, QSlider, QVBoxLayout, QWidget

from desktop_rag.gui.widgets.basic import button, column, label, row
from desktop_rag.gui.widgets.formatting import format_clock, safe, tr
from desktop_rag.gui.widgets.icons import icon
from desktop_rag.gui.widgets.theme import GRID

if TYPE_CHECKING:
    from PySide6.QtMultimedia import QMediaPlayer

_STEP_MS = 5_000


class RecordingPlayer(QWidget):
    """``moved`` with the second it is at, ``failed`` with the reason in words."""

    moved = Signal(float)
    failed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._source: str | bytes | None = None
        self._begin_s = 0.0
        self._player: QMediaPlayer | None = None
        self._screen: QWidget | None = None
        self._buffer: QBuffer | None = None
        self._play_when_loaded = False
        self.play = button(tr("Play"), self.turn, kind="next", drawing="play")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName(tr("Position in the recording"))
        self.slider.setSingleStep(_STEP_MS)
        self.slider.setPageStep(6 * _STEP_MS)
        self.slider.setEnabled(False)
        self.slider.sliderMoved.connect(lambda at: self.seek(at / 1000))
        self.slider.actionTriggered.connect(lambda _: QTimer.singleShot(0, self, self._on_slider))
        self.time = label("", "quiet")
        self._column: QVBoxLayout = column(self, margin=GRID)
        bar = row(self.play, self.slider, self.time)
        bar.setContentsMargins(GRID, 0, GRID, 0)
        bar.setStretch(1, 1)
        self._column.addLayout(bar)

    def begin(self, source: str | bytes, *, video: bool, at_s: float) -> None:
        """Make a file (or the bytes of one) ready to be played from a second on."""
        self.stop()
        self._source, self._begin_s = source, at_s
        self.time.setText(format_clock(at_s))
        self._name_play(False)
        if video:
            QTimer.singleShot(0, self, self._show_first_picture)

    def stop(self) -> None:
        """Stop, and let go of the file."""
        self._source = None
        self._play_when_loaded = False
        if self._player is not None:
            self._player.stop()
            self._player.setSource(QUrl())
        if self._buffer is not None:
            self._buffer.deleteLater()
            self._buffer = None
        if self._screen is not None:
            self._screen.hide()
        self.slider.setEnabled(False)
        self.slider.setValue(0)

    def pause(self) -> None:
        if self._player is not None and self.is_playing():
            self._player.pause()

    def turn(self) -> None:
        """Play, or pause."""
        if self.is_playing():
            self.pause()
            return
        player = self._ready()
        if player is None:
            return
        if self._is_loaded(player):
            player.play()
        else:
            self._play_when_loaded = True

    def seek(self, seconds: float) -> None:
        """Go on from a second, or begin there when it is played."""
        self._begin_s = seconds
        self.time.setText(self._times(seconds))
        if self._player is not None and self._is_loaded(self._player):
            self._player.setPosition(round(seconds * 1000))

    def is_playing(self) -> bool:
        return self._player is not None and self._player.isPlaying()

    def at_s(self) -> float:
        """The second it is at, or begins at."""
        if self._player is not None and self._is_loaded(self._player):
            return self._player.position() / 1000
        return self._begin_s

    # --- the file ---

    def _ready(self) -> QMediaPlayer | None:
        """The player with its file; None if there is none, which the person is told."""
        if self._source is None:
            return None
        if self._player is None and not self._make():
            return None
        player = self._player
        assert player is not None
        if player.source().isEmpty() and self._buffer is None:
            if isinstance(self._source, bytes):
                self._buffer = QBuffer(self)
                self._buffer.setData(QByteArray(self._source))
                self._buffer.open(QIODevice.OpenModeFlag.ReadOnly)
                player.setSourceDevice(self._buffer)
            else:
                player.setSource(QUrl.fromLocalFile(self._source))
        return player

    def _make(self) -> bool:
        os.environ.setdefault("QT_FFMPEG_PROTOCOL_WHITELIST", "file,data")  # a play list may name addresses
        try:
            from PySide6.QtMultimedia import QAudioOutput, QMediaPlayer
        except ImportError:
            self.failed.emit(tr("Recordings cannot be played because a part of the system is missing."))
            return False
        player = QMediaPlayer(self)
        if not player.isAvailable():
            player.deleteLater()
            self.failed.emit(tr("Recordings cannot be played because a part of the system is missing."))
            return False
        player.setAudioOutput(QAudioOutput(player))
        player.positionChanged.connect(self._on_position)
        player.durationChanged.connect(self._on_length)
        player.mediaStatusChanged.connect(lambda _: self._on_status())
        player.playingChanged.connect(self._name_play)
        player.errorOccurred.connect(lambda _, said: self._on_error(said))
        self._player = player
        return True

    def _show_first_picture(self) -> None:
        player = self._ready()
        if player is None:
            return
        if self._screen is None:
            from PySide6.QtMultimediaWidgets import QVideoWidget

            screen = QVideoWidget()
            screen.setAccessibleName(tr("Video"))
            screen.setMinimumHeight(20 * GRID)
            screen.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
            player.setVideoOutput(screen)
            self._column.insertWidget(0, screen, 1)
            self._screen = screen
        self._screen.show()

    def _is_loaded(self, player: QMediaPlayer) -> bool:
        status = type(player).MediaStatus
        return player.mediaStatus() in (
            status.LoadedMedia,
            status.BufferedMedia,
            status.BufferingMedia,
            status.EndOfMedia,
        )

    def _on_status(self) -> None:
        player = self._player
        if player is None or self._source is None:
            return
        status = type(player).MediaStatus
        if player.mediaStatus() == status.LoadedMedia and not self.slider.isEnabled():
            self.slider.setEnabled(True)
            self.time.setText(self._times(self._begin_s))
            player.setPosition(round(self._begin_s * 1000))
            if self._play_when_loaded:
                self._play_when_loaded = False
                player.play()
            elif self._screen is not None and not self._screen.isHidden():
                player.pause()  # shows the picture of that second

    def _on_error(self, said: str) -> None:
        if self._source is not None:
            self.failed.emit(tr("This recording cannot be played: {reason}").format(reason=safe(said)))

    # --- what is seen of it ---

    def _on_position(self, at: int) -> None:
        if self._source is None:
            return
        if not self.slider.isSliderDown():
            self.slider.setValue(at)
        self.time.setText(self._times(at / 1000))
        self.moved.emit(at / 1000)

    def _on_length(self, length: int) -> None:
        self.slider.setMaximum(max(0, length))
        self.time.setText(self._times(self.at_s()))

    def _on_slider(self) -> None:
        if not self.slider.isSliderDown():
            self.seek(self.slider.value() / 1000)

    def _times(self, at_s: float) -> str:
        whole = self.slider.maximum() / 1000 if self.slider.isEnabled() else 0
        return f"{format_clock(at_s)} / {format_clock(whole)}" if whole else format_clock(at_s)

    def _name_play(self, playing: bool) -> None:
        self.play.setText(tr("Pause") if playing else tr("Play from {time}").format(time=format_clock(self._begin_s)))
        if not playing and self.slider.isEnabled():
            self.play.setText(tr("Play"))
        self.play.setIcon(icon("pause" if playing else "play", "on_accent"))
