"""Mending a library that nobody has open."""

from __future__ import annotations

from pathlib import Path

from desktop_rag.engine.engine import CATALOG_NAME, Engine
from desktop_rag.engine.results import Check
from desktop_rag.engine.service.opening import start_engine, stop_engine
from desktop_rag.storage.lock import LibraryLock
from desktop_rag.storage.repair import repair


def repair_library(library: Path) -> tuple[list[str], list[Check]]:
    """Mend a library while nobody has it open, then look at it: what was done, in words, and what is found now. An
    engine that runs is stopped for it and started again. Raises ``LibraryBusy``, ``StorageError``."""
    done: list[str] = []
    ran = stop_engine(library)
    if library.is_dir():
        lock = LibraryLock(library.expanduser().absolute())
        lock.acquire()
        try:
            done = repair(library / CATALOG_NAME)
        finally:
            lock.release()
    with Engine(library) as engine:
        checks = engine.doctor(repair=True)
    if ran:
        start_engine(library).close()
    return done, checks
