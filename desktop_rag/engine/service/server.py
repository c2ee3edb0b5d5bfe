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
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection, Listener, answer_challenge, deliver_challenge
from pathlib import Path
from typing import Any

import msgspec

from desktop_rag import __version__, offline
from desktop_rag.engine import api
from desktop_rag.engine.engine import Engine
from desktop_rag.engine.service import wire
from desktop_rag.errors import ConfigError, DesktopRagError, LibraryBusy, StorageError
from desktop_rag.log import ENGINE, record_bug, start_log
from desktop_rag.models.hardware import keep_memory_together
from desktop_rag.types import AnswerEvent, Progress

STOPPED, MISUSED, BUSY, UNUSABLE = 0, 2, 4, 5
_PROGRESS_EVERY_S = 0.1
_MOST_CLIENTS = 64
_WORKERS = 6
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
        # A few threads do the work for all clients: each holds a connection to the catalog with a cache of its own.
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="worker")
        address = wire.endpoint(engine.library)
        if sys.platform != "win32":
            Path(address).unlink(missing_ok=True)  # left by a crash; the library's lock says that it is nobody's
        try:
            self._listener = Listener(address, backlog=16)
            wire.write_address(
                engine.library, wire.Address(address, self._key.hex(), os.getpid(), wire.PROTOCOL, __version__)
            )
        except OSError as error:
            raise StorageError(f"The engine cannot listen at {address}: {error.strerror or error}.") from error
        threading.Thread(target=self._accept, name="listener", daemon=True).start()

    def __enter__(self) -> Service:
        return self

    def __exit__(self, *_: object) -> None:
        wire.address_path(self._engine.library).unlink(missing_ok=True)
        self._listener.close()
        for client in list(self._serving):
            client.stop()
        self._workers.shutdown()  # who has asked already gets an answer

    def wait(self) -> None:
        """Return when somebody has said stop, or has deleted the library."""
        # A wait without end would keep Python from handling signals on Windows.
        while not self._stopping.wait(_LOOK_EVERY_S if sys.platform != "win32" else 0.5):
            if not wire.address_path(self._engine.library).exists():
                log.info("The library %s is not there any more.", self._engine.library)
                return

    def stop(self) -> None:
        self._stopping.set()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection = self._listener.accept()
            except OSError:
                if self._stopping.is_set():
                    return
                time.sleep(0.1)  # too many open files, say: it passes
                continue
            if not self._clients.acquire(blocking=False):
                connection.close()
                continue
            threading.Thread(target=self._serve, args=(connection,), name="client", daemon=True).start()

    def _serve(self, connection: Connection[Any, Any]) -> None:
        try:
            with connection, contextlib.suppress(OSError, EOFError):
                if self._admit(connection):
                    client = _Client(connection, self._engine, self._workers, self.stop)
                    self._serving.add(client)
                    try:
                        client.serve()
                    finally:
                        self._serving.discard(client)
        finally:
            self._clients.release()

    def _admit(self, connection: Connection[Any, Any]) -> bool:
        """Both sides prove that they know the key, and say what they speak."""
        from multiprocessing import AuthenticationError

        try:
            deliver_challenge(connection, self._key)
            answer_challenge(connection, self._key)
            hello = wire.decode_call(connection.recv_bytes(1024))
        except (AuthenticationError, msgspec.MsgspecError, AssertionError):
            log.warning("A client that did not know the key was turned away.")
            return False
        connection.send_bytes(wire.encode(wire.Hello(wire.PROTOCOL, __version__)))
        return isinstance(hello, wire.Hello) and hello.protocol == wire.PROTOCOL


class _Client:
    """One client: its thread reads what it says, one of the workers does what it asks for."""

    def __init__(
        self,
        connection: Connection[Any, Any],
        engine: Engine,
        workers: ThreadPoolExecutor,
        shut_down: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._engine = engine
        self._workers = workers
        self._shut_down = shut_down
        self._sending = threading.Lock()
        self._stop = threading.Event()
        self._told = 0.0

    def serve(self) -> None:
        """Until the client has gone."""
        try:
            while True:
                call = wire.decode_call(self._connection.recv_bytes(wire.MAX_BYTES))
                if isinstance(call, wire.Stop):
                    self.stop()
                    continue
                if isinstance(call, wire.Hello):
                    continue
                self._stop = stop = threading.Event()
                if isinstance(call, api.Subscribe):  # it may last for days
                    threading.Thread(target=self._perform, args=(call, stop), name="events", daemon=True).start()
                else:
                    try:
                        self._workers.submit(self._perform, call, stop)
                    except RuntimeError:  # they take nothing any more: the engine is about to end
                        return
        except msgspec.MsgspecError as error:
            log.warning("A client sent a message that is none: %s", type(error).__name__)
        finally:
            self.stop()  # whoever has gone needs no answer

    def stop(self) -> None:
        """Have the call that goes on end soon."""
        self._stop.set()

    def _perform(self, call: api.AnyCall, stop: threading.Event) -> None:
        with contextlib.suppress(OSError):
            self._send(self._answer(call, stop))
        if isinstance(call, api.ShutDown):
            self._shut_down()

    def _answer(self, call: api.AnyCall, stop: threading.Event) -> wire.Result | wire.Failure:
        try:
            if isinstance(call, api.Subscribe):
                self._tell_events(stop)
                value: Any = None
            elif isinstance(call, api.ShutDown):
                value = None
            else:
                value = call.perform(self._engine, self._tell, stop)
            return wire.Result(msgspec.Raw(wire.encode(value)))
        except DesktopRagError as error:
            return wire.failure_of(error)
        except Exception as error:
            said = f"This should not have happened ({type(error).__name__})."
            return wire.Failure("bug", said, record_bug(error, ENGINE))

    def _tell(self, news: Progress | AnswerEvent) -> None:
        with contextlib.suppress(OSError):
            if not isinstance(news, Progress):
                self._send(wire.Update(answer=news))
                return
            now = time.monotonic()
            if news.phase != "indexing" or now - self._told >= _PROGRESS_EVERY_S:
                self._told = now
                self._send(wire.Update(news))

    def _tell_events(self, stop: threading.Event) -> None:
        with self._engine.subscribe() as subscription:
            while not stop.is_set():
                event = subscription.get(0.5)
                if event is not None:
                    self._send(wire.Update(event=event))

    def _send(self, message: object) -> None:
        with self._sending:
            self._connection.send_bytes(wire.encode(message))


if __name__ == "__main__":
    sys.exit(main())
