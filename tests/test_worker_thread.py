"""A thread that lives long goes on whatever its work raises, and ends at once when it is told to."""

from __future__ import annotations

import sqlite3
import threading

import pytest

from desktop_rag.errors import DiskFull
from desktop_rag.types import Problem
from desktop_rag.worker_thread import Backoff, WorkerThread

PATIENCE_S = 30.0
UNEXPECTED = [RuntimeError("x"), sqlite3.OperationalError("x"), KeyError("x"), MemoryError(), SystemExit(1)]


@pytest.mark.parametrize("error", UNEXPECTED, ids=lambda error: type(error).__name__)
def test_work_goes_on_after_an_unexpected_error(error: BaseException) -> None:
    todo = ["first", "second"]
    taken: list[str] = []
    done: list[str] = []
    told: list[Problem] = []
    finished = threading.Event()
    raising = [error]

    def step() -> float | None:
        if not todo:
            finished.set()
            return None
        taken[:] = [todo.pop(0)]
        if raising:
            raise raising.pop()
        done.extend(taken)
        return 0.0

    def requeue() -> None:
        todo[:0] = taken

    worker = WorkerThread("counting", step, report=told.append, requeue=requeue, backoff=Backoff(0.01))
    worker.start()
    assert finished.wait(PATIENCE_S)
    worker.stop()
    assert done == ["first", "second"]
    assert [problem.code for problem in told] == ["bug"]
    assert type(error).__name__ in told[0].message
    assert "counting" in told[0].message


def test_an_expected_error_is_told_in_its_own_words() -> None:
    told: list[Problem] = []
    finished = threading.Event()

    def step() -> float | None:
        if told:
            finished.set()
            return None
        raise DiskFull("The disk is full.", "Free some space.")

    worker = WorkerThread("counting", step, report=told.append, backoff=Backoff(0.01))
    worker.start()
    assert finished.wait(PATIENCE_S)
    worker.stop()
    assert told == [Problem("disk-full", "The disk is full.", "Free some space.")]


def test_what_requeue_and_report_raise_ends_nothing() -> None:
    calls: list[int] = []
    finished = threading.Event()

    def step() -> float | None:
        calls.append(1)
        if len(calls) == 3:
            finished.set()
            return None
        raise KeyError

    def fail(*_: Problem) -> None:
        raise ValueError

    worker = WorkerThread("counting", step, report=fail, requeue=fail, backoff=Backoff(0.01))
    worker.start()
    assert finished.wait(PATIENCE_S)
    worker.stop()


def test_stop_and_wake_end_a_pause() -> None:
    calls: list[int] = []
    stepped = threading.Semaphore(0)

    def step() -> float | None:
        calls.append(1)
        stepped.release()
        if len(calls) == 1:
            return 3600.0
        raise KeyError

    worker = WorkerThread("counting", step, report=lambda _: None, backoff=Backoff(3600.0, 3600.0))
    worker.start()
    assert stepped.acquire(timeout=PATIENCE_S)
    worker.wake()
    assert stepped.acquire(timeout=PATIENCE_S)
    worker.wake()
    assert stepped.acquire(timeout=PATIENCE_S)
    worker.stop()
    assert not worker.alive
    assert len(calls) == 3


def test_one_that_was_never_started_can_be_stopped() -> None:
    WorkerThread("counting", lambda: None, report=lambda _: None).stop()


def test_pauses_grow_up_to_a_limit_and_begin_anew_after_success() -> None:
    backoff = Backoff(1.0, 5.0)
    assert [backoff.after_error() for _ in range(5)] == [1.0, 2.0, 4.0, 5.0, 5.0]
    backoff.reset()
    assert backoff.after_error() == 1.0
