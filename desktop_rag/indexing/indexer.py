"""One indexing run: scan, plan, forget what is gone, index what is new, report."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, structs

from desktop_rag.config import Config
from desktop_rag.indexing import chunking
from desktop_rag.indexing.chunking import Tokenizer
from desktop_rag.indexing.debounce import below
from desktop_rag.indexing.media_analysis import MediaAnalyzer
from desktop_rag.indexing.meter import Meter
from desktop_rag.indexing.pipeline import Pipeline, Stopped
from desktop_rag.indexing.plan import IndexPlan, plan
from desktop_rag.indexing.rules import Rules
from desktop_rag.indexing.scan import scan
from desktop_rag.indexing.storing import StoredFile, ToIndex
from desktop_rag.messages import say
from desktop_rag.parsing import PARSER_VERSION
from desktop_rag.parsing.worker.sandbox import ParserPool
from desktop_rag.storage.catalog import Catalog
from desktop_rag.storage.commit import forget_files, sweep_unfinished
from desktop_rag.storage.maintenance import sweep
from desktop_rag.storage.thumbnails import Thumbnails
from desktop_rag.storage.vectors import VectorStore, fingerprint
from desktop_rag.types import Problem, Progress, Space

if TYPE_CHECKING:
    from desktop_rag.models.embedder import Embedder

_PROBLEMS_KEPT = 100
_UNNAMEABLE = Problem("unreadable", say("common.files-name-not-valid-unicode"), say("common.rename-can-indexed"))


class Scope(Struct, frozen=True):
    """What a run looks at: a root, or only what is at or below a path in it."""

    root: str
    at: str = ""


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
    kept_back: list[str] = []
    """Files that are gone, but may have become others that are still being written: to be looked at again soon."""
    stopped: bool = False

    @property
    def did_nothing(self) -> bool:
        return not (self.new or self.changed or self.moved or self.gone)


class RunControl(Struct):
    """How a run is to behave towards everything else that goes on.

    ``stop`` ends it soon. ``checkpoint`` is called between batches: it may wait, do other work, or raise ``Stopped``.
    ``at_work`` is told which files are about to go through the model, [] when none are; ``alone`` are files that must
    not share a batch with others, because one of them may have crashed the process. Files that are ``being_written``
    are left as they are known. ``unseen`` are roots that are still to be gone through: what is gone from a part of one
    may be in another part, and is left to that. ``nested`` runs go on inside another run.
    """

    stop: threading.Event = msgspec.field(default_factory=threading.Event)
    on_progress: Callable[[Progress], None] = lambda _: None
    checkpoint: Callable[[], None] = lambda: None
    at_work: Callable[[Sequence[str]], None] = lambda _: None
    alone: Collection[str] = ()
    being_written: Collection[str] = ()
    unseen: Collection[str] = ()
    force: bool = False
    nested: bool = False


def shown(path: str) -> str:
    """A path with what is no Unicode in it made visible."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def recipe_of(space: Space) -> str:
    """What, beside its bytes, decides how a file is indexed: a change of any of it indexes the file again."""
    return f"parser {PARSER_VERSION}, chunker {chunking.VERSION}, space {fingerprint(space)}"


