"""Parse many real files at once: each ends with items or with a stated reason, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from desktop_rag.errors import FileProblem
from desktop_rag.parsing.source import Limits, Parser, Source
from desktop_rag.types import ParseItem, Problem, Segment


def read_all(parser: Parser, paths: Iterable[Path]) -> tuple[dict[str, list[ParseItem]], dict[str, Problem]]:
    """What was read of each file, and why the others were refused, both by the file's name."""
    read: dict[str, list[ParseItem]] = {}
    refused: dict[str, Problem] = {}
    for path in sorted(paths):
        try:
            items = list(parser(Source(path.name, "", Limits(), path=path)))
        except FileProblem as problem:
            refused[path.name] = problem.as_problem()
            continue
        for item in items:
            if isinstance(item, Segment):
                assert item.text.strip() or item.image or item.sound, f"a blank segment in {path.name}"
                assert item.text.encode() or not item.text, f"half a character in {path.name}"
        read[path.name] = items
    return read, refused
