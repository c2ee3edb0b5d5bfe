"""Reads and writes the library's settings in a thread, and restarts the engine once the person is done changing
them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from desktop_rag.config import Config, change_setting, load_config
from desktop_rag.engine.service.client import EngineClient
from desktop_rag.engine.service.opening import restart_engine
from desktop_rag.errors import DesktopRagError
from desktop_rag.gui.services.background import BackgroundWorker
from desktop_rag.gui.services.mediator import Mediator

_RESTART_AFTER_MS = 1_000
"""How long nothing more must have been changed."""

Callback = Callable[[], object]


class SettingsStore(QObject):
    """``changed`` with the current settings, ``failed`` with the error that keeps them from being read.

    It does not use the engine, which may be busy for minutes and need not run for a setting to be saved.
    """

    changed = Signal(object)
    failed = Signal(object)

    def __init__(self, mediator: Mediator, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._mediator = mediator
        self.config: Config | None = None
        self._background = BackgroundWorker(self, in_turn=True)
        self._settle = QTimer(self, singleShot=True, interval=_RESTART_AFTER_MS)
        self._settle.timeout.connect(self._restart)

    def load(self) -> None:
        """Read the settings; ``changed`` or ``failed`` follows."""
        library = self._mediator.library
        self._background.run(lambda: load_config(library), self._on_loaded, self.failed.emit)

    def change(
        self,
        name: str,
        values: Sequence[str] | None,
        saved: Callback,
        failed: Callable[[DesktopRagError], object],
        folder: Path | None = None,
    ) -> None:
        """Write one setting as ``change_setting`` does; None goes back to the default. Then ``saved`` or ``failed``."""
        library = self._mediator.library

        def on_saved(config: Config) -> None:
            self._on_loaded(config)
            saved()
            self._settle.start()

        self._background.run(lambda: change_setting(library, name, values, folder), on_saved, failed)

    # --- inside ---

    def _on_loaded(self, config: Config) -> None:
        self.config = config
        self.changed.emit(config)

    def _restart(self) -> None:
        def restart(client: EngineClient, _call: object) -> None:
            self._mediator.bridge.restarts = True
            restart_engine(client.library)

        self._mediator.bridge.call(
            "work", restart, self, lambda _: self._mediator.settings_changed.emit(), self._on_failure
        )

    def _on_failure(self, error: DesktopRagError) -> None:
        self._mediator.message.emit(error.message)


def reason(error: DesktopRagError) -> str:
    """What is wrong with a value, without the place of the file that would have held it."""
    said = error.message.rpartition(" cannot be used: ")[2]
    return said[:1].upper() + said[1:]
