"""Filters in plain words: "emails from Anna in 2024", "the invoice from last March", "Fotos von letzter Woche".

Most dates and names in questions are what the question is about ("Who won in 2016?") and must stay in the text. So a
date filters only when it is tied to a word for a file or a mail, or to what the person did with one, or is relative to
now; a name only when it is tied to mail. The words are those of ``languages``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from desktop_rag.languages import LANGUAGES, either
from desktop_rag.languages.grammar import FilterWords
from desktop_rag.retrieval.date_phrases import DatePhrase, find_dates
from desktop_rag.retrieval.dates import resolve
from desktop_rag.retrieval.filters import Filters
from desktop_rag.retrieval.terms import has_content

LONGEST = 300
"""Characters above which a text is no longer read for filters: it was pasted, not asked."""


def _either(words: Callable[[FilterWords], str]) -> str:
    return either(lambda one: words(one.filters))


def _any(words: Callable[[FilterWords], tuple[str, ...]]) -> str:
    return _either(lambda one: "|".join(words(one)))


_SUFFIXED = _either(lambda one: one.suffixed)
_TYPED = {  # words for things that are told apart by type
    **{pattern: types for one in LANGUAGES for pattern, types in one.filters.typed},
    rf"pdfs?(?:[\s-]{_SUFFIXED})?": (".pdf",),
    rf"excel(?:[\s-]{_SUFFIXED})?": ("spreadsheet",),
}
_ANY_FILE = _either(lambda one: one.any_file)
_MAIL = _either(lambda one: one.mail)
_SURE_MAIL = _either(lambda one: one.sure_mail)
_NOUN = rf"(?:{'|'.join(_TYPED)}|{_ANY_FILE}|{_either(lambda one: one.paper)})"

_DONE = _either(lambda one: one.done)
_DO = _either(lambda one: one.do)
_PERSON_WORD = _either(lambda one: one.people)
_SPEAKER = _either(lambda one: one.speaker)
_GLUE = rf"(?:{_either(lambda one: one.glue)}|{_PERSON_WORD}|{_DONE})"

_LEAD = re.compile(
    rf"\s*(?:(?:{_either(lambda one: one.lead)}|(?P<asks>{_either(lambda one: one.asks)}))\s+)*", re.IGNORECASE
)
_FOLLOWS = re.compile(  # after these a noun stands for itself; before another noun ("email server") it does not
    rf"\s*(?:$|[?.!,:]|(?:{_either(lambda one: one.follows)}|{_GLUE})\b)", re.IGNORECASE
)

_TITLE = _either(lambda one: one.titles)
_CAPITAL = rf"(?:(?:{_TITLE}|[A-Z])\.|[A-ZÀ-ÖØ-Þ][\w.-]*\w)"
_PARTICLE = r"(?:von|van|de|der|den|la|di|da|zu|bin|al)"
_NAME = rf"(?:[\w.+-]+@[\w-]+\.[\w.-]*\w|{_CAPITAL}(?:\s+(?:{_PARTICLE}\s+)*{_CAPITAL}){{0,3}})"
_AND_OR = _either(lambda one: one.and_or)
_NAMES = rf"{_NAME}(?:\s*(?:,|&|\b{_AND_OR}\b)\s*{_NAME})*"
_LOWER_NAME = r"[a-zß-öø-ÿ][\w.-]*\w"
_TITLES = re.compile(rf"^(?:{_TITLE}\b\.?\s*)+")
_NO_NAME = re.compile(rf"{_either(lambda one: one.no_names)}$", re.IGNORECASE)

_FROM = _any(lambda one: one.sent_from[:1])
_TO = frozenset(word for one in LANGUAGES for word in one.filters.sent_to)
_WAY = _any(lambda one: one.sent_from + one.sent_to)
_ROUTE = re.compile(rf"(?:\s+{_GLUE})*\s+(?i:(?P<way>{_WAY}))\s+(?P<names>{_NAMES})(?![\w'\u2019])")
_LOWER_ROUTE = re.compile(rf"(?:\s+{_GLUE})*\s+(?P<way>{_WAY})\s+(?P<names>{_LOWER_NAME})(?![\w'\u2019])")
_LATE_ROUTE = re.compile(
    rf"\s(?i:(?P<way>{_either(lambda one: one.sent)}\s+{_WAY}))\s+(?P<names>{_NAMES})(?![\w'\u2019])"
    rf"|\s(?i:(?P<last_way>{_FROM}))\s+(?P<last_names>{_NAMES})\s*(?=[?.!]*\s*$)"
)
_OWNED = re.compile(rf"(?P<names>{_NAME})['\u2019]s\s+(?=(?i:\w+\s+)?(?i:{_MAIL})\b)")
_TOLD = [re.compile(one.filters.told % {"name": _NAME}) for one in LANGUAGES if one.filters.told]
_TOLD_HINT = re.compile(rf"\b{_either(lambda one: one.told_words)}\b")
_TOLD_MAIL = _either(lambda one: one.told_mail)

_HAS_NOUN = re.compile(rf"\b{_NOUN}\b", re.IGNORECASE)
_NOUN_HERE = re.compile(rf"{_NOUN}\b", re.IGNORECASE)
_GLUE_HERE = re.compile(rf"(?:\s+{_GLUE}\b)*", re.IGNORECASE)
_ANY_PDF = re.compile(
    rf"\b{_either(lambda one: one.determiners)}\s+(?:\w+\s+)?pdfs?\s+{_either(lambda one: one.about)}\b", re.IGNORECASE
)
_TIED_BEFORE = re.compile(  # "the invoice sent ", "emails that I got ", "what did I save "
    rf"\b{_NOUN}(?:\s+{_GLUE}\b)*\s*$|\b{_SPEAKER}\s+(?:\w+\s+)?(?:{_DO}|{_DONE})\s*$", re.IGNORECASE
)
_DONE_BEFORE = re.compile(rf"(?:\b{_DONE}\s+)+$", re.IGNORECASE)
_TIED_AFTER = re.compile(rf"\s+(?:\w+\s+)?{_NOUN}\b", re.IGNORECASE)
_NOT_FREE = re.compile(rf"{either(lambda one: one.dates.not_free)}|\b\d{{3}}", re.IGNORECASE)
_NOT_FREE_BEFORE = re.compile(rf"\b{either(lambda one: one.dates.not_free_before)}\s+$", re.IGNORECASE)
_NOT_FREE_AFTER = re.compile(rf"\s+{either(lambda one: one.dates.not_free_after)}\b", re.IGNORECASE)
_NAMED_AFTER = frozenset(word for one in LANGUAGES for word in one.dates.named_after)
_JOINER_FIRST = re.compile(
    rf"^(?:{_either(lambda one: one.what_done)}\s+{_DO}\b)?(?:[\s,;:?.!-]+|{_either(lambda one: one.joiners)}\b)*",
    re.IGNORECASE,
)
_JOINER_LAST = re.compile(rf"(?:\s+{_either(lambda one: one.joiners_last)})+\s*(?=[?.!]*$)", re.IGNORECASE)


class GuessedFilters(Struct, frozen=True):
    """Filters read from plain words, and the text without these words."""

    text: str
    filters: Filters


class _Head(Struct, frozen=True):
    """The thing asked for by a text that is a wish rather than a question: "all my **photos** from …"."""

    start: int
    end: int
    types: tuple[str, ...]
    named_by_kind: bool
    """Whether the noun says no more than ``types`` (or "file"), so that it need not be searched for."""


_Cut = tuple[int, int]


def guess_filters(text: str, *, now: datetime, given: Filters) -> GuessedFilters | None:
    """Read filters from the plain words of a text; None if there are none. What ``given`` fixes is not guessed."""
    if len(text) > LONGEST:
        return None
    has_noun = _HAS_NOUN.search(text) is not None
    dates = [] if given.after or given.before else [phrase for phrase in find_dates(text) if _is_date(phrase, text)]
    if not has_noun and not dates and not _TOLD_HINT.search(text):
        return None
    undated = _blank(text, [(phrase.start, phrase.end + len(_owner(text, phrase))) for phrase in dates])
    head = _head(_OWNED.sub(lambda match: " " * len(match[0]), undated)) if has_noun else None
    cuts: list[_Cut] = []
    found = Filters()
    told = False
    if not given.senders and not given.recipients:
        found, cuts = _mail_people(text, undated, head) if has_noun else (found, cuts)
        if not found.senders:
            tale, tale_cuts = _told(undated, head, any(phrase.relative or phrase.precise for phrase in dates))
            told = bool(tale.senders)
            found |= tale
            cuts += tale_cuts
    if head and not given.types:
        found |= Filters(types=head.types)
    elif _ANY_PDF.search(text) and not given.types:
        found |= Filters(types=(".pdf",))
    unpeopled = _blank(undated, cuts)
    period = Filters()
    for phrase in dates:
        if _is_tied(phrase, text, unpeopled, head, told) or _is_free(phrase, text):
            bounds = resolve(phrase, now)
            if bounds is None:
                continue
            period |= Filters(after=bounds[0], before=bounds[1])
            done = _DONE_BEFORE.search(unpeopled, 0, phrase.start)
            cuts.append((done.start() if done else phrase.start, phrase.end + len(_owner(text, phrase))))
    if not period.is_possible:
        return None
    found |= period
    if found.is_empty:
        return None
    return GuessedFilters(_rest(text, head, cuts), found)


def _head(text: str) -> _Head | None:
    lead = _LEAD.match(text)
    start = lead.end() if lead else 0
    noun = _NOUN_HERE.match(text, start)
    if not noun or not _FOLLOWS.match(text, noun.end()):
        return None
    if lead and lead["asks"] and not (_is(_SURE_MAIL, noun[0]) or re.search(rf"\b(?:{_PERSON_WORD})\b", text, re.I)):
        return None
    types = next((types for pattern, types in _TYPED.items() if _is(pattern, noun[0])), ())
    return _Head(start, noun.end(), types, bool(types) or _is(_ANY_FILE, noun[0]))


def _is(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text, re.IGNORECASE) is not None


def _blank(text: str, spans: list[_Cut]) -> str:
    """The text with spaces in place of the spans, so that all offsets stay."""
    for start, end in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    return text


# --- people ----------------------------------------------------------------------------------------------------------


def _mail_people(text: str, undated: str, head: _Head | None) -> tuple[Filters, list[_Cut]]:
    """Senders and recipients tied to a word for mail: "emails from NAME to NAME", "NAME's messages"."""
    found = Filters()
    cuts: list[_Cut] = []
    lower = head is not None and not re.search(r"[A-ZÄÖÜ]", text[1:])
    for noun in re.finditer(rf"\b(?:{_MAIL})\b", undated, re.IGNORECASE):
        at_head = head is not None and head.end == noun.end()
        if not at_head and not _is(_SURE_MAIL, noun[0]):
            continue
        end = noun.end()
        while route := _ROUTE.match(undated, end) or (lower and _LOWER_ROUTE.match(undated, end)):
            people = _people(route["way"], route["names"])
            if people.is_empty:
                break
            found |= people
            cuts.append((end if at_head else route.start("way"), route.end()))
            end = route.end()
        if found.is_empty and (late := _LATE_ROUTE.search(undated, end)):
            way = "way" if late["way"] else "last_way"
            if at_head or late["way"]:
                found = _people(late[way], late["names"] or late["last_names"])
                cuts += [] if found.is_empty else [(late.start(way), late.end())]
    if found.is_empty and (owned := _OWNED.search(undated)):
        found = _people("", owned["names"])
        cuts += [] if found.is_empty else [(owned.start(), owned.end())]
    return (found | Filters(types=("mail",)), cuts) if cuts else (Filters(), [])


def _told(undated: str, head: _Head | None, dated: bool) -> tuple[Filters, list[_Cut]]:
    """The sender in "what did NAME write me"."""
    matches = [match for pattern in _TOLD if (match := pattern.search(undated))]
    if not matches:
        return Filters(), []
    match = min(matches, key=lambda match: match.start())
    sure = match["me"] or (head and "mail" in head.types) or _is(_TOLD_MAIL, match["verb"])
    people = _people("", match["names"]) if sure or dated else Filters()
    if people.is_empty or (not head and not (match["ask"] and match.start() == 0)):
        return people, []
    return people, [match.span(), match.span("verb")]


def _people(way: str, names: str) -> Filters:
    parts = [_TITLES.sub("", part).strip() for part in re.split(rf",|&|\b{_AND_OR}\b", names)]
    if any(not part or _NO_NAME.match(part) for part in parts):
        return Filters()
    if way and way.lower().split()[-1] in _TO:
        return Filters(recipients=tuple(parts))
    return Filters(senders=tuple(parts))


# --- dates -----------------------------------------------------------------------------------------------------------


def _is_date(phrase: DatePhrase, text: str) -> bool:
    """Whether the words are rather a date than the verb "may", or a name ("from April Jones")."""
    if phrase.relative or phrase.precise:
        return True
    if re.search(r"\d", text[phrase.start : phrase.end]):
        return True
    named = phrase.connector in _NAMED_AFTER and re.match(r"\s+[A-ZÄÖÜ]\w", text[phrase.end :])
    return bool(phrase.connector) and not named


def _owner(text: str, phrase: DatePhrase) -> str:
    """The ``'s`` after a date, or nothing."""
    return text[phrase.end : phrase.end + 2] if re.match(r"['\u2019]s\b", text[phrase.end :]) else ""


