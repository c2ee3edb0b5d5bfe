"""Checking a language model's claims: does it see what a passage says, and what has been changed?"""

from __future__ import annotations

import itertools
import json
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from desktop_rag.answering.extract import QuotableText
from desktop_rag.answering.generate import SURE
from desktop_rag.answering.verify import ClaimChecker, ClaimVerdict
from desktop_rag.models.onnx.text_embedding import TextEmbedder
from desktop_rag.models.onnx.text_reading import TextReader
from desktop_rag.retrieval.analysis import analyze_text
from tests.benchmarks.corpora import SHARED_DATA
from tests.benchmarks.report import Section

TITLE = "Checking: claims made of SQuAD's questions and answers, against right and wrong passages"
CASES = 300
"""Of each kind."""
KINDS = {
    "true": "the passage that answers",
    "elsewhere": "another passage of the same article",
    "other number": "a digit of the answer changed",
    "other name": "the name in the answer replaced by one from the same article",
    "other answer": "the answer to another question about the same article",
}


class Case(NamedTuple):
    """A claim, the question it answers and the passage that it is said to be from."""

    kind: str
    article: str
    question: str
    claim: str
    passage: QuotableText


def measure(section: Section) -> None:
    """A row for each kind of claim, without the reader's help and with it; the articles are those that neither the
    weights were fitted on nor the reader has learnt from."""
    embedder, reader = TextEmbedder(), TextReader()
    verdicts: dict[tuple[str, bool], list[ClaimVerdict]] = defaultdict(list)
    for case in cases(40 if section.quick else CASES, fitted=False):
        (reading,) = reader.read(case.question, [(case.passage.context, case.passage.text)])
        sure = reading.likelihood >= SURE
        for helped in (False, True):
            answers = [case.passage.text[reading.begin : reading.end] if sure and helped else ""]
            checker = ClaimChecker(analyze_text(case.question), [case.passage], embedder.embed, answers)
            verdicts[case.kind, helped].append(checker.check(case.claim, (0,)))
    for kind, helped in itertools.product(KINDS, (False, True)):
        found = verdicts[kind, helped]
        section.add(
            kind + (", with the reader" if helped else ""),
            {
                "claims": len(found),
                "supported": _share(verdict.support == "supported" for verdict in found),
                "weak": _share(verdict.support == "weak" for verdict in found),
                "unsupported": _share(verdict.support == "unsupported" for verdict in found),
                "a fact is missed": _share(bool(verdict.unseen) for verdict in found),
            },
            note="" if helped else KINDS[kind],
        )


def cases(limit: int, *, fitted: bool) -> Iterator[Case]:
    """At most ``limit`` claims of each kind: about one half of the articles that may be learnt from, or about those
    that are for measuring."""
    folder = SHARED_DATA / "questions" / "squad"
    passages = {row["id"]: row for row in map(json.loads, (folder / "passages.jsonl").open(encoding="utf-8"))}
    name = "train.jsonl" if fitted else "questions.jsonl"
    rows = [json.loads(line) for line in (folder / name).open(encoding="utf-8")]
    articles = sorted({passages[row["passage"]]["title"] for row in rows})
    chooser = random.Random(5)
    chooser.shuffle(articles)
    chosen = set(articles[::2] if fitted else articles)
    rows = [row for row in rows if passages[row["passage"]]["title"] in chosen]
    chooser.shuffle(rows)
    siblings = defaultdict(list)
    for row in rows:
        siblings[passages[row["passage"]]["title"]].append(row)
    left = dict.fromkeys(KINDS, limit)
    for row in rows:
        right = passages[row["passage"]]
        others = siblings[right["title"]]
        for kind, answer, passage in _variants(row, right, passages, others, chooser):
            if left[kind]:
                left[kind] -= 1
                form = chooser.choice(("{question}: {answer}.", 'The answer to "{question}" is {answer}.'))
                claim = form.format(question=row["question"].rstrip("? "), answer=answer.rstrip("."))
                source = QuotableText(passage["text"], passage["title"], 0.5)
                yield Case(kind, right["title"], row["question"], claim, source)


def _variants(
    row: dict[str, list[str]],
    right: dict[str, str],
    passages: dict[str, dict[str, str]],
    others: list[dict[str, list[str]]],
    chooser: random.Random,
) -> Iterator[tuple[str, str, dict[str, str]]]:
    answer = row["answers"][0]
    other = chooser.choice(others)
    elsewhere = passages[str(other["passage"])]
    strange = other["answers"][0]
    yield "true", answer, right
    if answer.lower() not in elsewhere["text"].lower():
        yield "elsewhere", answer, elsewhere
    if digits := re.findall(r"\d", answer):
        changed = answer.replace(digits[-1], str((int(digits[-1]) + 3) % 10))
        if changed not in right["text"]:
            yield "other number", changed, right
    if strange.lower() not in right["text"].lower():
        if re.fullmatch(r"(?:[A-Z]\w+ ?)+", answer) and re.fullmatch(r"(?:[A-Z]\w+ ?)+", strange):
            yield "other name", strange, right
        else:
            yield "other answer", strange, right


def _share(found: Iterable[bool]) -> float:
    values = list(found)
    return sum(values) / max(1, len(values))
