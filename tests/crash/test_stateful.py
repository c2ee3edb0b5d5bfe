"""Random sequences of changes, runs, deaths and restarts: at the end, the library holds exactly what is on disk.

The model is what each file holds, and what the library may know of it after a run that was cut short. Each paragraph
ever written has a marker word of its own, so that the library's texts tell where they are from.
``DESKTOP_RAG_STATEFUL_EXAMPLES`` is the number of sequences.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from msgspec import Struct

from desktop_rag.config import Config
from desktop_rag.engine.engine import Engine
from desktop_rag.engine.library import CATALOG_NAME
from desktop_rag.engine.parser_pools import ParserPools
from desktop_rag.indexing import assemble, pipeline
from desktop_rag.models.onnx.text_embedding import TextEmbedder
from desktop_rag.parsing.worker.sandbox import ParserPool
from desktop_rag.storage.commit import garbage
from tests.crash.dying import Death, Reaper
from tests.crash.record import read

EXAMPLES = int(os.environ.get("DESKTOP_RAG_STATEFUL_EXAMPLES", "10"))
_STEPS = 20
_MARKER = re.compile(r"qz\d+x")
_SENTENCE = "The harbour crane lifted a copper ledger over the winter orchard while the violin played in the meadow."
_SEARCHED = 8

T = TypeVar("T")

NOTHING = "(nothing)"


class Change(Struct, frozen=True):
    """``file`` and ``other`` choose among what there is then, ``folder`` and ``name`` a place; ``lengths`` are those of
    the paragraphs of a new text, in sentences: a text may have none."""

    what: str
    file: int
    other: int
    folder: str
    name: str
    lengths: tuple[int, ...]


_KINDS = (
    *("write", "write", "write", "write an old text", "append", "replace", "rename", "copy", "swap", "touch", "delete"),
    *("rename a folder", "delete a folder", "turn into a folder"),
)
any_of = st.integers(0, 1_000)
some_changes = st.lists(
    st.builds(
        Change,
        what=st.sampled_from(_KINDS),
        file=any_of,
        other=any_of,
        folder=st.sampled_from(("", "inbox", "inbox/old", "notes")),
        name=st.sampled_from(("a.txt", "b.txt", "c.md", "mail.mbox")),
        lengths=st.lists(st.sampled_from((1, 1, 1, 12)), max_size=6).map(tuple),
    ),
    max_size=5,
)


@pytest.fixture(scope="module", autouse=True)
def lasting() -> Iterator[None]:
    """Parsers and the model stay from one sequence to the next: to start them takes longer than what is tested."""
    embedder = TextEmbedder()
    embedder.load()
    # Small windows and parts: more commits, and mailboxes that come in several.
    with pytest.MonkeyPatch.context() as patches, ParserPool(1) as pool:
        patches.setattr("desktop_rag.engine.library.TextEmbedder", lambda **_: embedder)
        patches.setattr(ParserPools, "new", lambda _: nullcontext(pool))
        patches.setattr(pipeline, "WINDOW", 4)
        patches.setattr(assemble, "PART_PASSAGES", 2)
        yield


class Keeping(RuleBasedStateMachine):
    """A folder, a library, and what the one should hold of the other."""

    @initialize()
    def start(self) -> None:
        self.patches = pytest.MonkeyPatch()
        self.reaper = Reaper(self.patches)
        self.home = Path(tempfile.mkdtemp(prefix="sequence-")).resolve()
        self.root = self.home / "files"
        self.root.mkdir()
        self.disk: dict[Path, str] = {}
        self.held: dict[Path, set[str]] = {}
        """What the library may know of each path; a text alone is there for certain."""
        self.texts: list[tuple[str, bool]] = []
        """What was ever written, and whether it is a mailbox."""
        self.markers = 0
        self.clock = 1_700_000_000
        self.lives = 0
        self.library = self.home / "library 0"
        self.engine = self._open()
        self.engine.index([self.root])

    def teardown(self) -> None:
        """Whatever has happened, one more run makes it right."""
        try:
            self.die_while_opening()
            self.index()
            assert self.engine.index().unchanged == len(self.disk)
        finally:
            self.engine.close()
            self.patches.undo()
            shutil.rmtree(self.home)

    # --- what people and programs do to files ------------------------------------------------------------------------

    def _change(self, changes: Sequence[Change]) -> None:
        for change in changes:
            folder, name = self.root / change.folder, change.name
            if change.what == "write":
                self._create(folder / name, change.lengths)
            elif change.what == "write an old text":
                self._write_again(folder / name, change.other)
            elif self.disk and change.what in ("rename a folder", "delete a folder"):
                self._change_folder(change)
            elif self.disk:
                self._change_file(_one_of(self.disk, change.file), change)

    def _change_file(self, path: Path, change: Change) -> None:
        target = (self.root / change.folder / change.name).with_suffix(path.suffix)
        other = _one_of(self.disk, change.other)
        match change.what:
            case "append":
                self._write(path, self.disk[path] + self._text(path, change.lengths))
            case "replace":  # as most editors save: another file takes the place of the old one
                fresh = path.with_name(f".{path.name}.new")
                self._write(fresh, self._text(path, change.lengths))
                self._move(fresh, path)
            case "delete":
                self._remove(path)
            case "rename" if self._is_free(target):  # perhaps over another file
                self._move(path, target)
            case "copy" if self._is_free(target):
                self._write(target, self.disk[path])
            case "swap" if path.suffix == other.suffix and path != other:
                self._move(path, path.with_name("aside"))
                self._move(other, path)
                self._move(path.with_name("aside"), other)
            case "touch":  # clocks jump
                self.clock += 1
                moment = self.clock + (change.other - 500) * 10**6
                os.utime(path, (moment, moment))
            case "turn into a folder":
                self._remove(path)
                self._create(path / "within.txt", change.lengths)

    def _change_folder(self, change: Change) -> None:
        folders = {above for file in self.disk for above in file.parents if self.root in above.parents}
        if not folders:
            return
        path = _one_of(folders, change.file)
        within = [file for file in self.disk if file.is_relative_to(path)]
        target = self.root / change.folder / "moved"
        if change.what == "delete a folder":
            shutil.rmtree(path)
            for file in within:
                del self.disk[file]
        elif not target.exists() and not target.is_relative_to(path) and self._is_free(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
            for file in within:
                self.disk[target / file.relative_to(path)] = self.disk.pop(file)

    # --- what happens to the library ---------------------------------------------------------------------------------

    @rule(changes=some_changes, force=st.booleans())
    def index(self, changes: Sequence[Change] = (), force: bool = False) -> None:
        self._change(changes)
        self.engine.index(force=force)
        self._indexed()

    @rule(changes=some_changes, points=st.integers(0, 40), force=st.booleans())
    def die_while_indexing(self, changes: Sequence[Change], points: int, force: bool) -> None:
        """A run passes about a dozen points, and three more for each file."""
        self._change(changes)
        if self._dies(points, lambda: self.engine.index(force=force)):
            for path in self.held.keys() | self.disk.keys():
                self.held.setdefault(path, {NOTHING}).add(self.disk.get(path, NOTHING))
            self._check_held()
        else:
            self._indexed()

    @rule(points=st.integers(0, 8))
    def die_while_rebuilding(self, points: int) -> None:
        self._dies(points, lambda: self.engine.rebuild())
        self._check_held()

    @precondition(lambda self: self.disk)
    @rule(file=any_of, points=st.integers(0, 15))
    def die_while_forgetting(self, file: int, points: int) -> None:
        path = _one_of(self.disk, file)
        died = self._dies(points, lambda: self.engine.forget(path))
        self.held[path] = self.held.get(path, {NOTHING}) | {NOTHING} if died else {NOTHING}
        self._check_held()

    @rule(points=st.integers(0, 12))
    def die_while_opening(self, points: int = 1_000_000) -> None:
        """Or while closing, or not at all."""

        def reopen() -> None:
            self.engine.close()
            self.engine = self._open()
            self.engine.search("harbour")

        self._dies(points, reopen)
        self._check_held()

    # --- inside ------------------------------------------------------------------------------------------------------

    def _open(self) -> Engine:
        return Engine(self.library, config=Config(workers=1))

    def _dies(self, points: int, work: Callable[[], object]) -> bool:
        """Whether the process dies while it does this; if so, another one opens what it leaves."""
        self.lives += 1
        left = self.home / f"library {self.lives}"
        try:
            with self.reaper.death_after(points, self.library, left):
                work()
            return False
        except Death:
            self.reaper.bury()
        self.engine.close()
        shutil.rmtree(self.library)
        self.library = left
        self.engine = self._open()
        return True

    def _is_free(self, path: Path) -> bool:
        """Whether a file may be written there: no folder has the name, and no file that of a folder above it."""
        return not path.is_dir() and not any(above.is_file() for above in path.parents)

    def _text(self, path: Path, lengths: Sequence[int]) -> str:
        """Paragraphs, or the messages of a mailbox, each with a new marker."""
        parts = []
        for length in lengths:
            self.markers += 1
            body = f"{_SENTENCE} " * (length // 2) + f"qz{self.markers}x. " + f"{_SENTENCE} " * (length - length // 2)
            head = (
                f"From a@example.org Mon Jan  1 00:00:00 2024\nFrom: Ann <ann@example.org>\n"
                f"Subject: Letter {self.markers}\nMessage-ID: <{self.markers}@example.org>\n\n"
            )
            parts.append(f"{head if path.suffix == '.mbox' else ''}{body}\n\n")
        text = "".join(parts)
        self.texts.append((text, path.suffix == ".mbox"))
        return text

    def _create(self, path: Path, lengths: Sequence[int]) -> None:
        if self._is_free(path):
            self._write(path, self._text(path, lengths))

    def _write_again(self, path: Path, number: int) -> None:
        old = [text for text, mailbox in self.texts if mailbox == (path.suffix == ".mbox")]
        if old and self._is_free(path):
            self._write(path, old[number % len(old)])

    def _move(self, path: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
        self.disk[target] = self.disk.pop(path)

    def _remove(self, path: Path) -> None:
        path.unlink()
        del self.disk[path]

    def _write(self, path: Path, text: str) -> None:
        """Each write has a time of its own: without it, one of the same size may go unnoticed, as everywhere."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        self.clock += 1
        os.utime(path, (self.clock, self.clock))
        self.disk[path] = text

    # --- what must be true -------------------------------------------------------------------------------------------

    def _indexed(self) -> None:
        """After a run that came to its end the library holds exactly what is on disk."""
        self.held = {path: {text} for path, text in self.disk.items()}
        self._check_held()
        parts = self.engine._parts
        record = read(self.library / CATALOG_NAME)
        assert {path: file.content_hash for path, file in record.files.items()} == {
            str(path): hashlib.sha256(text.encode()).hexdigest() for path, text in self.disk.items()
        }
        assert {file.state for file in record.files.values()} <= {"indexed", "empty"}
        assert not record.hidden
        assert len(record.documents) == len(set(self.disk.values()))
        status = self.engine.status()
        assert (status.files, status.chunks) == (len(self.disk), len(record.chunks))
        assert parts.catalog.check() == []
        assert garbage(parts.catalog) == []
        if record.chunks or parts.vectors.exists():
            assert parts.vectors.stored_ids() == record.chunks
        for marker in self._sample(list(record.places)):
            assert self._found(marker) == record.places[marker]

    def _check_held(self) -> None:
        """What is found is in the files, or was before a run that was cut short; what has not changed is found."""
        record = read(self.library / CATALOG_NAME)
        assert not record.broken
        assert not record.doubled
        for path, texts in self.held.items():
            here = {marker for marker, paths in record.places.items() if str(path) in paths}
            assert here in [set(_MARKER.findall(text)) for text in texts], path
        known = {str(path) for path, texts in self.held.items() if texts != {NOTHING}}
        assert record.files.keys() <= known
        for number in self._sample(list(range(1, self.markers + 1))):
            assert self._found(f"qz{number}x") == record.places.get(f"qz{number}x", set())

    def _found(self, marker: str) -> set[str]:
        """The files in which a person finds it."""
        hits = self.engine.search(f'"{marker}"', mode="keyword", limit=50).hits
        assert all(hit.paths for hit in hits)
        return {path for hit in hits if marker in hit.text for path in hit.paths}

    def _sample(self, some: list[T]) -> list[T]:
        """The last ones and some of the others."""
        return some[-_SEARCHED:] + some[: -_SEARCHED : max(1, len(some) // _SEARCHED)]


def _one_of(paths: Collection[Path], number: int) -> Path:
    return sorted(paths)[number % len(paths)]


Keeping.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=_STEPS,
    deadline=None,
    derandomize="DESKTOP_RAG_STATEFUL_EXAMPLES" not in os.environ,
    database=None,
    print_blob=False,
    suppress_health_check=list(HealthCheck),
)
TestKeeping = pytest.mark.slow(Keeping.TestCase)
