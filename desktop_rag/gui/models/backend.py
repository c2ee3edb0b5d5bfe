"""Models on disk and on the hub, as the window needs them: the calls of the API about models, put together.

All of it waits for the disk or the network, so it is called in a thread beside the main one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from desktop_rag.engine.local_api import ThisProcess
from desktop_rag.engine.models import (
    INSTALLABLE,
    Bundled,
    Catalogue,
    FoundModel,
    Installed,
    Listed,
    Loaded,
    Machine,
    Means,
    ModelRole,
    Offer,
    OnTransfer,
    Recommendation,
    Transfer,
)
from desktop_rag.errors import DesktopRagError

__all__ = [
    "INSTALLABLE", "HubReference", "Installed", "Listed", "Loaded", "Machine", "Means", "ModelOffers", "ModelRole",
    "ModelsSnapshot", "Offer", "Requested", "Transfer", "choose_model", "discard_download", "download_model",
    "find_offers",
    "hub_endpoint", "import_model", "machine_means", "read_snapshot", "remove_model", "verify_model",
]  # fmt: skip


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

    @property
    def name(self) -> str:
        return f"{self.repository}/{self.file}" if self.file else self.repository


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
    api = ThisProcess()
    found = api.models()
    return ModelsSnapshot(api.machine(), found.catalogue, found.installed, found.in_use, found.unfinished)


def machine_means(machine: Machine) -> Means:
    """What the machine has to run models with: its largest card, and its memory."""
    card = max((card.total_bytes for card in machine.cards), default=0)
    return Means(card, machine.memory_bytes)


def choose_model(role: ModelRole, name: str) -> None:
    """Use this installed model for ``role``; "" for none. Raises ``DesktopRagError``."""
    ThisProcess().use_model(role, name or None)


def import_model(path: Path, on_transfer: OnTransfer) -> Installed:
    """Install a copy of the model in a file or folder. Raises ``DesktopRagError``."""
    return ThisProcess().listening(on_transfer=on_transfer).import_model(path)


def verify_model(name: str, on_transfer: OnTransfer) -> None:
    """Check every file of a model. Raises ``ModelRefused`` if one is damaged."""
    ThisProcess().listening(on_transfer=on_transfer).verify_model(name)


def remove_model(name: str) -> None:
    """Delete an installed model, or what came of an unfinished one. Raises ``DesktopRagError``."""
    ThisProcess().remove_model(name)


def discard_download(name: str) -> None:
    """Delete what came of an unfinished download, if anything did. Raises ``DesktopRagError``."""
    api = ThisProcess()
    if name in dict(api.models().unfinished):
        api.remove_model(name)


# --- on the hub ---


def find_offers(requested: Sequence[Requested]) -> ModelOffers:
    """Ask the hub what there is to download. Raises what kept the first from being found; failures of the others are in
    the result."""
    api = ThisProcess()
    offers: list[FoundModel] = []
    failures: list[DesktopRagError] = []
    for each in requested:
        try:
            offers.append(api.look_up_model(each.name))
        except DesktopRagError as error:
            if not offers:
                raise
            failures.append(error)
    models = api.models()
    lacking = [found for found in offers if found.offer.name not in models.sound]
    return ModelOffers(
        tuple(found.offer for found in lacking),
        tuple(failures),
        {found.offer.name: found.bytes_here for found in lacking},
        Path(models.folder),
        models.free_bytes,
    )


def download_model(offer: Offer, on_transfer: OnTransfer) -> Installed:
    """Download and install; what an earlier attempt left is not fetched again. What ``on_transfer`` raises ends it, and
    what has come is kept. Raises ``DesktopRagError``."""
    return ThisProcess().listening(on_transfer=on_transfer).download_model(offer)


def hub_endpoint() -> str:
    """The address of the hub. Raises ``DownloadFailed`` for one that is no address."""
    return ThisProcess().hub()
