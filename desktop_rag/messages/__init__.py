"""The words of the core that people read: one catalogue of messages, each with an id and named arguments.

``say("library.busy", path=path)`` gives a ``MessageText``: a string, the English sentence, that still knows its id and
its arguments. It goes wherever a string goes; ``render`` says the same in another language, wherever it ends up. What
crosses a process, a database or ``--json`` is a ``Worded`` struct: it carries the English text in its own fields, as
before, and beside them what each was made from.

The English texts are in ``en.json``: an area, a short name, and the text with the arguments in braces, in the form
of ``str.format``. Where the number ``count`` decides, a message has the forms "one" and "other". JSON, as it is read
in a third of a millisecond, and every process of the program starts with it. Translations are gettext catalogues
(``<language>/LC_MESSAGES/core.mo``, the id as context), which translators' tools and Qt Linguist open and the standard
library reads; ``packaging/messages.py`` makes their template. What is not translated is said in English, one by one.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

import msgspec
from msgspec import Struct
from msgspec.structs import force_setattr, replace

if TYPE_CHECKING:
    from gettext import NullTranslations

ENGLISH = "en"
_HERE = Path(__file__).parent


class Plural(Struct, frozen=True, forbid_unknown_fields=True):
    """The forms of a message in which the argument ``count`` is a number of things."""

    one: str
    other: str


_Argument = str | int | float


class Reference(Struct, frozen=True, omit_defaults=True):
    """A message as it is stored and sent: its id and its arguments, of which some are messages themselves."""

    id: str
    args: dict[str, str | int | float | Reference] = {}


class MessageText(str):
    """A message of the catalogue in English, which ``render`` can say in other languages.

    Formatting or joining it gives plain English: to make one text of two, give one as an argument of the other.
    """

    id: str
    args: dict[str, _Argument]

    def __new__(cls, english: str, id: str, args: dict[str, _Argument]) -> MessageText:
        text = super().__new__(cls, english)
        text.id = id
        text.args = args
        return text

    def __reduce__(self) -> tuple[type[MessageText], tuple[str, str, dict[str, _Argument]]]:
        return MessageText, (str(self), self.id, self.args)


def _flat(areas: dict[str, dict[str, str | Plural]]) -> dict[str, str | Plural]:
    return {f"{area}.{name}": text for area, texts in areas.items() for name, text in texts.items()}


CATALOGUE = _flat(
    msgspec.json.decode((_HERE / "en.json").read_bytes(), type=dict[str, dict[str, str | Plural]]),
)
"""The English text of each message, by its id: ``area.name``."""


def say(id: str, /, **args: object) -> MessageText:
    """The message of this id. What is neither text nor number is told as ``str`` does.

    Raises ``KeyError`` for an unknown id and for a missing argument; a test looks at every call.
    """
    plain: dict[str, _Argument] = {
        name: value if isinstance(value, str | int | float) else str(value) for name, value in args.items()
    }
    return MessageText(_pattern(id, plain, ENGLISH).format_map(plain), id, plain)


def render(text: str, language: str) -> str:
    """The text in this language ("de", "pt_BR"), as far as it is translated; a plain string is as it is."""
    if not isinstance(text, MessageText):
        return str(text)
    args = {name: render(value, language) if isinstance(value, str) else value for name, value in text.args.items()}
    try:
        return _pattern(text.id, args, language).format_map(args)
    except (KeyError, ValueError, IndexError):  # a translator's slip
        return str(text)


def sentences(*texts: str) -> str:
    """One after the other, without those that are empty; what is of the catalogue can still be told otherwise."""
    told = ""
    for text in filter(None, texts):
        told = say("common.two-sentences", first=told, second=text) if told else text
    return told


def plain(value: object) -> str:
    """For encoders (``enc_hook``): a ``MessageText`` where no ``Worded`` struct holds it is sent in English."""
    if isinstance(value, str):
        return str(value)
    raise TypeError(f"{type(value)} cannot be encoded")


def _pattern(id: str, args: dict[str, _Argument], language: str) -> str:
    english, count = CATALOGUE[id], args.get("count")
    if isinstance(english, str):
        return english if language == ENGLISH else _translations(language).pgettext(id, english)
    if not isinstance(count, int):
        raise KeyError("count")
    if language == ENGLISH:
        return english.one if count == 1 else english.other
    return _translations(language).npgettext(id, english.one, english.other, count)


@cache
def _translations(language: str) -> NullTranslations:
    import gettext

    return gettext.translation("core", _HERE, [language], fallback=True)


class Worded(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Base of the structs with fields that people read.

    A field may be given a ``MessageText``. It then holds the English, as a plain string, and ``wording`` says what it
    was made from, by the field's name (with ".0" and so on for the parts of a tuple): both travel, and are stored.
    """

    wording: dict[str, Reference] = {}

    def __post_init__(self) -> None:
        found: dict[str, Reference] = {}
        kept = {name: made_from for name, made_from in self.wording.items() if getattr(self, name.partition(".")[0])}
        for field in self.__struct_fields__:
            value = getattr(self, field)
            if isinstance(value, MessageText):
                found[field] = reference(value)
                force_setattr(self, field, str(value))
            elif isinstance(value, tuple) and any(isinstance(part, MessageText) for part in value):
                found |= {
                    f"{field}.{n}": reference(part) for n, part in enumerate(value) if isinstance(part, MessageText)
                }
                force_setattr(
                    self, field, tuple(str(part) if isinstance(part, MessageText) else part for part in value)
                )
        if found or len(kept) < len(self.wording):  # a text was put in, or emptied by ``replace``
            force_setattr(self, "wording", kept | found)

    def worded(self, field: str, part: int | None = None) -> str:
        """The text of a field, or of a part of a tuple, as a ``MessageText`` where it is one."""
        value = getattr(self, field) if part is None else getattr(self, field)[part]
        made_from = self.wording.get(field if part is None else f"{field}.{part}")
        return str(value) if made_from is None or not value else _text(str(value), made_from)


