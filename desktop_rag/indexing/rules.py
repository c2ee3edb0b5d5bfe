"""Which files and folders below a chosen folder (a root) are left out, and by which rule.

A scan goes down from the root and asks about every entry on the way; nothing below a folder that is left out is taken
back, as in git. The answer for an entry depends on its own path alone, never on what else was seen: a look at one file
and a look at the whole root agree.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from desktop_rag.config import DEFAULT_IGNORE, Config, FolderRules
from desktop_rag.indexing.patterns import NONE, patterns
from desktop_rag.messages import say

BUILT_IN = "built in"
YOURS = "your settings"
YOURS_HERE = "your settings for this folder"
HIDDEN = "hidden files"
SIZE = "size limit"
LINKS = "links"
SYSTEM = "system folder"
OWN = "the library itself"

_SYSTEM_FOLDERS = ("/proc", "/sys", "/dev", "/run", "/boot", "/snap")
_SYSTEM_VARIABLES = ("SystemRoot", "ProgramFiles", "ProgramFiles(x86)", "ProgramData")
_RESCUED = "lost+found"
"""Where a file system keeps what a repair found."""


class Rule(Struct, frozen=True):
    """Why something is left out. ``pattern`` is what the rule is about: a pattern, a name, a folder, or a limit."""

    pattern: str
    origin: str

    @property
    def said(self) -> str:
        """In a sentence."""
        match self.origin:
            case "hidden files":
                return say("indexing.skipped-because-hidden", pattern=self.pattern)
            case "size limit":
                return say("indexing.skipped-because-larger-than-size-limit", size=_in_units(int(self.pattern)))
            case "links":
                return say("indexing.skipped-because-link-reached-through-one", target=self.pattern)
            case "system folder":
                return say("indexing.skipped-because-belongs-system", pattern=self.pattern)
            case "the library itself":
                return say("indexing.skipped-because-desktop-rag-keeps-own", folder=self.pattern)
            case _:
                return say("indexing.skipped-because-pattern", pattern=self.pattern, origin=self.origin)


class Folder(Struct, frozen=True):
    """A folder on the way down from a root.

    ``inside`` is its path below the root as patterns have it, with a slash at the end, "" for the root. The rest is
    only kept where links are followed: the ``trail`` of this folder and those above it, and the ``ways`` that led
    here, which are the root and the links followed: the path each has, and where it really is.
    """

    path: str
    inside: str
    identity: tuple[int, int]
    trail: frozenset[tuple[int, int]] = frozenset()
    ways: tuple[tuple[str, str], ...] = ()


class Rules:
    """The rules of one root. ``own`` are the program's folders, which are never indexed."""

    def __init__(self, root: Path, config: Config, own: Sequence[Path] = ()) -> None:
        here = config.folders.get(str(root), FolderRules())
        self.root = root
        self.follow_links = config.follow_links if here.follow_links is None else here.follow_links
        self._hidden_too = config.hidden if here.hidden is None else here.hidden
        self._largest = config.largest_bytes
        self._patterns = patterns((*DEFAULT_IGNORE, *config.ignore, *here.ignore))
        self._rules = (
            *(Rule(pattern, BUILT_IN) for pattern in DEFAULT_IGNORE),
            *(Rule(pattern, YOURS) for pattern in config.ignore),
            *(Rule(pattern, YOURS_HERE) for pattern in here.ignore),
        )
        self._real_root = os.path.realpath(root)
        self._own = tuple((os.path.realpath(folder), Rule(str(folder), OWN)) for folder in own)
        self._of_root = self._own_around(self._real_root)
        # Known by identity, they are found under any name: behind links, and mounted a second time.
        self._kept_out = {
            identity: rule
            for rule in (*_system_rules(), *(rule for _, rule in self._own))
            if (identity := _identity_of(rule.pattern)) is not None
        }

    def matching(self, path: Path) -> Rule | None:
        """The rule that leaves out ``path``, or a folder above it below the root. Raises ``ValueError`` for a path that
        is not below the root."""
        names = path.relative_to(self.root).parts
        if self._of_root is not None:
            return self._of_root
        folder: Folder | None
        try:
            folder = self.start()
        except OSError:
            folder = None
        for depth, name in enumerate(names, 1):
            judged: Folder | Rule | None = None
            if folder is not None:
                try:
                    judged, _ = self.look(folder, name)
                except OSError:
                    folder = None
            if folder is None:
                judged = self._judge_gone(names[:depth])
            if isinstance(judged, Rule):
                return judged
            folder = judged
        return None

    def start(self) -> Folder:
        """The root. Raises ``OSError``."""
        identity = _identity(self.root.stat())
        ways = ((str(self.root), self._real_root),) if self.follow_links else ()
        return Folder(str(self.root), "", identity, frozenset({identity}) if self.follow_links else frozenset(), ways)

    def look(self, above: Folder, name: str) -> tuple[Folder | Rule | None, os.stat_result]:
        """What ``judge`` says of an entry of a folder, and its status. Raises ``OSError`` where there is none."""
        path = os.path.join(above.path, name)  # noqa: PTH118
        status = os.lstat(path)
        link = is_link(status)
        if link:
            status = os.stat(path)  # noqa: PTH116
        return self.judge(above, name, link=link, status=status), status

    def judge(self, above: Folder, name: str, *, link: bool, status: os.stat_result) -> Folder | Rule | None:
        """The rule that leaves out an entry of ``above``; the folder that it is; None for anything else.

        ``link``: whether the entry is a link; ``status`` is that of what it leads to.
        """
        relative = above.inside + name
        folder = stat.S_ISDIR(status.st_mode)
        if folder:
            kept_out = self._kept_out.get(_identity(status)) or (Rule(name, SYSTEM) if name == _RESCUED else None)
            if kept_out is not None:
                return kept_out
        rule = self._by_name(relative, folder=folder, attributes=getattr(status, "st_file_attributes", 0))
        if rule is not None:
            return rule
        if folder:
            return self._judge_folder(above, name, link, _identity(status))
        if status.st_size > self._largest:
            return Rule(str(self._largest), SIZE)
        return self._judge_file_link(above, name) if link else None

    def _judge_gone(self, names: Sequence[str]) -> Rule | None:
        """What leaves out something that is not there, taken for a folder, or a link to nowhere."""
        rule = self._by_name("/".join(names), folder=True)
        path = os.path.join(self.root, *names)  # noqa: PTH118
        if rule is None and not self.follow_links and os.path.islink(path):  # noqa: PTH114
            return Rule(os.path.realpath(path), LINKS)
        return rule

    def _by_name(self, relative: str, *, folder: bool, attributes: int = 0) -> Rule | None:
        """What patterns and the rule about hidden files say."""
        place = self._patterns.last(relative, folder=folder)
        if place != NONE:
            rule = self._rules[place]
            return None if rule.pattern.startswith("!") else rule
        if self._hidden_too:
            return None
        name = relative[relative.rfind("/") + 1 :]
        return Rule(name, HIDDEN) if name.startswith(".") or _marked_hidden(attributes, folder=folder) else None

    def _judge_file_link(self, above: Folder, name: str) -> Rule | None:
        target = os.path.realpath(os.path.join(above.path, name))  # noqa: PTH118
        own = self._own_around(target)
        if own is not None:
            return own
        return None if self.follow_links or is_at_or_below(target, self._real_root) else Rule(target, LINKS)

    def _judge_folder(self, above: Folder, name: str, link: bool, identity: tuple[int, int]) -> Folder | Rule:
        path = os.path.join(above.path, name)  # noqa: PTH118
        inside = f"{above.inside}{name}/"
        if not self.follow_links:
            return Rule(os.path.realpath(path), LINKS) if link else Folder(path, inside, identity)
        if identity in above.trail:  # a circle
            return Rule(os.path.realpath(path), LINKS)
        ways = above.ways
        if link:
            target = os.path.realpath(path)
            rule = self._own_around(target) or self._elsewhere(target, ways)
            if rule is not None:
                return rule
            ways = (*ways, (path, target))
        return Folder(path, inside, identity, above.trail | {identity}, ways)

    def _elsewhere(self, target: str, ways: Sequence[tuple[str, str]]) -> Rule | None:
        """The rule about links, if ``target`` is come by without following one: it is indexed there, once."""
        for path, real in ways:
            if is_at_or_below(target, real) and self.matching(Path(path, os.path.relpath(target, real))) is None:
                return Rule(target, LINKS)
        return None

    def _own_around(self, real: str) -> Rule | None:
        return next((rule for folder, rule in self._own if is_at_or_below(real, folder)), None)


