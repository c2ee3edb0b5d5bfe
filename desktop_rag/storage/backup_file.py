"""The file of a backup: a ZIP with the catalog, the settings and a manifest that holds the digest of each.

Files may come from anywhere: nothing is unpacked under a name, to a place or to a size that the ZIP chooses.
"""

from __future__ import annotations

import errno
import hashlib
import os
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Annotated, Self

import msgspec
from msgspec import Meta, Struct

from desktop_rag.errors import BackupDamaged, ConfigError, LibraryTooNew, StorageError
from desktop_rag.messages import say

FORMAT = 1
CATALOG_PART = "catalog.sqlite"
CONFIG_PART = "config.toml"
_MANIFEST = "manifest.json"
_MANIFEST_BYTES = 64 * 1024
"""A manifest is never longer."""
_BLOCK = 1024 * 1024

OnBytes = Callable[[int], None]
"""Told how many more bytes were dealt with."""
Count = Annotated[int, Meta(ge=0)]

_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError, OverflowError)
"""What ``zipfile`` and ``msgspec`` raise for files that are no ZIP of ours, or not any more."""


class BackupPart(Struct, frozen=True):
    """One file in the ZIP: its size in bytes and its SHA-256, unpacked."""

    size: Count
    sha256: str


class Manifest(Struct, frozen=True):
    """What a backup holds, and what wrote it: version of the program, schema of the catalog."""

    format: int
    version: str
    schema: Annotated[int, Meta(ge=1)]
    created: datetime
    files: Count
    documents: Count
    chunks: Count
    parts: dict[str, BackupPart] = {}


def pack(file: Path, sources: Mapping[str, Path], manifest: Manifest, on_bytes: OnBytes) -> None:
    """Write a new ``file`` of the ``sources`` (part -> where it is) and have the disk keep it. Raises ``OSError``."""
    with file.open("xb") as out:
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            parts = {name: _add(archive, name, source, on_bytes) for name, source in sources.items()}
            archive.writestr(_MANIFEST, msgspec.json.encode(msgspec.structs.replace(manifest, parts=parts)))
        out.flush()
        os.fsync(out.fileno())


def _add(archive: zipfile.ZipFile, name: str, source: Path, on_bytes: OnBytes) -> BackupPart:
    digest = hashlib.sha256()
    size = 0
    with source.open("rb") as data, archive.open(name, "w", force_zip64=True) as out:
        while block := data.read(_BLOCK):
            out.write(block)
            digest.update(block)
            size += len(block)
            on_bytes(len(block))
    return BackupPart(size, digest.hexdigest())


class BackupFile:
    """A backup opened for reading; use it as a context manager.

    Raises ``ConfigError`` when there is no such file, ``BackupDamaged``, ``LibraryTooNew`` when a newer version wrote
    it, ``StorageError`` when it cannot be read.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        with ExitStack() as opening:
            with _reading(file):
                self._archive = opening.enter_context(zipfile.ZipFile(file))
                self.manifest = self._read_manifest()
            self._open = opening.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    @property
    def size(self) -> int:
        """Bytes of all parts, unpacked."""
        return sum(part.size for part in self.manifest.parts.values())

    def verify(self, on_bytes: OnBytes, *, into: Path | None = None) -> None:
        """Compare every byte with the manifest's digests, and with ``into`` leave the parts in this folder."""
        for name, part in self.manifest.parts.items():
            digest = hashlib.sha256()
            with nullcontext() if into is None else (into / name).open("xb") as out:
                for block in self._blocks(name):
                    digest.update(block)
                    if out is not None:
                        out.write(block)
                    on_bytes(len(block))
            if digest.hexdigest() != part.sha256:
                raise damaged(self.file, say("storage.not-file-backed-up", name=name))

    def digest(self) -> str:
        """The SHA-256 of the ZIP itself."""
        with _reading(self.file), self.file.open("rb") as data:
            return hashlib.file_digest(data, "sha256").hexdigest()

    def _blocks(self, name: str) -> Iterator[bytes]:
        with _reading(self.file), self._archive.open(name) as data:
            while block := data.read(_BLOCK):
                yield block

    def _read_manifest(self) -> Manifest:
        entries = self._archive.infolist()
        sizes = {entry.filename: entry.file_size for entry in entries}
        if sizes.get(_MANIFEST, _MANIFEST_BYTES + 1) > _MANIFEST_BYTES:
            raise ValueError(say("storage.no-manifest"))
        text = self._archive.read(_MANIFEST)
        written_as: int = msgspec.json.decode(text, type=_Format).format
        if written_as > FORMAT:
            raise LibraryTooNew(
                say("storage.backup-written-newer-version-desktop-rag-2", file=self.file),
                say("storage.install-newer-version"),
            )
        manifest = msgspec.json.decode(text, type=Manifest)
        known = {CATALOG_PART} <= manifest.parts.keys() <= {CATALOG_PART, CONFIG_PART}
        stated = {name: part.size for name, part in manifest.parts.items()} | {_MANIFEST: len(text)}
        if not known or len(entries) != len(sizes) or sizes != stated:
            raise ValueError(say("storage.contains-other-files-than-manifest-lists"))
        return manifest


class _Format(Struct, frozen=True):
    """The part of a manifest that all versions have in common."""

    format: int


def damaged(file: Path, reason: str) -> BackupDamaged:
    return BackupDamaged(say("storage.damaged-not-backup", file=file, reason=reason), say("storage.use-another-backup"))


@contextmanager
def _reading(file: Path) -> Iterator[None]:
    try:
        yield
    except _BROKEN as error:
        raise damaged(file, str(error).rstrip(".") or type(error).__name__) from error
    except FileNotFoundError as error:
        raise ConfigError(say("common.does-not-exist", path=file), say("storage.give-file-backup")) from error
    except OSError as error:
        if error.errno == errno.EINVAL:  # a place outside the file
            raise damaged(file, say("common.cut-short")) from error
        raise StorageError(say("storage.backup-could-not-read", file=file, reason=error.strerror or error)) from error
