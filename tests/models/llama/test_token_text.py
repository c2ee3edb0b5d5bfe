"""What a person sees of a model's bytes, however they are cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_rag.models.llama.token_text import VisibleText


def shown(text: VisibleText, parts: list[bytes]) -> list[str]:
    return [piece for piece in [*map(text.feed, parts), text.end()] if piece]


def cut(data: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[begin:end] for begin, end in pairwise(ends)]


@given(st.text(), st.lists(st.integers(0, 1000)))
def test_pieces_are_whole_characters_and_add_up(text: str, places: list[int]) -> None:
    text = "a" + text
    assert "".join(shown(VisibleText(), cut(text.encode(), places))) == text


@given(st.text("abST", max_size=30), st.lists(st.integers(0, 100)))
def test_nothing_from_a_stop_string_on_is_shown(text: str, places: list[int]) -> None:
    visible = VisibleText(("STS", "bS"))
    expected = min((text.find(stop) for stop in ("STS", "bS") if stop in text), default=len(text))
    assert "".join(shown(visible, cut(text.encode(), places))) == text[:expected]
    assert visible.stopped == (expected < len(text))


@given(st.lists(st.integers(0, 100)))
def test_thoughts_are_left_out(places: list[int]) -> None:
    data = b" <think>\nHm, <b>\n</thin</think>\n\nParis is <think>."
    assert "".join(shown(VisibleText(), cut(data, places))) == "Paris is <think>."


def test_a_thought_that_the_prompt_began() -> None:
    assert shown(VisibleText(thinking=True), [b"so ", b"</thi", b"nk>", b"\n", b"Yes"]) == ["Yes"]


def test_a_thought_without_an_end_shows_nothing() -> None:
    assert shown(VisibleText(), [b"<think>", b"so it is"]) == []


def test_text_comes_as_soon_as_it_is_certain() -> None:
    text = VisibleText(("\nUser:",), markers=True)
    fed = [text.feed(part) for part in (b"Yes", b"\n", b"U", b"p [", b"1", b"] is", b" \xe2\x82", b"\xac")]
    assert fed == ["Yes", "", "", "\nUp ", "", "[1] is", " ", "€"]


@pytest.mark.parametrize(("data", "expected"), [(b"yes [1", "yes "), (b"yes [1]", "yes [1]"), (b"x [", "x ")])
def test_no_half_marker_at_the_end(data: bytes, expected: str) -> None:
    assert "".join(shown(VisibleText(markers=True), [data])) == expected
    assert "".join(shown(VisibleText(("END",), markers=True), [data, b"END more"])) == expected


def test_broken_bytes_become_replacements() -> None:
    assert "".join(shown(VisibleText(), [b"a\xff", b"\xc3"])) == "a��"
