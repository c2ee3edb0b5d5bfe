"""Lines on a page become paragraphs in the order in which a person reads them."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_rag.indexing.ocr_paragraphs import paragraphs_of
from desktop_rag.models.vision.ocr import TextLine, Turn
from desktop_rag.types import Region

WIDTH = 0.01
"""Of a character."""


def line(text: str, x: float, y: float, height: float = 0.02) -> TextLine:
    return TextLine(text, 1.0, Region(x, y, WIDTH * len(text), height))


def column(x: float, y: float, *texts: str) -> list[TextLine]:
    return [line(text, x, y + 0.025 * number) for number, text in enumerate(texts)]


LEFT = ("the quick brown fox jumps over", "the lazy dog and runs away to", "the far end of the wood where")
RIGHT = ("nobody has ever seen it before", "but many have heard of it from", "the old people of the village")


def texts(lines: list[TextLine]) -> list[str]:
    return [text for text, _ in paragraphs_of(lines)]


def shuffled(lines: list[TextLine]) -> list[TextLine]:
    return random.Random(5).sample(lines, len(lines))


def test_nothing_gives_nothing() -> None:
    assert paragraphs_of([]) == []
    assert paragraphs_of([line("  ", 0.1, 0.1)]) == []


def test_lines_of_a_paragraph_are_joined() -> None:
    ((text, region),) = paragraphs_of(shuffled(column(0.1, 0.1, *LEFT)))
    assert text == " ".join(LEFT)
    assert (region.x, region.y) == (0.1, 0.1)
    assert region.width == pytest.approx(0.3)
    assert region.height == pytest.approx(0.07)


def test_a_wide_gap_parts_paragraphs() -> None:
    assert texts(column(0.1, 0.1, *LEFT) + column(0.1, 0.25, *RIGHT)) == [" ".join(LEFT), " ".join(RIGHT)]


def test_an_indentation_after_a_sentence_parts_paragraphs() -> None:
    first = [*LEFT[:2], "the end."]
    lines = [*column(0.1, 0.1, *first), line(RIGHT[0], 0.14, 0.175), *column(0.1, 0.2, *RIGHT[1:])]
    assert texts(lines) == [" ".join(first), " ".join(RIGHT)]


def test_a_headline_is_a_paragraph_of_its_own() -> None:
    lines = [TextLine("The fox", 1.0, Region(0.1, 0.05, 0.2, 0.045)), *column(0.1, 0.1, *LEFT)]
    assert texts(lines) == ["The fox", " ".join(LEFT)]


def test_columns_are_read_one_after_the_other() -> None:
    lines = column(0.1, 0.2, *LEFT) + column(0.45, 0.2, *RIGHT)
    assert texts(shuffled(lines)) == [" ".join(LEFT), " ".join(RIGHT)]


def test_a_headline_over_two_columns_divides_them() -> None:
    above = line("A headline that goes across the whole of the page and over both columns", 0.1, 0.15)
    lines = column(0.1, 0.2, *LEFT) + column(0.45, 0.2, *RIGHT)
    assert texts(shuffled([above, *lines])) == [above.text, " ".join(LEFT), " ".join(RIGHT)]


def test_a_table_is_read_row_by_row() -> None:
    rows = [("Apples", "12", "3.40"), ("Pears", "7", "2.10"), ("Plums", "40", "8.00"), ("Nuts", "2", "9.99")]
    lines = [line(cell, 0.1 + 0.2 * x, 0.1 + 0.03 * y) for y, row in enumerate(rows) for x, cell in enumerate(row)]
    assert texts(shuffled(lines)) == ["\n".join(" ".join(row) for row in rows)]


def test_divided_words_are_joined() -> None:
    assert texts(column(0.1, 0.1, "the meeting of the neigh-", "bours is on Monday next")) == [
        "the meeting of the neighbours is on Monday next"
    ]
    assert texts(column(0.1, 0.1, "the meeting of Anna Berg-", "Meier is on Monday now")) == [
        "the meeting of Anna Berg- Meier is on Monday now"
    ]


def test_breaks_that_were_meant_are_kept() -> None:
    address = ("Anna Berg", "Long Street 12", "12345 Springfield, Upper County")
    assert texts(column(0.1, 0.1, *address)) == ["\n".join(address)]
    items = ("- milk and butter and bread", "- apples and pears and some")
    assert texts(column(0.1, 0.1, *items)) == ["\n".join(items)]


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_turned_page_reads_the_same(turn: Turn) -> None:
    def turned(region: Region) -> Region:
        for _ in range(turn // 90):
            region = Region(1 - region.y - region.height, region.x, region.height, region.width)
        return region

    lines = column(0.1, 0.2, *LEFT) + column(0.45, 0.2, *RIGHT)
    expected = paragraphs_of(lines)
    found = paragraphs_of([TextLine(each.text, 1.0, turned(each.box), turn) for each in lines])
    assert [text for text, _ in found] == [text for text, _ in expected]
    for (_, place), (_, upright) in zip(found, expected, strict=True):
        there = turned(upright)
        assert (place.x, place.y, place.width, place.height) == pytest.approx(
            (there.x, there.y, there.width, there.height), abs=2e-4
        )


_fractions = st.floats(0, 1)
_lines = st.lists(
    st.builds(
        TextLine,
        st.text("ab -.", min_size=1, max_size=30),
        st.just(1.0),
        st.builds(Region, _fractions, _fractions, _fractions, _fractions),
        st.sampled_from([0, 90, 180, 270]),
    ),
    max_size=30,
)


@given(_lines)
def test_no_letter_is_lost_or_read_twice(lines: list[TextLine]) -> None:
    found = paragraphs_of(lines)
    letters = sorted(letter for each in lines for letter in each.text if letter in "ab")
    assert sorted(letter for text, _ in found for letter in text if letter in "ab") == letters
    assert all(0 <= region.x <= 1 and 0 <= region.y <= 1 for _, region in found)
