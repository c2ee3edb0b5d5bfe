"""What goes into a library: which folders and files, and bringing them up to date."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from desktop_rag.engine.library import Library
from desktop_rag.engine.results import IndexReport
from desktop_rag.engine.sync.sync_worker import SyncWorker
from desktop_rag.errors import ConfigError
from desktop_rag.indexing.indexer import RunControl, Scope
from desktop_rag.indexing.pipeline import Stopped
from desktop_rag.messages import say
from desktop_rag.models.hardware import give_back_memory
from desktop_rag.storage.commit import forget_files
from desktop_rag.storage.repair import remember_folders
from desktop_rag.types import Progress


class IndexCommands:
    """Of a library that this process owns. With a ``sync_worker`` it is live: it watches what is added."""

    def __init__(self, library: Library, sync_worker: SyncWorker | None) -> None:
        self._parts = library
        self._sync_worker = sync_worker

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One command writes at a time, and before what goes on in the background."""
        if self._sync_worker is None:
            yield
        else:
            with self._sync_worker.exclusive():
                yield

    def index(
        self,
        paths: Sequence[Path] | None,
        report: Callable[[Progress], None],
        stop: threading.Event,
        *,
        force: bool,
    ) -> IndexReport:
        """See ``Engine.index``."""
        began = time.monotonic()
        catalog = self._parts.catalog
        with self.writing():
            known = set(catalog.roots())
            scopes = [self.add_root(path) for path in paths] if paths is not None else [Scope(root) for root in known]
            fresh = [scope for scope in scopes if scope.root not in known]
            if self._sync_worker is None:
                self._change_embedder(stop, report)
                self._parts.prepare_vectors()
                crashes = self._parts.crashes
                control = RunControl(
                    stop,
                    report,
                    at_work=crashes.working_on,
                    alone=crashes.suspects,
                    force=force,
                )
                with self._parts.pools.new() as pool:
                    run = self._parts.indexer.run(scopes, lambda: pool, control)
            else:
                self._sync_worker.follow(fresh, first=False)  # watched from now on, so that nothing is missed meanwhile
                control = self._sync_worker.control(stop, report, force=force)
                run = self._parts.indexer.run(scopes, lambda: self._parts.pools.shared("deep"), control)
                give_back_memory()
                self._sync_worker.looked_at(run, [] if run.stopped else scopes, time.monotonic() - began)
            return IndexReport(
                new=run.new,
                changed=run.changed,
                moved=run.moved,
                gone=run.gone,
                unchanged=run.unchanged,
                chunks=run.chunks,
                embedded=run.embedded,
                states=catalog.state_counts(),
                problems=tuple(run.problems),
                missing_roots=tuple(run.missing_roots),
                seconds=time.monotonic() - began,
                stopped=run.stopped,
            )

    def _change_embedder(self, stop: threading.Event, report: Callable[[Progress], None]) -> None:
        """Embed all texts anew if another model is to do so from now on; a live engine does that by itself."""

        def between(_: int) -> None:
            if stop.is_set():
                raise Stopped

        embedder = self._parts.embedder_to_come()
        if embedder is not None:
            with suppress(Stopped):
                self._parts.fill_space(embedder, between, report)
                self._parts.change_over(embedder)

    def add_root(self, path: Path) -> Scope:
        """Remember a path; one inside a known root adds none, one around known roots takes them over. Raises
        ``ConfigError`` for a path that does not exist."""
        full = path.expanduser().absolute()
        if not full.exists():
            raise ConfigError(say("common.does-not-exist", path=path), say("engine.give-existing-folder-file"))
        full = full.resolve()
        catalog = self._parts.catalog
        known = catalog.roots()
        around = [root for root in known if full.is_relative_to(root)]
        if around:
            return Scope(around[0], "" if str(full) == around[0] else str(full))
        catalog.adopt_roots(str(full), [root for root in known if Path(root).is_relative_to(full)])
        catalog.add_root(str(full), datetime.now(UTC))
        remember_folders(self._parts.folder, catalog.roots())
        return Scope(str(full))

    def forget(self, path: Path) -> int:
        """See ``Engine.forget``."""
        full = str(path.expanduser().absolute())
        candidates = {full, str(Path(full).resolve())}
        catalog = self._parts.catalog
        with self.writing():
            for name in candidates & set(catalog.roots()):
                catalog.remove_root(name)
            gone = [
                file.path
                for file in catalog.files()
                if file.path in candidates or any(Path(file.path).is_relative_to(name) for name in candidates)
            ]
            remember_folders(self._parts.folder, catalog.roots())
            forget_files(catalog, gone)
            self._parts.sweep()
        return len(gone)
