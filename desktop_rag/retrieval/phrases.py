"""Filters in plain words: "emails from Anna in 2024", "the invoice from last March", "Fotos von letzter Woche".

Most dates and names in questions are what the question is about ("Who won in 2016?") and must stay in the text. So a
date filters only when it is tied to a word for a file or a mail, or to what the person did with one, or is relative to
now; a name only when it is tied to mail. English and German.
"""

from __future__ import annotations

import re
from datetime import datetime

from msgspec import Struct

from desktop_rag.retrieval.dates import DatePhrase, find_dates, resolve
from desktop_rag.retrieval.filters import Filters
from desktop_rag.retrieval.terms import has_content

LONGEST = 300
"""Characters above which a text is no longer read for filters: it was pasted, not asked."""

_TYPED = {  # words for things that are told apart by type
    r"e-?mails?|mails": ("mail",),
    r"messages?|mail|nachricht(?:en)?": ("mail",),
    r"photos?|photographs?|pictures?|images?|screenshots?|fotos?|bild(?:er)?": ("image",),
    r"videos?|movie\s+files?": ("video",),
    r"voice\s+(?:memo|note|message)s?|recordings?|sprachnachricht(?:en)?|tonaufnahmen?": ("audio",),
    r"pdfs?(?:[\s-](?:files?|documents?|datei(?:en)?))?": (".pdf",),
    r"spreadsheets?|excel(?:[\s-](?:files?|sheets?|tabellen?|datei(?:en)?))?": ("spreadsheet",),
    r"slides|slide\s+decks?|presentations?|powerpoints?|präsentation(?:en)?|folien": ("slides",),
    r"word\s+(?:doc(?:ument)?s?|files?)|word-?(?:dokumente?|datei(?:en)?)": (".docx", ".doc", ".docm"),
    r"notes?|notiz(?:en)?": ("note", "text", "document"),
}
_ANY_FILE = r"files?|documents?|docs?|attachments?|datei(?:en)?|dokumente?|anh[aä]nge?"
_PAPER = (
    r"invoices?|receipts?|bills?|contracts?|letters?|reports?|statements?|payslips?|minutes|agendas?|forms?|offers?"
    r"|quotes?|certificates?|\w*rechnung(?:en)?|quittung(?:en)?|\w*vertrag|\w*verträge|briefe?|\w*berichte?"
    r"|kontoausz[uü]ge?|protokolle?|unterlagen|angebote?|belege?|bescheide?"
)
_MAIL = r"e-?mails?|mails|messages?|mail|nachricht(?:en)?"
_SURE_MAIL = r"e-?mails?|mails"
_TYPED_NOUN = "|".join(_TYPED)
_NOUN = rf"(?:{_TYPED_NOUN}|{_ANY_FILE}|{_PAPER})"

_DONE = (
    r"sent|received|written|wrote|dated|created|modified|edited|changed|updated|saved|scanned|downloaded|taken|made|got"
    r"|geschickte?n?|gesendete?n?|erhaltene?n?|bekommen|geschriebene?n?|erstellte?n?|geänderte?n?|gespeicherte?n?"
    r"|aufgenommene?n?|datiert"
)
_DO = r"(?:send|receive|write|get|save|scan|download|take)"
_PERSON_WORD = r"i|we|you|me|us|my|our|mine|ours|ich|wir|mir|uns|mein\w*|unser\w*"
_GLUE = (
    rf"(?:that|which|who|was|were|is|are|have|had|been|die|der|das|ich|wir|habe|haben|wurden?|{_PERSON_WORD}|{_DONE})"
)

_LEAD = re.compile(
    r"\s*(?:(?:please|bitte|can\s+you|could\s+you|show|find|list|get|give|search(?:\s+for)?|look\s+for|open|display|zeige?"
    r"|finde?|suche?|gib|öffne|liste|me|us|mir|uns|alle?|any|every|each|some|the|my|our|die|das|der|den|meine?[nrs]?"
    r"|unsere?[nrs]?|einige|latest|newest|recent|neue(?:ste)?[nrs]?|what\s+are|where\s+(?:is|are)|wo\s+(?:ist|sind)"
    r"|(?P<asks>which|what|how\s+many|welche[nrsm]?|wie\s+viele|are\s+there|is\s+there|do\s+(?:i|we)\s+have"
    r"|gibt\s+es|habe\s+ich|haben\s+wir))\s+)*",
    re.IGNORECASE,
)
_FOLLOWS = re.compile(  # after these a noun stands for itself; before another noun ("email server") it does not
    rf"\s*(?:$|[?.!,:]|(?:about|regarding|concerning|of|on|in|from|by|to|for|with|without|at|since|before|after|between"
    rf"|during|until|showing|containing|mentioning|mention|mentions|where|did|do|hat|i|we|über|von|vom|aus|an|am|zu|zum"
    rf"|zur|mit|ohne|im|für|wegen|seit|vor|nach|zwischen|{_GLUE})\b)",
    re.IGNORECASE,
)

