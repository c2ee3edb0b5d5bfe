"""Threads that live long are worker threads, which outlive what their work raises; the others are named here."""

from __future__ import annotations

import ast
import threading
from pathlib import Path

import pytest

from desktop_rag.worker_thread import run_in_thread

PACKAGE = Path(__file__).resolve().parents[1] / "desktop_rag"

OF_THEIR_OWN = {
    "worker_thread.py": "the primitive itself",
    "child_process.py": "reads one child, whose end it tells whoever asks",
    "models/runtime/child.py": "receives orders in a model's process, which ends with it",
    "models/runtime/work_limit.py": "a timer for one piece of a child's work",
    "parsing/worker/main.py": "receives requests in a parser's process, which ends with it",
    "indexing/pipeline.py": "reads and stores in one run, which raises what they raise",
    "gui/services/background.py": "one piece of work, whose error its owner hears of",
    "cli/interrupt.py": "says one line",
}
"""Modules that start a bare thread, and why that is enough."""


def test_threads_are_started_in_few_places() -> None:
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("threading.Thread", "threading.Timer"):
                found.add(path.relative_to(PACKAGE).as_posix())
    assert found == set(OF_THEIR_OWN)


def test_an_error_in_a_short_thread_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = list[BaseException]()

    def record(error: BaseException, _log: str) -> str:
        recorded.append(error)
        return ""

    def fail() -> None:
        raise KeyError("nothing")

    monkeypatch.setattr("desktop_rag.worker_thread.record_bug", record)
    run_in_thread("a test", fail).join(10)
    assert [type(error) for error in recorded] == [KeyError]


def test_a_short_thread_does_its_work() -> None:
    done = threading.Event()
    run_in_thread("a test", done.set).join(10)
    assert done.is_set()
