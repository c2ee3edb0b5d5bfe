"""Files that claim to be backups: damaged, foreign, or made to do harm."""

from __future__ import annotations

import hashlib
import sqlite3
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from desktop_rag.errors import BackupDamaged, ConfigError, LibraryTooNew, StorageError
from desktop_rag.storage.backup import BackupReport, check_backup, restore_backup, write_backup
from desktop_rag.storage.backup_file import BackupPart, Manifest
from desktop_rag.storage.catalog import Catalog
from desktop_rag.storage.migrations import MIGRATIONS
from tests.storage.filling import add_file

_NOW = datetime(2024, 5, 1, tzinfo=UTC)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    (tmp_path / "library").mkdir()
    opened = Catalog(tmp_path / "library" / "catalog.sqlite")
    add_file(opened, "/root/a", ["kiln", "glaze", "clay"])
    yield opened
    opened.close()


@pytest.fixture
def sound(catalog: Catalog, tmp_path: Path) -> bytes:
    """The catalog in a backup."""
    write_backup(catalog, tmp_path / "config.toml", tmp_path / "sound.zip", on_progress=lambda _: None)
    with zipfile.ZipFile(tmp_path / "sound.zip") as archive:
        return archive.read("catalog.sqlite")


def _check(file: Path) -> BackupReport:
    return check_backup(file, on_progress=lambda _: None)


def _refused(catalog: Catalog, file: Path, error: type[StorageError] = BackupDamaged, words: str = "damaged") -> None:
    """It is not restored, and all is as it was."""
    before = list(catalog.reader().iterdump())
    called: list[bool] = []
    with pytest.raises(error, match=words):
        restore_backup(
            catalog,
            catalog.path.with_name("config.toml"),
            file,
            before=lambda: called.append(True),
            on_progress=lambda _: None,
        )
    assert not called
    assert list(catalog.reader().iterdump()) == before
    assert not [path for path in catalog.path.parent.iterdir() if not path.name.startswith("catalog.sqlite")]


def _manifest(parts: Mapping[str, bytes], **changes: object) -> Manifest:
    described = {name: BackupPart(len(data), hashlib.sha256(data).hexdigest()) for name, data in parts.items()}
    return msgspec.structs.replace(Manifest(1, "0", len(MIGRATIONS), _NOW, 0, 0, 0, described), **changes)


def _pack(file: Path, parts: Mapping[str, bytes], manifest: Manifest | bytes | None = None) -> Path:
    """A file like a backup, with a fitting manifest unless another is given."""
    manifest = manifest or _manifest(parts)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
        archive.writestr("manifest.json", manifest if isinstance(manifest, bytes) else msgspec.json.encode(manifest))
    return file


def test_a_file_that_is_no_backup(tmp_path: Path, catalog: Catalog) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        _check(tmp_path / "nothing.zip")
    (tmp_path / "text.zip").write_text("no ZIP at all", encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("readme.txt", "somebody else's")
    for name in ("text.zip", "other.zip"):
        _refused(catalog, tmp_path / name, words="damaged, or is not a backup")
    with pytest.raises(StorageError):
        _check(tmp_path)


@pytest.mark.usefixtures("sound")
def test_every_damage_is_found(catalog: Catalog, tmp_path: Path) -> None:
    whole = (tmp_path / "sound.zip").read_bytes()
    good = _check(tmp_path / "sound.zip")
    broken = tmp_path / "broken.zip"
    found = 0
    positions = [*range(0, len(whole), 97), *range(len(whole) - 200, len(whole))]
    for position in positions:
        broken.write_bytes(whole[:position] + bytes([whole[position] ^ 0x55]) + whole[position + 1 :])
        try:
            read = _check(broken)
        except (BackupDamaged, LibraryTooNew):
            found += 1
        else:  # a byte without meaning: the time of an entry, say
            assert (read.files, read.chunks, read.created) == (good.files, good.chunks, good.created)
    assert found > 0.7 * len(positions)
    for length in (0, 10, len(whole) // 2, len(whole) - 1):
        broken.write_bytes(whole[:length])
        _refused(catalog, broken)


def test_a_part_that_was_exchanged(catalog: Catalog, sound: bytes, tmp_path: Path) -> None:
    other = bytes([*sound[:-1], sound[-1] ^ 1])
    _refused(
        catalog,
        _pack(tmp_path / "b.zip", {"catalog.sqlite": other}, _manifest({"catalog.sqlite": sound})),
        words="is not the file that was backed up",
    )


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "..\\evil", "catalog.sqlite-wal", "manifest.json/", "."])
def test_names_that_are_none_of_ours(catalog: Catalog, sound: bytes, tmp_path: Path, name: str) -> None:
    parts = {"catalog.sqlite": sound, name: b"evil"}
    _refused(catalog, _pack(tmp_path / "b.zip", parts))
    _refused(catalog, _pack(tmp_path / "b.zip", parts, _manifest({"catalog.sqlite": sound})))
    assert not list(tmp_path.rglob("evil"))


