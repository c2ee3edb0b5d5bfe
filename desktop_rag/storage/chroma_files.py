"""The files of Chroma, looked at before Chroma opens them.

It trusts what it reads: a link to an element that is not there ends the process, a list of links cut short has it
write until the disk is full, and a lost file makes it forget vectors without a word. All this is seen here first; the
content of the vectors is not looked at.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, NamedTuple, Self

from desktop_rag.messages import say

DATABASE = "chroma.sqlite3"
_INDEX_FILES = ("header.bin", "data_level0.bin", "length.bin", "link_lists.bin")
_KNOWN_FORMAT = 1
_BLOCK = 4 << 20
"""Bytes read at a time."""
_HIGHEST = 255
"""Levels an element may reach; one in sixteen reaches the next."""


class _Header(NamedTuple):
    """``header.bin`` of hnswlib. An element is a list of links (count, then ids), its vector, and its label."""

    format: int
    offset: int
    capacity: int
    elements: int
    element_bytes: int
    label_at: int
    vector_at: int
    top_level: int
    entry: int
    upper_links: int
    """Most links of an element on a level above the lowest."""
    links: int
    """Most links on the lowest level."""
    neighbours: int
    scale: float
    ef_construction: int

    @classmethod
    def read(cls, path: Path) -> Self:
        return cls(*_LAYOUT.unpack(path.read_bytes()))


_LAYOUT = struct.Struct("<iQQQQQQiIQQQdQ")


def damage(folder: Path) -> str:
    """What is wrong with the Chroma folder ``folder``, in words; "" when Chroma can be trusted to open it.

    Reads the whole index once. Raises ``OSError`` when it cannot be read.
    """
    segments = {path.name: path for path in folder.iterdir() if path.is_dir()}
    database = folder / DATABASE
    if not database.exists() or not database.stat().st_size:
        return say("storage.is-missing", database=DATABASE) if segments else ""
    try:
        written = _written_segments(database)
    except sqlite3.DatabaseError as error:
        return f"{DATABASE}: {error}"
    for name in written:
        if name not in segments:
            return say("storage.folder-index-missing", name=name)
        wrong = _index_damage(segments[name])
        if wrong:
            return f"{name}/{wrong}"
    return ""


def _written_segments(database: Path) -> list[str]:
    """The names of the folders in which an index was stored."""
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", uri=True, timeout=30)) as connection:
        if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'max_seq_id'").fetchone() is None:
            return []
        return [
            str(name)
            for (name,) in connection.execute(
                "SELECT id FROM segments JOIN max_seq_id ON segment_id = id WHERE scope = 'VECTOR'"
            )
        ]


def _index_damage(folder: Path) -> str:
    for name in _INDEX_FILES:
        if not (folder / name).exists():
            return say("storage.is-missing", database=name)
    try:
        header = _Header.read(folder / "header.bin")
    except struct.error:
        return say("storage.header-bin-wrong-length")
    if header.format != _KNOWN_FORMAT:  # Chroma itself refuses what it does not know
        return ""
    sound = (
        header.offset == 0
        and header.elements <= header.capacity
        and header.vector_at == 4 + 4 * header.links
        and header.vector_at < header.label_at == header.element_bytes - 8
        and (header.elements == 0 or header.entry < header.elements)
    )
    if not sound:
        return say("storage.header-bin-contradicts-itself")
    if (folder / "data_level0.bin").stat().st_size < header.elements * header.element_bytes:
        return say("storage.data-level0-bin-cut-short")
    if not all(_links_hold(block, header) for block in _blocks(folder / "data_level0.bin", header)):
        return say("storage.data-level0-bin-links-lead-nowhere")
    with (folder / "link_lists.bin").open("rb") as lists:
        return "" if _upper_links_hold(lists, header) else say("storage.link-lists-bin-damaged")


def _blocks(path: Path, header: _Header) -> Iterator[bytes]:
    """The elements of the lowest level, whole ones."""
    at_once = max(1, _BLOCK // header.element_bytes)
    with path.open("rb") as data:
        for begin in range(0, header.elements, at_once):
            yield data.read(min(at_once, header.elements - begin) * header.element_bytes)


def _links_hold(block: bytes, header: _Header) -> bool:
    import numpy as np

    rows = np.frombuffer(block, np.uint8).reshape(-1, header.element_bytes)
    links = np.ascontiguousarray(rows[:, : header.vector_at]).view(np.uint32)
    counts = (links[:, 0] & 0xFFFF)[:, None]
    used = np.arange(header.links) < counts
    return bool((counts <= header.links).all() and (links[:, 1:][used] < header.elements).all())


def _upper_links_hold(file: BinaryIO, header: _Header) -> bool:
    """For each element: the bytes of its lists above the lowest level, then these lists, one a level."""
    list_bytes = 4 + 4 * header.upper_links
    levels = bytearray(header.elements)
    lists: list[tuple[int, tuple[int, ...]]] = []
    for element in range(header.elements):
        said = file.read(4)
        size = int.from_bytes(said, "little")
        if not size and len(said) == 4:
            continue
        data = b"" if size % list_bytes or size > _HIGHEST * list_bytes else file.read(size)
        if not data or len(data) != size:
            return False
        levels[element] = size // list_bytes
        for level in range(levels[element]):
            count = int.from_bytes(data[level * list_bytes :][:2], "little")
            if count > header.upper_links:
                return False
            lists.append((level + 1, struct.unpack_from(f"<{count}I", data, level * list_bytes + 4)))
    if header.elements and levels[header.entry] != header.top_level:
        return False
    return all(link < header.elements and levels[link] >= level for level, links in lists for link in links)
