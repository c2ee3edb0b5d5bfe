"""Wording of the Library page: states, progress, problems, and how folders are watched."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

from desktop_rag.engine.events import Changed
from desktop_rag.engine.results import FolderStatus, Status
from desktop_rag.gui.services.errors import advice
from desktop_rag.gui.widgets.basic import Tone
from desktop_rag.gui.widgets.formatting import format_duration, safe, tr, wrappable
from desktop_rag.types import File, FileState, Problem, Progress

STATES: Mapping[FileState, tuple[str, Tone]] = {
    FileState.INDEXED: ("Read", "good"),
    FileState.PARTIAL: ("Partly read", "warn"),
    FileState.EMPTY: ("Empty", "quiet"),
    FileState.WAITING: ("Waiting for a model", "warn"),
    FileState.PENDING: ("Not read yet", "quiet"),
    FileState.UNSUPPORTED: ("Not supported", "quiet"),
    FileState.FAILED: ("Could not be read", "bad"),
}
"""What each state is called, and the tone it is said in; in the order that a person is shown them."""

_NO_PROBLEM = {
    FileState.INDEXED: "This file was read in full.",
    FileState.PARTIAL: "Some of this file was skipped.",
    FileState.EMPTY: "This file has no content to search. You can still find it by its name.",
    FileState.WAITING: "This file will be read in full once a model for it is installed.",
    FileState.PENDING: "This file has not been read yet. It will be read automatically.",
    FileState.UNSUPPORTED: "Files of this type cannot be read.",
    FileState.FAILED: "This file could not be read.",
}


def state_name(state: FileState) -> str:
    return tr(STATES[state][0])


def reason_of(file: File) -> str:
    """Why a file is in its state, "" for one that was simply read."""
    if file.problem is not None:
        return wrappable(file.problem.message)
    return "" if file.state is FileState.INDEXED else tr(_NO_PROBLEM[file.state])


def full_reason_of(file: File) -> str:
    return wrappable(file.problem.message) if file.problem is not None else tr(_NO_PROBLEM[file.state])


def remedy_of(problem: Problem | None) -> str:
    """What a person can do about it, here in the window; "" where nothing helps."""
    return advice(problem.hint) if problem is not None else ""


def root_name(root: str) -> str:
    """What a chosen folder or file is called."""
    return safe(PurePath(root).name) or safe(root)


def folder_of(file: File) -> str:
    """Where a file is, told from the name of its chosen folder on: ``Receipts/2024``."""
    folder, root = PurePath(file.path).parent, PurePath(file.root)
    if file.path == file.root:
        return safe(folder.name) or safe(str(folder))
    return safe(str(folder.relative_to(root.parent))) if folder.is_relative_to(root.parent) else safe(str(folder))


def describe_watching(folder: FolderStatus) -> tuple[str, Tone]:
    """How a chosen folder is kept up to date; what is missing says that nothing was lost."""
    reason = wrappable(folder.reason)
    if folder.how == "missing":
        kept = tr("Nothing was deleted. Its files stay in your library until it is back or you remove it.")
        return f"{reason or tr('This folder cannot be found.')} {kept}", "warn"
    if folder.how == "polling":
        return reason or tr("Checked for changes from time to time."), "quiet"
    if folder.how == "events":
        return reason or tr("Changes are noticed right away."), "quiet"
    return tr("Read only when you ask for it."), "quiet"


def describe_activity(status: Status | None, progress: Progress | None) -> tuple[str, Tone]:
    """What goes on in the library, in one line."""
    engine = status.engine if status is not None else None
    if status is None or engine is None:
        return tr("Opening your library…"), ""
    match engine.activity:
        case "starting":
            return tr("Starting…"), ""
        case "paused":
            return tr("Paused. No files are read until you resume."), ""
        case "polite":
            return engine.detail or tr("Waiting until this PC is less busy."), ""
        case "troubled":
            return (wrappable(engine.problems[-1].message) if engine.problems else wrappable(engine.detail)), "bad"
    if progress is not None and progress.phase != "done":
        share_and_words = describe_progress(progress)
        return share_and_words[1][:1].upper() + share_and_words[1][1:], ""
    if engine.activity == "indexing" or engine.waiting:
        return tr("Checking for changes…"), ""
    return tr("%n file(s), all up to date", status.files), ""


def describe_progress(
    progress: Progress, seconds_left: float | None = None, *, in_files: bool = True
) -> tuple[float, str]:
    """The share that is done (0 to 1; less than 0 when it is not known yet), and the same in words. What is not
    counted ``in_files`` a person understands is told as a percentage."""
    left = progress.seconds_left if progress.seconds_left is not None else seconds_left
    if progress.phase == "scanning":
        name = root_name(progress.current) if progress.current else ""
        return -1.0, tr("checking “{name}”…").format(name=name) if name else tr("checking your folders…")
    if in_files and progress.files_total:
        share = progress.files_done / progress.files_total
        said = tr("{done} of {all} read").format(
            done=_counted(progress.files_done), all=tr("%n file(s)", progress.files_total)
        )
    else:
        done, total = (
            (progress.files_done, progress.files_total)
            if progress.files_total
            else (progress.bytes_done, progress.bytes_total)
        )
        if not total:
            return -1.0, tr("working…")
        share = done / total
        said = tr("{percent} % done").format(percent=int(100 * min(share, 1.0)))
    if left is not None and share < 1.0:
        said = f"{said}, {tr('{time} left').format(time=format_duration(left))}"
    return min(share, 1.0), said


def describe_change(change: Changed) -> str:
    """``3 new, 1 changed``"""
    counts = (
        (change.new, tr("%n new", change.new)), (change.changed, tr("%n changed", change.changed)),
        (change.moved, tr("%n moved or copied", change.moved)), (change.gone, tr("%n deleted", change.gone)),
    )  # fmt: skip
    return ", ".join(said for count, said in counts if count)


def _counted(count: int) -> str:
    return tr("%n", count)
