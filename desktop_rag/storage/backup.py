"""Backups: all that a library knows and its settings in one file, and back again.

What the file holds is the catalog of one moment, whatever is written meanwhile. Chroma is not in it: it is made again
from the catalog.
"""

from __future__ import annotations

import errno
import glob
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from msgspec import Struct

from desktop_rag import __version__
from desktop_rag.config import parse_config
from desktop_rag.errors import ConfigError, DiskFull, LibraryBusy, LibraryTooNew, StorageError
from desktop_rag.messages import say
from desktop_rag.storage.backup_file import (
    CATALOG_PART,
    CONFIG_PART,
    FORMAT,
    BackupFile,
    Manifest,
    damaged,
    pack,
)
from desktop_rag.storage.catalog import Catalog
from desktop_rag.storage.migrations import MIGRATIONS, migrate
from desktop_rag.storage.storage_errors import FULL, disk_full, library_damaged, primary_code, storage_errors
from desktop_rag.types import Progress

OnProgress = Callable[[Progress], None]

_MIB = 1024 * 1024
_LOOK_EVERY_S = 0.1
_PAGES = 2_000
"""Pages of the catalog that are copied between two reports of progress."""
_OF_THE_PROCESS = ("open",)
"""Settings that tell of the process that has the library open: a restored catalog keeps them as they are."""
_PARTIAL = ".partial"


class BackupReport(Struct, frozen=True):
    """A backup: its size in bytes, what it holds, its SHA-256, when and by which version it was written."""

    file: str
    bytes: int
    files: int
    documents: int
    chunks: int
    digest: str
    created: datetime
    version: str


def write_backup(
    catalog: Catalog, config_file: Path, file: Path, *, force: bool = False, on_progress: OnProgress
) -> BackupReport:
    """Write the catalog and the settings, as they are now, to ``file``, and read it back; others may go on writing.

    ``file`` is there whole or, after a failure or crash, as it was. Only its owner may read it. Raises ``ConfigError``
    when it exists (unless ``force`` is set) or has no folder, ``DiskFull``, ``LibraryDamaged``, ``StorageError``.
    """
    file = file.resolve()
    _check_target(file, catalog.path.resolve().parent, force=force)
    with storage_errors(catalog.path), catalog.own_connection() as source:
        settings = config_file.read_bytes() if config_file.exists() else None
        size = _bytes_used(source)
        _check_space(file.parent, 2 * size, say("storage.the-backup", file=file))
        meter = _Meter(3 * size, file, on_progress)
        with _writing(file), _folder_beside(file) as folder:
            parts = {CATALOG_PART: folder / CATALOG_PART}
            _copy_out(source, parts[CATALOG_PART], meter)
            if settings is not None:
                parts[CONFIG_PART] = folder / CONFIG_PART
                parts[CONFIG_PART].write_bytes(settings)
            packed = folder / "backup.zip"
            pack(packed, parts, _describe(parts[CATALOG_PART], catalog.path), meter.add)
            with suppress(OSError):  # a drive without rights
                packed.chmod(0o600)
            with BackupFile(packed) as written:
                written.verify(meter.add)
                report = _report(written, file)
            packed.replace(file)
            _sync(file.parent)
    meter.done()
    return report


def check_backup(file: Path, *, on_progress: OnProgress) -> BackupReport:
    """Read the whole backup and compare it with the digests it was written with; nothing is unpacked to disk.

    Raises ``BackupDamaged``, ``LibraryTooNew``, ``ConfigError`` when there is no such file, or ``StorageError``.
    """
    with BackupFile(file) as backup:
        meter = _Meter(backup.size, file, on_progress)
        backup.verify(meter.add)
        meter.done()
        return _report(backup, file)


