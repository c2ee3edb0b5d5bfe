"""The YAML block at the top of a note: its properties."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from desktop_rag.parsing.text.dates import date_in_words

_LONGEST = 64 * 1024  # characters; a longer block is text between two rules
_PROPERTY = re.compile(r"([^\s:#-][^:\n]*):[ \t]*(.*)")
_PLAIN = re.compile(r"^\s*[\w-]+:(?: +[\w][^:#\[\]{}&*!|>'\"%@`\n]*)?$")
_WIKILINK = re.compile(r"\[\[(?:[^\[\]|]*\|)?([^\[\]|]*)\]\]")

_FLOW = re.compile(r"[\[{]")
_BLOCK = re.compile(r"[-?:][ \t]")
_DEEPEST = 500
"""Levels of nesting that there may be; the C parser of YAML overruns its stack at some thousands."""

_DATES = ("created", "date", "date created", "created at", "creation date", "date_created", "created_at", "published")
_NOISE = frozenset(
    (
        "title", "id", "uuid", "uid", "permalink", "slug", "layout", "cssclass", "cssclasses", "css", "publish",
        "draft", "lang", "created", "updated", "modified", "lastmod", "date_created", "date_modified",
        "created_at", "updated_at",
    )
)  # fmt: skip
"""Properties that say nothing to a reader, or that the document's metadata says already."""


class FrontMatter(Struct, frozen=True):
    """The properties of a note by name in lower case, each with its values; ``lines`` is how many lines they take."""

    properties: Mapping[str, Sequence[str]] = {}
    lines: int = 0

    def first(self, *names: str) -> str:
        """The first value of the first of these properties that has one."""
        for name in names:
            for value in self.properties.get(name, ()):
                return value
        return ""

    def all(self, *names: str) -> tuple[str, ...]:
        """All values of these properties."""
        return tuple(value for name in names for value in self.properties.get(name, ()))

    def created(self) -> datetime | None:
        """When the note was written."""
        found = (date_in_words(self.first(name)) for name in _DATES if name in self.properties)
        return next((moment for moment in found if moment), None)

    def tags(self) -> tuple[str, ...]:
        """The tags, without their number signs."""
        values = self.all("tags", "tag", "keywords", "filetags")
        words = [word for value in values for word in re.split(r"[,\s]+" if "," not in value else r"\s*,\s*", value)]
        return tuple(dict.fromkeys(word.strip("#") for word in words if word.strip("#")))


def read_front_matter(lines: Sequence[str]) -> FrontMatter:
    """The front matter at the top of a text; an empty one when it has none. Broken YAML is read line by line."""
    if not lines or lines[0].rstrip() != "---":
        return FrontMatter()
    size = 0
    for index, line in enumerate(lines[1:], 1):
        size += len(line)
        if line.rstrip() in ("---", "..."):
            return FrontMatter(_properties(lines[1:index]), index + 1)
        if size > _LONGEST:
            break
    return FrontMatter()


def readable_properties(lines: Sequence[str]) -> list[str]:
    """The lines of a front matter as a person reads them, one for each; what says nothing becomes an empty line."""
    readable: list[str] = []
    noise = False
    for index, line in enumerate(lines):
        found = _PROPERTY.fullmatch(line.rstrip())
        if found:
            name, value = found.group(1).strip("\"' "), _unquoted(found.group(2))
            below = index + 1 < len(lines) and lines[index + 1].startswith((" ", "\t", "- "))
            noise = name.lower() in _NOISE or not (value or below)
            readable.append("" if noise else f"{name}: {value}".rstrip())
        else:
            bare = line.strip()
            text = f"- {_unquoted(bare[2:])}" if bare.startswith("- ") else _unquoted(bare)
            readable.append("" if noise or bare.startswith("#") or bare in ("---", "...", "-") else text)
    return readable


def _unquoted(value: str) -> str:
    value = _WIKILINK.sub(r"\1", value.strip())
    if value[:1] in "[{" and value[-1:] in "]}":
        value = value[1:-1].strip()
    value = re.sub(r"(?:^|(?<=, ))([\"'])(.*?)\1(?=,|$)", r"\2", value)
    return "" if value in ("|", ">", "|-", ">-", "null", "~") else value


def _properties(lines: Sequence[str]) -> dict[str, list[str]]:
    found = None if all(map(_PLAIN.match, filter(None, lines))) else _yaml("\n".join(lines))
    if found is None:
        pairs = (match for line in lines if (match := _PROPERTY.fullmatch(line.rstrip())))
        found = {match.group(1): _unquoted(match.group(2)) for match in pairs}
    properties: dict[str, list[str]] = {}
    for name, value in found.items():
        values = value if isinstance(value, list) else [value]
        texts = [_WIKILINK.sub(r"\1", _text(item)).strip() for item in values]
        properties[str(name).strip().lower()] = [text for text in texts if text]
    return properties


def _text(value: object) -> str:
    """A scalar; ``[[Page]]`` without quotes is a list in a list to YAML."""
    while isinstance(value, list) and len(value) == 1 and value[0] is not value:
        value = value[0]
    return value if isinstance(value, str) else ""


def _yaml(text: str) -> dict[object, object] | None:
    """A mapping whose scalars are all texts as written; None when the text is not one."""
    if len(_FLOW.findall(text)) > _DEEPEST or any(len(_BLOCK.findall(line)) > _DEEPEST for line in text.split("\n")):
        return None
    import yaml

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        found = yaml.load(text, Loader=loader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return None
    return found if isinstance(found, dict) else None
