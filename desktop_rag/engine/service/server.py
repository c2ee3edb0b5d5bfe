"""The engine process: ``python -m desktop_rag.engine.service.server LIBRARY``. It owns a library,
keeps it in step with the disk, and answers clients until it is told to stop.

It ends with 0 when told to, 4 when another process owns the library, 5 when the library cannot be used, and 2 for
settings that cannot be used; with anything else it has crashed, and the supervisor starts it again.
"""

from __future__ import annotations

import contextlib
import logging
import os
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing.connection import Connection, answer_challenge, deliver_challenge
from multiprocessing.connection import Listener as Socket
from pathlib import Path

import msgspec

from desktop_rag import __version__, offline
from desktop_rag.engine.call import CallListener
from desktop_rag.engine.engine import Engine
from desktop_rag.engine.service import wire
from desktop_rag.engine.service.performing import Performing
from desktop_rag.errors import ConfigError, DesktopRagError, LibraryBusy, StorageError
from desktop_rag.log import ENGINE, start_log
from desktop_rag.messages import say
from desktop_rag.models.hardware import keep_memory_together
from desktop_rag.types import AnswerEvent, Progress
from desktop_rag.worker_thread import Backoff, WorkerThread, log_only, run_in_thread

STOPPED, MISUSED, BUSY, UNUSABLE = 0, 2, 4, 5
_PROGRESS_EVERY_S = 0.1
_ACCEPT_AGAIN_S = 0.1
_MOST_CLIENTS = 64
_LOOK_EVERY_S = 5.0
"""How often it is looked whether the library is still there."""

log = logging.getLogger("desktop_rag.engine")


def main(argv: Sequence[str] | None = None) -> int:
    """Run until told to stop; returns the exit code."""
    keep_memory_together()
    os.umask(0o077)  # what we write is for the owner alone
    offline.install()
    start_log(ENGINE, logging.INFO)
    (library,) = argv if argv is not None else sys.argv[1:]
    try:
        with Engine(Path(library), live=True) as engine, Service(engine) as service:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: service.stop())
            log.info("Engine %s started for %s.", __version__, library)
            service.wait()
            if not service.finish():
                # To close a library that is in use could do harm; to leave it as it is does none.
                log.warning("A call did not end; the engine leaves without it.")
                logging.shutdown()
                os._exit(STOPPED)
    except DesktopRagError as error:
        print(msgspec.json.encode(wire.failure_of(error)).decode(), file=sys.stderr, flush=True)  # noqa: T201
        log.error("%s", error)
        return BUSY if isinstance(error, LibraryBusy) else MISUSED if isinstance(error, ConfigError) else UNUSABLE
    log.info("Engine stopped.")
    return STOPPED