_CAPITAL = r"(?:(?:Mrs?|Ms|Dr|Prof|[A-Z])\.|[A-ZÀ-ÖØ-Þ][\w.-]*\w)"
_PARTICLE = r"(?:von|van|de|der|den|la|di|da|zu|bin|al)"
_NAME = rf"(?:[\w.+-]+@[\w-]+\.[\w.-]*\w|{_CAPITAL}(?:\s+(?:{_PARTICLE}\s+)*{_CAPITAL}){{0,3}})"
_NAMES = rf"{_NAME}(?:\s*(?:,|&|\b(?:and|or|und|oder)\b)\s*{_NAME})*"
_LOWER_NAME = r"[a-zß-öø-ÿ][\w.-]*\w"
_TITLES = re.compile(r"^(?:(?:Mr|Mrs|Ms|Dr|Prof|Herr|Herrn|Frau)\b\.?\s*)+")
_NO_NAME = re.compile(
    r"(?:I|The|This|That|These|Those|My|Our|Your|His|Her|Their|A|An|All|Any|It|Who|What|When|Where|Der|Die|Das|Den|Dem"
    r"|Ein|Eine|Einem|Einer|Mein\w*|Unser\w*|Ihm|Ihr|Ihnen|Mir|Uns|Allen|Us|Me|Him|You|Them|Everyone|Someone|People|Work"
    r"|About|Regarding|In|On|With|Last|Since|Before|After|Today|Yesterday)$",
    re.IGNORECASE,
)

_ROUTE = re.compile(rf"(?:\s+{_GLUE})*\s+(?i:(?P<way>from|by|von|to|an))\s+(?P<names>{_NAMES})(?![\w'\u2019])")
_LOWER_ROUTE = re.compile(rf"(?:\s+{_GLUE})*\s+(?P<way>from|by|von|to|an)\s+(?P<names>{_LOWER_NAME})(?![\w'\u2019])")
_LATE_ROUTE = re.compile(
    rf"\s(?i:(?P<way>(?:sent|written|received|geschickt|gesendet|geschrieben)\s+(?:by|from|to|von|an)))\s+"
    rf"(?P<names>{_NAMES})(?![\w'\u2019])"
    rf"|\s(?i:(?P<last_way>from|von))\s+(?P<last_names>{_NAMES})\s*(?=[?.!]*\s*$)"
)
_OWNED = re.compile(rf"(?P<names>{_NAME})['\u2019]s\s+(?=(?i:\w+\s+)?(?i:{_MAIL})\b)")
_TOLD = re.compile(
    rf"\b(?i:(?P<ask>what\s+)?did)\s+(?P<names>{_NAME})\s+(?i:(?P<verb>e-?mail|mail|send|write|tell|text|forward))\b"
    rf"(?P<me>\s+(?i:(?:to\s+)?(?:me|us))\b)?"
    rf"|\b(?i:(?P<frage>was\s+)?hat)\s+(?P<namen>{_NAME})\s+(?P<mir>(?i:mir|uns)\b)?(?=.*?(?P<verb2>(?i:ge(?:schrieben"
    rf"|schickt|sendet|mailt))\b))"
)

