"""Takes up what a person does with models while an engine runs: what waited for one is indexed, and the texts are
embedded anew when another model is to embed them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

from desktop_rag.engine.events import EventBus, ModelReady, Trouble, Working
from desktop_rag.engine.library import Library
from desktop_rag.engine.sync.priority_gate import PriorityGate
from desktop_rag.errors import DesktopRagError
from desktop_rag.indexing.pipeline import Stopped
from desktop_rag.models.embedder import Embedder

_LOOK_EVERY_S = 3.0
_RETRY_S = 600.0


class ModelWatcher:
    """A thread of a live engine. ``look_again`` has all folders gone through; ``writing`` is the right to write."""

    def __init__(
        self,
        library: Library,
        gate: PriorityGate,
        bus: EventBus,
        closing: threading.Event,
        look_again: Callable[[], None],
        writing: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._library = library
        self._gate = gate
        self._bus = bus
        self._closing = closing
        self._look_again = look_again
        self._writing = writing
        self._thread = threading.Thread(target=self._watch, name="models", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Wait for the thread to end, once ``closing`` is set."""
        if self._thread.ident is not None:
            self._thread.join()

    def _watch(self) -> None:
        perceived: tuple[str, str] | None = None
        wait_s = 0.0
        while not self._closing.wait(wait_s):
            wait_s = _LOOK_EVERY_S
            try:
                now = self._perceiving()
                if perceived is not None and now != perceived and any(now):
                    self._look_again()
                perceived = now
                embedder = self._library.embedder_to_come()
                if embedder is not None:
                    self._change_to(embedder)
            except Stopped:
                return
            except DesktopRagError as error:
                logging.getLogger("desktop_rag").error("%s: %s", error.code, error.message)
                self._bus.publish(Trouble(error.as_problem()))
                wait_s = _RETRY_S

    def _perceiving(self) -> tuple[str, str]:
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
        self._gate.give_way()
