"""How long a question takes: in an open library, filtered and not, and as one command from a cold start."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from statistics import median

from desktop_rag.engine.engine import Engine
from tests.benchmarks.corpora import load
from tests.benchmarks.libraries import Built, synthetic
from tests.benchmarks.measure import percentile, run
from tests.benchmarks.report import Section, Target

TITLE = "Queries: hybrid search in libraries made of SQuAD's sentences"
SIZES = (10_000, 100_000)
WARM_MS = 25.0
READING_MS = 150.0
COLD_S = 1.2
FILTERS = {
    "unfiltered": "",
    "half of it (type:note)": " type:note",
    "a tenth (folder:topic3)": " folder:topic3",
    "one note (name:note00042)": " name:note00042",
}


def measure(section: Section) -> None:
    """Rows for each size and filter, and one for the command line in each size."""
    for size in SIZES[:1] if section.quick else SIZES:
        built = synthetic(size)
        targets = size == max(SIZES)
        with Engine(built.library) as engine:
            middle = 0.0
            for name, words in FILTERS.items():
                times, hits = _search(engine, words, 50 if section.quick else 300, read=False)
                middle = middle or percentile(times, 50)
                limit = WARM_MS * (2 if words else 1)
                section.add(
                    f"{built.chunks:,} chunks, {name}",
                    {"p50 ms": percentile(times, 50), "p95 ms": percentile(times, 95), "hits": hits},
                    *([Target("p50 ms", limit, below=True)] if targets else []),
                )
            times, hits = _search(engine, "", 50 if section.quick else 300, read=True)
            section.add(
                f"{built.chunks:,} chunks, unfiltered, and read",
                {
                    "p50 ms": percentile(times, 50),
                    "p95 ms": percentile(times, 95),
                    "added ms": percentile(times, 50) - middle,
                    "hits": hits,
                },
                *([Target("added ms", READING_MS, below=True)] if targets else []),
            )
        section.add(
            f"{built.chunks:,} chunks, desktop-rag search",
            {"cold s": _cold(built)},
            Target("cold s", COLD_S, below=True),
            note="the whole process, from the shell and back",
        )


def _search(engine: Engine, words: str, count: int, *, read: bool) -> tuple[list[float], float]:
    """Milliseconds of each of ``count`` different questions, and hits a question."""
    questions = [question.text + words for question in load("squad").questions[: count + 20]]
    times, hits = [], 0
    for number, question in enumerate(questions):
        start = time.perf_counter()
        found = engine.search(question, limit=10, rerank=read).hits
        if number >= 20:  # the first ones load the model and the indexes
            times.append((time.perf_counter() - start) * 1000)
            hits += len(found)
    return times, hits / count


def _cold(built: Built) -> float:
    """The middle of five runs."""
    program = "import sys; from desktop_rag.cli.main import main; sys.exit(main())"
    question = ["search", "Where is the cathedral?", "--json"]
    command: list[str | Path] = [sys.executable, "-c", program, "--library", built.library, *question]
    return median(run(command).seconds for _ in range(5))
