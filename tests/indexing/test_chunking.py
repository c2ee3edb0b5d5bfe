"""Nothing is lost, nothing comes twice, and every place is right."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desktop_rag.indexing.chunking import CONTEXT_TOKENS, SMALL, TARGET, ChunkDraft, context_of, passages
from desktop_rag.language import words
from desktop_rag.models.onnx.text_embedding import TextEmbedder
from desktop_rag.parsing.text.plain import paragraphs
from desktop_rag.types import Cells, Lines, Message, Page, Segment, Whole

EMBEDDER = TextEmbedder()

_SOME = "the kiln boat Größe naïve 1240 harbour; a, b. End! x-y Ünïcode (two) 3.5 i.e. Mr. why?"
_WORDS = st.sampled_from(_SOME.split(" "))
_LINE = st.lists(_WORDS, max_size=40).map(" ".join)
_TEXT = st.lists(_LINE, min_size=1, max_size=40).map("\n".join)


def _cut(segments: Sequence[Segment]) -> list[ChunkDraft]:
    return list(passages(segments, EMBEDDER))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_TEXT)
def test_words_come_once_and_lines_point_at_them(text: str) -> None:
    segments = list(paragraphs(text))
    cut = _cut(segments)
    assert [word for passage in cut for word in words(passage.text)] == words(text)
    lines = text.split("\n")
    for passage in cut:
        assert isinstance(passage.locator, Lines)
        there = words("\n".join(lines[passage.locator.first - 1 : passage.locator.last]))
        said = words(passage.text)
        assert any(there[start : start + len(said)] == said for start in range(len(there) - len(said) + 1))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(_TEXT, st.integers(1, 3), st.sampled_from(["prose", "row", "code"])), max_size=12))
def test_borders_hold_and_sizes_fit(parts: list[tuple[str, int, str]]) -> None:
    segments = [
        Segment(text, Page(page), form=form)  # type: ignore[arg-type]
        for text, page, form in parts
        if text.strip()
    ]
    cut = _cut(segments)
    assert [word for passage in cut for word in words(passage.text)] == [
        word for segment in segments for word in words(segment.text)
    ]
    assert all(isinstance(passage.locator, Page) for passage in cut)
    # Joining and trimming can shift a token or two.
    assert all(count <= TARGET + SMALL + 4 for count in EMBEDDER.token_counts([passage.text for passage in cut]))


def test_small_neighbours_are_merged_below_one_heading() -> None:
    segments = [Segment(f"Sentence {n}.", Lines(n, n), ("A",) if n < 4 else ("B",)) for n in range(1, 7)]
    cut = _cut(segments)
    assert [(passage.headings, passage.locator) for passage in cut] == [(("A",), Lines(1, 3)), (("B",), Lines(4, 6))]


@pytest.mark.parametrize(
    "places",
    [
        (Page(1), Page(2)),
        (Cells("A", 1, 1), Cells("B", 2, 2)),
        (Message(1, "", Lines(1, 1)), Message(2, "", Lines(1, 1))),
        (Message(1, "a.pdf"), Message(1, "b.pdf")),
    ],
)
def test_no_passage_crosses_a_border(places: tuple[Page, Page]) -> None:
    assert [passage.locator for passage in _cut([Segment("text", place) for place in places])] == list(places)


def test_speakers_are_kept_apart() -> None:
    cut = _cut([Segment("Yes.", Whole()), Segment("Shall we?", Whole(), role="quoted")])
    assert [passage.role for passage in cut] == ["body", "quoted"]


def test_rows_are_merged_and_counted() -> None:
    rows = [
        Segment(f"Item: thing {n}; Price: {n}", Cells("S", n, n), form="row", context="Columns") for n in range(2, 60)
    ]
    cut = _cut(rows)
    places = [passage.locator for passage in cut if isinstance(passage.locator, Cells)]
    assert (places[0].first, places[-1].last) == (2, 59)
    assert all(one.last + 1 == two.first for one, two in pairwise(places))
    assert {passage.context for passage in cut} == {"Columns"}


def test_long_paragraph_is_cut_between_sentences() -> None:
    text = " ".join(f"Sentence number {n} speaks about the harbour and the boats in it." for n in range(60))
    cut = _cut([Segment(text, Lines(1, 1))])
    assert len(cut) > 2
    assert all(passage.text.startswith("Sentence") and passage.text.endswith(".") for passage in cut)
    sizes = [passage.tokens for passage in cut]
    assert max(sizes) < 1.5 * min(sizes)


def test_context_is_one_short_line() -> None:
    assert context_of("Title", ["Title", "A  part", ""], EMBEDDER) == "Title > A part"
    long = context_of("word " * 200, [], EMBEDDER)
    assert EMBEDDER.token_counts([long])[0] <= CONTEXT_TOKENS + 3
