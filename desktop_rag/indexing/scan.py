"""Folders -> the files in them. Only directory entries are read; no file is opened."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec


class Found(Struct, frozen=True):
    """Size in bytes and time of the last change of a file."""

    size: int
    mtime_ns: int


class Scan(Struct):
    """What a scan of one root saw. ``unread`` are folders that could not be listed: nothing is known of what is below
    them, so nothing there counts as gone."""

    files: dict[str, Found]
    unread: list[str]
    unnameable: list[str] = []
    """Files whose names are not valid Unicode (Linux allows any bytes): they cannot be stored or shown."""
    missing: bool = False
    """The root itself could not be read."""


def scan(root: Path, ignore: Sequence[str]) -> Scan:
    """List the files below ``root`` (or ``root`` itself, if it is a file) that no gitignore pattern excludes.

    Links to folders are not followed: they could lead in circles or out of what the person chose.
    """
    result = Scan({}, [])
    try:
        status = root.stat()
    except OSError:
        result.missing = True
        return result
    if stat.S_ISREG(status.st_mode):
        result.files[str(root)] = Found(status.st_size, status.st_mtime_ns)
        return result
    from pathspec import GitIgnoreSpec

    _walk(str(root), "", GitIgnoreSpec.from_lines(ignore), result)
    result.missing = str(root) in result.unread
    return result


def _walk(folder: str, prefix: str, ignore: GitIgnoreSpec, result: Scan) -> None:
    todo = [(folder, prefix)]
    while todo:
        folder, prefix = todo.pop()
        try:
            entries = list(_entries(folder))
        except OSError:
            result.unread.append(folder)
            continue
        for entry in entries:
            relative = prefix + entry.name
            try:
                if entry.is_dir(follow_symlinks=False):
                    if not ignore.match_file(relative + "/"):
                        todo.append((entry.path, relative + "/"))
                    continue
                # A directory entry on Windows may hold an old size; only a link needs more than the entry elsewhere.
                status = Path(entry.path).stat() if os.name == "nt" else entry.stat()
            except OSError:
                continue  # vanished meanwhile, or a link to nowhere
            if not stat.S_ISREG(status.st_mode) or ignore.match_file(relative):
                continue
            if not is_text(entry.name):
                result.unnameable.append(entry.path)
            elif is_text(entry.path):
                result.files[entry.path] = Found(status.st_size, status.st_mtime_ns)


def is_text(name: str) -> bool:
    """Whether a file's name is valid Unicode."""
    return name.isascii() or not any("\ud800" <= character <= "\udfff" for character in name)


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        yield from entries
