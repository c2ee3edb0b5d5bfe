"""Quoting: how often it answers what the library answers, and how often it keeps silent about what it does not."""

from __future__ import annotations

import random
from collections.abc import Iterable

from desktop_rag.answering.confidence import THRESHOLD
from desktop_rag.engine.engine import Engine
from desktop_rag.types import Answer
from tests.benchmarks.corpora import Corpus, Question, load
from tests.benchmarks.libraries import build, scratch
from tests.benchmarks.report import Section

TITLE = "Answers: SQuAD with half of the measured articles left out of the library"
QUESTIONS = 300
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
        section.add(
            f"confidence ≥ {threshold:g}" + (", the one in use" if threshold == THRESHOLD else ""),
            {
                "answered of answerable": _share(answer.confidence >= threshold for answer in answers),
                "silent on unanswerable": _share(answer.confidence < threshold for answer in silence),
            },
        )
    given = [(question, answer) for question, answer in zip(inside, answers, strict=True) if answer.citations]
    section.add(
        "of the answers given",
        {
            "a quote holds the answer": _share(_holds(question, answer) for question, answer in given),
            "quotes an answer": sum(len(answer.citations) for _, answer in given) / max(1, len(given)),
        },
    )


def _some(questions: list[Question], quick: bool) -> list[Question]:
    return random.Random(4).sample(questions, min(len(questions), 40 if quick else QUESTIONS))


def _holds(question: Question, answer: Answer) -> bool:
    said = " ".join(citation.quote for citation in answer.citations).lower()
    return any(expected.lower() in said for expected in question.answers)


def _share(cases: Iterable[bool]) -> float:
    found = list(cases)
    return sum(found) / max(1, len(found))
