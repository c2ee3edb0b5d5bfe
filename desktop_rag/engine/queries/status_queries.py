"""What a library holds, and what its engine does, at a glance."""

from __future__ import annotations

import os
from pathlib import Path

from desktop_rag import offline
from desktop_rag.engine.library import Library
from desktop_rag.engine.results import EngineStatus, FolderStatus, Status
from desktop_rag.engine.service.supervisor import RESTARTS
from desktop_rag.engine.sync.sync_worker import SyncWorker
from desktop_rag.engine.sync.warmup import Warmup


class StatusQueries:
    """Of an open library that was opened at ``started``, in seconds since 1970."""

    def __init__(
        self,
        library: Library,
        sync_worker: SyncWorker | None,
        started: float,
        warmup: Warmup,
    ) -> None:
        self._parts = library
        self._sync_worker = sync_worker
        self._started = started
        self._warmup = warmup

    def status(self) -> Status:
        """See ``Engine.status``."""
        catalog = self._parts.catalog
        counts = catalog.counts()
        return Status(
            library=str(self._parts.folder),
            roots=tuple(catalog.roots()),
            states=catalog.state_counts(),
            problems=catalog.problem_counts(),
            files=counts["files"],
            documents=counts["documents"],
            chunks=counts["chunks"],
            bytes_on_disk=_size(self._parts.folder),
            model=self._parts.embedder.space.model,
            busy=self._parts.read_only and self._parts.lock.is_held(),
            waiting=catalog.waiting_counts(),
            models=self._parts.models(),
            folders=self._folders(),
            engine=self._engine_status(),
        )

    def _folders(self) -> tuple[FolderStatus, ...]:
        watching = self._sync_worker.watching() if self._sync_worker is not None else {}
        files = self._parts.catalog.files_by_root()
        found: list[FolderStatus] = []
        for root in self._parts.catalog.roots():
            state = watching.get(root)
            if state is not None:
                found.append(FolderStatus(root, files.get(root, 0), state.how, state.reason))
            else:
                found.append(FolderStatus(root, files.get(root, 0), "on demand" if Path(root).exists() else "missing"))
        return tuple(found)

    def _engine_status(self) -> EngineStatus | None:
        if self._sync_worker is None:
            return None
        import psutil

        activity, detail, waiting, progress, problem = self._sync_worker.state()
        return EngineStatus(
            pid=os.getpid(),
            started=self._started,
            activity=activity,
            detail=detail,
            waiting=waiting,
            model_ready=self._warmup.ready.is_set(),
            memory_bytes=psutil.Process().memory_info().rss,
            restarts=int(os.environ.get(RESTARTS, "0")),
            connections_made=offline.made(),
            connections_refused=offline.refused(),
            loaded=self._parts.scheduler.loaded(),
            progress=progress,
            problems=tuple(filter(None, (problem, *self._warmup.problems()))),
        )


def _size(folder: Path) -> int:
    """Bytes of all files below a folder; those that vanish meanwhile count nothing."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total
