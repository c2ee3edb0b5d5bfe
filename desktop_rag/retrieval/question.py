"""A person's question, understood once: the text to search for and its words, phrases that must match, and filters.

Operators (``type:pdf from:"Anna Berg" after:2024``) are always obeyed. Filters in plain words are guessed by
``phrases`` and can be taken back: ``AnalyzedQuestion.fallback`` is the same question without the guess.
"""

from __future__ import annotations

import re
from datetime import datetime

from msgspec import Struct, structs

from desktop_rag.errors import QueryError
from desktop_rag.language import words
from desktop_rag.messages import say
from desktop_rag.retrieval.analysis import AnalyzedText, analyze_text, valid
from desktop_rag.retrieval.filters import OPERATORS, Filters, read_filters
from desktop_rag.retrieval.phrases import guess_filters

_QUOTED = r'(?<!\w)(?:"(?P<straight>[^"]+)"|“(?P<curly>[^”“]+)[”“]|„(?P<low>[^“”„]+)[“”])(?!\w)'
_VALUE = r'(?:"[^"]*"|[^\s,"]+)'
_PARTS = re.compile(
    rf"(?<!\S)(?P<name>{'|'.join(OPERATORS)}):(?P<values>{_VALUE}(?:,{_VALUE})*),?(?!\S)|{_QUOTED}", re.IGNORECASE
)
_HOLE = "\ue000"
"""Stands for a quoted phrase while the words around it are read; of the characters that mean nothing by themselves."""

_SENTENCE_WORDS = 6
"""Words around a quotation that make it a question which quotes, not a search for the quotation."""


class AnalyzedQuestion(Struct, frozen=True):
    """A question as it was understood.

    ``sought`` is what to embed and to look for, without operators and the words of filters; with no words in it: list
    what the filters admit, newest first. ``phrases`` are the quoted parts, which must match exactly (they stand in
    ``sought`` too, without quotes), ``phrase_words`` the words of each. ``understood`` says the filters in words, to be
    shown. ``fallback`` is the question to try when this one finds nothing: without the filters guessed from plain
    words, or without quotes around what a whole sentence quotes. ``now`` is when and in which time zone it was asked.
    """

    asked: AnalyzedText
    """The question as it was put, filters included."""
    sought: AnalyzedText
    now: datetime
    phrases: tuple[str, ...] = ()
    phrase_words: tuple[tuple[str, ...], ...] = ()
    filters: Filters = Filters()
    understood: tuple[str, ...] = ()
    fallback: AnalyzedQuestion | None = None

    @property
    def original(self) -> str:
        return self.asked.text

    @property
    def text(self) -> str:
        return self.sought.text

    @property
    def guessed(self) -> bool:
        """Whether some filter was taken from plain words rather than from an operator or option."""
        return self.fallback is not None and self.fallback.filters != self.filters

    def with_text(self, text: str) -> AnalyzedQuestion:
        """The same filters for another text."""
        return structs.replace(self, sought=analyze_text(text))


def analyze(question: str, *, now: datetime, options: Filters = Filters()) -> AnalyzedQuestion:  # noqa: B008 (immutable)
    """Understand a question. ``now`` should have a time zone; without one the system's is taken.

    ``options`` are filters given beside the question; they add to its operators. Raises ``QueryError`` for an operator
    whose value cannot be understood.
    """
    question = valid(question)
    operators: list[tuple[str, str]] = []
    phrases: list[str] = []

    def take(match: re.Match[str]) -> str:
        if match["name"]:
            values = re.findall(_VALUE, match["values"])
            operators.extend((match["name"].lower(), value.strip('"')) for value in values)
            return " "
        phrase = (match["straight"] or match["curly"] or match["low"]).strip()
        phrases.extend([phrase] if phrase else [])
        return _HOLE if phrase else ""

    holed = " ".join(_PARTS.sub(take, question.replace(_HOLE, " ")).split())
    given = read_filters(operators, now=now) | options
    if not given.is_possible:
        raise QueryError(say("retrieval.dates-exclude-each-other"), say("retrieval.remove-one-them"))
    text = _fill(holed, phrases)
    asked = analyze_text(question)
    plain = AnalyzedQuestion(
        asked,
        asked if question == text else analyze_text(text),
        now,
        tuple(phrases),
        tuple(tuple(words(phrase)) for phrase in phrases),
        given,
        given.describe(),
    )
    if phrases and (holed.endswith("?") or len(re.findall(r"\w+", holed)) >= _SENTENCE_WORDS):
        plain = structs.replace(plain, fallback=structs.replace(plain, phrases=(), phrase_words=()))
    guess = guess_filters(holed, now=now, given=given)
    if guess is None:
        return plain
    filters = given | guess.filters
    left = _fill(guess.text, phrases)
    return structs.replace(
        plain,
        sought=plain.sought if left == text else analyze_text(left),
        filters=filters,
        understood=filters.describe(),
        fallback=plain,
    )


def _fill(text: str, phrases: list[str]) -> str:
    pieces = text.split(_HOLE)
    return "".join(piece + phrase for piece, phrase in zip(pieces, [*phrases, ""], strict=True))
