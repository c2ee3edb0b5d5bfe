"""Everything that can be wrong with library, models and machine, looked at once."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from importlib.metadata import version
from pathlib import Path

from desktop_rag import offline
from desktop_rag.engine.results import Check
from desktop_rag.errors import DesktopRagError
from desktop_rag.messages import say
from desktop_rag.models.embedder import Embedder
from desktop_rag.models.onnx.text_reading import READER, TextReader
from desktop_rag.models.store.model_store import ModelStore
from desktop_rag.storage.catalog import Catalog
from desktop_rag.storage.rebuild import vector_ids
from desktop_rag.storage.vectors import VectorStore

_LEAST_FREE = 1 << 30
_PACKAGES = ("chromadb", "onnxruntime", "tokenizers", "pypdf")


def examine(
    library: Path,
    catalog: Catalog,
    vectors: VectorStore,
    embedder: Embedder,
    reader: TextReader | None,
    model_store: ModelStore,
    *,
    read_only: bool,
) -> list[Check]:
    """Run all checks; one that fails says what to do. ``reader`` is None where it is switched off."""
    checks = [_versions(), _disk(library), _catalog(catalog), _model(embedder), _reader(reader), _models(model_store)]
    checks += [_roots(catalog), _connections()]
    if read_only:
        checks.append(Check("vectors", True, say("engine.not-checked-another-process-using-library")))
    else:
        checks.append(_vectors(catalog, vectors))
    return checks


def _versions() -> Check:
    python = ".".join(map(str, sys.version_info[:3]))
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return Check("versions", True, f"Python {python}, SQLite {sqlite3.sqlite_version}, {packages}")


def _disk(library: Path) -> Check:
    free = shutil.disk_usage(library).free
    return Check(
        "disk",
        free >= _LEAST_FREE,
        say("engine.gib-free", free=free / 2**30, library=library),
        say("engine.free-up-some-space-before-index"),
    )


def _catalog(catalog: Catalog) -> Check:
    wrong = catalog.check()
    counts = ", ".join(f"{count:,} {name}" for name, count in catalog.counts().items())
    hint = say("engine.restore-library-backup-delete-folder-index")
    return Check("catalog", not wrong, "; ".join(wrong[:3]) or say("engine.catalog-sound", counts=counts), hint)


def _model(embedder: Embedder) -> Check:
    name = embedder.space.model
    try:
        vector = embedder.embed(["A sentence to try the model with."])[0]
    except DesktopRagError as error:
        return Check("embedding model", False, error.message, error.hint)
    return Check("embedding model", True, say("engine.works-dimensions-cpu", name=name, count=len(vector)))


def _reader(reader: TextReader | None) -> Check:
    if reader is None:
        return Check("reader", True, say("engine.turned-off-setting-read-passages"))
    try:
        reader.read("What is this?", [("", "A sentence to try the model with.")])
    except DesktopRagError as error:
        return Check("reader", False, error.message, error.hint)
    return Check("reader", True, say("engine.works-cpu", reader=READER))


def _models(model_store: ModelStore) -> Check:
    """The installed models, whose files must be as they were when they came."""
    try:
        installed = model_store.installed()
    except DesktopRagError as error:
        return Check("installed models", False, error.message, error.hint)
    faults = [say("engine.text", model=model.name, fault=model.fault) for model in installed if model.fault]
    sound = ", ".join(f"{model.name} ({model.role})" for model in installed) or "none"
    return Check("installed models", not faults, "; ".join(faults) or sound, say("common.remove-download-again"))


def _roots(catalog: Catalog) -> Check:
    missing = [root for root in catalog.roots() if not Path(root).exists()]
    found = (
        say("engine.chosen-all-present", count=len(catalog.roots()))
        if not missing
        else say("engine.missing", missing=", ".join(missing))
    )
    return Check("folders", not missing, found, say("engine.reconnect-drive-remove-folder-library"))


def _connections() -> Check:
    """What the guard over this process's connections has counted."""
    if not offline.is_installed():
        return Check("connections", True, say("engine.not-counted-program-opened-library-does"))
    tried = ", ".join(sorted({name for _, name in offline.attempts()})[:3])
    counts = {"made": offline.made(), "refused": offline.refused()}
    return Check(
        "connections",
        not tried,
        say("engine.connections-tried", names=tried, **counts) if tried else say("engine.connections", **counts),
        say("engine.nothing-sent-but-part-program-tried"),
    )


def _vectors(catalog: Catalog, vectors: VectorStore) -> Check:
    known = set(vector_ids(catalog, vectors))
    if not vectors.exists():
        return Check("vectors", not known, say("engine.nothing-stored-yet"), say("engine.run-desktop-rag-rebuild"))
    try:
        stored = vectors.stored_ids()
    except DesktopRagError as error:
        return Check("vectors", False, error.message, error.hint)
    lacking = len(known - stored)
    detail = (
        say("engine.vectors-missing", stored=len(stored), missing=lacking)
        if lacking
        else say("engine.stored", count=len(stored))
    )
    return Check("vectors", not lacking, detail, say("engine.run-desktop-rag-rebuild"))
