"""Segments -> chunks: passages that fit the embedding model, cut at natural borders.

A chunk never crosses a page, slide, sheet, message, heading or speaker. Inside these, small neighbours are merged up to
``TARGET`` tokens, and a segment that is too long is cut at a line, sentence or word, into parts of about the same size.

Text is composed on the way (Unicode's NFC): in the other form, which PDF files and macOS have, the full-text index
would not know a Greek or Cyrillic word again.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from desktop_rag.language import composed, sentence_spans, word_spans
from desktop_rag.locators import join
from desktop_rag.types import Entry, Lines, Locator, Message, Role, Segment, TimeSpan

VERSION = "2"
"""Changes whenever the same segments would give other chunks."""

TARGET = 190
"""Tokens of a chunk's text, as a rule at the most: the model reads 256, of which two are markers."""
SMALL = 24
"""A beginning of fewer tokens (a title, a salutation) is not left alone: it may make a chunk this much longer."""
CONTEXT_TOKENS = 40
LONGEST_S = 45.0
"""Seconds of a recording in one chunk: whoever follows a citation is to hear the words soon."""
_COUNT_AT_ONCE = 256


class Tokenizer(Protocol):
    """The embedding model's own tokenizer."""

    def token_counts(self, texts: Sequence[str]) -> list[int]: ...

    def token_spans(self, text: str) -> list[tuple[int, int]]: ...


class ChunkPiece(Struct, frozen=True):
    """A segment, or a part of one, that fits into a chunk."""

    text: str
    locator: Locator
    tokens: int
    segment: Segment


class ChunkDraft(Struct, frozen=True):
    """A chunk before it has an id: its text, place, heading path and speaker. ``preview`` and ``looks`` are those of
    the picture that the text describes, if it does."""

    text: str
    locator: Locator
    headings: tuple[str, ...]
    role: Role
    context: str
    tokens: int
    preview: bytes | None = None
    looks: int = 0


def passages(segments: Iterable[Segment], tokenizer: Tokenizer) -> Iterator[ChunkDraft]:
    """Cut and merge the segments of one document, in order; nothing is lost and nothing comes twice."""
    group: list[ChunkPiece] = []
    size = 0
    for piece in _pieces(segments, tokenizer):
        room = TARGET + SMALL if size <= SMALL else TARGET
        if group and (size + piece.tokens > room or not _belong_together(group[-1], piece)):
            yield _merge(group)
            group, size = [], 0
        group.append(piece)
        size += piece.tokens
    if group:
        yield _merge(group)


def context_of(title: str, parts: Sequence[str], tokenizer: Tokenizer) -> str:
    """One line that says where a chunk comes from: title, heading path and the like, each once, cut to
    ``CONTEXT_TOKENS``."""
    line = composed(" > ".join(dict.fromkeys(" ".join(part.split()) for part in (title, *parts) if part.strip())))
    spans = tokenizer.token_spans(line[: CONTEXT_TOKENS * 20])
    return line if len(spans) <= CONTEXT_TOKENS else line[: spans[CONTEXT_TOKENS][0]].rstrip(" >") + "…"


def _pieces(segments: Iterable[Segment], tokenizer: Tokenizer) -> Iterator[ChunkPiece]:
    waiting: list[Segment] = []
    for segment in segments:
        if segment.text.strip() or segment.preview is not None:
            waiting.append(replace(segment, text=composed(segment.text)))
        if len(waiting) == _COUNT_AT_ONCE:
            yield from _measured(waiting, tokenizer)
            waiting = []
    yield from _measured(waiting, tokenizer)


def _measured(segments: Sequence[Segment], tokenizer: Tokenizer) -> Iterator[ChunkPiece]:
    for segment, tokens in zip(segments, tokenizer.token_counts([segment.text for segment in segments]), strict=True):
        if tokens <= TARGET:
            yield ChunkPiece(segment.text, segment.locator, tokens, segment)
        else:
            yield from _split(segment, tokenizer)


