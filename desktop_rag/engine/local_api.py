"""The part of the API that is about no library: the models of this PC, the PC itself, a backup as a file.

These calls are performed in the process that makes them (``place = "caller"``): models belong to the person, and no
engine has to run, and no library be opened, to look at them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from desktop_rag.engine.call import NEVER, Call, CallListener, Performer, Reply, method
from desktop_rag.engine.models import (
    FoundModel,
    Installed,
    Machine,
    Means,
    ModelOverview,
    ModelRole,
    Offer,
    Recommendation,
    Transfer,
)
from desktop_rag.engine.results import BackupReport
from desktop_rag.types import Progress


class ListModels(Call[ModelOverview], frozen=True):
    """The models that are installed, in use, part of the program, or to be had, and downloads that were broken off."""

    place = "caller"


class ReadMachine(Call[Machine], frozen=True):
    """What this PC has to run models with, as it is now."""

    place = "caller"


class RecommendModels(Call[Recommendation], frozen=True):
    """The set of models that suits this PC, or one with the means given."""

    place = "caller"
    means: Means | None = None


class NameHub(Call[str], frozen=True):
    """The address of the hub that models are fetched from; nothing is asked of it. Raises ``DownloadFailed`` when the
    one that was set is no address."""

    place = "caller"


class LookUpModel(Call[FoundModel], frozen=True):
    """Ask the hub what there is to fetch for a model of the catalogue, or for another repository ("owner/name", or
    "owner/name/file.gguf"). This and ``download_model`` are the only calls that reach another machine. Raises
    ``ModelError`` for a name that is not known, or when it is not for ``role``, ``DownloadFailed`` when the hub cannot
    be reached, and ``ModelRefused`` when the repository holds no model that can be used."""

    place = "caller"
    lane = "work"
    name: str
    role: ModelRole | None = None


class DownloadModel(Call[Installed], frozen=True):
    """Fetch, check and install what was offered; a download that was broken off goes on where it stopped. Whoever
    stops it, by the event or by raising an error in ``on_transfer``, keeps what has come; after the event it raises
    ``ModelStopped``. Raises ``DownloadFailed``, ``ModelRefused`` when what came is no such model, and ``DiskFull``."""

    place = "caller"
    lane = "work"
    tells = "transfer"
    offer: Offer


class ImportModel(Call[Installed], frozen=True):
    """Install a copy of a model in a file or folder of this PC; ``name`` is what to call it. Raises ``ModelRefused``
    for what is no model, or not one for ``role``, and ``DiskFull``."""

    place = "caller"
    lane = "work"
    tells = "transfer"
    path: Path
    role: ModelRole | None = None
    name: str = ""


class VerifyModel(Call[None], frozen=True):
    """Compare every file of an installed model with its checksum. A model that has changed is not used any more.
    Raises ``ModelRefused`` for such a one."""

    place = "caller"
    lane = "work"
    tells = "transfer"
    name: str


class RemoveModel(Call[None], frozen=True):
    """Delete a model, or what an unfinished download left of it. Raises ``ModelError`` when there is none."""

    place = "caller"
    name: str


class UseModel(Call[None], frozen=True):
    """Choose the installed model to use for a role; None goes without one. Raises ``ModelRefused`` for a model that
    cannot be used for it."""

    place = "caller"
    role: ModelRole
    name: str | None = None


class CheckBackup(Call[BackupReport], frozen=True):
    """Read a whole backup and compare it with the checksums it was written with; nothing is unpacked. Raises
    ``BackupDamaged``, ``LibraryTooNew``, and ``ConfigError`` when there is no such file."""

    place = "caller"
    lane = "work"
    tells = "progress"
    file: Path


class LocalApi(Performer):
    """What can be asked without a library."""

    models = method(ListModels)
    machine = method(ReadMachine)
    recommend_models = method(RecommendModels)
    hub = method(NameHub)
    look_up_model = method(LookUpModel)
    download_model = method(DownloadModel)
    import_model = method(ImportModel)
    verify_model = method(VerifyModel)
    remove_model = method(RemoveModel)
    use_model = method(UseModel)
    check_backup = method(CheckBackup)

    def listening(
        self,
        *,
        on_transfer: Callable[[Transfer], None] = lambda _: None,
        on_progress: Callable[[Progress], None] = lambda _: None,
        stop: threading.Event = NEVER,
    ) -> LocalApi:
        """The same calls, heard by these functions while they are performed, and ended early by ``stop``."""
        listener = CallListener(on_progress=on_progress, on_transfer=on_transfer, stop=stop)
        return _LocalListening(self, listener)


class _LocalListening(LocalApi):
    def __init__(self, performer: Performer, listener: CallListener) -> None:
        self._performer, self._listener = performer, listener

    def perform(self, call: Call[Reply], listener: CallListener | None = None) -> Reply:
        return self._performer.perform(call, listener or self._listener)


class ThisProcess(LocalApi):
    """Performs these calls itself."""

    def perform(self, call: Call[Reply], listener: CallListener | None = None) -> Reply:
        return perform_here(call, listener)


def perform_here(call: Call[Reply], listener: CallListener | None = None) -> Reply:
    """Perform a call whose place is the caller's process."""
    import desktop_rag.engine.handlers.local  # noqa: F401  (it registers the functions)
    from desktop_rag.engine.handlers.registry import local_handler

    return local_handler(call)(call, listener or CallListener())