def restore_backup(
    catalog: Catalog,
    config_file: Path,
    file: Path,
    *,
    before: Callable[[], None] = lambda: None,
    on_progress: OnProgress,
) -> BackupReport:
    """Put what the backup holds in the place of what is in ``catalog`` and, if it holds settings, these in the place of
    ``config_file``.

    All is verified before anything is touched. The catalog is replaced in one transaction: whoever reads it, also after
    a crash, finds the old one or the new one. The ids of chunks mean other chunks then, so the caller empties Chroma in
    ``before``, called just before that, and fills it again in the end (``rebuild.rebuild_vectors``). Raises
    ``BackupDamaged``, ``LibraryTooNew``, ``DiskFull``, ``ConfigError`` for settings that this version does not know.
    """
    with storage_errors(catalog.path), BackupFile(file) as backup, _folder_beside(catalog.path) as folder:
        if backup.manifest.schema > len(MIGRATIONS):
            raise LibraryTooNew(
                say("storage.backup-written-newer-version-desktop-rag", file=file, version=backup.manifest.version),
                say("storage.install-newer-version"),
            )
        # The unpacked catalog, its copy in the write-ahead log, and what the catalog itself grows by.
        _check_space(folder, 3 * backup.size - catalog.path.stat().st_size, say("storage.restoring", file=file))
        meter = _Meter(2 * backup.size, file, on_progress)
        backup.verify(meter.add, into=folder)
        config = folder / CONFIG_PART
        if config.exists():
            parse_config(config.read_text(encoding="utf-8", errors="replace"), file / CONFIG_PART)
        with closing(sqlite3.connect(folder / CATALOG_PART, isolation_level=None)) as source:
            _make_ready(source, catalog, backup)
            before()
            _copy_in(source, catalog, meter)
        if config.exists():
            _sync(config)
            config.replace(config_file)
            _sync(config_file.parent)
        meter.done()
        return _report(backup, file)


# --- writing ---------------------------------------------------------------------------------------------------------


def _check_target(file: Path, library: Path, *, force: bool) -> None:
    if file.is_dir():
        raise ConfigError(
            say("storage.is-a-folder", file=file), say("storage.give-file-example", file=file / "desktop-rag.zip")
        )
    if not file.parent.is_dir():
        raise ConfigError(
            say("storage.folder-does-not-exist", folder=file.parent), say("storage.create-first-choose-another-one")
        )
    if file.is_relative_to(library):
        raise ConfigError(
            say("storage.inside-librarys-own-folder", file=file),
            say("storage.keep-backup-somewhere-else-preferably-another"),
        )
    if file.exists() and not force:
        raise ConfigError(say("storage.already-exists", file=file), say("storage.give-another-file-add-force-replace"))


def _bytes_used(source: sqlite3.Connection) -> int:
    pages, unused, size = (
        source.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - unused) * size)


def _copy_out(source: sqlite3.Connection, to: Path, meter: _Meter) -> None:
    """A copy of one moment, compact: what was deleted from the catalog is not in it."""
    source.execute("PRAGMA secure_delete = ON")  # nor what happens to be in memory that is used for its pages
    before = meter.at
    with ThreadPoolExecutor(1, "backup") as pool:  # so that Ctrl-C gets through, and the copy can be seen to grow
        copying = pool.submit(source.execute, "VACUUM INTO ?", (str(to),))
        try:
            while wait([copying], _LOOK_EVERY_S).not_done:
                meter.to(before + to.stat().st_size if to.exists() else before)
        except BaseException:
            source.interrupt()
            raise
    try:
        copying.result()
    except sqlite3.OperationalError as error:
        if primary_code(error) in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN):
            raise OSError(errno.ENOSPC if "full" in str(error) else errno.EIO, str(error)) from error
        raise
    meter.to(before + to.stat().st_size)


def _describe(copied: Path, original: Path) -> Manifest:
    """The manifest of a copy, which must be sound: one that cannot be restored is no backup."""
    with closing(sqlite3.connect(copied, isolation_level=None)) as connection:
        wrong = _faults(connection, "quick_check")
        if wrong:
            raise library_damaged(original, wrong)
        files, documents, chunks = (
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("files", "documents", "chunks")
        )
        schema = _schema_version(connection)
        return Manifest(FORMAT, __version__, schema, datetime.now(UTC), files, documents, chunks)


