"""The window: how soon it is there, whether it ever keeps one waiting, how quick results come as one types, its memory.

Each figure is taken inside a process that opens the window as the program does, without a screen.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from desktop_rag.engine.service.opening import start_engine, stop_engine
from desktop_rag.models.store.model_store import ModelStore
from tests.benchmarks.freshness import settle
from tests.benchmarks.libraries import build, scratch, synthetic
from tests.benchmarks.measure import run
from tests.benchmarks.report import Section, Target
from tests.tiny.gguf import tiny_chat

TITLE = "The window"
CHUNKS = 100_000
PAINT_S = 0.7
STALL_MS = 50
KEY_MS = 100
MEMORY_MB = 180
_STARTS = 5
_QUESTION = "Which notes speak of the harbour?"


def measure(section: Section) -> None:
    """Rows for starting, for reading and writing at once, and for typing."""
    notes = scratch() / "window-notes"
    _write_notes(notes, 200)
    small = build(notes, scratch() / "window-library").library
    starts = []
    for _ in range(2 if section.quick else _STARTS):
        starts.append(_drive("start", small))
        stop_engine(small)
    section.add(
        "cold start, no engine running",
        {
            "first paint s": min(start["paint_s"] for start in starts),
            "first answer s": min(start["answer_s"] for start in starts),
        },
        Target("first paint s", PAINT_S, below=True),
        note=f"best of {len(starts)}",
    )
    with _chat_model() as environment:
        more = scratch() / "window-more"
        _write_notes(more, 300 if section.quick else 2_000)
        found = _drive("busy", small, str(more), **environment)
        stop_engine(small)
    section.add(
        "while files are read and an answer is written",
        {"longest stall ms": found["stall_ms"], "MB": found["mb"], "files read": found["read"]},
        Target("longest stall ms", STALL_MS, below=True),
        Target("MB", MEMORY_MB, below=True),
    )
    large = synthetic(CHUNKS // 10 if section.quick else CHUNKS)
    with start_engine(large.library) as client:
        settle(client)
    found = _drive("type", large.library)
    stop_engine(large.library)
    section.add(
        f"typing, {large.chunks:,} passages",
        {
            "key to results p50 ms": found["p50_ms"],
            "p95 ms": found["p95_ms"],
            "longest stall ms": found["stall_ms"],
            "MB": found["mb"],
        },
        Target("p95 ms", KEY_MS, below=True),
        Target("longest stall ms", STALL_MS, below=True),
        Target("MB", MEMORY_MB, below=True),
    )


def _drive(task: str, library: Path, *more: str, **environment: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.window_driver", str(time.time()), task, str(library), *more]
    done = run(command, env={"QT_QPA_PLATFORM": "offscreen", **environment}, timeout_s=900)
    figures: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures


def _write_notes(folder: Path, count: int) -> None:
    folder.mkdir(parents=True)
    words = random.Random(count)
    things = ("harbour", "crane", "ledger", "violin", "meadow", "letter", "garden", "bridge", "market", "candle")
    for number in range(count):
        text = ". ".join(
            " ".join(words.choice(things) for _ in range(12)).capitalize() for _ in range(words.randrange(3, 30))
        )
        (folder / f"note {number}.txt").write_text(f"{text}. Entry {number}.", encoding="utf-8")


@contextmanager
def _chat_model() -> Iterator[dict[str, str]]:
    """The environment of a person who has a chat model: it says the same all the time, at the speed of a small one."""
    with tempfile.TemporaryDirectory() as name:
        before = os.environ.get("XDG_DATA_HOME")
        environment = {"XDG_DATA_HOME": name}
        os.environ.update(environment)
        try:
            model = tiny_chat(
                Path(name) / "talker.gguf", says=("and so on ",), ends=False, context=4096, dim=512, layers=8
            )
            ModelStore().import_model(model)
            yield environment
        finally:
            if before is None:
                del os.environ["XDG_DATA_HOME"]
            else:
                os.environ["XDG_DATA_HOME"] = before
