"""A child process of our own: it is started, spoken to in frames, and ended, whatever it does.

Parsers and models run in such children, each with a protocol of its own on top (see ``parsing.worker`` and
``models.runtime``). A child that dies, hangs or writes what is no frame is noticed by ``receive``; its end is waited
for in the background, so that none is left as a zombie.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from io import BufferedReader, BufferedWriter
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, TypeVar

from desktop_rag.framing import read_frame, write_frame
from desktop_rag.log import ENGINE, record_bug

T = TypeVar("T")

KILLED = -9
"""Exit status of a child that was killed."""
_FRAMES_AHEAD = 8
"""So many frames are read before they are asked for; a child that is quicker waits."""
_LOOK_EVERY_S = 0.05
"""How soon one who waits notices that it was cancelled."""
_LAST_WORDS_S = 1.0
_LOG_BYTES = 1024 * 1024
_PIPE_BYTES = 64 * 1024


class ChildProcess:
    """``python -m module``, with ``arguments``. Safe to use from several threads, but for ``receive``, which is for one
    at a time.

    ``environment`` is added to ours. ``log`` gets what the child prints, up to 1 MiB and as much again of before;
    without, nothing does. With ``background`` it runs at a lower priority where that is set from outside (Windows).
    ``overhear`` is given each payload as it comes, in the thread that reads; one for which it returns True is not
    received.
    Raises ``OSError`` when no process can be started.
    """

    def __init__(
        self,
        module: str,
        arguments: Sequence[str] = (),
        *,
        environment: Mapping[str, str] | None = None,
        log: Path | None = None,
        background: bool = False,
        overhear: Callable[[bytes], bool] | None = None,
    ) -> None:
        self._overhear = overhear
        flags = 0
        if sys.platform == "win32":
            flags = subprocess.CREATE_NO_WINDOW | (subprocess.BELOW_NORMAL_PRIORITY_CLASS if background else 0)
        paths = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if log else subprocess.DEVNULL,
            env=os.environ | (environment or {}) | {"PYTHONPATH": paths},
            creationflags=flags,
        )
        self.pid = self._process.pid
        self._writing = threading.Lock()
        self._frames: SimpleQueue[bytes | None] = SimpleQueue()
        self._room = threading.Semaphore(_FRAMES_AHEAD)
        self._ended = False
        self._readers = [threading.Thread(target=self._read, name=f"frames of {self.pid}", daemon=True)]
        if log is not None:
            self._readers.append(
                threading.Thread(target=self._write_log, args=(log,), name=f"log of {self.pid}", daemon=True)
            )
        for reader in self._readers:
            reader.start()

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def memory_bytes(self) -> int:
        """The main memory that it has in use; 0 when it has ended."""
        import psutil

        try:
            return int(psutil.Process(self.pid).memory_info().rss) if self.running else 0
        except psutil.Error:
            return 0

    def processor_s(self) -> float:
        """Seconds of the processor's time that it has had; 0 when it has ended."""
        import psutil

        try:
            times = psutil.Process(self.pid).cpu_times()
        except psutil.Error:
            return 0.0
        return float(times.user + times.system)

    def send(self, payload: bytes) -> None:
        """Nothing is said of a child that has ended: ``receive`` tells."""
        with suppress(OSError, ValueError), self._writing:
            write_frame(_open(self._process.stdin, BufferedWriter), payload)

    def receive(self, timeout_s: float | None = None, cancelled: threading.Event | None = None) -> bytes | None:
        """The next payload. None when the child has ended or wrote what is no frame, and once ``cancelled`` is set.
        Raises ``TimeoutError`` when nothing came in time."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while cancelled is None or not cancelled.is_set():
            left_s = None if deadline is None else max(0.0, deadline - time.monotonic())
            wait_s = left_s
            if cancelled is not None:
                wait_s = _LOOK_EVERY_S if left_s is None else min(left_s, _LOOK_EVERY_S)
            try:
                frame = self._frames.get(timeout=wait_s)
            except Empty:
                if left_s == 0.0:
                    raise TimeoutError from None
                continue
            if frame is None:
                self._frames.put(None)  # for whoever asks again
            self._room.release()
            return frame
        return None

    def wait(self, timeout_s: float) -> None:
        """Until it has ended, or for so long."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout_s)

    def kill(self) -> None:
        """End it at once. ``receive`` gives what it has written, and then None; whoever started it calls ``end``."""
        self._process.kill()

    def end(self) -> int:
        """End it, if it has not ended by itself, and let go of its pipes; returns its exit status. A driver may hold on
        to it for a while."""
        self._process.kill()
        self.wait(_LAST_WORDS_S)
        status = self._process.returncode
        with suppress(OSError, ValueError):  # what was left to write has no reader any more
            _open(self._process.stdin, BufferedWriter).close()
        self._ended = True
        self._room.release(_FRAMES_AHEAD)
        for reader in self._readers:
            if reader is not threading.current_thread():
                reader.join(_LAST_WORDS_S)  # they end with it, unless a process that it started holds its pipes
        return KILLED if status is None else status

    def _read(self) -> None:
        with _open(self._process.stdout, BufferedReader) as stream:
            frame: bytes | None = b""
            while frame is not None and not self._ended:
                self._room.acquire()
                try:
                    frame = read_frame(stream)
                    kept = frame is not None and self._overhear is not None and self._overhear(frame)
                except (OSError, MemoryError):
                    frame, kept = None, False
                except Exception as error:
                    record_bug(error, ENGINE)
                    frame, kept = None, False
                if kept:
                    self._room.release()
                else:
                    self._frames.put(frame)
            if frame is None:
                self._process.wait()  # no zombie

    def _write_log(self, log: Path) -> None:
        """Its pipe must never fill, whatever happens to the log."""
        with _open(self._process.stderr, BufferedReader) as stream:
            while text := stream.read1(_PIPE_BYTES):
                with suppress(OSError):
                    _append(log, text)


def exit_reason(status: int) -> str:
    """What an exit status means, in a word."""
    if status < 0:
        with suppress(ValueError):
            return signal.Signals(-status).name
    return f"status {status & 0xFFFFFFFF:#x}" if abs(status) > 255 else f"status {status}"


def _open(stream: IO[bytes] | None, kind: type[T]) -> T:
    assert isinstance(stream, kind)
    return stream


def _append(log: Path, text: bytes) -> None:
    if log.exists() and log.stat().st_size + len(text) > _LOG_BYTES:
        log.replace(log.with_name(log.name + ".1"))
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with log.open("ab") as file:
        file.write(text)
