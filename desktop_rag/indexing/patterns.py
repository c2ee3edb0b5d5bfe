"""Patterns in the language of .gitignore, tried against one entry of a folder at a time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from msgspec import Struct

NONE = -1


class _Pattern(Struct, frozen=True):
    regex: re.Pattern[str]
    folders_only: bool


class IgnorePatterns:
    """As in git, the last pattern that matches an entry decides, and what is above the entry is no matter: who walks
    down from the top does not come into folders that are left out."""

    def __init__(self, texts: Sequence[str]) -> None:
        """Raises ``ValueError`` for a text that is no pattern; comments match nothing."""
        from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

        self._patterns: list[_Pattern | None] = []
        names: list[str] = []
        paths: list[str] = []
        for text in texts:
            # A pattern for folders is pathspec's pattern for anything, kept to folders: with its slash it would match
            # all that is in the folder, too.
            bare = text.rstrip()
            compiled: Any = GitIgnoreSpecPattern(bare.rstrip("/") if bare.endswith("/") else text)
            if compiled.include is None:
                self._patterns.append(None)
                continue
            self._patterns.append(_Pattern(compiled.regex, bare.endswith("/")))
            without_groups = re.sub(r"\(\?P<\w+>", "(?:", compiled.regex.pattern)
            (paths if "/" in bare.rstrip("/") else names).append(without_groups)
        self._some_name = _any_of(names)
        self._some_path = _any_of(paths)

    def last(self, relative: str, *, folder: bool) -> int:
        """The place in the list of the last pattern that matches an entry, NONE if no one does. ``relative`` is its
        path below the root, with "/" between the names."""
        # Nearly all entries match nothing, and one search tells so.
        name = relative[relative.rfind("/") + 1 :]
        if not (self._some_name and self._some_name.search(name)) and not (
            self._some_path and self._some_path.search(relative)
        ):
            return NONE
        for place in range(len(self._patterns) - 1, -1, -1):
            pattern = self._patterns[place]
            if pattern is None or (pattern.folders_only and not folder):
                continue
            match = pattern.regex.search(relative)
            if match and match.lastgroup is None:  # pathspec names a slash in the match: it is of a folder above
                return place
        return NONE


@lru_cache(maxsize=16)
def patterns(texts: tuple[str, ...]) -> IgnorePatterns:
    """The patterns of a list, compiled once."""
    return IgnorePatterns(texts)


def _any_of(expressions: Sequence[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(expressions)) if expressions else None
