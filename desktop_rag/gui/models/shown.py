"""What the page shows, read from disk at once."""

from __future__ import annotations

import shutil
from pathlib import Path

from msgspec import Struct

from desktop_rag.gui.models.said import ROLES, means_of
from desktop_rag.gui.words import size
from desktop_rag.models.hardware import Machine, read_machine
from desktop_rag.models.requests import ModelRole
from desktop_rag.models.store.catalogue import Catalogue, Listed, Means, Recommendation, load_catalogue
from desktop_rag.models.store.model_store import Installed, ModelStore


class Shown(Struct, frozen=True):
    """The models and the machine as they are now. ``unfinished`` are names and bytes of broken-off downloads,
    ``bundled`` the models that come with the program, in words."""

    machine: Machine
    catalogue: Catalogue
    installed: tuple[Installed, ...]
    chosen: dict[ModelRole, str]
    unfinished: tuple[tuple[str, int], ...]
    bundled: tuple[str, ...]

    @property
    def means(self) -> Means:
        return means_of(self.machine)

    @property
    def advice(self) -> Recommendation:
        return self.catalogue.recommend(self.means)

    @property
    def sound(self) -> set[str]:
        """Names of the models that can be used."""
        return {model.name for model in self.installed if not model.fault}

    @property
    def lacking(self) -> tuple[Listed, ...]:
        """Those of the recommended set that are not here."""
        return tuple(model for model in self.advice.models if model.name not in self.sound)


def read_shown() -> Shown:
    """Raises ``ModelError`` and ``ConfigError``."""
    shelf = ModelStore()
    chosen = {role: model.name for role in ROLES if (model := shelf.chosen(role)) is not None}
    catalogue = load_catalogue()
    bundled = tuple(f"{model.title} ({size(model.bytes)}, {model.licence})" for model in catalogue.bundled)
    return Shown(read_machine(), catalogue, shelf.installed(), chosen, shelf.unfinished(), bundled)


def free_bytes(folder: Path) -> int:
    """Room on the disk of a folder that may not exist yet."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free
