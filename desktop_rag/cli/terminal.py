"""Writing to a terminal, a pipe or a script: text for people, JSON for programs.

Text out of files and their names goes through ``clean``: nothing in a file can send commands to the terminal.
"""

from __future__ import annotations

import os
import re
import sys
from functools import cache
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, TextIO, TypeVar

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

T = TypeVar("T")

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What a terminal obeys rather than shows, what reverses the direction of text, and the halves of characters that odd
file names are made of."""


def clean(text: str) -> str:
    """``text`` with a sign in the place of each character that must not reach a terminal; its length stays."""
    return _CONTROL.sub("\ufffd", text)


def clean_name(name: str) -> str:
    """A file's name or a title: clean, and in one line."""
    return clean(name).replace("\n", "\ufffd").replace("\t", "\ufffd")


def console(stream: TextIO | None = None) -> Console:
    """Where people read: standard output unless another ``stream`` is given."""
    from rich.console import Console

    target = stream or sys.stdout
    if target.isatty():
        return Console(file=target, highlight=False, markup=False, emoji=False)
    # In a pipe nothing is wrapped: the reader may be a program, or a pager that wraps by itself.
    return Console(file=target, highlight=False, markup=False, emoji=False, width=100_000, color_system=None)


def show(*parts: RenderableType, stream: TextIO | None = None) -> None:
    """Print for people."""
    to = console(stream)
    for part in parts:
        to.print(part)


def show_json(value: object) -> None:
    """Print one JSON value: on a line of its own, or laid out where a person reads it."""
    import msgspec

    from desktop_rag.messages import plain

    data = msgspec.json.encode(value, enc_hook=plain)
    if sys.stdout.isatty():
        data = msgspec.json.format(data, indent=2)
    sys.stdout.flush()
    sys.stdout.buffer.write(data + b"\n")
    sys.stdout.buffer.flush()


def say(message: str) -> None:
    """One line about the work itself, on standard error."""
    print(clean(message), file=sys.stderr, flush=True)


def complain(message: str, hint: str = "") -> None:
    """What went wrong and what to do about it, on standard error."""
    from rich.text import Text

    from desktop_rag.cli.hanging import HangingText
    from desktop_rag.messages import render, system_language

    message, hint = (render(text, system_language()) for text in (message, hint))
    said = Text(clean(f"{message}\n{hint}".strip()))
    console(sys.stderr).print(HangingText(said, "Error: ", "bold red"))


def in_words(value: T) -> T:
    """What the engine answered, with its words in the terminal's language: for people, not for ``--json``."""
    from desktop_rag.messages import system_language, translated

    return translated(value, system_language())


def forgive_encoding() -> None:
    """Have "?" printed for a character that the terminal's encoding lacks, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def short_path(path: str) -> str:
    """A path as one would type it here: below this folder, below the home folder (``~``), or in full."""
    full = Path(path)
    for base, prefix in ((Path.cwd(), Path()), (Path.home(), Path("~"))):
        if full.is_relative_to(base) and full != base:
            return str(prefix / full.relative_to(base))
    return str(full)


@cache
def program() -> str:
    """How this program was started, so that the commands it proposes can be typed as they stand."""
    import shutil

    if Path(sys.argv[0]).name == "__main__.py":
        python = Path(sys.executable)
        on_path = Path(shutil.which(python.name) or "").parent == python.parent
        return f"{python.name if on_path else short_path(str(python))} -m desktop_rag"
    found = shutil.which("desktop-rag")
    own = Path(sys.prefix) / ("Scripts" if os.name == "nt" else "bin") / "desktop-rag"
    if (found is None or Path(found).parent != own.parent) and own.parent.is_dir() and sys.prefix != sys.base_prefix:
        return short_path(str(own))
    return "desktop-rag"


def counted(number: int, thing: str) -> str:
    """``1 file``, ``1,204 files``, ``2 copies``."""
    plural = thing if number == 1 else f"{thing[:-1]}ies" if thing.endswith("y") else f"{thing}s"
    return f"{number:,} {plural}"


def duration(seconds: float) -> str:
    """``25 ms``, ``0.4 s``, ``12 s``, ``3 min 20 s``, ``2 h 5 min``."""
    if seconds < 0.1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def size(count: float) -> str:
    """``12 bytes``, ``3.4 MiB``."""
    if count < 1024:
        return counted(int(count), "byte")
    for unit in ("KiB", "MiB", "GiB"):
        count /= 1024
        if count < 1024:
            return f"{count:.1f} {unit}"
    return f"{count / 1024:.1f} TiB"
