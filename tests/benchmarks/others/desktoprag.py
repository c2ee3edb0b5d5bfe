"""Desktop RAG through its own engine, measured like the rest."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import cast

from desktop_rag.engine.engine import Engine
from desktop_rag.engine.results import Mode
from desktop_rag.types import FileState
from tests.benchmarks.others.harness import TOP, Find, main


def index(notes: Path, store: Path) -> int:
    """Index the folder; the number of chunks is what the library then holds."""
    with Engine(store) as engine:
        report = engine.index([notes])
        if set(report.states) != {FileState.INDEXED}:
            sys.exit(f"of the notes not all were indexed: {report.states} {report.problems[:1]}")
        return engine.status().chunks


def reopen(store: Path, mode: str) -> Find:
    """Open the library for searching; it stays open until the process ends."""
    engine = Engine(store).__enter__()

    def find(question: str) -> list[str]:
        return [hit.path for hit in engine.search(question, limit=TOP, mode=cast("Mode", mode), rerank=False).hits]

    return find


if __name__ == "__main__":
    main(index, reopen)
