"""A question and passages -> where in each the answer stands, and how sure that is: the bundled reader.

It is MiniLM with a span head (Devlin et al. 2019, https://arxiv.org/abs/1810.04805, section 4.3), taught by
``packaging/reader`` so that what it says of several passages can be compared.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from desktop_rag.language import word_spans
from desktop_rag.models.onnx.onnx_model import Loading, OnnxModel, batches, tokenizer_in
from desktop_rag.models.store.catalogue import bundled_file, find_bundled
from desktop_rag.types import Reading

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

READER = "minilm-reader"
MAX_TOKENS = 288
"""Tokens of question, context and text that the model was taught to read together; what is longer is cut off."""
_AROUND = 40
_MOST_HEAD = 48
"""Tokens of a question, and of a context, that are read."""
_ALONE = 20.0
"""The lead of an answer that is all of its text."""
_NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)+")
_LONGEST_ANSWER = 24
"""Tokens of an answer."""


UNREAD = Reading(0, 0, -20.0, -20.0)
"""Of a text without words."""


class TextReader:
    """Loads the model at its first use. Safe to use from several threads. Raises ``ModelError`` when its file is
    missing or damaged."""

    def __init__(
        self, weights: Path | None = None, *, threads: int | None = None, loading: Loading | None = None
    ) -> None:
        bundled = find_bundled(READER)
        path = weights or bundled_file(bundled.weights)
        sha256 = "" if weights else bundled.sha256
        self._model = OnnxModel(READER, path, sha256=sha256, threads=threads, loading=loading)
        self._tokenizer = tokenizer_in(bundled_file(bundled.tokenizer))

    def load(self) -> None:
        """Load the model now rather than at the first question."""
        self._tokenizer.load()
        self._model.load()

    def read(self, question: str, passages: Sequence[tuple[str, str]]) -> list[Reading]:
        """The answer in each passage, a pair of context (a title, a sender; no answer is looked for in it) and text."""
        import numpy as np

        tokenizer = self._tokenizer.load()
        asked = tokenizer.encode(question, add_special_tokens=False).ids[:_MOST_HEAD]
        contexts = tokenizer.encode_batch([context for context, _ in passages], add_special_tokens=False)
        texts = tokenizer.encode_batch([text for _, text in passages], add_special_tokens=False)
        first, separator = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
        rows: list[list[int]] = []
        heads: list[int] = []
        for context, text in zip(contexts, texts, strict=True):
            head = [first, *asked, separator, *context.ids[:_MOST_HEAD]]
            rows.append([*head, *text.ids[: MAX_TOKENS - len(head) - 1], separator])
            heads.append(len(head))
        readings = [UNREAD] * len(passages)
        for indexes in batches([len(row) for row in rows]):
            ids = np.zeros((len(indexes), len(rows[indexes[-1]])), np.int32)
            mask, types = np.zeros_like(ids), np.zeros_like(ids)
            for row, index in enumerate(indexes):
                ids[row, : len(rows[index])] = rows[index]
                mask[row, : len(rows[index])] = 1
                types[row, len(asked) + 2 : len(rows[index])] = 1
            starts, ends = self._model.run({"input_ids": ids, "token_type_ids": types, "attention_mask": mask})
            for row, index in enumerate(indexes):
                inside = slice(heads[index], len(rows[index]) - 1)
                nowhere = float(starts[row, 0] + ends[row, 0])
                span = best_span(starts[row, inside], ends[row, inside])
                if span is not None:
                    readings[index] = _reading(passages[index][1], texts[index].offsets, span, nowhere)
        return readings


class TokenSpan(Struct, frozen=True):
    """The first and the last token of the likeliest answer, the sum of their scores, and how much more that is than the
    best sum of tokens that none of it shares."""

    first: int
    last: int
    score: float
    lead: float


def best_span(starts: NDArray[np.float32], ends: NDArray[np.float32]) -> TokenSpan | None:
    """None without tokens."""
    import numpy as np

    count = len(starts)
    if not count:
        return None
    window = np.full(count + _LONGEST_ANSWER - 1, -np.inf, np.float32)
    window[:count] = ends
    sums = starts[:, None] + np.lib.stride_tricks.sliding_window_view(window, _LONGEST_ANSWER)
    first, length = divmod(int(sums.argmax()), _LONGEST_ANSWER)
    last, score = first + length, float(sums[first, length])
    begins = np.arange(count)[:, None]
    elsewhere = (begins > last) | (begins + np.arange(_LONGEST_ANSWER) < first)
    other = float(sums[elsewhere].max(initial=-np.inf))
    return TokenSpan(first, last, score, score - other if np.isfinite(other) else _ALONE)


def _reading(text: str, offsets: Any, span: TokenSpan, nowhere: float) -> Reading:
    """The span in characters, made of whole words and numbers."""
    begin, end = offsets[span.first][0], offsets[span.last][1]
    start = max(0, begin - _AROUND)
    around = text[start : end + _AROUND]
    whole = [*word_spans(around), *(match.span() for match in _NUMBER.finditer(around))]
    for left, right in whole:
        if start + left < begin < start + right:
            begin = start + left
        if start + left < end < start + right:
            end = start + right
    return Reading(begin, end, round(span.score - nowhere, 3), round(span.score, 3), round(span.lead, 3))
