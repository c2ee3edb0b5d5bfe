"""Run the benchmark: all sections, or those named; print tables and write build/bench.json."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import time
from pathlib import Path

from rich.console import Console

from tests.benchmarks.corpora import SHARED_DATA
from tests.benchmarks.measure import CHECKOUT, CommandFailed
from tests.benchmarks.report import Section, print_machine, write_json

SECTIONS = {
    "retrieval": "tests.benchmarks.retrieval",
    "answers": "tests.benchmarks.answers",
    "indexing": "tests.benchmarks.indexing",
    "queries": "tests.benchmarks.queries",
    "chat": "tests.benchmarks.chat",
    "checking": "tests.benchmarks.checking",
    "pictures": "tests.benchmarks.pictures",
    "ocr": "tests.benchmarks.ocr",
    "speech": "tests.benchmarks.speech",
    "mixed": "tests.benchmarks.mixed",
    "window": "tests.benchmarks.window",
    "memory": "tests.benchmarks.memory",
    "freshness": "tests.benchmarks.freshness",
    "resting": "tests.benchmarks.resting",
    "others": "tests.benchmarks.side_by_side",
    "realfiles": "tests.benchmarks.realfiles",
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"{', '.join(SECTIONS)}; all when none is named")
    parser.add_argument("--quick", action="store_true", help="measure on a small part, to see that all works")
    parser.add_argument("--out", type=Path, default=CHECKOUT / "build" / "bench.json", help="the JSON file to write")
    options = parser.parse_args()
    unknown = [name for name in options.sections if name not in SECTIONS]
    if unknown:
        parser.error(f"no section {', '.join(unknown)}; there are {', '.join(SECTIONS)}")
    console = Console(width=None if sys.stdout.isatty() else 160)
    if not SHARED_DATA.is_dir():
        console.print(f"Nothing to measure: the public files are not in {SHARED_DATA}")
        return
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # programs start as where they are installed: compiled already
    print_machine(console)
    done: list[Section] = []
    for name in options.sections or SECTIONS:
        module = importlib.import_module(SECTIONS[name])
        section = Section(name, module.TITLE, quick=options.quick)
        start = time.perf_counter()
        with console.status(f"Measuring: {module.TITLE}"):
            try:
                module.measure(section)
            except CommandFailed as problem:  # the other sections can still be measured
                section.add_failure(name, str(problem))
        section.seconds = time.perf_counter() - start
        console.print(section.table())
        done.append(section)
        write_json(done, options.out)
    missed = [sentence for section in done for row in section.rows for sentence in row.missed()]
    console.print("\n".join(["Targets missed:", *missed]) if missed else "No target missed.")
    console.print(f"Written to {options.out}")


if __name__ == "__main__":
    main()
