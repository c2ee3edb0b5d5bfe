"""Does a passage say what a sentence of an answer says?

No model judges here; four features do, and a logistic regression weighs them: how close in meaning the nearest
sentence of the passages is, how many of the claim's words stand there and beside it, how many anywhere in the passages,
and how many of its numbers, dates and names. A fact that no cited passage shows makes the sentence weak at best,
whatever else speaks for it: a sentence with one figure changed is otherwise as close as the true one. Of a claim in
another language than its passages only the facts can be compared: with all of them there it is weak.

Where the reader is sure of the answer in a cited passage, a claim that restates the question and gives another answer
is weak, and one that gives this answer is supported.

``tests/benchmarks/checking.py`` measures it; see ``_WEIGHTS``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from desktop_rag.answering.extract import QuotableText
from desktop_rag.answering.facts import FactIndex, facts, unseen
from desktop_rag.language import stem, stems, words
from desktop_rag.languages import either, function_words, guess_language
from desktop_rag.retrieval.analysis import AnalyzedText
from desktop_rag.types import Support

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SUPPORTED = 0.5
WEAK = 0.2
_COMPARED = 6
"""Sentences of the passages whose meaning is compared with a claim: those with most of its words."""
_TRIED = 3
"""Passages compared with a claim that names none: those with most of its words."""
_FEW_WORDS = 4
"""A claim of fewer ("Paris.") is compared together with its question."""
_ADDS = 0.15
"""Share of the claim's words from which the sentence beside the best one is quoted with it."""
_LONGEST = 600
_RESTATED = 0.6
"""Share of the question's words from which a claim is meant as its answer."""
_SAID = 0.5
"""Share of an answer's words that a claim must have to give it; or the answer, of those that the claim adds to the
question."""

_PLEASANTRY = re.compile(rf"{either(lambda one: one.answers.pleasantries)}\b", re.IGNORECASE)
_IGNORANCE = re.compile(either(lambda one: one.answers.ignorance), re.IGNORECASE | re.DOTALL)


class QuotedSpan(Struct, frozen=True):
    """Characters ``begin`` to ``end`` of passage number ``passage`` (from 0), which bear a claim best."""

    passage: int
    begin: int
    end: int


class ClaimVerdict(Struct, frozen=True):
    """What was found out about a claim. ``quotes`` has one for each passage it was compared with, in their order."""

    support: Support
    score: float = 0.0
    unseen: tuple[str, ...] = ()
    quotes: tuple[QuotedSpan, ...] = ()


class ClaimFeatures(Struct, frozen=True):
    """What speaks for a claim, each 0 to 1. ``facts`` is 1 where there is none to look for."""

    cosine: float
    near: float
    wide: float
    facts: float


# Logistic regression on 1,805 claims made of questions and answers of one half of SQuAD's training articles. Of the
# claims about the other half, supported / weak / unsupported in %: true ones 88/11/1; said of another passage of the
# article 1/12/88; with a digit changed 1/88/11; with a name changed 2/71/27; with another answer, often in words that
# stand somewhere in the passage, 21/54/25.
_BIAS = -10.37
_WEIGHTS = ClaimFeatures(cosine=2.65, near=2.99, wide=1.67, facts=6.84)


def score(features: ClaimFeatures) -> float:
    """Probability that the passages say it."""
    names = ClaimFeatures.__struct_fields__
    return 1 / (1 + math.exp(-_BIAS - sum(getattr(_WEIGHTS, name) * getattr(features, name) for name in names)))


def claims_nothing(sentence: str) -> bool:
    """Whether there is nothing to check in a sentence: a question, a heading, a pleasantry, an empty phrase."""
    if sentence.rstrip().endswith((":", "?")) or _PLEASANTRY.match(sentence.lstrip(" *-#")):
        return True
    return not _content(sentence)


def admits_ignorance(sentence: str) -> bool:
    """Whether a sentence says that the passages do not answer."""
    return _IGNORANCE.search(sentence) is not None