@contextmanager
def _writing(file: Path) -> Iterator[None]:
    """The disk that a backup goes to is not that of the library: its errors name the backup."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise disk_full(file) from error
        raise StorageError(
            say("storage.backup-could-not-written", file=file, reason=error.strerror or error),
            say("storage.choose-another-place"),
        ) from error


# --- restoring -------------------------------------------------------------------------------------------------------


def _make_ready(source: sqlite3.Connection, catalog: Catalog, backup: BackupFile) -> None:
    """See to it that the unpacked catalog is one of ours, sound, of today's schema, and can be copied into the live
    one. Raises ``BackupDamaged``, ``LibraryTooNew``."""
    try:
        source.execute("PRAGMA synchronous = OFF")  # a crash throws it away
        wrong = _faults(source, "integrity_check")
        if wrong:
            raise damaged(backup.file, wrong)
        if _schema_version(source) != backup.manifest.schema:
            raise damaged(backup.file, say("storage.catalog-not-version-claims"))
        migrate(source)
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as empty:
            migrate(empty)
            if _schema(source) != _schema(empty):
                raise damaged(backup.file, say("storage.catalog-not-made-desktop-rag"))
        with catalog.own_connection() as live:
            (page_size,) = live.execute("PRAGMA page_size").fetchone()
        if source.execute("PRAGMA page_size").fetchone()[0] != page_size:  # SQLite could not copy it
            source.execute(f"PRAGMA page_size = {page_size}")
            source.execute("VACUUM")
        for name in _OF_THE_PROCESS:
            source.execute("DELETE FROM settings WHERE key = ?", (name,))
            value = catalog.setting(name)
            if value is not None:
                source.execute("INSERT INTO settings VALUES (?, ?)", (name, value))
    except sqlite3.DatabaseError as error:
        if primary_code(error) in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            raise
        raise damaged(backup.file, str(error)) from error


def _schema(connection: sqlite3.Connection) -> set[tuple[str, str, str | None]]:
    """Tables, indexes and triggers, these with what they do; without those that SQLite makes by itself."""
    return set(
        connection.execute(
            "SELECT type, name, CASE type WHEN 'trigger' THEN sql END FROM sqlite_master"
            " WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        )
    )


def _copy_in(source: sqlite3.Connection, catalog: Catalog, meter: _Meter) -> None:
    """One transaction, by a connection of its own: to all others it is a change like any other."""
    begin = meter.at
    (page_size,) = source.execute("PRAGMA page_size").fetchone()

    def copied(status: int, left: int, total: int) -> None:
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):  # the connection has waited long enough
            raise LibraryBusy(
                say("storage.another-program-locked-catalog", path=catalog.path), say("storage.close-try-again")
            )
        meter.to(begin + (total - left) * page_size)

    with catalog.write_lock, catalog.own_connection() as live:
        source.backup(live, pages=_PAGES, progress=copied)
        catalog.refresh()
        live.execute("PRAGMA busy_timeout = 1000")  # whoever reads just now is not waited for any longer
        live.execute("PRAGMA wal_checkpoint(TRUNCATE)")


# --- both ------------------------------------------------------------------------------------------------------------


def _faults(connection: sqlite3.Connection, check: str) -> str:
    """What SQLite's own check finds wrong first, or ""."""
    (found,) = connection.execute(f"PRAGMA {check}(1)").fetchone()
    return "" if found == "ok" else str(found)


def _schema_version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)


def _report(backup: BackupFile, file: Path) -> BackupReport:
    facts = backup.manifest
    return BackupReport(
        file=str(file),
        bytes=backup.file.stat().st_size,
        files=facts.files,
        documents=facts.documents,
        chunks=facts.chunks,
        digest=backup.digest(),
        created=facts.created,
        version=facts.version,
    )


def _check_space(folder: Path, needed: int, what: str) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed + _MIB:
        raise DiskFull(
            say("storage.needs-up-mib-but-disk-only", what=what, needed=needed / _MIB, free=free / _MIB),
            say("storage.free-up-some-space-choose-another"),
        )


@contextmanager
def _folder_beside(file: Path) -> Iterator[Path]:
    """A new folder on the same disk, for its owner alone, gone in the end; one that a killed process left goes too."""
    import psutil

    beginning = f".{file.name}."
    for old in file.parent.glob(f"{glob.escape(beginning)}*{_PARTIAL}"):
        pid = old.name.removeprefix(beginning).partition(".")[0]
        if pid.isdecimal() and not psutil.pid_exists(int(pid)):
            shutil.rmtree(old, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(_PARTIAL, f"{beginning}{os.getpid()}.", file.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sync(path: Path) -> None:
    """Have the disk keep a file, or what was renamed in a folder; not every system and drive can."""
    if os.name == "nt":
        return
    number = os.open(path, os.O_RDONLY)
    try:
        with suppress(OSError):
            os.fsync(number)
    finally:
        os.close(number)


class _Meter:
    """Progress in bytes, of which there are about ``total``."""

    def __init__(self, total: int, file: Path, on_progress: OnProgress) -> None:
        self.at = 0
        self._total = total
        self._name = str(file)
        self._on_progress = on_progress

    def add(self, count: int) -> None:
        self.to(self.at + count)

    def to(self, at: int) -> None:
        self.at = at
        self._tell("indexing", min(at, self._total))

    def done(self) -> None:
        self._tell("done", self._total)

    def _tell(self, phase: Literal["indexing", "done"], at: int) -> None:
        self._on_progress(Progress(phase, bytes_done=at, bytes_total=self._total, current=self._name))
