"""One child process that parses, and the files it was given.

Whatever becomes of the child (it crashes, hangs, dawdles, eats memory), the events of a file come to a proper end, with
the reason, and the next file gets a new child.
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
from pathlib import Path
from typing import BinaryIO, cast

from msgspec import MsgspecError

from desktop_rag.errors import ParserStopped
from desktop_rag.framing import read_frame, write_frame
from desktop_rag.parsing import stream
from desktop_rag.parsing.formats import by_suffix
from desktop_rag.parsing.source import MIB, plain_name
from desktop_rag.parsing.stream import FILE, DocumentEnd, DocumentMetadata, DocumentSegment, DocumentStart, Event
from desktop_rag.types import FileState, Metadata, Problem

_LAST_WORDS_S = 2.0
_SIGKILL = -9
_CAPPED = sys.platform == "linux"
"""Whether the system itself holds a child to its memory. Elsewhere its size is watched from here."""


class PoolClosed(Exception):
    """The pool was closed while a file was parsed: what was heard of that file counts for nothing."""


class ParserProcess:
    """One child and the files it was given, in order. It is started when the first file comes, and again after it ended
    for whatever reason. Used by one thread at a time; ``watch`` and ``close`` may come from others.

    ``file_s`` is how long a file may be waited for altogether, in seconds.
    """

    def __init__(self, setup: stream.WorkerSetup, file_s: float, log: Path | None = None) -> None:
        self._setup = setup
        self._file_s = file_s
        self._log = log
        self._requests: deque[stream.ParseRequest] = deque()
        self._events: deque[Event] = deque()
        self._files_done = 0
        self._guard = threading.Lock()  # over what the watching thread looks at, too
        self._child: subprocess.Popen[bytes] | None = None
        self._waiting_since: float | None = None
        self._waited_s = 0.0  # for the file at hand, before that
        self._fault = ""  # why the child was ended from here
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
                del opened[event.document]
                if event.document == FILE:
                    self._files_done += 1
                    yield event
                    break
                opened[max(opened)] |= event.state in (FileState.INDEXED, FileState.PARTIAL)
            yield event
        self._requests.popleft()
        self._turn_page()

    def watch(self, now: float) -> None:
        """End a child that was waited for too long (``now`` in the time of ``time.monotonic``) or grew too large."""
        with self._guard:
            child = self._child
            if child is None or self._fault:
                return
            waited = 0.0 if self._waiting_since is None else now - self._waiting_since
            if waited > self._setup.timeout_s:
                self._fault = f"Reading {{}} made no progress for {self._setup.timeout_s:g} s."
            elif self._waited_s + waited > self._file_s:
                self._fault = f"Reading {{}} took longer than {self._file_s:g} s."
            elif not _CAPPED and _resident_bytes(child.pid) > self._setup.memory_bytes:
                self._fault = self._too_much_memory()
            if self._fault:
                child.kill()

    def kill(self) -> None:
        """End the child and forget the files it was given. The object stays usable."""
        self._requests.clear()
        self._events.clear()
        self._waited_s = 0.0
        self._bury()

    def abandon(self) -> None:
        """Give up the file that is being parsed, from another thread."""
        with self._guard:
            if self._child is not None and not self._fault:
                self._fault = "Reading {} was stopped."
                self._child.kill()

    def close(self) -> None:
        """End the child for good. A thread in the middle of a file gets ``PoolClosed`` there."""
        with self._guard:
            self._closed = True
            child = self._child
        if child is not None:
            child.kill()
            child.wait()  # its pipes are closed by the thread that reads from them

    def _start(self) -> None:
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)}
        log = self._log.open("ab") if self._log else subprocess.DEVNULL
        flags = 0
        if sys.platform == "win32":
            flags = subprocess.CREATE_NO_WINDOW | subprocess.BELOW_NORMAL_PRIORITY_CLASS
        try:
            with self._guard:
                if self._closed:
                    raise PoolClosed
                self._fault = ""
                self._child = subprocess.Popen(
                    [sys.executable, "-P", "-m", "desktop_rag.parsing.worker.main"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    env=environment,
                    creationflags=flags,
                )
        finally:
            if not isinstance(log, int):
                log.close()
        self._files_done = 0
        self._write(stream.encode(self._setup))
        self._send(self._requests)

    def _send(self, requests: Iterable[stream.ParseRequest]) -> None:
        self._write(stream.encode(list(requests)))

    def _write(self, payload: bytes) -> None:
        assert self._child is not None
        with suppress(OSError):  # the child has ended; reading from it will tell
            write_frame(cast(BinaryIO, self._child.stdin), payload)

    def _next_event(self) -> Event | None:
        """The next event, or None when the child has ended."""
        if not self._events:
            frame = self._next_frame()
            if frame is None:
                return None
            try:
                self._events.extend(stream.decode_events(frame))
            except MsgspecError:
                return None  # a child that does not keep to the form is as good as gone
        return self._events.popleft()

    def _next_frame(self) -> bytes | None:
        assert self._child is not None
        with self._guard:
            begun = self._waiting_since = time.monotonic()
        try:
            return read_frame(cast(BinaryIO, self._child.stdout))
        finally:
            with self._guard:
                self._waiting_since = None
                self._waited_s += time.monotonic() - begun

    def _turn_page(self) -> None:
        """Make ready for the next file: with a new child, if the old one ended with the file or was ended too late."""
        with self._guard:
            self._waited_s = 0.0
            lost = bool(self._fault)
        if lost:
            self._bury()
        if self._child is None and self._requests:
            self._start()

    def _stopped(self, path: Path, opened: dict[int, bool]) -> Problem | None:
        """Why the child ended before it was done with ``path``; None if it just retired, and has been replaced."""
        child = self._child
        assert child is not None
        with suppress(subprocess.TimeoutExpired):  # its end of the pipe is closed, and it may be about to say why
            child.wait(_LAST_WORDS_S)
        status = self._bury()
        if self._closed:
            raise PoolClosed
        if status == 0 and self._files_done and not opened and not self._fault:
            self._start()
            return None
        if self._fault:
            reason = self._fault
        elif status in (stream.OUT_OF_MEMORY, _SIGKILL):
            reason = self._too_much_memory()
        else:
            reason = "The parser crashed while reading {}."
        advice = "The file is left out until it changes."
        return ParserStopped(reason.replace("{}", plain_name(path.name)), advice).as_problem()

    def _too_much_memory(self) -> str:
        return f"Reading {{}} took more than {self._setup.memory_bytes // MIB} MiB of memory."

    def _bury(self) -> int:
        """End the child, if there is one, and return its exit status."""
        with self._guard:
            child, self._child = self._child, None
        if child is None:
            return 0
        child.kill()
        for pipe in (child.stdin, child.stdout):
            with suppress(OSError):  # what was left to write has no reader any more
                if pipe is not None:
                    pipe.close()
        return child.wait()


def _resident_bytes(pid: int) -> int:
    """The memory of a process that is in use; 0 if it has ended."""
    import psutil

    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


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
