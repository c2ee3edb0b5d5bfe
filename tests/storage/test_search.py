"""Searching a catalog costs what is wanted of it, whatever else it holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from desktop_rag.storage.catalog import Catalog
from desktop_rag.storage.search import CatalogSearch
from desktop_rag.storage.vectors import CHUNKS, PICTURES, fingerprint
from tests.storage.filling import SPACE, add_file


@pytest.mark.parametrize("rows", [CHUNKS, PICTURES])
@pytest.mark.parametrize(
    "ask",
    [
        lambda search: search.vectors([2, 3]),
        lambda search: search.looks([2, 3]),
        lambda search: search.candidates([2, 3]),
        lambda search: search.first_chunks([1, 2]),
    ],
)
def test_only_what_is_wanted_is_looked_up(tmp_path: Path, rows: str, ask: Callable[[CatalogSearch], object]) -> None:
    catalog = Catalog(tmp_path / "catalog.sqlite")
    for number in range(20):
        add_file(catalog, f"/root/{number}.txt", ["one", "two", "three"])
    asked: list[str] = []
    reader = catalog.reader()
    reader.set_trace_callback(asked.append)
    ask(CatalogSearch(catalog, fingerprint(SPACE), rows))
    reader.set_trace_callback(None)
    (statement,) = (text for text in asked if "json_each" in text)
    steps = [row[3] for row in reader.execute(f"EXPLAIN QUERY PLAN {statement}")]
    assert steps[0].startswith("SCAN wanted")
    assert not any(step.startswith("SCAN") for step in steps[1:]), steps
    catalog.close()


def test_the_vectors_of_some_chunks_are_those_among_all(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.sqlite")
    for number in range(5):
        add_file(catalog, f"/root/{number}.txt", ["one", "two", "three"])
    search = CatalogSearch(catalog, fingerprint(SPACE))
    ids, vectors = search.vectors()
    assert sorted(ids) == list(range(1, 16))
    some, theirs = search.vectors([3, 7, 99])
    assert sorted(some) == [3, 7]
    place = {int(number): vector.tolist() for number, vector in zip(ids, vectors, strict=True)}
    assert [vector.tolist() for vector in theirs] == [place[int(number)] for number in some]
    assert len(CatalogSearch(catalog, "another space").vectors()[0]) == 0
    catalog.close()
