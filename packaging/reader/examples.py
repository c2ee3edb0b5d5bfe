"""What the reader learns from: questions, each with a passage that answers it and some that do not."""

from __future__ import annotations

import json
import random
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SQUAD = Path(__file__).resolve().parents[3] / "shared" / "data" / "questions" / "squad"


@dataclass(frozen=True)
class Passage:
    """A paragraph and what it stands under (an article's title, a mail's sender and subject)."""

    id: str
    context: str
    text: str


@dataclass(frozen=True)
class Asked:
    """A question; ``answers`` as they stand in the passage ``passage``, none if it does not answer the question."""

    text: str
    passage: str
    answers: tuple[str, ...]


@dataclass(frozen=True)
class Data:
    """Passages by their ids, and the questions asked of them."""

    passages: Mapping[str, Passage]
    questions: tuple[Asked, ...]

    def only(self, contexts: set[str]) -> Data:
        """What stands under one of ``contexts``."""
        passages = {id: passage for id, passage in self.passages.items() if passage.context in contexts}
        return Data(passages, tuple(question for question in self.questions if question.passage in passages))


def squad() -> Data:
    """The articles that may be learnt from. Never opens the files that are for measuring."""
    questions = tuple(
        Asked(row["question"].strip(), row["passage"], tuple(row["answers"]))
        for name in ("train.jsonl", "train-unanswerable.jsonl")
        for row in _rows(SQUAD / name)
    )
    used = {question.passage.rpartition("-")[0] for question in questions}
    passages = {
        row["id"]: Passage(row["id"], row["title"], row["text"].strip())
        for row in _rows(SQUAD / "passages.jsonl")
        if row["id"].rpartition("-")[0] in used
    }
    return Data(passages, questions)


def split(data: Data, held_out: int, seed: int) -> tuple[Data, Data]:
    """What to learn from, and ``held_out`` whole articles to fit weights and thresholds on."""
    titles = sorted({passage.context for passage in data.passages.values()})
    random.Random(seed).shuffle(titles)
    return data.only(set(titles[held_out:])), data.only(set(titles[:held_out]))


def spans_of(text: str, answers: Sequence[str]) -> list[tuple[int, int]]:
    """Where the answers stand in ``text``, as whole words, in characters."""
    found = {
        match.span()
        for answer in answers
        if answer.strip()
        for match in re.finditer(rf"(?<!\w){re.escape(answer.strip())}(?!\w)", text)
    }
    return sorted(found)


def says(text: str, answers: Sequence[str]) -> bool:
    """Whether ``text`` says one of the answers, whatever its case and accents: it is no safe example of one that does
    not answer."""
    folded = _folded(text)
    return any(_folded(answer) in folded for answer in answers)


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return " ".join(re.findall(r"[^\W_]+", "".join(c for c in decomposed if not unicodedata.combining(c))))


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
