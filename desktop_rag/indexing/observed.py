"""Watching on Windows and macOS, where the system itself watches whole trees: watchdog's observer."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from desktop_rag.indexing.inotify import WatchedArea, WatchTrouble

if TYPE_CHECKING:
    from watchdog.observers.api import BaseObserver

_BATCH_S = 0.25
"""On Windows, watchdog hands changes on once none came for so long; its own second would delay every hint."""


class ObserverWatch:
    """The system's notices of changes. Raises ``OSError`` when they cannot be had."""

    def __init__(self) -> None:
        from watchdog.observers import Observer

        self._observer: BaseObserver = Observer(timeout=_BATCH_S)
        self._observer.start()

    @property
    def alive(self) -> bool:
        return self._observer.is_alive()

    def watch(self, area: WatchedArea) -> ObservedTree:
        """Watch from now on; what is there already is not hinted at. Raises ``OSError`` when the top cannot be."""
        return ObservedTree(self._observer, area)

    def close(self) -> None:
        """End all threads; nothing is hinted at any more."""
        self._observer.stop()
        self._observer.join()


class ObservedTree:
    """The watch of one area. That the system dropped events is not told by watchdog: looking through the folders now
    and then must find what they were about."""

    def __init__(self, observer: BaseObserver, area: WatchedArea) -> None:
        from watchdog.events import (
            DirAttribEvent,
            DirCreatedEvent,
            DirDeletedEvent,
            DirMovedEvent,
            FileAttribEvent,
            FileClosedEvent,
            FileCreatedEvent,
            FileDeletedEvent,
            FileModifiedEvent,
            FileMovedEvent,
            FileSystemEvent,
            FileSystemEventHandler,
        )

        class Handler(FileSystemEventHandler):
            failed = False

            def on_any_event(self, event: FileSystemEvent) -> None:
                """The observer's thread is not ours: it would die of an error."""
                if self.failed:
                    return  # all of it is to be looked through
                try:
                    for path in (event.src_path, event.dest_path):
                        if path:
                            area.hint(os.fsdecode(path))
                except Exception as error:
                    self.failed = True
                    area.failed(error)

        # A folder counts as modified with everything that happens in it, and reading a file opens it: no hints, these.
        files = [
            FileAttribEvent,
            FileClosedEvent,
            FileCreatedEvent,
            FileDeletedEvent,
            FileModifiedEvent,
            FileMovedEvent,
        ]
        folders = [DirAttribEvent, DirCreatedEvent, DirDeletedEvent, DirMovedEvent]
        self._observer = observer
        handler = Handler()
        self._handler = handler
        self._watch = observer.schedule(
            handler, area.only or area.top, recursive=area.only is None, event_filter=[*files, *folders]
        )
        self._emitter = next(emitter for emitter in observer.emitters if emitter.watch == self._watch)

    @property
    def trouble(self) -> WatchTrouble | None:
        if self._handler.failed:
            return "failed"
        return None if self._emitter.is_alive() else "gone"

    def close(self) -> None:
        self._observer.unschedule(self._watch)
