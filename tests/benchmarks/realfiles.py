"""All real files kept beside the checkout: what became of each, by format, with the reasons."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

from desktop_rag.engine.engine import Engine
from desktop_rag.errors import ParserStopped
from desktop_rag.types import File, FileState
from tests.benchmarks.corpora import SHARED_DATA
from tests.benchmarks.libraries import catalog, scratch
from tests.benchmarks.report import Section, Target

TITLE = "Real files: each ends indexed or with a stated reason"
FOLDERS = ("mail", "documents", "notes", "images", "sound")
STATES = (FileState.INDEXED, FileState.PARTIAL, FileState.EMPTY, FileState.WAITING, FileState.UNSUPPORTED)
_SPEAK_FOR_THEMSELVES = (FileState.INDEXED, FileState.EMPTY)


def measure(section: Section) -> None:
    """A row for each suffix of each folder, then the sum. A file without a reason, or not seen at all, is a miss."""
    roots = [SHARED_DATA / name for name in (FOLDERS[:1] if section.quick else FOLDERS)]
    library = scratch() / "realfiles-library"
    start = time.perf_counter()
    with Engine(library) as engine:
        engine.index(roots)
    seconds = time.perf_counter() - start
    with catalog(library) as known:
        files = list(known.files())
    groups: dict[tuple[str, str], list[File]] = {}
    for file in files:
        path = Path(file.path)
        folder = path.relative_to(SHARED_DATA).parts[0]
        groups.setdefault((folder, path.suffix.lower() or "(none)"), []).append(file)
    for (folder, suffix), members in sorted(groups.items()):
        section.add(f"{folder} {suffix}", _counts(members), note=_reasons(members))
    on_disk = sum(path.is_file() for root in roots for path in root.rglob("*"))
    unexplained = sum(file.state not in _SPEAK_FOR_THEMSELVES and file.problem is None for file in files)
    section.add(
        "all",
        {**_counts(files), "s": seconds, "unexplained": unexplained, "unseen": on_disk - len(files)},
        Target("unexplained", 0, below=True),
        note="unseen: excluded by the ignore rules",
    )


def _counts(files: list[File]) -> dict[str, float | int | str | None]:
    states = Counter(file.state for file in files)
    stopped = sum(file.problem is not None and file.problem.code == ParserStopped.code for file in files)
    return {
        "files": len(files),
        **{state.value: states[state] or None for state in STATES},
        "failed": states[FileState.FAILED] + states[FileState.PENDING] or None,
        "parser stopped": stopped or None,
    }


def _reasons(files: list[File]) -> str:
    reasons = Counter(file.problem.code for file in files if file.problem is not None)
    return ", ".join(f"{code} {count}" for code, count in reasons.most_common())
