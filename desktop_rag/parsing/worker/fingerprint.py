"""The hashes by which the same bytes are known again: of files, and of texts and pictures inside them."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from pathlib import Path

from desktop_rag.parsing.source import MIB, unreadable

_STEP = 4 * MIB
_REPORT_EVERY = 64 * MIB


def hash_bytes(data: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes in hexadecimal. Raises ``Unreadable``."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise unreadable(path, error) from error


def hashing(path: Path) -> Generator[int, None, str]:
    """``hash_file`` that yields the number of bytes read so far now and then, and returns the hash."""
    digest = hashlib.sha256()
    done = 0
    try:
        with path.open("rb") as stream:
            while data := stream.read(_STEP):
                digest.update(data)
                done += len(data)
                if done % _REPORT_EVERY == 0:
                    yield done
    except OSError as error:
        raise unreadable(path, error) from error
    return digest.hexdigest()


def short_hash(data: bytes) -> bytes:
    """16 bytes that stand for a text or the small form of a picture."""
    return hashlib.blake2b(data, digest_size=16).digest()