def is_link(status: os.stat_result) -> bool:
    """Whether this (an entry's own status) is that of a link; a junction of Windows is one, too."""
    if sys.platform == "win32":
        return stat.S_ISLNK(status.st_mode) or status.st_reparse_tag == stat.IO_REPARSE_TAG_MOUNT_POINT
    return stat.S_ISLNK(status.st_mode)


def is_at_or_below(path: str, folder: str) -> bool:
    """Whether a path is that of a folder or of something in it, going by the names alone."""
    return path == folder or path.startswith(folder if folder.endswith(os.sep) else folder + os.sep)


def _marked_hidden(attributes: int, *, folder: bool) -> bool:
    """Whether Windows hides an entry. Folders with an icon of their own are marked as the system's, but not hidden."""
    marks = stat.FILE_ATTRIBUTE_HIDDEN if folder else stat.FILE_ATTRIBUTE_HIDDEN | stat.FILE_ATTRIBUTE_SYSTEM
    return bool(attributes & marks)


def _system_rules() -> list[Rule]:
    if sys.platform == "win32":
        folders = tuple(filter(None, map(os.environ.get, _SYSTEM_VARIABLES)))
    else:
        folders = _SYSTEM_FOLDERS
    return [Rule(folder, SYSTEM) for folder in folders]


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _identity_of(folder: str) -> tuple[int, int] | None:
    try:
        return _identity(os.stat(folder))  # noqa: PTH116
    except OSError:
        return None


def _in_units(count: int) -> str:
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count} bytes"
