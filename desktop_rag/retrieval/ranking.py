"""One score from keywords and meaning.

Both searches give candidates; each candidate is then scored by all evidence there is, wherever it was found:

* ``bm25``: Robertson's BM25 (k1 1.2, b 0.75), divided by the best candidate's, as in convex fusion
  (Bruch et al. 2022, https://arxiv.org/abs/2210.11934);
* ``cosine``: similarity of the question's and the chunk's vectors;
* ``coverage``: share of the question's words that the chunk or its context has, each weighed by its rarity;
* ``closeness``: the same within a window of ``WINDOW_WORDS`` words, for what answers a question stands together;
* ``pairs``: share of the question's neighbouring words that are neighbours in the chunk.

The weights are those of a softmax regression on 3,000 questions of 28 SQuAD articles; nothing was tuned on the articles
that the benchmark measures.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

from msgspec import Struct

from desktop_rag import language
from desktop_rag.storage.search import Corpus

WINDOW_WORDS = 20
_K1, _B = 1.2, 0.75


class FeatureWeights(Struct, frozen=True):
    """How much each feature counts; the score is the weighted mean, so between 0 and 1."""

    bm25: float = 1.0
    cosine: float = 2.5
    coverage: float = 0.85
    closeness: float = 1.3
    pairs: float = 1.3

    @property
    def total(self) -> float:
        return self.bm25 + self.cosine + self.coverage + self.closeness + self.pairs


WEIGHTS = FeatureWeights()


class MatchFeatures(Struct, frozen=True):
    """What speaks for a chunk; all but ``bm25`` are between 0 and 1."""

    bm25: float
    cosine: float
    coverage: float
    closeness: float
    pairs: float

    def score(self, best_bm25: float, weights: FeatureWeights = WEIGHTS) -> float:
        """The fused score, 0 to 1; ``best_bm25`` is the highest of all candidates."""
        mean = (
            weights.bm25 * (self.bm25 / best_bm25 if best_bm25 > 0 else 0.0)
            + weights.cosine * max(self.cosine, 0.0)
            + weights.coverage * self.coverage
            + weights.closeness * self.closeness
            + weights.pairs * self.pairs
        ) / weights.total
        return min(1.0, mean)


NO_FEATURES = MatchFeatures(0.0, 0.0, 0.0, 0.0, 0.0)


class Scorer:
    """Scores chunks against one question: ``stems`` are those of its words in order, ``terms`` some of them: those that
    carry meaning."""

    def __init__(
        self, stems: Sequence[str], terms: Sequence[str], frequencies: Mapping[str, int], corpus: Corpus
    ) -> None:
        self._corpus = corpus
        self._idf = {stem: inverse_frequency(frequencies.get(stem, 0), corpus.chunks) for stem in stems}
        self._terms = {stem: self._idf[stem] for stem in terms}
        self._total = sum(self._terms.values())
        pairs = dict.fromkeys(pairwise(stems))
        self._pairs = {pair: (self._idf[pair[0]] + self._idf[pair[1]]) / 2 for pair in pairs}
        self._pairs_total = sum(self._pairs.values())

    def features(self, text: str, context: str, words: int, cosine: float) -> MatchFeatures:
        """What speaks for a chunk of ``words`` words (context included)."""
        body, head = stems_of(text), stems_of(context)
        in_context = {stem for stem in head if stem in self._terms}
        hits = [(position, stem) for position, stem in enumerate(body) if stem in self._terms]
        counts = Counter(stem for _, stem in hits)
        counts.update(stem for stem in head if stem in self._terms)
        length = _K1 * (1 - _B + _B * words / self._corpus.mean_words)
        bm25 = sum(self._terms[stem] * count * (_K1 + 1) / (count + length) for stem, count in counts.items())
        if not self._total:
            return MatchFeatures(bm25, cosine, 0.0, 0.0, 0.0)
        coverage = sum(self._terms[stem] for stem in counts) / self._total
        return MatchFeatures(bm25, cosine, coverage, self._closeness(hits, in_context), self._pair_share(body))

    def _closeness(self, hits: Sequence[tuple[int, str]], in_context: set[str]) -> float:
        """The best window's share of the question; words of the context count for every window."""
        current = best = sum(self._terms[stem] for stem in in_context)
        inside: Counter[str] = Counter()
        first = 0
        for position, stem in hits:
            inside[stem] += 1
            if inside[stem] == 1 and stem not in in_context:
                current += self._terms[stem]
            while hits[first][0] < position - WINDOW_WORDS:
                leaving = hits[first][1]
                inside[leaving] -= 1
                if not inside[leaving] and leaving not in in_context:
                    current -= self._terms[leaving]
                first += 1
            best = max(best, current)
        return best / self._total

    def _pair_share(self, body: Sequence[str]) -> float:
        if not self._pairs_total:
            return 0.0
        found = {pair for pair in pairwise(body) if pair in self._pairs}
        return sum(self._pairs[pair] for pair in found) / self._pairs_total


def inverse_frequency(frequency: int, chunks: int) -> float:
    """BM25's weight of a word that ``frequency`` of ``chunks`` chunks have; never negative."""
    return math.log((chunks - frequency + 0.5) / (frequency + 0.5) + 1)


@lru_cache(maxsize=4096)
def stems_of(text: str) -> tuple[str, ...]:
    """The stems of a passage. Passages come back from question to question; 4,096 of them take a few MiB."""
    return tuple(language.stems(text))
