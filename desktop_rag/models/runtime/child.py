"""The process in which a model runs: ``python -m desktop_rag.models.runtime.child MODULE``, started by ``process``.

Each heavy library has such a process to itself. This is also how the CUDA libraries keep out of each other's way:
CTranslate2 (faster-whisper), torch and llama.cpp each bring cuBLAS and cuDNN of a version of their own, and whichever
is loaded first in a process is what the others get.

Nothing but the replies can write to its standard output. It makes no connection past this machine, and it ends when
its parent does, as then its input does.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import sys
import threading
import traceback
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from types import ModuleType
from typing import BinaryIO, NoReturn

import msgspec

from desktop_rag import offline
from desktop_rag.errors import ModelError, NoMemoryForModel
from desktop_rag.framing import read_frame, take_over_standard_streams, write_frame
from desktop_rag.messages import say
from desktop_rag.models.runtime.protocol import (
    BUG,
    CancelMessage,
    DoneMessage,
    FailedMessage,
    LoadMessage,
    ReadyMessage,
    ReplyMessage,
    RequestMessage,
    WithinMessage,
    decode_order,
    encode,
)
from desktop_rag.models.time_limit import announce_with
from desktop_rag.types import Problem

_NO_BOXES = 0x0001 | 0x0002
"""SEM_FAILCRITICALERRORS and SEM_NOGPFAULTERRORBOX: no window that tells of a crash and waits for a click."""


def main() -> None:
    orders, answers = take_over_standard_streams()
    _leave_no_dump()
    offline.install()
    inbox = Inbox(orders)
    threading.Thread(target=inbox.receive, daemon=True).start()
    try:
        _serve(sys.argv[1], inbox, answers)
    except OSError:  # nobody reads any more
        os._exit(0)  # at once, without waiting for what libraries may have started


class Inbox:
    """What the parent asks for, received beside the work so that a ``CancelMessage`` gets through at any time."""

    def __init__(self, orders: BinaryIO) -> None:
        self._orders = orders
        self._waiting: SimpleQueue[LoadMessage | RequestMessage] = SimpleQueue()
        self._guard = threading.Lock()
        self._number = 0
        self._cancelled_up_to = -1
        self.cancelled = threading.Event()
        """Whether the order at hand is to end early."""

    def receive(self) -> None:
        status = 1
        try:
            while (frame := read_frame(self._orders)) is not None:
                self._take(decode_order(frame))
            status = 0  # the parent has closed our input, or is no more
        finally:
            os._exit(status)  # without this thread the process would wait for ever

    def _take(self, order: LoadMessage | RequestMessage | CancelMessage) -> None:
        if not isinstance(order, CancelMessage):
            self._waiting.put(order)
            return
        with self._guard:
            self._cancelled_up_to = max(self._cancelled_up_to, order.number)
            if order.number >= self._number:
                self.cancelled.set()

    def next(self) -> LoadMessage | RequestMessage:
        order = self._waiting.get()
        with self._guard:
            self._number = order.number
            if order.number > self._cancelled_up_to:
                self.cancelled.clear()
        return order


def _serve(name: str, inbox: Inbox, answers: BinaryIO) -> NoReturn:
    module: ModuleType | None = None
    model: object = None
    while True:
        order = inbox.next()
        announce_with(partial(_announce, answers, order.number))
        end: ReadyMessage | DoneMessage | FailedMessage
        try:
            if isinstance(order, LoadMessage):
                module = importlib.import_module(name)
                model = module.open_model(msgspec.msgpack.decode(order.settings, type=module.SETTINGS))
                end = ReadyMessage(order.number)
            else:
                assert module is not None
                request = msgspec.msgpack.decode(order.request, type=module.REQUESTS)
                for reply in request.perform(model, inbox.cancelled):
                    write_frame(answers, encode(ReplyMessage(order.number, msgspec.Raw(encode(reply)))))
                end = DoneMessage(order.number)
        except BrokenPipeError:
            raise
        except BaseException as error:  # a panic of a Rust library is no ``Exception``
            end = _failure(order.number, error)
        write_frame(answers, encode(end))


def _announce(answers: BinaryIO, number: int, seconds: float, said: str) -> None:
    write_frame(answers, encode(WithinMessage(number, seconds, said)))


def _failure(number: int, error: BaseException) -> FailedMessage:
    if isinstance(error, ModelError):
        return FailedMessage(number, error.as_problem())
    # The libraries have no error in common for this: CTranslate2 raises a RuntimeError, torch one of its own.
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return FailedMessage(number, Problem(NoMemoryForModel.code, say("models.there-not-enough-memory-model")))
    if isinstance(error, ImportError):
        return FailedMessage(
            number, Problem(ModelError.code, say("models.library-missing", reason=error.name or error))
        )
    # Its message may quote a person's files, and the log must not.
    sys.stderr.write("".join([*traceback.format_tb(error.__traceback__), f"{type(error).__name__}\n"]))
    sys.stderr.flush()
    return FailedMessage(number, Problem(BUG, type(error).__name__))


def _leave_no_dump() -> None:
    """A crash leaves neither a file as large as the model nor a window."""
    if sys.platform == "win32":
        ctypes.windll.kernel32.SetErrorMode(_NO_BOXES)
    else:
        import resource

        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    main()
