"""Nobody else on this computer may read a library: what it holds is the text of a person's own files."""

from __future__ import annotations

import os
import stat
from pathlib import Path

_FOLDER = 0o700
_FILE = 0o600


def make_private(folder: Path) -> None:
    """Take from everybody but the owner all rights to ``folder`` and what is in it.

    What is private already is only looked at. Files that vanish meanwhile, belong to somebody else or stand on a
    medium without rights stay as they are. Links are not followed. On Windows nothing is done: there the folders of a
    person are private by what they inherit.
    """
    if os.name == "nt":
        return
    folder = folder.resolve()
    _restrict(folder, _FOLDER)
    for base, folders, files in os.walk(folder):
        for name in folders:
            _restrict(Path(base, name), _FOLDER)
        for name in files:
            _restrict(Path(base, name), _FILE)


def _restrict(path: Path, mode: int) -> None:
    try:
        now = path.lstat().st_mode
        if not stat.S_ISLNK(now) and stat.S_IMODE(now) != mode:
            path.chmod(mode)
    except OSError:
        return