T = TypeVar("T")


def translated(value: T, language: str) -> T:
    """What is shown to a person: a struct, or a tuple, list or dict of them, with every worded text in it said in this
    language. What is not translated stays as it is."""
    return value if not _has_catalogue(language) else cast(T, _translated(value, language))


def _translated(value: object, language: str) -> object:
    if isinstance(value, MessageText):
        return render(value, language)
    if isinstance(value, Struct):
        changes: dict[str, object] = {}
        for field in value.__struct_fields__:
            before = getattr(value, field)
            if isinstance(value, Worded) and field in value.wording:
                after: object = render(value.worded(field), language)
            elif isinstance(value, Worded) and isinstance(before, tuple) and f"{field}.0" in value.wording:
                after = tuple(render(value.worded(field, part), language) for part in range(len(before)))
            else:
                after = _translated(before, language)
            if after is not before:
                changes[field] = after
        return replace(value, **changes) if changes else value
    if isinstance(value, tuple | list):
        parts = [_translated(part, language) for part in value]
        changed = any(after is not before for after, before in zip(parts, value, strict=True))
        return type(value)(parts) if changed else value
    if isinstance(value, dict):
        return {key: _translated(part, language) for key, part in value.items()}
    return value


def system_language() -> str:
    """The language that a terminal's programs speak, as POSIX has it; English where none is set."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if chosen := os.environ.get(name, "").partition(".")[0]:
            return ENGLISH if chosen in ("C", "POSIX") else chosen
    return ENGLISH


@cache
def _has_catalogue(language: str) -> bool:
    if language.partition("_")[0] == ENGLISH:
        return False
    import gettext

    return gettext.find("core", _HERE, [language]) is not None


def reference(text: MessageText) -> Reference:
    return Reference(
        text.id,
        {name: reference(value) if isinstance(value, MessageText) else value for name, value in text.args.items()},
    )


def _text(english: str, made_from: Reference) -> str:
    """A message that this version does not know, or knows with other arguments, stays the English that came."""
    try:
        args = {
            name: _text("", value) if isinstance(value, Reference) else value for name, value in made_from.args.items()
        }
        known = say(made_from.id, **args)
    except (KeyError, ValueError, IndexError):
        return english
    return MessageText(english or known, made_from.id, known.args)
