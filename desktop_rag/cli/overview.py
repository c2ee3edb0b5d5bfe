"""A library and its engine at a glance, and what the engine tells of itself, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import RenderableType

    from desktop_rag.engine.events import Event
    from desktop_rag.engine.results import EngineStatus, Status

_ACTIVITIES = {
    "starting": "starting",
    "idle": "up to date, watching for changes",
    "indexing": "indexing",
    "paused": "paused; to continue: desktop-rag engine resume",
    "polite": "waiting",
    "troubled": "having trouble, will try again soon",
}


def show_status(status: Status) -> Iterator[RenderableType]:
    """The library at a glance."""
    from rich.text import Text

    from desktop_rag.cli.indexing import STATES, files_in_words
    from desktop_rag.cli.terminal import clean_name, counted, in_words, program, short_path, size

    status = in_words(status)

    yield labelled("Library", f"{short_path(status.library)}  ({size(status.bytes_on_disk)})")
    watching = _watching(status)
    for number, root in enumerate(status.roots):
        note = f"  ({watching[root]})" if watching[root] else ""
        yield labelled("" if number else "Folders", f"{clean_name(short_path(root))}{note}")
    if not status.roots:
        yield labelled("Folders", "none yet")
    yield labelled("Files", files_in_words(status.states))
    yield labelled("Passages", f"{status.chunks:,} in {counted(status.documents, 'document')}")
    for number, name in enumerate([status.model, *(f"{title} ({role})" for role, title in status.models.items())]):
        yield labelled("" if number else "Models" if status.models else "Model", clean_name(name))
    for number, (role, count) in enumerate(status.waiting.items()):
        article = "an" if role == "image" else "a"
        yield labelled("" if number else "Waiting", f"{counted(count, 'file')} for {article} {role} model")
    if status.engine is not None:
        for label, value in _engine_rows(status.engine):
            yield labelled(label, value)
    elif status.busy:
        yield labelled("Now", "another process is writing to the library")
    if not status.roots:
        yield Text("")
        yield Text(f"To begin: {program()} index ~/Documents")
    elif status.states.keys() & STATES.keys() - {"indexed"}:
        yield Text("")
        yield Text(f"“{program()} why PATH” explains what happened to a file.", "dim")


def event_in_words(event: Event) -> str:
    """One line about an event; "" for those that say nothing new to a person."""
    from desktop_rag.cli import progress
    from desktop_rag.cli.terminal import clean
    from desktop_rag.engine.events import Changed, ModelReady, NowDoing, Trouble, Working

    match event:
        case Working(progress=done):
            return progress.in_words(done) if done.phase == "indexing" else ""
        case Changed(new=new, changed=changed, moved=moved, gone=gone):
            counts = (("new", new), ("changed", changed), ("moved or copied", moved), ("gone", gone))
            return "updated: " + ", ".join(f"{number:,} {what}" for what, number in counts if number)
        case NowDoing(activity=activity, detail=detail):
            return f"{_ACTIVITIES[activity]}{f': {detail}' if detail else ''}"
        case ModelReady(model=model):
            return f"the model {model} is ready: searches now use meaning, too"
        case Trouble(problem=problem):
            return clean(f"{problem.message} {problem.hint}")


def _engine_rows(status: EngineStatus) -> Iterator[tuple[str, str]]:
    """What the engine does, as labels and values."""
    from datetime import datetime

    from desktop_rag.cli.progress import in_words
    from desktop_rag.cli.terminal import clean, counted, size

    doing = _ACTIVITIES[status.activity]
    if status.detail:
        doing += f" ({status.detail})"
    if status.progress is not None and status.progress.phase == "indexing":
        doing = in_words(status.progress)
    elif status.waiting and status.activity != "idle":
        doing += f"; {counted(status.waiting, 'change')} waiting"
    since = datetime.fromtimestamp(status.started).strftime("%d %B, %H:%M")
    yield "Engine", f"process {status.pid} since {since}, {size(status.memory_bytes)} of memory"
    yield "Now", doing
    if not status.model_ready:
        yield "", "the model is loading; until then searches use words only"
    for number, model in enumerate(status.loaded):
        yield "" if number else "In memory", f"{clean(model.name)}, {size(model.bytes)}. {model.said}"
    if status.restarts:
        yield "", f"restarted {counted(status.restarts, 'time')} after a crash"
    for problem in status.problems:
        yield "Trouble", clean(f"{problem.message} {problem.hint}")


def _watching(status: Status) -> dict[str, str]:
    """How each folder is kept up to date, in words, where there is something to say."""
    words = {"missing": "not found", "polling": "checked now and then"}
    return {folder.path: ": ".join(filter(None, (words.get(folder.how), folder.reason))) for folder in status.folders}


def labelled(label: str, value: str) -> RenderableType:
    from rich.text import Text

    from desktop_rag.cli.hanging import HangingText

    return HangingText(Text(value), f"{label:<10}", "dim")
