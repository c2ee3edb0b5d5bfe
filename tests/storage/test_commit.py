"""What one transaction leaves in the catalog."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from desktop_rag.errors import LibraryDamaged, LibraryTooNew, StorageError
from desktop_rag.language import stem
from desktop_rag.storage.catalog import Catalog, Known, NewChunk, NewDocument
from desktop_rag.storage.commit import (
    FileOutcome,
    SeenFile,
    commit_documents,
    forget_files,
    garbage,
    link_file,
    sweep_embeddings,
    sweep_unfinished,
)
from desktop_rag.storage.migrations import MIGRATIONS
from desktop_rag.storage.search import CatalogSearch
from desktop_rag.types import FileState, Lines, Mail, Message, Person
from tests.storage.filling import add_file


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    opened = Catalog(tmp_path / "catalog.sqlite")
    yield opened
    opened.close()


def _file(path: str, content: str = "hash") -> SeenFile:
    return SeenFile(path, "/root", 10, 1, content, "recipe")


def _document(
    catalog: Catalog, texts: Sequence[str], number: int = 1, parent: int | None = None, mail: Mail | None = None
) -> NewDocument:
    hashes = [f"{number}{text}".encode() for text in texts]
    embeddings = catalog.add_embeddings("space", hashes, np.eye(4, dtype=np.float32)[: len(texts)]) if texts else []
    ids = catalog.reserve_chunk_ids(len(texts))
    chunks = [
        NewChunk(chunk, ordinal, "body", Lines(ordinal + 1, ordinal + 1), "Title", text, 3, embedding)
        for ordinal, (chunk, text, embedding) in enumerate(zip(ids, texts, embeddings, strict=True))
    ]
    return NewDocument(
        number=number,
        parent=parent,
        kind="mail" if mail else "text",
        mime="text/plain",
        name="name",
        title="Title",
        state=FileState.INDEXED,
        chunks=chunks,
        created=datetime(2024, 5, number, tzinfo=UTC),
        mail=mail,
        locator=None if parent is None else Message(number),
    )


def _store(catalog: Catalog, file: SeenFile, *documents: NewDocument) -> None:
    commit_documents(catalog, file, documents, {}, FileOutcome(FileState.INDEXED))


def _matches(catalog: Catalog, word: str) -> int:
    query = "SELECT count(*) FROM chunk_words WHERE chunk_words MATCH ?"
    return int(catalog.reader().execute(query, (word,)).fetchone()[0])


def test_same_bytes_at_two_paths_are_one_document(catalog: Catalog) -> None:
    _store(catalog, _file("/root/a"), _document(catalog, ["kiln"]))
    known = catalog.find_known("hash")
    assert known is not None
    link_file(catalog, _file("/root/b"), known.state, known.problem, known.id)
    assert catalog.counts() == {"files": 2, "documents": 1, "chunks": 1, "embeddings": 1}
    assert catalog.paths_of(known.id) == ["/root/a", "/root/b"]
    forget_files(catalog, ["/root/a"])
    assert catalog.counts()["chunks"] == 1
    forget_files(catalog, ["/root/b"])
    assert catalog.counts() == {"files": 0, "documents": 0, "chunks": 0, "embeddings": 1}
    assert len(garbage(catalog)) == 1
    assert _matches(catalog, "kiln") == 0


def test_new_bytes_replace_the_old_ones(catalog: Catalog) -> None:
    _store(catalog, _file("/root/a"), _document(catalog, ["kiln", "glaze"]))
    _store(catalog, _file("/root/a", "other"), _document(catalog, ["boat"]))
    assert (_matches(catalog, "kiln"), _matches(catalog, "boat")) == (0, 1)
    assert catalog.counts()["documents"] == 1
    assert len(garbage(catalog)) == 2
    assert sweep_embeddings(catalog) == 2


def test_inner_documents_go_with_their_file(catalog: Catalog) -> None:
    _store(catalog, _file("/root/a"), _document(catalog, ["outer"]), _document(catalog, ["inner"], 2, 1))
    inner = catalog.inner_documents(1)
    assert [(document.parent_id, document.locator) for document in inner] == [(None, None), (1, Message(2))]
    assert catalog.paths_of(inner[1].id) == ["/root/a"]
    forget_files(catalog, ["/root/a"])
    assert catalog.counts()["documents"] == 0


def test_unfinished_file_is_not_found_and_is_swept(catalog: Catalog) -> None:
    ids: dict[int, int] = {}
    first = [_document(catalog, []), _document(catalog, ["one"], 2, 1)]
    commit_documents(catalog, _file("/root/box"), first, ids, None)
    assert catalog.file("/root/box") is None
    last = [_document(catalog, []), _document(catalog, ["two"], 3, 1)]
    commit_documents(catalog, _file("/root/box"), last, ids, FileOutcome(FileState.INDEXED))
    assert catalog.counts()["documents"] == 3
    commit_documents(catalog, _file("/root/half", "half"), [_document(catalog, ["x"])], {}, None)
    sweep_unfinished(catalog)
    assert catalog.counts()["documents"] == 3


def test_two_large_files_with_the_same_bytes_at_once_are_one_document(catalog: Catalog) -> None:
    ids: dict[str, dict[int, int]] = {"/root/a": {}, "/root/b": {}}
    for number, finished in ((2, None), (3, FileOutcome(FileState.INDEXED))):
        for path, known in ids.items():
            part = [_document(catalog, []), _document(catalog, [f"letter{number}"], number, 1)]
            commit_documents(catalog, _file(path), part, known, finished)
    assert (_matches(catalog, "letter2"), _matches(catalog, "letter3")) == (1, 1)
    assert catalog.counts()["documents"] == 3
    assert catalog.paths_of(ids["/root/b"][1]) == ["/root/a", "/root/b"]


def test_what_is_read_again_stays_until_all_of_it_is_there(catalog: Catalog) -> None:
    _store(catalog, _file("/root/box"), _document(catalog, []), _document(catalog, ["letter"], 2, 1))
    again = [_document(catalog, []), _document(catalog, ["letter"], 2, 1)]
    commit_documents(catalog, _file("/root/box"), again, {}, None)
    sweep_unfinished(catalog)  # the process has died
    assert catalog.find_known("hash") == Known(1, "recipe", FileState.INDEXED, None, None, None)
    assert catalog.paths_of(1) == ["/root/box"]
    assert _matches(catalog, "letter") == 1


def test_a_document_that_has_gone_is_nobodys(catalog: Catalog) -> None:
    _store(catalog, _file("/root/a"), _document(catalog, ["kiln"]))
    _store(catalog, _file("/root/a", "other"), _document(catalog, ["boat"]))
    assert not link_file(catalog, _file("/root/b"), FileState.INDEXED, None, 1)
    assert catalog.file("/root/b") is None


def test_a_failed_transaction_leaves_nothing(catalog: Catalog) -> None:
    document = _document(catalog, ["kiln"])
    broken = NewDocument(
        number=2, parent=7, kind="text", mime="", name="", title="", state=FileState.INDEXED, chunks=[]
    )
    with pytest.raises(KeyError):
        _store(catalog, _file("/root/a"), document, broken)
    assert catalog.counts()["documents"] == catalog.counts()["files"] == 0
    assert catalog.check() == []


def test_mails_that_name_each_other_share_a_thread_in_any_order(catalog: Catalog) -> None:
    anna = Person("Anna", "anna@example.org")
    mails = [
        Mail(message_id="c", references=("a", "b"), sender=anna, subject="Re: Trip"),
        Mail(message_id="a", sender=anna, subject="Trip"),
        Mail(message_id="z", sender=anna, subject="Other"),
        Mail(message_id="b", in_reply_to=("a",), sender=anna, subject="Re: Trip"),
    ]
    for number, mail in enumerate(mails, 1):
        _store(catalog, _file(f"/root/{number}", str(number)), _document(catalog, [f"text {number}"], mail=mail))
    threads = {
        document.mail.message_id: document.thread_id
        for document in catalog.documents(range(1, 9)).values()
        if document.mail
    }
    assert threads["a"] == threads["b"] == threads["c"] != threads["z"]


def test_a_check_sees_what_was_written_since_the_last_one(catalog: Catalog) -> None:
    for first in (0, 20, 40):
        for number in range(first, first + 20):
            add_file(catalog, f"/root/{number}.txt", [f"Receipt {number} lies in a box."])
        assert catalog.check() == []


def test_newer_library_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    Catalog(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    with pytest.raises(LibraryTooNew, match="newer version"):
        Catalog(path)


def test_file_that_is_no_catalog_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    path.write_bytes(b"This is not a database at all. " * 100)
    with pytest.raises(LibraryDamaged, match="damaged"):
        Catalog(path)


def test_read_only_catalog_cannot_be_written(catalog: Catalog) -> None:
    reader = Catalog(catalog.path, read_only=True)
    with pytest.raises(StorageError):
        reader.set_setting("key", "value")
    reader.close()


WORDS = "Running ponies naïve Größe Häuser agreement 2024 INV-7 ÉCOLE generalizations straße über Müllers oß it"


@pytest.mark.parametrize("word", WORDS.split(" "))
def test_stems_are_those_of_the_index(catalog: Catalog, word: str) -> None:
    _store(catalog, _file("/root/a"), _document(catalog, [word]))
    terms = {row[0] for row in catalog.reader().execute("SELECT term FROM chunk_vocabulary")}
    assert {stem(part) for part in word.split("-")} <= terms


@pytest.mark.parametrize("word", ["anthropology", "assembly", "biology", "kilns"])
def test_frequencies_are_those_of_the_index(catalog: Catalog, word: str) -> None:
    _store(catalog, _file("/root/a"), _document(catalog, [word, "boat"]))
    assert CatalogSearch(catalog, "space").frequencies([stem(word), "absent"]) == {stem(word): 1, "absent": 0}


def test_threads_that_ended_leave_their_connection_to_others(catalog: Catalog) -> None:
    for _ in range(50):
        thread = threading.Thread(target=catalog.counts)
        thread.start()
        thread.join()
    assert len(catalog._all) <= 3


def test_version_tells_the_same_to_all_threads_until_something_is_written(catalog: Catalog, tmp_path: Path) -> None:
    reading = Catalog(tmp_path / "catalog.sqlite", read_only=True)
    for looked_at in (catalog, reading):
        seen: set[int] = set()
        for _ in range(3):
            thread = threading.Thread(target=lambda: seen.add(looked_at.version()))  # noqa: B023 (joined at once)
            thread.start()
            thread.join()
        assert len(seen) == 1
        catalog.set_setting("something", "new")
        assert looked_at.version() not in seen
    reading.close()
