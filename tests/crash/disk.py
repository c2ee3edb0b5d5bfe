"""A folder of files of many kinds that changes all the time; each version of each text has a marker word of its own."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
from collections.abc import Sequence
from pathlib import Path

_WORDS = ("harbour", "crane", "winter", "ledger", "copper", "violin", "meadow", "letter", "window", "orchard", "tunnel")
_KINDS = (".txt", ".txt", ".md", ".html", ".eml")


class Disk:
    """The files below ``root``, and the markers in each.

    ``real`` files are copied there once, ``notes`` are written, and a mailbox of so many ``messages``.
    """

    def __init__(self, root: Path, seed: int, *, real: Sequence[Path], notes: int, messages: int) -> None:
        self.root = root
        self.random = random.Random(seed)
        self.files: dict[Path, frozenset[str]] = {}
        self._hashes: dict[tuple[Path, int, int], str] = {}
        self._count = 0
        self._mailbox = root / "mail" / "Archive.mbox"
        self._messages: list[tuple[str, str]] = []
        seen: set[bytes] = set()
        for number, path in enumerate(real):
            data = path.read_bytes()
            if (digest := hashlib.sha256(data).digest()) not in seen:
                seen.add(digest)
                target = root / f"real {number % 7}" / f"{number} {path.name}"
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
                self.files[target] = frozenset()
        for _ in range(notes):
            self.create()
        self._mailbox.parent.mkdir(parents=True, exist_ok=True)
        self._write_messages(messages)

    def places(self) -> dict[str, set[str]]:
        """Each marker that is on disk, with the paths of the files that hold it."""
        found: dict[str, set[str]] = {}
        for path, markers in self.files.items():
            for marker in markers:
                found.setdefault(marker, set()).add(str(path))
        return found

    def hashes(self) -> dict[str, str]:
        """Path -> SHA-256 of the bytes, for all files."""
        found: dict[str, str] = {}
        for path in self.files:
            status = path.stat()
            key = (path, status.st_size, status.st_mtime_ns)
            if key not in self._hashes:
                self._hashes[key] = hashlib.sha256(path.read_bytes()).hexdigest()
            found[str(path)] = self._hashes[key]
        return found

    def change(self) -> None:
        """One of the things that people and programs do to files."""
        kind = self.random.random()
        path = self.random.choice(list(self.files))
        if kind < 0.35:
            self.create()
        elif kind < 0.55:
            self._rewrite(path)
        elif kind < 0.65:
            moved = self._rename(path)
            if self.files[moved] and path.suffix in _KINDS and self.random.random() < 0.3:
                self._write(path)  # the old one was kept as a backup
        elif kind < 0.75:
            self._count += 1
            copy = path.with_name(f"{self._count} copy{path.suffix}")
            shutil.copyfile(path, copy)
            self.files[copy] = self.files[path]
        elif kind < 0.78 and path.parent != self._mailbox.parent:
            self._rename_folder(path.parent)
        elif kind < 0.82:
            self._write_messages(self.random.randrange(1, 20))
        elif kind < 0.86 and self._messages:
            del self._messages[self.random.randrange(len(self._messages))]
            self._write_messages(0)
        elif kind < 0.92:
            path.touch()
        elif path != self._mailbox:
            path.unlink()
            del self.files[path]

    def create(self) -> None:
        """Write a new note."""
        self._count += 1
        folder = self.root / f"notes {self.random.randrange(5)}"
        folder.mkdir(parents=True, exist_ok=True)
        self._write(folder / f"{self._count}{self.random.choice(_KINDS)}")

    def _rewrite(self, path: Path) -> None:
        """Give a note another text: in place, or as most editors do, by another file that takes its place."""
        if not self.files[path] or path == self._mailbox or path.suffix not in _KINDS:
            return
        if self.random.random() < 0.5:
            self._write(path)
            return
        fresh = path.with_name(f".{path.name}.new{path.suffix}")
        self._write(fresh)
        fresh.replace(path)
        self.files[path] = self.files.pop(fresh)

    def _rename(self, path: Path) -> Path:
        if path == self._mailbox:
            return path
        self._count += 1
        moved = path.with_name(f"{self._count} moved{path.suffix}")
        path.rename(moved)
        self.files[moved] = self.files.pop(path)
        return moved

    def _rename_folder(self, folder: Path) -> None:
        self._count += 1
        moved = folder.with_name(f"{self._count} {folder.name[-7:]}")
        folder.rename(moved)
        self.files = {
            (moved / path.name if path.parent == folder else path): markers for path, markers in self.files.items()
        }

    def _write(self, path: Path) -> None:
        marker, text = self._text()
        if path.suffix == ".html":
            text = f"<html><title>Note {self._count}</title><p>{text}</p></html>"
        elif path.suffix == ".eml":
            text = _message(self._count, text)
        self._put(path, text)
        self.files[path] = frozenset((marker,))

    def _write_messages(self, more: int) -> None:
        """Write the mailbox again, with so many messages more."""
        for _ in range(more):
            marker, text = self._text()
            message = _message(self._count, text)
            self._messages.append((marker, f"From a@example.org Mon Jan  1 00:00:00 2024\n{message}\n\n"))
        self._put(self._mailbox, "".join(text for _, text in self._messages))
        self.files[self._mailbox] = frozenset(marker for marker, _ in self._messages)

    def _put(self, path: Path, text: str) -> None:
        """Write a file; every other one with an older date, as programs that sync do: dates decide the order."""
        path.write_text(text, encoding="utf-8")
        if self.random.random() < 0.5:
            moment = path.stat().st_mtime - self.random.uniform(0, 100_000)
            os.utime(path, (moment, moment))

    def _text(self) -> tuple[str, str]:
        """A marker, and a text in which it stands once."""
        self._count += 1
        marker = f"qz{self._count}x"
        words = [self.random.choice(_WORDS) for _ in range(self.random.randrange(15, 120))]
        words.insert(self.random.randrange(len(words)), marker)
        return marker, " ".join(words)


def _message(number: int, text: str) -> str:
    return (
        f"From: Ann <ann@example.org>\nTo: Ben <ben@example.org>\nSubject: Letter {number}\n"
        f"Message-ID: <{number}@example.org>\nDate: Mon, 1 Jan 2024 00:00:00 +0000\n\n{text}\n"
    )