def test_a_name_that_stands_twice(catalog: Catalog, sound: bytes, tmp_path: Path) -> None:
    file = _pack(tmp_path / "b.zip", {"catalog.sqlite": sound})
    with zipfile.ZipFile(file, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("catalog.sqlite", sound)
    _refused(catalog, file)


@pytest.mark.parametrize("size", [-1, 0, 1, 10**12, 10**30])
def test_sizes_that_are_not_true(catalog: Catalog, sound: bytes, tmp_path: Path, size: int) -> None:
    parts = {"catalog.sqlite": sound}
    text = msgspec.json.encode(_manifest(parts)).replace(f'"size":{len(sound)}'.encode(), f'"size":{size}'.encode())
    _refused(catalog, _pack(tmp_path / "b.zip", parts, text))


def test_manifests_that_make_no_sense(catalog: Catalog, sound: bytes, tmp_path: Path) -> None:
    parts = {"catalog.sqlite": sound}
    for text in (b"{}", b"[]", b"\xff", b'{"format": 1}', b'{"format": "one"}', b"[" * 60_000, b" " * 100_000_000):
        _refused(catalog, _pack(tmp_path / "b.zip", parts, text))
    _refused(catalog, _pack(tmp_path / "b.zip", {"config.toml": b""}))


def test_a_newer_version_wrote_it(catalog: Catalog, sound: bytes, tmp_path: Path) -> None:
    parts = {"catalog.sqlite": sound}
    for manifest in (_manifest(parts, format=2), _manifest(parts, schema=len(MIGRATIONS) + 1)):
        _refused(catalog, _pack(tmp_path / "b.zip", parts, manifest), LibraryTooNew, "newer version")


def test_a_bomb_is_no_catalog(catalog: Catalog, tmp_path: Path) -> None:
    file = _pack(tmp_path / "b.zip", {"catalog.sqlite": bytes(50_000_000)})
    assert file.stat().st_size < 100_000
    _refused(catalog, file)


def test_a_catalog_that_is_damaged_or_none(catalog: Catalog, sound: bytes, tmp_path: Path) -> None:
    torn = sound[:20_480] + bytes(4096) + sound[24_576:]
    for data in (b"", b"SQLite format 3\x00", sound[:-4096], torn):
        _refused(catalog, _pack(tmp_path / "b.zip", {"catalog.sqlite": data}))


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE more(x)",
        "CREATE VIEW more AS SELECT 1",
        "CREATE TRIGGER more AFTER INSERT ON roots BEGIN DELETE FROM files; END",
        "DROP TRIGGER chunks_deleted",
        "DROP INDEX files_root",
        "DROP TRIGGER chunks_inserted; CREATE TRIGGER chunks_inserted AFTER INSERT ON chunks BEGIN SELECT 1; END",
    ],
)
def test_a_catalog_that_would_do_other_things(catalog: Catalog, sound: bytes, tmp_path: Path, statement: str) -> None:
    (tmp_path / "changed.sqlite").write_bytes(sound)
    with closing(sqlite3.connect(tmp_path / "changed.sqlite")) as connection:
        connection.executescript(statement)
    _refused(
        catalog,
        _pack(tmp_path / "b.zip", {"catalog.sqlite": (tmp_path / "changed.sqlite").read_bytes()}),
        words="not made by Desktop RAG",
    )


def test_settings_that_cannot_be_used(catalog: Catalog, sound: bytes, tmp_path: Path) -> None:
    file = _pack(tmp_path / "b.zip", {"catalog.sqlite": sound, "config.toml": b"quiet_s = 'soon'"})
    before = list(catalog.reader().iterdump())
    with pytest.raises(ConfigError, match="quiet_s"):
        restore_backup(catalog, tmp_path / "config.toml", file, on_progress=lambda _: None)
    assert list(catalog.reader().iterdump()) == before
    assert not (tmp_path / "config.toml").exists()


def test_pages_of_another_size_are_made_to_fit(catalog: Catalog, sound: bytes, tmp_path: Path) -> None:
    (tmp_path / "other.sqlite").write_bytes(sound)
    with closing(sqlite3.connect(tmp_path / "other.sqlite", isolation_level=None)) as connection:
        connection.execute("PRAGMA page_size = 8192")
        connection.execute("VACUUM")
    data = (tmp_path / "other.sqlite").read_bytes()
    add_file(catalog, "/root/b", ["later"])
    restore_backup(
        catalog,
        tmp_path / "config.toml",
        _pack(tmp_path / "b.zip", {"catalog.sqlite": data}),
        on_progress=lambda _: None,
    )
    assert [file.path for file in catalog.files()] == ["/root/a"]
    assert catalog.check() == []
