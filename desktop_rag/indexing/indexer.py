"""One indexing run over a library's roots: scan, plan, forget what is gone, index what is new, report."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from desktop_rag.indexing import chunking
from desktop_rag.indexing.pipeline import Done, Pipeline, Stopped, ToIndex
from desktop_rag.indexing.plan import Plan, plan
from desktop_rag.indexing.scan import scan
from desktop_rag.parsing import PARSER_VERSION
from desktop_rag.parsing.sandbox import ParserPool
from desktop_rag.storage.catalog import Catalog
from desktop_rag.storage.commit import clear_garbage, forget_files, garbage, sweep_unfinished
from desktop_rag.storage.vectors import VectorStore, fingerprint
from desktop_rag.types import Problem, Progress

if TYPE_CHECKING:
    from desktop_rag.models.text_embedding import TextEmbedder

_REPORT_EVERY_S = 0.1
_RATE_WINDOW_S = 20.0
_NO_GUESS_S = 3.0
_PROBLEMS_KEPT = 100


_UNNAMEABLE = Problem("unreadable", "The file's name is not valid Unicode.", "Rename it to have it indexed.")


class Run(Struct):
    """What a run did; filled while it goes on."""

    new: int = 0
    changed: int = 0
    moved: int = 0
    gone: int = 0
    unchanged: int = 0
    chunks: int = 0
    embedded: int = 0
    problems: list[tuple[str, Problem]] = []
    missing_roots: list[str] = []
    stopped: bool = False


def shown(path: str) -> str:
    """A path with what is no Unicode in it made visible."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def recipe_of(embedder: TextEmbedder) -> str:
    """What, beside its bytes, decides how a file is indexed: a change of any of it indexes the file again."""
    return f"parser {PARSER_VERSION}, chunker {chunking.VERSION}, space {fingerprint(embedder.space)}"


def index_roots(
    catalog: Catalog,
    vectors: VectorStore,
    embedder: TextEmbedder,
    make_pool: Callable[[], ParserPool],
    roots: Sequence[str],
    *,
    ignore: Sequence[str],
    workers: int,
    force: bool,
    stop: threading.Event,
    on_progress: Callable[[Progress], None],
) -> Run:
    """Bring the catalog up to date with ``roots``; bad files are reported. Raises ``StorageError``, ``ModelError``."""
    run = Run()
    recipe = recipe_of(embedder)
    progress = _Meter(on_progress)
    sweep_unfinished(catalog)
    files: list[ToIndex] = []
    changed: set[str] = set()
    gone: dict[str, int] = {}
    for root in roots:
        on_progress(Progress("scanning", current=root))
        found = scan(Path(root), ignore)
        if found.missing:
            run.missing_roots.append(root)
        run.problems += [(shown(path), _UNNAMEABLE) for path in found.unnameable]
        known = catalog.file_stamps(root)
        planned = plan(found, known, recipe, force=force)
        _count(run, planned)
        changed.update(planned.changed)
        gone.update((path, known[path][0]) for path in planned.gone)
        files += [ToIndex(path, root, found.files[path].size, found.files[path].mtime_ns) for path in planned.to_read]
    if force:
        _forget_recipes(catalog, changed)
    # A file that is gone may have been moved: its document is kept until a new file of its size has been looked at.
    sizes = {file.size for file in files}
    moved = [path for path, size in gone.items() if size in sizes]
    forget_files(catalog, [path for path in gone if path not in moved])
    sweep(catalog, vectors)
    if files:
        progress.begin(files)
        with make_pool() as pool:
            pipeline = Pipeline(
                catalog, vectors, embedder, pool, workers=workers, recipe=recipe, stop=stop,
                on_done=lambda done: _note(run, progress, done, changed), on_batch=progress.embedded,
            )  # fmt: skip
            try:
                pipeline.run(files)
            except Stopped:
                run.stopped = True
        if not run.stopped:
            forget_files(catalog, moved)
        sweep(catalog, vectors)
    progress.end()
    return run


def _count(run: Run, planned: Plan) -> None:
    run.gone += len(planned.gone)
    run.unchanged += planned.unchanged


def _note(run: Run, progress: _Meter, done: Done, changed: set[str]) -> None:
    if done.file.path in changed:
        run.changed += 1
    elif done.linked:
        run.moved += 1
    else:
        run.new += 1
    run.chunks += done.chunks
    run.embedded += done.embedded
    if done.problem is not None and len(run.problems) < _PROBLEMS_KEPT:
        run.problems.append((done.file.path, done.problem))
    progress.done(done.file)


def _forget_recipes(catalog: Catalog, paths: set[str]) -> None:
    """Have known documents parsed again although their bytes are the same."""
    with catalog.transaction() as writer:
        writer.executemany(
            "UPDATE documents SET recipe = '' WHERE id = (SELECT document_id FROM files WHERE path = ?)",
            ((path,) for path in paths),
        )


def sweep(catalog: Catalog, vectors: VectorStore) -> None:
    """Take the vectors of deleted chunks out of Chroma, if there are any: opening it takes a second."""
    old = garbage(catalog)
    if old:
        vectors.delete(old)
        clear_garbage(catalog, old)


class _Meter:
    """Progress with the rate of the last seconds, reported ten times a second at most."""

    def __init__(self, report: Callable[[Progress], None]) -> None:
        self._report = report
        self._guard = threading.Lock()
        self._files = self._bytes = self._total_files = self._total_bytes = self._chunks = 0
        self._last = 0.0
        self._history: deque[tuple[float, float]] = deque()
        self._current = ""

    def begin(self, files: Sequence[ToIndex]) -> None:
        self._total_files = len(files)
        self._total_bytes = sum(file.size for file in files)
        self._history.append((time.monotonic(), 0.0))
        self._tell(force=True)

    def done(self, file: ToIndex) -> None:
        with self._guard:
            self._files += 1
            self._bytes += file.size
            self._current = file.path
        self._tell()

    def embedded(self, chunks: int) -> None:
        with self._guard:
            self._chunks += chunks
        self._tell()

    def end(self) -> None:
        self._report(self._progress("done", None))

    def _tell(self, force: bool = False) -> None:
        now = time.monotonic()
        with self._guard:
            if not force and now - self._last < _REPORT_EVERY_S:
                return
            self._last = now
            share = self._share()
            self._history.append((now, share))
            while len(self._history) > 2 and now - self._history[0][0] > _RATE_WINDOW_S:
                self._history.popleft()
            began, before = self._history[0]
            rate = (share - before) / (now - began) if now > began else 0.0
            # The first seconds tell nothing: the model starts, and nothing is stored yet.
            left = (1.0 - share) / rate if rate > 0 and now - began > _NO_GUESS_S else None
        self._report(self._progress("indexing", left))

    def _share(self) -> float:
        """How much is done, 0 to 1: half by files, half by bytes, as neither alone tells the work."""
        return 0.5 * self._files / max(1, self._total_files) + 0.5 * self._bytes / max(1, self._total_bytes)

    def _progress(self, phase: str, left: float | None) -> Progress:
        return Progress(
            "done" if phase == "done" else "indexing",
            self._files,
            self._total_files,
            self._bytes,
            self._total_bytes,
            self._chunks,
            self._current,
            left,
        )
