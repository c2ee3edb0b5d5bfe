"""``index``, ``forget`` and ``rebuild``: the commands that write to a library."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_rag.cli.exits import Exit
from desktop_rag.cli.options import Arguments, Subparsers, add_command, library_of

if TYPE_CHECKING:
    from rich.console import RenderableType

    from desktop_rag.engine.results import IndexReport
    from desktop_rag.types import Problem

_SHOWN = 5
"""Problems of each sort named with their files in a report."""

STATES = {
    "indexed": "indexed",
    "partial": "partly indexed",
    "empty": "without text",
    "waiting": "waiting for a model",
    "unsupported": "in an unsupported format",
    "failed": "unreadable",
    "pending": "not read yet",
}
"""The states of files in words, in the order of a report."""

_EXPECTED = {"needs-image-model", "needs-speech-model", "unsupported"}
"""Problems that are in the nature of a file and no failure."""


def add_to(commands: Subparsers) -> None:
    index = add_command(
        commands,
        "index",
        "read files into the library",
        "Reads folders and files into the library and remembers them. Run it again at any time: it reads only what is "
        "new or has changed, and forgets what is gone. Without PATH it checks everything it remembers. Ctrl-C stops "
        "it; what was done is kept, and the next run continues from there.",
        "desktop-rag index ~/Documents ~/Mail",
        "desktop-rag index",
    )
    index.add_argument("paths", nargs="*", metavar="PATH", help="a folder or file to read and remember")
    index.add_argument("--force", action="store_true", help="also read files that have not changed")
    index.add_argument("--quiet", action="store_true", help="show no progress")
    index.set_defaults(run=_index)

    forget = add_command(
        commands,
        "forget",
        "remove a file or folder from the library",
        "Removes a file, or a folder and everything in it, from the library. The files themselves are not touched. "
        "Part of an indexed folder comes back with the next “index” unless it is ignored: see “desktop-rag config set "
        "ignore”.",
        "desktop-rag forget ~/Documents/Old",
    )
    forget.add_argument("path", metavar="PATH", help="the file or folder")
    forget.set_defaults(run=_forget)

    rebuild = add_command(
        commands,
        "rebuild",
        "rebuild the vector store",
        "Rebuilds the vector store from the catalog. No file is read and no model runs. Use it when “doctor” says that "
        "vectors are missing.",
        "desktop-rag rebuild",
    )
    rebuild.set_defaults(run=_rebuild)


def _index(arguments: Arguments) -> int:
    from desktop_rag.cli.interrupt import stop_on_interrupt
    from desktop_rag.cli.progress import progress_shown
    from desktop_rag.cli.terminal import show, show_json
    from desktop_rag.engine.service.opening import open_engine
    from desktop_rag.errors import ConfigError

    paths = [Path(path).expanduser() for path in arguments.paths]
    with open_engine(library_of(arguments)) as engine:
        if not paths and not engine.status().roots:
            raise ConfigError("There is nothing to index yet.", "Name a folder: desktop-rag index ~/Documents")
        with stop_on_interrupt() as stop, progress_shown(quiet=arguments.quiet) as on_progress:
            report = engine.listening(on_progress=on_progress, stop=stop).index(paths or None, force=arguments.force)
    if arguments.json:
        show_json(report)
    else:
        show(*_report(report))
    if report.stopped:
        return Exit.INTERRUPTED
    failed = any(problem.code not in _EXPECTED for _, problem in report.problems)
    return Exit.PARTLY if failed or report.missing_roots else Exit.OK


def _report(report: IndexReport) -> Iterator[RenderableType]:
    """What an indexing run did, what the library holds now, and what went wrong."""
    from rich.text import Text

    from desktop_rag.cli.terminal import clean, counted, duration, program, short_path

    changes = (
        ("new", report.new),
        ("changed", report.changed),
        ("moved or copied", report.moved),
        ("gone", report.gone),
        ("unchanged", report.unchanged),
    )
    done = ", ".join(f"{number:,} {what}" for what, number in changes if number) or "no files"
    head = "Stopped" if report.stopped else "Done"
    yield Text.assemble(
        (head, "bold yellow" if report.stopped else "bold green"), f" in {duration(report.seconds)}: {done}."
    )
    if report.chunks:
        known = (
            f", {report.chunks - report.embedded:,} of them already known" if report.embedded < report.chunks else ""
        )
        yield Text(f"{counted(report.chunks, 'passage')} read{known}.")
    yield Text(f"The library holds {files_in_words(report.states)}.")
    if report.problems:
        yield Text("")
        yield from _problems(report.problems)
        yield Text(f"“{program()} why PATH” explains what happened to a file.", "dim")
    for root in report.missing_roots:
        yield Text("")
        yield Text(f"{clean(short_path(root))} could not be read; what the library knows of it was kept.", "yellow")
        yield Text("Reconnect the drive, or forget the folder.", "dim")
    if report.stopped:
        yield Text("")
        yield Text(f"To continue: {program()} index")


def files_in_words(states: dict[str, int]) -> str:
    """``31 files: 27 indexed, 3 waiting for a model, 1 could not be read``."""
    from desktop_rag.cli.terminal import counted

    parts = [f"{states[state]:,} {words}" for state, words in STATES.items() if states.get(state)]
    total = counted(sum(states.values()), "file")
    return f"{total}: {', '.join(parts)}" if parts else total


def _problems(problems: tuple[tuple[str, Problem], ...]) -> Iterator[RenderableType]:
    """The first problems of each sort, the worse ones first; of the others only how many there are."""
    from rich.text import Text

    from desktop_rag.cli.hanging import HangingText
    from desktop_rag.cli.terminal import clean

    total = Counter(problem.code for _, problem in problems)
    shown: Counter[str] = Counter()
    for path, problem in sorted(problems, key=lambda item: (item[1].code in _EXPECTED, item[1].code)):
        shown[problem.code] += 1
        if shown[problem.code] <= _SHOWN:
            message = problem.message if Path(path).name in problem.message else f"{Path(path).name}: {problem.message}"
            expected = problem.code in _EXPECTED
            yield HangingText(Text(clean(message), "dim" if expected else ""), "- " if expected else "! ", "yellow")
        elif shown[problem.code] == total[problem.code]:
            yield HangingText(Text(f"and {total[problem.code] - _SHOWN:,} more like these", "dim"), "  ")


def _forget(arguments: Arguments) -> int:
    from desktop_rag.cli.terminal import counted, say, short_path, show, show_json
    from desktop_rag.engine.service.opening import open_engine

    path = Path(arguments.path).expanduser().absolute()
    with open_engine(library_of(arguments)) as engine:
        was_root = {str(path), str(path.resolve())} & set(engine.status().roots)
        count = engine.forget(path)
    if arguments.json:
        show_json({"path": str(path), "forgotten": count})
    elif count or was_root:
        show(f"Forgot {counted(count, 'file')}. The files themselves were not touched.")
    else:
        say(f"{short_path(str(path))} is not in the library.")
    return Exit.OK if count or was_root else Exit.NOTHING


def _rebuild(arguments: Arguments) -> int:
    from desktop_rag.cli.progress import progress_shown
    from desktop_rag.cli.terminal import counted, show, show_json
    from desktop_rag.engine.service.opening import open_engine

    with open_engine(library_of(arguments)) as engine, progress_shown() as on_progress:
        count = engine.listening(on_progress=on_progress).rebuild()
    if arguments.json:
        show_json({"chunks": count})
    else:
        show(f"Rebuilt the vectors of {counted(count, 'passage')}.")
    return Exit.OK
