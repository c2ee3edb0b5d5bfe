"""The record of the models installed on this PC: ``models.lock``, a JSON file beside their folders."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout
from msgspec import Struct

from desktop_rag.errors import ModelError
from desktop_rag.messages import Worded
from desktop_rag.models.requests import ModelRole
from desktop_rag.models.store.catalogue import Form
from desktop_rag.models.store.checks import safe_file, safe_name

LOCK_NAME = "models.lock"
_WAIT_S = 30.0
_AGAIN = "Move that file away and install the models again."


class FileRecord(Struct, frozen=True):
    """A file as it was when its model was installed; ``size`` is in bytes."""

    sha256: str
    size: int


class Origin(Struct, frozen=True):
    """Where a model came from: a repository and the commit of it; both "" for one that was imported."""

    repository: str = ""
    revision: str = ""
    licence: str = ""
    languages: tuple[str, ...] = ()


class Installed(Worded, frozen=True, omit_defaults=False):
    """A model in the store. ``folder`` is absolute, ``files`` are relative to it, and ``main`` has the weights.

    ``fault`` says why it is not used: a file was missing or not what it had been when it was last looked at.
    """

    name: str
    role: ModelRole
    form: Form
    title: str
    folder: str
    main: str
    files: dict[str, FileRecord]
    repository: str = ""
    revision: str = ""
    licence: str = ""
    languages: tuple[str, ...] = ()
    installed: str = ""
    """When, in ISO 8601."""
    fault: str = ""

    @property
    def fingerprint(self) -> str:
        """A short hash of what the model is, whatever its files are called: it identifies an embedding space, or who
        wrote a transcript."""
        sums = sorted(record.sha256 for record in self.files.values())
        return hashlib.sha256(msgspec.json.encode([self.role, self.form, sums])).hexdigest()[:16]

    @property
    def bytes(self) -> int:
        return sum(record.size for record in self.files.values())


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
            raise ModelError(f"{self._path} could not be read: {error.strerror or error}.") from error
        try:
            lock = msgspec.json.decode(data, type=Lock)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise ModelError(f"The list of models in {self._path} is damaged.", _AGAIN) from error
        for name, model in lock.models.items():
            if name != model.name or not safe_name(name) or not all(map(safe_file, model.files)):
                raise ModelError(f"The list of models in {self._path} names files that are not its own.", _AGAIN)
        return lock

    @contextmanager
    def changing(self) -> Iterator[Lock]:
        """The lock's contents, written when the block ends without an error; other processes wait."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            guard = FileLock(self._folder / ".models.busy", timeout=_WAIT_S)
            guard.acquire()
        except Timeout as error:
            raise ModelError("Another process is changing the installed models.", "Try again in a moment.") from error
        except OSError as error:
            raise ModelError(f"{self._folder} cannot be written: {error.strerror or error}.") from error
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
            raise ModelError(f"{self._path} could not be written: {error.strerror or error}.") from error
