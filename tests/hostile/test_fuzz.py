"""Spoiled samples of every format: nothing comes out of the sandbox but well-formed events and stated problems."""

from __future__ import annotations

import os
from pathlib import Path

from desktop_rag.parsing.formats import FORMATS, suffix_of
from tests.hostile.fuzzing import case, fuzz, samples

_CASES = int(os.environ.get("DESKTOP_RAG_FUZZ_CASES", "300"))
_SEED = int(os.environ.get("DESKTOP_RAG_FUZZ_SEED", "0"))


def test_nothing_escapes() -> None:
    outcome = fuzz(_CASES, _SEED)
    assert outcome.cases == _CASES
    assert not outcome.escaped


def test_a_case_is_the_same_again() -> None:
    assert [case(1, number) for number in range(50)] == [case(1, number) for number in range(50)]
    assert case(1, 7) != case(2, 7)


def test_every_parser_is_fed() -> None:
    suffixes = {suffix_of(path.name) for path in samples()}
    assert {row.parser for row in FORMATS if row.parser and not suffixes.intersection(row.suffixes)} == set()


def test_a_case_is_spoiled() -> None:
    kept = [
        number for number in range(100) if case(0, number)[1] == Path(samples()[number % len(samples())]).read_bytes()
    ]
    assert len(kept) < 10
