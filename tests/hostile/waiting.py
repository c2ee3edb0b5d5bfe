"""What a worker runs instead of ``parse_tree`` to open a path before anybody has looked at what it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from desktop_rag.parsing.source import Limits
from desktop_rag.parsing.stream import Event
from desktop_rag.parsing.worker.tree import parse_tree


def parse(path: Path, limits: Limits, hear: bool) -> Iterator[Event]:
    path.read_bytes()
    yield from parse_tree(path, limits, hear)
