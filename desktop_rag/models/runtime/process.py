"""A model in a process of its own, as its parent sees it: requests go in, replies come out, and a crash is an error
like any other."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from io import BufferedReader
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, BinaryIO, cast

import msgspec
from msgspec import Struct

from desktop_rag.errors import ModelCrashed, ModelError, NoMemoryForModel
from desktop_rag.framing import read_frame, write_frame
from desktop_rag.models.requests import Request
from desktop_rag.models.runtime.protocol import (
    BUG,
    Ask,
    Cancel,
    Done,
    Failed,
    Load,
    Ready,
    Reply,
    decode_answer,
    encode,
)

CRASHES = 2
"""So many crashes in a row while loading, and a model is set aside."""
CRASHES_WITHIN_S = 3600.0
_LOOK_EVERY_S = 0.05
"""How soon a request that is to be cancelled is."""
_LOG_BYTES = 1024 * 1024
_PIPE_BYTES = 64 * 1024
_LAST_WORDS_S = 1.0
_KILLED = -9

Answer = Ready | Reply | Done | Failed


class ModelProcess:
    """The model that ``module`` opens with ``settings``, in a child process.

    The child is started, and the model loaded, by the first request or by ``load``; also after it crashed, or was
    closed. It works on one request at a time: others wait. Safe to use from several threads.

    ``name`` is what the model is called in messages. ``log`` gets what the child's libraries print, up to 1 MiB and as
    much again of before. ``environment`` is added to the child's.
    """

    def __init__(
        self,
        module: str,
        settings: Struct,
        *,
        name: str = "",
        log: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name or module.rpartition(".")[2]
        self._module = module
        self._settings = settings
        self._environment = dict(environment or {})
        self._log = log
        self._turn = threading.Lock()  # held for as long as a request takes
        self._guard = threading.Lock()  # over the child
        self._child: _Child | None = None
        self._number = 0
        self._crashed_at: list[float] = []  # while loading, in a row

    @property
    def alive(self) -> bool:
        """Whether the model is loaded and its process runs."""
        child = self._child
        return child is not None and child.ready and child.running

    @property
    def pid(self) -> int | None:
        child = self._child
        return child.pid if child is not None and child.running else None

    def memory_bytes(self) -> int:
        """The main memory the process has in use; 0 when there is none."""
        import psutil

        pid = self.pid
        try:
            return 0 if pid is None else int(psutil.Process(pid).memory_info().rss)
        except psutil.Error:
            return 0

    def load(self, cancelled: threading.Event | None = None) -> None:
        """Load the model if it is not. However long it takes: a large model on a slow disk takes minutes.

        Raises ``ModelError`` and all of its kinds; at once for a model that crashed twice in a row while it was loaded,
        until ``forgive``.
        """
        with self._one_at_a_time(cancelled) as mine:
            if mine:
                self._loaded_child(cancelled)

    def ask(self, request: Request, cancelled: threading.Event | None = None) -> Iterator[Any]:
        """The replies to a request, as they come. Ends early, without an error, once ``cancelled`` is set; whoever
        stops reading cancels, too.

        Raises ``ModelError``; ``ModelCrashed`` when the process died: the next request starts another.
        """
        with self._one_at_a_time(cancelled) as mine:
            child = self._loaded_child(cancelled) if mine else None
            if child is None or (cancelled is not None and cancelled.is_set()):
                return
            decode = _decoder(type(request).replies)
            self._number += 1
            number = self._number
            child.send(Ask(number, msgspec.Raw(encode(request))))
            ended = False
            try:
                for answer in self._answers(child, number, cancelled):
                    if isinstance(answer, Reply):
                        yield decode(answer.value)
                    else:
                        ended = True
                        if isinstance(answer, Failed):
                            raise self._error(answer)
            finally:
                if not ended:
                    child.send(Cancel(number))

    def become(self, settings: Struct, environment: Mapping[str, str] | None = None) -> None:
        """End the process; the next one loads the same model with other settings."""
        self.close()
        with self._guard:
            self._settings = settings
            self._environment = dict(environment or {})

    def forgive(self) -> None:
        """Try a model again that was set aside because it crashed."""
        with self._guard:
            self._crashed_at.clear()

    def close(self) -> None:
        """End the process at once, which gives all of its memory back. A request in progress raises ``ModelError``."""
        with self._guard:
            child, self._child = self._child, None
        if child is not None:
            child.end()

    @contextmanager
    def _one_at_a_time(self, cancelled: threading.Event | None) -> Iterator[bool]:
        """Wait for the requests before this one; gives False if it was cancelled meanwhile."""
        while not self._turn.acquire(timeout=-1 if cancelled is None else _LOOK_EVERY_S):
            if cancelled is not None and cancelled.is_set():
                yield False
                return
        try:
            yield cancelled is None or not cancelled.is_set()
        finally:
            self._turn.release()

    def _loaded_child(self, cancelled: threading.Event | None) -> _Child | None:
        """The child with its model loaded; None if it was cancelled before, and then it goes on loading."""
        with self._guard:
            child = self._child
            if child is None or not child.running:
                child = self._started()
        if not child.ready:
            try:
                for answer in self._answers(child, 0, cancelled, loading=True):
                    if isinstance(answer, Failed):
                        raise self._error(answer)
                    child.ready = True
                    self.forgive()
            except ModelError:
                self._forget(child)  # what it had loaded by then would only take memory
                raise
        return child if child.ready else None

    def _started(self) -> _Child:
        """A new child, which was told to load. To be called with the guard held."""
        now = time.monotonic()
        self._crashed_at = [then for then in self._crashed_at if now - then < CRASHES_WITHIN_S]
        if len(self._crashed_at) >= CRASHES:
            raise ModelError(
                f"The model {self.name} was set aside: it crashed {CRASHES} times while it was loaded.",
                "Install it again or choose another model, or tell Desktop RAG to try it again.",
            )
        if self._child is not None:
            self._child.end()
        child = self._child = _Child(self._module, self._environment, self._log)
        child.send(Load(0, msgspec.Raw(encode(self._settings))))
        return child

    def _answers(
        self, child: _Child, number: int, cancelled: threading.Event | None, *, loading: bool = False
    ) -> Iterator[Answer]:
        """What the child says to a request; the last of it is neither ``Reply``. Nothing more once it is cancelled."""
        while True:
            frame = child.next_frame(cancelled)
            if cancelled is not None and cancelled.is_set():
                return
            try:
                answer = None if frame is None else decode_answer(frame)
            except msgspec.MsgspecError:  # a child that does not keep to the form is as good as gone
                answer = None
            if answer is None:
                raise self._gone(child, loading=loading)
            if answer.number == number:  # else the rest of a request that was cancelled
                yield answer
                if not isinstance(answer, Reply):
                    return

    def _forget(self, child: _Child) -> int:
        with self._guard:
            if self._child is child:
                self._child = None
        return child.end()

    def _gone(self, child: _Child, *, loading: bool) -> ModelError:
        """The error for a child that ended."""
        with self._guard:
            closed = self._child is not child
        if closed:
            return ModelError(f"The model {self.name} was put away while it worked.", "Ask again.")
        child.wait(_LAST_WORDS_S)
        status = self._forget(child)
        logging.getLogger("desktop_rag").warning("The process of %s ended by itself: %s", self._module, status)
        how = _cause(status)
        if loading and status == _KILLED:
            return NoMemoryForModel(
                f"The system ended {self.name} while it was loaded, as a rule because memory ran out.",
                "Close other programs, or choose a smaller model.",
            )
        if loading:
            with self._guard:
                self._crashed_at.append(time.monotonic())
            return ModelCrashed(
                f"The model {self.name} crashed while it was loaded ({how}).",
                "If it does so again, install it again or choose another model.",
            )
        return ModelCrashed(
            f"The model {self.name} crashed ({how}).",
            "It is started again by the next question. If this goes on, choose a smaller model or another one.",
        )

    def _error(self, failed: Failed) -> ModelError:
        problem = failed.problem
        if problem.code == BUG:
            where = f"The log says more: {self._log}" if self._log else ""
            return ModelError(f"The model {self.name} failed unexpectedly ({problem.message}).", where)
        kinds = {kind.code: kind for kind in ModelError.__subclasses__()}
        return kinds.get(problem.code, ModelError)(problem.worded("message"), problem.worded("hint"))


class _Child:
    """A running child, and two threads that read what it writes."""

    def __init__(self, module: str, environment: Mapping[str, str], log: Path | None) -> None:
        self.ready = False
        paths = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
        flags = 0
        if sys.platform == "win32":
            flags = subprocess.CREATE_NO_WINDOW
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "desktop_rag.models.runtime.child", module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=os.environ | environment | {"PYTHONPATH": paths},
                creationflags=flags,
            )
        except OSError as error:
            raise ModelError(f"No process could be started ({error.strerror}).", "Close other programs.") from error
        self.pid = self._process.pid
        self._writing = threading.Lock()
        self._frames: SimpleQueue[bytes | None] = SimpleQueue()
        self._readers = [
            threading.Thread(target=self._receive, args=(self._process.stdout,), daemon=True),
            threading.Thread(target=_keep, args=(self._process.stderr, log), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def send(self, note: Load | Ask | Cancel) -> None:
        with suppress(OSError, ValueError), self._writing:  # a child that has ended: reading from it will tell
            write_frame(cast(BinaryIO, self._process.stdin), encode(note))

    def next_frame(self, cancelled: threading.Event | None) -> bytes | None:
        """What comes next; None when the child has ended, or ``cancelled`` is set."""
        while cancelled is not None and not cancelled.is_set():
            with suppress(Empty):
                return self._frames.get(timeout=_LOOK_EVERY_S)
        return self._frames.get() if cancelled is None else None

    def wait(self, seconds: float) -> None:
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)

    def end(self) -> int:
        """End it, if it has not ended by itself; returns its exit status. A driver may hold on to it for a while."""
        self._process.kill()
        self.wait(_LAST_WORDS_S)
        status = self._process.returncode
        with suppress(OSError):  # what was left to write has no reader any more
            cast(BinaryIO, self._process.stdin).close()
        for reader in self._readers:
            reader.join(_LAST_WORDS_S)  # they end with it, unless a process that it started holds its pipes
        return _KILLED if status is None else status

    def _receive(self, stream: BinaryIO) -> None:
        with stream:
            frame: bytes | None = b""
            while frame is not None:
                frame = read_frame(stream)
                self._frames.put(frame)


def _keep(stream: BufferedReader, log: Path | None) -> None:
    """Write to the log what the child prints; its pipe must never fill, whatever happens to the log."""
    with stream:
        while text := stream.read1(_PIPE_BYTES):
            if log is not None:
                with suppress(OSError):
                    _append(log, text)


def _append(log: Path, text: bytes) -> None:
    if log.exists() and log.stat().st_size + len(text) > _LOG_BYTES:
        log.replace(log.with_name(log.name + ".1"))
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with log.open("ab") as file:
        file.write(text)


def _cause(status: int) -> str:
    """What an exit status means, in a word."""
    if status < 0:
        with suppress(ValueError):
            return signal.Signals(-status).name
    return f"status {status & 0xFFFFFFFF:#x}" if abs(status) > 255 else f"status {status}"


@cache
def _decoder(replies: Any) -> Any:
    return msgspec.msgpack.Decoder(replies).decode
