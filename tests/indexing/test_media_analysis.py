"""What becomes of pictures, scans and sound on their way from the parser to the index."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from desktop_rag.errors import ModelCrashed
from desktop_rag.indexing.media_analysis import NEEDS_IMAGE_MODEL, NEEDS_SPEECH_MODEL, FileMediaAnalysis
from desktop_rag.parsing.stream import DocumentEnd, DocumentProblem, DocumentSegment, DocumentStart, Event, FileStart
from desktop_rag.types import FileState, Kind, Page, Problem, Region, Segment, TimeSpan, Whole

HALF = Region(0.0, 0.5, 1.0, 0.5)


class FakeHearing:
    """Understands a word for each piece of sound."""

    def __init__(self) -> None:
        self.starts: list[float] = []

    def add(self, sound: bytes, start_s: float) -> Sequence[Segment]:
        assert sound
        self.starts.append(start_s)
        return [Segment(f"word {start_s:g}", TimeSpan(start_s, start_s + 1), role="speech")] if start_s else []

    def end(self) -> Sequence[Segment]:
        return [Segment("goodbye", TimeSpan(90, 91), role="speech")]


class FakeSenses:
    """Reads ``written`` in the lower half of every picture."""

    def __init__(self, seen_by: str = "", heard_by: str = "", written: str = "") -> None:
        self.seen_by = seen_by
        self.heard_by = heard_by
        self.written = written
        self.numbers: list[int] = []
        self.hearing = FakeHearing()

    def read(
        self, image: bytes, content_hash: str, part: int, number: int, *, scan: bool
    ) -> Sequence[tuple[str, Region]]:
        assert image
        assert content_hash == "hash"
        assert part
        self.numbers.append(number)
        if self.written == "crash":
            raise ModelCrashed("The reader crashed.", "It is started again.")
        return [(f"{'scan' if scan else 'sign'}: {self.written}", HALF)] if self.written else []

    def hear(self, content_hash: str, part: int) -> FakeHearing:
        assert (content_hash, part) == ("hash", 1)
        return self.hearing

    def embed(self, previews: Sequence[bytes]) -> NDArray[np.float32]:
        raise NotImplementedError


def _follow(
    media_analyzer: FakeSenses,
    kind: Kind,
    segments: Sequence[Segment],
    state: FileState = FileState.EMPTY,
    problem: Problem | None = None,
) -> tuple[list[Event], FileMediaAnalysis]:
    perception = FileMediaAnalysis(media_analyzer, lambda: None)
    events: list[Event] = [FileStart("/a", "hash", 1), DocumentStart(1, None, "a.bin", kind, "x/y")]
    events += [DocumentSegment(1, segment) for segment in segments]
    return list(perception.follow([*events, DocumentEnd(1, state, problem)])), perception


def _segments(events: Sequence[Event]) -> list[Segment]:
    return [event.segment for event in events if isinstance(event, DocumentSegment)]


def _end(events: Sequence[Event]) -> DocumentEnd:
    assert isinstance(events[-1], DocumentEnd)
    return events[-1]


PICTURE = Segment("A photo", Whole(), role="picture", form="picture", image=b"pixels", preview=b"small", looks=5)
SOUND = [
    Segment("", TimeSpan(start, start + 10), role="speech", form="sound", sound=b"\0\0") for start in (0.0, 10.0, 20.0)
]


def test_a_picture_keeps_its_small_form_and_gets_its_text() -> None:
    events, _ = _follow(FakeSenses("space", written="Bakery"), "image", [PICTURE])
    picture, text = _segments(events)
    assert (picture.image, picture.preview, picture.looks) == (None, b"small", 5)
    assert (text.text, text.locator, text.form) == ("sign: Bakery", HALF, "prose")
    assert _end(events) == DocumentEnd(1, FileState.INDEXED)


def test_a_picture_without_a_model_waits_for_it() -> None:
    events, _ = _follow(FakeSenses(), "image", [PICTURE])
    end = _end(events)
    assert end.state is FileState.WAITING
    assert end.problem is not None
    assert end.problem.code == NEEDS_IMAGE_MODEL
    assert "a.bin" in end.problem.message
    assert _end(_follow(FakeSenses(written="Bakery"), "image", [PICTURE])[0]).state is FileState.PARTIAL


def test_pictures_inside_a_document_do_not_make_it_wait() -> None:
    events, _ = _follow(FakeSenses(), "document", [Segment("Dear all", Page(1)), PICTURE], FileState.INDEXED)
    assert _end(events) == DocumentEnd(1, FileState.INDEXED)
    alone, _ = _follow(FakeSenses(), "document", [PICTURE], FileState.INDEXED)
    assert _end(alone).state is FileState.WAITING


def test_a_scan_becomes_its_text_at_its_place() -> None:
    scan = Segment("", Page(3), form="scan", image=b"page")
    media_analyzer = FakeSenses(written="Invoice")
    events, _ = _follow(media_analyzer, "document", [scan])
    assert _segments(events) == [Segment("scan: Invoice", Page(3, HALF))]
    assert media_analyzer.numbers == [-3]
    assert _end(events) == DocumentEnd(1, FileState.INDEXED)
    assert _end(_follow(FakeSenses(), "document", [scan])[0]).state is FileState.EMPTY


def test_text_in_a_part_of_a_page_is_placed_within_the_page() -> None:
    part = Region(0.5, 0.0, 0.5, 0.5)
    inside = Segment("A chart", Page(2, part), role="picture", form="picture", image=b"pixels", preview=b"small")
    events, _ = _follow(FakeSenses("space", written="Sales"), "document", [inside], FileState.INDEXED)
    assert _segments(events)[1].locator == Page(2, Region(0.5, 0.25, 0.5, 0.25))


def test_sound_becomes_what_was_understood() -> None:
    media_analyzer = FakeSenses(heard_by="whisper")
    events, perception = _follow(media_analyzer, "audio", SOUND)
    assert [segment.text for segment in _segments(events)] == ["word 10", "word 20", "goodbye"]
    assert media_analyzer.hearing.starts == [0.0, 10.0, 20.0]
    assert perception.heard_by == "whisper"
    assert _end(events) == DocumentEnd(1, FileState.INDEXED)


def test_sound_without_a_model_waits_for_it() -> None:
    tags = Segment("Recording, 2 minutes", Whole())
    nothing = Segment("", TimeSpan(0, 0), role="speech", form="sound", sound=b"")
    events, perception = _follow(FakeSenses(), "audio", [tags, nothing], FileState.INDEXED)
    end = _end(events)
    assert end.state is FileState.WAITING
    assert end.problem is not None
    assert end.problem.code == NEEDS_SPEECH_MODEL
    assert perception.heard_by == ""
    assert _segments(events) == [tags]


def test_a_file_without_sound_waits_for_nothing() -> None:
    assert _follow(FakeSenses(), "document", [], FileState.INDEXED)[1].heard_by is None
    silent = _follow(FakeSenses(), "video", [Segment("Film, 2 minutes", Whole())], FileState.INDEXED)
    assert (_end(silent[0]).state, silent[1].heard_by) == (FileState.INDEXED, None)
    broken = Problem("damaged", "It is broken.")
    events, perception = _follow(FakeSenses(), "audio", [], FileState.FAILED, broken)
    assert _end(events) == DocumentEnd(1, FileState.FAILED, broken)
    assert perception.heard_by is None


def test_a_model_that_fails_costs_what_it_should_have_read() -> None:
    events, _ = _follow(FakeSenses("space", written="crash"), "image", [PICTURE])
    problems = [event.problem for event in events if isinstance(event, DocumentProblem)]
    assert [problem.code for problem in problems] == ["model-crashed"]
    assert len(_segments(events)) == 1
    assert _end(events) == DocumentEnd(1, FileState.PARTIAL, problems[0])


def test_what_is_read_inside_a_mail_makes_the_mail_useful() -> None:
    perception = FileMediaAnalysis(FakeSenses(written="Invoice"), lambda: None)
    events: list[Event] = [
        FileStart("/a", "hash", 1),
        DocumentStart(1, None, "a.eml", "mail", "x/y"),
        DocumentStart(2, 1, "scan.pdf", "document", "x/y"),
        DocumentSegment(2, Segment("", Page(1), form="scan", image=b"page")),
        DocumentEnd(2, FileState.EMPTY),
        DocumentEnd(1, FileState.EMPTY),
    ]
    ends = [event for event in perception.follow(events) if isinstance(event, DocumentEnd)]
    assert ends == [DocumentEnd(2, FileState.INDEXED), DocumentEnd(1, FileState.INDEXED)]


def test_the_work_can_be_ended_in_between() -> None:
    def stop() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        list(FileMediaAnalysis(FakeSenses(), stop).follow([FileStart("/a", "hash", 1)]))
