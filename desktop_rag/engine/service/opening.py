"""An engine for a library: the one that runs for it, one opened in this process, or a process of its own, which is
started, stopped and started again here.

What it takes to open a library is imported only by what opens one: a client of an engine needs none of it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Union

import msgspec

from desktop_rag.engine.service import wire
from desktop_rag.engine.service.client import EngineClient
from desktop_rag.errors import DesktopRagError, EngineGone, LibraryBusy
from desktop_rag.messages import say
from desktop_rag.storage.lock import LibraryLock
from desktop_rag.worker_thread import run_in_thread

if TYPE_CHECKING:
    from desktop_rag.engine.engine import Engine

AnyEngine = Union["Engine", EngineClient]

_CHANGING_HANDS_S = 3.0
"""A library that is locked although no engine answers may be about to change hands."""
_START_S = 30.0
_LOOK_EVERY_S = 0.02


def open_engine(library: Path, *, read_only: bool = False) -> AnyEngine:
    """The engine that runs for this library, or else the library itself, opened here. Raises what ``Engine`` does."""
    from desktop_rag.engine.engine import Engine

    deadline = time.monotonic() + _CHANGING_HANDS_S
    while True:
        client = EngineClient.connect(library)
        if client is not None:
            return client
        try:
            return Engine(library, read_only=read_only)
        except LibraryBusy:
            if time.monotonic() > deadline:
                raise
            time.sleep(_LOOK_EVERY_S * 5)


def start_engine(library: Path) -> EngineClient:
    """Start an engine process that goes on when this one ends, and connect to it; if one runs already, to that.

    Raises what made it fail to start: ``LibraryBusy``, ``StorageError``, ``ConfigError``.
    """
    client = EngineClient.connect(library)
    if client is not None:
        return client
    with tempfile.TemporaryFile() as errors:
        supervisor = subprocess.Popen(
            [sys.executable, "-P", "-m", "desktop_rag.engine.service.supervisor", str(library.expanduser().absolute())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            cwd=Path(sys.executable).parent,  # so that no folder of the person's is kept in use
            env=os.environ | {"PYTHONPATH": os.pathsep.join(str(Path(entry).absolute()) for entry in sys.path)},
            start_new_session=True,
            creationflags=getattr(subprocess, "DETACHED_PROCESS", 0),
        )
        # It lives on when this process ends; while both live, a thread takes note of its end.
        run_in_thread("supervisor", supervisor.wait)
        deadline = time.monotonic() + _START_S
        failure: DesktopRagError | None = None
        while time.monotonic() < deadline:
            client = EngineClient.connect(library)
            if client is not None:
                return client
            if failure is None and supervisor.poll() is not None:
                errors.seek(0)
                failure = wire.error_of(_said(errors.read()))
                if isinstance(failure, LibraryBusy):  # by another engine that starts at this moment, perhaps
                    deadline = time.monotonic() + _CHANGING_HANDS_S
                else:
                    raise failure
            time.sleep(_LOOK_EVERY_S)
    if failure is not None:
        raise failure
    raise EngineGone(
        say("engine.engine-did-not-answer-within-seconds", seconds=_START_S), say("common.run-desktop-rag-doctor")
    )


def stop_engine(library: Path, *, within_s: float = 30.0) -> bool:
    """Have the engine of this library end; False if none runs. Raises ``EngineGone`` when it does not end in time."""
    client = EngineClient.connect(library)
    if client is None:
        return False
    with client:
        client.shut_down()
    lock = LibraryLock(library.expanduser().absolute())
    deadline = time.monotonic() + within_s
    while lock.is_held():
        if time.monotonic() > deadline:
            raise EngineGone(
                say("engine.engine-still-busy-after-seconds", seconds=within_s), say("engine.wait-moment-check-again")
            )
        time.sleep(_LOOK_EVERY_S)
    return True


def restart_engine(library: Path) -> None:
    """Have the engine begin anew, with the settings as they are now; returns once it can be asked. Others may start
    it meanwhile, too. Raises ``DesktopRagError`` when it does not come back."""
    before = _process(library, end=True)
    deadline = time.monotonic() + _START_S
    while True:
        try:
            if _process(library) != before:
                return
            late: DesktopRagError = EngineGone(
                say("engine.process-reads-files-still-busy"), say("engine.wait-moment-try-again-2")
            )
        except DesktopRagError as error:  # it is changing hands
            late = error
        if time.monotonic() > deadline:
            raise late
        time.sleep(_LOOK_EVERY_S)


def _process(library: Path, *, end: bool = False) -> int:
    """The process of the engine that runs for this library, which is started if none does; it is told to ``end``."""
    with start_engine(library) as client:
        engine = client.status().engine
        if end:
            client.shut_down()
        return engine.pid if engine is not None else 0


def _said(output: bytes) -> wire.Failure:
    """Why an engine ended, from what it printed."""
    for line in reversed(output.splitlines()):
        try:
            return msgspec.json.decode(line, type=wire.Failure)
        except msgspec.MsgspecError:
            continue
    return wire.Failure(
        "engine-gone", say("engine.engine-stopped-before-could-used"), say("common.run-desktop-rag-doctor")
    )
