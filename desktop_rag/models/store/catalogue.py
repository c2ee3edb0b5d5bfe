"""Models that can be fetched, and which of them suit a PC: ``resources/models.toml``, read and checked."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from desktop_rag.errors import ConfigError, ModelError
from desktop_rag.messages import say
from desktop_rag.models.requests import INSTALLABLE, Form, ModelRole
from desktop_rag.paths import resources_dir

_GIB = 1024**3
_ABOUT = 0.92
"""A card or a PC reports somewhat less memory than it is sold with."""


class Listed(Struct, frozen=True, forbid_unknown_fields=True):
    """A model of the catalogue.

    ``files`` are names in the repository, that of the weights first, and may hold ``*``; each must match something.
    ``extras`` are taken where they exist. ``memory_gb`` is an estimate of what it takes while it runs, in GiB. ``tier``
    names the smallest PC it is meant for.
    """

    name: str
    role: ModelRole
    form: Form
    title: str
    repository: str
    files: tuple[str, ...]
    licence: str
    languages: tuple[str, ...]
    memory_gb: float
    tier: str
    extras: tuple[str, ...] = ()
    note: str = ""


class Bundled(Struct, frozen=True, forbid_unknown_fields=True):
    """A model that comes with the program; its files are named from ``resources/models`` on."""

    name: str
    role: Literal["embedding", "reading"]
    title: str
    weights: str
    tokenizer: str
    sha256: str
    """Of the weights."""
    licence: str
    languages: tuple[str, ...]

    @property
    def bytes(self) -> int:
        """Of the weights; 0 when they are missing."""
        path = bundled_file(self.weights)
        return path.stat().st_size if path.is_file() else 0


class Tier(Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of PC, by the least memory of its graphics card and its own, in GiB; and the models that suit it."""

    name: str
    title: str
    card_gb: float
    memory_gb: float
    models: tuple[str, ...]


class Means(Struct, frozen=True):
    """What a PC has to run models with, in bytes; ``card_bytes`` is 0 without a graphics card that can."""

    card_bytes: int
    memory_bytes: int


class Recommendation(Struct, frozen=True):
    tier: Tier
    models: tuple[Listed, ...]
    """One for a role, in the order of ``INSTALLABLE``."""


class Catalogue(Struct, frozen=True):
    """``models`` in the order of the file; ``tiers`` from the smallest PC on; ``bundled`` need not be fetched."""

    models: tuple[Listed, ...]
    tiers: tuple[Tier, ...]
    bundled: tuple[Bundled, ...]

    def find(self, name: str) -> Listed:
        """Raises ``ModelError`` for a name that is not in it."""
        for model in self.models:
            if model.name == name.strip().casefold():
                return model
        raise ModelError(
            say("models.there-no-model-called", name=name), say("models.desktop-rag-models-list-shows-models")
        )

    def tier_for(self, means: Means) -> Tier:
        """The last tier all of whose needs are met."""
        fitting = [
            tier
            for tier in self.tiers
            if means.card_bytes >= _ABOUT * tier.card_gb * _GIB and means.memory_bytes >= _ABOUT * tier.memory_gb * _GIB
        ]
        return (fitting or [self.tiers[0]])[-1]

    def recommend(self, means: Means) -> Recommendation:
        """A set of models that a PC with these means runs well, side by side."""
        tier = self.tier_for(means)
        models = [self.find(name) for name in tier.models]
        return Recommendation(tier, tuple(sorted(models, key=lambda model: INSTALLABLE.index(model.role))))


class _CatalogueFile(Struct, forbid_unknown_fields=True):
    model: tuple[Listed, ...]
    tier: tuple[Tier, ...]
    bundled: tuple[Bundled, ...] = ()


def load_catalogue(path: Path | None = None) -> Catalogue:
    """Read the catalogue, the program's own unless a ``path`` is given. Raises ``ConfigError``."""
    path = path or resources_dir() / "models.toml"
    try:
        found = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _CatalogueFile)
    except (OSError, ValueError) as error:
        raise ConfigError(
            say("models.list-models-cannot-used", path=path, reason=error), say("common.install-desktop-rag-again-2")
        ) from error
    return Catalogue(found.model, found.tier, found.bundled)


def find_bundled(name: str) -> Bundled:
    """Raises ``ConfigError`` when the program's list of models cannot be read or lacks it."""
    for model in _bundled():
        if model.name == name:
            return model
    raise ConfigError(say("models.list-models-does-not-contain", name=name), say("common.install-desktop-rag-again-2"))


@cache
def _bundled() -> tuple[Bundled, ...]:
    return load_catalogue().bundled


def bundled_file(name: str) -> Path:
    """Where a file of a bundled model is."""
    return resources_dir() / "models" / name
