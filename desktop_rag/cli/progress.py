"""Progress on standard error: a bar with rate and time left on a terminal, elsewhere a line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_rag.cli.terminal import clean, console, duration, say

if TYPE_CHECKING:
    from desktop_rag.types import Progress

OnProgress = Callable[["Progress"], None]

_LINE_EVERY_S = 10.0
_STEADY_S = 2.0
"""A time left is shown once it is based on this much work."""


@contextmanager
def progress_shown(*, quiet: bool = False) -> Iterator[OnProgress]:
    """Gives the function that the engine tells its progress to; what it showed is gone at the end."""
    if quiet:
        yield lambda _: None
    elif sys.stderr.isatty():
        with _bar() as show:
            yield show
    else:
        yield ProgressLines()


class ProgressLines:
    """For logs and pipes: the first line after some seconds, then one now and then."""

    def __init__(self, every_s: float = _LINE_EVERY_S) -> None:
        self._every_s = every_s
        self._next = time.monotonic() + every_s

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.phase != "indexing" or now < self._next:
            return
        self._next = now + self._every_s
        say(in_words(progress))


def in_words(progress: Progress) -> str:
    """``indexing: 1,200 of 31,000 files, 5,310 passages, 12 min left``."""
    parts = [f"{progress.phase}: {progress.files_done:,} of {progress.files_total:,} files"]
    if progress.chunks_done:
        parts.append(f"{progress.chunks_done:,} passages")
    if progress.seconds_left is not None:
        parts.append(f"{duration(progress.seconds_left)} left")
    return ", ".join(parts)


@contextmanager
def _bar() -> Iterator[OnProgress]:
    from rich.progress import BarColumn, SpinnerColumn, TextColumn
    from rich.progress import Progress as Bar

    bar = Bar(
        SpinnerColumn(style="cyan"),
        TextColumn("{task.fields[what]}"),
        BarColumn(bar_width=24, complete_style="cyan", finished_style="cyan"),
        TextColumn("{task.fields[counts]}"),
        TextColumn("{task.fields[current]}", style="dim"),
        console=console(sys.stderr),
        transient=True,
    )
    began = time.monotonic()
    with bar:
        task = bar.add_task("", total=None, what="Looking for files", counts="", current="")

        def show(progress: Progress) -> None:
            current = clean(_shortened(Path(progress.current).name))
            if progress.phase == "scanning":
                bar.update(task, current=current)
                return
            seconds = time.monotonic() - began
            bar.update(
                task,
                what="Indexing",
                total=progress.bytes_total or progress.files_total or 1,
                completed=progress.bytes_done if progress.bytes_total else progress.files_done,
                counts=counts(progress, seconds),
                current=current,
            )

        yield show


def counts(progress: Progress, seconds: float) -> str:
    """``1,200 of 31,000 files · 5,310 passages, 85/s · 12 min left``, after ``seconds`` of work."""
    parts = [f"{progress.files_done:,} of {progress.files_total:,} files"]
    if progress.chunks_done and seconds > 0:
        parts.append(f"{progress.chunks_done:,} passages, {progress.chunks_done / seconds:,.0f}/s")
    if progress.seconds_left is not None and seconds > _STEADY_S:
        parts.append(f"{duration(progress.seconds_left)} left")
    return " · ".join(parts)


def _shortened(name: str, length: int = 32) -> str:
    return name if len(name) <= length else f"{name[: length // 2]}…{name[-length // 2 + 1 :]}"
