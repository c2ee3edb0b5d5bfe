"""Finds what a person may want in the library: the usual folders, and mail on this PC."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from configparser import ConfigParser
from configparser import Error as NotAnIni
from contextlib import suppress
from pathlib import Path
from typing import Literal

from msgspec import Struct

SourceKind = Literal["folder", "thunderbird", "evolution", "apple mail", "maildir", "exported mail"]

_THUNDERBIRD = (
    ".thunderbird", "snap/thunderbird/common/.thunderbird", ".var/app/org.mozilla.Thunderbird/.thunderbird",
    ".var/app/eu.betterbird.Betterbird/.thunderbird", "Library/Thunderbird", "AppData/Roaming/Thunderbird",
)  # fmt: skip
_EVOLUTION = (".local/share/evolution/mail/local", ".var/app/org.gnome.Evolution/data/evolution/mail/local")
_MAILDIRS = ("Maildir", "Mail", "mail", ".maildir", ".mail")
_APPLE_MAIL = "Library/Mail"
_EXPORTED = {".mbox", ".mbx", ".eml"}
_UNWANTED = {".trash", ".junk", ".spam", ".deleted items", ".deleted messages"}
"""Folders of a Maildir that few want to find things in."""
_DEEP = 2
_MOST_ENTRIES = 5_000
"""Entries of the usual folders that are looked at for exported mail."""


class SuggestedSource(Struct, frozen=True):
    """Something that can be added: ``path`` is what a person knows it by, ``roots`` are the folders and files to add.

    ``name`` is that of a usual folder ("Documents"), a mail program's profile or an account. ``readable`` is False for
    mail in a form that is not read.
    """

    sort: SourceKind
    name: str
    path: Path
    roots: tuple[Path, ...]
    readable: bool = True


def find_sources(home: Path, usual: Mapping[str, Path]) -> list[SuggestedSource]:
    """The usual folders that exist, by their names, and then all mail that is found. Looks at disk; never raises."""
    found: list[SuggestedSource] = []
    seen: set[Path] = {home.absolute()}
    for name, path in usual.items():
        if path.absolute() not in seen and path.is_dir():
            seen.add(path.absolute())
            found.append(SuggestedSource("folder", name, path, (path,)))
    for finder in (_thunderbird, _evolution, _apple_mail, _maildirs):
        with suppress(OSError):
            found.extend(finder(home))
    with suppress(OSError):
        found.extend(_exported(home, [place.path for place in found if place.sort == "folder"]))
    return found


def count_files(roots: Sequence[Path], most: int, stop: threading.Event, *, within_s: float = 5.0) -> tuple[int, bool]:
    """How many files there are, hidden ones left out, and whether that is all of them: it gives up at ``most``, and
    after a while."""
    count, until = 0, time.monotonic() + within_s
    for root in roots:
        if root.is_file():
            count += 1
            continue
        for _, folders, files in os.walk(root):
            folders[:] = [name for name in folders if not name.startswith(".")]
            count += sum(not name.startswith(".") for name in files)
            if count >= most or stop.is_set() or time.monotonic() > until:
                return min(count, most), False
    return count, True


# --- mail programs ---------------------------------------------------------------------------------------------------


def _thunderbird(home: Path) -> Iterator[SuggestedSource]:
    seen: set[Path] = set()
    for base in (home / name for name in _THUNDERBIRD):
        for name, profile in _profiles(base):
            roots = tuple(folder for folder in (profile / "Mail", profile / "ImapMail") if _has_files(folder))
            if roots and profile.resolve() not in seen:
                seen.add(profile.resolve())
                yield SuggestedSource("thunderbird", name, profile, roots)


def _profiles(base: Path) -> Iterator[tuple[str, Path]]:
    """Names and folders of the profiles of Thunderbird: those of its list, and those that lie beside it."""
    if not base.is_dir():
        return
    listed = ConfigParser(interpolation=None, strict=False)
    with suppress(NotAnIni, OSError, UnicodeDecodeError):
        listed.read(base / "profiles.ini", encoding="utf-8")
    for section in listed.sections():
        path = listed.get(section, "Path", fallback="")
        if section.lower().startswith("profile") and path:
            relative = listed.get(section, "IsRelative", fallback="1") != "0"
            yield listed.get(section, "Name", fallback=path), base / path if relative else Path(path)
    for folder in sorted([*base.iterdir(), *(base / "Profiles").glob("*")]):
        if folder.is_dir() and any((folder / name).is_dir() for name in ("Mail", "ImapMail")):
            yield folder.name.partition(".")[2] or folder.name, folder


def _evolution(home: Path) -> Iterator[SuggestedSource]:
    for path in (home / name for name in _EVOLUTION):
        if _is_maildir(path):
            yield SuggestedSource("evolution", "", path, _maildir_roots(path))
        elif _has_files(path):
            yield SuggestedSource("evolution", "", path, (path,))


def _apple_mail(home: Path) -> Iterator[SuggestedSource]:
    path = home / _APPLE_MAIL
    if path.is_dir():
        yield SuggestedSource("apple mail", "", path, (path,), readable=False)


def _maildirs(home: Path) -> Iterator[SuggestedSource]:
    for path in (home / name for name in _MAILDIRS):
        if _is_maildir(path):
            yield SuggestedSource("maildir", path.name, path, _maildir_roots(path))
        elif path.is_dir() and any(_is_maildir(inner) for inner in _folders(path)):
            yield SuggestedSource("maildir", path.name, path, (path,))


def _is_maildir(path: Path) -> bool:
    return (path / "cur").is_dir() and (path / "new").is_dir()


def _maildir_roots(path: Path) -> tuple[Path, ...]:
    """The folder itself; where it keeps its subfolders hidden (".Sent"), they must be named to be read."""
    hidden = [inner for inner in _folders(path) if inner.name.startswith(".") and _is_maildir(inner)]
    wanted = [inner for inner in hidden if inner.name.casefold() not in _UNWANTED]
    return (path / "cur", path / "new", *wanted) if hidden else (path,)


def _folders(path: Path) -> list[Path]:
    return sorted(inner for inner in path.iterdir() if inner.is_dir())


def _has_files(path: Path) -> bool:
    """Whether there is any mail in a program's folder: a file that is no index of its own, and not empty."""
    for folder, _, names in os.walk(path):
        for name in names:
            with suppress(OSError):
                if not name.endswith((".msf", ".dat", ".html")) and Path(folder, name).stat().st_size:
                    return True
    return False


