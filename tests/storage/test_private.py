"""Who may read a library."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from desktop_rag.storage.catalog import Catalog
from desktop_rag.storage.private import make_private

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")


def _mode(path: Path) -> int:
    return path.lstat().st_mode & 0o7777


def test_nobody_but_the_owner_may_read_a_library(tmp_path: Path) -> None:
    library = tmp_path / "library"
    (library / "chroma" / "segment").mkdir(parents=True)
    (library / "chroma" / "segment" / "data.bin").write_bytes(b"vectors")
    library.chmod(0o755)
    with closing(Catalog(library / "catalog.sqlite")) as catalog:
        catalog.set_setting("key", "value")
        make_private(library)
        names = {path.name for path in library.iterdir()}
        assert {"catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-shm", "chroma"} == names
        for path in (library, *library.rglob("*")):
            assert _mode(path) == (0o700 if path.is_dir() else 0o600), path
        catalog.set_setting("key", "still writable")


def test_files_made_later_by_sqlite_are_private_too(tmp_path: Path) -> None:
    Catalog(tmp_path / "catalog.sqlite").close()
    make_private(tmp_path)
    with closing(Catalog(tmp_path / "catalog.sqlite")) as catalog:
        catalog.set_setting("key", "value")
        assert {_mode(path) for path in tmp_path.glob("catalog.sqlite*")} == {0o600}


def test_what_is_private_is_not_touched_and_links_are_not_followed(tmp_path: Path) -> None:
    library, outside = tmp_path / "library", tmp_path / "outside"
    library.mkdir(mode=0o700)
    outside.mkdir(mode=0o755)
    (outside / "file").write_text("somebody's", encoding="utf-8")
    (outside / "file").chmod(0o644)
    (library / "to a folder").symlink_to(outside)
    (library / "to a file").symlink_to(outside / "file")
    (library / "to nothing").symlink_to(outside / "gone")
    (library / "own").touch(0o600)
    before = (library / "own").stat().st_ctime_ns
    make_private(library)
    assert (_mode(outside), _mode(outside / "file")) == (0o755, 0o644)
    assert (library / "own").stat().st_ctime_ns == before


def test_a_library_behind_a_link_is_private(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o755)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    make_private(tmp_path / "link")
    assert _mode(tmp_path / "real") == 0o700


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    make_private(tmp_path / "nowhere")
