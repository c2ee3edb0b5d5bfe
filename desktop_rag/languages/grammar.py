"""What the program has to know of a language to understand questions in it.

Words come as alternatives of a regular expression ("emails?|mails"), which ignores case unless said otherwise. ""
stands for none. What is longer comes before what it begins with, unless a border of a word decides.
"""

from __future__ import annotations

from msgspec import Struct


class DateWords(Struct, frozen=True, kw_only=True):
    """How dates are named and tied to a sentence."""

    months: tuple[str, ...]
    """The names of each of the twelve months, short and long ones, separated by spaces; no alternatives."""
    weekdays: str
    ordinals: str
    """What follows the figures of a day: "st|nd|rd|th"."""
    numbers: str
    """Numbers up to twelve in words."""
    units: str
    """Days, weeks, months and years, in every case that is used."""
    last: str
    this: str
    last_forms: tuple[str, ...] = ()
    """Of the forms of "last", those that ``dateparser`` knows: of a noun it may know one alone."""
    this_forms: tuple[str, ...] = ()
    days: str
    """Days that are named from today: "yesterday"."""
    times: str
    """Parts of a day that follow "last": "night"."""
    ago_before: str
    """The word before a stretch of time that makes it a moment in the past."""
    ago_after: str
    articles: str
    parts: str
    """What stands between a connector and the date: "beginning of", "year"."""
    of: str
    """Between a day and its month."""
    between: str
    """The word before the first of two dates."""
    to: str
    """The word between two dates."""
    since: tuple[str, ...]
    """Connectors, as words with single spaces: from the beginning of the date on."""
    after: tuple[str, ...]
    """From its end on."""
    before: tuple[str, ...]
    """Up to its beginning."""
    until: tuple[str, ...]
    """Up to its end."""
    within: tuple[str, ...]
    named_after: tuple[str, ...]
    """Those connectors of ``within`` that names follow, too: "from April Jones"."""
    not_free: str
    """Pattern of dates relative to now that seldom stand for themselves."""
    not_free_before: str
    """Words before a date that tie it to something else: "the last week of the war"."""
    not_free_after: str
    days_first: bool
    """Whether dates with dots between the figures are written in this language."""
    example: str
    """A date that takes all of ``dateparser`` to understand."""


class FilterWords(Struct, frozen=True, kw_only=True):
    """How a person says in words which files are meant: "emails from Anna", "Fotos von letzter Woche"."""

    typed: tuple[tuple[str, tuple[str, ...]], ...]
    """Words for things that are told apart by type, and the types."""
    type_names: dict[str, tuple[str, ...]]
    """What may be written after ``type:``."""
    any_file: str
    paper: str
    """Kinds of papers, which come in any format."""
    suffixed: str
    """What may follow the name of a format: "PDF file", "Excel sheet"."""
    mail: str
    sure_mail: str
    """Those of ``mail`` that mean nothing else."""
    done: str
    """What was done with a file, as a participle."""
    do: str
    people: str
    """The person and those around, in every case."""
    speaker: str
    """The person as the subject: "i|we"."""
    glue: str
    """Words between a file and what is said of it."""
    lead: str
    """Words with which a wish begins: "show me all my"."""
    asks: str
    """Words with which it begins when it is a question."""
    follows: str
    """Words after which a noun before them stands for itself."""
    titles: str
    no_names: str
    """Words with a capital that are no names."""
    sent_from: tuple[str, ...]
    """Words before a sender, first the one that may stand at the end of a question."""
    sent_to: tuple[str, ...]
    sent: str
    """Participles before these."""
    and_or: str
    told: str
    """A question for what somebody wrote. ``%(name)s`` is the name; the groups are ask (what), names, me and verb."""
    told_words: str
    """A word that such a question has."""
    told_mail: str
    """Those of its verbs that mean a mail."""
    determiners: str
    """Words before a format that mean a file of it."""
    about: str
    """Words between a file and what it is about."""
    what_done: str
    """The beginning of a question for what the person did."""
    joiners: str
    """Words that are left over at the beginning when filters are taken out of a question."""
    joiners_last: str


class DialogueWords(Struct, frozen=True, kw_only=True):
    """How a question refers to what was said before."""

    continues: str
    """The beginning of a question that continues another."""
    points_back: str
    """Words that stand for something said before; a verbose pattern."""
    question_words: str
    labels: str
    """What a model may put before a rewritten question."""


class AnswerWords(Struct, frozen=True, kw_only=True):
    """What tells the kind of a question, and what an answer in this language says."""

    articles: str
    yes_or_no: str
    """Words with which a question for yes or no begins."""
    several: str
    """Pattern of a question for several things, or for an account."""
    pleasantries: str
    ignorance: str
    """Pattern of a sentence which says that the passages do not answer."""
    not_said: str
    """The sentence with which a model says so."""
    reminder: str
    """What a model is reminded of behind the question, before it is told ``not_said``."""


class FactWords(Struct, frozen=True, kw_only=True):
    """Numbers and names."""

    numbers: dict[str, int]
    """Without "one" and "a", which seldom count anything."""
    scales: dict[str, int]
    """Words behind a number, and the power of ten that they stand for."""
    hours: str
    """The word behind a time of day."""
    no_names: str
    """Words beside a name, and those for which another form ("€", "Mon") means the same; separated by spaces."""
    capital_nouns: bool
    """Whether all nouns have a capital, so that it takes two in a row to be a name."""


class Language(Struct, frozen=True, kw_only=True):
    """One language, all of it."""

    code: str
    """ISO 639-1; ``dateparser`` knows it by that."""
    function_words: str
    """Closed classes only (articles, pronouns, prepositions, conjunctions, auxiliaries, question words), in lower case,
    separated by spaces: published lists drop nouns such as "bill" or "computer" too."""
    can_be_read: bool
    """Whether the bundled reader puts more right passages first than the search does."""
    dates: DateWords
    filters: FilterWords
    dialogue: DialogueWords
    answers: AnswerWords
    facts: FactWords
