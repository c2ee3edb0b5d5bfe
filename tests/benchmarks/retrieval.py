"""Recall of the hybrid search beside its two halves, on questions whose answers are known."""

from __future__ import annotations

from pathlib import Path

from desktop_rag.engine.engine import Engine
from desktop_rag.engine.results import Mode
from tests.benchmarks.libraries import question_set
from tests.benchmarks.report import Section, Target
from tests.benchmarks.side_by_side import recall

TITLE = "Retrieval: share of the wanted notes among the first found"
SETS = ("squad", "hotpotqa", "xquad-de")
MODES: tuple[Mode, ...] = ("hybrid", "keyword", "dense")
TARGETS = {"squad": (Target("recall@1", 0.84), Target("recall@5", 0.965))}


def measure(section: Section) -> None:
    """A row for each question set and mode; a question that needs two notes counts a half for one of them."""
    for name in SETS:
        corpus, built = question_set(name, section.quick)
        with Engine(built.library) as engine:
            for mode in MODES:
                found = [
                    list(dict.fromkeys(Path(hit.path).name for hit in engine.search(question.text, mode=mode).hits))
                    for question in corpus.questions
                ]
                section.add(
                    f"{name} {mode}",
                    {
                        "recall@1": recall(corpus, found, 1),
                        "recall@5": recall(corpus, found, 5),
                        "recall@10": recall(corpus, found, 10),
                        "questions": len(corpus.questions),
                        "notes": len(corpus.passages),
                    },
                    *(TARGETS.get(name, ()) if mode == "hybrid" else ()),
                )
