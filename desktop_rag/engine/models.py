"""The values of calls about models: what is installed, what can be had, what this PC has to run them with."""

from __future__ import annotations

from msgspec import Struct

from desktop_rag.models.hardware import Card, Machine
from desktop_rag.models.installed_model import Installed
from desktop_rag.models.requests import INSTALLABLE, ModelRole
from desktop_rag.models.runtime.scheduler import Loaded
from desktop_rag.models.store.catalogue import Bundled, Catalogue, Listed, Means, Recommendation
from desktop_rag.models.store.model_store import OnTransfer, Transfer, not_installed
from desktop_rag.models.store.offer import Offer

__all__ = [
    "INSTALLABLE",
    "Bundled",
    "Card",
    "Catalogue",
    "FoundModel",
    "Installed",
    "Listed",
    "Loaded",
    "Machine",
    "Means",
    "ModelOverview",
    "ModelRole",
    "Offer",
    "OnTransfer",
    "Recommendation",
    "Transfer",
]


class ModelOverview(Struct, frozen=True):
    """The models of this PC. ``folder`` is where they are, on a disk with ``free_bytes`` left.

    ``in_use`` names the installed model in use for each role that has one; ``unfinished`` are the names of downloads
    that were broken off, and the bytes that are here.
    """

    folder: str
    free_bytes: int
    installed: tuple[Installed, ...]
    in_use: dict[ModelRole, str]
    unfinished: tuple[tuple[str, int], ...]
    catalogue: Catalogue

    @property
    def sound(self) -> dict[str, Installed]:
        """The installed models that can be used, by name."""
        return {model.name: model for model in self.installed if not model.fault}

    def used_for(self, role: ModelRole) -> Installed | None:
        """The installed model in use for a role."""
        name = self.in_use.get(role)
        return next((model for model in self.installed if model.name == name), None)

    def find(self, name: str) -> Installed:
        """The installed model of this name. Raises ``ModelError`` when there is none."""
        for model in self.installed:
            if model.name == name.strip():
                return model
        raise not_installed(name)


class FoundModel(Struct, frozen=True):
    """What there is to fetch for a model, and how many bytes of it an earlier attempt has left here."""

    offer: Offer
    bytes_here: int
