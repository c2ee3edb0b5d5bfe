"""Calls that must not have their effect twice: noted before they begin, and with their reply when they are done.

A client whose engine died during such a call makes it again under the same id. The engine that was started in its place
finds here whether it was done, with what reply, or whether it was only begun: then its effect may be there or not.
"""

from __future__ import annotations

import time

from msgspec import Struct

from desktop_rag.storage.catalog import Catalog

_KEPT_S = 24 * 3600.0
"""A client gives up long before."""


class Begun(Struct, frozen=True):
    """A call that was made before: when (seconds since 1970), and its reply; None when it did not come to its end."""

    began: float
    reply: bytes | None


class CallJournal:
    """Safe to use from several threads; as lasting as the catalog's transactions."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def begin(self, call_id: str) -> Begun | None:
        """Note that a call begins. None when it is the first time, else what is known of the time before. Calls of
        more than a day ago are forgotten."""
        now = time.time()
        with self._catalog.transaction() as writer:
            writer.execute("DELETE FROM calls WHERE began < ?", (now - _KEPT_S,))
            row = writer.execute("SELECT began, reply FROM calls WHERE id = ?", (call_id,)).fetchone()
            if row is None:
                writer.execute("INSERT INTO calls(id, began) VALUES (?, ?)", (call_id, now))
                return None
        return Begun(float(row[0]), row[1])

    def done(self, call_id: str, reply: bytes) -> None:
        """Note that a call has come to its end."""
        with self._catalog.transaction() as writer:
            writer.execute("UPDATE calls SET reply = ? WHERE id = ?", (reply, call_id))

    def failed(self, call_id: str) -> None:
        """Forget a call that ended with an error: when it is made again, it is as if for the first time."""
        with self._catalog.transaction() as writer:
            writer.execute("DELETE FROM calls WHERE id = ?", (call_id,))
