"""Parsing in child processes: a file that crashes, hangs or eats memory takes its own child with it and nothing else.

The memory of a child is capped by the system where it can be (Linux and other POSIX systems, not Windows).
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from queue import LifoQueue
from types import TracebackType
from typing import BinaryIO, Self, cast

from msgspec import MsgspecError

from desktop_rag.errors import ParserStopped
from desktop_rag.parsing import stream
from desktop_rag.parsing.formats import by_suffix
from desktop_rag.parsing.source import MIB, Limits
from desktop_rag.parsing.stream import FILE, DocumentEnd, DocumentMetadata, DocumentSegment, DocumentStart, Event
from desktop_rag.types import FileState, Metadata, Problem

_AHEAD = 32  # files a child is told about in advance, so that it need not wait between small ones
_WATCH_EVERY_S = 0.2
_LAST_WORDS_S = 2.0
_SIGKILL = -9


class ParserProcess:
    """One child and the files it was given, in order. It is started when the first file comes, and again after it ended
    for whatever reason. Used by one thread at a time, and watched by another."""

    def __init__(self, setup: stream.Setup, log: Path | None = None) -> None:
        self._setup = setup
        self._log = log
        self._child: subprocess.Popen[bytes] | None = None
        self._paths: deque[Path] = deque()
        self._events: deque[Event] = deque()
        self._files_done = 0
        self._silent_since: float | None = None
        self._timed_out = False

    def submit(self, paths: Iterable[Path]) -> None:
        """Add files to the end of what the child is to parse."""
        added = list(paths)
        self._paths.extend(added)
        if self._child is None:
            self._start()
        elif added:
            self._send(added)

    def events(self) -> Iterator[Event]:
        """The events of the file submitted first; complete whatever happens to the child."""
        path = self._paths[0]
        opened: dict[int, bool] = {}  # documents that have not ended, and whether they had text
        while True:
            event = self._next_event()
            if event is None:
                problem = self._stopped(path, opened)
                if problem is None:
                    continue
                yield from _closing(path, opened, problem)
                break
            if isinstance(event, DocumentStart):
                opened[event.document] = False
            elif isinstance(event, DocumentSegment):
                opened[event.document] = True
            elif isinstance(event, DocumentEnd):
                del opened[event.document]
                if event.document == FILE:
                    self._files_done += 1
                    yield event
                    break
                opened[max(opened)] |= event.state in (FileState.INDEXED, FileState.PARTIAL)
            yield event
        self._paths.popleft()
        if self._child is None and self._paths:
            self._start()

    def kill(self) -> None:
        """End the child and forget the files it was given. The object stays usable."""
        child, self._child = self._child, None
        self._paths.clear()
        self._events.clear()
        if child is not None:
            child.kill()
            _reap(child)

    def kill_if_silent(self, now: float) -> None:
        """End a child that has said nothing for too long while it was waited for. The watching thread calls it."""
        since, child = self._silent_since, self._child
        if since is not None and child is not None and now - since > self._setup.timeout_s:
            self._timed_out = True
            child.kill()

    def _start(self) -> None:
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)}
        log = self._log.open("ab") if self._log else subprocess.DEVNULL
        self._child = subprocess.Popen(
            [sys.executable, "-P", "-m", "desktop_rag.parsing.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        if not isinstance(log, int):
            log.close()
        self._files_done = 0
        self._timed_out = False
        self._write(stream.encode(self._setup))
        self._send(self._paths)

    def _send(self, paths: Iterable[Path]) -> None:
        self._write(stream.encode([os.fsencode(path) for path in paths]))

    def _write(self, payload: bytes) -> None:
        assert self._child is not None
        with suppress(OSError):  # the child has ended; reading from it will tell
            stream.write_frame(cast(BinaryIO, self._child.stdin), payload)

    def _next_event(self) -> Event | None:
        """The next event, or None when the child has ended."""
        if not self._events:
            assert self._child is not None
            self._silent_since = time.monotonic()
            frame = stream.read_frame(cast(BinaryIO, self._child.stdout))
            self._silent_since = None
            if frame is None:
                return None
            try:
                self._events.extend(stream.decode_events(frame))
            except MsgspecError:
                return None  # a child that does not keep to the form is as good as gone
        return self._events.popleft()

    def _stopped(self, path: Path, opened: dict[int, bool]) -> Problem | None:
        """Why the child ended before it was done with ``path``; None if it just retired, and has been replaced."""
        child, self._child = self._child, None
        assert child is not None
        with suppress(subprocess.TimeoutExpired):  # its end of the pipe is closed, and it may be about to say why
            child.wait(_LAST_WORDS_S)
        child.kill()
        status = _reap(child)
        if status == 0 and self._files_done and not opened and not self._timed_out:
            self._start()
            return None
        advice = "The file is left out, and tried again when it changes."
        if self._timed_out:
            reason = f"Nothing was heard for {self._setup.timeout_s:g} s while reading {path.name}"
        elif status in (stream.OUT_OF_MEMORY, _SIGKILL):
            reason = f"Reading {path.name} took more than {self._setup.memory_bytes // MIB} MiB of memory"
        else:
            reason = f"The parser crashed while reading {path.name}"
        return ParserStopped(f"{reason}.", advice).as_problem()


def _reap(child: subprocess.Popen[bytes]) -> int:
    for pipe in (child.stdin, child.stdout):
        with suppress(OSError):  # what was left to write has no reader any more
            if pipe is not None:
                pipe.close()
    return child.wait()


def _closing(path: Path, opened: dict[int, bool], problem: Problem) -> Iterator[Event]:
    """The events that end a file whose parser is gone."""
    from desktop_rag.parsing.tree import describe, readable, state_of

    if not opened:
        kind, mime = describe(by_suffix(path.name))
        opened[FILE] = False
        yield DocumentStart(FILE, None, path.name, kind, mime)
        yield DocumentMetadata(FILE, Metadata(kind=kind, title=readable(path.name)))
    useful = False
    for document in sorted(opened, reverse=True):
        useful |= opened[document]
        yield DocumentEnd(document, state_of(useful, problem), problem)


class ParserPool:
    """A number of children shared by as many threads or more.

    ``timeout_s`` is how long a child may say nothing while it is waited for; ``memory_bytes`` how much address space it
    may use; after ``retire_after`` files it is replaced. ``parse`` names what the child runs on each path
    (``module:function`` with the form of ``parse_tree``); ``log`` is a file that gets what the child prints.
    """

    def __init__(
        self,
        workers: int = 1,
        limits: Limits | None = None,
        *,
        timeout_s: float = 60.0,
        memory_bytes: int = 2048 * MIB,
        retire_after: int = 2000,
        parse: str = "desktop_rag.parsing.tree:parse_tree",
        log: Path | None = None,
    ) -> None:
        setup = stream.Setup(limits or Limits(), timeout_s, memory_bytes, retire_after, parse)
        self._processes = [ParserProcess(setup, log) for _ in range(workers)]
        self._idle: LifoQueue[ParserProcess] = LifoQueue()
        for process in self._processes:
            self._idle.put(process)
        self._closed = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="parser watch", daemon=True)
        self._watcher.start()

    def parse(self, path: Path) -> Iterator[Event]:
        """The events of one file, as they come. Waits for a free child."""
        for _, events in self.parse_many([path]):
            yield from events

    def parse_many(self, paths: Iterable[Path]) -> Iterator[tuple[Path, Iterator[Event]]]:
        """Each path with its events, in order, by one child. Ask for the next path when done with the events of one:
        what is left of them is skipped then."""
        todo = iter(paths)
        waiting: deque[Path] = deque()
        process = self._idle.get()
        try:
            while True:
                if len(waiting) <= _AHEAD // 2 and (more := list(islice(todo, _AHEAD - len(waiting)))):
                    waiting.extend(more)
                    process.submit(more)
                if not waiting:
                    break
                events = process.events()
                yield waiting[0], events
                for _ in events:
                    pass
                waiting.popleft()
        finally:
            if waiting:
                process.kill()
            self._idle.put(process)

    def close(self) -> None:
        """End all children; call it when no thread uses the pool any more."""
        self._closed.set()
        self._watcher.join()
        for process in self._processes:
            process.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _watch(self) -> None:
        while not self._closed.wait(_WATCH_EVERY_S):
            now = time.monotonic()
            for process in self._processes:
                process.kill_if_silent(now)
