"""What an engine costs while nothing happens: processor, memory, disk."""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

import psutil

from desktop_rag.engine.service.client import EngineClient
from desktop_rag.engine.service.opening import start_engine, stop_engine
from desktop_rag.models.onnx.onnx_model import KEPT_S
from tests.benchmarks.corpora import load
from tests.benchmarks.freshness import FILES, settle
from tests.benchmarks.libraries import watched
from tests.benchmarks.report import Section, Target

TITLE = "An engine at rest"
WATCHED_S = 60.0
CPU_PERCENT = 1.0
MEMORY_MB = 450.0
_MB = 1_000_000


def measure(section: Section) -> None:
    """Rows for memory after each kind of use, and for a minute in which nothing happens."""
    built = watched(FILES // 10 if section.quick else FILES)
    with start_engine(built.library) as client:
        try:
            settle(client)
            _memory(section, client, "after it has started")
            for question in load("squad").questions[:50]:
                client.search(question.text)
            _memory(section, client, "while questions come", None)
            time.sleep(KEPT_S + 5)
            _memory(section, client, "a minute after 50 questions")
            client.index()
            settle(client)
            _memory(section, client, "after looking through all files")
            _rest(section, client, 5.0 if section.quick else WATCHED_S)
        finally:
            stop_engine(built.library)


def _memory(section: Section, client: EngineClient, when: str, most: float | None = MEMORY_MB) -> None:
    engine, *others = _processes(client)
    section.add(
        f"{client.status().chunks:,} passages: memory {when}",
        {"engine MB": engine.memory_info().rss / _MB, "others MB": sum(map(_rss, others)) / _MB},
        *([] if most is None else [Target("engine MB", most, below=True)]),
        note=", ".join(process.name() for process in others),
    )


def _rest(section: Section, client: EngineClient, seconds: float) -> None:
    processes = _processes(client)
    time.sleep(5)
    cpu, written = _cpu_s(processes), _written(processes)
    time.sleep(seconds)
    section.add(
        f"{seconds:g} s without a change",
        {"CPU %": (_cpu_s(processes) - cpu) / seconds * 100, "written bytes": _written(processes) - written},
        Target("CPU %", CPU_PERCENT, below=True),
        Target("written bytes", 0, below=True),
    )


def _processes(client: EngineClient) -> list[psutil.Process]:
    """The engine, its supervisor, and its parsers."""
    status = client.status().engine
    assert status is not None
    engine = psutil.Process(status.pid)
    supervisor = engine.parent()
    return [engine, *([supervisor] if supervisor is not None else []), *engine.children(recursive=True)]


def _rss(process: psutil.Process) -> float:
    return float(process.memory_info().rss) if process.is_running() else 0.0


def _cpu_s(processes: Iterable[psutil.Process]) -> float:
    """Seconds of processor time of those that still run."""
    times = [process.cpu_times() for process in processes if process.is_running()]
    return sum(spent.user + spent.system for spent in times)


def _written(processes: Iterable[psutil.Process]) -> int:
    """Bytes sent to a disk so far; 0 where the system does not tell."""
    total = 0
    for process in processes:
        try:
            fields = Path(f"/proc/{process.pid}/io").read_text(encoding="ascii").splitlines()
        except OSError:
            continue
        total += sum(int(field.split()[1]) for field in fields if field.startswith("write_bytes"))
    return total
