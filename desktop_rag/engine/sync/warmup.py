"""What a live engine does by itself beside keeping the library like the disk: getting the model ready, and upkeep."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

from desktop_rag.engine.events import EventBus, ModelReady, Trouble
from desktop_rag.engine.library import RUNAWAY, Library
from desktop_rag.errors import DesktopRagError
from desktop_rag.log import ENGINE, record_bug
from desktop_rag.retrieval import dates
from desktop_rag.types import Problem


class Background:
    """``ready`` is set when the model is; ``troubles`` are what it has met, by code."""

    def __init__(self, library: Library, bus: EventBus) -> None:
        self._parts = library
        self._bus = bus
        self._loader: threading.Thread | None = None
        self.ready = threading.Event()
        self.troubles: dict[str, Problem] = {}

    def start(self, writing: Callable[[], AbstractContextManager[None]]) -> None:
        """Begin to load the model; ``writing`` is to be held by whoever writes."""
        self._loader = threading.Thread(target=self._load, args=(writing,), name="loader", daemon=True)
        self._loader.start()

    def close(self) -> None:
        if self._loader is not None:
            self._loader.join()

    def upkeep(self) -> None:
        """When nothing else is to be done: keep Chroma and the catalog from growing without need."""
        problem = self._parts.upkeep()
        if problem is None:
            self.troubles.pop(RUNAWAY, None)
        else:
            self._in_trouble(problem)

    def _load(self, writing: Callable[[], AbstractContextManager[None]]) -> None:
        """Load the model, and see to it that Chroma holds what the catalog says."""
        try:
            self._parts.embedder.load()
            with writing():
                self._parts.prepare_vectors()
        except DesktopRagError as error:
            self._in_trouble(error.as_problem())
            return
        except Exception as error:  # else nobody would hear of it
            said = f"The model could not be made ready ({type(error).__name__})."
            self._in_trouble(Problem("bug", said, record_bug(error, ENGINE)))
            return
        self.ready.set()
        self._bus.publish(ModelReady(self._parts.embedder.space.model))
        if self._parts.reader is not None:
            try:
                self._parts.reader.load()
            except DesktopRagError as error:  # what is found stays in the order of the search
                self._in_trouble(error.as_problem())
        dates.get_ready()

    def _in_trouble(self, problem: Problem) -> None:
        logging.getLogger("desktop_rag").error("%s: %s", problem.code, problem.message)
        self.troubles[problem.code] = problem
        self._bus.publish(Trouble(problem))
