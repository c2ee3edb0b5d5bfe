"""One process owns a library. The operating system frees the lock when its holder dies, however it dies."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from desktop_rag.errors import LibraryBusy, StorageError
from desktop_rag.messages import say
from desktop_rag.storage.storage_errors import storage_errors


class LibraryLock:
    """Holds ``lock`` in the library's folder while open; ``owner`` beside it names the holder for messages."""

    def __init__(self, folder: Path) -> None:
        from filelock import FileLock

        self._folder = folder
        self._owner = folder / "owner"
        self._lock = FileLock(folder / "lock", timeout=0)

    def acquire(self) -> None:
        """Take the lock. Raises ``LibraryBusy`` when another process has it, ``StorageError``."""
        from filelock import Timeout

        try:
            with storage_errors(self._folder):
                self._lock.acquire()
        except Timeout as error:
            raise LibraryBusy(
                self._held(),
                say("storage.wait-until-finished-stop-can-search"),
            ) from error
        except OSError as error:
            raise StorageError(say("storage.library-could-not-locked", reason=error.strerror or error)) from error
        with suppress(OSError):  # a full disk, say: the lock holds without it
            self._owner.write_text(str(os.getpid()), encoding="ascii")

    def release(self) -> None:
        """Give the lock back; harmless when it is not held."""
        if self._lock.is_locked:
            with suppress(OSError):
                self._owner.unlink()
            self._lock.release()

    def is_held(self) -> bool:
        """Whether some process has the lock now."""
        from filelock import Timeout

        try:
            self._lock.acquire()
        except Timeout:
            return True
        except OSError:
            return False
        self._lock.release()
        return False

    def _held(self) -> str:
        try:
            pid = int(self._owner.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return say("storage.another-desktop-rag-process-writing-library")
        return say("storage.another-desktop-rag-process-number-writing", pid=pid)
