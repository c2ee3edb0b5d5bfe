"""Another model embeds the texts: the old space answers until the new one is whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from desktop_rag.indexing.pipeline import Stopped
from desktop_rag.indexing.reembedding import change_over, reembed
from desktop_rag.storage.catalog import Catalog
from desktop_rag.storage.commit import forget_files, sweep_embeddings
from desktop_rag.storage.search import CatalogSearch
from desktop_rag.storage.vectors import VectorStore, fingerprint
from desktop_rag.types import Space
from tests.storage.filling import SPACE, add_file

NEW = Space("another", "1", 8)


class FakeEmbedder:
    """A vector from the length of a text; remembers what it embedded."""

    space = NEW

    def __init__(self) -> None:
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str], between: Callable[[int], None] | None = None) -> NDArray[np.float32]:
        self.texts += texts
        if between is not None:
            between(len(texts))
        vectors = np.ones((len(texts), NEW.dim), np.float32)
        vectors[:, 0] = [len(text) for text in texts]
        unit: NDArray[np.float32] = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        return unit

    def embed_question(self, text: str) -> NDArray[np.float32]:
        raise NotImplementedError

    def load(self) -> None:
        raise NotImplementedError


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog(tmp_path / "catalog.sqlite")
    add_file(opened, "/root/a", ["kiln", "glaze", "kiln"])
    add_file(opened, "/root/b", [f"word {number}" for number in range(10)])
    yield opened
    opened.close()


@pytest.fixture
def vectors(tmp_path: Path) -> Iterator[VectorStore]:
    store = VectorStore(tmp_path / "new", NEW)
    yield store
    store.close()


def _vectors(catalog: Catalog, space: Space) -> int:
    return len(CatalogSearch(catalog, fingerprint(space)).vectors()[0])


def _nothing(_: object) -> None:
    pass


def test_all_change_over_at_once(catalog: Catalog, vectors: VectorStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop_rag.indexing.reembedding.WINDOW", 4)
    embedder = FakeEmbedder()
    done: list[int] = []
    reembed(catalog, embedder, vectors, _nothing, lambda progress: done.append(progress.chunks_done))
    assert done == [4, 8, 12, 13]
    assert len(embedder.texts) == 12  # one text stands twice
    assert vectors.count() == 13
    assert (_vectors(catalog, SPACE), _vectors(catalog, NEW)) == (13, 0)
    assert change_over(catalog, fingerprint(NEW), ("recipe", "new recipe"))
    assert (_vectors(catalog, SPACE), _vectors(catalog, NEW)) == (0, 13)
    assert {recipe for _, _, recipe in catalog.file_stamps("/root").values()} == {"new recipe"}
    assert sweep_embeddings(catalog) == 12


def test_it_goes_on_where_it_stopped(catalog: Catalog, vectors: VectorStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop_rag.indexing.reembedding.WINDOW", 4)
    embedder = FakeEmbedder()

    def stop(_: int) -> None:
        if len(embedder.texts) > 6:
            raise Stopped

    with pytest.raises(Stopped):
        reembed(catalog, embedder, vectors, stop, _nothing)
    assert not change_over(catalog, fingerprint(NEW), ("recipe", "new recipe"))
    assert _vectors(catalog, SPACE) == 13
    assert sweep_embeddings(catalog) == 0
    before = len(embedder.texts)
    reembed(catalog, embedder, vectors, _nothing, _nothing)
    assert len(embedder.texts) - before == 9  # all but those of the first window
    assert change_over(catalog, fingerprint(NEW), ("recipe", "new recipe"))


def test_what_came_meanwhile_is_waited_for(catalog: Catalog, vectors: VectorStore) -> None:
    reembed(catalog, FakeEmbedder(), vectors, _nothing, _nothing)
    add_file(catalog, "/root/c", ["late"])
    assert not change_over(catalog, fingerprint(NEW), ("recipe", "new recipe"))
    forget_files(catalog, ["/root/a"])
    reembed(catalog, FakeEmbedder(), vectors, _nothing, _nothing)
    assert change_over(catalog, fingerprint(NEW), ("recipe", "new recipe"))
    assert _vectors(catalog, NEW) == 11
