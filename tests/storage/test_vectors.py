"""Chroma on real folders: threads, and what damage to its files does."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from desktop_rag.errors import StorageError
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
DAMAGES: list[tuple[str, Callable[[Path], None]]] = [
    *((name, harm) for name in (*INDEX_FILES, DATABASE) for harm in (_cut, _empty, _scribble, _remove)),
    (DATABASE, _scribble_inside),
]


def _use(folder: Path, outcomes: Any) -> None:
    """Try everything, in a process of its own: sends what each call did."""
    store = VectorStore(folder, SPACE)
    calls: dict[str, Callable[[], object]] = {
        "open": store.open,
        "query": lambda: store.query(_vectors(1, 5)[0], 5),
        "ids": store.stored_ids,
        "upsert": lambda: store.upsert(range(3_000, 4_200), _vectors(1_200, 1)),
        "delete": lambda: store.delete([20, 21]),
        "close": store.close,
    }
    for name, call in calls.items():
        try:
            call()
        except StorageError as error:
            outcomes.send((name, error.message))
        else:
            outcomes.send((name, ""))
    # What the catalog makes anew can be used in the same process.
    store.recreate()
    store.upsert(range(1, 11), _vectors(10))
    outcomes.send(("again", str(store.count())))
    store.close()


@pytest.mark.parametrize(("name", "harm"), DAMAGES, ids=lambda value: getattr(value, "__name__", value))
@pytest.mark.slow
def test_damage_is_said_and_ends_no_process(folder: Path, name: str, harm: Callable[[Path], None]) -> None:
    harm(folder / name if name == DATABASE else _index_file(folder, name))
    receiving, sending = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("spawn").Process(target=_use, args=(folder, sending))
    child.start()
    sending.close()
    outcomes: dict[str, str] = {}
    try:
        while receiving.poll(60):
            key, said = receiving.recv()
            outcomes[key] = said
    except EOFError:
        pass
    finally:
        child.kill()
        child.join()
        receiving.close()
    assert outcomes.get("again") == "10", outcomes
