"""What a hostile file is to the tests, and what must hold for the events of any file whatever is in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from desktop_rag.parsing.stream import (
    FILE,
    DocumentEnd,
    DocumentMetadata,
    DocumentProblem,
    DocumentSegment,
    DocumentStart,
    Event,
    FileRead,
    FileStart,
    PartRead,
)
from desktop_rag.types import FileState, Problem


class Hostile(NamedTuple):
    """A file made to harm. ``codes`` are the problems one of which must be stated; with none, it is read whole."""

    name: str
    make: Callable[[], bytes]
    codes: tuple[str, ...] = ()
    finds: str = ""
    """What must be read of it all the same."""
    slow: bool = False


CODES = (
    "changed",
    "damaged",
    "encrypted",
    "over-cap",
    "parser-stopped",
    "unreadable",
    "unsupported",
)


def check_events(events: Sequence[Event]) -> DocumentEnd:
    """Assert that the events of one file are well formed, and return the end of the file."""
    events = [event for event in events if not isinstance(event, FileRead)]
    if isinstance(events[0], FileStart):
        assert len(events[0].sha256) == 64
        events = events[1:]
    open_documents: list[int] = []
    told: set[int] = set()
    begun = 0
    for event in events:
        assert not isinstance(event, FileStart | FileRead)
        if isinstance(event, DocumentStart):
            begun += 1
            assert event.document == begun
            assert event.parent == (open_documents[-1] if open_documents else None)
            assert (event.locator is None) == (begun == FILE)
            assert event.name
            open_documents.append(event.document)
            continue
        assert not isinstance(event, PartRead), "nobody has asked for a part"
        assert event.document == open_documents[-1], "documents lie inside each other"
        if isinstance(event, DocumentMetadata):
            assert event.metadata.kind
            assert event.metadata.title.strip()
            told.add(event.document)
        elif isinstance(event, DocumentSegment):
            assert event.document in told, "text of a document of which nothing is known"
            segment = event.segment
            assert segment.text.strip() or segment.image or segment.sound is not None
        elif isinstance(event, DocumentProblem):
            _check_problem(event.problem)
        else:
            assert isinstance(event, DocumentEnd)
            open_documents.pop()
            if event.state in (FileState.INDEXED, FileState.EMPTY):
                assert event.problem is None
            else:
                assert event.problem is not None
                _check_problem(event.problem)
    assert not open_documents, "a document that never ends"
    end = events[-1]
    assert isinstance(end, DocumentEnd)
    assert end.document == FILE
    return end


def _check_problem(problem: Problem) -> None:
    assert problem.code in CODES
    assert len(problem.message.split()) > 2, "a reason in words"
    assert "Traceback" not in problem.message
