"""What takes long: kills, fuzz, random sequences, and an hour of random changes. ``make soak`` runs all of it.

``python -m tests.benchmarks.soak [PART …] [--minutes 60] [--kills 200] [--fuzz 10000] [--examples 300]``
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from desktop_rag.engine.service.client import EngineClient
from desktop_rag.engine.service.opening import start_engine, stop_engine
from tests.benchmarks.freshness import settle
from tests.benchmarks.measure import CHECKOUT

_FILES = 2_000
_MOST_GROWTH = 0.05
_MB = 1_000_000
_LOOK_EVERY_S = 30.0


def main() -> int:
    """Run the parts that are named; returns 1 when one of them failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.soak", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help="kills, fuzz, sequences, changes; all without")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--fuzz", type=int, default=10_000)
    parser.add_argument("--examples", type=int, default=300)
    parser.add_argument("--out", type=Path, default=CHECKOUT / "build" / "soak.json")
    options = parser.parse_args()
    stateful = [sys.executable, "-m", "pytest", "-q", "tests/crash/test_stateful.py"]
    parts: dict[str, Callable[[], dict[str, object]]] = {
        "kills": lambda: _command([sys.executable, "-m", "tests.crash.killing", str(options.kills)]),
        "fuzz": lambda: _command([sys.executable, "-m", "tests.hostile.fuzzing", str(options.fuzz)]),
        "sequences": lambda: _command(stateful, {"DESKTOP_RAG_STATEFUL_EXAMPLES": str(options.examples)}),
        "changes": lambda: changes(options.minutes),
    }
    found: dict[str, dict[str, object]] = {}
    for name in options.parts or parts:
        began = time.perf_counter()
        found[name] = parts[name]() | {"seconds": round(time.perf_counter() - began, 1)}
        print(f"{name}: {found[name]}", flush=True)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(found, indent=2), encoding="utf-8")
    return 0 if all(part["ok"] for part in found.values()) else 1


def _command(command: list[str], env: dict[str, str] | None = None) -> dict[str, object]:
    done = subprocess.run(
        command, cwd=CHECKOUT, env=os.environ | (env or {}), capture_output=True, text=True, check=False
    )
    lines = (done.stdout if done.returncode == 0 else done.stdout + done.stderr).strip().splitlines()
    return {"ok": done.returncode == 0, "said": lines[-1] if done.returncode == 0 else "\n".join(lines[-30:])}


