"""The console script: reads the command line, runs one command, turns errors into words and an exit code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial

from desktop_rag import __version__
from desktop_rag.cli import (
    asking,
    backup,
    completion,
    demo,
    doctor,
    engine,
    indexing,
    looking,
    models,
    settings,
    talking,
    window,
)
from desktop_rag.cli.exits import EXPLAINED, Exit, exit_for
from desktop_rag.cli.options import add_common
from desktop_rag.cli.terminal import forgive_encoding

_DESCRIPTION = """\
Answers questions from your own files: offline, on this computer, with citations.

Begin with:
  desktop-rag                               open the window
  desktop-rag demo                          try it on a sample library
  desktop-rag index ~/Documents             read a folder (run again: only what changed)
  desktop-rag ask "When is the rent due?"   get an answer from your files"""

_EPILOG = f"""\
environment:
  DESKTOP_RAG_HOME  the library's folder
  NO_COLOR          turns colours off

{EXPLAINED}

“desktop-rag COMMAND --help” explains a command and gives an example."""


def main(argv: Sequence[str] | None = None, *, open_window: Callable[..., int] | None = None) -> int:
    """Run the command line ``argv`` (that of the process without); returns the exit code.

    ``open_window(library, samples=None)`` shows the window until it is closed; without it there is none.
    """
    forgive_encoding()
    try:
        parser = build_parser()
        arguments = parser.parse_args(argv)
        arguments.open_window, arguments.whole_parser = open_window, parser
        return _run(arguments)
    except SystemExit as leaving:  # argparse has said why
        return leaving.code if isinstance(leaving.code, int) else Exit.USAGE


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="desktop-rag",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"Desktop RAG {__version__}")
    add_common(parser, default=None)
    parser.set_defaults(run=partial(window.without_command, parser=parser))
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND")
    families = (window, asking, talking, indexing, looking, models, engine, backup, doctor, demo, settings, completion)
    for family in families:
        family.add_to(commands)
    return parser


def _run(arguments: argparse.Namespace) -> int:
    from desktop_rag import offline
    from desktop_rag.cli.as_json import error_json
    from desktop_rag.cli.terminal import complain, say, show_json
    from desktop_rag.errors import DesktopRagError
    from desktop_rag.log import record_bug, start_log

    offline.install()
    start_log()
    command: Callable[[argparse.Namespace], int] = arguments.run
    try:
        code = command(arguments)
        sys.stdout.flush()
        return code
    except DesktopRagError as error:
        if arguments.json:
            show_json(error_json(error))
        complain(error.message, error.hint)
        return exit_for(error)
    except KeyboardInterrupt:
        say("Stopped.")
        return Exit.INTERRUPTED
    except BrokenPipeError:  # the reader, head or a pager, has seen enough
        _close_stdout()
        return Exit.OK
    except OSError as error:  # of our own folders: trouble with a person's file is the engine's to report
        place = f": {error.filename}" if error.filename else ""
        complain(f"The library could not be used{place}: {error.strerror or error}.", record_bug(error))
        return Exit.STORAGE
    except Exception as error:
        complain(f"This should not have happened ({type(error).__name__}).", record_bug(error))
        return Exit.BUG


def _close_stdout() -> None:
    """Keep Python from writing to the closed pipe once more when it exits."""
    import os

    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
    os.close(null)
