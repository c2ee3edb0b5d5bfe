"""Chroma on real folders: threads, and what damage to its files does."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from desktop_rag.errors import DiskFull, StorageError
from desktop_rag.storage.chroma_files import DATABASE, damage
from desktop_rag.storage.vectors import VectorStore
from desktop_rag.types import Space

SPACE = Space("model", "1", 16)
COUNT = 1_500
"""Chroma writes its index from 1,000 vectors on."""


def _vectors(count: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(count, SPACE.dim)).astype(np.float32)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound folder; tests work on copies."""
    folder = tmp_path_factory.mktemp("store") / "chroma"
    store = VectorStore(folder, SPACE)
    store.upsert(range(1, COUNT + 1), _vectors(COUNT))
    store.delete(range(1, 11))
    store.close()
    return folder


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "chroma"))


@pytest.fixture
def store(folder: Path) -> Iterator[VectorStore]:
    opened = VectorStore(folder, SPACE)
    yield opened
    opened.close()


def _index_file(folder: Path, name: str) -> Path:
    return next(folder.glob(f"*/{name}"))


def _cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _empty(path: Path) -> None:
    os.truncate(path, 0)


def _scribble(path: Path) -> None:
    path.write_bytes(random.Random(1).randbytes(path.stat().st_size))


def _remove(path: Path) -> None:
    path.unlink()


def _scribble_inside(path: Path) -> None:
    """The header stays."""
    data = path.read_bytes()
    path.write_bytes(data[:4096] + random.Random(2).randbytes(len(data) - 4096))


INDEX_FILES = ("header.bin", "data_level0.bin", "link_lists.bin", "length.bin", "index_metadata.pickle")


def _use(folders: list[Path], outcomes: Any) -> None:
    """Try everything with each of ``folders``, in a process of its own; tells of each that it has survived it."""
    if sys.platform != "win32":  # should Chroma get to see the damage, it must not fill the disk
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 28, 1 << 28))
    for folder in folders:
        store = VectorStore(folder, SPACE)
        calls: list[Callable[[], object]] = [
            store.open,
            partial(store.query, _vectors(1, 5)[0], 5),
            store.stored_ids,
            partial(store.upsert, range(3_000, 4_200), _vectors(1_200, 1)),
            partial(store.delete, [20, 21]),
            store.close,
        ]
        for call in calls:
            with suppress(StorageError):
                call()
        store.recreate()  # what the catalog makes anew can be used in the same process
        store.upsert(range(1, 11), _vectors(10))
        outcomes.send((folder.name, store.count()))
        store.close()


@pytest.mark.parametrize("harm", [_cut, _empty, _scribble, _remove, _scribble_inside])
@pytest.mark.slow
def test_damage_ends_no_process(original: Path, tmp_path: Path, harm: Callable[[Path], None]) -> None:
    names = [DATABASE] if harm is _scribble_inside else [*INDEX_FILES, DATABASE]
    folders = [Path(shutil.copytree(original, tmp_path / name)) for name in names]
    for folder, name in zip(folders, names, strict=True):
        harm(folder / name if name == DATABASE else _index_file(folder, name))
    receiving, sending = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("spawn").Process(target=_use, args=(folders, sending))
    child.start()
    sending.close()
    survived: dict[str, int] = {}
    with suppress(EOFError):
        while receiving.poll(60):
            name, count = receiving.recv()
            survived[name] = count
    child.kill()
    child.join()
    receiving.close()
    assert survived == dict.fromkeys(names, 10)


SEEN_BEFORE: list[tuple[str, Callable[[Path], None], str]] = [
    ("header.bin", _cut, "header.bin has the wrong length"),
    ("header.bin", _remove, "header.bin is missing"),
    ("data_level0.bin", _cut, "data_level0.bin is cut short"),
    ("data_level0.bin", _scribble, "data_level0.bin has links that lead nowhere"),
    ("link_lists.bin", _cut, "link_lists.bin is damaged"),
    ("link_lists.bin", _empty, "link_lists.bin is damaged"),
    ("link_lists.bin", _scribble, "link_lists.bin is damaged"),
    (DATABASE, _empty, f"{DATABASE} is missing"),
    (DATABASE, _remove, f"{DATABASE} is missing"),
    (DATABASE, _scribble, "file is not a database"),
]


@pytest.mark.parametrize(("name", "harm", "said"), SEEN_BEFORE, ids=lambda value: getattr(value, "__name__", value))
def test_what_chroma_must_not_open_is_not_opened(
    folder: Path, store: VectorStore, name: str, harm: Callable[[Path], None], said: str
) -> None:
    harm(folder / name if name == DATABASE else _index_file(folder, name))
    assert said in damage(folder)
    with pytest.raises(StorageError, match=r"could not be opened: .*it is damaged") as caught:
        store.query(_vectors(1)[0], 3)
    assert "doctor --repair" in caught.value.hint
    assert not store.is_open


def test_a_lost_index_is_not_taken_for_an_empty_one(folder: Path, store: VectorStore) -> None:
    shutil.rmtree(_index_file(folder, "header.bin").parent)
    with pytest.raises(StorageError, match="of an index is missing"):
        store.open()


