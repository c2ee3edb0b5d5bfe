"""Models on disk and on the hub, as the window needs them.

The only module of the window that knows how models are kept: all others take their types and functions from here. All
of it waits for the disk or the network, so it is called in a thread beside the main one.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct

from desktop_rag.errors import DesktopRagError
from desktop_rag.models.catalogue import Bundled, Catalogue, Listed, Means, Recommendation, load_catalogue
from desktop_rag.models.conductor import Loaded
from desktop_rag.models.download import endpoint as hub_endpoint
from desktop_rag.models.download import fetch, look_up, look_up_other
from desktop_rag.models.hardware import Machine, read_machine
from desktop_rag.models.offer import Offer
from desktop_rag.models.shelf import Installed, Shelf, Transfer
from desktop_rag.models.work import INSTALLABLE, ModelRole

__all__ = [
    "INSTALLABLE", "HubReference", "Installed", "Listed", "Loaded", "Machine", "Means", "ModelOffers", "ModelRole",
    "ModelsSnapshot", "Offer", "Requested", "Transfer", "choose_model", "discard_download", "download_model",
    "find_offers",
    "hub_endpoint", "import_model", "machine_means", "read_snapshot", "remove_model", "verify_model",
]  # fmt: skip

OnTransfer = Callable[[Transfer], None]


class ModelsSnapshot(Struct, frozen=True):
    """The models and the machine as they are now. ``unfinished`` are names and bytes of interrupted downloads,
    ``bundled`` the models that come with the program."""

    machine: Machine
    catalogue: Catalogue
    installed: tuple[Installed, ...]
    chosen: dict[ModelRole, str]
    unfinished: tuple[tuple[str, int], ...]

    @property
    def bundled(self) -> Sequence[Bundled]:
        return self.catalogue.bundled

    @property
    def means(self) -> Means:
        return machine_means(self.machine)

    @property
    def advice(self) -> Recommendation:
        return self.catalogue.recommend(self.means)

    @property
    def sound(self) -> set[str]:
        """Names of the models that can be used."""
        return {model.name for model in self.installed if not model.fault}

    @property
    def lacking(self) -> tuple[Listed, ...]:
        """Those of the recommended set that are not installed."""
        return tuple(model for model in self.advice.models if model.name not in self.sound)


class HubReference(Struct, frozen=True):
    """A repository of the hub that is not in the catalogue, and a GGUF file of it or ""."""

    repository: str
    file: str = ""


Requested = Listed | HubReference


class ModelOffers(Struct, frozen=True):
    """What the hub has of the models that were requested, without those that are installed; and what it does not have.

    ``here`` are the bytes of each that an earlier attempt left, ``free_bytes`` is the space in ``folder``.
    """

    offers: tuple[Offer, ...]
    failures: tuple[DesktopRagError, ...]
    here: dict[str, int]
    folder: Path
    free_bytes: int

    @property
    def bytes(self) -> int:
        """What there is to download."""
        return sum(offer.bytes - self.here[offer.name] for offer in self.offers)


# --- on this PC ---


def read_snapshot() -> ModelsSnapshot:
    """Raises ``ModelError`` and ``ConfigError``."""
    shelf = Shelf()
    chosen = {role: model.name for role in INSTALLABLE if (model := shelf.chosen(role)) is not None}
    return ModelsSnapshot(read_machine(), load_catalogue(), shelf.installed(), chosen, shelf.unfinished())


def machine_means(machine: Machine) -> Means:
    """What the machine has to run models with: its largest card, and its memory."""
    card = max((card.total_bytes for card in machine.cards), default=0)
    return Means(card, machine.memory_bytes)


def choose_model(role: ModelRole, name: str) -> None:
    """Use this installed model for ``role``; "" for none. Raises ``DesktopRagError``."""
    Shelf().use(role, name or None)


def import_model(path: Path, on_transfer: OnTransfer) -> Installed:
    """Install a copy of the model in a file or folder. Raises ``DesktopRagError``."""
    return Shelf().import_model(path, on_transfer=on_transfer)


def verify_model(name: str, on_transfer: OnTransfer) -> None:
    """Check every file of a model. Raises ``ModelRefused`` if one is damaged."""
    Shelf().verify(name, on_transfer=on_transfer)


def remove_model(name: str) -> None:
    """Delete an installed model, or what came of an unfinished one. Raises ``DesktopRagError``."""
    Shelf().remove(name)


def discard_download(name: str) -> None:
    """Delete what came of an unfinished download, if anything did. Raises ``DesktopRagError``."""
    shelf = Shelf()
    if name in dict(shelf.unfinished()):
        shelf.remove(name)


# --- on the hub ---


def find_offers(requested: Sequence[Requested]) -> ModelOffers:
    """Ask the hub what there is to download. Raises what kept the first from being found; failures of the others are in
    the result."""
    offers: list[Offer] = []
    failures: list[DesktopRagError] = []
    for each in requested:
        try:
            offers.append(look_up(each) if isinstance(each, Listed) else look_up_other(each.repository, each.file))
        except DesktopRagError as error:
            if not offers:
                raise
            failures.append(error)
    shelf = Shelf()
    installed = {model.name for model in shelf.installed() if not model.fault}
    lacking = tuple(offer for offer in offers if offer.name not in installed)
    here = {offer.name: offer.bytes_here(shelf.download_folder(offer.name)) for offer in lacking}
    return ModelOffers(lacking, tuple(failures), here, shelf.folder, _free_bytes(shelf.folder))


def download_model(offer: Offer, on_transfer: OnTransfer) -> Installed:
    """Download and install; what an earlier attempt left is not fetched again. What ``on_transfer`` raises ends it, and
    what has come is kept. Raises ``DesktopRagError``."""
    return fetch(offer, Shelf(), on_transfer=on_transfer)


def _free_bytes(folder: Path) -> int:
    """Free space on the disk of a folder that may not exist yet."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free