def _split(segment: Segment, tokenizer: Tokenizer) -> Iterator[ChunkPiece]:
    """Cut a long segment at its natural borders into parts of about the same size."""
    text = segment.text
    spans = tokenizer.token_spans(text)
    parts = -(-len(spans) // TARGET)
    aim = -(-len(spans) // parts)
    token_starts = [start for start, _ in spans]
    cuts = [0]
    first = 0
    borders = _borders(text, segment.form)
    while first + TARGET < len(spans):
        cut = _best_cut(borders, token_starts, first, aim)
        cuts.append(token_starts[cut])
        first = cut
    cuts.append(len(text))
    counts = _tokens_between(token_starts, cuts)
    for (begin, end), tokens in zip(pairwise(cuts), counts, strict=True):
        part = text[begin:end]
        if part.strip():
            yield ChunkPiece(
                part.strip("\n") if segment.form == "code" else part.strip(),
                _narrow(segment, begin, end),
                tokens,
                segment,
            )
            if segment.form == "picture":  # which is shown once, however long its description
                segment = replace(segment, form="prose", preview=None)


def _tokens_between(token_starts: Sequence[int], cuts: Sequence[int]) -> list[int]:
    edges = [bisect_left(token_starts, cut) for cut in cuts]
    return [after - before for before, after in pairwise(edges)]


def _borders(text: str, form: str) -> list[dict[int, None]]:
    """Character positions where a part may begin, best kind first: paragraphs, then lines or sentences, then words."""
    paragraphs = {index + 2: None for index in _find_all(text, "\n\n")}
    lines = {index + 1: None for index in _find_all(text, "\n")}
    if form == "prose":
        sentences = {start: None for start, _ in sentence_spans(text)}
        return [paragraphs, sentences, lines, {start: None for start, _ in word_spans(text)}]
    cells = {index + 2: None for index in _find_all(text, "; ")}
    return [paragraphs, lines, cells, {start: None for start, _ in word_spans(text)}]


def _find_all(text: str, mark: str) -> Iterator[int]:
    index = text.find(mark)
    while index >= 0:
        yield index
        index = text.find(mark, index + len(mark))


def _best_cut(borders: Sequence[dict[int, None]], token_starts: Sequence[int], first: int, aim: int) -> int:
    """The token at which the next part begins: near ``aim`` tokens after ``first``, at the best border there is."""
    last = min(first + TARGET, len(token_starts) - 1)
    for kind, border in enumerate(borders):
        # A better kind of border may lie further from the aim: a sentence is worth a shorter part, a word is not.
        least = first + max(1, aim // (3 if kind < 2 else 2))
        found = [token for token in range(least, last + 1) if token_starts[token] in border]
        if found:
            return min(found, key=lambda token: abs(token - first - aim))
    return min(first + aim, last)


def _narrow(segment: Segment, begin: int, end: int) -> Locator:
    """The locator of ``segment.text[begin:end]``: lines are counted, other places stay as they are."""
    before = segment.text[:begin].count("\n")
    inside = segment.text[begin:end].rstrip("\n").count("\n")
    leading = len(segment.text[begin:end]) - len(segment.text[begin:end].lstrip("\n"))
    return _shift_lines(segment.locator, before + leading, max(0, inside - leading))


def _shift_lines(locator: Locator, skip: int, more: int) -> Locator:
    if isinstance(locator, Lines):
        first = min(locator.first + skip, locator.last)
        return Lines(first, min(first + more, locator.last))
    if isinstance(locator, Message | Entry) and locator.inner is not None:
        return replace(locator, inner=_shift_lines(locator.inner, skip, more))
    return locator


def _belong_together(piece: ChunkPiece, other: ChunkPiece) -> bool:
    one, two = piece.segment, other.segment
    if one.form == "picture" or two.form == "picture":
        return False
    if (one.headings, one.role, one.form, one.context) != (two.headings, two.role, two.form, two.context):
        return False
    place = join(piece.locator, other.locator)
    return place is not None and not (isinstance(place, TimeSpan) and place.end_s - place.start_s > LONGEST_S)


def _merge(group: Sequence[ChunkPiece]) -> ChunkDraft:
    first = group[0].segment
    locator = group[0].locator
    for piece in group[1:]:
        joined = join(locator, piece.locator)
        assert joined is not None
        locator = joined
    between = "\n\n" if first.form == "prose" else "\n"
    return ChunkDraft(
        between.join(piece.text for piece in group),
        locator,
        first.headings,
        first.role,
        first.context,
        sum(piece.tokens for piece in group),
        first.preview,
        first.looks,
    )
