"""The models installed on this PC: a folder for each, and one file, ``models.lock``, that says what is in them.

The lock holds the checksum of every file as it was when the model came, where it came from, and which model is in use
for what. Models are put in place whole: they are gathered in ``.incoming``, checked there, and moved. Several processes
may use one store.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout
from msgspec import Struct

from desktop_rag.errors import DiskFull, ModelError, ModelRefused
from desktop_rag.messages import say
from desktop_rag.models.installed_model import FileRecord, Installed, Origin
from desktop_rag.models.requests import ModelRole
from desktop_rag.models.store.checks import check_role, examine, safe_name
from desktop_rag.models.store.installed import LOCK_NAME, Lock, LockFile
from desktop_rag.paths import models_dir

__all__ = ["ModelStore", "OnTransfer", "Transfer"]

_INCOMING = ".incoming"
_IMPORT = "+"
"""Begins the names of folders in it that are of no use after a crash; no model's name begins so."""
_BLOCK = 4 * 1024 * 1024
_SPARE_BYTES = 512 * 1024 * 1024
"""What stays free on the disk."""


class Transfer(Struct, frozen=True):
    """How far the files of a model have come, in bytes."""

    file: str
    bytes_done: int
    bytes_total: int


OnTransfer = Callable[[Transfer], None]


