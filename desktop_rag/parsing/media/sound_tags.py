"""What a recording's file says about it: title, people, date, chapters; in words a person would search by."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

from msgspec import Struct

from desktop_rag.parsing.xml_values import moment

_MOST_CHARACTERS = 20_000
"""Kept of one tag: the notes of an episode, the words of a song."""
_MOST_TAGS = 50
_FIRST_YEAR = 1850
"""Sound was not recorded before."""
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffd]")
"""Surrogates stand for bytes that are no UTF-8."""
_ZERO_TIMES = ("1904-01-01", "1970-01-01")
"""What a device that has no clock writes."""
_VENDOR = re.compile(r"^(?:com\.apple\.quicktime\.|com\.android\.|wm/|ws?_?|quicktime:)")
_NUMBER_ONLY = re.compile(r"(?:chapter|kapitel|chapitre|cap[ií]tulo|capitolo|track|part|marker)?\W*\d*", re.IGNORECASE)

_TITLE = ("title", "itunesmovi", "displayname")
_PEOPLE = {
    "artist": ("artist", "author", "album_artist", "albumartist", "performer", "tpe1"),
    "by": ("composer", "writer", "lyricist", "director", "producer", "conductor"),
    "narrator": ("narrator", "narratedby", "ensemble"),
    "publisher": ("publisher", "organization", "label", "network"),
}
_ALBUM = {
    "album": ("album", "albumtitle"),
    "show": ("show", "podcast", "series", "grouping"),
    "episode": ("episode_id", "episode", "subtitle", "tit3"),
}
_DATE = ("date", "year", "originalyear", "creationdate", "date_recorded", "tdrc", "tyer", "creation_time", "icrd")
_WORDS = ("description", "synopsis", "summary", "comment", "podcastdesc", "longdescription", "information")
_LYRICS = ("lyrics", "unsyncedlyrics", "uslt")
_GENRE = ("genre", "keywords", "mood")


class SoundFacts(Struct, frozen=True):
    """What is known of a recording. ``named`` are (name, value) of further tags worth saying."""

    title: str = ""
    author: str = ""
    created: datetime | None = None
    named: tuple[tuple[str, str], ...] = ()
    words: tuple[str, ...] = ()
    """Longer texts: a description, lyrics."""
    tags: tuple[str, ...] = ()


def sound_facts(*metadata: Mapping[str, str]) -> SoundFacts:
    """The facts in the tags of a container and its streams; of the same tag the first counts."""
    known: dict[str, str] = {}
    for found in metadata:
        for key, value in found.items():
            text = _CONTROLS.sub("", value).strip()[:_MOST_CHARACTERS]
            if text:
                known.setdefault(_plain_key(key), text)
    title = _first(known, _TITLE)
    people = [(name, text) for name, keys in _PEOPLE.items() if (text := _first(known, keys))]
    album = [(name, text) for name, keys in _ALBUM.items() if (text := _first(known, keys))]
    genre = [tag.strip() for key in _GENRE for tag in re.split(r"[;,/]", known.get(key, "")) if tag.strip()]
    tags = tuple(dict.fromkeys(genre))[:_MOST_TAGS]
    created, said = _created(known)
    named = [*people, *album]
    if tags:
        named.append(("genre", ", ".join(tags)))
    if said:
        named.append(("date", said))
    longer = [known[key] for key in (*_WORDS, *_LYRICS) if key in known]
    longer += [text for key, text in known.items() if key.startswith("lyrics-")]
    return SoundFacts(
        title=_line(title),
        author=_line(_first(known, _PEOPLE["artist"]) or _first(known, _PEOPLE["by"])),
        created=created,
        named=tuple((name, _line(text)) for name, text in named),
        words=tuple(text for text in dict.fromkeys(longer) if text != title),
        tags=tags,
    )


def describe(facts: SoundFacts, kind: str, seconds: float | None) -> str:
    """One line ("Recording, 12 minutes 5 seconds; title …; artist …"), and the longer texts below."""
    parts = ["Video" if kind == "video" else "Recording"]
    if seconds:
        parts[0] += f", {in_words(seconds)}"
    if facts.title:
        parts.append(f"title {facts.title}")
    parts += [f"{name} {text}" for name, text in facts.named]
    return "\n".join(["; ".join(parts), *facts.words])


def in_words(seconds: float) -> str:
    """A length of time: "1 hour 2 minutes", "12 minutes 5 seconds"."""
    whole = max(1, round(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    counts = ((hours, "hour"), (minutes, "minute"), (0 if hours else rest, "second"))
    return " ".join(f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in counts if count)


def tag_line(metadata: Mapping[str, str], key: str) -> str:
    """A tag in one line, without what is no text; "" if there is none."""
    return _line(_CONTROLS.sub("", metadata.get(key, "")))


def chapter_title(metadata: Mapping[str, str]) -> str:
    """The title of a chapter; "" for one that is only numbered."""
    title = tag_line(metadata, "title")[:_MOST_CHARACTERS]
    return "" if _NUMBER_ONLY.fullmatch(title) else title


def _plain_key(key: str) -> str:
    """A tag's name as all containers might write it: ``com.apple.quicktime.artist`` and ``WM/Artist`` are "artist"."""
    return _VENDOR.sub("", key.casefold()).replace(" ", "_")


def _first(known: Mapping[str, str], keys: tuple[str, ...]) -> str:
    return next((known[key] for key in keys if key in known), "")


def _created(known: Mapping[str, str]) -> tuple[datetime | None, str]:
    """The first tag that is a date, and how it is written."""
    for text in _dates(known):
        digits = re.sub(r"^(\d{4})(\d\d)(\d\d)$", r"\1-\2-\3", text)
        found = moment(digits)
        if found is None and (year := re.match(r"\d{4}$", text)) is not None:
            found = moment(f"{year[0]}-01-01")
        if found is not None and found.year >= _FIRST_YEAR:
            return found, text.partition("T")[0]
    return None, ""


def _dates(known: Mapping[str, str]) -> Iterator[str]:
    return (known[key] for key in _DATE if key in known and not known[key].startswith(_ZERO_TIMES))


def _line(text: str) -> str:
    return " ".join(text.split())
