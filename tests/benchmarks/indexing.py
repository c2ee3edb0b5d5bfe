"""What indexing costs beside the bare model, and what it costs when nothing has changed."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

from desktop_rag.engine.engine import Engine
from desktop_rag.models.onnx.text_embedding import TextEmbedder
from tests.benchmarks.libraries import Built, build, chunk_texts, question_set, scratch
from tests.benchmarks.measure import run
from tests.benchmarks.report import Section, Target

TITLE = "Indexing"
FILES = 20_000


def measure(section: Section) -> None:
    """Rows for the whole run over the bare model, and for running again over a tree in which nothing has changed."""
    _, built = question_set("squad", section.quick)
    bare_s = bare_model_seconds(built)
    section.add("whole run", {"s": built.seconds, "chunks": built.chunks, "MiB": built.peak_mib})
    section.add("bare model, same chunks", {"s": bare_s, "chunks": built.chunks})
    section.add("whole run ÷ bare model", {"ratio": built.seconds / bare_s}, Target("ratio", 1.15, below=True))
    _unchanged(section, FILES // 20 if section.quick else FILES)


def bare_model_seconds(built: Built) -> float:
    """Seconds that the model alone needs, loading included, for the chunks of a library, sorted by length over all."""
    texts = chunk_texts(built.library)
    start = time.perf_counter()
    TextEmbedder().embed(texts)
    return time.perf_counter() - start


def _unchanged(section: Section, files: int) -> None:
    notes, out = scratch() / "many-notes", scratch() / "unchanged.json"
    for number in range(files):
        folder = notes / f"{number // 200:03d}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number:05d}.txt").write_text(f"Receipt {number} is in box {number % 97}.\n", encoding="utf-8")
    first = build(notes, scratch() / "many-library", mixed=True)
    read_marks = _age(notes)
    measured = run([sys.executable, "-m", __name__, notes, first.library, out])
    again = json.loads(out.read_text(encoding="utf-8"))
    read = sum(path.stat().st_atime_ns != before for path, before in read_marks.items())
    section.add(
        f"{files:,} unchanged files again",
        {"s": again["seconds"], "whole process s": measured.seconds, "opened": again["opened"], "read": read},
        Target("s", 2.0, below=True),
        Target("opened", 0, below=True),
        Target("read", 0, below=True),
        note="" if _reads_leave_marks(next(iter(read_marks))) else "this disk does not record reads",
    )


def _age(folder: Path) -> dict[Path, int]:
    """Set the time of the last reading of each file a day before its last change: any reading then moves it."""
    marks = {}
    for path in folder.rglob("*.txt"):
        stat = path.stat()
        os.utime(path, ns=(stat.st_mtime_ns - 86_400 * 10**9, stat.st_mtime_ns))
        marks[path] = path.stat().st_atime_ns
    return marks


def _reads_leave_marks(path: Path) -> bool:
    before = path.stat().st_atime_ns
    path.read_bytes()
    return path.stat().st_atime_ns != before


def _main(notes: Path, library: Path, out: Path) -> None:
    """Index again, in a fresh process, and count what this process opens below the folder."""
    opened = 0

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal opened
        if event == "open" and str(arguments[0]).startswith(str(notes)):
            opened += 1

    with Engine(library) as engine:
        sys.addaudithook(watch)
        start = time.perf_counter()
        engine.index([notes])
        seconds = time.perf_counter() - start
    out.write_text(json.dumps({"seconds": seconds, "opened": opened}), encoding="utf-8")


if __name__ == "__main__":
    _main(*map(Path, sys.argv[1:]))
