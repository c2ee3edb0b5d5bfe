"""Time, memory and disk space, measured the same way for everybody."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024
CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Run:
    """A finished process: seconds from its start to its end, the most memory it and its children held, its output.

    ``cpu_s`` adds up all cores, children included; it tells more than ``seconds`` where the machine has other work.
    Windows does not tell, and it is 0.
    """

    seconds: float
    cpu_s: float
    peak_mib: float
    stdout: str


class CommandFailed(Exception):
    """A measured command ended with an error; the text is the end of what it said."""


def run(
    command: Sequence[str | os.PathLike[str]], env: Mapping[str, str] | None = None, timeout_s: float = 7200
) -> Run:
    """Run a command in the checkout and measure it from outside. Raises CommandFailed."""
    start, before = time.perf_counter(), os.times()
    process = subprocess.Popen(
        command,
        cwd=CHECKOUT,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    with PeakMemory(process.pid) as memory:
        try:
            stdout, stderr = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise CommandFailed(f"ran for more than {timeout_s:.0f} s") from None
    seconds, after = time.perf_counter() - start, os.times()
    cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
    if process.returncode:
        raise CommandFailed(
            "\n".join((stderr or stdout).strip().splitlines()[-5:]) or f"exit code {process.returncode}"
        )
    return Run(seconds, cpu_s, memory.peak_mib, stdout)


class PeakMemory(threading.Thread):
    """Samples the resident memory of a process and all its children, 20 times a second, until the block ends.

    Pages that parent and child share count twice. Only Linux tells; elsewhere ``peak_mib`` stays 0.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.peak_mib = 0.0
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(0.05):
            self.peak_mib = max(self.peak_mib, resident_mib(self.pid))

    def __enter__(self) -> PeakMemory:
        if sys.platform == "linux":
            self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self.ident is not None:
            self.join()


def resident_mib(pid: int) -> float:
    """The resident memory of a process and its children now, in MiB; 0 for one that has ended."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for task in Path(f"/proc/{pid}/task").iterdir():
            if task.name != str(pid):
                children += (task / "children").read_text().split()
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB + sum(resident_mib(int(child)) for child in children)


def disk_mib(folder: Path) -> float:
    """The space that the files of a folder take on disk, in MiB."""
    used = 0
    for path in folder.rglob("*"):
        if path.is_file():
            stat = path.stat()
            used += getattr(stat, "st_blocks", -(-stat.st_size // 512)) * 512
    return used / MIB


def percentile(values: Sequence[float], percent: float) -> float:
    """The value that ``percent`` of the values do not exceed (nearest rank); ValueError when there are none."""
    if not values:
        raise ValueError("no values")
    ranked = sorted(values)
    return ranked[max(0, math.ceil(len(ranked) * percent / 100) - 1)]
