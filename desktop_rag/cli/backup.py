"""``backup`` and ``restore``: a library in one file, and back."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_rag.cli.exits import Exit
from desktop_rag.cli.options import Arguments, Subparsers, add_command, library_of

if TYPE_CHECKING:
    from desktop_rag.cli.progress import OnProgress
    from desktop_rag.engine.results import BackupReport, Status
    from desktop_rag.types import Progress


def add_to(commands: Subparsers) -> None:
    backup = add_command(
        commands,
        "backup",
        "save the library to one file, or check such a file",
        "Saves everything the library knows, and its settings, to FILE, and checks the result. You can search and "
        "index meanwhile. FILE does not contain your files, but it does contain their text: only you can read it, so "
        "keep it in a safe place, ideally on another disk. With --check it reads a backup and says whether it is "
        "intact.",
        "desktop-rag backup /media/stick/library.zip",
        "desktop-rag backup --check /media/stick/library.zip",
    )
    backup.add_argument("file", metavar="FILE", help="the backup")
    what = backup.add_mutually_exclusive_group()
    what.add_argument("--force", action="store_true", help="replace FILE if it exists")
    what.add_argument("--check", action="store_true", help="only check FILE")
    backup.set_defaults(run=_backup)

    restore = add_command(
        commands,
        "restore",
        "replace the library with a backup",
        "Checks the backup FILE, then replaces the library and its settings with it. No file is read again; the next "
        "“index” picks up what has changed since. If it is interrupted, you are left with either the old library or "
        "the one from the backup.",
        "desktop-rag restore /media/stick/library.zip",
        "desktop-rag restore --library ~/other /media/stick/library.zip",
    )
    restore.add_argument("file", metavar="FILE", help="the backup")
    restore.add_argument("--force", action="store_true", help="replace the library even if it is not empty")
    restore.set_defaults(run=_restore)


def _backup(arguments: Arguments) -> int:
    from desktop_rag.engine.local_api import ThisProcess
    from desktop_rag.engine.service.opening import open_engine

    file = _file_of(arguments)
    if arguments.check:
        with _progress_shown("Checking") as on_progress:
            report = ThisProcess().listening(on_progress=on_progress).check_backup(file)
        _show(arguments, report, "is intact")
        return Exit.OK
    library = library_of(arguments)
    with open_engine(library, read_only=True) as engine, _progress_shown("Backing up") as on_progress:
        report = engine.listening(on_progress=on_progress).backup(file, force=arguments.force)
    _show(arguments, report, "was written")
    return Exit.OK


def _restore(arguments: Arguments) -> int:
    from desktop_rag.engine.service.opening import open_engine

    file = _file_of(arguments)
    with open_engine(library_of(arguments)) as engine:
        if not arguments.force:
            _spare(engine.status())
        with _progress_shown("Restoring") as on_progress:
            report = engine.listening(on_progress=on_progress).restore(file)
    _show(arguments, report, "was restored")
    return Exit.OK


def _file_of(arguments: Arguments) -> Path:
    return Path(arguments.file).expanduser().absolute()


def _spare(status: Status) -> None:
    """Raises ``ConfigError`` when there is something to lose."""
    from desktop_rag.cli.terminal import counted, short_path
    from desktop_rag.errors import ConfigError

    if status.roots:
        folders = ", ".join(short_path(root) for root in status.roots)
        raise ConfigError(
            f"This library holds {counted(status.files, 'file')} from {folders}. Restoring would replace it.",
            "Back it up first, then add --force. Or restore into another library with --library.",
        )


def _show(arguments: Arguments, report: BackupReport, what: str) -> None:
    from desktop_rag.cli.terminal import clean, counted, short_path, show, show_json, size

    if arguments.json:
        show_json(report)
        return
    taken = report.created.astimezone().strftime("%d %B %Y, %H:%M")
    show(
        f"{clean(short_path(report.file))} {what}: {counted(report.files, 'file')}, "
        f"{counted(report.chunks, 'passage')}, {size(report.bytes)}.",
        f"Taken on {taken}. SHA-256: {clean(report.digest)}",
    )


@contextmanager
def _progress_shown(what: str) -> Iterator[OnProgress]:
    """A bar on a terminal; elsewhere nothing, for it does not take long."""
    from desktop_rag.cli.terminal import console

    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.progress import Progress as Bar

    with Bar(console=console(sys.stderr), transient=True) as bar:
        task = bar.add_task(what, total=None)

        def show(progress: Progress) -> None:
            # In bytes; then, while a restored library is made quick to search again, in passages.
            total, done = progress.bytes_total or progress.files_total, progress.bytes_done or progress.files_done
            bar.update(task, total=total or 1, completed=done)

        yield show
