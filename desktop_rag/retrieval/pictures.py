"""Pictures by what they show, scored so that they can stand in one list with passages of text.

A question in words: the score is the probability that the question, rather than one of the ``CAPTIONS`` of everyday
captions, describes the picture. That is zero-shot classification, as image models are trained for it and with the scale
that each has learned (Radford et al. 2021, https://arxiv.org/abs/2103.00020, section 3.1.2); it does not depend on how
many pictures of a kind there are. Some pictures are near to whatever is said: the ``DISTRACTORS``, texts that no
picture shows, take that from them (after the query bank of Bogolin et al. 2022, https://arxiv.org/abs/2112.12777).
``as_passage`` then gives it the score at which a passage of text is as likely to be what was looked for.

A picture as the question: its similarity to the others, of which that to most of the library counts as none.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from desktop_rag.retrieval.dense import DenseSearch
from desktop_rag.retrieval.query_bank import CAPTIONS, DISTRACTORS
from desktop_rag.storage.search import Allowed, CatalogSearch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CANDIDATES = 60
_LEAST = 0.03
"""Pictures that fit worse are not worth showing."""
_SLOPE, _MIDDLE = 15.2, 0.614
"""Of the logistic regression of a passage's being right on its score (see ``as_passage``)."""


class PictureQueryEncoder(Protocol):
    """The image model in use. Both methods raise ``ModelError``."""

    @property
    def ready(self) -> bool:
        """Whether it is in memory."""
        ...

    def get_ready(self) -> None:
        """Have it loaded in the background, where somebody is likely to ask again soon."""
        ...

    def embed_texts(self, texts: Sequence[str]) -> tuple[NDArray[np.float32], float]:
        """Unit vectors [n, dim] in the space of the pictures, and the scale by which cosines become log-odds."""
        ...


class PictureSearch:
    """The pictures of one library in the space of one image model."""

    def __init__(self, catalog: CatalogSearch, dense: DenseSearch, encoder: PictureQueryEncoder) -> None:
        self._catalog = catalog
        self._dense = dense
        self._encoder = encoder
        self._guard = threading.Lock()
        self._bank: tuple[NDArray[np.float32], float] | None = None

    @property
    def ready(self) -> bool:
        """Whether a search would not have to wait for the model."""
        return self.empty or self._encoder.ready

    def get_ready(self) -> None:
        """Have the model loaded for the next question."""
        self._encoder.get_ready()

    @property
    def empty(self) -> bool:
        return not self._catalog.vector_count()

    def by_words(self, text: str, allowed: Allowed | None = None) -> list[tuple[int, float]]:
        """The pictures that a text describes: (chunk id, score 0 to 1), best first. Raises ``ModelError``."""
        import numpy as np

        if self.empty:
            return []
        bank, scale = self._bank_vectors()
        vector = self._encoder.embed_texts([text])[0][0]
        found = self._dense.nearest(vector, CANDIDATES, allowed)
        ids, vectors = self._vectors([number for number, _ in found])
        if not len(ids):
            return []
        own = scale * (vectors @ vector)
        others = scale * (vectors @ bank.T)
        most = np.maximum(own, others.max(axis=1))
        share = np.exp(own - most) / (np.exp(own - most) + np.exp(others - most[:, None]).sum(axis=1))
        scored = zip(ids, share, strict=True)
        return sorted(
            ((int(number), as_passage(float(fit))) for number, fit in scored if fit >= _LEAST),
            key=lambda item: (-item[1], item[0]),
        )

    def by_picture(self, vector: NDArray[np.float32], allowed: Allowed | None = None) -> list[tuple[int, float]]:
        """The pictures like one with this unit vector [dim]: (chunk id, score 0 to 1), best first."""
        found = self._dense.nearest(vector, CANDIDATES, allowed)
        usual = min(self._dense.usual(vector), 0.99)  # a library of one and the same picture
        scored = ((number, (cosine - usual) / (1.0 - usual)) for number, cosine in found)
        return [(number, min(1.0, score)) for number, score in scored if score > _LEAST]

    def _bank_vectors(self) -> tuple[NDArray[np.float32], float]:
        with self._guard:
            if self._bank is None:
                self._bank = self._encoder.embed_texts((*CAPTIONS, *DISTRACTORS))
            return self._bank

    def _vectors(self, ids: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        numbers, halves = self._catalog.vectors(ids)
        return numbers, halves.astype("float32")


def as_passage(probability: float) -> float:
    """The score at which a passage of text is right with this probability.

    The relation was measured for hybrid search: logistic regression of being the right passage on the score, for the
    first five passages of 1,200 questions of SQuAD's training articles, a third of which were left out of the library.
    """
    odds = math.log(max(probability, 1e-6) / max(1.0 - probability, 1e-6))
    return min(1.0, max(0.0, _MIDDLE + odds / _SLOPE))
