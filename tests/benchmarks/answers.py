"""Answers without a language model: how good they are, and how often it keeps silent about what the library does not
answer."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from desktop_rag.answering.confidence import THRESHOLD
from desktop_rag.engine.engine import Engine
from desktop_rag.types import Answer, Hit
from tests.benchmarks.corpora import Corpus, Question, load
from tests.benchmarks.libraries import build, question_set, scratch
from tests.benchmarks.measure import CHECKOUT
from tests.benchmarks.report import Section, Target
from tests.benchmarks.score import exact, f1

TITLE = "Answers without a language model: SQuAD with half of the measured articles left out, with all, and the samples"
QUESTIONS = 300
SHORT_QUESTIONS = 600
F1 = 0.63
DECLINED = 0.8
THRESHOLDS = (0.2, 0.3, THRESHOLD, 0.5, 0.6, 0.7)


def measure(section: Section) -> None:
    """A row for each threshold of confidence, then how good the quotes are that are given."""
    corpus = load("squad")
    titles = {passage.file_name: passage.title for passage in corpus.passages}
    articles = sorted({titles[question.notes[0]] for question in corpus.questions})
    random.Random(3).shuffle(articles)
    kept = set(articles[: len(articles) // 2])
    notes = scratch() / "answers-notes"
    Corpus("answers", tuple(passage for passage in corpus.passages if passage.title in kept), ()).write(notes)
    built = build(notes, scratch() / "answers-library")
    inside = _some([question for question in corpus.questions if titles[question.notes[0]] in kept], section.quick)
    outside = _some([question for question in corpus.questions if titles[question.notes[0]] not in kept], section.quick)
    with Engine(built.library, read_only=True) as engine:
        answers = [engine.ask(question.text) for question in inside]
        silence = [engine.ask(question.text) for question in outside]
    for threshold in THRESHOLDS:
        chosen = threshold == THRESHOLD
        section.add(
            f"confidence ≥ {threshold:g}" + (", the one in use" if chosen else ""),
            {
                "answered of answerable": _share(answer.confidence >= threshold for answer in answers),
                "silent on unanswerable": _share(answer.confidence < threshold for answer in silence),
            },
            *((Target("answered of answerable", 0.9), Target("silent on unanswerable", DECLINED)) if chosen else ()),
        )
    given = [(question, answer) for question, answer in zip(inside, answers, strict=True) if answer.citations]
    section.add(
        "of the answers given",
        {
            "a quote holds the answer": _share(_holds(question, answer) for question, answer in given),
            "quotes an answer": sum(len(answer.citations) for _, answer in given) / max(1, len(given)),
        },
    )

    _measure_short(section)
    _measure_samples(section)


def _measure_short(section: Section) -> None:
    """The answer itself, from all articles; a question that is declined or only quoted for counts as answered wrong."""
    corpus, built = question_set("squad", section.quick)
    asked = random.Random(5).sample(corpus.questions, min(len(corpus.questions), SHORT_QUESTIONS))
    with Engine(built.library, read_only=True) as engine:
        said = [engine.ask(question.text).short for question in asked]
        marked = [_marked(engine.search(question.text, limit=3).hits) for question in asked]
    for name, answers in (("short answers from the whole library", said), ("the same if always given", marked)):
        pairs = list(zip(answers, asked, strict=True))
        section.add(
            name,
            {
                "exact": sum(exact(text, question.answers) for text, question in pairs) / len(asked),
                "F1": sum(f1(text, question.answers) for text, question in pairs) / len(asked),
                "given": _share(bool(text) for text in answers),
                "questions": len(asked),
            },
            *([Target("F1", F1)] if answers is marked else []),
        )


def _marked(hits: Sequence[Hit]) -> str:
    """What the reader marks in the first passage, however unsure."""
    reading = hits[0].why.reading if hits else None
    return "" if reading is None else hits[0].chunk.text[reading.begin : reading.end]


def _measure_samples(section: Section) -> None:
    """The questions that come with the sample library, with the reader and without it."""
    entries = json.loads((CHECKOUT / "resources" / "samples-questions.json").read_text(encoding="utf-8"))
    asked = [entry for entry in entries if entry.get("expect")]
    built = build(CHECKOUT / "resources" / "samples", scratch() / "samples-library", complete=False)
    with Engine(built.library, read_only=True) as engine:
        for read in (True, False):
            answers = [engine.ask(entry["question"], rerank=read) for entry in asked]
            section.add(
                f"the sample library, {'read' if read else 'not read'}",
                {
                    "a quote holds all of the answer": _share(map(_holds_all, asked, answers)),
                    "the right file comes first": _share(
                        bool(answer.hits) and Path(answer.hits[0].path).name in entry["files"]
                        for entry, answer in zip(asked, answers, strict=True)
                    ),
                    "questions": len(asked),
                },
            )


def _holds_all(entry: dict[str, Any], answer: Answer) -> bool:
    said = " ".join(" ".join(citation.quote for citation in answer.citations).lower().split())
    return all(" ".join(expected.lower().split()) in said for expected in entry["expect"])


def _some(questions: list[Question], quick: bool) -> list[Question]:
    return random.Random(4).sample(questions, min(len(questions), 40 if quick else QUESTIONS))


def _holds(question: Question, answer: Answer) -> bool:
    said = " ".join(citation.quote for citation in answer.citations).lower()
    return any(expected.lower() in said for expected in question.answers)


def _share(cases: Iterable[bool]) -> float:
    found = list(cases)
    return sum(found) / max(1, len(found))
