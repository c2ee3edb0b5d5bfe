"""A model that is installed on this PC, as its record in the store describes it."""

from __future__ import annotations

import hashlib

import msgspec
from msgspec import Struct

from desktop_rag.messages import Worded
from desktop_rag.models.requests import Form, ModelRole


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
