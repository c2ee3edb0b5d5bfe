"""The facts of a sentence that can be compared to the letter: numbers, dates, times, identifiers and names.

A fact has one or more readings ("1.234" is a thousand and more in German and a little over one in English; "5/3/2024"
has two days), and is seen in a text when one of its readings is one of the text's. Dates are read with a table of
month names rather than with ``dateparser``: that fills in what a date leaves out, and here "May 2024" must not become
a day.

Names are capitalised words: any such word that does not begin a sentence, together with those beside it. German
capitalises all nouns, so there only two or more in a row are a name ("Anna Berg", "Hotel Sacher"), and words
that often stand beside another noun ("Herr", "Anfang") do not count. A name is seen when each word of it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from desktop_rag.language import sentence_spans, stem, stems
from desktop_rag.languages import LANGUAGES, either, function_words

FactKind = Literal["number", "date", "time", "code", "name"]

_MONTH = {
    name: number for one in LANGUAGES for number, names in enumerate(one.dates.months, 1) for name in names.split()
}
_NO_NAMES = frozenset(word for one in LANGUAGES for word in one.facts.no_names.split())
_NUMBER_WORDS = {word: value for one in LANGUAGES for word, value in one.facts.numbers.items()}
_COUNTED = 5
"""A smaller number in words is no fact of a sentence: "these two letters" counts what was found."""
_SCALES = {word: power for one in LANGUAGES for word, power in one.facts.scales.items()}
_CAPITAL_NOUNS = frozenset(one.code for one in LANGUAGES if one.facts.capital_nouns)

_NAME_OF_MONTH = "|".join(sorted(_MONTH, key=len, reverse=True))
_ORDINALS = either(lambda one: one.dates.ordinals)
_OF = either(lambda one: one.dates.of)
_HOURS = either(lambda one: one.facts.hours)
_DATE = re.compile(
    rf"""(?<![\w.])(?:
      (?P<iso>\d{{4}}-\d\d(?:-\d\d)?)(?![\d-])
      | (?P<figures>\d{{1,2}}[./]\d{{1,2}}[./](?:\d{{4}}|\d\d))(?![\d./]*\d)
      | (?P<day>\d{{1,2}})(?:{_ORDINALS}|\.)?\s*(?:{_OF}\s+)?(?P<month>{_NAME_OF_MONTH})\b\.?
        (?:,?\s+(?P<year>\d{{4}})\b)?
      | (?P<month2>{_NAME_OF_MONTH})\b\.?\s+(?P<day2>\d{{1,2}}){_ORDINALS}?\b(?!\d|[.,]\d)
        (?:,?\s+(?P<year2>\d{{4}})\b)?
      | (?P<month3>{_NAME_OF_MONTH})\b\.?,?\s+(?:{_OF}\s+)?(?P<year3>\d{{4}})\b
    )""",
    re.VERBOSE | re.IGNORECASE,
)
_TIME = re.compile(
    rf"(?<![\w:.])(\d{{1,2}})[:.](\d\d)(?::\d\d)?(?!\d)(?=\s*(?:([ap])\.?m\b|{_HOURS}|h\b|(?<=:\d\d)))", re.IGNORECASE
)
_HOUR = re.compile(rf"(?<![\w:.,])(\d{{1,2}})\s*(?:([ap])\.?m\b|{_HOURS}\b)", re.IGNORECASE)
_CODE = re.compile(
    r"\b(?=[\w/-]{0,60}\d)(?=[\w/-]{0,60}[A-Z])[^\W_]+(?:[-/_][^\W_]+)*\b|\b(?:[a-z]+\d|\d+[a-z])\w*\b|\b\d+(?:[-/]\d+){2,}\b"
)
_ORDINAL = re.compile(rf"\d+(?:{_ORDINALS}|s)|\d+(?:[a-zµ]{{1,3}}|[a-z]{{1,2}}[\d²³])", re.IGNORECASE)
"""Digits with an ending or a unit: a number, and no identifier."""
_FIGURE = re.compile(r"(?<!\d)\d{1,3}(?:[ ]\d{3})+(?![\d.,]*\d)|\d+(?:[.,'\u2019\u00a0\u202f]\d+)*")
_PLAIN = re.compile(r"\d+(?:[.,]\d+)?")
_WORD = re.compile(r"[^\W\d_]+(?:[-'\u2019][^\W\d_]+)*")
_OPENERS = " \"'*-\u2022(\u201e\u201c\u00bb#"
_INITIAL = 2
"""Letters of a word whose stop ends no sentence."""

FactReading = tuple[object, ...]


class Fact(Struct, frozen=True):
    """``text`` as it stands in the sentence, and what it may mean."""

    kind: FactKind
    text: str
    readings: frozenset[FactReading]


def facts(sentence: str, language: str) -> list[Fact]:
    """The facts of one sentence in ``language`` (a code of ``languages``, or ""), without repetitions."""
    found: list[Fact] = []
    rest = sentence
    for fact, (begin, end) in _figures(sentence):
        if not (fact.text.isalpha() and _NUMBER_WORDS.get(fact.text.lower(), _COUNTED) < _COUNTED):
            found.append(fact)
        while end < len(sentence) and sentence[end].isalnum():  # a unit is no name
            end += 1
        rest = f"{rest[:begin]}{' ' * (end - begin)}{rest[end:]}"
    found += (Fact("name", name, frozenset((word,) for word in _folded(name))) for name in _names(rest, language))
    return list({(fact.kind, fact.readings): fact for fact in found}.values())


class FactIndex:
    """What can be seen in some texts."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._readings: set[tuple[FactKind, FactReading]] = set()
        self._stems: set[str] = set()
        self._run = ""
        for text in texts:
            for fact, _ in _figures(text):
                self._readings.update((fact.kind, reading) for reading in fact.readings)
            # The figures of a date or an identifier are seen by themselves too.
            self._readings.update(("number", reading) for fact, _ in _numbers(text) for reading in fact.readings)
            self._readings.update(
                ("number", (value.normalize(),)) for f in _PLAIN.findall(text) for value in _values(f)
            )
            words = _folded(text)
            self._stems.update(stems(text), words)
            self._run += f" {' '.join(words)} "
        self._dates = [reading for kind, reading in self._readings if kind == "date"]

    def shows(self, fact: Fact) -> bool:
        """Whether ``fact`` stands in the texts, in whatever form."""
        match fact.kind:
            case "name":
                return all(self._has_word(str(word)) for (word,) in fact.readings)
            case "code":
                return any(f" {run} " in self._run for (run,) in fact.readings)
            case "date":
                return any(_within(reading, seen) for reading in fact.readings for seen in self._dates)
        return any((fact.kind, reading) in self._readings for reading in fact.readings)

    def _has_word(self, word: str) -> bool:
        return word in self._stems or stem(word) in self._stems


