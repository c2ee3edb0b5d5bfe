"""What goes wrong with our own files, said in our own errors: a full disk, a folder that is read-only, damage."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from desktop_rag.errors import DesktopRagError, DiskFull, LibraryBusy, LibraryDamaged, StorageError
from desktop_rag.messages import say

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""How the system says that there is no space left, or none for this person."""
_DENIED = {errno.EROFS, errno.EACCES, errno.EPERM}
_NO_SPACE_LEFT = 1024 * 1024
"""Bytes. SQLite calls it an input/output error when its index of the write-ahead log finds no space."""


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's and the system's errors about our own files into ours; ``path`` is the library's folder, or a file
    in it. Raises ``DiskFull``, ``LibraryBusy``, ``LibraryDamaged`` or ``StorageError``.

    An error of the system is one of ours when it tells of space, rights or the disk itself, and either names no file
    or one in the library: what is wrong with a person's file is not said of the library.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _of_sqlite(path, error) from error
    except OSError as error:
        ours = _of_system(path, error)
        if ours is None:
            raise
        raise ours from error


def disk_full(path: Path) -> DiskFull:
    """What to say when there is no space left where ``path`` is."""
    return DiskFull(say("storage.disk-holds-full", path=path), say("storage.free-up-some-space-run-command"))


def library_damaged(catalog: Path, reason: str) -> LibraryDamaged:
    """What to say when the catalog fails a check."""
    return LibraryDamaged(
        say("storage.catalog-damaged", catalog=catalog, reason=reason),
        say("storage.repair-desktop-rag-doctor-repair-own"),
    )


def primary_code(error: sqlite3.DatabaseError) -> int:
    """SQLite's code without what tells variants of an error apart; 0 for an error of Python's module."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _not_writable(path: Path, reason: str) -> StorageError:
    return StorageError(
        say("storage.library-cannot-written", path=path, reason=reason),
        say("storage.make-sure-folder-files-belong-disk"),
    )


def _of_sqlite(path: Path, error: sqlite3.DatabaseError) -> DesktopRagError:
    text = str(error)
    match primary_code(error):
        case sqlite3.SQLITE_FULL:
            return disk_full(path)
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return library_damaged(_catalog(path), text)
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return _not_writable(path, text)
        case sqlite3.SQLITE_CANTOPEN:
            return StorageError(
                say("storage.catalog-could-not-opened", path=_catalog(path)),
                say("storage.make-sure-drive-connected-not-read"),
            )
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return LibraryBusy(
                say("storage.another-program-locked-catalog", path=_catalog(path)),
                say("storage.wait-moment-run-command-again"),
            )
        case sqlite3.SQLITE_IOERR:
            return disk_full(path) if _has_no_space(path) else _bad_disk(path, text)
    return StorageError(
        say("storage.catalog-could-not-used", path=_catalog(path), reason=text), say("common.run-desktop-rag-doctor")
    )


def _of_system(path: Path, error: OSError) -> DesktopRagError | None:
    """Our error for one of the system's; None when it is not about our own files."""
    if error.filename is not None:
        if isinstance(error.filename, int):
            return None
        folder = path if path.is_dir() else path.parent
        if not Path(os.fsdecode(error.filename)).absolute().is_relative_to(folder.absolute()):
            return None
    reason = error.strerror or str(error)
    if error.errno in FULL:
        return disk_full(path)
    if error.errno in _DENIED:
        return _not_writable(path, reason)
    return _bad_disk(path, reason) if error.errno == errno.EIO else None


def _bad_disk(path: Path, reason: str) -> StorageError:
    return StorageError(
        say("storage.disk-holds-failed", path=path, reason=reason),
        say("storage.make-sure-drive-connected-working-then"),
    )


def _has_no_space(path: Path) -> bool:
    try:
        return shutil.disk_usage(path if path.is_dir() else path.parent).free < _NO_SPACE_LEFT
    except OSError:
        return False


def _catalog(path: Path) -> Path:
    return path / "catalog.sqlite" if path.is_dir() else path
