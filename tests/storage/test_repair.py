"""Damaged catalogs: whatever page is hit, the library can be used again, and nothing is embedded twice."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from desktop_rag.engine.engine import CATALOG_NAME, Engine
from desktop_rag.errors import LibraryDamaged, StorageError
from desktop_rag.models.onnx.text_embedding import TextEmbedder
from desktop_rag.storage.repair import repair

_NOTES = 400


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A library and its notes."""
    folder = tmp_path_factory.mktemp("damage")
    notes = folder / "notes"
    notes.mkdir()
    for number in range(_NOTES):
        (notes / f"{number}.txt").write_text(f"Sheet {number} speaks of the harbour and of crane {number % 9}.")
    with Engine(folder / "library") as engine:
        engine.index([notes])
    return folder / "library", notes


@pytest.fixture
def library(original: tuple[Path, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(original[0], tmp_path / "library"))


def trees(catalog: Path) -> list[tuple[str, list[int]]]:
    """The tables and indexes of a catalog and the pages that each takes."""
    with closing(sqlite3.connect(catalog)) as connection:
        pages: dict[str, list[int]] = {}
        for name, page in connection.execute("SELECT name, pageno FROM dbstat ORDER BY name, pageno"):
            pages.setdefault(name, []).append(page)
    return list(pages.items())


def smash(catalog: Path, pages: list[int]) -> None:
    with closing(sqlite3.connect(catalog)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with catalog.open("rb+") as file:
        for page in pages:
            file.seek((page - 1) * size)
            file.write(bytes(range(256)) * (size // 256))


def works_again(library: Path, notes: Path, monkeypatch: pytest.MonkeyPatch, *, embeds: bool) -> None:
    """The library takes up its files, without embedding any again."""
    if not embeds:
        monkeypatch.setattr(TextEmbedder, "load", lambda _: pytest.fail("the model was loaded"))
    with Engine(library) as engine:
        report = engine.index([notes])
        assert report.states == {"indexed": _NOTES}
        assert engine._parts.catalog.check() == []
        assert engine.search('"crane 7"', mode="keyword").hits
    monkeypatch.undo()
    with Engine(library) as engine:
        assert [check.name for check in engine.doctor() if not check.ok] == []


NAMES = (
    "chunks", "chunk_words_data", "chunk_words_idx", "chunk_words_docsize", "documents", "files", "embeddings",
    "roots", "settings", "chunks_document", "documents_top", "files_hash", "sqlite_autoindex_embeddings_1",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("which", [0, -1])
def test_any_page_may_be_hit(
    name: str, which: int, library: Path, original: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = library / CATALOG_NAME
    pages = dict(trees(catalog))
    smash(catalog, [pages[name][which]])
    done = repair(catalog)
    assert done
    assert repair(catalog) == []
    works_again(library, original[1], monkeypatch, embeds="embeddings" in name)


@pytest.mark.parametrize("content", [b"", b"no database " * 1000, None])
def test_what_is_no_catalog_any_more_is_set_aside(
    content: bytes | None, library: Path, original: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = library / CATALOG_NAME
    data = catalog.read_bytes()
    catalog.write_bytes(data[: len(data) // 2] if content is None else content)
    assert repair(catalog)
    with Engine(library) as engine:
        assert engine.status().roots == (str(original[1]),)
    assert len(list(library.glob("catalog.damaged-*"))) == 1
    works_again(library, original[1], monkeypatch, embeds=True)


def test_what_an_older_version_has_written_is_saved_as_well(library: Path, original: tuple[Path, Path]) -> None:
    catalog = library / CATALOG_NAME
    with closing(sqlite3.connect(catalog, isolation_level=None)) as old:
        old.execute("INSERT INTO conversations(id, title, began, changed) VALUES (1, 'Talk', 1, 1)")
        old.execute("INSERT INTO turns(conversation_id, asked_at, question, answer) VALUES (1, 1, 'Why?', '{}')")
        old.execute("DROP INDEX files_listed")
        old.execute("ALTER TABLE files DROP COLUMN name")
        old.execute("ALTER TABLE turns DROP COLUMN rating")
        old.execute("PRAGMA user_version = 3")
    smash(catalog, [dict(trees(catalog))["chunks"][-1]])
    assert repair(catalog)
    with Engine(library) as engine:
        assert [talk.turns for talk in engine.conversations()] == [1]
        assert engine.files(name=Path(engine.files(limit=1).files[0].path).name.upper()).total >= 1
        assert engine.status().roots == (str(original[1]),)


def test_a_sound_catalog_is_left_alone(library: Path) -> None:
    before = (library / CATALOG_NAME).read_bytes()
    assert repair(library / CATALOG_NAME) == []
    assert (library / CATALOG_NAME).read_bytes() == before
    assert repair(library / "none.sqlite") == []


def test_damage_is_said_with_its_remedy(library: Path) -> None:
    (library / CATALOG_NAME).write_bytes(b"no database " * 1000)
    with pytest.raises(LibraryDamaged, match="doctor --repair"):
        Engine(library)


def test_a_log_cut_short_or_scrambled_loses_only_the_last_commits(library: Path) -> None:
    catalog = library / CATALOG_NAME
    with closing(sqlite3.connect(catalog, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        for number in range(50):
            connection.execute("INSERT INTO settings VALUES (?, 'x')", (f"key {number}",))
        log = catalog.with_name(catalog.name + "-wal").read_bytes()
        copies = {"cut": log[: len(log) // 2], "scrambled": log[: len(log) // 2] + b"\0\1\2\3" * (len(log) // 8)}
        data = catalog.read_bytes()
    for name, left in copies.items():
        folder = library.with_name(name)
        folder.mkdir()
        (folder / CATALOG_NAME).write_bytes(data)
        (folder / f"{CATALOG_NAME}-wal").write_bytes(left)
        with Engine(folder) as engine:
            assert engine._parts.catalog.check() == []
            kept = [row[0] for row in engine._parts.catalog.reader().execute("SELECT key FROM settings")]
            assert "key 0" in kept
            assert "key 49" not in kept
            assert engine.status().files == _NOTES


@pytest.mark.parametrize("damage", ["delete", "database", "index", "lost index file"])
def test_chroma_is_made_again_from_the_catalog(
    damage: str, library: Path, original: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    chroma = library / "chroma"
    if damage == "delete":
        shutil.rmtree(chroma)
    elif damage == "database":
        (chroma / "chroma.sqlite3").write_bytes(b"no database " * 1000)
    else:
        for path in list(chroma.rglob("*.bin")):
            if damage == "index":
                path.write_bytes(b"\xff" * path.stat().st_size)
            else:
                path.unlink()
    monkeypatch.setattr(TextEmbedder, "load", lambda _: pytest.fail("the model was loaded"))
    with Engine(library) as engine:
        engine.index([original[1]])
        ids = {row[0] for row in engine._parts.catalog.reader().execute("SELECT id FROM chunks")}
        assert engine._parts.vectors.stored_ids() == ids


def test_repair_says_when_the_disk_is_in_the_way(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (library / CATALOG_NAME).write_bytes(b"no database " * 1000)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(StorageError, match="full"):
        repair(library / CATALOG_NAME)
    assert (library / CATALOG_NAME).read_bytes().startswith(b"no database")
