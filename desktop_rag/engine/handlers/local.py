"""Performs the calls that are about no library: models, the PC, backups as files."""

# ruff: noqa: ARG001 (each function gets what any may need)

from __future__ import annotations

import shutil
from pathlib import Path

from desktop_rag.engine import local_api as api
from desktop_rag.engine.call import CallListener
from desktop_rag.engine.handlers.registry import handles_here
from desktop_rag.engine.models import (
    INSTALLABLE,
    FoundModel,
    Installed,
    Machine,
    Means,
    ModelOverview,
    Recommendation,
    Transfer,
)
from desktop_rag.errors import ModelStopped
from desktop_rag.messages import say
from desktop_rag.models import hardware
from desktop_rag.models.store.catalogue import load_catalogue
from desktop_rag.models.store.checks import check_role
from desktop_rag.models.store.download import endpoint, fetch, look_up, look_up_other
from desktop_rag.models.store.model_store import ModelStore
from desktop_rag.storage import backup
from desktop_rag.storage.backup import BackupReport


@handles_here(api.ListModels)
def list_models(call: api.ListModels, listener: CallListener) -> ModelOverview:
    store = ModelStore()
    return ModelOverview(
        str(store.folder),
        _free_bytes(store.folder),
        store.installed(),
        {role: model.name for role in INSTALLABLE if (model := store.chosen(role)) is not None},
        store.unfinished(),
        load_catalogue(),
    )


@handles_here(api.ReadMachine)
def read_this_machine(call: api.ReadMachine, listener: CallListener) -> Machine:
    return hardware.read_machine()


@handles_here(api.RecommendModels)
def recommend_models(call: api.RecommendModels, listener: CallListener) -> Recommendation:
    means = call.means
    if means is None:
        machine = hardware.read_machine()
        means = Means(max((card.total_bytes for card in machine.cards), default=0), machine.memory_bytes)
    return load_catalogue().recommend(means)


@handles_here(api.NameHub)
def name_hub(call: api.NameHub, listener: CallListener) -> str:
    return endpoint()


@handles_here(api.LookUpModel)
def look_up_model(call: api.LookUpModel, listener: CallListener) -> FoundModel:
    if "/" in call.name:
        owner, _, rest = call.name.partition("/")
        repository, _, file = rest.partition("/")
        offer = look_up_other(f"{owner}/{repository}", file, call.role)
    else:
        wanted = load_catalogue().find(call.name)
        check_role(wanted.role, call.role, wanted.name)
        offer = look_up(wanted)
    return FoundModel(offer, offer.bytes_here(ModelStore().download_folder(offer.name)))


@handles_here(api.DownloadModel)
def download_model(call: api.DownloadModel, listener: CallListener) -> Installed:
    def on_transfer(transfer: Transfer) -> None:
        listener.on_transfer(transfer)
        if listener.stop.is_set():
            raise ModelStopped(say("engine.download-stopped"), say("engine.what-come-kept-goes-there"))

    return fetch(call.offer, ModelStore(), on_transfer=on_transfer)


@handles_here(api.ImportModel)
def import_model(call: api.ImportModel, listener: CallListener) -> Installed:
    return ModelStore().import_model(call.path, call.role, call.name, on_transfer=listener.on_transfer)


@handles_here(api.VerifyModel)
def verify_model(call: api.VerifyModel, listener: CallListener) -> None:
    ModelStore().verify(call.name, on_transfer=listener.on_transfer)


@handles_here(api.RemoveModel)
def remove_model(call: api.RemoveModel, listener: CallListener) -> None:
    ModelStore().remove(call.name)


@handles_here(api.UseModel)
def use_model(call: api.UseModel, listener: CallListener) -> None:
    ModelStore().use(call.role, call.name)


@handles_here(api.CheckBackup)
def check_backup(call: api.CheckBackup, listener: CallListener) -> BackupReport:
    return backup.check_backup(call.file.expanduser().absolute(), on_progress=listener.on_progress)


def _free_bytes(folder: Path) -> int:
    """Room on the disk of a folder that may not exist yet."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free
