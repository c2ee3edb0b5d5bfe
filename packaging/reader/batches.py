"""Questions and passages -> steps of training: tokens, and where the answers are among them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor

from reader.examples import Asked, Data, Passage, spans_of

_MEGABATCH = 20
"""Steps whose questions are sorted by length together: rows of one step are then about as long as each other."""
_MOST_QUESTION_TOKENS = 48


@dataclass(frozen=True)
class Row:
    """A question and a passage as the model reads them: the first ``head`` tokens are not the passage's, and nor is the
    last. ``answers`` are pairs of first and last token; a passage that does not answer has none."""

    ids: list[int]
    types: list[int]
    head: int
    answers: tuple[tuple[int, int], ...]
    offsets: list[tuple[int, int]]
    """Of the passage's tokens, in its characters."""


@dataclass(frozen=True)
class Batch:
    """Rows of one length [rows, tokens]; rows of the same ``group`` belong to one question."""

    ids: Tensor
    types: Tensor
    mask: Tensor
    passage: Tensor
    starts: Tensor
    ends: Tensor
    group: Tensor

    def to(self, device: str) -> Batch:
        return Batch(*(getattr(self, name).to(device) for name in self.__dataclass_fields__))


def encode(tokenizer: Tokenizer, question: str, context: str, text: str, answers: Sequence[str], most: int) -> Row:
    """``[CLS] question [SEP] context, text [SEP]``; of a longer text the part around the first answer, or the first."""
    asked = tokenizer.encode(question, add_special_tokens=False).ids[:_MOST_QUESTION_TOKENS]
    above = tokenizer.encode(context, add_special_tokens=False).ids[:_MOST_QUESTION_TOKENS] if context else []
    read = tokenizer.encode(text, add_special_tokens=False)
    spans = spans_of(text, answers)
    room = most - len(asked) - len(above) - 3
    first = 0
    if len(read.ids) > room and spans:
        token = next((i for i, (_, end) in enumerate(read.offsets) if end > spans[0][0]), 0)
        first = max(0, min(token - room // 2, len(read.ids) - room))
    ids, offsets = read.ids[first : first + room], read.offsets[first : first + room]
    cls, sep = (tokenizer.encode(mark, add_special_tokens=False).ids[0] for mark in ("[CLS]", "[SEP]"))
    head = len(asked) + len(above) + 2
    pairs = []
    for begin, end in spans:
        inside = [index for index, (left, right) in enumerate(offsets) if left < end and right > begin]
        if inside and offsets[inside[0]][0] <= begin and offsets[inside[-1]][1] >= end:
            pairs.append((head + inside[0], head + inside[-1]))
    return Row(
        [cls, *asked, sep, *above, *ids, sep],
        [0] * (len(asked) + 2) + [1] * (len(above) + len(ids) + 1),
        head,
        tuple(pairs),
        offsets,
    )


def batch(groups: Sequence[Sequence[Row]]) -> Batch:
    rows = [row for group in groups for row in group]
    shape = len(rows), max(len(row.ids) for row in rows)
    ids, types = torch.zeros(shape, dtype=torch.long), torch.zeros(shape, dtype=torch.long)
    mask, passage = torch.zeros(shape, dtype=torch.bool), torch.zeros(shape, dtype=torch.bool)
    starts, ends = torch.zeros(shape, dtype=torch.bool), torch.zeros(shape, dtype=torch.bool)
    for index, row in enumerate(rows):
        ids[index, : len(row.ids)] = torch.tensor(row.ids)
        types[index, : len(row.types)] = torch.tensor(row.types)
        mask[index, : len(row.ids)] = True
        passage[index, row.head : len(row.ids) - 1] = True
        for first, last in row.answers:
            starts[index, first] = True
            ends[index, last] = True
    group = torch.tensor([number for number, rows_of in enumerate(groups) for _ in rows_of])
    return Batch(ids, types, mask, passage, starts, ends, group)


class Steps:
    """The steps of an epoch, the same ones for the same seed."""

    def __init__(
        self,
        data: Data,
        negatives: Mapping[str, Sequence[str]],
        tokenizer: Tokenizer,
        *,
        questions_a_step: int,
        negatives_each: int,
        hardest: int,
        most_tokens: int,
        context_shown: float,
    ) -> None:
        self._data = data
        self._negatives = negatives
        self._tokenizer = tokenizer
        self._size = questions_a_step
        self._each = negatives_each
        self._hardest = hardest
        self._most = most_tokens
        self._shown = context_shown

    def __len__(self) -> int:
        return -(-len(self._data.questions) // self._size)

    def epoch(self, seed: int, skip: int = 0) -> Iterator[Batch]:
        """Batches in random order, without the first ``skip``."""
        dice = random.Random(seed)
        order = list(self._data.questions)
        dice.shuffle(order)
        number = 0
        for begin in range(0, len(order), self._size * _MEGABATCH):
            part = order[begin : begin + self._size * _MEGABATCH]
            drawn = [(question, self._passages(question, dice), dice.random() < self._shown) for question in part]
            steps = -(-len(part) // self._size)
            if number + steps <= skip:
                number += steps
                dice.random()
                continue
            groups = [
                [self._row(question, passage, shown) for passage in passages] for question, passages, shown in drawn
            ]
            groups.sort(key=lambda group: max(len(row.ids) for row in group))
            batches = [groups[at : at + self._size] for at in range(0, len(groups), self._size)]
            random.Random(dice.random()).shuffle(batches)
            for one in batches:
                number += 1
                if number > skip:
                    yield batch(one)

    def _passages(self, question: Asked, dice: random.Random) -> list[Passage]:
        passages = [self._data.passages[question.passage]]
        if question.answers:
            hard = list(self._negatives.get(question.text, ()))[: self._hardest]
            passages += [self._data.passages[id] for id in dice.sample(hard, min(self._each, len(hard)))]
        return passages

    def _row(self, question: Asked, passage: Passage, shown: bool) -> Row:
        answers = question.answers if passage.id == question.passage else ()
        context = passage.context if shown else ""
        return encode(self._tokenizer, question.text, context, passage.text, answers, self._most)
