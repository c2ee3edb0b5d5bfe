"""One child process that parses, and the files it was given.

Whatever becomes of the child (it crashes, hangs, dawdles, eats memory), the events of a file come to a proper end, with
the reason, and the next file gets a new child.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from msgspec import MsgspecError

from desktop_rag.child_process import KILLED, ChildProcess
from desktop_rag.errors import ParserStopped
from desktop_rag.messages import say
from desktop_rag.parsing import stream
from desktop_rag.parsing.formats import by_suffix
from desktop_rag.parsing.source import MIB, plain_name
from desktop_rag.parsing.stream import FILE, DocumentEnd, DocumentMetadata, DocumentSegment, DocumentStart, Event
from desktop_rag.types import FileState, Metadata, Problem

_LAST_WORDS_S = 2.0
_CAPPED = sys.platform == "linux"
"""Whether the system itself holds a child to its memory. Elsewhere its size is watched from here."""


class PoolClosed(Exception):
    """The pool was closed while a file was parsed: what was heard of that file counts for nothing."""


class ParserProcess:
    """One child and the files it was given, in order. It is started when the first file comes, and again after it ended
    for whatever reason. Used by one thread at a time; ``check_memory``, ``abandon`` and ``close`` may come from others.

    ``file_s`` is how long a file may be waited for altogether, in seconds.
    """

    def __init__(self, setup: stream.WorkerSetup, file_s: float, log: Path | None = None) -> None:
        self._setup = setup
        self._file_s = file_s
        self._log = log
        self._requests: deque[stream.ParseRequest] = deque()
        self._events: deque[Event] = deque()
        self._files_done = 0
        self._guard = threading.Lock()  # over what other threads look at, too
        self._child: ChildProcess | None = None
        self._waited_s = 0.0  # for the file at hand
        self._fault: Callable[[str], str] | None = None  # why the child was ended from here, given the file's name
        self._closed = False

    @property
    def running(self) -> bool:
        return self._child is not None

    def submit(self, requests: Iterable[stream.ParseRequest]) -> None:
        """Add files to the end of what the child is to parse. Raises ``PoolClosed``."""
        added = list(requests)
        self._requests.extend(added)
        if self._child is None:
            self._start()
        elif added:
            self._send(added)

    def events(self) -> Iterator[Event]:
        """The events of the file submitted first; complete whatever happens to the child. Raises ``PoolClosed``."""
        path = self._requests[0].file
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
                opened.pop(event.document, None)
                if event.document == FILE:
                    self._files_done += 1
                    yield event
                    break
                if opened:
                    opened[max(opened)] |= event.state in (FileState.INDEXED, FileState.PARTIAL)
            yield event
        self._requests.popleft()
        self._turn_page()

    @property
    def watched(self) -> bool:
        """Whether ``check_memory`` is to be called now and then."""
        return not _CAPPED and self.running

    def check_memory(self) -> None:
        """End a child that grew too large."""
        child = self._child
        if child is not None and child.memory_bytes() > self._setup.memory_bytes:
            self._end_for(self._too_much_memory)

    def kill(self) -> None:
        """End the child and forget the files it was given. The object stays usable."""
        self._requests.clear()
        self._events.clear()
        self._waited_s = 0.0
        self._bury()

    def abandon(self) -> None:
        """Give up the file that is being parsed, from another thread."""
        self._end_for(lambda name: say("parsing.reading-stopped", name=name))

    def close(self) -> None:
        """End the child for good. A thread in the middle of a file gets ``PoolClosed`` there."""
        with self._guard:
            self._closed = True
            child = self._child
        if child is not None:
            child.kill()  # the thread that reads from it sees to the rest

    def _end_for(self, fault: Callable[[str], str]) -> None:
        with self._guard:
            if self._child is not None and self._fault is None:
                self._fault = fault
                self._child.kill()

    def _start(self) -> None:
        with self._guard:
            if self._closed:
                raise PoolClosed
            self._fault = None
            self._child = ChildProcess("desktop_rag.parsing.worker.main", log=self._log, background=True)
        self._files_done = 0
        self._child.send(stream.encode(self._setup))
        self._send(self._requests)

    def _send(self, requests: Iterable[stream.ParseRequest]) -> None:
        assert self._child is not None
        self._child.send(stream.encode(list(requests)))

    def _next_event(self) -> Event | None:
        """The next event, or None when the child has ended."""
        while not self._events:
            frame = self._next_frame()
            if frame is None:
                return None
            try:
                self._events.extend(stream.decode_events(frame))
            except MsgspecError:
                return None  # a child that does not keep to the form is as good as gone
        return self._events.popleft()

    def _next_frame(self) -> bytes | None:
        """None when the child has ended, or has been ended because it was waited for too long."""
        assert self._child is not None
        begun = time.monotonic()
        left_s = max(0.0, self._file_s - self._waited_s)
        try:
            return self._child.receive(min(self._setup.timeout_s, left_s))
        except TimeoutError:
            if left_s < self._setup.timeout_s:
                self._end_for(lambda name: say("parsing.reading-took-longer", name=name, seconds=self._file_s))
            else:
                self._end_for(lambda name: say("parsing.reading-no-progress", name=name, seconds=self._setup.timeout_s))
            return None
        finally:
            self._waited_s += time.monotonic() - begun

    def _turn_page(self) -> None:
        """Make ready for the next file: with a new child, if the old one ended with the file or was ended too late."""
        self._waited_s = 0.0
        if self._fault:
            self._bury()
        if self._child is None and self._requests:
            self._start()

    def _stopped(self, path: Path, opened: dict[int, bool]) -> Problem | None:
        """Why the child ended before it was done with ``path``; None if it just retired, and has been replaced."""
        child = self._child
        assert child is not None
        child.wait(_LAST_WORDS_S)  # its end of the pipe is closed, and it may be about to say why
        alive = child.running  # and wrote what means nothing
        status = self._bury()
        if self._closed:
            raise PoolClosed
        if status == 0 and self._files_done and not opened and self._fault is None:
            self._start()
            return None
        name = plain_name(path.name)
        if self._fault:
            reason = self._fault(name)
        elif status in (stream.OUT_OF_MEMORY, KILLED) and not alive:
            reason = self._too_much_memory(name)
        else:
            reason = say("parsing.parser-crashed", name=name)
        return ParserStopped(reason, say("parsing.left-out-until-changes")).as_problem()

    def _too_much_memory(self, name: str) -> str:
        size = self._setup.memory_bytes // MIB
        return say("parsing.reading-took-more-than-mib-memory", name=name, size=size)

    def _bury(self) -> int:
        """End the child, if there is one, and return its exit status."""
        with self._guard:
            child, self._child = self._child, None
        if child is None:
            return 0
        return child.end()


def _closing(path: Path, opened: dict[int, bool], problem: Problem) -> Iterator[Event]:
    """The events that end a file whose parser is gone."""
    from desktop_rag.parsing.worker.tree import describe, readable, state_of

    if not opened:
        name = plain_name(path.name)
        kind, mime = describe(by_suffix(name))
        opened[FILE] = False
        yield DocumentStart(FILE, None, name, kind, mime)
        yield DocumentMetadata(FILE, Metadata(kind=kind, title=readable(name)))
    useful = False
    for document in sorted(opened, reverse=True):
        useful |= opened[document]
        yield DocumentEnd(document, state_of(useful, problem), problem)
