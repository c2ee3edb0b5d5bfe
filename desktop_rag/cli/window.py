"""``window``, and the program without a command: the window, where there is a screen to show it on."""

from __future__ import annotations

import argparse
from pathlib import Path

from desktop_rag.cli.options import Arguments, Subparsers, add_command, library_of


def add_to(commands: Subparsers) -> None:
    window = add_command(
        commands,
        "window",
        "open the window (the default without a command)",
        "Opens the window, which can do everything the commands do. If it is already open, it comes to the front.",
        "desktop-rag window",
        "desktop-rag window --library ~/library",
    )
    window.set_defaults(run=_window)


def show_window(arguments: Arguments, library: Path, *, samples: Path | None = None) -> int:
    """Show the window until it is closed; returns the exit code. Raises ``ConfigError`` where that cannot be."""
    from desktop_rag.errors import ConfigError

    if arguments.open_window is None:
        raise ConfigError("The window cannot be opened from here.", "Start it with: desktop-rag window")
    code: int = arguments.open_window(library, samples=samples)
    return code


def without_command(arguments: Arguments, parser: argparse.ArgumentParser) -> int:
    """The window; where there is none, what the command line can do, and then the reason, as an error."""
    import sys

    from desktop_rag.errors import ConfigError

    try:
        return show_window(arguments, library_of(arguments))
    except ConfigError:
        if not arguments.json:
            parser.print_help(sys.stderr)
            print(file=sys.stderr)
        raise


def _window(arguments: Arguments) -> int:
    return show_window(arguments, library_of(arguments))
