"""A parsed question -> hits: both searches side by side, one ranking, readable passages."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from msgspec.structs import replace

from desktop_rag.errors import ModelError
from desktop_rag.language import stem
from desktop_rag.retrieval.analysis import AnalyzedText
from desktop_rag.retrieval.dense import DenseSearch
from desktop_rag.retrieval.keyword import expressions, quoted
from desktop_rag.retrieval.passages import RankedChunk, RetrievedPassage, readable
from desktop_rag.retrieval.pictures import PictureSearch
from desktop_rag.retrieval.question import AnalyzedQuestion
from desktop_rag.retrieval.ranking import NO_FEATURES, MatchFeatures, Scorer, inverse_frequency, stems_of
from desktop_rag.retrieval.reranking import PassageReader, can_rerank, rerank
from desktop_rag.retrieval.terms import has_content
from desktop_rag.storage.search import Allowed, Candidate, CatalogSearch

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from desktop_rag.models.embedder import Embedder

Mode = Literal["hybrid", "keyword", "dense", "typing"]
_BEGINNING = 2
"""Letters of a word that tell anything of how it goes on."""
_COMPLETIONS = 12

CANDIDATES = 40
"""Chunks taken from each search."""
_ANSWERED = 0.6
"""Score of a passage that is as likely as not to be the right one (see ``pictures.as_passage``)."""
_ROLE_WEIGHT = {"quoted": 0.9, "signature": 0.7}
"""What somebody else said, or a signature, counts a little less than the author's own words."""


class RetrievalResult(Struct, frozen=True):
    """Passages, best first, and the query that found them (the fallback, if a guessed filter matched nothing)."""

    passages: tuple[RetrievedPassage, ...]
    query: AnalyzedQuestion

    @property
    def features(self) -> MatchFeatures | None:
        """What speaks for the best passage; None where nothing was compared (only filters were given)."""
        return self.passages[0].best.features if self.passages and self.query.sought.words else None


