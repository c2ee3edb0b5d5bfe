"""What the reader is taught: where the answer is, that there may be none, and that of several passages one is right."""

from __future__ import annotations

import torch
from torch import Tensor

from reader.batches import Batch

_NEVER = -1e4


def span_loss(start: Tensor, end: Tensor, batch: Batch) -> Tensor:
    """Mean over rows and over questions.

    Each row by itself: the answer's first and last token, or the first token of all when there is none (Devlin et al.
    2019). Rows of a question together: the same over all tokens of its passages at once, so that their scores can be
    compared ("shared-norm", Clark & Gardner 2018, https://arxiv.org/abs/1710.10723). An answer that stands in several
    places counts wherever it stands.
    """
    return (_each(start, batch.starts, batch) + _each(end, batch.ends, batch)) / 2 + (
        _together(start, batch.starts, batch) + _together(end, batch.ends, batch)
    ) / 2


def _each(scores: Tensor, wanted: Tensor, batch: Batch) -> Tensor:
    allowed = batch.passage.clone()
    allowed[:, 0] = True
    targets = wanted.clone()
    targets[:, 0] = ~wanted.any(1)
    return (_sum(scores, allowed) - _sum(scores, targets)).mean()


def _together(scores: Tensor, wanted: Tensor, batch: Batch) -> Tensor:
    groups = int(batch.group[-1]) + 1
    all_of = _grouped(_sum(scores, batch.passage), batch.group, groups)
    right = _grouped(_sum(scores, wanted), batch.group, groups)
    answered = torch.zeros(groups, dtype=torch.bool, device=scores.device)
    answered.index_put_((batch.group,), wanted.any(1), accumulate=True)
    return (all_of - right)[answered].sum() / max(1, groups)


def _sum(scores: Tensor, where: Tensor) -> Tensor:
    """log of the sum of exponentials over the tokens ``where`` [rows, tokens] -> [rows]."""
    return torch.where(where, scores, scores.new_tensor(_NEVER)).logsumexp(1)


def _grouped(rows: Tensor, group: Tensor, groups: int) -> Tensor:
    table = rows.new_full((groups, len(rows)), _NEVER)
    table[group, torch.arange(len(rows), device=rows.device)] = rows
    return table.logsumexp(1)