def unseen(found: Iterable[Fact], evidence: FactIndex) -> tuple[str, ...]:
    """The texts of the facts that ``evidence`` does not show."""
    return tuple(fact.text for fact in found if not evidence.shows(fact))


def _figures(text: str) -> Iterator[tuple[Fact, tuple[int, int]]]:
    """Dates, times, identifiers and numbers, each character in one of them at most."""
    for read in (_dates, _times, _codes, _numbers):
        taken = text
        for fact, (begin, end) in read(text):
            yield fact, (begin, end)
            taken = f"{taken[:begin]}{' ' * (end - begin)}{taken[end:]}"
        text = taken


def _dates(text: str) -> Iterator[tuple[Fact, tuple[int, int]]]:
    for match in _DATE.finditer(text):
        readings = {reading for reading in _date_readings(match) if _is_date(reading)}
        if readings:
            yield Fact("date", match[0], frozenset(readings)), match.span()


def _date_readings(match: re.Match[str]) -> Iterator[FactReading]:
    """(year, month, day), with None for what is not said."""
    if match["iso"]:
        year, month, *day = map(int, match["iso"].split("-"))
        yield year, month, day[0] if day else None
    elif match["figures"]:
        first, second, year = map(int, re.split(r"[./]", match["figures"]))
        year += 0 if year > 99 else 2000 if year < 70 else 1900
        yield year, second, first
        if "/" in match["figures"]:
            yield year, first, second
    else:
        name = match["month"] or match["month2"] or match["month3"]
        said_day, said_year = match["day"] or match["day2"], match["year"] or match["year2"] or match["year3"]
        yield int(said_year) if said_year else None, _MONTH[name.lower()], int(said_day) if said_day else None