class ModelStore:
    """The models in ``folder``, the person's own unless another is given; it may not exist yet.

    All methods raise ``ModelError`` when the folder or the lock cannot be read or written.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = (folder or models_dir()).absolute()
        self._lock = LockFile(self.folder)

    def stamp(self) -> tuple[int, ...]:
        """Differs once anything was installed, removed, chosen or found faulty."""
        return self._lock.stamp()

    def installed(self) -> tuple[Installed, ...]:
        """All models, the oldest first."""
        return tuple(self._seen(model) for model in self._lock.read().models.values())

    def find(self, name: str) -> Installed:
        """The model of this name. Raises ``ModelError`` when there is none."""
        for model in self.installed():
            if model.name == name.strip():
                return model
        raise not_installed(name)

    def chosen(self, role: ModelRole) -> Installed | None:
        """The model in use for a role: the one a person chose, or else the newest that is sound."""
        lock = self._lock.read()
        sound = [model for model in map(self._seen, lock.models.values()) if model.role == role and not model.fault]
        named = lock.chosen.get(role)
        if named == "":
            return None
        return next((model for model in sound if model.name == named), sound[-1] if sound else None)

    def use(self, role: ModelRole, name: str | None) -> None:
        """Choose the model for a role; None goes without one."""
        if name is not None:
            model = self.find(name)
            check_role(model.role, role, model.name)
            if model.fault:
                raise ModelRefused(
                    say("models.cannot-used", name=model.name, fault=model.fault), say("common.remove-download-again")
                )
        with self._lock.changing() as lock:
            lock.chosen[role] = name or ""

    def import_model(
        self, path: Path, role: ModelRole | None = None, name: str = "", *, on_transfer: OnTransfer | None = None
    ) -> Installed:
        """Install a copy of a model in a file or folder of this PC. Raises ``ModelRefused`` for what is none, or not
        one for ``role``, and ``DiskFull``."""
        path = path.expanduser().absolute()
        nature = examine(path)
        check_role(nature.role, role, path.name)
        name = name or _name_of(path)
        self.check_name(name)
        source = path if path.is_dir() else path.parent
        sizes = {file: (source / file).stat().st_size for file in nature.files}
        self._sweep()
        with self.staging(f"{_IMPORT}{name}") as folder:
            try:
                self.check_room(sum(sizes.values()))
                teller = _Teller(sum(sizes.values()), on_transfer)
                for file in nature.files:
                    _copy(source / file, folder / file, teller)
                return self.place(folder, name, role, title=nature.title)
            finally:
                if folder.exists():
                    _clear(folder)

    def place(
        self, staged: Path, name: str, role: ModelRole | None = None, *, title: str = "", origin: Origin | None = None
    ) -> Installed:
        """Check the model in ``staged``, a folder below the store's own, and put it in its place. One that is here
        already, under whatever name, stays as it is. Raises ``ModelRefused``; nothing is installed then."""
        nature = examine(staged)
        check_role(nature.role, role, title or name)
        files = {file: _record(staged / file) for file in nature.files}
        origin = origin or Origin()
        model = Installed(
            name,
            nature.role,
            nature.form,
            title or nature.title,
            name,
            nature.main,
            files,
            origin.repository,
            origin.revision,
            origin.licence,
            origin.languages,
            datetime.now(UTC).isoformat(timespec="seconds"),
        )
        for extra in staged.iterdir():
            if extra.name not in files:
                shutil.rmtree(extra) if extra.is_dir() else extra.unlink()
        with self._lock.changing() as lock:
            for other in map(self._seen, list(lock.models.values())):
                if other.fingerprint == model.fingerprint and not other.fault:
                    shutil.rmtree(staged, ignore_errors=True)
                    return other
            self._vacate(lock, name)
            # First the record, then the files: a crash in between leaves a record that says they are missing, and never
            # a folder that nobody knows of.
            lock.models.pop(name, None)
            lock.models[name] = model
            self._lock.write(lock)
            try:
                staged.replace(self.folder / name)
            except OSError as error:
                del lock.models[name]
                self._lock.write(lock)
                raise ModelError(
                    say("models.could-not-moved-into-place", name=name, reason=error.strerror or error)
                ) from error
        return self._seen(model)

    def verify(self, name: str, *, on_transfer: OnTransfer | None = None) -> None:
        """Compare every file with its checksum. One that differs is noted, and the model is not used any more; one
        that is sound again is. Raises ``ModelRefused`` for a model that is not sound."""
        model = self.find(name)
        fault = self._fault_of(model, on_transfer)
        with self._lock.changing() as lock:
            if name in lock.models:
                lock.models[name] = msgspec.structs.replace(lock.models[name], fault=fault)
        if fault:
            raise ModelRefused(
                say("models.can-no-longer-used", name=name, fault=fault),
                say("models.run-desktop-rag-models-remove-then", name=name),
            )

    def remove(self, name: str) -> None:
        """Delete a model, or what an unfinished download left of it."""
        if name in dict(self.unfinished()):
            with self.staging(name) as folder:
                shutil.rmtree(folder, ignore_errors=True)
            if name not in self._lock.read().models:
                return
        self.find(name)
        with self._lock.changing() as lock:
            self._vacate(lock, name)
            lock.models.pop(name, None)
            for role in [role for role, chosen in lock.chosen.items() if chosen == name]:
                del lock.chosen[role]

    def unfinished(self) -> tuple[tuple[str, int], ...]:
        """Downloads that were broken off: their names, and how many bytes are here."""
        found = []
        with suppress(OSError):
            for folder in sorted((self.folder / _INCOMING).iterdir()):
                if folder.is_dir() and not folder.name.startswith(_IMPORT):
                    size = sum(path.stat().st_size for path in folder.iterdir())
                    found.append((folder.name, size))
        return tuple(found)

    def download_folder(self, name: str) -> Path:
        """Where a download gathers its files; it need not exist."""
        return self.folder / _INCOMING / name

    @contextmanager
    def staging(self, name: str) -> Iterator[Path]:
        """The folder in which a model is gathered, for this process alone; what is in it stays for the next time.
        Raises ``ModelError`` when another process is at it."""
        folder = self.folder / _INCOMING / name
        guard = FileLock(folder.with_name(f".{name}.lock"), timeout=0)
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            guard.acquire()
            folder.mkdir(exist_ok=True)
        except Timeout as error:
            raise ModelError(
                say("models.another-process-installing", name=name), say("models.wait-until-finished")
            ) from error
        except OSError as error:
            guard.release()
            raise ModelError(say("models.cannot-written", folder=folder, reason=error.strerror or error)) from error
        try:
            yield folder
        finally:
            with suppress(OSError):
                folder.rmdir()  # gone already if it was moved to its place; and not if there is something in it
            guard.release()

    def _sweep(self) -> None:
        """Delete what imports left that did not come to their end."""
        incoming = self.folder / _INCOMING
        for left in list(incoming.glob(f"{_IMPORT}*")) if incoming.is_dir() else []:
            with suppress(ModelError), self.staging(left.name) as folder:  # one that another process is at stays
                _clear(folder)

    def check_name(self, name: str) -> None:
        """Raises ``ModelError`` unless a new model can have this name."""
        if not safe_name(name) or name == LOCK_NAME:
            raise ModelError(
                say("models.model-cannot-called", name=name), say("models.use-letters-digits-dots-hyphens")
            )
        taken = {model.name: model for model in self.installed()}.get(name)
        if taken is not None and not taken.fault:
            raise ModelError(
                say("models.there-already-model-called", name=name),
                say("models.choose-another-name-remove-first", name=name),
            )
        if taken is None and (self.folder / name).exists():
            raise ModelError(
                say("models.there-already-folder-called", name=name, folder=self.folder),
                say("models.choose-another-name"),
            )

    def check_room(self, size: int) -> None:
        """Raises ``DiskFull`` unless there is room for ``size`` bytes more."""
        free = shutil.disk_usage(self.folder).free
        if size + _SPARE_BYTES > free:
            raise DiskFull(
                say("models.model-needs-gb-but-disk-only", size=size / 1e9, folder=self.folder, free=free / 1e9),
                say("models.free-up-some-space-choose-smaller"),
            )

    def _vacate(self, lock: Lock, name: str) -> None:
        """Delete the folder of a model of the lock, if there is one."""
        folder = self.folder / name
        if name not in lock.models or not folder.exists():
            return
        away = self.folder / _INCOMING / f"{_IMPORT}removed-{name}"
        try:
            away.parent.mkdir(exist_ok=True)
            shutil.rmtree(away, ignore_errors=True)
            folder.replace(away)
        except OSError as error:
            raise ModelError(
                say("models.could-not-removed", name=name, reason=error.strerror or error),
                say("models.run-desktop-rag-engine-stop-then"),
            ) from error
        shutil.rmtree(away, ignore_errors=True)

    # --- a model's files ---------------------------------------------------------------------------------------------

    def _seen(self, model: Installed) -> Installed:
        """The model with its folder as it is here; a file that is gone or has another size is its fault."""
        folder = self.folder / model.name
        fault = model.fault
        for name, record in model.files.items():
            if fault:
                break
            try:
                if (folder / name).stat().st_size != record.size:
                    fault = say("models.has-changed", name=name)
            except OSError:
                fault = say("models.is-missing-2", name=name)
        return msgspec.structs.replace(model, folder=str(folder), fault=fault)

    def _fault_of(self, model: Installed, on_transfer: OnTransfer | None) -> str:
        teller = _Teller(model.bytes, on_transfer)
        for name, record in model.files.items():
            try:
                if _record(Path(model.folder, name), teller) != record:
                    return say("models.has-changed", name=name)
            except OSError:
                return say("models.missing-cannot-read", name=name)
        try:
            nature = examine(Path(model.folder))
        except ModelRefused as refused:
            return refused.message
        return "" if nature.role == model.role else say("models.it-is-not-for", role=model.role)


def not_installed(name: str) -> ModelError:
    return ModelError(
        say("models.no-model-called-installed", name=name), say("models.desktop-rag-models-list-shows-models")
    )


def _name_of(path: Path) -> str:
    """A name for the model in a file or folder: "Qwen3-4B-Q4_K_M.gguf" becomes "qwen3-4b-q4_k_m"."""
    stem = path.stem if path.is_file() else path.name
    return re.sub(r"[^a-z0-9._+-]+", "-", stem.casefold()).strip("-._+")[:80] or "model"


class _Teller:
    """Adds up what was read of several files."""

    def __init__(self, total: int, on_transfer: OnTransfer | None) -> None:
        self._done, self._total, self._on_transfer = 0, total, on_transfer

    def __call__(self, file: str, count: int) -> None:
        self._done += count
        if self._on_transfer is not None:
            self._on_transfer(Transfer(file, self._done, self._total))


def _record(path: Path, teller: _Teller | None = None) -> FileRecord:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            size += len(block)
            if teller is not None:
                teller(path.name, len(block))
    return FileRecord(digest.hexdigest(), size)


def _copy(source: Path, target: Path, teller: _Teller) -> None:
    try:
        with source.open("rb") as reading, target.open("wb") as writing:
            while block := reading.read(_BLOCK):
                writing.write(block)
                teller(source.name, len(block))
            writing.flush()
            os.fsync(writing.fileno())
    except OSError as error:
        raise ModelError(say("models.could-not-copied", name=source.name, reason=error.strerror or error)) from error


def _clear(folder: Path) -> None:
    for entry in folder.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
