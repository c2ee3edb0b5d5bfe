"""Parsing in child processes: a file that crashes, hangs or eats memory takes its own child with it and nothing else.

The children are confined (see ``confine``), run at a lower priority than what a person looks at, and end when there has
been nothing to parse for a while.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

from desktop_rag.parsing import stream
from desktop_rag.parsing.source import MIB, Limits
from desktop_rag.parsing.stream import DocumentEnd, Event, PartRead, problem_error
from desktop_rag.parsing.worker.child import ParserProcess
from desktop_rag.parsing.worker.child import PoolClosed as PoolClosed
from desktop_rag.types import Locator, Problem
from desktop_rag.worker_thread import Report, WorkerThread, log_only

_AHEAD = 32  # files a child is told about in advance, so that it need not wait between small ones
_WATCH_EVERY_S = 0.2
_STOPS_SOON_S = 60.0
_SILENCES = 20  # time limits that a file may take altogether, if it is heard of in between


class ParserPool:
    """A number of children shared by as many threads or more. It may be kept for as long as the program runs: unused
    it costs nothing.

    ``timeout_s`` is how long a child may say nothing while it is waited for, ``file_s`` how long one file may be waited
    for altogether (20 times as long, unless given); ``memory_bytes`` how much memory it may use; after ``retire_after``
    files it is replaced, and after ``idle_s`` without any it ends. ``parse`` names what the child runs on each path
    (``module:function`` with the form of ``parse_tree``); ``log`` is a file that gets what the child prints. Without
    ``hear`` no sound is decoded. ``report`` is told what goes wrong in the background.
    """

    def __init__(
        self,
        workers: int = 1,
        limits: Limits | None = None,
        *,
        timeout_s: float = 60.0,
        file_s: float | None = None,
        memory_bytes: int = 2048 * MIB,
        retire_after: int = 2000,
        idle_s: float = 30.0,
        parse: str = "desktop_rag.parsing.worker.tree:parse_tree",
        log: Path | None = None,
        hear: bool = True,
        report: Report = log_only,
    ) -> None:
        setup = stream.WorkerSetup(limits or Limits(), timeout_s, memory_bytes, retire_after, parse, hear)
        longest_s = _SILENCES * timeout_s if file_s is None else file_s
        self._idle_s = idle_s
        guard = threading.Lock()
        self._returned = threading.Condition(guard)  # a child is free for the next who waits for one
        self._stirred = threading.Condition(guard)  # there is something to watch
        self._free = [(0.0, ParserProcess(setup, longest_s, log)) for _ in range(workers)]  # and since when
        self._busy: list[ParserProcess] = []
        self._closed = False
        self._watcher = WorkerThread("ending idle parsers", self._watch, report=report)
        self._watcher.start()

    def parse(self, path: Path) -> Iterator[Event]:
        """The events of one file, as they come. Waits for a free child. Raises ``PoolClosed``."""
        for _, events in self.parse_many([path]):
            yield from events

    def parse_many(self, paths: Iterable[Path]) -> Iterator[tuple[Path, Iterator[Event]]]:
        """Each path with its events, in order, by one child. Ask for the next path when done with the events of one:
        what is left of them is skipped then. Raises ``PoolClosed`` when the pool is closed meanwhile."""
        todo = iter(paths)
        waiting: deque[Path] = deque()
        process = self._take()
        try:
            while True:
                if len(waiting) <= _AHEAD // 2 and (more := list(islice(todo, _AHEAD - len(waiting)))):
                    waiting.extend(more)
                    process.submit(stream.ParseRequest(os.fsencode(path)) for path in more)
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
            self._give_back(process)

    def read_part(self, path: Path, place: Locator) -> PartRead:
        """What is at a place in a file. Waits for a free child. Raises a ``FileProblem``, and ``PoolClosed``."""
        process = self._take()
        part: PartRead | None = None
        problem: Problem | None = None
        done = False
        try:
            process.submit([stream.ParseRequest(os.fsencode(path), place)])
            for event in process.events():
                if isinstance(event, PartRead):
                    part = event
                elif isinstance(event, DocumentEnd):
                    problem = event.problem
            done = True
        finally:
            if not done:
                process.kill()
            self._give_back(process)
        if problem is not None:
            raise problem_error(problem)
        assert part is not None
        return part

    def abandon(self) -> None:
        """Give up the files that are being parsed now: their events end with a problem."""
        with self._returned:
            busy = list(self._busy)
        for process in busy:
            process.abandon()

    def close(self) -> None:
        """End all children. A thread that is in the middle of a file, or waits for a child, gets ``PoolClosed``."""
        with self._returned:
            self._closed = True
            self._returned.notify_all()
            self._stirred.notify()
            free, busy = [process for _, process in self._free], list(self._busy)
        self._watcher.stop()
        for process in (*free, *busy):
            process.close()
        for process in free:
            process.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _take(self) -> ParserProcess:
        with self._returned:
            self._returned.wait_for(lambda: self._free or self._closed)
            if self._closed:
                raise PoolClosed
            _, process = self._free.pop()  # the one used last: the others may come to their end
            self._busy.append(process)
            self._stirred.notify()
        return process

    def _give_back(self, process: ParserProcess) -> None:
        with self._returned:
            self._busy.remove(process)
            self._free.append((time.monotonic(), process))
            self._returned.notify()
            self._stirred.notify()
            closed = self._closed
        if closed:
            process.kill()

    def _watch(self) -> float:
        """End children that have been idle for long, and those that grow too large."""
        with self._stirred:
            if self._closed:
                return _STOPS_SOON_S
            watched = [process for process in self._busy if process.watched]
            for process in watched:
                process.check_memory()
            now = time.monotonic()
            ends = [since + self._idle_s for since, process in self._free if process.running]
            if ends and min(ends) <= now:
                for since, process in self._free:
                    if since + self._idle_s <= now:
                        process.kill()
                return 0.0
            self._stirred.wait(_WATCH_EVERY_S if watched else min(ends) - now if ends else None)
        return 0.0