_HAS_NOUN = re.compile(rf"\b{_NOUN}\b", re.IGNORECASE)
_NOUN_HERE = re.compile(rf"{_NOUN}\b", re.IGNORECASE)
_GLUE_HERE = re.compile(rf"(?:\s+{_GLUE}\b)*", re.IGNORECASE)
_ANY_PDF = re.compile(
    r"\b(?:the|my|our|an?|any|this|that|die|das|der|dem|den|meine?[mnr]?|in|im)\s+(?:\w+\s+)?pdfs?\s+"
    r"(?:about|on|from|with|by|über|von|vom|zu|zum|zur|mit)\b",
    re.IGNORECASE,
)
_TIED_BEFORE = re.compile(  # "the invoice sent ", "emails that I got ", "what did I save "
    rf"\b{_NOUN}(?:\s+{_GLUE}\b)*\s*$"
    rf"|\b(?:i|we|ich|wir)\s+(?:\w+\s+)?(?:{_DO}|{_DONE})\s*$",
    re.IGNORECASE,
)
_DONE_BEFORE = re.compile(rf"(?:\b(?:{_DONE})\s+)+$", re.IGNORECASE)
_TIED_AFTER = re.compile(rf"\s+(?:\w+\s+)?{_NOUN}\b", re.IGNORECASE)
_NOT_FREE_BEFORE = re.compile(
    r"\b(?:the|an?|his|her|their|its|of|than|der|die|das|des|dem|den|sein\w*|ihr\w*)\s+$", re.IGNORECASE
)
_NOT_FREE_AFTER = re.compile(r"\s+(?:of|before|des|der|vor|when|in\s+which)\b", re.IGNORECASE)
_JOINER_FIRST = re.compile(
    rf"^(?:(?:what|was)\s+(?:did|habe|haben)\s+(?:i|we|ich|wir)\s+{_DO}\b)?"
    r"(?:[\s,;:?.!-]+|(?:about|regarding|concerning|with|containing|mentioning|from|by|on|of|and|aus|über|zum|zur|zu|vom|von"
    r"|mit|bezüglich|wegen|und)\b)*",
    re.IGNORECASE,
)
_JOINER_LAST = re.compile(r"(?:\s+(?:and|from|in|on|und|von|vom|aus))+\s*(?=[?.!]*$)", re.IGNORECASE)


class Guess(Struct, frozen=True):
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


def guess_filters(text: str, *, now: datetime, given: Filters) -> Guess | None:
    """Read filters from the plain words of a text; None if there are none. What ``given`` fixes is not guessed."""
    if len(text) > LONGEST:
        return None
    has_noun = _HAS_NOUN.search(text) is not None
    dates = [] if given.after or given.before else [phrase for phrase in find_dates(text) if _is_date(phrase, text)]
    if not has_noun and not dates and not re.search(r"\b(?:did|hat)\b", text):
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
    return Guess(_rest(text, head, cuts), found)


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
        found = _people("from", owned["names"])
        cuts += [] if found.is_empty else [(owned.start(), owned.end())]
    return (found | Filters(types=("mail",)), cuts) if cuts else (Filters(), [])


def _told(undated: str, head: _Head | None, dated: bool) -> tuple[Filters, list[_Cut]]:
    """The sender in "what did NAME write me", "was hat NAME geschrieben"."""
    match = _TOLD.search(undated)
    if not match:
        return Filters(), []
    english = match["names"] is not None
    name, mine, asked = ("names", "me", "ask") if english else ("namen", "mir", "frage")
    sure = (
        match[mine]
        or (head and "mail" in head.types)
        or (english and _is("e-?mail|mail", match["verb"]))
        or match["verb2"] == "gemailt"
    )
    people = _people("from", match[name]) if sure or dated else Filters()
    if people.is_empty:
        return people, []
    if not head and not (match[asked] and match.start() == 0):
        return people, []
    cuts = [match.span()]
    if not english:
        cuts.append(match.span("verb2"))
    return people, cuts


def _people(way: str, names: str) -> Filters:
    parts = [_TITLES.sub("", part).strip() for part in re.split(r",|&|\b(?:and|or|und|oder)\b", names)]
    if any(not part or _NO_NAME.match(part) for part in parts):
        return Filters()
    to = way.lower().split()[-1] in ("to", "an")
    return Filters(recipients=tuple(parts)) if to else Filters(senders=tuple(parts))


# --- dates -----------------------------------------------------------------------------------------------------------


def _is_date(phrase: DatePhrase, text: str) -> bool:
    """Whether the words are rather a date than the verb "may", or a name ("from April Jones")."""
    if phrase.relative or phrase.precise:
        return True
    if re.search(r"\d", text[phrase.start : phrase.end]):
        return True
    named = phrase.connector in ("from", "of", "von") and re.match(r"\s+[A-ZÄÖÜ]\w", text[phrase.end :])
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
        and not re.search(r"\b(?:today|heute|years?|jahren?)\b(?<!last year)|\bthe\b(?!.*\d)|\b\d{3}", words, re.I)
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
