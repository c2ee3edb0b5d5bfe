"""Runs work in threads beside the main one, and returns to it with the result."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot

from desktop_rag.errors import DesktopRagError
from desktop_rag.gui.services.errors import shown_error

T = TypeVar("T")


class BackgroundWorker(QObject):
    """Runs functions in threads of their own and reports to the main thread, as long as this object lives.

    With ``in_turn`` each starts when the one before has ended. Callbacks are released by the main thread, because one
    may hold the last reference to a part of the window (see ``bridge``).
    """

    _heard = Signal(object)

    def __init__(self, parent: QObject, *, in_turn: bool = False) -> None:
        super().__init__(parent)
        self._in_turn = in_turn
        self._jobs: list[tuple[threading.Thread, tuple[Any, ...]]] = []
        self._heard.connect(self._hear, Qt.ConnectionType.QueuedConnection)

    def run(
        self, work: Callable[[], T], done: Callable[[T], object], failed: Callable[[DesktopRagError], object]
    ) -> None:
        """Do ``work``, then ``done(result)`` or ``failed(error)`` in the main thread."""
        self._jobs = [job for job in self._jobs if job[0].is_alive()]
        before = self._jobs[-1][0] if self._in_turn and self._jobs else None

        def perform() -> None:
            if before is not None:
                before.join()
            try:
                result = work()
            except Exception as error:
                self.tell(partial(failed, shown_error(error)))
            else:
                self.tell(lambda: done(result))

        thread = threading.Thread(target=perform, name="window-work", daemon=True)
        self._jobs.append((thread, (work, done, failed)))
        thread.start()

    def tell(self, heard: Callable[[], object]) -> None:
        """Have this called in the main thread; may be used from any thread."""
        with suppress(RuntimeError):  # the window was closed meanwhile
            self._heard.emit(heard)

    @Slot(object)
    def _hear(self, heard: Callable[[], object]) -> None:
        heard()
