"""A model in a process of its own, as its parent sees it: requests go in, replies come out, and a crash is an error
like any other."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from desktop_rag.child_process import KILLED, ChildProcess, exit_reason
from desktop_rag.errors import ModelCrashed, ModelError, ModelRefused, NoMemoryForModel
from desktop_rag.messages import say
from desktop_rag.models.requests import ModelRequest, type_of_replies
from desktop_rag.models.runtime.protocol import (
    BUG,
    CancelMessage,
    DoneMessage,
    FailedMessage,
    LoadMessage,
    ReadyMessage,
    ReplyMessage,
    RequestMessage,
    decode_answer,
    encode,
)
from desktop_rag.models.runtime.work_limit import WorkLimit

CRASHES = 2
"""So many crashes in a row while loading, and a model is set aside."""
CRASHES_WITHIN_S = 3600.0
_LOOK_EVERY_S = 0.05
"""How soon a request that is to be cancelled is."""
_LAST_WORDS_S = 1.0

Answer = ReadyMessage | ReplyMessage | DoneMessage | FailedMessage
R = TypeVar("R")


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
        self._child: ChildProcess | None = None
        self._loaded = False  # whether the child has loaded the model
        self._number = 0
        self._limit = WorkLimit()
        self._crashed_at: list[float] = []  # while loading, in a row

    @property
    def alive(self) -> bool:
        """Whether the model is loaded and its process runs."""
        child = self._child
        return child is not None and self._loaded and child.running

    @property
    def pid(self) -> int | None:
        child = self._child
        return child.pid if child is not None and child.running else None

    def memory_bytes(self) -> int:
        """The main memory the process has in use; 0 when there is none."""
        child = self._child
        return 0 if child is None else child.memory_bytes()

    def load(self, cancelled: threading.Event | None = None) -> None:
        """Load the model if it is not. However long it takes: a large model on a slow disk takes minutes.

        Raises ``ModelError`` and all of its kinds; at once for a model that crashed twice in a row while it was loaded,
        until ``clear_crashes``.
        """
        with self._one_at_a_time(cancelled) as mine:
            if mine:
                self._loaded_child(cancelled)

    def ask(self, request: ModelRequest[R], cancelled: threading.Event | None = None) -> Iterator[R]:
        """The replies to a request, as they come. Ends early, without an error, once ``cancelled`` is set; whoever
        stops reading cancels, too.

        Raises ``ModelError``; ``ModelCrashed`` when the process died: the next request starts another.
        """
        with self._one_at_a_time(cancelled) as mine:
            child = self._loaded_child(cancelled) if mine else None
            if child is None or (cancelled is not None and cancelled.is_set()):
                return
            replies: type[R] = type_of_replies(type(request))
            self._number += 1
            number = self._number
            child.send(encode(RequestMessage(number, msgspec.Raw(encode(request)))))
            ended = False
            try:
                for answer in self._answers(child, number, cancelled):
                    if isinstance(answer, ReplyMessage):
                        yield self._decoded(child, answer, replies)
                    else:
                        ended = True
                        if isinstance(answer, FailedMessage):
                            raise self._error(answer)
            finally:
                if not ended:
                    child.send(encode(CancelMessage(number)))

    def restart_with(self, settings: Struct, environment: Mapping[str, str] | None = None) -> None:
        """End the process; the next one loads the same model with other settings."""
        self.close()
        with self._guard:
            self._settings = settings
            self._environment = dict(environment or {})

    def clear_crashes(self) -> None:
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

    def _loaded_child(self, cancelled: threading.Event | None) -> ChildProcess | None:
        """The child with its model loaded; None if it was cancelled before, and then it goes on loading."""
        with self._guard:
            child = self._child
            if child is None or not child.running:
                child = self._started()
        if not self._loaded:
            try:
                for answer in self._answers(child, 0, cancelled, loading=True):
                    if isinstance(answer, FailedMessage):
                        raise self._error(answer)
                    self._loaded = True
                    self.clear_crashes()
            except ModelError:
                self._forget(child)  # what it had loaded by then would only take memory
                raise
        return child if self._loaded else None

    def _started(self) -> ChildProcess:
        """A new child, which was told to load. To be called with the guard held."""
        now = time.monotonic()
        self._crashed_at = [then for then in self._crashed_at if now - then < CRASHES_WITHIN_S]
        if len(self._crashed_at) >= CRASHES:
            raise ModelError(
                say("models.model-disabled-because-crashed-times-while", name=self.name, times=CRASHES),
                say("models.install-again-choose-another-model-tell"),
            )
        if self._child is not None:
            self._child.end()
        self._loaded = False
        self._limit = WorkLimit()
        try:
            child = ChildProcess(
                "desktop_rag.models.runtime.child",
                [self._module],
                environment=self._environment,
                log=self._log,
                overhear=self._limit.overhear,
            )
        except OSError as error:
            raise ModelError(
                say("models.models-process-could-not-started", reason=error.strerror),
                say("models.close-other-programs-try-again"),
            ) from error
        self._limit.watch(child)
        self._child = child
        child.send(encode(LoadMessage(0, msgspec.Raw(encode(self._settings)))))
        return child

    def _answers(
        self, child: ChildProcess, number: int, cancelled: threading.Event | None, *, loading: bool = False
    ) -> Iterator[Answer]:
        """What the child says to a request; the last of it is no ``ReplyMessage``. Nothing more once cancelled."""
        while True:
            frame = child.receive(cancelled=cancelled)
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
                if not isinstance(answer, ReplyMessage):
                    return

    def _decoded(self, child: ChildProcess, reply: ReplyMessage, replies: type[R]) -> R:
        try:
            return msgspec.msgpack.decode(reply.value, type=replies)
        except msgspec.MsgspecError:
            raise self._gone(child, loading=False) from None

    def _forget(self, child: ChildProcess) -> int:
        with self._guard:
            if self._child is child:
                self._child = None
        return child.end()

    def _gone(self, child: ChildProcess, *, loading: bool) -> ModelError:
        """The error for a child that ended."""
        with self._guard:
            closed = self._child is not child
            overdue = self._limit.overdue
        if closed:
            return ModelError(say("models.model-unloaded-while-working", name=self.name), say("models.ask-again"))
        child.wait(_LAST_WORDS_S)
        alive = child.running
        status = self._forget(child)
        if overdue:
            return ModelRefused(overdue, say("models.choose-another-model"))
        logging.getLogger("desktop_rag").warning("The process of %s ended by itself: %s", self._module, status)
        how = say("models.wrote-what-no-answer") if alive else exit_reason(status)
        if loading and status == KILLED and not alive:
            return NoMemoryForModel(
                say("models.system-ended-while-being-loaded-probably", name=self.name),
                say("models.close-other-programs-choose-smaller-model"),
            )
        if loading:
            with self._guard:
                self._crashed_at.append(time.monotonic())
            return ModelCrashed(
                say("models.model-crashed-while-being-loaded", name=self.name, how=how),
                say("models.if-happens-again-install-again-choose"),
            )
        return ModelCrashed(
            say("models.model-crashed", name=self.name, how=how),
            say("models.will-started-again-next-question-if"),
        )

    def _error(self, failed: FailedMessage) -> ModelError:
        problem = failed.problem
        if problem.code == BUG:
            where = say("common.log-details", path=self._log) if self._log else ""
            return ModelError(say("models.model-failed-unexpectedly", name=self.name, kind=problem.message), where)
        kinds = {kind.code: kind for kind in ModelError.__subclasses__()}
        return kinds.get(problem.code, ModelError)(problem.worded("message"), problem.worded("hint"))