class Retriever:
    """Searches one library. ``pictures`` gives the search for pictures by what they show, None without an image
    model; ``reader`` reads what comes first.

    The weights of ``ranking`` were fitted with the bundled embedder, whose cosines of unrelated texts are about 0. With
    ``rescale`` those of another one are stretched so that what any passage has counts as 0, too.
    """

    def __init__(
        self,
        catalog: CatalogSearch,
        dense: DenseSearch,
        embedder: Embedder,
        pictures: Callable[[], PictureSearch | None] = lambda: None,
        *,
        reader: PassageReader | None = None,
        rescale: bool = False,
    ) -> None:
        self._catalog = catalog
        self._dense = dense
        self._embedder = embedder
        self._pictures = pictures
        self._reader = reader
        self._rescale = rescale
        self._side = ThreadPoolExecutor(1, thread_name_prefix="dense")

    def close(self) -> None:
        self._side.shutdown()

    def search(
        self,
        query: AnalyzedQuestion,
        *,
        limit: int,
        mode: Mode = "hybrid",
        per_document: int = 3,
        picture: NDArray[np.float32] | None = None,
        without: int | None = None,
        read: bool = True,
    ) -> RetrievalResult:
        """At most ``limit`` passages, at most ``per_document`` of one document. ``picture`` [dim] is the unit vector of
        one that is searched for as well as the text; the file whose document is ``without`` is left out. With ``read``
        the first passages of a hybrid search are read, if there is a reader, and those that answer put first."""
        ranked: list[RankedChunk] = []
        asked: AnalyzedQuestion | None = query
        while asked is not None and not ranked:
            query, asked = asked, asked.fallback
            ranked = [item for item in self.rank(query, mode, picture, read=read) if item.candidate.top_id != without]
        looks = self._catalog.looks([item.candidate.id for item in ranked])
        return RetrievalResult(tuple(readable(ranked, limit, per_document, looks)), query)

    def rank(
        self,
        query: AnalyzedQuestion,
        mode: Mode = "hybrid",
        picture: NDArray[np.float32] | None = None,
        *,
        read: bool = True,
    ) -> list[RankedChunk]:
        """All candidates, best first."""
        allowed = self._allowed(query)
        if allowed is not None and allowed.nothing:
            return []
        if query.sought.words:
            ranked = self._rank_text(query.sought, mode, allowed)
            if read and mode == "hybrid":
                ranked = self._read(query.sought, ranked)
        else:
            ranked = [] if allowed is None or picture is not None else self._listed(query)
        return self._with_pictures(ranked, self._seen(query, mode, picture, allowed, ranked))

    def _seen(
        self,
        query: AnalyzedQuestion,
        mode: Mode,
        picture: NDArray[np.float32] | None,
        allowed: Allowed | None,
        ranked: Sequence[RankedChunk],
    ) -> list[tuple[int, float]]:
        """Pictures by what they show: (chunk id, score), best first. A question that text answers well does not wait
        for the image model to be loaded, unless it asks for pictures."""
        search = self._pictures()
        if search is None or mode in ("keyword", "typing"):
            return []
        if picture is not None:
            return search.by_picture(picture, allowed)
        if not query.sought.words or query.sought.exact:  # a number or a code is not to be seen
            return []
        answered = bool(ranked) and ranked[0].score > _ANSWERED and "image" not in query.filters.types
        if answered and not search.ready:
            search.get_ready()
            return []
        try:
            return search.by_words(query.text, allowed)
        except ModelError as error:
            logging.getLogger("desktop_rag").warning("Pictures were not searched: %s", error.message)
            return []

    def _with_pictures(self, ranked: list[RankedChunk], seen: Sequence[tuple[int, float]]) -> list[RankedChunk]:
        """One list: a picture that is found by its description, too, has the better of both scores."""
        if not seen:
            return ranked
        places = {number: (rank, score) for rank, (number, score) in enumerate(seen, 1)}
        merged = [
            item
            if item.candidate.id not in places
            else replace(
                item,
                score=max(item.score, places[item.candidate.id][1]),
                picture_rank=places[item.candidate.id][0],
                picture_score=places[item.candidate.id][1],
            )
            for item in ranked
        ]
        found = {item.candidate.id for item in ranked}
        others = self._catalog.candidates(number for number in places if number not in found)
        merged += [
            RankedChunk(candidate, places[number][1], NO_FEATURES, None, None, *places[number])
            for number, candidate in others.items()
        ]
        return sorted(merged, key=lambda item: (-item.score, item.candidate.id))

    def _read(self, sought: AnalyzedText, ranked: list[RankedChunk]) -> list[RankedChunk]:
        if self._reader is None or not can_rerank(sought.language):
            return ranked
        # Among scores of exact strings (see ``_adjusted``), the search's judgement lies within a half.
        spread = 2.0 if sought.exact else 1.0
        try:
            return rerank(sought.text, ranked, self._reader, spread=spread)
        except ModelError as error:
            logging.getLogger("desktop_rag").warning("Passages were not read: %s", error.message)
            return ranked

    def _rank_text(self, sought: AnalyzedText, mode: Mode, allowed: Allowed | None) -> list[RankedChunk]:
        if mode in ("keyword", "typing"):
            return self._alone(self._keyword(sought, allowed, begun=mode == "typing"), "keyword")
        if mode == "dense":
            return self._alone(self._nearest(sought.text, allowed)[1], "dense")
        # The model and Chroma let go of the interpreter, and so does SQLite: the two searches do run side by side.
        dense = self._side.submit(self._nearest, sought.text, allowed)
        keyword = self._keyword(sought, allowed)
        vector, nearest = dense.result()
        return self._fuse(sought, vector, keyword, nearest)

    def term_weights(self, sought: AnalyzedText) -> dict[str, float]:
        """The stems of a text that carry meaning, and how much each tells in this library."""
        frequencies = self._catalog.frequencies(sought.term_stems)
        chunks = self._catalog.corpus().chunks
        return {term: inverse_frequency(frequencies[term], chunks) for term in sought.term_stems}

    def _allowed(self, query: AnalyzedQuestion) -> Allowed | None:
        """What filters and quoted phrases admit; None for everything."""
        phrases = " AND ".join(quoted(words) for words in query.phrase_words if words)
        if query.filters.is_empty and not phrases:
            return None
        return self._catalog.allowed(query.filters, phrases)

    def _listed(self, query: AnalyzedQuestion) -> list[RankedChunk]:
        """Nothing but filters: what they admit, newest first."""
        ids = self._catalog.first_chunks(self._catalog.allowed_documents(query.filters)[:1000])
        candidates = self._catalog.candidates(ids)
        return [RankedChunk(candidates[number], 1.0, NO_FEATURES, None, None) for number in ids if number in candidates]

    def _nearest(self, text: str, allowed: Allowed | None) -> tuple[NDArray[np.float32], list[tuple[int, float]]]:
        vector = self._embedder.embed_question(text)
        return vector, self._dense.nearest(vector, CANDIDATES, allowed)

    def _keyword(
        self, sought: AnalyzedText, allowed: Allowed | None, *, begun: bool = False
    ) -> list[tuple[int, float]]:
        """Chunks by the words of a text, and with ``begun`` by those that its last word may become."""
        terms = self._counted(sought.terms, sought.term_stems)
        endings: dict[str, int] = {}
        if begun and len(sought.unfinished) >= _BEGINNING:
            likely = self._catalog.completions(sought.unfinished, _COMPLETIONS)
            likely = [ending for ending in likely if has_content(ending)]
            endings = self._counted(likely, [stem(ending) for ending in likely])
        found: dict[int, float] = {}
        for expression in expressions(terms, sought.exact_phrases, endings):
            for number, score in self._catalog.keyword(expression, CANDIDATES, allowed):
                found.setdefault(number, score)
        return list(found.items())

    def _counted(self, words: Sequence[str], stems: Sequence[str]) -> dict[str, int]:
        """In how many chunks each word occurs."""
        frequencies = self._catalog.frequencies(stems)
        return {word: frequencies[stem] for word, stem in zip(words, stems, strict=True)}

    def _alone(self, found: Sequence[tuple[int, float]], mode: Mode) -> list[RankedChunk]:
        """The order of one search by itself."""
        candidates = self._catalog.candidates(number for number, _ in found)
        best = max((score for _, score in found), default=1.0) if mode == "keyword" else 1.0
        return [
            RankedChunk(
                candidates[number],
                max(0.0, score / best),
                replace(NO_FEATURES, **{"bm25" if mode == "keyword" else "cosine": score}),
                rank if mode == "keyword" else None,
                rank if mode == "dense" else None,
            )
            for rank, (number, score) in enumerate(found, 1)
            if number in candidates
        ]

    def _fuse(
        self,
        sought: AnalyzedText,
        vector: NDArray[np.float32],
        keyword: Sequence[tuple[int, float]],
        nearest: Sequence[tuple[int, float]],
    ) -> list[RankedChunk]:
        import numpy as np

        keyword_ranks = {number: rank for rank, (number, _) in enumerate(keyword, 1)}
        dense_ranks = {number: rank for rank, (number, _) in enumerate(nearest, 1)}
        candidates = list(self._catalog.candidates({**keyword_ranks, **dense_ranks}).values())
        if not candidates:
            return []
        unknown = bytes(2 * len(vector))
        packed = np.frombuffer(b"".join(candidate.vector or unknown for candidate in candidates), np.float16)
        cosines = packed.reshape(len(candidates), -1).astype(np.float32) @ vector
        if self._rescale:
            usual = min(self._dense.usual(vector), 0.9)
            cosines = np.clip((cosines - usual) / (1.0 - usual), 0.0, 1.0)
        scorer = Scorer(
            sought.stems, sought.term_stems, self._catalog.frequencies(sought.stems), self._catalog.corpus()
        )
        features = [
            scorer.features(candidate.text, candidate.context, candidate.words, float(cosine))
            for candidate, cosine in zip(candidates, cosines, strict=True)
        ]
        best = max(item.bm25 for item in features)
        ranked = [
            RankedChunk(
                candidate,
                _adjusted(item.score(best), candidate, sought.exact_stems),
                item,
                keyword_ranks.get(candidate.id),
                dense_ranks.get(candidate.id),
            )
            for candidate, item in zip(candidates, features, strict=True)
        ]
        return sorted(ranked, key=lambda item: (-item.score, item.candidate.id))


def _adjusted(score: float, candidate: Candidate, exact: Sequence[tuple[str, ...]]) -> float:
    """A chunk that has an exact string of the question comes before all that have not."""
    score *= _ROLE_WEIGHT.get(candidate.role, 1.0)
    if not exact:
        return score
    said = stems_of(candidate.text)
    return 0.5 + 0.5 * score if any(_contains(said, phrase) for phrase in exact) else 0.5 * score


def _contains(said: Sequence[str], phrase: Sequence[str]) -> bool:
    first, length = phrase[0], len(phrase)
    return any(
        word == first and tuple(said[position : position + length]) == tuple(phrase)
        for position, word in enumerate(said)
    )
