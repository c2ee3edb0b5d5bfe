"""``doctor``: what the engine finds out about the library, and what only the surface can see."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_rag.cli.exits import Exit
from desktop_rag.cli.options import Arguments, Subparsers, add_command, library_of

if TYPE_CHECKING:
    from rich.console import RenderableType

    from desktop_rag.engine.results import Check

_LEADS_OUT = ("CHROMA_", "OTEL_EXPORTER_")
"""Beginnings of variables by which a library we use could be told to talk to a server."""


def add_to(commands: Subparsers) -> None:
    doctor = add_command(
        commands,
        "doctor",
        "check the library, the models and this PC",
        "Checks that the library is intact, that the model works, that there is space on the disk, and that nothing "
        "has tried to contact another machine. Changes nothing unless --repair is given: that repairs what is damaged "
        "from what can still be read, and tries files and models again that were set aside.",
        "desktop-rag doctor",
        "desktop-rag doctor --repair",
    )
    doctor.add_argument("--repair", action="store_true", help="repair what is damaged; your own files are not touched")
    doctor.set_defaults(run=_doctor)


def _doctor(arguments: Arguments) -> int:
    from desktop_rag.cli.terminal import clean, show, show_json
    from desktop_rag.engine.service.repairing import repair_library

    library = library_of(arguments)
    done, checks = repair_library(library) if arguments.repair else ([], _examined(library))
    checks = [_program(), *checks, offline(os.environ)]
    if arguments.json:
        show_json({"ok": all(check.ok for check in checks), "repaired": done, "checks": checks})
    else:
        show(*(clean(line) for line in done), *([""] if done else []), *show_checks(checks))
    return Exit.OK if all(check.ok for check in checks) else Exit.PARTLY


def _examined(library: Path) -> list[Check]:
    """What the engine finds; one that is busy elsewhere leaves less to look at."""
    from desktop_rag.engine.engine import Engine
    from desktop_rag.engine.service.opening import open_engine
    from desktop_rag.errors import LibraryBusy

    try:
        with open_engine(library) as engine:
            return engine.doctor()
    except LibraryBusy:
        with Engine(library, read_only=True) as engine:
            return engine.doctor()


def _program() -> Check:
    from desktop_rag import __version__
    from desktop_rag.engine.results import Check
    from desktop_rag.paths import logs_dir, resources_dir

    return Check("program", True, f"Desktop RAG {__version__}, its files in {resources_dir()}, its log in {logs_dir()}")


def offline(environment: Mapping[str, str]) -> Check:
    """Whether any variable could lead a library of ours to another machine."""
    from desktop_rag.engine.results import Check

    found = sorted(name for name in environment if name.upper().startswith(_LEADS_OUT))
    if not found:
        return Check("offline", True, "no environment variable asks for a connection; the program makes none")
    return Check(
        "offline",
        False,
        f"set in the environment: {', '.join(found)}",
        "Unset them for this program, so that nothing is sent to a server.",
    )


def show_checks(checks: Sequence[Check]) -> Iterator[RenderableType]:
    """One line a check; what is wrong says what to do."""
    from rich.text import Text

    from desktop_rag.cli.hanging import HangingText
    from desktop_rag.cli.terminal import clean, counted, in_words

    checks = in_words(checks)

    width = max(len(check.name) for check in checks)
    for check in checks:
        mark, style = ("ok   ", "green") if check.ok else ("WRONG", "bold red")
        text = Text(clean(check.detail))
        if not check.ok and check.hint:
            text.append(f"\n{clean(check.hint)}", "yellow")
        yield HangingText(text, Text.assemble((mark, style), (f"  {check.name:<{width}}  ", "bold")))
    wrong = sum(not check.ok for check in checks)
    yield Text("")
    yield Text(f"{counted(wrong, 'problem')} found." if wrong else "Everything is fine.", "bold")