class Indexer:
    """Brings a library up to date. One run at a time, but for nested ones.

    ``pictures`` gives the store of the vectors of pictures, in the space of the image model that the ``media_analyzer``
    has at that time (None when it has none). ``own`` are the program's own folders, which are never indexed.
    """

    def __init__(
        self,
        catalog: Catalog,
        vectors: VectorStore,
        embedder: Embedder,
        tokenizer: Tokenizer,
        media_analyzer: MediaAnalyzer,
        pictures: Callable[[], VectorStore | None],
        thumbnails: Thumbnails,
        config: Config,
        own: Sequence[Path],
    ) -> None:
        self._catalog = catalog
        self._vectors = vectors
        self._embedder = embedder
        self._tokenizer = tokenizer
        self._media_analyzer = media_analyzer
        self._pictures = pictures
        self._thumbnails = thumbnails
        self._config = config
        self._own = own

    def leaves_out(self, root: str) -> Callable[[str], bool]:
        """Tells of a path in ``root`` whether a rule leaves it out."""
        rules = Rules(Path(root), self._config, self._own)
        return lambda path: rules.matching(Path(path)) is not None

    def run(self, scopes: Sequence[Scope], pool: Callable[[], ParserPool], control: RunControl) -> Run:
        """Look at ``scopes`` and do what is to be done; bad files are reported. The ``pool`` of parsers is asked for
        when there is something to parse. Raises ``StorageError``, ``ModelError``."""
        run = Run()
        recipe = recipe_of(self._embedder.space)
        pictures = self._pictures()
        stores = [self._vectors] if pictures is None else [self._vectors, pictures]
        meter = Meter(control.on_progress)
        if not control.nested:  # the run around this one has documents that are not finished
            sweep_unfinished(self._catalog)
        files: list[ToIndex] = []
        changed: set[str] = set()
        gone: dict[str, int] = {}
        for scope in _outermost(scopes):
            if control.stop.is_set():
                run.stopped = True
                break
            control.on_progress(Progress("scanning", current=scope.at or scope.root))
            self._look(scope, recipe, control, run, files, changed, gone)
        if control.force:
            _forget_recipes(self._catalog, changed)
        files.sort(key=lambda file: (file.path not in control.alone, -file.mtime_ns))
        # A file that is gone may have been moved: its document is kept until a new file of its size has been looked at,
        # now or, when that is still being written, later.
        sizes, unwritten = {file.size for file in files}, _sizes(control.being_written) if gone else set()
        run.kept_back = [path for path, size in gone.items() if size in unwritten]
        run.gone -= len(run.kept_back)
        moved = [path for path, size in gone.items() if size in sizes and size not in unwritten]
        held = {*moved, *run.kept_back}
        forget_files(self._catalog, [path for path in gone if path not in held])
        sweep(self._catalog, stores)
        if files and not run.stopped:
            meter.begin(files)
            pipeline = Pipeline(
                self._catalog,
                self._vectors,
                self._embedder,
                self._tokenizer,
                pool(),
                self._media_analyzer,
                pictures,
                self._thumbnails,
                workers=1 if control.nested else self._config.workers,
                recipe=recipe,
                stop=control.stop,
                alone=control.alone,
                checkpoint=control.checkpoint,
                at_work=control.at_work,
                on_done=lambda done: _note(run, meter, done, changed),
                on_batch=meter.embedded,
            )
            try:
                while files:
                    files = pipeline.run(files)
            except Stopped:
                run.stopped = True
            if not run.stopped:
                forget_files(self._catalog, moved)
            sweep(self._catalog, stores)
        meter.end()
        return run

    def _look(
        self,
        scope: Scope,
        recipe: str,
        control: RunControl,
        run: Run,
        files: list[ToIndex],
        changed: set[str],
        gone: dict[str, int],
    ) -> None:
        """Scan one scope and add what is to be done there."""
        root = Path(scope.root)
        mounts = self._catalog.mounts(scope.root)
        found = scan(root, Rules(root, self._config, self._own), at=Path(scope.at) if scope.at else None, mounts=mounts)
        if found.missing:
            run.missing_roots.append(scope.root)
        elif not scope.at and sorted(found.mounts) != sorted(mounts):
            self._catalog.set_mounts(scope.root, found.mounts)
        run.problems += [(shown(path), _UNNAMEABLE) for path in found.unnameable]
        known = self._catalog.file_stamps(scope.root, scope.at)
        missed = self._catalog.missed_by(scope.root, self._media_analyzer.seen_by, self._media_analyzer.heard_by)
        planned = _without(plan(found, known, recipe, missed=missed, force=control.force), control.being_written)
        if scope.at and scope.root in control.unseen:
            planned = structs.replace(planned, gone=())
        run.gone += len(planned.gone)
        run.unchanged += planned.unchanged
        changed.update(planned.changed)
        gone.update((path, known[path][0]) for path in planned.gone)
        files += [
            ToIndex(path, scope.root, found.files[path].size, found.files[path].mtime_ns) for path in planned.to_read
        ]


def _sizes(places: Collection[str]) -> set[int]:
    """The sizes of the files at or below these places."""
    found: set[int] = set()
    for place in places:
        paths = [place] if not Path(place).is_dir() else [path for path in Path(place).rglob("*") if path.is_file()]
        for path in paths:
            with suppress(OSError):
                found.add(Path(path).stat().st_size)
    return found


def _outermost(scopes: Sequence[Scope]) -> list[Scope]:
    """The scopes without those that lie in another one."""
    found: list[Scope] = []
    for scope in sorted(set(scopes), key=lambda scope: (scope.root, len(scope.at))):
        place = Path(scope.at or scope.root)
        if not any(scope.root == other.root and place.is_relative_to(other.at or other.root) for other in found):
            found.append(scope)
    return found


def _without(planned: IndexPlan, being_written: Collection[str]) -> IndexPlan:
    """The plan without files that are still being written."""
    if not being_written:
        return planned

    def unchanging(paths: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(path for path in paths if path not in being_written and not below(path, being_written))

    return IndexPlan(unchanging(planned.new), unchanging(planned.changed), unchanging(planned.gone), planned.unchanged)


def _note(run: Run, meter: Meter, done: StoredFile, changed: set[str]) -> None:
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
    meter.done(done.file)


def _forget_recipes(catalog: Catalog, paths: set[str]) -> None:
    """Have known documents parsed again although their bytes are the same."""
    with catalog.transaction() as writer:
        writer.executemany(
            "UPDATE documents SET recipe = '' WHERE id = (SELECT document_id FROM files WHERE path = ?)",
            ((path,) for path in paths),
        )
