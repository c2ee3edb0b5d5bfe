"""Excludes one file from the library, and undoes that. Both wait for the disk and the engine, so they are not for the
main thread."""

from __future__ import annotations

import re
from pathlib import Path, PurePath

from desktop_rag.engine.service.client import EngineClient
from desktop_rag.engine.service.opening import restart_engine
from desktop_rag.types import File

_SPECIAL = re.compile(r"([\\*?\[])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def pattern_of(file: File) -> str:
    """The pattern, in the language of .gitignore, that means just this file of its chosen folder."""
    inside = PurePath(file.path).relative_to(file.root).as_posix()
    literal = _CONTROL.sub("?", _SPECIAL.sub(r"\\\1", inside))  # a line break has no place in a pattern
    bare = literal.rstrip(" ")
    return "/" + bare + "\\ " * (len(literal) - len(bare))


def leave_out(client: EngineClient, file: File) -> None:
    """Exclude a file; the file itself stays. One that was chosen by itself is no longer watched, any other is added to
    the rules of its folder. Raises ``DesktopRagError``."""
    path, root = Path(file.path), Path(file.root)
    if path == root:
        client.remove_root(path)
        return
    patterns = _patterns(client.library, root)
    if pattern_of(file) not in patterns:
        _change(client.library, root, (*patterns, pattern_of(file)))
    client.forget(path)
    restart_engine(client.library)


def take_back(client: EngineClient, file: File) -> None:
    """Undo ``leave_out``: the file is read again. Raises ``DesktopRagError``."""
    path, root = Path(file.path), Path(file.root)
    if path == root:
        client.add_root(path)
        return
    pattern = pattern_of(file)
    _change(client.library, root, tuple(other for other in _patterns(client.library, root) if other != pattern))
    restart_engine(client.library)


def _patterns(library: Path, root: Path) -> tuple[str, ...]:
    from desktop_rag.config import FolderRules, folder_key, load_config

    return load_config(library).folders.get(folder_key(root), FolderRules()).ignore


def _change(library: Path, root: Path, patterns: tuple[str, ...]) -> None:
    from desktop_rag.config import change_setting

    change_setting(library, "ignore", patterns or None, root)