class Disk:
    """A folder that changes at random, about the same size all the time; each version of a file has a marker."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root = root
        self.random = random.Random(seed)
        self.texts: dict[Path, str] = {}
        self.old: list[str] = []
        self._count = 0

    def create(self) -> None:
        folder = self.root / f"{self.random.randrange(40):02d}"
        folder.mkdir(parents=True, exist_ok=True)
        self._count += 1
        self._write(folder / f"{self._count}.txt")

    def change(self) -> None:
        """One of the things that people and programs do to files."""
        kind = self.random.random()
        path = self.random.choice(list(self.texts))
        if kind < 0.25 or len(self.texts) < _FILES * 0.9:
            self.create()
        elif kind < 0.55:
            self._write(path)
        elif kind < 0.65:
            fresh = path.with_suffix(".tmp")
            self._write(fresh)
            fresh.replace(path)
            self._forget(path)
            self.texts[path] = self.texts.pop(fresh)
        elif kind < 0.75:
            self._count += 1
            moved = path.with_name(f"{self._count} moved.txt")
            path.rename(moved)
            self.texts[moved] = self.texts.pop(path)
        elif kind < 0.80:
            self._count += 1
            copy = path.with_name(f"{self._count} copy.txt")
            shutil.copy(path, copy)
            self.texts[copy] = self.texts[path]
        elif kind < 0.82:
            self._move_folder(path.parent)
        else:
            for gone in self.random.sample(list(self.texts), min(len(self.texts), 1 + (len(self.texts) > _FILES) * 3)):
                gone.unlink()
                self._forget(gone)

    def _write(self, path: Path) -> None:
        if path in self.texts:
            self._forget(path)
        self._count += 1
        marker = f"qz{self._count}marker"
        words = " ".join(f"{self.random.choice(_WORDS)}" for _ in range(self.random.randrange(20, 400)))
        path.write_text(f"{words} {marker}", encoding="utf-8")
        self.texts[path] = marker

    def _forget(self, path: Path) -> None:
        marker = self.texts.pop(path)
        if marker not in self.texts.values():
            self.old.append(marker)

    def _move_folder(self, folder: Path) -> None:
        self._count += 1
        moved = folder.with_name(f"moved {self._count}")
        folder.rename(moved)
        self.texts = {
            (moved / path.name if path.parent == folder else path): marker for path, marker in self.texts.items()
        }


_WORDS = (
    *("harbour", "crane", "winter", "ledger", "copper", "violin", "meadow", "engine", "letter", "window", "garden"),
    *("bridge", "mountain", "paper", "river", "market", "teacher", "bottle", "candle", "forest", "kitchen", "ladder"),
    *("mirror", "needle", "orchard", "pencil", "quarry", "ribbon", "saddle", "tunnel"),
)


def changes(minutes: float) -> dict[str, object]:
    """Random changes for so long; then the library must hold exactly what is on disk, in about the same memory."""
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        disk = Disk(Path(name) / "files", seed=1)
        for _ in range(_FILES):
            disk.create()
        library = Path(name) / "library"
        with start_engine(library) as client:
            try:
                client.index([disk.root])
                settle(client)
                memory, done = _keep_changing(client, disk, minutes * 60)
                settle(client)
                wrong = _compare(client, disk)
            finally:
                stop_engine(library)
    tenth = max(1, len(memory) // 10)
    before, after = median(memory[tenth : 2 * tenth]), median(memory[-tenth:])
    growth = after / before - 1
    return {
        "ok": not wrong and growth < _MOST_GROWTH,
        "changes": done,
        "files": len(disk.texts),
        "wrong": wrong[:5],
        "MB before": round(before / _MB, 1),
        "MB after": round(after / _MB, 1),
        "growth": round(growth, 4),
    }


def _keep_changing(client: EngineClient, disk: Disk, seconds: float) -> tuple[list[float], int]:
    """The engine's memory every half minute, when it has come to rest, and how many changes were made."""
    memory: list[float] = []
    began = said = looked = time.monotonic()
    done = 0
    while time.monotonic() - began < seconds:
        for _ in range(disk.random.choice((1, 1, 1, 2, 5, 30))):
            disk.change()
            done += 1
        if disk.random.random() < 0.5:
            client.search(" ".join(disk.random.sample(_WORDS, 3)))
        else:
            client.ask(f"Where is the {disk.random.choice(_WORDS)}?")
        if time.monotonic() - looked >= _LOOK_EVERY_S:
            looked = time.monotonic()
            settle(client)
            status = client.status()
            assert status.engine is not None
            memory.append(status.engine.memory_bytes)
        if memory and time.monotonic() - said >= 60:
            said = time.monotonic()
            minute = (said - began) / 60
            print(
                f"  minute {minute:.0f}: {done} changes, {status.files} files, {status.chunks} passages, "
                f"{memory[-1] / _MB:.0f} MB at rest, library {status.bytes_on_disk / _MB:.0f} MB",
                flush=True,
            )
        time.sleep(disk.random.random() * 2)
    return memory, done


def _compare(client: EngineClient, disk: Disk) -> list[str]:
    """What the library has wrong."""
    wrong: list[str] = []
    files = client.status().files
    if files != len(disk.texts):
        wrong.append(f"{files} files known, {len(disk.texts)} on disk")
    places: dict[str, set[str]] = {}
    for path, marker in disk.texts.items():
        places.setdefault(marker, set()).add(str(path))
    for marker, expected in places.items():
        hits = client.search(marker, mode="keyword").hits
        found = {path for hit in hits if marker in hit.text for path in hit.paths}
        if found != expected:
            wrong.append(f"{marker}: found in {sorted(found)}, not in {sorted(expected)}")
    return wrong + [
        f"{marker} is still found"
        for marker in disk.old[-3000:]
        if any(marker in hit.text for hit in client.search(marker, mode="keyword").hits)
    ]


if __name__ == "__main__":
    sys.exit(main())