class _PassageSentence(Struct, frozen=True):
    """A sentence of a passage."""

    passage: int
    begin: int
    end: int
    text: str
    stems: frozenset[str]


class ClaimChecker:
    """Compares claims with ``passages``; ``embed`` gives unit vectors [n, dim]. ``asked`` is the question, ``answers``
    what the reader takes for its answer in each passage, "" where it is not sure."""

    def __init__(
        self,
        asked: AnalyzedText,
        passages: Sequence[QuotableText],
        embed: Callable[[Sequence[str]], NDArray[np.float32]],
        answers: Sequence[str] = (),
    ) -> None:
        self._asked = asked
        self._answers = dict(enumerate(answers))
        self._embed = embed
        self._passages = passages
        self._parts = [_parts(number, passage) for number, passage in enumerate(passages)]
        self._about = [frozenset(stems(passage.context)) for passage in passages]
        self._evidence: dict[tuple[int, ...], FactIndex] = {}
        self._known: dict[str, NDArray[np.float32]] = {}

    def check(self, claim: str, cited: Sequence[int]) -> ClaimVerdict:
        """Whether the passages ``cited`` (numbers from 0), taken together, say ``claim``."""
        if claims_nothing(claim):
            return ClaimVerdict("none")
        if not cited:
            return ClaimVerdict("unsupported", unseen=self._missing(claim, range(len(self._passages))))
        missing = self._missing(claim, cited)
        features = self.features(claim, cited)
        certainty = score(features)
        support: Support = "supported" if certainty >= SUPPORTED else "weak" if certainty >= WEAK else "unsupported"
        if missing:  # a sum of what stands there, or an invention: the person is told which fact it is
            support = "weak" if score(replace(features, facts=1.0)) >= SUPPORTED else "unsupported"
        elif support == "unsupported" and self._is_foreign(claim, cited):
            support = "weak"
        agrees = None if missing else self._agrees(claim, cited)
        if support == "supported" and agrees is False:
            support = "weak"
        elif support == "weak" and agrees:
            support = "supported"
        quotes = tuple(self._quote(claim, number) for number in cited if self._parts[number])
        return ClaimVerdict(support, certainty, missing, quotes)

    def find(self, claim: str) -> ClaimVerdict:
        """Whether one of the passages clearly says ``claim``, which names none; its quote then tells which."""
        if claims_nothing(claim):
            return ClaimVerdict("none")
        asked = _content(claim)
        ranked = sorted(range(len(self._passages)), key=lambda number: -self._wide(asked, (number,)))
        tried = (self.check(claim, (number,)) for number in ranked[:_TRIED])
        clear = [verdict for verdict in tried if verdict.support == "supported"]
        return max(clear, key=lambda verdict: verdict.score) if clear else self.check(claim, ())

    def features(self, claim: str, cited: Sequence[int]) -> ClaimFeatures:
        """What in the passages ``cited`` speaks for ``claim``."""
        asked = _content(claim)
        found = facts(claim, guess_language(claim))
        missing = self._missing(claim, cited)
        parts = self._nearest(asked, cited)
        cosines = self._cosines(claim, parts)
        near = max((self._near(asked, part) for part in parts), default=0.0)
        return ClaimFeatures(
            cosine=max(0.0, *cosines) if cosines else 0.0,
            near=near,
            wide=self._wide(asked, cited),
            facts=1 - len(missing) / len(found) if found else 1.0,
        )

    def _agrees(self, claim: str, cited: Sequence[int]) -> bool | None:
        """Whether a claim that is meant as the answer gives one that the reader sees; None if that cannot be said."""
        seen = [self._answers[number] for number in cited if self._answers.get(number)]
        asked, said = self._asked.telling_stems, frozenset(stems(claim))
        if not seen or len(asked & said) < _RESTATED * len(asked):
            return None
        return any(_gives(said, _content(claim) - asked, _content(answer)) for answer in seen)

    def _is_foreign(self, claim: str, cited: Sequence[int]) -> bool:
        """Whether a claim is in another language than the passages, so that its words and meaning say little."""
        language = guess_language(claim)
        there = guess_language(" ".join(self._passages[number].text for number in cited))
        return bool(language and there and language != there)

    def _missing(self, claim: str, cited: Sequence[int]) -> tuple[str, ...]:
        key = tuple(cited)
        if key not in self._evidence:
            shown = [self._passages[number] for number in key]
            self._evidence[key] = FactIndex(text for passage in shown for text in (passage.context, passage.text))
        return unseen(facts(claim, guess_language(claim)), self._evidence[key])

    def _nearest(self, asked: frozenset[str], cited: Sequence[int]) -> list[_PassageSentence]:
        """The sentences with most of the words; of two with as many the shorter."""
        parts = [part for number in cited for part in self._parts[number]]
        return sorted(parts, key=lambda part: (-len(asked & part.stems), len(part.text)))[:_COMPARED]

    def _cosines(self, claim: str, parts: Sequence[_PassageSentence]) -> list[float]:
        text = claim if len(words(claim)) >= _FEW_WORDS else f"{self._asked.text} {claim}"
        texts = [text, *(part.text for part in parts)]
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known.update(zip(new, self._embed(new), strict=True))
        vector = self._known[text]
        return [float(self._known[part.text] @ vector) for part in parts]

    def _near(self, asked: frozenset[str], part: _PassageSentence) -> float:
        """Share of the words in a sentence, in those beside it, and in what is known of its passage."""
        siblings = self._parts[part.passage]
        place = siblings.index(part)
        seen = self._about[part.passage].union(*(other.stems for other in siblings[max(0, place - 1) : place + 2]))
        return len(asked & seen) / max(1, len(asked))

    def _wide(self, asked: frozenset[str], cited: Sequence[int]) -> float:
        seen = frozenset[str]().union(*(self._about[number] for number in cited))
        seen = seen.union(*(part.stems for number in cited for part in self._parts[number]))
        return len(asked & seen) / max(1, len(asked))

    def _quote(self, claim: str, number: int) -> QuotedSpan:
        """The sentence that bears the claim best, with the one beside it if that has more of the claim's words."""
        asked = _content(claim)
        parts = self._nearest(asked, (number,))
        cosines = self._cosines(claim, parts)
        ranks = [
            cosine + len(asked & part.stems) / max(1, len(asked)) for part, cosine in zip(parts, cosines, strict=True)
        ]
        best = parts[ranks.index(max(ranks))]
        siblings = self._parts[number]
        place = siblings.index(best)
        beside = [*siblings[max(0, place - 1) : place], *siblings[place + 1 : place + 2]]
        for other in sorted(beside, key=lambda part: -len(asked & part.stems - best.stems)):
            begin, end = min(best.begin, other.begin), max(best.end, other.end)
            if len(asked & other.stems - best.stems) >= _ADDS * len(asked) and end - begin <= _LONGEST:
                return QuotedSpan(number, begin, end)
            break
        return QuotedSpan(number, best.begin, best.end)


def _parts(number: int, passage: QuotableText) -> list[_PassageSentence]:
    return [
        _PassageSentence(number, begin, end, passage.text[begin:end], frozenset(stems(passage.text[begin:end])))
        for begin, end in passage.spans()
    ]


def _gives(said: frozenset[str], added: frozenset[str], answer: frozenset[str]) -> bool:
    """Whether a claim gives an answer, or a part of a longer one. All are stems; ``added`` those that the question does
    not have."""
    figures = {word for word in answer if word.isdigit()}
    if figures <= said and len(answer & said) >= _SAID * len(answer):
        return True
    return bool(added) and len(answer & added) >= _SAID * len(added)


def _content(text: str) -> frozenset[str]:
    """The stems of the words that say what a sentence is about; of one that has no others, of all."""
    function = function_words(guess_language(text))
    return frozenset(stem(word) for word in words(text) if word.lower() not in function)
