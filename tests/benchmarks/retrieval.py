"""Recall of the hybrid search, read and not read, beside its two halves, on questions whose answers are known."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from desktop_rag.engine.engine import Engine
from desktop_rag.engine.results import Mode
from tests.benchmarks.libraries import question_set
from tests.benchmarks.report import Section, Target
from tests.benchmarks.side_by_side import recall

TITLE = "Retrieval: share of the wanted notes among the first found"
SETS = ("squad", "hotpotqa", "xquad-de")
ROWS: dict[str, tuple[Mode, bool]] = {
    "read": ("hybrid", True),
    "hybrid": ("hybrid", False),
    "keyword": ("keyword", False),
    "dense": ("dense", False),
}
"""Modes of search, and whether the reader reads what was found."""
TARGETS = {
    "squad read": (Target("recall@1", 0.885), Target("recall@5", 0.975), Target("added ms", 150, below=True)),
    "squad hybrid": (Target("recall@1", 0.84), Target("recall@5", 0.965)),
}


def measure(section: Section) -> None:
    """A row for each question set and mode; a question that needs two notes counts a half for one of them."""
    for name in SETS:
        corpus, built = question_set(name, section.quick)
        with Engine(built.library) as engine:
            times: dict[str, float] = {}
            for row, (mode, read) in reversed(ROWS.items()):
                found: list[list[str]] = []
                took: list[float] = []
                for question in corpus.questions:
                    start = time.perf_counter()
                    hits = engine.search(question.text, mode=mode, rerank=read).hits
                    took.append(time.perf_counter() - start)
                    found.append(list(dict.fromkeys(Path(hit.path).name for hit in hits)))
                times[row] = statistics.median(took) * 1000
                section.add(
                    f"{name} {row}",
                    {
                        "recall@1": recall(corpus, found, 1),
                        "recall@5": recall(corpus, found, 5),
                        "recall@10": recall(corpus, found, 10),
                        "p50 ms": times[row],
                        **({"added ms": times["read"] - times["hybrid"]} if read else {}),
                        "questions": len(corpus.questions),
                        "notes": len(corpus.passages),
                    },
                    *TARGETS.get(f"{name} {row}", ()),
                )
