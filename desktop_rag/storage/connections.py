"""Connections to the catalog's SQLite file: one that writes, and one for each thread that reads."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from desktop_rag.errors import StorageError
from desktop_rag.storage.migrations import is_behind, migrate, use_write_ahead_log
from desktop_rag.storage.storage_errors import storage_errors


class _Lease:
    """A thread's hold on a connection: when the thread ends, and with it what belongs to it alone, it is given back."""

    def __init__(self, connection: sqlite3.Connection, idle: list[sqlite3.Connection]) -> None:
        self.connection = connection
        self._idle = idle

    def __del__(self) -> None:
        self._idle.append(self.connection)


class Connections:
    """A connection for the writer and one for each thread that reads.

    ``read_only`` opens a library that another process owns, or one in a folder or on a medium that must not be written.
    Raises ``LibraryTooNew``, ``LibraryDamaged`` or ``StorageError`` when the library cannot be used.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self._read_only = read_only
        self._local = threading.local()
        self._all: list[sqlite3.Connection] = []
        self._idle: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        self.write_lock = threading.RLock()
        self._commits = 0
        try:
            with storage_errors(path):
                self._mode = "?mode=ro" if read_only else ""
                self._writer = self._connect_read_only() if read_only else self._connect()
                if not read_only:
                    use_write_ahead_log(self._writer)
                elif is_behind(self._writer):
                    Connections(path).close()  # another process is just making it, or an older version has made it
                migrate(self._writer)
        except BaseException:
            self.close()
            raise

    def _connect(self) -> sqlite3.Connection:
        uri = self.path.resolve().as_uri() + self._mode
        connection = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None, timeout=30)
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA cache_size = -16384")
        except sqlite3.DatabaseError:
            connection.close()
            raise
        with self._guard:
            self._all.append(connection)
        return connection

    def _connect_read_only(self) -> sqlite3.Connection:
        try:
            return self._connect()
        except sqlite3.OperationalError:
            # Even to read, SQLite wants to make files beside the catalog. Where it cannot, it can do without them as
            # long as nobody writes, and unless what is there holds changes that are not in the catalog yet.
            log = self.path.with_name(f"{self.path.name}-wal")
            if not self.path.exists() or (log.exists() and log.stat().st_size):
                raise
            self._mode = "?immutable=1"
            return self._connect()

    def reader(self) -> sqlite3.Connection:
        """This thread's connection for reading; it goes to another thread when this one has ended."""
        lease: _Lease | None = getattr(self._local, "lease", None)
        if lease is None:
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = self._connect()
                connection.execute("PRAGMA cache_size = -4096")  # the system keeps what all readers share
            lease = self._local.lease = _Lease(connection, self._idle)
        return lease.connection

    @contextmanager
    def own_connection(self) -> Iterator[sqlite3.Connection]:
        """A connection for one long piece of work, usable from any thread."""
        connection = self._connect()
        try:
            yield connection
        finally:
            with self._guard:
                self._all.remove(connection)
            connection.close()

    def close(self) -> None:
        with self._guard:
            for connection in self._all:
                connection.close()
            self._all.clear()
            self._idle.clear()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Everything inside is committed together, or not at all."""
        with self.write_lock, storage_errors(self.path):
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise
            self._writer.execute("COMMIT")
            self._commits += 1

    def vacuum(self) -> None:
        """Give pages that hold nothing back to the disk."""
        with self.write_lock, storage_errors(self.path):
            self._writer.execute("VACUUM")

    def version(self) -> int:
        """Changes whenever anybody has committed to the catalog."""
        if not self._read_only:  # whoever owns the library is the only one to write
            return self._commits
        with self._guard:  # the number is that of a connection: two would not agree
            (others,) = self._writer.execute("PRAGMA data_version").fetchone()
        return int(others)

    def check(self) -> list[str]:
        """SQLite's own integrity check and that of the full-text index: what is wrong, or nothing."""
        # A connection that has seen the full-text index before takes it, in SQLite 3.44 and later, for damaged once
        # another one has written to it.
        with self.own_connection() as connection:
            wrong = [row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
            wrong += [f"foreign key of {row[0]} row {row[1]}" for row in connection.execute("PRAGMA foreign_key_check")]
        if not self._read_only:
            try:
                with self.transaction() as writer:
                    writer.execute("INSERT INTO chunk_words(chunk_words) VALUES ('integrity-check')")
            except (StorageError, sqlite3.DatabaseError) as error:
                wrong.append(f"full-text index: {error}")
        return wrong