def _is_tied(phrase: DatePhrase, text: str, unpeopled: str, head: _Head | None, told: bool) -> bool:
    if phrase.connector and not unpeopled[: phrase.start].strip() and not text[phrase.end :].strip(" ?.!"):
        return True  # nothing else is asked for
    if owner := _owner(text, phrase):
        return _TIED_AFTER.match(text, phrase.end + len(owner)) is not None
    if _TIED_BEFORE.search(unpeopled, 0, phrase.start):
        return True
    if not (phrase.connector or phrase.relative or phrase.precise):
        return False
    return told or (head is not None and phrase.start >= head.end)


def _is_free(phrase: DatePhrase, text: str) -> bool:
    """Whether a date relative to now stands for itself: "last week", but not "the last week of the war"."""
    words = text[phrase.start : phrase.end]
    return (
        phrase.relative
        and not _owner(text, phrase)
        and not _NOT_FREE.search(words)
        and not _NOT_FREE_BEFORE.search(text, 0, phrase.start)
        and not _NOT_FREE_AFTER.match(text, phrase.end)
    )


# --- the text that is left -------------------------------------------------------------------------------------------


def _rest(text: str, head: _Head | None, cuts: list[_Cut]) -> str:
    if head and head.named_by_kind:
        glue = _GLUE_HERE.match(text, head.end)
        cuts = [*cuts, (0, glue.end() if glue else head.end)]
    elif head:
        cuts = [*cuts, (0, head.start)]
    left = re.sub(r"\s+([?.!,;:])", r"\1", " ".join(_blank(text, cuts).split()))
    left = _JOINER_LAST.sub("", _JOINER_FIRST.sub("", left)).strip(" ,;:-")
    return left if has_content(left) or "\ue000" in left else ""
