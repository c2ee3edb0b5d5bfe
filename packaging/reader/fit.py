"""Fit what is not learnt by gradient: ``python -m reader.fit``, after ``reader.export``.

On the articles that were held out of training: how much the reader's judgement weighs beside the search's score
(``desktop_rag/retrieval/reranking.py``), and how sure an answer must be (``desktop_rag/answering/confidence.py``).
Prints what to write there. Half of the questions find their article in the library; for the other half it is left out.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from desktop_rag.answering.confidence import AnswerFeatures
from desktop_rag.answering.extract import QuotableText, quotes
from desktop_rag.answering.respond import _features as _features_of
from desktop_rag.engine.engine import Engine
from desktop_rag.engine.queries.search import SearchRequest, parse
from desktop_rag.retrieval.filters import Filters
from desktop_rag.retrieval.reranking import _AT_ONCE, _BLIND
from reader.examples import Asked, split, squad
from reader.negatives import library_of
from reader.train import SETTINGS, STATE
from tests.benchmarks.score import exact, f1

_READ = 24
_WEIGHTS = (0.0, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05)
_SURE = (0.5, 0.7, 0.9)
_SIGNS = AnswerFeatures.__struct_fields__


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m reader.fit", description=__doc__)
    parser.add_argument("--questions", type=int, default=400)
    parser.add_argument("--features", type=Path, default=STATE / "features.json", help="kept here, and used if there")
    arguments = parser.parse_args()
    if not arguments.features.exists():
        arguments.features.write_text(json.dumps(_features(arguments.questions)), encoding="utf-8")
    features = json.loads(arguments.features.read_text(encoding="utf-8"))
    _fit_mix(features["ranked"])
    _fit_confidence(features["signs"])


def _features(count: int) -> dict[str, Any]:
    settings = tomllib.loads(SETTINGS.read_text(encoding="utf-8"))
    data = squad()
    learnt, held = split(data, settings["held_out_articles"], settings["seed"])
    asked = [question for question in held.questions if question.answers]
    asked = random.Random(1).sample(asked, min(count, len(asked)))
    with tempfile.TemporaryDirectory() as name:
        with library_of(data, Path(name) / "all") as (engine, ids):
            ranked = [_ranked(engine, question, ids) for question in asked]
            signs = [[*_signs_of(engine, question.text), 1.0] for question in asked]
        with library_of(learnt, Path(name) / "part") as (engine, _):
            signs += [[*_signs_of(engine, question.text), 0.0] for question in asked]
    return {"ranked": ranked, "signs": signs}


def _ranked(engine: Engine, question: Asked, ids: dict[str, str]) -> list[list[float]]:
    """For each of the first passages: its score, the reading's score and strength, whether it is the right one, and
    how well the reading answers."""
    library = engine._parts
    assert library.reader is not None
    query = parse(question.text, Filters())
    found = library.retriever.rank(query, read=False)[:_READ]
    readings = library.reader.read(query.text, [(item.candidate.context, item.candidate.text) for item in found])
    rows = []
    for item, reading in zip(found, readings, strict=True):
        said = item.candidate.text[reading.begin : reading.end]
        path = library.catalog.paths_of(item.candidate.document_id)[0]
        right = ids[Path(path).name] == question.passage
        rows.append(
            [item.score, reading.score, reading.strength, float(right), f1(said, question.answers),
             exact(said, question.answers)]
        )  # fmt: skip
    return rows


def _signs_of(engine: Engine, question: str) -> list[float]:
    library = engine._parts
    finding = engine.context.search.find(SearchRequest(question, limit=8))
    match = finding.found.features
    sources = [QuotableText(hit.text, hit.chunk.context, hit.score) for hit in finding.hits]
    weights = library.retriever.term_weights(finding.found.query.sought)
    best = quotes(finding.found.query.text, weights, sources, library.bundled.embed)[0]
    assert match is not None
    signs = _features_of(msgspec.structs.asdict(match), best, finding.hits)
    return [getattr(signs, name) or 0.0 for name in _SIGNS]


def _fit_mix(ranked: list[list[list[float]]]) -> None:
    print(f"{len(ranked)} questions; recall of the right passage, and how well the first one's reading answers")
    for most, weight, sure in itertools.product((16, 24), _WEIGHTS, _SURE):
        first = five = answered = same = 0.0
        read = []
        for rows in ranked:
            order = _order(np.array(rows[:most]), weight, sure)
            hits = [rows[index][3] for index in order] + [row[3] for row in rows[len(order) :]]
            first += hits[0]
            five += max(hits[:5])
            answered += rows[order[0]][4]
            same += rows[order[0]][5]
            read.append(len(order))
        total = len(ranked)
        print(
            f"  of {most}, weight {weight:5.3f}, sure {sure}: @1 {first / total:.3f}  @5 {five / total:.3f}  "
            f"F1 {answered / total:.3f}  exact {same / total:.3f}  read {np.mean(read):.1f}, p50 {np.median(read):.0f}"
        )


def _order(rows: NDArray[np.float64], weight: float, sure: float) -> list[int]:
    """As ``reranking.rerank``: the order of what is read."""
    worth = rows[:, 0] + weight * rows[:, 2]
    likelihood = 1 / (1 + np.exp(-np.clip(rows[:, 1], -30, 30)))
    count = 0
    while count < len(rows):
        count = min(count + _AT_ONCE, len(rows))
        if likelihood[int(np.argmax(worth[:count]))] >= sure:
            break
    if likelihood[:count].max() < _BLIND:
        worth[0] = worth[:count].max()
    return sorted(range(count), key=lambda index: -worth[index])


def _fit_confidence(signs: list[list[float]]) -> None:
    """Logistic regression, and what thresholds make of it."""
    table = np.array(signs)
    wanted = table[:, -1]
    inputs = np.hstack([np.ones((len(table), 1)), table[:, :-1]])
    weights = np.zeros(inputs.shape[1])
    for _ in range(50):  # Newton's method, with a little decay
        sure = 1 / (1 + np.exp(-inputs @ weights))
        slope = inputs.T @ (sure - wanted) + 0.5 * weights
        curve = (inputs * (sure * (1 - sure))[:, None]).T @ inputs + 0.5 * np.eye(len(weights))
        weights -= np.linalg.solve(curve, slope)
    print("confidence: bias", round(weights[0], 2), dict(zip(_SIGNS, weights[1:].round(2).tolist(), strict=True)))
    sure = 1 / (1 + np.exp(-inputs @ weights))
    for threshold in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7):
        said = (sure >= threshold)[wanted == 1].mean()
        silent = (sure < threshold)[wanted == 0].mean()
        print(f"  {threshold}: answered {said:.3f}, declined {silent:.3f}")


if __name__ == "__main__":
    main()
