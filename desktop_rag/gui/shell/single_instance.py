"""One window for each library: a second start raises the first."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, Qt, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket
from PySide6.QtWidgets import QWidget

_ANSWER_MS = 300
_PATIENCE_S = 2.0
"""How long the one that holds the lock may take until it listens: it may have been started at the same moment."""


class SingleInstance(QObject):
    """``asked`` when another start of the program wants this window in front."""

    asked = Signal()

    def __init__(self, library: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._name = _name(library)
        library.mkdir(parents=True, exist_ok=True)
        self._lock = QLockFile(str(library / "window.lock"))
        self._lock.setStaleLockTime(0)  # held for as long as its process lives
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_asked)

    def raise_other(self) -> bool:
        """Have a window that is open already come to the front; False when there is none, and this is the one now."""
        deadline = time.monotonic() + _PATIENCE_S
        while not self._lock.tryLock(0):
            socket = QLocalSocket()
            socket.connectToServer(self._name)
            if socket.waitForConnected(_ANSWER_MS):
                socket.disconnectFromServer()
                return True
            if time.monotonic() > deadline:  # it hangs, or is another user's: better two windows than none
                return False
            time.sleep(0.02)
        QLocalServer.removeServer(self._name)  # left by one that died
        self._server.listen(self._name)
        return False

    def close(self) -> None:
        """Let another start of the program be the one."""
        self._server.close()
        self._lock.unlock()

    def _on_asked(self) -> None:
        connection = self._server.nextPendingConnection()
        if connection is not None:
            connection.close()
            connection.deleteLater()
        self.asked.emit()


def bring_to_front(window: QWidget) -> None:
    """Show a window as it was last, before all others."""
    window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
    window.show()
    window.raise_()
    window.activateWindow()


def _name(library: Path) -> str:
    """Where the window of a library listens: in the person's own folder for such things, where the system has one."""
    path = os.fsencode(library.expanduser().absolute())
    name = f"desktop-rag-window-{hashlib.sha256(path).hexdigest()[:16]}"
    folder = os.environ.get("XDG_RUNTIME_DIR", "")
    return str(Path(folder) / name) if folder and Path(folder).is_dir() else name
