"""Searching a catalog costs what is wanted of it, whatever else it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec import structs

from desktop_rag.retrieval.filters import Filters
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


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    """More matches of a phrase outside a folder than are compared one by one; inside it one, and the last."""
    catalog = Catalog(tmp_path_factory.mktemp("crowded") / "catalog.sqlite")
    for number in range(3):
        add_file(catalog, f"/root/many/{number}.txt", ["the spare key of the shed"] * 1_000)
    add_file(catalog, "/root/few/one.txt", ["nothing", "the spare key of the workshop"])
    add_file(catalog, "/root/others/one.txt", ["something else"] * 3_000)
    yield catalog
    catalog.close()


def test_a_phrase_is_found_behind_any_number_of_matches_outside_the_filter(crowded: Catalog) -> None:
    search = CatalogSearch(crowded, fingerprint(SPACE))
    allowed = search.allowed(Filters(folders=("few",)), '"spare key"')
    assert allowed.chunks == [3_002]
    assert search.keyword('"key" OR "nothing"', 40, allowed)[0][0] == 3_002
    assert search.passing([(1, 0.9), (3_001, 0.8), (3_002, 0.7)], allowed) == [(3_002, 0.7)]


def test_many_matches_of_a_phrase_are_all_searched(crowded: Catalog) -> None:
    search = CatalogSearch(crowded, fingerprint(SPACE))
    allowed = search.allowed(Filters(), '"spare key"')
    assert (allowed.chunks, allowed.documents) == (None, None)
    assert [number for number, _ in search.keyword('"workshop" OR "something"', 40, allowed)] == [3_002]
    assert search.passing([(1, 0.9), (3_001, 0.8), (3_500, 0.7)], allowed) == [(1, 0.9)]
    filtered = search.allowed(Filters(folders=("many",)), '"spare key"')
    assert filtered.chunks is None
    assert filtered.documents == frozenset((1, 2, 3))
    assert search.passing([(1, 0.9), (3_002, 0.8)], filtered) == [(1, 0.9)]


def test_what_a_wide_filter_admits_is_found_behind_any_number_of_better_matches(crowded: Catalog) -> None:
    search = CatalogSearch(crowded, fingerprint(SPACE))
    allowed = search.allowed(Filters(folders=("others", "few")))
    assert allowed.chunks is None
    assert [number for number, _ in search.keyword('"key"', 5, structs.replace(allowed, share=1.0))] == [3_002]


@pytest.mark.parametrize("filters", [Filters(folders=("many",)), Filters(), Filters(folders=("few",))])
def test_phrase_and_filter_are_one_query_that_begins_with_the_phrase(crowded: Catalog, filters: Filters) -> None:
    asked: list[str] = []
    reader = crowded.reader()
    reader.set_trace_callback(asked.append)
    CatalogSearch(crowded, fingerprint(SPACE)).allowed(filters, '"spare key"')
    reader.set_trace_callback(None)
    statement = next(text for text in asked if "chunk_words" in text and "count" not in text)
    steps = [row[3] for row in reader.execute(f"EXPLAIN QUERY PLAN {statement}")]
    assert steps[0].startswith("SCAN chunk_words VIRTUAL TABLE INDEX")
    assert not any(step.startswith("SCAN") and "json_each" not in step for step in steps[1:]), steps


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
