"""Takes up what a person does with models while an engine runs: what waited for one is indexed, and the texts are
embedded anew when another model is to embed them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

from desktop_rag.engine.events import EventBus, ModelReady, Trouble, Working
from desktop_rag.engine.library import Library
from desktop_rag.engine.sync.priority_gate import PriorityGate
from desktop_rag.indexing.pipeline import Stopped
from desktop_rag.models.embedder import Embedder
from desktop_rag.storage.storage_errors import storage_errors
from desktop_rag.worker_thread import Backoff, WorkerThread

_LOOK_EVERY_S = 3.0
_LONGEST_PAUSE_S = 600.0
"""After errors in a row."""


class ModelWatcher:
    """A thread of a live engine. ``rescan`` has all folders gone through; ``writing`` is the right to write."""

    def __init__(
        self,
        library: Library,
        gate: PriorityGate,
        bus: EventBus,
        closing: threading.Event,
        rescan: Callable[[], None],
        writing: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._library = library
        self._gate = gate
        self._bus = bus
        self._closing = closing
        self._rescan = rescan
        self._writing = writing
        self._analyzers: tuple[str, str] | None = None
        self._worker = WorkerThread(
            "models",
            self._step,
            report=lambda problem: bus.publish(Trouble(problem)),
            backoff=Backoff(_LOOK_EVERY_S, _LONGEST_PAUSE_S),
            stopping=closing,
        )

    def start(self) -> None:
        self._worker.start()

    def close(self) -> None:
        """Set ``closing``, and wait for the thread to end."""
        self._worker.stop()

    def _step(self) -> float | None:
        with storage_errors(self._library.folder):
            now = self._media_analyzers()
            if self._analyzers is not None and now != self._analyzers and any(now):
                self._rescan()
            self._analyzers = now
            embedder = self._library.embedder_to_come()
            if embedder is not None:
                try:
                    self._change_to(embedder)
                except Stopped:
                    return None
        return _LOOK_EVERY_S

    def _media_analyzers(self) -> tuple[str, str]:
        """What pictures are seen by, and recordings heard by."""
        return self._library.media_analyzer.seen_by, self._library.media_analyzer.heard_by

    def _change_to(self, embedder: Embedder) -> None:
        changed = False
        while not changed:
            self._library.fill_space(embedder, self._between, lambda progress: self._bus.publish(Working(progress)))
            with self._writing():
                changed = self._library.change_over(embedder)
        self._bus.publish(ModelReady(embedder.space.model))

    def _between(self, _done: int) -> None:
        if self._closing.is_set():
            raise Stopped
        self._gate.checkpoint()