# --- exported mail ---------------------------------------------------------------------------------------------------


def _exported(home: Path, usual: Sequence[Path]) -> Iterator[SuggestedSource]:
    """Folders with mailboxes and saved messages, near the top of the usual ones. What lies in a usual folder itself,
    or at home, is added file by file: the person may not want all of the folder."""
    mail: dict[Path, list[Path]] = {}
    budget = _MOST_ENTRIES
    for base in dict.fromkeys([*usual, home / "Mail", home / "mail", home / "Mails", home / "Mailboxes", home]):
        for entry in _entries(base, 0 if base == home else _DEEP):
            budget -= 1
            if budget < 0:
                break
            path = Path(entry.path)
            if path.suffix.lower() in _EXPORTED:
                mail.setdefault(path.parent, []).append(path)
    for folder, entries in mail.items():
        whole = folder != home and folder not in usual
        yield SuggestedSource(
            "exported mail", folder.name, folder, (folder,) if whole else tuple(dict.fromkeys(sorted(entries)))
        )


def _entries(folder: Path, deep: int) -> Iterator[os.DirEntry[str]]:
    """What is in a folder, and ``deep`` levels below. A mailbox that Apple Mail exported is a folder itself."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            yield entry
            if deep and entry.is_dir(follow_symlinks=False) and not entry.name.lower().endswith(".mbox"):
                yield from _entries(Path(entry.path), deep - 1)
