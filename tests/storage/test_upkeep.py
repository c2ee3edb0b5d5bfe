"""Chroma in step with the catalog, and both no larger than need be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from desktop_rag.engine.engine import Engine
from desktop_rag.storage.commit import forget_files
from desktop_rag.storage.upkeep import Growth, look, reconcile, tidy_catalog
from desktop_rag.storage.vectors import VectorStore
from desktop_rag.types import Space

_MIB = 1024 * 1024
_GIB = 1024 * _MIB


@pytest.mark.parametrize(
    ("growth", "wasteful", "runaway"),
    [
        (Growth(used=30 * _MIB, needed=28 * _MIB, largest_file=17 * _MIB), False, False),
        (Growth(used=60 * _MIB, needed=2 * _MIB, largest_file=50 * _MIB), False, False),
        (Growth(used=100 * _MIB, needed=28 * _MIB, largest_file=60 * _MIB), True, False),
        (Growth(used=12 * _GIB, needed=8 * _GIB, largest_file=9 * _GIB), False, False),
        (Growth(used=12 * _GIB, needed=28 * _MIB, largest_file=11 * _GIB), True, True),
        (Growth(used=300 * _GIB, needed=10 * _GIB, largest_file=250 * _GIB), True, True),
    ],
)
def test_what_counts_as_growth(growth: Growth, wasteful: bool, runaway: bool) -> None:
    assert (growth.wasteful, growth.runaway) == (wasteful, runaway)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    notes = tmp_path / "notes"
    notes.mkdir()
    for number in range(300):
        (notes / f"{number}.txt").write_text(f"Sheet {number} speaks of crane {number % 9}.", encoding="utf-8")
    opened = Engine(tmp_path / "library")
    opened.index([notes])
    return opened


def test_need_is_about_what_a_fresh_store_takes(engine: Engine, tmp_path: Path) -> None:
    with engine:
        found = look(tmp_path / "library" / "chroma", engine._parts.catalog)
        assert 0.4 < found.used / found.needed < 2.5
        assert not found.wasteful
        assert 0 < found.largest_file < found.used
    store = VectorStore(tmp_path / "large", Space("m", "1", 384))
    store.upsert(range(1, 3001), np.random.default_rng(1).standard_normal((3000, 384)).astype(np.float32))
    store.close()
    with Engine(tmp_path / "library") as again:
        found = look(tmp_path / "large", again._parts.catalog)
        assert found.used / found.needed > 3  # ten times as many vectors as there are chunks


def test_vectors_are_added_and_removed_by_their_numbers(engine: Engine) -> None:
    with engine:
        catalog, vectors = engine._parts.catalog, engine._parts.vectors
        ids = vectors.stored_ids()
        vectors.delete(sorted(ids)[10:60])
        vectors.upsert([900_001, 900_002], np.ones((2, 384), np.float32))
        assert reconcile(catalog, vectors) == (50, 2)
        assert vectors.stored_ids() == ids
        assert reconcile(catalog, vectors) == (0, 0)


def test_embeddings_and_pages_of_forgotten_files_are_given_back(engine: Engine) -> None:
    with engine:
        catalog = engine._parts.catalog
        tidy_catalog(catalog)
        assert catalog.counts()["embeddings"] == 300
        forget_files(catalog, [file.path for file in list(catalog.files())[:250]])
        assert catalog.counts()["embeddings"] == 300
        tidy_catalog(catalog)
        assert catalog.counts()["embeddings"] == 50
        (free,) = catalog.reader().execute("PRAGMA freelist_count").fetchone()
        (pages,) = catalog.reader().execute("PRAGMA page_count").fetchone()
        assert free <= pages / 3
        assert catalog.check() == []
        assert engine.search("crane 7").hits


def test_a_wasteful_store_is_compacted(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    with engine:
        vectors = engine._parts.vectors
        ids = vectors.stored_ids()
        monkeypatch.setattr("desktop_rag.engine.library.look", lambda *_: Growth(_GIB, _MIB, _MIB))
        vectors.upsert([900_001], np.ones((1, 384), np.float32))
        assert engine._parts.upkeep() is None
        assert vectors.stored_ids() == ids
        monkeypatch.setattr("desktop_rag.engine.library.look", lambda *_: Growth(20 * _GIB, 20 * _GIB, 401 * _GIB))
        problem = engine._parts.upkeep()
        assert problem is not None
        assert "401.0 GiB" in problem.message
