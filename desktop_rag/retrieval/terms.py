"""What of a question to look for word by word: its search terms, and the exact strings in it.

Words are cut and folded by the full-text index's own tokenizer, so that a term here is a token there. The index cuts
``INV-2024-0031`` into three words, so an exact string comes as phrases of words. Nothing here knows SQL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Literal

from msgspec import Struct

from desktop_rag.language import folded, words
from desktop_rag.languages import LANGUAGES
from desktop_rag.tokenizer import index_tokenizer


def search_terms(text: str) -> list[str]:
    """The distinct words of a text worth looking for, in order, as the index has them before stemming."""
    written = words(text)
    return terms_among(written, index_tokenizer().folded(written))


def terms_among(written: Sequence[str], folded: Sequence[str]) -> list[str]:
    """Those of ``folded`` worth looking for; ``written`` are the same words as they stand in the text.

    Function words are left out, of the language that the text has most of; unless nothing else is in it. Words in
    capitals are kept ("US", "IT", "WHO"), unless all are.
    """
    found: dict[str, bool] = {}
    shouted = all(word == word.upper() for word in written)
    for word, token in zip(written, folded, strict=True):
        found[token] = found.get(token, False) or (len(word) > 1 and word.isupper() and not shouted)
    stop_words = max(_stop_words(), key=lambda words: sum(token in words for token in found))
    return [token for token, kept in found.items() if kept or token not in stop_words] or list(found)


def has_content(text: str) -> bool:
    """Whether a text has any word that is no function word of any language known here."""
    return any(not any(token in words for words in _stop_words()) for token in folded(text))


@cache
def _stop_words() -> tuple[frozenset[str], ...]:
    """The function words of each language, as the index has them."""
    return tuple(frozenset(folded(one.function_words)) for one in LANGUAGES)


# --- exact strings ----------------------------------------------------------------------------------------------------

ExactKind = Literal["email", "url", "iban", "phone", "amount", "identifier", "code"]

_LONGEST = 2_000
"""Characters of a text that are looked through."""


class ExactString(Struct, frozen=True):
    """A string to be matched exactly: a text has it when it has any of ``phrases``.

    Each of these is a sequence of words of the index in immediate succession, as ``folded`` cuts them. There is more
    than one where people write the same thing in several ways.
    """

    text: str
    kind: ExactKind
    phrases: tuple[tuple[str, ...], ...]


_NOT_IN_WORD = r"(?<![\w@.+-])"
_PATTERNS: tuple[tuple[ExactKind, re.Pattern[str]], ...] = (
    ("email", re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")),
    ("url", re.compile(r"(?<!\w)(?:https?|ftp|file)://[^\s<>\"']*[\w/]|(?<![\w@.])www\.[^\s<>\"']*[\w/]")),
    ("iban", re.compile(r"(?<!\w)[A-Z]{2}\d\d(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,4})?(?!\w)", re.IGNORECASE)),
    ("phone", re.compile(r"(?<![\w.,/-])(?:\+|\(\+?|00?)?\d(?:[ ./()\u2011\u2013-]{0,3}\d){5,17}(?![\w/]|[.,-]\d)")),
    ("amount", re.compile(r"(?<![\w.,/-])\d{1,3}(?:[.,'\u2019\u00a0\u202f ]\d{3})+(?:[.,]\d\d?)?(?![\w]|[.,/-]\d)")),
    ("amount", re.compile(r"(?<![\w.,/-])\d+[.,]\d\d(?![\w]|[.,/-]\d)")),
    ("identifier", re.compile(rf"{_NOT_IN_WORD}#?(?=[\w/.:#-]*\d)[^\W_]+(?:[-/.:#_][^\W_]+)*(?![\w@])")),
    ("code", re.compile(rf"{_NOT_IN_WORD}[^\W\d]\w*(?:(?:\.|::|->)[^\W\d]\w+)+(?:\(\))?(?!\w)")),
    ("code", re.compile(rf"{_NOT_IN_WORD}(?:_*[^\W_]+(?:_+[^\W_]+)+_*|\w+\(\))(?!\w)")),
    ("code", re.compile(rf"{_NOT_IN_WORD}(?:[a-z]+[A-Z]\w*|[A-Z][a-z0-9]+[A-Z]\w*)(?!\w)")),
)


def exact_strings(text: str) -> list[ExactString]:
    """The exact strings of a text, in order of appearance, none inside another."""
    text = text[:_LONGEST]
    found: dict[int, ExactString] = {}
    taken = bytearray(len(text))
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            if any(taken[match.start() : match.end()]):
                continue
            phrases = tuple(dict.fromkeys(phrase for phrase in _phrases(kind, match[0]) if phrase))
            if phrases:
                found[match.start()] = ExactString(match[0], kind, phrases)
                taken[match.start() : match.end()] = b"\1" * len(match[0])
    return [found[start] for start in sorted(found)]


def _phrases(kind: ExactKind, text: str) -> Iterator[tuple[str, ...]]:
    """The ways to write a string, as words of the index; none if it is not of that kind after all."""
    match kind:
        case "iban":
            yield from _iban(text)
        case "phone":
            yield from _phone(text)
        case "amount":
            yield from _amount(text)
        case "identifier":
            yield from _identifier(text)
        case _:
            yield tuple(folded(text))


def _iban(text: str) -> Iterator[tuple[str, ...]]:
    joined = re.sub(r"[ -]", "", text).upper()
    digits = "".join(str(int(character, 36)) for character in joined[4:] + joined[:4] if character.isascii())
    if int(digits) % 97 == 1:
        yield tuple(joined[start : start + 4].lower() for start in range(0, len(joined), 4))
        yield (joined.lower(),)


def _amount(text: str) -> Iterator[tuple[str, ...]]:
    """``1,249.50``, ``1.249,50``, ``1 249.50`` and ``1249.50`` are one amount."""
    cents = re.search(r"[.,](\d\d?)$", text)
    whole = re.sub(r"\D", "", text[: cents.start()] if cents else text)
    first = len(whole) % 3 or 3
    groups = (whole[:first], *(whole[start : start + 3] for start in range(first, len(whole), 3)))
    tail = (cents[1],) if cents else ()
    yield (*groups, *tail)
    yield (whole, *tail)


def _identifier(text: str) -> Iterator[tuple[str, ...]]:
    """``INV-2024-0031`` is also written ``INV20240031``, ``INV20240031`` also ``INV 20240031``."""
    if len(text) < 3 or _ORDINARY.fullmatch(text):
        return
    parts = folded(text)
    yield tuple(parts)
    if len(parts) > 1:
        yield ("".join(parts),)
    elif re.fullmatch(r"[a-z]+\d+", parts[0]):
        letters = re.sub(r"\d", "", parts[0])
        yield (letters, parts[0][len(letters) :])


_ORDINARY = re.compile(  # years, small numbers, times, dates, ordinals, decades, measures
    r"\d{1,4}|\d{1,2}:\d\d(?::\d\d)?|\d{4}-\d\d(?:-\d\d)?|\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d\d)|\d{1,2}[./]\d{1,2}"
    r"|\d+(?:st|nd|rd|th)(?:-[a-z]+)*|\d+(?:s|am|pm|h|min|kg|g|m|cm|mm|km|kb|mb|gb|tb|k|x)|\d+-[a-z]+|(?:19|20)\d\d[-/]\d\d(?:\d\d)?",
    re.IGNORECASE,
)

# Country codes of one and two digits; all others have three. No code begins another (ITU-T E.164).
_COUNTRY = re.compile(r"1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|\d{3}")


def _phone(text: str) -> Iterator[tuple[str, ...]]:
    """A number with and without its country code and trunk zero, the subscriber's digits in the usual groups."""
    digits = re.sub(r"\D", "", text)
    shaped = re.match(r"\(?\+|00|0|\(", text) or re.fullmatch(r"1?[ .-]?\d{3}[ .-]\d{3}[ .-]\d{4}", text)
    if not shaped or not 7 <= len(digits) <= 17 or _ORDINARY.fullmatch(text):
        return
    groups = re.findall(r"\d+", text.replace("(0)", " "))
    yield tuple(groups)
    country = ""
    if text.lstrip("(").startswith("+") or digits.startswith("00"):
        groups[0] = groups[0].removeprefix("00")
        groups = groups if groups[0] else groups[1:]
        code = _COUNTRY.match(groups[0]) if groups else None
        if code is None:
            return
        country, groups[0] = code[0], groups[0][code.end() :]
    else:
        groups[0] = groups[0].removeprefix("0")
    groups = [group for group in groups if group]
    national = "".join(groups)
    for prefix in ("", "0", *((country, f"00{country}") if country else ("1",))):
        yield (prefix + national,)
    for prefix in (country, f"00{country}") if country else ():
        yield (prefix, national)
    splits = [(groups[0], "".join(groups[1:]))] if len(groups) > 1 else []
    splits = splits or [(national[:size], national[size:]) for size in (2, 3, 4)]
    for area, number in splits:
        for grouped in _grouped(number):
            yield (area, *grouped)
            yield (f"0{area}", *grouped)


def _grouped(number: str) -> Iterator[tuple[str, ...]]:
    """The digits of a subscriber's number as one group, in pairs and threes from either end, and as 3 + 4."""
    yield (number,)
    for size in (2, 3):
        yield tuple(re.findall(rf"\d{{1,{size}}}", number))
        yield tuple(part[::-1] for part in reversed(re.findall(rf"\d{{1,{size}}}", number[::-1])))
    if len(number) > 4:
        yield (number[:-4], number[-4:])
        yield (number[:3], *re.findall(r"\d{1,2}", number[3:]))
