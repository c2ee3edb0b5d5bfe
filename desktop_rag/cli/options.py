"""Options that several commands share."""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from desktop_rag.engine.questions import Filters

Arguments = argparse.Namespace


class Subparsers(Protocol):
    """What ``add_subparsers`` gives, as far as the commands need it."""

    def add_parser(self, name: str, **options: Any) -> argparse.ArgumentParser: ...


def add_common(parser: argparse.ArgumentParser, *, default: object) -> None:
    """``--library`` and ``--json``; they stand before or after the command, and the later one counts."""
    parser.add_argument(
        "--library",
        metavar="DIR",
        default=default,
        help="the library's folder (default: DESKTOP_RAG_HOME, or the usual place on this system)",
    )
    parser.add_argument("--json", action="store_true", default=default, help="print JSON, for scripts")


def add_command(
    commands: Subparsers, name: str, summary: str, description: str, *examples: str
) -> argparse.ArgumentParser:
    """A command with its help: what it does, and examples to copy."""
    parser = commands.add_parser(
        name,
        help=summary,
        description=wrapped(description),
        epilog="\n  ".join([f"example{'s' if len(examples) > 1 else ''}:", *examples]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_common(parser, default=argparse.SUPPRESS)
    return parser


def wrapped(text: str) -> str:
    """``text`` in lines that fit a terminal of 80 columns."""
    return textwrap.fill(text, 78, break_on_hyphens=False)


def library_of(arguments: Arguments) -> Path:
    """The library's folder as asked for."""
    from desktop_rag.paths import default_library_dir

    named: str | None = arguments.library
    return Path(named).expanduser().absolute() if named else default_library_dir()


_FILTERS = (
    ("type", "KIND", "only files of this type: pdf, mail, spreadsheet, image, audio, …"),
    ("folder", "FOLDER", "only files in this folder or below it: a path, or just its name"),
    ("from", "PERSON", "only what this person sent or wrote: part of a name or address"),
    ("to", "PERSON", "only what this person received"),
    ("after", "DATE", "only from this date on: 2024-05-03, “May 2024”, yesterday, …"),
    ("before", "DATE", "only before this date"),
    ("name", "NAME", "only files with this in their name; * and ? are wildcards"),
)


def add_filters(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "filters", "Each can be given more than once. They also work inside the question: type:pdf from:Anna"
    )
    for name, metavar, text in _FILTERS:
        names = [f"--{name}", "--kind"] if name == "type" else [f"--{name}"]
        group.add_argument(*names, dest=f"only_{name}", metavar=metavar, action="append", default=[], help=text)


def filters_of(arguments: Arguments) -> Filters:
    """The filters that the options ask for. Raises ``QueryError`` for a value that cannot be understood."""

    from desktop_rag.clock import local_now
    from desktop_rag.engine.questions import read_filters

    pairs = [(name, value) for name, _, _ in _FILTERS for value in getattr(arguments, f"only_{name}")]
    return read_filters(pairs, now=local_now())


def positive(text: str) -> int:
    """A whole number from 1 on."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def question_of(words: Sequence[str]) -> str:
    """The question from the words of the command line. Quotes that the shell took from a filter are put back:
    ``from:"Anna Berg"`` arrives as one word with a space in it."""
    if len(words) == 1:
        return words[0].strip()
    return " ".join(re.sub(r"^(\w+:)([^\"]*\s[^\"]*)$", r'\1"\2"', word) for word in words).strip()
