"""Performs what keeps a library: what goes into it, bringing it up to date, backups, and looking after it."""

# ruff: noqa: ARG001 (each function gets what any may need)

from __future__ import annotations

from pathlib import Path

from desktop_rag.config import config_path
from desktop_rag.engine import api
from desktop_rag.engine.call import CallListener
from desktop_rag.engine.handlers.context import EngineContext
from desktop_rag.engine.handlers.registry import handles
from desktop_rag.engine.queries.doctor import examine
from desktop_rag.engine.results import Check, IndexReport, Status
from desktop_rag.errors import ConfigError, DesktopRagError
from desktop_rag.indexing.indexer import Scope
from desktop_rag.messages import say
from desktop_rag.models.requests import INSTALLABLE
from desktop_rag.storage.backup import BackupReport, check_backup, restore_backup, write_backup


@handles(api.AddRoot)
def add_root(context: EngineContext, call: api.AddRoot, listener: CallListener) -> str:
    scope = context.index_commands.add_root(call.path)
    if context.sync_worker is not None:
        context.sync_worker.follow([scope])
    return scope.root


@handles(api.RemoveRoot)
def remove_root(context: EngineContext, call: api.RemoveRoot, listener: CallListener) -> int:
    full = call.path.expanduser().absolute()
    chosen = {str(full), str(full.resolve())} & set(context.library.catalog.roots())
    if not chosen and listener.first_tried is None:
        raise ConfigError(
            say("engine.not-folder-library", path=call.path), say("engine.desktop-rag-status-lists-folders")
        )
    return context.index_commands.forget(call.path)


@handles(api.IndexFiles)
def index_files(context: EngineContext, call: api.IndexFiles, listener: CallListener) -> IndexReport:
    return context.index_commands.index(call.paths, listener.on_progress, listener.stop, force=call.force)


@handles(api.ForgetFiles)
def forget_files(context: EngineContext, call: api.ForgetFiles, listener: CallListener) -> int:
    return context.index_commands.forget(call.path)


@handles(api.PauseIndexing)
def pause_indexing(context: EngineContext, call: api.PauseIndexing, listener: CallListener) -> None:
    context.live().pause()


@handles(api.ResumeIndexing)
def resume_indexing(context: EngineContext, call: api.ResumeIndexing, listener: CallListener) -> None:
    context.live().resume()


@handles(api.RebuildVectors)
def rebuild_vectors(context: EngineContext, call: api.RebuildVectors, listener: CallListener) -> int:
    with context.index_commands.writing():
        return context.library.rebuild(listener.on_progress)


@handles(api.BackUp)
def back_up(context: EngineContext, call: api.BackUp, listener: CallListener) -> BackupReport:
    library, file = context.library, call.file.expanduser().absolute()
    written = _written_since(file, listener)
    if written is not None:
        return written
    return write_backup(
        library.catalog, config_path(library.folder), file, force=call.force, on_progress=listener.on_progress
    )


def _written_since(file: Path, listener: CallListener) -> BackupReport | None:
    """The whole backup that a first attempt at this call has left; None when there is none."""
    try:
        if listener.first_tried is None or file.stat().st_mtime < listener.first_tried:
            return None
        return check_backup(file, on_progress=listener.on_progress)
    except (OSError, DesktopRagError):
        return None


@handles(api.RestoreBackup)
def restore(context: EngineContext, call: api.RestoreBackup, listener: CallListener) -> BackupReport:
    library = context.library
    with context.index_commands.writing():
        done = restore_backup(
            library.catalog,
            config_path(library.folder),
            call.file.expanduser().absolute(),
            before=library.empty_vectors,
            on_progress=listener.on_progress,
        )
        library.rebuild(listener.on_progress)
    if context.sync_worker is not None:
        context.sync_worker.follow([Scope(root) for root in library.catalog.roots()])
    return done


@handles(api.GetStatus)
def get_status(context: EngineContext, call: api.GetStatus, listener: CallListener) -> Status:
    return context.status.status()


@handles(api.Examine)
def examine_library(context: EngineContext, call: api.Examine, listener: CallListener) -> list[Check]:
    library = context.library
    if call.repair:
        with context.index_commands.writing():
            library.crashes.clear()
            for role in INSTALLABLE:
                library.scheduler.retry(role)
            library.mend_vectors()
    with library.searching() as texts:
        return examine(
            library.folder,
            library.catalog,
            texts.vectors,
            texts.embedder,
            library.reader,
            library.model_store,
            read_only=library.read_only,
        )