class Service:
    """Listens for clients of ``engine``; each gets a thread. Raises ``StorageError`` when it cannot listen."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._key = secrets.token_bytes(32)
        self._stopping = threading.Event()
        self._serving: set[_Client] = set()
        self._clients = threading.BoundedSemaphore(_MOST_CLIENTS)
        self._performing = Performing(engine)
        address = wire.endpoint(engine.library)
        if sys.platform != "win32":
            Path(address).unlink(missing_ok=True)  # left by a crash; the library's lock says that it is nobody's
        try:
            self._listener = Socket(address, backlog=16)
            wire.write_address(
                engine.library, wire.Address(address, self._key.hex(), os.getpid(), wire.PROTOCOL, __version__)
            )
        except OSError as error:
            raise StorageError(
                say("engine.engine-cannot-listen", address=address, reason=error.strerror or error)
            ) from error
        self._accepting = WorkerThread(
            "waiting for clients",
            self._accept,
            report=log_only,
            backoff=Backoff(_ACCEPT_AGAIN_S, 20 * _ACCEPT_AGAIN_S),
            stopping=self._stopping,
        )
        self._accepting.start()

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()

    def finish(self) -> bool:
        """Take no calls any more, and have those that go on end; who has asked already gets an answer. False when one
        does not end."""
        self._stopping.set()
        wire.address_path(self._engine.library).unlink(missing_ok=True)
        self._listener.close()
        for client in list(self._serving):
            client.stop()
        return self._performing.finish()

    def wait(self) -> None:
        """Return when somebody has said stop, or has deleted the library."""
        # A wait without end would keep Python from handling signals on Windows.
        while not self._stopping.wait(_LOOK_EVERY_S if sys.platform != "win32" else 0.5):
            if not wire.address_path(self._engine.library).exists():
                log.info("The library %s is not there any more.", self._engine.library)
                return

    def stop(self) -> None:
        self._stopping.set()

    def _accept(self) -> float | None:
        try:
            connection = self._listener.accept()
        except OSError:
            if self._stopping.is_set():
                return None
            raise  # too many open files, say: it passes
        if not self._clients.acquire(blocking=False):
            connection.close()
            return 0.0
        try:
            run_in_thread("client", partial(self._serve, connection))
        except BaseException:  # no more threads, say
            self._clients.release()
            connection.close()
            raise
        return 0.0

    def _serve(self, connection: Connection[object, object]) -> None:
        try:
            with connection, contextlib.suppress(OSError, EOFError):
                if self._admit(connection):
                    client = _Client(connection, self._performing, self.stop)
                    self._serving.add(client)
                    try:
                        client.serve()
                    finally:
                        self._serving.discard(client)
        finally:
            self._clients.release()

    def _admit(self, connection: Connection[object, object]) -> bool:
        """Both sides prove that they know the key, and say what they speak."""
        from multiprocessing import AuthenticationError

        try:
            deliver_challenge(connection, self._key)
            answer_challenge(connection, self._key)
            hello = wire.decode_message(connection.recv_bytes(1024))
        except (AuthenticationError, msgspec.MsgspecError, AssertionError):
            log.warning("A client that did not know the key was turned away.")
            return False
        connection.send_bytes(wire.encode(wire.Hello(wire.PROTOCOL, __version__)))
        return isinstance(hello, wire.Hello) and hello.protocol == wire.PROTOCOL


class _Client:
    """One client: its thread reads what it says, and sees to it that what it asks for is performed."""

    def __init__(
        self, connection: Connection[object, object], performing: Performing, shut_down: Callable[[], None]
    ) -> None:
        self._connection = connection
        self._performing = performing
        self._shut_down = shut_down
        self._sending = threading.Lock()
        self._stop = threading.Event()
        self._told = 0.0

    def serve(self) -> None:
        """Until the client has gone."""
        try:
            while True:
                message = wire.decode_message(self._connection.recv_bytes(wire.MAX_BYTES))
                if isinstance(message, wire.Stop):
                    self.stop()
                elif isinstance(message, wire.ShutDown):
                    self._send_if_there(wire.Result(msgspec.Raw(wire.encode(None))))
                    self._shut_down()
                elif isinstance(message, wire.Subscribe):  # it may last for days
                    self._stop = stop = threading.Event()
                    run_in_thread("events", partial(self._tell_events, stop))
                elif isinstance(message, wire.CallRequest):
                    self._stop = threading.Event()
                    listener = CallListener(self._tell_progress, self._tell_answer, stop=self._stop)
                    self._performing.begin(message, listener, self._send_if_there)
        except msgspec.MsgspecError as error:
            log.warning("A client sent a message that is none: %s", type(error).__name__)
        except RuntimeError:  # no calls are taken any more: the engine is about to end
            return
        finally:
            self.stop()  # whoever has gone needs no answer

    def stop(self) -> None:
        """Have the call that goes on end soon."""
        self._stop.set()

    def _tell_progress(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.phase != "indexing" or now - self._told >= _PROGRESS_EVERY_S:
            self._told = now
            self._send_if_there(wire.Update(progress))

    def _tell_answer(self, event: AnswerEvent) -> None:
        self._send_if_there(wire.Update(answer=event))

    def _tell_events(self, stop: threading.Event) -> None:
        with contextlib.suppress(OSError), self._performing.subscribe() as subscription:
            while not stop.is_set():
                event = subscription.get(0.5)
                if event is not None:
                    self._send(wire.Update(event=event))
            self._send(wire.Result(msgspec.Raw(wire.encode(None))))

    def _send_if_there(self, message: wire.Answer) -> None:
        with contextlib.suppress(OSError):  # the client has gone
            self._send(message)

    def _send(self, message: wire.Answer) -> None:
        with self._sending:
            self._connection.send_bytes(wire.encode(message))


if __name__ == "__main__":
    sys.exit(main())
