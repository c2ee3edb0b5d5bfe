"""How well an answer fits the expected ones, as SQuAD's own script has it (Rajpurkar et al. 2016,
https://arxiv.org/abs/1606.05250): without articles, punctuation and case."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Sequence


def exact(answer: str, expected: Sequence[str]) -> float:
    """1.0 if it is one of the expected answers, else 0.0."""
    return float(any(_normal(answer) == _normal(one) for one in expected))


def f1(answer: str, expected: Sequence[str]) -> float:
    """The best overlap in words with one of the expected answers: the harmonic mean of precision and recall."""
    return max((_overlap(_normal(answer).split(), _normal(one).split()) for one in expected), default=0.0)


def _overlap(said: list[str], wanted: list[str]) -> float:
    shared = sum((Counter(said) & Counter(wanted)).values())
    if not shared:
        return float(said == wanted)
    precision, recall = shared / len(said), shared / len(wanted)
    return 2 * precision * recall / (precision + recall)


def _normal(text: str) -> str:
    plain = "".join(character for character in text.lower() if character not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", plain).split())
