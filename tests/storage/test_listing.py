"""Lists of what a library holds are complete, in order, and answered from an index."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_rag.storage import migrations
from desktop_rag.storage.catalog import Catalog
from desktop_rag.storage.commit import SeenFile, forget_files, note_file
from desktop_rag.storage.listing import FileFilter, Listing
from desktop_rag.storage.names import folded, folded_name
from desktop_rag.types import FileState
from tests.storage.filling import add_file

ALL = FileFilter()


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog(tmp_path / "catalog.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def listing(catalog: Catalog) -> Listing:
    return Listing(catalog)


def note(catalog: Catalog, path: str, state: FileState) -> None:
    note_file(catalog, SeenFile(path, "/root", 10, 1, "", ""), state, None)


def names(listing: Listing, wanted: FileFilter, after: str = "", limit: int = 100) -> list[str]:
    return [file.path for file in listing.files(wanted, after, limit).files]


def test_pages_put_together_are_the_whole_list(catalog: Catalog, listing: Listing) -> None:
    states = list(FileState)
    paths = [f"/root/{'äöü'[n % 3]}/{n:03}.txt" for n in range(70)]
    for number, path in enumerate(paths):
        note(catalog, path, states[number % len(states)])
    found: list[str] = []
    while page := listing.files(ALL, found[-1] if found else "", 9).files:
        found += [file.path for file in page]
    assert found == sorted(paths)
    assert listing.files(ALL, found[40], 9).total == 70


def test_filters_narrow_the_list_and_its_total(catalog: Catalog, listing: Listing) -> None:
    for path in ("/root/a/Trip.txt", "/root/a/trip to Porto.txt", "/root/trips/letter.txt", "/root/a-b/Trip.txt"):
        note(catalog, path, FileState.EMPTY)
    note(catalog, "/root/a/broken trip.txt", FileState.FAILED)
    failed = (FileState.FAILED, FileState.PENDING)
    assert names(listing, FileFilter(failed)) == ["/root/a/broken trip.txt"]
    assert names(listing, FileFilter(below="/root/a")) == [
        "/root/a/Trip.txt", "/root/a/broken trip.txt", "/root/a/trip to Porto.txt",
    ]  # fmt: skip
    assert names(listing, FileFilter(below="/root/a/Trip.txt")) == ["/root/a/Trip.txt"]
    assert len(names(listing, FileFilter(name="TRIP"))) == 4  # the folder "trips" is no name of a file
    page = listing.files(FileFilter((FileState.EMPTY,), "/root/a", "trip"), "", 1)
    assert ([file.path for file in page.files], page.total) == (["/root/a/Trip.txt"], 2)
    assert names(listing, FileFilter(name="nothing")) == []
    assert listing.files(FileFilter(name="nothing"), "", 5).total == 0


@pytest.mark.parametrize(
    ("name", "part"), [("Käse.txt", "KÄSE"), ("Ka\u0308se.txt", "käse"), ("STRASSE.txt", "straße")]
)
def test_names_are_compared_as_people_read_them(catalog: Catalog, listing: Listing, name: str, part: str) -> None:
    note(catalog, f"/root/{name}", FileState.EMPTY)
    assert names(listing, FileFilter(name=part)) == [f"/root/{name}"]


def test_wildcards_are_letters(catalog: Catalog, listing: Listing) -> None:
    note(catalog, "/root/100%_done.txt", FileState.EMPTY)
    note(catalog, "/root/1000 done.txt", FileState.EMPTY)
    assert names(listing, FileFilter(name="0%_d")) == ["/root/100%_done.txt"]


def test_totals_follow_what_changes(catalog: Catalog, listing: Listing) -> None:
    add_file(catalog, "/root/one.txt", ["tea"])
    assert listing.files(ALL, "", 1).total == 1
    add_file(catalog, "/root/two.txt", ["cake"])
    assert listing.files(ALL, "", 1).total == 2
    forget_files(catalog, ["/root/one.txt"])
    assert listing.files(ALL, "", 1).total == 1


def test_each_list_is_answered_from_an_index(
    catalog: Catalog, listing: Listing, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    reader = catalog.reader()

    class Watched:
        def execute(self, statement: str, parameters: tuple[object, ...] = ()) -> sqlite3.Cursor:
            plan = reader.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            asked.extend(f"{row[3]}: {statement}" for row in plan)
            return reader.execute(statement, parameters)

    monkeypatch.setattr(catalog, "reader", Watched)
    listing.files(FileFilter((FileState.FAILED,), "/root", "tea"), "/root/a", 200)
    listing.files(FileFilter(name="tea"), "/root/a", 200)
    listing.files(ALL, "/root/a", 200)
    listing.passages(1, 60, 5)
    listing.inside(1, 10)
    listing.thread(1)
    listing.newest("mail", 10)
    listing.senders()
    scans = [
        plan for plan in asked if plan.startswith("SCAN") and "COVERING INDEX" not in plan and "json_each" not in plan
    ]
    assert scans == []
    assert [plan for plan in asked if plan.startswith("USE TEMP B-TREE") and "thread_id" not in plan] == []


def test_passages_are_a_window_around_the_one_asked_for(catalog: Catalog, listing: Listing) -> None:
    add_file(catalog, "/root/book.txt", [f"page {number}" for number in range(20)])
    (document,) = (file.document_id for file in catalog.files())
    assert document is not None
    for around, ordinals in ((None, range(6)), (1, range(6)), (10, range(7, 13)), (19, range(14, 20))):
        window = listing.passages(document, 6, around)
        assert [chunk.ordinal for chunk in window.chunks] == list(ordinals)
        assert (window.before, window.after) == (ordinals[0], 19 - ordinals[-1])
    everything = listing.passages(document, 100, 10)
    assert (len(everything.chunks), everything.before, everything.after) == (20, 0, 0)
    assert listing.passages(document, 0, 10).chunks == ()


def test_a_library_of_an_older_version_gets_the_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "catalog.sqlite"
    with monkeypatch.context() as patched:
        patched.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:3])
        old = sqlite3.connect(path, isolation_level=None)
        migrations.migrate(old)
        old.execute(
            "INSERT INTO files(path, root, size, mtime_ns, state) VALUES ('/root/KÄSE.txt', '/root', 1, 1, 'empty')"
        )
        old.execute("INSERT INTO conversations(title, began, changed) VALUES ('Talk', 1, 1)")
        old.execute("INSERT INTO turns(conversation_id, asked_at, question, answer) VALUES (1, 1, 'Why?', '{}')")
        old.close()
    catalog = Catalog(path)
    assert names(Listing(catalog), FileFilter(name="käse")) == ["/root/KÄSE.txt"]
    assert catalog.reader().execute("SELECT rating FROM turns").fetchall() == [(0,)]
    catalog.close()


def test_authors_in_a_library_of_an_older_version_are_people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "catalog.sqlite"
    with monkeypatch.context() as patched:
        patched.setattr(migrations, "MIGRATIONS", migrations.MIGRATIONS[:4])
        old = sqlite3.connect(path, isolation_level=None)
        migrations.migrate(old)
        for kind, author in (("document", "Anna Berg"), ("mail", "Bo Lind"), ("note", "")):
            old.execute(
                "INSERT INTO documents(recipe, kind, mime, name, title, author, dated, language, tags, state, top_id)"
                " VALUES ('', ?, '', '', '', ?, 0, '', '[]', 'indexed', 0)",
                (kind, author),
            )
        old.close()
    catalog = Catalog(path)
    assert [(person.name, person.address) for person in Listing(catalog).senders()] == [("Anna Berg", "")]
    catalog.close()


def test_folding() -> None:
    assert folded("ABC äÖ") == "abc äö"
    assert folded_name("C:\\Users\\Anna\\Brief.TXT") == folded_name("/home/anna/brief.txt") == "brief.txt"