def _is_date(reading: FactReading) -> bool:
    _, month, day = reading
    return isinstance(month, int) and 1 <= month <= 12 and (day is None or (isinstance(day, int) and 1 <= day <= 31))


def _within(said: FactReading, seen: FactReading) -> bool:
    """Whether all that is said of a date is seen; a year is not missed in "3 May" below a letter of 2024."""
    return all(part is None or part == other for part, other in zip(said, seen, strict=True)) or (
        seen[0] is None and said[1:] == seen[1:]
    )


def _times(text: str) -> Iterator[tuple[Fact, tuple[int, int]]]:
    for pattern in (_TIME, _HOUR):
        for match in pattern.finditer(text):
            groups = match.groups()
            hour, minute, half = int(groups[0]), int(groups[1]) if len(groups) == 3 else 0, (groups[-1] or "").lower()
            if hour < 24 and minute < 60:
                readings = {(hour % 12 + 12 if half == "p" else hour % 12 if half == "a" else hour, minute)}
                yield Fact("time", match[0], frozenset(readings)), match.span()


def _codes(text: str) -> Iterator[tuple[Fact, tuple[int, int]]]:
    for match in _CODE.finditer(text):
        if not _ORDINAL.fullmatch(match[0]):
            yield Fact("code", match[0], frozenset({(" ".join(_folded(match[0])),)})), match.span()


def _numbers(text: str) -> Iterator[tuple[Fact, tuple[int, int]]]:
    for match in _FIGURE.finditer(text):
        scale = re.match(r"[\s-]*([^\W\d_]+)", text[match.end() : match.end() + 20])
        power = _SCALES.get(scale[1].lower(), 0) if scale else 0
        end = match.end() + (scale.end() if scale and power else 0)
        readings = frozenset((value.scaleb(power).normalize(),) for value in _values(match[0]))
        yield Fact("number", text[match.start() : end], readings), (match.start(), end)
    for match in _WORD.finditer(text):
        value = _NUMBER_WORDS.get(match[0].lower())
        if value is not None:
            yield Fact("number", match[0], frozenset({(Decimal(value).normalize(),)})), match.span()


def _values(figure: str) -> set[Decimal]:
    """1,234.50 and 1.234,50 mean one number; 1.234 may be either."""
    figure = re.sub(r"['\u2019\u00a0\u202f ]", "", figure)
    marks = [mark for mark in figure if mark in ".,"]
    plain = Decimal(re.sub(r"[.,]", "", figure)[:40])
    if not marks:
        return {plain}
    whole, last, fraction = figure.rpartition(marks[-1])
    decimal = Decimal(f"{re.sub(r'[.,]', '', whole)}.{fraction}"[:40])
    if len(set(marks)) == 2:
        return {decimal}
    if len(marks) > 1:
        return {plain}
    return {plain, decimal} if len(fraction) == 3 and last else {decimal}


def _names(sentence: str, language: str) -> Iterator[str]:
    starts = {begin for begin, _ in sentence_spans(sentence)}
    run: list[re.Match[str]] = []
    for match in [*_WORD.finditer(sentence), None]:
        capital = match is not None and match[0][0].isupper() and _may_name(match[0], language)
        if match is not None and capital and run and _beside(sentence, run[-1], match):
            run.append(match)
            continue
        first = bool(run) and (run[0].start() in starts or not sentence[: run[0].start()].strip(_OPENERS))
        if len(run) > 1 or (run and language not in _CAPITAL_NOUNS and not first):
            yield sentence[run[0].start() : run[-1].end()]
        run = [match] if match is not None and capital else []


def _beside(sentence: str, one: re.Match[str], other: re.Match[str]) -> bool:
    between = sentence[one.end() : other.start()]
    return between.isspace() or (between.strip() == "." and len(one[0]) <= _INITIAL)


def _may_name(word: str, language: str) -> bool:
    lower = word.lower()
    return (
        lower not in function_words(language)
        and lower not in _NO_NAMES
        and lower not in _MONTH
        and lower not in _NUMBER_WORDS
    )


def _folded(text: str) -> list[str]:
    """The words in lower case and without accents; a possessive loses its "s"."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
    return re.findall(r"[^\W_]+", re.sub(r"['\u2019]s\b", "", plain))
