"""Kills an engine, or a command, again and again while it indexes, and looks each time at what it leaves behind.

``python -m tests.crash.killing [KILLS] [SEED]`` prints one line and ends with 1 when anything was wrong.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Sequence
from contextlib import closing, suppress
from itertools import zip_longest
from pathlib import Path

import psutil
from msgspec import Struct, field

from desktop_rag.engine.engine import Engine
from desktop_rag.engine.library import CATALOG_NAME
from desktop_rag.engine.results import Mode
from desktop_rag.engine.service.client import EngineClient
from desktop_rag.engine.service.opening import AnyEngine
from desktop_rag.paths import resources_dir
from tests.crash.disk import Disk
from tests.crash.noting import embedded_texts
from tests.crash.record import Record, open_catalog, read, read_left
from tests.engine.waiting import until

CHECKOUT = Path(__file__).resolve().parents[2]
_SHARED_DATA = CHECKOUT.parent / "shared" / "data"
_LARGEST = 300_000
_SUFFIXES = {".md", ".org", ".txt", ".eml", ".mbox", ".msg", ".html", ".rtf", ".csv", ".pdf"} | {
    f".{name}" for name in ("doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "ods", "odp", "epub", "ics", "vcf")
}
_LONGEST_S = 3.0
"""An engine lives between 0.05 s and this long after it first answers."""
_START_S = 1.5
MODES: tuple[Mode, ...] = ("keyword", "hybrid")
_SEARCHED = 12
"""Markers that are searched for after each kill; all are looked for in the catalog."""


class Findings(Struct):
    """What went wrong, in words; all empty when nothing did."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    resurrected: list[str] = field(default_factory=list)
    done_again: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    survived: int = 0
    at_work: int = 0
    """Kills that met files on their way into the library."""
    kept: int = 0
    """Documents that were seen before a kill and looked for after it."""

    @property
    def ok(self) -> bool:
        return not (self.lost or self.doubled or self.resurrected or self.done_again or self.broken)

    def __str__(self) -> str:
        broken = f", {len(self.broken)} broken" if self.broken else ""
        return (
            f"kills: {self.survived} survived ({self.at_work} in the middle of work, {self.kept} times a document was "
            f"kept), {len(self.lost)} lost, {len(self.doubled)} doubled, {len(self.resurrected)} resurrected, "
            f"{len(self.done_again)} done again{broken}"
        )

    def details(self) -> str:
        return "\n".join((*self.lost, *self.doubled, *self.resurrected, *self.done_again, *self.broken))


