"""Work on disk that the main thread must not wait for."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot

from desktop_rag.errors import DesktopRagError

T = TypeVar("T")


class Background(QObject):
    """Does things in threads of their own; what comes of it is heard in the main thread, while this object lives."""

    _heard = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._heard.connect(self._hear, Qt.ConnectionType.QueuedConnection)

    def run(
        self, work: Callable[[], T], done: Callable[[T], object], failed: Callable[[DesktopRagError], object]
    ) -> None:
        """Do ``work``, then ``done(result)`` or ``failed(error)`` in the main thread."""

        def thread() -> None:
            try:
                result = work()
            except DesktopRagError as error:
                self.tell(lambda error=error: failed(error))  # type: ignore[misc]
            except Exception as error:
                logging.getLogger("desktop_rag").exception("Work of the window failed.")
                wrong = DesktopRagError(f"This should not have happened ({type(error).__name__}: {error}).")
                self.tell(lambda: failed(wrong))
            else:
                self.tell(lambda: done(result))

        threading.Thread(target=thread, name="window-work", daemon=True).start()

    def tell(self, heard: Callable[[], object]) -> None:
        """From any thread: have this called in the main thread."""
        with suppress(RuntimeError):  # the window was closed meanwhile
            self._heard.emit(heard)

    @Slot(object)
    def _hear(self, heard: Callable[[], object]) -> None:
        heard()
