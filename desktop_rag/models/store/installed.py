"""The record of the models installed on this PC: ``models.lock``, a JSON file beside their folders."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout
from msgspec import Struct

from desktop_rag.errors import ModelError
from desktop_rag.messages import say
from desktop_rag.models.installed_model import Installed
from desktop_rag.models.requests import ModelRole
from desktop_rag.models.store.checks import safe_file, safe_name

LOCK_NAME = "models.lock"
_WAIT_S = 30.0
_AGAIN = say("models.move-file-away-install-models-again")


class Lock(Struct):
    """What ``models.lock`` holds; the folders in it are relative to its own. A role's choice "" is none at all."""

    version: int = 1
    models: dict[str, Installed] = {}
    chosen: dict[ModelRole, str] = {}


class LockFile:
    """Reads and writes the lock of a folder of models; several processes may. Raises ``ModelError``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / LOCK_NAME

    def stamp(self) -> tuple[int, ...]:
        """Differs once anything was written."""
        try:
            status = self._path.stat()
        except OSError:
            return ()
        return status.st_mtime_ns, status.st_size, status.st_ino

    def read(self) -> Lock:
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return Lock()
        except OSError as error:
            raise ModelError(say("common.could-not-read", path=self._path, reason=error.strerror or error)) from error
        try:
            lock = msgspec.json.decode(data, type=Lock)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise ModelError(say("models.list-models-damaged", path=self._path), _AGAIN) from error
        for name, model in lock.models.items():
            if name != model.name or not safe_name(name) or not all(map(safe_file, model.files)):
                raise ModelError(say("models.list-models-names-files-do-not", path=self._path), _AGAIN)
        return lock

    @contextmanager
    def changing(self) -> Iterator[Lock]:
        """The lock's contents, written when the block ends without an error; other processes wait."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            guard = FileLock(self._folder / ".models.busy", timeout=_WAIT_S)
            guard.acquire()
        except Timeout as error:
            raise ModelError(
                say("models.another-process-changing-installed-models"), say("models.try-again-moment")
            ) from error
        except OSError as error:
            raise ModelError(
                say("models.cannot-written", folder=self._folder, reason=error.strerror or error)
            ) from error
        try:
            lock = self.read()
            yield lock
            self.write(lock)
        finally:
            guard.release()

    def write(self, lock: Lock) -> None:
        fresh = self._folder / ".models.new"
        data = msgspec.json.format(msgspec.json.encode(lock), indent=2)
        try:
            with fresh.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._path)
        except OSError as error:
            raise ModelError(
                say("models.could-not-written", part=self._path, reason=error.strerror or error)
            ) from error
