"""What of a repository is fetched for a model, and how much that is: shown to a person before anything is."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path

from msgspec import Struct

from desktop_rag.errors import DownloadFailed, ModelRefused
from desktop_rag.messages import say
from desktop_rag.models.installed_model import Origin
from desktop_rag.models.requests import ModelRole
from desktop_rag.models.store.catalogue import Listed

_NAMED = 12
"""GGUF files of a repository that a message names."""
_OPEN_CLIP = (
    "open_clip_model.safetensors", "open_clip_config.json", "tokenizer.json", "tokenizer_config.json",
    "special_tokens_map.json", "vocab.json", "merges.txt",
)  # fmt: skip
_WHISPER = ("model.bin", "config.json", "tokenizer.json", "vocabulary.*", "preprocessor_config.json")


class RemoteFile(Struct, frozen=True):
    """A file of a repository. ``size`` is in bytes; the checksum is a SHA-256, or with ``git`` the SHA-1 by which git
    knows a small file."""

    name: str
    size: int
    checksum: str
    git: bool = False

    def part(self, folder: Path) -> Path:
        """Where it grows: named by its checksum, so that what came of another version is never gone on with."""
        return folder / f"{self.checksum}.part"

    def here(self, folder: Path) -> int:
        """Bytes of it that are in ``folder``."""
        for path in (folder / self.name, self.part(folder)):
            if path.exists():
                return min(path.stat().st_size, self.size)
        return 0


class Repository(Struct, frozen=True):
    """What a hub says about a repository, at its newest commit ``revision``."""

    endpoint: str
    name: str
    revision: str
    files: tuple[RemoteFile, ...]
    licence: str = ""


class Offer(Struct, frozen=True):
    """A model that can be fetched. ``role`` is None where only its files will tell."""

    name: str
    role: ModelRole | None
    title: str
    endpoint: str
    files: tuple[RemoteFile, ...]
    origin: Origin

    @property
    def bytes(self) -> int:
        return sum(file.size for file in self.files)

    def bytes_here(self, folder: Path) -> int:
        """What an earlier attempt left in ``folder``."""
        return sum(file.here(folder) for file in self.files)


def offer_listed(wanted: Listed, there: Repository) -> Offer:
    """The files of a model of the catalogue. Raises ``DownloadFailed`` when one is not there."""
    files: dict[str, RemoteFile] = {}
    for pattern in wanted.files + wanted.extras:
        matching = _matching(there, (pattern,))
        if not matching and pattern in wanted.files:
            raise DownloadFailed(
                say("models.no-longer-file", name=there.name, pattern=pattern), say("models.choose-another-model-2")
            )
        files |= matching
    origin = Origin(there.name, there.revision, wanted.licence, wanted.languages)
    return Offer(wanted.name, wanted.role, wanted.title, there.endpoint, tuple(files.values()), origin)


def offer_other(there: Repository, file: str, role: ModelRole | None, name: str) -> Offer:
    """The files of a model that is not in the catalogue: one GGUF ``file``, or with "" what the repository has for
    open_clip or faster-whisper. Raises ``DownloadFailed``, and ``ModelRefused`` when it has neither."""
    names = [each.name for each in there.files]
    ggufs = [each for each in names if each.casefold().endswith(".gguf")]
    if not file and len(ggufs) == 1:
        file = ggufs[0]
    said = ", ".join(ggufs[:_NAMED]) + (", …" if len(ggufs) > _NAMED else "")
    if file and file not in ggufs:
        raise DownloadFailed(
            say("models.no-gguf-file-called", name=there.name, file=file),
            say("models.it-has", files=said) if said else "",
        )
    if file:
        patterns: tuple[str, ...] = (file,)
    elif ggufs:
        raise DownloadFailed(
            say("models.gguf-files", name=there.name, count=len(ggufs)),
            say("models.add-slash-name-one-them", files=said),
        )
    elif "open_clip_config.json" in names:
        patterns = _OPEN_CLIP
    elif "model.bin" in names:
        patterns = _WHISPER
    else:
        raise ModelRefused(
            say("models.does-not-contain-usable-model", folder=there.name),
            say("models.look-same-model-gguf-gguf-open"),
        )
    stem = file[: -len(".gguf")] if file else there.name.rpartition("/")[2]
    name = name or re.sub(r"[^a-z0-9._+-]+", "-", stem.casefold()).strip("-._+")[:80]
    origin = Origin(there.name, there.revision, there.licence)
    return Offer(name, role, stem, there.endpoint, tuple(_matching(there, patterns).values()), origin)


def _matching(there: Repository, patterns: tuple[str, ...]) -> dict[str, RemoteFile]:
    return {file.name: file for pattern in patterns for file in there.files if fnmatch(file.name, pattern)}
