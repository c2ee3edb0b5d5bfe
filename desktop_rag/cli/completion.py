"""``completion``: a script that teaches a shell to complete commands, options and paths."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from desktop_rag.cli.exits import Exit
from desktop_rag.cli.options import Arguments, Subparsers, add_command

_FILES = {"PATH", "FILE"}
_FOLDERS = {"DIR", "FOLDER"}


def add_to(commands: Subparsers) -> None:
    completion = add_command(
        commands,
        "completion",
        "print completion for your shell",
        "Prints a script for bash, zsh, fish, tcsh or PowerShell that completes commands, options and paths.",
        "desktop-rag completion bash > ~/.local/share/bash-completion/completions/desktop-rag",
        'desktop-rag completion zsh > "${fpath[1]}/_desktop-rag"',
        "desktop-rag completion fish > ~/.config/fish/completions/desktop-rag.fish",
    )
    completion.add_argument("shell", nargs="?", metavar="SHELL", help="bash, zsh, fish, tcsh or powershell (yours)")
    completion.set_defaults(run=_completion)


def _completion(arguments: Arguments) -> int:
    import shtab

    from desktop_rag.cli.terminal import show_json
    from desktop_rag.errors import ConfigError

    shell = arguments.shell or Path(os.environ.get("SHELL", "")).name
    if shell not in shtab.SUPPORTED_SHELLS:
        known = ", ".join(shtab.SUPPORTED_SHELLS)
        raise ConfigError(f"There is no completion for the shell “{shell}”.", f"Name one of these: {known}.")
    parser: argparse.ArgumentParser = arguments.whole_parser
    _complete_paths(parser, shtab.FILE, shtab.DIRECTORY)
    script = shtab.complete(parser, shell=shell)
    if arguments.json:
        show_json({"shell": shell, "script": script})
    else:
        print(script)
    return Exit.OK


def _complete_paths(parser: argparse.ArgumentParser, file: object, folder: object) -> None:
    """Mark the arguments that are paths, in all commands below ``parser``."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for inner in action.choices.values():
                _complete_paths(inner, file, folder)
        elif action.metavar in _FILES | _FOLDERS:
            action.complete = file if action.metavar in _FILES else folder  # type: ignore[attr-defined]
