"""The part of a passage that is worth showing, and the question's words in it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from desktop_rag.language import stem, word_spans

LENGTH = 280
"""Characters of a snippet, about three lines."""


class Snippet(Struct, frozen=True):
    """``marks`` are start and end of the question's words in ``text``."""

    text: str
    marks: tuple[tuple[int, int], ...]


def passage(text: str, terms: Sequence[str]) -> Snippet:
    """All of a passage."""
    text = unwrap(text.strip())
    return Snippet(text, find_terms(text, terms))


def snippet(text: str, terms: Sequence[str], length: int = LENGTH) -> Snippet:
    """The stretch of at most about ``length`` characters with the most ``terms`` in it, in one line."""
    text = _in_one_line(unwrap(text.strip()))
    marks = find_terms(text, terms)
    if len(text) <= length:
        return Snippet(text, marks)
    begin = max(_beginnings(text, marks, length), key=lambda at: _told(text, marks, at, at + length))
    end = _word_border(text, begin + length)
    before, after = "… " if begin else "", " …" if end < len(text) else ""
    shift = len(before) - begin
    inside = tuple((first + shift, last + shift) for first, last in marks if begin <= first and last <= end)
    return Snippet(f"{before}{text[begin:end].rstrip()}{after}", inside)


def find_terms(text: str, terms: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Start and end of each word of ``text`` that is one of ``terms``, in whatever form."""
    stems = {stem(term) for term in terms}
    return tuple((first, last) for first, last in word_spans(text) if stem(text[first:last]) in stems)


def unwrap(text: str) -> str:
    """``text`` with line breaks inside sentences turned into blanks; those of tables, lists and verses stay. No
    character moves."""
    return "\n\n".join(map(_unwrap_block, text.replace("\r", " ").replace("\t", " ").split("\n\n")))


def _in_one_line(text: str) -> str:
    """Lines one after the other, with a dot where neither a mark nor the running on of a sentence joins them."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    joined = lines[0] if lines else ""
    for line in lines[1:]:
        joined += f" {line}" if joined[-1] in ".,;:!?…" or line[0].islower() else f" · {line}"
    return joined


def _unwrap_block(block: str) -> str:
    following = block.split("\n")[1:]
    running_on = sum(line.lstrip()[:1].islower() for line in following)
    return block.replace("\n", " ") if running_on * 2 >= len(following) else block


def _beginnings(text: str, marks: Sequence[tuple[int, int]], length: int) -> list[int]:
    """Where a snippet may begin: at the text's start, or at the sentence or word a little before a term."""
    found = [0]
    for first, _ in marks:
        earliest = max(0, first - length // 3)
        sentences = [match.end() for match in re.finditer(r"[.!?:]\s+|\n+", text[earliest:first])]
        words = [match.end() for match in re.finditer(r"\s", text[earliest:first])]
        if earliest:
            found.append(earliest + (sentences or words or [0])[0])
    return found


def _told(text: str, marks: Sequence[tuple[int, int]], begin: int, end: int) -> tuple[int, int]:
    inside = [stem(text[first:last]) for first, last in marks if begin <= first and last <= end]
    return len(set(inside)), len(inside)


def _word_border(text: str, position: int) -> int:
    if position >= len(text):
        return len(text)
    border = max(text.rfind(blank, 0, position + 1) for blank in " \n")
    return border if border > position - 40 else position