def test_links_of_the_header_are_checked(folder: Path) -> None:
    path = _index_file(folder, "header.bin")
    header = path.read_bytes()
    for at, value in (
        (20, 1 << 40),
        (28, 8),
        (44, 12),
        (56, 1_000_000),
    ):  # elements, their bytes, the vector, the entry
        path.write_bytes(
            header[:at] + value.to_bytes(8 if at != 56 else 4, "little") + header[at + (8 if at != 56 else 4) :]
        )
        assert "header.bin contradicts itself" in damage(folder)
    path.write_bytes(header)
    assert damage(folder) == ""


def test_a_sound_folder_is_let_through_whatever_its_size(tmp_path: Path) -> None:
    folder = tmp_path / "chroma"
    folder.mkdir()
    assert damage(folder) == ""
    store = VectorStore(folder, SPACE)
    done = 0
    for count in (0, 1, 99, 900, 1, 1_500, 3_000):
        store.upsert(range(done + 1, done + count + 1), _vectors(count, done))
        done += count
        store.delete(range(max(done - 20, 1), done))  # the last one stays, and what is below
        store.upsert([done] if done else [], _vectors(min(done, 1), 7))
        store.close()
        assert damage(folder) == "", done
    assert store.count() > 5_000
    store.close()


def test_vectors_are_stored_and_found(store: VectorStore) -> None:
    assert store.exists()
    assert not store.is_open
    assert store.count() == COUNT - 10
    assert store.stored_ids() == set(range(11, COUNT + 1))
    wanted = _vectors(COUNT)[99]
    nearest, similarity = store.query(wanted, 3)[0]
    assert nearest == 100
    assert similarity == pytest.approx(1, abs=1e-5)
    assert store.query(wanted, 0) == []
    store.delete([100, 1_000_000])
    assert 100 not in [number for number, _ in store.query(wanted, 3)]
    store.close()
    assert not store.is_open
    assert store.count() == COUNT - 11


def test_threads_open_write_and_search_at_once(folder: Path, store: VectorStore) -> None:
    failures: list[BaseException] = []

    def attempt(work: Callable[[], object]) -> None:
        try:
            for _ in range(6):
                work()
        except BaseException as error:  # whatever it is, the test is to tell it
            failures.append(error)

    def write(first: int) -> None:
        store.upsert(range(first, first + 300), _vectors(300, first))
        store.delete(range(first, first + 100))

    works: list[Callable[[], object]] = [partial(write, 10_000), partial(write, 20_000)]
    works += [partial(store.query, vector, 10) for vector in _vectors(4, 9)]
    threads = [threading.Thread(target=attempt, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert store.count() == COUNT - 10 + 2 * 200
    store.close()
    assert damage(folder) == ""


class PanicException(BaseException):
    """As pyo3 calls what a panic in Rust becomes."""


class _Failing:
    """A collection whose every call fails with ``error``."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Callable[..., object]:
        def fail(**_: object) -> object:
            raise self._error

        return fail


@pytest.mark.parametrize("error", [PanicException("range end index 7"), RuntimeError("gone"), OSError("bad")])
def test_every_failure_of_chroma_is_ours(store: VectorStore, error: BaseException) -> None:
    calls: list[Callable[[], object]] = [
        store.count,
        store.stored_ids,
        lambda: store.query(_vectors(1)[0], 3),
        lambda: store.upsert([1], _vectors(1)),
        lambda: store.delete([1]),
    ]
    for call in calls:
        store.open()
        store._collection = _Failing(error)
        with pytest.raises(StorageError, match=str(error)) as caught:
            call()
        assert caught.value.__cause__ is error
        store.close()
    assert store.count() == COUNT - 10


def test_an_interruption_stays_one(store: VectorStore) -> None:
    store.open()
    store._collection = _Failing(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        store.count()


def test_a_failed_write_has_the_files_looked_at_again(folder: Path, store: VectorStore) -> None:
    store.open()
    store._collection = _Failing(RuntimeError("no reason given"))
    with pytest.raises(StorageError):
        store.upsert([1], _vectors(1))
    _cut(_index_file(folder, "link_lists.bin"))
    with pytest.raises(StorageError, match="link_lists"):
        store.upsert([1], _vectors(1))


def test_a_full_disk_is_the_reason(store: VectorStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.open()
    store._collection = _Failing(RuntimeError("Error in compaction"))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(100, 100, 0))
    with pytest.raises(DiskFull, match="is full"):
        store.upsert([1], _vectors(1))


def test_recreating_starts_from_nothing(folder: Path, store: VectorStore) -> None:
    store.open()
    store.recreate()
    assert store.count() == 0
    store.close()
    shutil.rmtree(folder)
    folder.write_text("no folder")
    with pytest.raises(StorageError, match="could not be removed"):
        store.recreate()
    folder.unlink()


def test_a_store_wears_out_by_deleting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop_rag.storage.vectors._WORN", 3)
    store = VectorStore(tmp_path / "chroma", SPACE)
    store.upsert(range(1, 13), np.eye(SPACE.dim, dtype=np.float32)[np.arange(12) % SPACE.dim])
    store.delete([1, 2, 3])
    assert not store.is_worn
    store.delete([4, 5, 6])
    assert store.is_worn
    store.recreate()
    assert not store.is_worn
    store.close()
