"""What a parser is given: the bytes of one file or attachment, and the limits it must keep."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from desktop_rag.config import Limits as Limits
from desktop_rag.errors import Unreadable
from desktop_rag.messages import say
from desktop_rag.types import ParseItem, Problem

MIB = 1024 * 1024


class Source:
    """One file on disk, or one attachment in memory, about to be parsed.

    ``name`` is the file's own name (with suffix), ``mime`` what ``detect`` found. ``hear`` says whether anybody is
    going to listen to its sound, if it has any.
    """

    def __init__(
        self,
        name: str,
        mime: str,
        limits: Limits,
        *,
        path: Path | None = None,
        data: bytes | None = None,
        hear: bool = True,
    ) -> None:
        if (path is None) == (data is None):
            raise ValueError("a source has either a path or data")
        self.name = name
        self.mime = mime
        self.limits = limits
        self.hear = hear
        self.path = path
        self._data = data

    @property
    def size(self) -> int:
        """Size in bytes. Raises ``Unreadable``."""
        if self._data is not None:
            return len(self._data)
        assert self.path is not None
        try:
            return self.path.stat().st_size
        except OSError as error:
            raise unreadable(self.path, error) from error

    def open(self) -> BinaryIO:
        """A seekable binary stream. Raises ``Unreadable``."""
        if self._data is not None:
            return io.BytesIO(self._data)
        assert self.path is not None
        try:
            return self.path.open("rb")
        except OSError as error:
            raise unreadable(self.path, error) from error

    def read(self, limit: int | None = None) -> bytes:
        """The first ``limit`` bytes (all of them without). Raises ``Unreadable``."""
        if self._data is not None:
            return self._data if limit is None else self._data[:limit]
        with self.open() as stream:
            try:
                return stream.read(-1 if limit is None else limit)
            except OSError as error:
                assert self.path is not None
                raise unreadable(self.path, error) from error

    def read_text_bytes(self) -> tuple[bytes, Problem | None]:
        """The bytes of a text-like file up to ``limits.text_bytes``, and the problem to report if that is not all."""
        data = self.read(self.limits.text_bytes)
        if self.size <= len(data):
            return data, None
        return data, over_cap(say("parsing.only-first-mib-mib-read", count=len(data) // MIB, size=self.size // MIB))


_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""Characters that steer a terminal, or turn the direction of what is written ("exe.txt" for "txt.exe")."""


def plain_name(name: str) -> str:
    """A name that came with a file, or from inside one, as it may be shown: on one line, and of a file, not a path that
    leads somewhere else."""
    plain = _UNSEEN.sub("\ufffd", name)
    parts = re.split(r"[\\/]", plain)
    return parts[-1] if ".." in parts[:-1] or not parts[0] or parts[0].endswith(":") else plain


Parser = Callable[[Source], Iterator[ParseItem]]
"""A parser is a generator function. It yields ``Metadata`` early, ``Segment`` and ``Attachment`` in reading order, and
a ``Problem`` for what it had to leave out; it raises a ``FileProblem`` when nothing (more) can be read. What it yielded
before raising is kept."""


def unreadable(path: Path, error: OSError) -> Unreadable:
    """The error to raise for a file the system does not let us read."""
    reason = error.strerror or str(error)
    hint = say("parsing.check-file-exists-allowed-open")
    return Unreadable(say("common.could-not-read", path=plain_name(path.name), reason=reason), hint)


def over_cap(what: str) -> Problem:
    """The problem to report for a part left out because of a limit; ``what`` completes "…, so …"."""
    message = say("parsing.file-larger-than-limits-allow", what=what)
    return Problem("over-cap", message, say("parsing.split-all-can-indexed"))
