"""The answer itself, marked in its sentence, where the reader sees one: "EUR 184.50"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from desktop_rag.answering.extract import QuotableText, trim
from desktop_rag.language import word_spans
from desktop_rag.languages import LANGUAGES, either
from desktop_rag.types import Reading

_SURE = -2.0
_CLEAR = 1.5
"""Score and lead of a reading from which it counts as an answer: it is at least an eighth as likely to stand there as
nowhere, and more than four times as likely as anywhere else in the passage. Where a passage answers, seven in ten
questions then get a short answer, with an F1 of 0.78; without these bounds all would, with 0.70."""
_RIVAL = 3.0
"""How much less sure than the best a different answer may be to be worth telling: about a twentieth as likely."""
_MOST = 3
"""Places that are cited."""
_LOOKED_AT = 8
_ALIKE = 0.5
_ARTICLES = frozenset(word for one in LANGUAGES for word in one.answers.articles.split())
_AND = either(lambda one: one.filters.and_or.partition("|")[0])

_YES_OR_NO = re.compile(rf"\W*{either(lambda one: one.answers.yes_or_no)}\b", re.IGNORECASE)
_SEVERAL = re.compile(
    rf"\b{either(lambda one: one.answers.several)}"
    rf"|\b(?:{_AND}|,)\s+{either(lambda one: one.dialogue.question_words)}",
    re.IGNORECASE,
)


class MarkedAnswer(Struct, frozen=True):
    """An answer in source number ``source``: its sentence from ``begin`` to ``end``, and where in ``quote``, the
    sentence, the answer stands."""

    source: int
    begin: int
    end: int
    quote: str
    answer: tuple[int, int]
    reading: Reading

    @property
    def text(self) -> str:
        return " ".join(self.quote[self.answer[0] : self.answer[1]].split())


class DirectAnswer(Struct, frozen=True):
    """What answers, ``best`` first; ``agreeing`` places say the same, ``rivals`` something else that may be meant."""

    best: MarkedAnswer
    agreeing: tuple[MarkedAnswer, ...]
    rivals: tuple[MarkedAnswer, ...]


def has_short_answer(question: str) -> bool:
    """Whether a few words can answer: not a question for yes or no, nor for several things, nor for an account."""
    return not _YES_OR_NO.match(question) and not _SEVERAL.search(question)


def direct_answer(sources: Sequence[QuotableText], readings: Sequence[Reading | None]) -> DirectAnswer | None:
    """The answer among ``sources``, best first, by what the reader says of each: that of the first which answers. None
    where none does, or where that one may as well mean something else, or is rows of a table (which the reader has not
    learnt to read)."""
    answering = [
        _marked(number, sources[number], reading)
        for number, reading in enumerate(readings[:_LOOKED_AT])
        if reading is not None and reading.end > reading.begin and reading.score >= _SURE
    ]
    if not answering or answering[0].reading.lead < _CLEAR or sources[answering[0].source].rows:
        return None
    best = answering[0]
    agreeing: list[MarkedAnswer] = []
    rivals: list[MarkedAnswer] = []
    for other in sorted(answering[1:], key=lambda one: -one.reading.score):
        if same_answer(best.text, other.text):
            agreeing.append(other)
        elif (
            other.reading.score > best.reading.score - _RIVAL
            and other.reading.lead >= _CLEAR
            and not any(same_answer(other.text, rival.text) for rival in rivals)
        ):
            rivals.append(other)
    return DirectAnswer(best, tuple(agreeing[: _MOST - 1]), tuple(rivals[: _MOST - 1]))


def same_answer(one: str, other: str) -> bool:
    """Whether two answers say the same: the same figures, and mostly the same words."""
    first, second = _said(one), _said(other)
    if {word for word in first if word.isdigit()} != {word for word in second if word.isdigit()}:
        return False
    return bool(first & second) and len(first & second) >= _ALIKE * max(1, min(len(first), len(second)))


def _said(text: str) -> set[str]:
    words = {text[begin:end].casefold() for begin, end in word_spans(text)}
    return words - _ARTICLES or words


def _marked(number: int, source: QuotableText, reading: Reading) -> MarkedAnswer:
    touched = [(begin, end) for begin, end in source.spans() if begin < reading.end and end > reading.begin]
    begin = min([reading.begin, *(first for first, _ in touched)])
    end = max([reading.end, *(last for _, last in touched)])
    begin, end = trim(source.text, begin, end, reading.begin)
    answer = (reading.begin - begin, min(reading.end, end) - begin)
    return MarkedAnswer(number, begin, end, source.text[begin:end], answer, reading)
