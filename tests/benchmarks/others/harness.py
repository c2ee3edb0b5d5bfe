"""What every adapter does with its framework, timed: index a folder of notes; open the index again and answer.

Each step is a process of its own, so that its memory and its cold start can be seen from outside:
``python -m tests.benchmarks.others.FRAMEWORK index NOTES STORE OUT`` and
``python -m tests.benchmarks.others.FRAMEWORK query MODE STORE QUESTIONS OUT STARTED``.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

TOP = 10
"""Passages asked for. Several may come from one note, which then counts once."""

Index = Callable[[Path, Path], int]
"""Index all notes of the first folder into the second; returns the number of chunks."""

Find = Callable[[str], list[str]]
"""The paths of the notes found for a question, best first."""

Reopen = Callable[[Path, str], Find]
"""Open the index in a folder for searching in a mode ("dense" or "hybrid")."""


def main(index: Index, reopen: Reopen) -> None:
    """Do the one step that the command line names and write what was measured to the file OUT, as JSON."""
    silence()
    parser = argparse.ArgumentParser()
    steps = parser.add_subparsers(dest="step", required=True)
    step = steps.add_parser("index")
    step.add_argument("notes", type=Path)
    step.add_argument("store", type=Path)
    step.add_argument("out", type=Path)
    step = steps.add_parser("query")
    step.add_argument("mode")
    step.add_argument("store", type=Path)
    step.add_argument("questions", type=Path)
    step.add_argument("out", type=Path)
    step.add_argument("started", type=float)
    options = parser.parse_args()
    if options.step == "index":
        measured = _index(index, options.notes, options.store)
    else:
        questions = json.loads(options.questions.read_text(encoding="utf-8"))
        measured = _query(reopen, options.store, options.mode, questions, options.started)
    options.out.write_text(json.dumps(measured), encoding="utf-8")


def silence() -> None:
    """Turn every framework's telemetry and look-ups on the network off."""
    os.environ |= {
        "ANONYMIZED_TELEMETRY": "False",
        "LANGCHAIN_TRACING_V2": "false",
        "LANGSMITH_TRACING": "false",
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "DO_NOT_TRACK": "1",
        "TOKENIZERS_PARALLELISM": "true",
    }


def _index(index: Index, notes: Path, store: Path) -> dict[str, object]:
    start = time.perf_counter()
    chunks = index(notes, store)
    return {"seconds": time.perf_counter() - start, "chunks": chunks}


def _query(reopen: Reopen, store: Path, mode: str, questions: list[str], started: float) -> dict[str, object]:
    find = reopen(store, mode)
    find("What is the first question for?")
    cold_s = time.time() - started
    times, found = [], []
    for question in questions:
        start = time.perf_counter()
        paths = find(question)
        times.append(time.perf_counter() - start)
        found.append(list(dict.fromkeys(Path(path).name for path in paths)))
    return {"cold_s": cold_s, "times_s": times, "found": found}