class Killing:
    """One library, the folder it is kept like, and the process that is killed: the engine, or with ``command``
    “desktop-rag index”."""

    def __init__(self, folder: Path, disk: Disk, seed: int, *, command: bool = False) -> None:
        self.library = folder / "library"
        self.disk = disk
        self.found = Findings()
        self._state = folder / "state"
        self._log = folder / "embedded.log"
        self._random = random.Random(seed)
        self._command = command
        self._forced = False
        self._noted = 0
        self._ever: set[tuple[str, str]] = set()
        """Each marker with each file that ever held it."""
        self._gone: set[tuple[str, str]] = set()
        """Those of them that are neither on disk nor in the catalog any more: they must never come back."""
        self._silent: set[str] = set()
        """Markers that are gone from all files, and from the catalog."""
        self._moved: set[str] = set()
        """Hashes of files that were moved or deleted while the engine ran: their documents may have been made again."""
        self.library.mkdir(parents=True)
        (self.library / "config.toml").write_text("quiet_s = 0.1\n", encoding="utf-8")
        with Engine(self.library) as engine:
            engine.add_root(disk.root)
        self._before = read_left(self.library)

    def kill(self) -> None:
        """One life of the process, from the changes before it to a look at what it leaves."""
        self._change(self._random.randrange(30))
        self._moved.clear()
        self._forced = self._command and self._random.random() < 0.15
        process = self._start()
        seen = self._before
        if self._command:
            seen = self._live(process)
        elif self._random.random() < 0.2:
            time.sleep(self._random.uniform(0.05, _START_S))
        else:
            seen = self._live(process)
        self._end(process)
        left = read_left(self.library)
        self._compare(self._before, seen)
        self._compare(seen, left)
        self._judge(left)
        self._look(hidden=left.hidden)
        self._confirm_gone(left)
        self.found.survived += 1
        self.found.at_work += any(not _is_known(path, left) for path in self.disk.files)
        self._before = left

    def finish(self) -> None:
        """Let it come to its end; then the library holds exactly what is on disk, and everything in it fits."""
        self._change(10)
        self._moved.clear()
        self._forced = False
        process = self._start()
        if self._command:
            if process.wait(timeout=300) not in (0, 3):  # 3: some of the real files cannot be read
                self.found.broken.append(f"the last command ended with {process.returncode}")
        else:
            with self._connect(process) as client:
                client.resume()
                until(lambda: _at_rest(client), "everything is indexed", within_s=300)
                self._search_all(client)
                client.shut_down()
            if process.wait(timeout=60):
                self.found.broken.append(f"the engine ended with {process.returncode}")
        left = read_left(self.library)
        self._compare(self._before, left)
        self._judge(left)
        self._compare_with_disk(left)
        with Engine(self.library) as engine:
            self._search_all(engine)
            self.found.broken += [f"{check.name}: {check.detail}" for check in engine.doctor() if not check.ok]
            if engine._parts.vectors.stored_ids() != left.chunks:
                self.found.broken.append("Chroma does not hold exactly the catalog's chunks")
        for log in self._state.rglob("*.log*"):
            trace = log.read_text(encoding="utf-8").partition("\n  File ")
            if trace[2]:
                self.found.broken.append(f"{log.name}: {trace[0][-200:]}\n  File {trace[2][:3000]}")

    # --- one life ----------------------------------------------------------------------------------------------------

    def _change(self, count: int) -> None:
        before = self.disk.hashes()
        self._ever |= self._pairs()
        for _ in range(count):
            self.disk.change()
            self._ever |= self._pairs()
        after = self.disk.hashes()
        self._moved |= {digest for path, digest in before.items() if after.get(path) != digest}

    def _pairs(self) -> set[tuple[str, str]]:
        return {(marker, str(path)) for path, markers in self.disk.files.items() for marker in markers}

    def _start(self) -> subprocess.Popen[bytes]:
        arguments = ["engine", str(self.library)]
        if self._command:
            arguments = ["--library", str(self.library), "index", "--quiet", *(["--force"] if self._forced else [])]
        return subprocess.Popen(
            [sys.executable, "-m", "tests.crash.noting", str(self._log), *arguments],
            cwd=CHECKOUT,
            env=os.environ | dict.fromkeys(("XDG_STATE_HOME", "LOCALAPPDATA"), str(self._state)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _connect(self, process: subprocess.Popen[bytes]) -> EngineClient:
        found: list[EngineClient] = []

        def answers() -> bool:
            assert process.poll() is None, f"the engine ended with {process.returncode} instead of answering"
            client = EngineClient.connect(self.library)
            found.extend([client] if client else [])
            return client is not None

        until(answers, "the engine answers")
        return found[0]

    def _live(self, process: subprocess.Popen[bytes]) -> Record:
        """Until it is time to kill the process; returns what the catalog said at some moment before."""
        if not self._command:
            self._connect(process).close()
        if self._random.random() < 0.6:  # far enough, however slow the machine is
            before = self._progress()
            until(lambda: self._progress() != before or self._is_done(process), "something is stored")
        life = self._random.uniform(0.05, _LONGEST_S)
        moment = self._random.uniform(0.0, life)
        began = time.monotonic()
        if self._random.random() < 0.3:
            self._look()
        if self._random.random() < 0.5:
            self._change(self._random.randrange(20))
        time.sleep(max(0.0, began + moment - time.monotonic()))
        seen = read(self.library / CATALOG_NAME)
        time.sleep(max(0.0, began + life - time.monotonic()))
        return seen

    def _progress(self) -> tuple[int, int]:
        """Changes with everything that is stored."""
        with closing(open_catalog(self.library / CATALOG_NAME)) as catalog:
            found: tuple[int, int] = catalog.execute(
                "SELECT (SELECT count(*) FROM files), (SELECT count(*) + coalesce(max(id), 0) FROM documents)"
            ).fetchone()
        return found

    def _is_done(self, process: subprocess.Popen[bytes]) -> bool:
        if self._command:
            return process.poll() is not None
        with self._connect(process) as client:
            return _at_rest(client)

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        """Kill the process. Its parsers must end by themselves."""
        parsers: list[psutil.Process] = []
        with suppress(psutil.NoSuchProcess):
            parsers = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        process.wait()
        _, alive = psutil.wait_procs(parsers, timeout=30)
        self.found.broken += [f"parser {parser.pid} lives on" for parser in alive]

    # --- judging -----------------------------------------------------------------------------------------------------

    def _compare(self, earlier: Record, later: Record) -> None:
        """What was there before and has not changed on disk is still there, as the same document."""
        on_disk = self.disk.hashes()
        many = list(on_disk.values())
        for digest, (document, chunks, recipe) in earlier.documents.items():
            if digest not in on_disk.values() or digest in self._moved:
                continue
            now = later.documents.get(digest)
            self.found.kept += 1
            # Two files with the same new bytes, read at the same time, are made a document twice; the later one stays.
            twins = digest not in self._before.documents and many.count(digest) > 1
            if now is None:
                self.found.lost.append(f"document {document} ({_named(digest, on_disk)}) is gone")
            elif now[:2] != (document, chunks) and recipe and not (twins or self._forced):
                self.found.done_again.append(f"document {document} ({_named(digest, on_disk)}) is {now[0]} now")
        for path, file in earlier.files.items():
            if on_disk.get(path) == file.content_hash and path not in later.files:
                self.found.lost.append(f"{path} is not known any more")
        lost = earlier.embeddings.items() - later.embeddings.items()
        self.found.lost += [f"embedding {number} is gone" for _, number in lost]

    def _judge(self, left: Record) -> None:
        self.found.doubled += left.doubled
        self.found.broken += left.broken
        back = self._gone & {(marker, path) for marker, paths in left.places.items() for path in paths}
        self.found.resurrected += [f"{marker} is back in {path}" for marker, path in back]
        noted = embedded_texts(self._log)
        again = set(noted[self._noted :]) & self._before.embeddings.keys()
        self.found.done_again += [f"embedding {self._before.embeddings[digest]} was made again" for digest in again]
        self._noted = len(noted)

    def _confirm_gone(self, left: Record) -> None:
        found = {(marker, path) for marker, paths in left.places.items() for path in paths}
        self._gone |= self._ever - self._pairs() - found
        self._silent |= {marker for marker, _ in self._ever} - self.disk.places().keys() - left.places.keys()

    def _look(self, hidden: Collection[str] = ()) -> None:
        """Open the library as it is for searching; nothing that is gone may be found, and nothing half done."""
        with Engine(self.library, read_only=True) as engine:
            self.found.broken += engine._parts.catalog.check()
            self._search_none(engine, self._sample(self._silent) + self._sample(hidden))

    def _sample(self, markers: Collection[str], count: int = _SEARCHED) -> list[str]:
        return self._random.sample(sorted(markers), min(len(markers), count))

    def _search_none(self, engine: AnyEngine, markers: Sequence[str]) -> None:
        for marker in markers:
            for mode in MODES:
                hits = engine.search(marker, mode=mode).hits
                if any(marker in hit.text for hit in hits):
                    self.found.resurrected.append(f"{marker} is found ({mode})")
                self.found.broken += [f"a hit for {marker} is in no file" for hit in hits if not hit.paths]

    def _search_all(self, engine: AnyEngine) -> None:
        """Each marker is found in the files that hold it and nowhere else."""
        places = self.disk.places()
        for marker in self._sample(places, 100):
            hits = engine.search(f'"{marker}"', mode="keyword", limit=50).hits
            found = {path for hit in hits if marker in hit.text for path in hit.paths}
            if found != places[marker]:
                self.found.lost.append(f"{marker} is found in {sorted(found)}, not in {sorted(places[marker])}")
        self._search_none(engine, self._sample(self._silent, 100))

    def _compare_with_disk(self, left: Record) -> None:
        places = self.disk.places()
        for marker in places.keys() | left.places.keys():
            here, there = places.get(marker, set()), left.places.get(marker, set())
            self.found.lost += [f"{marker} is not in {path}" for path in here - there]
            self.found.resurrected += [f"{marker} is still in {path}" for path in there - here]
        for path in self.disk.files:
            if not _is_known(path, left):
                self.found.lost.append(f"{path} is not known as it is")
            elif self.disk.files[path] and left.files[str(path)].state != "indexed":
                self.found.lost.append(f"{path} is {left.files[str(path)].state}")
        self.found.resurrected += [f"{path} is still known" for path in left.files.keys() - map(str, self.disk.files)]
        self.found.broken += [f"{marker} is in a document without a file" for marker in left.hidden]
        if not left.embeddings.keys() <= set(embedded_texts(self._log)):
            self.found.broken.append("there are embeddings that were never made")


def _named(digest: str, on_disk: dict[str, str]) -> str:
    return next(path for path, other in on_disk.items() if other == digest)


def _is_known(path: Path, record: Record) -> bool:
    """Whether the catalog knows this file as it is on disk now."""
    status = path.stat()
    file = record.files.get(str(path))
    return file is not None and (file.size, file.mtime_ns) == (status.st_size, status.st_mtime_ns)


def _at_rest(client: EngineClient) -> bool:
    status = client.status().engine
    return status is not None and status.activity == "idle" and not status.waiting and status.model_ready


def real_files(most: int, seed: int) -> list[Path]:
    """Files of many kinds and makers, the kinds in turn; the sample library where no others are."""
    if not _SHARED_DATA.is_dir():
        return sorted(path for path in (resources_dir() / "samples").rglob("*") if path.is_file())
    kinds: dict[str, list[Path]] = {}
    for folder in ("mail", "documents", "notes"):
        for path in sorted((_SHARED_DATA / folder).rglob("*")):
            if path.suffix in _SUFFIXES and 0 < path.stat().st_size < _LARGEST:
                kinds.setdefault(path.suffix, []).append(path)
    for paths in kinds.values():
        random.Random(seed).shuffle(paths)
    return [path for turn in zip_longest(*kinds.values()) for path in turn if path is not None][:most]


def run(
    folder: Path, *, kills: int, seed: int, real: int, notes: int, messages: int, command: bool = False
) -> Findings:
    """Kill so often, let it finish, and return what was found."""
    disk = Disk(folder / "files", seed, real=real_files(real, seed), notes=notes, messages=messages)
    killing = Killing(folder, disk, seed, command=command)
    for _ in range(kills):
        killing.kill()
    killing.finish()
    return killing.found


def main() -> int:
    kills, seed = (*map(int, sys.argv[1:]), *(200, 1)[len(sys.argv) - 1 :])
    with tempfile.TemporaryDirectory(prefix="kills-") as name:
        found = run(Path(name).resolve(), kills=kills, seed=seed, real=400, notes=200, messages=2000)
    if not found.ok:
        print(found.details())  # noqa: T201
    print(found)  # noqa: T201
    return 0 if found.ok else 1


if __name__ == "__main__":
    sys.exit(main())
