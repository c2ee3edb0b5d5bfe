"""``python -m desktop_rag`` and the console script: the command line, with the window at hand."""

from __future__ import annotations

import sys
from pathlib import Path

from desktop_rag.cli.main import main as run


def main() -> int:
    """Run the command line of the process; returns the exit code."""
    return run(open_window=_open_window)


def _open_window(library: Path, *, samples: Path | None = None) -> int:
    from desktop_rag.gui.shell.app import open_window

    return open_window(library, samples=samples)


if __name__ == "__main__":
    sys.exit(main())
