"""The rule for "[", apart from any model."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_rag.models.llama.markers import CLOSED, Brackets, MarkerMask

SINGLE = [bytes([byte]) for byte in b"0123456789[]ax ,."]
VOCABULARIES = st.lists(st.text("[]012 a", min_size=1, max_size=5).map(str.encode), max_size=30).map(
    lambda extra: [b"", *SINGLE, *extra]
)


def choices(mask: MarkerMask, state: bytes, size: int) -> set[int]:
    if state == CLOSED:
        return set(range(size)) - set(mask.forbidden().tolist())
    return set(mask.allowed(state).tolist())


@given(VOCABULARIES, st.integers(1, 130), st.data())
def test_whatever_is_chosen_every_bracket_is_a_marker(texts: list[bytes], markers: int, data: st.DataObject) -> None:
    mask = MarkerMask(Brackets(texts), markers)
    state, text = CLOSED, b""
    for _ in range(data.draw(st.integers(1, 30))):
        may = choices(mask, state, len(texts))
        token = data.draw(st.sampled_from(sorted(may)))
        after = mask.after(state, texts[token])
        assert after is not None
        state, text = after, text + texts[token]
    for _ in range(6):  # a marker that is open can always be completed
        if state == CLOSED:
            break
        token = min(choices(mask, state, len(texts)), key=lambda token: not texts[token].startswith(b"]"))
        after = mask.after(state, texts[token])
        assert after is not None
        state, text = after, text + texts[token]
    assert state == CLOSED
    rest = re.sub(rb"\[([1-9][0-9]*)\]", lambda found: b"" if int(found[1]) <= markers else found[0], text)
    assert b"[" not in rest


@given(VOCABULARIES, st.integers(1, 130))
def test_nothing_without_a_bracket_is_forbidden_outside(texts: list[bytes], markers: int) -> None:
    mask = MarkerMask(Brackets(texts), markers)
    assert all(b"[" in texts[token] for token in mask.forbidden().tolist())


@pytest.mark.parametrize(
    ("state", "text", "after"),
    [
        (CLOSED, b"yes [1", b"[1"),
        (CLOSED, b"[1]", CLOSED),
        (CLOSED, b"[1][2]. a", CLOSED),
        (CLOSED, b"[12].", CLOSED),
        (CLOSED, b"[13]", None),
        (CLOSED, b"[0]", None),
        (CLOSED, b"[01]", None),
        (CLOSED, b"[]", None),
        (CLOSED, b"[x]", None),
        (CLOSED, b"[1, 2]", None),
        (b"[1", b"2]", CLOSED),
        (b"[1", b"3]", None),
        (b"[1", b"] [", b"["),
        (b"[", b"[", None),
    ],
)
def test_states(state: bytes, text: bytes, after: bytes | None) -> None:
    assert MarkerMask(Brackets([]), 12).after(state, text) == after


def test_a_vocabulary_that_cannot_close_does_not_open() -> None:
    texts = [b"[", b"[1", b"[1]", b"1", b"a"]
    assert MarkerMask(Brackets(texts), 3).forbidden().tolist() == [0, 1]
