"""What a live engine does by itself beside keeping the library like the disk: getting the models ready, and upkeep."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from desktop_rag.engine.events import EventBus, ModelReady, Trouble
from desktop_rag.engine.library import RUNAWAY, Library
from desktop_rag.retrieval import dates
from desktop_rag.storage.storage_errors import storage_errors
from desktop_rag.types import Problem
from desktop_rag.worker_thread import Backoff, WorkerThread

_LONGEST_PAUSE_S = 600.0
"""After errors in a row."""


class Warmup:
    """``ready`` is set when the embedding model is. ``closing`` ends it."""

    def __init__(self, library: Library, bus: EventBus, closing: threading.Event) -> None:
        self._library = library
        self._bus = bus
        self._writing: Callable[[], AbstractContextManager[None]] = nullcontext
        self._guard = threading.Lock()
        self._problems: dict[str, Problem] = {}
        self._met: set[str] = set()
        """Codes of the problems that getting ready has met so far."""
        self.ready = threading.Event()
        self._worker = WorkerThread(
            "loading the models",
            self._step,
            report=self._not_ready,
            backoff=Backoff(2.0, _LONGEST_PAUSE_S),
            stopping=closing,
        )

    def start(self, writing: Callable[[], AbstractContextManager[None]]) -> None:
        """Begin to load the models; ``writing`` is to be held by whoever writes."""
        self._writing = writing
        self._worker.start()

    def close(self) -> None:
        self._worker.stop()

    def problems(self) -> tuple[Problem, ...]:
        """What is wrong now. Safe from any thread."""
        with self._guard:
            return tuple(self._problems.values())

    def upkeep(self) -> None:
        """When nothing else is to be done: keep Chroma and the catalog from growing without need."""
        problem = self._library.upkeep()
        if problem is None:
            self._clear({RUNAWAY})
        else:
            logging.getLogger("desktop_rag").error("%s: %s", problem.code, problem.message)
            self._tell(problem)

    def _step(self) -> None:
        """Load the model, see to it that Chroma holds what the catalog says, and load the reader."""
        library = self._library
        if not self.ready.is_set():
            with storage_errors(library.folder):
                library.embedder.load()
                with self._writing():
                    library.prepare_vectors()
            self.ready.set()
            self._clear(self._met)
            self._bus.publish(ModelReady(library.embedder.space.model))
        if library.reader is not None:  # until it is loaded, what is found stays in the order of the search
            library.reader.load()
        self._clear(self._met)
        dates.get_ready()

    def _not_ready(self, problem: Problem) -> None:
        self._met.add(problem.code)
        self._tell(problem)

    def _tell(self, problem: Problem) -> None:
        with self._guard:
            self._problems[problem.code] = problem
        self._bus.publish(Trouble(problem))

    def _clear(self, codes: set[str]) -> None:
        with self._guard:
            for code in codes:
                self._problems.pop(code, None)
