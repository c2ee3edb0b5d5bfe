"""The small forms of pictures, kept on disk for lists and for what they show to be seen at once.

A cache: what is missing is made again when its file is indexed again, and is shown without a picture until then.
"""

from __future__ import annotations

import logging
import os
import threading
from contextlib import suppress
from pathlib import Path

_ROOM = 0.9
"""Share of the limit that is left after files were removed, so that this is not done for every picture."""


class Thumbnails:
    """JPEGs in ``folder`` of at most ``limit`` bytes altogether; those not asked for the longest go first. Failing to
    write one (a full disk) costs that one. For several threads of the process that owns the library."""

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder = folder
        self._limit = limit
        self._guard = threading.Lock()
        self._bytes: int | None = None

    def path(self, picture: bytes) -> Path:
        """Where the small form of the picture with this hash is, or would be."""
        name = picture.hex()
        return self.folder / name[:2] / f"{name[2:]}.jpg"

    def keep(self, picture: bytes, preview: bytes) -> None:
        """Store the small form of a picture, unless it is there."""
        path = self.path(picture)
        if path.exists():
            return
        with self._guard:
            try:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                fresh = path.with_suffix(".new")
                fresh.write_bytes(preview)
                fresh.replace(path)
            except OSError as error:
                logging.getLogger("desktop_rag").warning("A thumbnail could not be kept: %s", error.strerror or error)
                return
            self._bytes = self._count() if self._bytes is None else self._bytes + len(preview)
            if self._bytes > self._limit:
                self._make_room()

    def load(self, picture: bytes) -> bytes | None:
        """The small form of the picture with this hash, if it is still kept."""
        path = self.path(picture)
        try:
            data = path.read_bytes()
        except OSError:
            return None
        with suppress(OSError):
            os.utime(path)  # when it was last asked for
        return data

    def sweep(self, known: set[bytes]) -> int:
        """Remove the small forms of all pictures but the ``known``; returns how many were removed."""
        names = {self.path(picture) for picture in known}
        gone = [path for path in self._files() if path not in names]
        for path in gone:
            path.unlink(missing_ok=True)
        self._bytes = None
        return len(gone)

    def _files(self) -> list[Path]:
        return list(self.folder.glob("??/*.jpg"))

    def _count(self) -> int:
        return sum(path.stat().st_size for path in self._files())

    def _make_room(self) -> None:
        files = sorted((status.st_mtime, status.st_size, path) for path in self._files() if (status := path.stat()))
        left = sum(size for _, size, _ in files)
        for _, size, path in files:
            if left <= _ROOM * self._limit:
                break
            path.unlink(missing_ok=True)
            left -= size
        self._bytes = left
