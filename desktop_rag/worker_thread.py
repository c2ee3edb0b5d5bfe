"""Work that goes on for as long as the program runs: a thread that outlives whatever its work raises.

Each step of the work either returns or raises. After an error what the step had taken goes back, the error is reported,
and the next step comes after a pause that grows with each error in a row. Only ``stop``, or a step that says that
nothing is left to do, ends the thread.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from desktop_rag.errors import DesktopRagError
from desktop_rag.log import ENGINE, record_bug
from desktop_rag.types import Problem

Report = Callable[[Problem], None]
"""Is told what went wrong; called from any thread."""


class Backoff:
    """How many seconds to wait after an error: ``first_s``, twice as long after each further one, ``longest_s`` at
    most."""

    def __init__(self, first_s: float = 1.0, longest_s: float = 60.0) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._next_s = first_s

    def after_error(self) -> float:
        now_s, self._next_s = self._next_s, min(self._longest_s, 2 * self._next_s)
        return now_s

    def reset(self) -> None:
        """Something went well."""
        self._next_s = self._first_s


class WorkerThread:
    """Calls ``step`` again and again in a thread of its own.

    ``step`` does one piece of work and returns after how many seconds it is to be called again, None when all is done.
    Whatever it raises, ``requeue`` is called, and then ``report``. ``name`` says in messages what the work is.
    ``stopping`` may be shared with others that end at the same time; a step that takes long looks at it.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], float | None],
        *,
        report: Report,
        requeue: Callable[[], None] = lambda: None,
        backoff: Backoff | None = None,
        stopping: threading.Event | None = None,
    ) -> None:
        self._name = name
        self._step = step
        self._report = report
        self._requeue = requeue
        self._backoff = backoff or Backoff()
        self._stopping = stopping or threading.Event()
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Take the next step now, also after an error."""
        self._woken.set()

    def stop(self, timeout_s: float | None = None) -> None:
        """End after the step at hand, and wait for that (``timeout_s`` at most). Harmless if it was never started."""
        self._stopping.set()
        self._woken.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                wait_s = self._step()
            except BaseException as error:  # a panic of a Rust library is no ``Exception``
                wait_s = self._recover(error)
            else:
                self._backoff.reset()
            if wait_s is None:
                return
            if wait_s > 0:
                self._woken.wait(wait_s)
            self._woken.clear()

    def _recover(self, error: BaseException) -> float:
        for mend in (self._requeue, lambda: self._report(problem_of(error, self._name))):
            try:
                mend()
            except BaseException as another:
                record_bug(another, ENGINE)
        return self._backoff.after_error()


def run_in_thread(name: str, work: Callable[[], object]) -> threading.Thread:
    """Start a thread for one piece of work that ends by itself (a connection, a file to open). It outlives nothing; but
    an error that nobody has thought of is recorded, and does not pass unseen."""

    def run() -> None:
        try:
            work()
        except Exception as error:
            problem_of(error, name)

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    return thread


def problem_of(error: BaseException, activity: str) -> Problem:
    """What to tell a person of an error that stopped ``activity``; it is in the log as well."""
    if isinstance(error, DesktopRagError):
        logging.getLogger("desktop_rag").error("%s: %s", error.code, error.message)
        return error.as_problem()
    said = f"A background task ({activity}) failed unexpectedly ({type(error).__name__}). It is tried again."
    return Problem("bug", said, record_bug(error, ENGINE))


def log_only(_: Problem) -> None:
    """A ``Report`` for where nobody listens: the log has the problem already."""
