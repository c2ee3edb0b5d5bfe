"""Ends the window on Ctrl-C or at the end of the session, and keeps it open after an unexpected error."""

from __future__ import annotations

import signal
import socket
import sys
import threading
from types import FrameType, TracebackType

from PySide6.QtCore import QObject, QSettings, QSocketNotifier
from PySide6.QtGui import QSessionManager
from PySide6.QtWidgets import QApplication

from desktop_rag.gui.services.preferences import GEOMETRY
from desktop_rag.gui.shell.window import MainWindow
from desktop_rag.gui.widgets.basic import Notice
from desktop_rag.gui.widgets.formatting import tr
from desktop_rag.log import record_bug

_INTERRUPTED = 130
"""The exit code after Ctrl-C, that of the command line."""


class ShutdownHandler(QObject):
    """Closes the window, which remembers its layout, when the system or a terminal asks for it; ``code`` is the exit
    code."""

    def __init__(self, application: QApplication, window: MainWindow, settings: QSettings) -> None:
        super().__init__(application)
        self.code = 0
        self._application = application
        self._window = window
        self._settings = settings
        application.commitDataRequest.connect(self._on_session_end)
        # Python runs its handlers between two of its own instructions only, and Qt's loop may run none for long: the
        # byte that comes with a signal wakes it.
        self._heard, self._told = socket.socketpair()
        self._heard.setblocking(False)
        self._told.setblocking(False)
        signal.set_wakeup_fd(self._told.fileno(), warn_on_full_buffer=False)
        self._notifier = QSocketNotifier(self._heard.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(lambda: self._heard.recv(64))
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._on_signal)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        self.code = _INTERRUPTED if number == signal.SIGINT else 0
        self._application.quit()

    def _on_session_end(self, _manager: QSessionManager) -> None:
        """The system may end the program right after this, without closing the window."""
        self._settings.setValue(GEOMETRY, self._window.saveGeometry())
        self._settings.sync()


def report_unexpected_errors(notice: Notice) -> None:
    """From now on an unexpected error is logged and shown in ``notice``, and the window stays open."""
    main = threading.current_thread()

    def on_error(kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        where = record_bug(error)
        if threading.current_thread() is main and not issubclass(kind, KeyboardInterrupt):
            said = tr("Something went wrong in this program ({what}). You can keep working.")
            notice.say(f"{said.format(what=kind.__name__)} {where}", "bad")

    sys.excepthook = on_error
    threading.excepthook = lambda found: record_bug(found.exc_value) if found.exc_value is not None else None
