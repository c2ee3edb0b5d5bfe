"""A process that dies at a chosen moment, as exactly as this can be had without ending one.

Before and after each write of a library, to the catalog and to Chroma, there is a point at which the process may die;
in the catalog there is one more, before the commit. At the moment of death all files of the library are copied as they
are: the copy is what a killed process leaves. From then on no thread gets past another point, and what the library is
still closed for happens to files that nobody looks at again.
"""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from desktop_rag.storage.catalog import Catalog
from desktop_rag.storage.vectors import VectorStore


class Death(BaseException):
    """The process dies here. It is no ``Exception``: nothing in the program catches it and goes on."""


class Reaper:
    """Waits at the points; ``patches`` put it there."""

    def __init__(self, patches: pytest.MonkeyPatch) -> None:
        self._guard = threading.RLock()
        self._left: int | None = None
        self._from = Path()
        self._to = Path()
        self._dead = False
        for name in ("upsert", "delete", "recreate"):
            patches.setattr(VectorStore, name, self._around(getattr(VectorStore, name)))
        patches.setattr(Catalog, "transaction", self._around_transaction(Catalog.transaction))

    @contextmanager
    def death_after(self, points: int, library: Path, left: Path) -> Iterator[None]:
        """Let the process that has ``library`` open die at the point of this number, counted from 0; the files that it
        leaves are then in ``left``."""
        with self._guard:
            self._left, self._from, self._to, self._dead = points, library, left, False
        try:
            yield
        finally:
            with self._guard:
                self._left = None

    def bury(self) -> None:
        """What still runs of the dead process may end."""
        with self._guard:
            self._dead = False

    def _point(self) -> None:
        with self._guard:
            if not self._dead and self._left is not None:
                self._left -= 1
                if self._left < 0:
                    self._dead = True
                    shutil.copytree(self._from, self._to, copy_function=_copy)
            if self._dead:
                raise Death

    def _around(self, method: Callable[..., None]) -> Callable[..., None]:
        def dying(*arguments: Any, **options: Any) -> None:
            self._point()
            method(*arguments, **options)
            self._point()

        return dying

    def _around_transaction(self, method: Callable[[Catalog], Any]) -> Callable[[Catalog], Any]:
        @contextmanager
        def dying(catalog: Catalog) -> Iterator[sqlite3.Connection]:
            self._point()
            with method(catalog) as writer:
                yield writer
                self._point()
            self._point()

        return dying


def _copy(source: str, target: str) -> None:
    """Copy a file that may be gone already: SQLite deletes some of its own."""
    try:
        shutil.copyfile(source, target)
    except FileNotFoundError:
        return
