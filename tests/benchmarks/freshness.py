"""How soon a saved note is found, and how soon an engine answers, with many files watched."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable

from desktop_rag.config import load_config
from desktop_rag.engine.service.client import EngineClient
from desktop_rag.engine.service.opening import start_engine, stop_engine
from tests.benchmarks.libraries import Built, watched
from tests.benchmarks.measure import CommandFailed, percentile
from tests.benchmarks.report import Section, Target

TITLE = "Freshness: a live engine over small notes"
FILES = 100_000
NOTES = 60
FRESH_S = START_S = 1.0
RESCAN_S = 5.0
_PATIENCE_S = 60.0


def measure(section: Section) -> None:
    """Rows for starting, for saving notes, for looking through everything, and for coming back after a kill."""
    built = watched(FILES // 10 if section.quick else FILES)
    files = f"{built.chunks:,} files watched"
    began = time.perf_counter()
    with start_engine(built.library) as client:
        client.search("cathedral", wait=False)
        section.add(
            f"{files}: from starting the engine to its first answer",
            {"s": time.perf_counter() - began},
            Target("s", START_S, below=True),
        )
        try:
            settle(client)
            times = [_save_and_find(client, built, number) for number in range(10 if section.quick else NOTES)]
            section.add(
                f"{files}: from saving a page to finding it",
                {"p50 s": percentile(times, 50), "p95 s": percentile(times, 95), "notes": len(times)},
                Target("p95 s", FRESH_S, below=True),
                note=f"beyond the quiet period of {load_config(built.library).quiet_s:g} s",
            )
            report = client.index()
            section.add(
                f"{files}: looking through all of them, unchanged",
                {"s": report.seconds, "changed": report.new + report.changed + report.gone},
                Target("s", RESCAN_S, below=True),
            )
            section.add(f"{files}: from a kill to the next answer", {"s": _kill(client)})
        finally:
            stop_engine(built.library)


def settle(client: EngineClient) -> None:
    """Wait until the engine has looked at everything and has nothing to do. Raises ``CommandFailed``."""

    def idle() -> bool:
        status = client.status().engine
        return status is not None and status.activity == "idle" and not status.waiting and status.model_ready

    if wait_for(idle) is None:
        raise CommandFailed("the engine did not come to rest")


def wait_for(condition: Callable[[], bool], patience_s: float = _PATIENCE_S, every_s: float = 0.01) -> float | None:
    """Seconds until ``condition`` holds; None when it does not in time."""
    began = time.perf_counter()
    while not condition():
        if time.perf_counter() - began > patience_s:
            return None
        time.sleep(every_s)
    return time.perf_counter() - began


def _save_and_find(client: EngineClient, built: Built, number: int) -> float:
    """Seconds from the end of saving to the first hit, less the quiet period; in turn new, rewritten and replaced."""
    word = f"zq{random.Random(number).randrange(10**9)}x"
    page = " ".join(f"Line {line} of a page about the harbour and its cranes." for line in range(30))
    folder = built.notes / f"{number % 10:03d}"
    path = folder / (f"fresh {number}.txt" if number % 3 == 0 else f"note {number % 10 * 1000 + number}.txt")
    if number % 3 == 2:
        part = folder / f".fresh {number}.tmp"
        part.write_text(f"{page} {word}", encoding="utf-8")
        part.replace(path)
    else:
        path.write_text(f"{page} {word}", encoding="utf-8")
    found_s = wait_for(lambda: bool(client.search(word, mode="keyword").hits))
    if found_s is None:
        raise CommandFailed(f"{path} was not found within {_PATIENCE_S:g} s")
    time.sleep(0.2)
    return max(0.0, found_s - load_config(built.library).quiet_s)


def _kill(client: EngineClient) -> float:
    """Seconds from killing the engine to the first answer of the one that its supervisor starts."""
    status = client.status().engine
    assert status is not None
    began = time.perf_counter()
    os.kill(status.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    client.search("cathedral", wait=False)
    return time.perf_counter() - began
