"""A text that is asked for, cut into words once: all that search, answer and check need to know of its words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

from desktop_rag.language import composed, words
from desktop_rag.languages import function_words, language_of
from desktop_rag.retrieval.terms import ExactString, exact_strings, terms_among
from desktop_rag.tokenizer import index_tokenizer

_HALVES = re.compile("[\ud800-\udfff]")
"""Halves of characters: what a command line or a file's name has that is no valid Unicode."""


class AnalyzedText(Struct, frozen=True):
    """``text`` is composed and valid Unicode. The words are those of the full-text index: ``words`` as written, and for
    each its stem."""

    text: str
    words: tuple[str, ...]
    stems: tuple[str, ...]
    language: str
    """The code of ``languages``, "" if it cannot be said."""
    terms: tuple[str, ...]
    """The distinct words worth looking for, in lower case and without most accents."""
    term_stems: tuple[str, ...]
    """The stem of each of these."""
    telling: tuple[str, ...]
    """The words that are no function words of its language, as written."""
    telling_stems: frozenset[str]
    named_stems: frozenset[str]
    """The stems of the words that are function words of no language."""
    exact: tuple[ExactString, ...]
    """Numbers, names and codes that must match as they stand."""
    exact_phrases: tuple[tuple[str, ...], ...]
    """How these may be written, as words in a row."""
    exact_stems: tuple[tuple[str, ...], ...]
    unfinished: str
    """The last word, if the text ends with it: it may go on."""


def analyze_text(text: str) -> AnalyzedText:
    """Cut a text into its words, once and for all."""
    text = valid(text)
    written = words(text)
    tokenizer = index_tokenizer()
    stems, folded = tokenizer.stems(written), tokenizer.folded(written)
    lower = [word.lower() for word in written]
    language = language_of(lower)
    terms = terms_among(written, folded)
    exact = tuple(exact_strings(text))
    phrases = tuple(phrase for string in exact for phrase in string.phrases)
    known = dict(zip(folded, stems, strict=True))
    function, functions = function_words(language), function_words("")
    return AnalyzedText(
        text=text,
        words=tuple(written),
        stems=tuple(stems),
        language=language,
        terms=tuple(terms),
        term_stems=tuple(known[term] for term in terms),
        telling=tuple(word for word, low in zip(written, lower, strict=True) if low not in function),
        telling_stems=_stems_of(stems, lower, function),
        named_stems=_stems_of(stems, lower, functions),
        exact=exact,
        exact_phrases=phrases,
        exact_stems=tuple(tuple(tokenizer.stems(phrase)) for phrase in phrases),
        unfinished=folded[-1] if written and text.endswith(written[-1]) else "",
    )


def valid(text: str) -> str:
    """``text`` in Unicode's composed form, without what is no character."""
    return composed(_HALVES.sub("\ufffd", text))


def _stems_of(stems: Sequence[str], words: Iterable[str], function: frozenset[str]) -> frozenset[str]:
    return frozenset(stem for stem, word in zip(stems, words, strict=True) if word not in function)
