"""Chroma kept in step with the catalog, and neither larger than need be."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from desktop_rag.engine.engine import Engine
from desktop_rag.errors import StorageError
from desktop_rag.storage.catalog import Catalog
from desktop_rag.storage.commit import forget_files, garbage
from desktop_rag.storage.maintenance import Growth, measure_growth, reconcile, sweep, tidy_catalog
from desktop_rag.storage.rebuild import rebuild_vectors
from desktop_rag.storage.vectors import VectorStore, fingerprint
from desktop_rag.types import Progress, Space
from tests.storage.filling import SPACE, add_file

_MIB = 1024 * 1024
_GIB = 1024 * _MIB
DIM = SPACE.dim


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog(tmp_path / "catalog.sqlite")
    add_file(opened, "/root/a", ["kiln", "glaze", "boat"])
    add_file(opened, "/root/long", [f"word {number}" for number in range(40)])
    yield opened
    opened.close()


@pytest.fixture
def vectors(tmp_path: Path) -> Iterator[VectorStore]:
    store = VectorStore(tmp_path / "chroma", SPACE)
    yield store
    store.close()


def _chunk_ids(catalog: Catalog) -> set[int]:
    return {row[0] for row in catalog.reader().execute("SELECT id FROM chunks")}


def _ignore(_: Progress) -> None:
    pass


def test_reconcile_adds_what_is_missing_and_removes_what_is_too_much(catalog: Catalog, vectors: VectorStore) -> None:
    ids = _chunk_ids(catalog)
    assert reconcile(catalog, vectors) == (43, 0)
    assert vectors.stored_ids() == ids
    vectors.delete([1, 2])
    vectors.upsert([900, 901, 902], np.ones((3, DIM), np.float32))
    assert reconcile(catalog, vectors) == (2, 3)
    assert vectors.stored_ids() == ids
    assert reconcile(catalog, vectors) == (0, 0)


def test_reconcile_stores_the_vector_of_the_catalog(catalog: Catalog, vectors: VectorStore) -> None:
    reconcile(catalog, vectors)
    for chunk, packed in catalog.reader().execute(
        "SELECT c.id, e.vector FROM chunks c JOIN embeddings e ON e.id = c.embedding_id WHERE c.id IN (2, 17)"
    ):
        [(nearest, similarity)] = vectors.query(np.frombuffer(packed, np.float16).astype(np.float32), 1)
        assert nearest == chunk
        assert similarity == pytest.approx(1, abs=1e-3)


def test_reconcile_takes_several_steps(catalog: Catalog, vectors: VectorStore, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("maintenance", "rebuild"):
        monkeypatch.setattr(f"desktop_rag.storage.{module}.MAX_ROWS", 7)
    assert reconcile(catalog, vectors) == (43, 0)
    assert vectors.stored_ids() == _chunk_ids(catalog)
    steps: list[int] = []
    assert rebuild_vectors(catalog, vectors, lambda progress: steps.append(progress.files_done)) == 43
    assert steps == [7, 14, 21, 28, 35, 42, 43, 43]
    assert vectors.stored_ids() == _chunk_ids(catalog)


def test_sweeping_takes_the_garbage_out_of_every_store(catalog: Catalog, vectors: VectorStore, tmp_path: Path) -> None:
    reconcile(catalog, vectors)
    ids = _chunk_ids(catalog)
    forget_files(catalog, ["/root/a"])
    gone = garbage(catalog)
    assert len(gone) == 3
    other = VectorStore(tmp_path / "pictures", SPACE)
    other.upsert([gone[0], 900], np.ones((2, DIM), np.float32))
    sweep(catalog, [vectors, other, VectorStore(tmp_path / "never used", SPACE)])
    assert garbage(catalog) == []
    assert vectors.stored_ids() == ids - set(gone)
    assert other.stored_ids() == {900}
    assert not (tmp_path / "never used").exists()
    other.close()


def test_rebuilding_that_fails_can_be_run_again(
    catalog: Catalog, vectors: VectorStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    reconcile(catalog, vectors)
    monkeypatch.setattr("desktop_rag.storage.rebuild.MAX_ROWS", 10)

    def fail(progress: Progress) -> None:
        if progress.files_done == 20:
            raise StorageError("the disk is full")

    with pytest.raises(StorageError):
        rebuild_vectors(catalog, vectors, fail)
    assert len(vectors.stored_ids()) == 20
    assert reconcile(catalog, vectors) == (23, 0)
    with pytest.raises(StorageError):
        rebuild_vectors(catalog, vectors, fail)
    monkeypatch.undo()
    assert rebuild_vectors(catalog, vectors, _ignore) == 43
    assert vectors.stored_ids() == _chunk_ids(catalog)


@pytest.mark.parametrize(("count", "dim"), [(1_000, 128), (2_500, 384)])
def test_the_need_is_what_chroma_takes(tmp_path: Path, count: int, dim: int) -> None:
    folder = tmp_path / "chroma"
    space = Space("model", "1", dim)
    catalog = Catalog(tmp_path / "catalog.sqlite")
    with catalog.transaction() as writer:
        writer.execute(
            "INSERT INTO embeddings(space, text_hash, vector) VALUES (?, x'00', zeroblob(?))",
            (fingerprint(space), 2 * dim),
        )
        writer.execute(
            "INSERT INTO documents(recipe, kind, mime, name, title, author, dated, language, tags, state, top_id)"
            " VALUES ('', '', '', '', '', '', 0, '', '[]', 'indexed', 1)"
        )
        writer.executemany(
            "INSERT INTO chunks(document_id, ordinal, role, locator, context, text, words, embedding_id)"
            " VALUES (1, ?, '', '', '', '', 0, 1)",
            ((number,) for number in range(count)),
        )
    store = VectorStore(folder, space)
    store.upsert(range(1, count + 1), np.random.default_rng(0).normal(size=(count, dim)).astype(np.float32))
    store.close()
    growth = measure_growth(catalog, store)
    catalog.close()
    assert growth.used == pytest.approx(growth.needed, rel=0.6)
    assert growth.largest_file < growth.used
    assert not growth.wasteful
    assert not growth.runaway


def test_growth_of_nothing(catalog: Catalog, vectors: VectorStore) -> None:
    growth = measure_growth(catalog, vectors)
    assert (growth.used, growth.largest_file) == (0, 0)
    assert not growth.wasteful


def test_a_file_without_bounds_is_seen(catalog: Catalog, vectors: VectorStore, tmp_path: Path) -> None:
    reconcile(catalog, vectors)
    with (tmp_path / "chroma" / "link_lists.bin").open("wb") as file:
        file.write(bytes(70 << 20))
    growth = measure_growth(catalog, vectors)
    assert growth.wasteful
    assert growth.largest_file >= 70 << 20
    assert not growth.runaway
    assert rebuild_vectors(catalog, vectors, _ignore) == 43
    assert not measure_growth(catalog, vectors).wasteful


@pytest.mark.parametrize(
    ("growth", "wasteful", "runaway"),
    [
        (Growth(used=30 * _MIB, needed=28 * _MIB, largest_file=17 * _MIB), False, False),
        (Growth(used=60 * _MIB, needed=2 * _MIB, largest_file=50 * _MIB), False, False),  # too little to be worth it
        (Growth(used=100 * _MIB, needed=28 * _MIB, largest_file=60 * _MIB), True, False),
        (Growth(used=12 * _GIB, needed=8 * _GIB, largest_file=9 * _GIB), False, False),
        (Growth(used=9 * _GIB, needed=_MIB, largest_file=9 * _GIB), True, False),
        (Growth(used=12 * _GIB, needed=28 * _MIB, largest_file=11 * _GIB), True, True),
        (Growth(used=19 * _GIB, needed=_GIB, largest_file=19 * _GIB), True, False),
        (Growth(used=300 * _GIB, needed=10 * _GIB, largest_file=250 * _GIB), True, True),
    ],
)
def test_bounds_of_growth(growth: Growth, wasteful: bool, runaway: bool) -> None:
    assert (growth.wasteful, growth.runaway) == (wasteful, runaway)


def test_the_engine_compacts_a_wasteful_store_and_tells_of_a_runaway_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    for number in range(20):
        (notes / f"{number}.txt").write_text(f"Sheet {number} speaks of crane {number % 9}.", encoding="utf-8")
    with Engine(tmp_path / "library") as engine:
        engine.index([notes])
        vectors = engine._parts.vectors
        ids = vectors.stored_ids()
        vectors.upsert([900_001], np.ones((1, 384), np.float32))
        monkeypatch.setattr("desktop_rag.engine.library.measure_growth", lambda *_: Growth(_GIB, _MIB, _MIB))
        assert engine._parts.upkeep() is None
        assert vectors.stored_ids() == ids
        monkeypatch.setattr(
            "desktop_rag.engine.library.measure_growth", lambda *_: Growth(20 * _GIB, 20 * _GIB, 401 * _GIB)
        )
        problem = engine._parts.upkeep()
        assert problem is not None
        assert "401.0 GiB" in problem.message


def test_tidying_drops_unused_embeddings_and_gives_free_pages_back(catalog: Catalog) -> None:
    add_file(catalog, "/root/large", [f"{number} " * 500 for number in range(300)])
    before = catalog.counts()["embeddings"]
    tidy_catalog(catalog)
    assert catalog.counts()["embeddings"] == before
    size = _pages(catalog)
    forget_files(catalog, ["/root/large"])
    tidy_catalog(catalog)
    assert catalog.counts()["embeddings"] == 43
    assert _pages(catalog) < size / 2
    assert catalog.check() == []


def test_tidying_leaves_what_is_mostly_used(catalog: Catalog) -> None:
    forget_files(catalog, ["/root/a"])
    tidy_catalog(catalog)
    assert catalog.counts()["embeddings"] == 43  # 40 of them are in use


def _pages(catalog: Catalog) -> int:
    return int(catalog.reader().execute("PRAGMA page_count").fetchone()[0])


def test_a_lost_folder_is_filled_again(catalog: Catalog, vectors: VectorStore, tmp_path: Path) -> None:
    reconcile(catalog, vectors)
    vectors.close()
    shutil.rmtree(tmp_path / "chroma")
    assert reconcile(catalog, vectors) == (43, 0)
