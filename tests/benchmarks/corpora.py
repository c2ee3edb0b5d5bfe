"""What is searched: public question sets as folders of notes, and corpora of any size made from their sentences."""

from __future__ import annotations

import itertools
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SHARED_DATA = (Path(__file__).resolve().parents[3] / "shared" / "data").resolve()
_QUESTIONS = SHARED_DATA / "questions"


@dataclass(frozen=True)
class Passage:
    """A paragraph of an article, kept as a note of its own."""

    id: str
    title: str
    text: str

    @property
    def file_name(self) -> str:
        """A file name made of the id; ids that differ only in what a file name may not hold would collide."""
        return re.sub(r"[^\w-]+", "_", self.id) + ".md"


@dataclass(frozen=True)
class Question:
    """A question and the file names of the notes that answer it together."""

    text: str
    notes: tuple[str, ...]
    answers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Corpus:
    """Passages and the questions asked about them."""

    name: str
    passages: tuple[Passage, ...]
    questions: tuple[Question, ...]

    def write(self, folder: Path) -> None:
        """Write each passage as a Markdown note with the article's title as its heading."""
        folder.mkdir(parents=True)
        for passage in self.passages:
            note = f"# {passage.title}\n\n{passage.text.strip()}\n"
            (folder / passage.file_name).write_text(note, encoding="utf-8")

    def part(self, questions: int, passages: int) -> Corpus:
        """A smaller corpus: questions picked evenly, their passages and as many others as fit."""
        picked = self.questions[:: max(1, len(self.questions) // questions)][:questions]
        needed = {name for question in picked for name in question.notes}
        spare = max(0, passages - len(needed))
        others = [passage.file_name for passage in self.passages if passage.file_name not in needed]
        kept = needed | set(others[:: max(1, len(others) // max(1, spare))][:spare])
        return Corpus(self.name, tuple(p for p in self.passages if p.file_name in kept), picked)


def load(name: str) -> Corpus:
    """The question set ``squad``, ``hotpotqa`` or ``xquad-de``. Raises FileNotFoundError without the public files."""
    rows = _rows(_QUESTIONS / name / "passages.jsonl")
    passages = tuple(Passage(row["id"], row["title"], row["text"]) for row in rows)
    names = {passage.id: passage.file_name for passage in passages}
    assert len(set(names.values())) == len(passages), f"two passages of {name} share a file name"
    questions = tuple(
        Question(
            row["question"],
            tuple(names[id] for id in row.get("passages") or [row["passage"]]),
            tuple(row["answers"]),
        )
        for row in _rows(_QUESTIONS / name / "questions.jsonl")
    )
    return Corpus(name, passages, questions)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")


def split_sentences(text: str) -> list[str]:
    """Cut at sentence ends, as the corpora below are put together."""
    return _SENTENCE_END.split(text)


def sentence_pool(corpus: Corpus) -> list[str]:
    """All different, complete sentences of the corpus of 40 to 300 characters, in order."""
    found = (sentence.strip() for passage in corpus.passages for sentence in split_sentences(passage.text))
    whole = (sentence for sentence in found if sentence[:1].isupper() and sentence.endswith((".", "!", "?")))
    return list(dict.fromkeys(sentence for sentence in whole if 40 <= len(sentence) <= 300))


def synthetic_paragraphs(pool: list[str], count: int, seed: int = 7) -> Iterator[str]:
    """``count`` different paragraphs of 600 to 900 characters (one chunk each), the same for the same seed.

    Each is a new mixture of real sentences, so that words are as frequent, and keyword lists as long, as in real text.
    """
    dice = random.Random(seed)
    seen: set[tuple[int, ...]] = set()
    while len(seen) < count:
        picked: list[int] = []
        length = 0
        while length < 600:
            picked.append(dice.randrange(len(pool)))
            length += len(pool[picked[-1]]) + 1
        if tuple(picked) not in seen:
            seen.add(tuple(picked))
            yield " ".join(pool[index] for index in picked)


def write_synthetic(folder: Path, pool: list[str], chunks: int) -> None:
    """A folder of notes with ``chunks`` paragraphs: 20 a note, ten subfolders, every second note Markdown."""
    for topic in range(10):
        (folder / f"topic{topic}").mkdir(parents=True)
    paragraphs = synthetic_paragraphs(pool, chunks)
    for number in range(-(-chunks // 20)):
        name = f"note{number:05d}.{'md' if number % 2 else 'txt'}"
        text = "\n\n".join(itertools.islice(paragraphs, 20))
        (folder / f"topic{number // 2 % 10}" / name).write_text(text + "\n", encoding="utf-8")
