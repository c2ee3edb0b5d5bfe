"""What was read and heard, kept for the next time."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop_rag.storage.analysis_cache import recall, remember, sweep_analyses
from desktop_rag.storage.catalog import Catalog
from desktop_rag.storage.commit import forget_files
from tests.storage.filling import add_file


def test_each_model_remembers_its_own(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.sqlite")
    remember(catalog, "hash", 1, "ears", 30.0, b"second")
    remember(catalog, "hash", 1, "ears", 0.0, b"first")
    remember(catalog, "hash", 1, "eyes", 0.0, b"sign")
    remember(catalog, "hash", 2, "ears", 0.0, b"inside")
    assert list(recall(catalog, "hash", 1, "ears").items()) == [(0.0, b"first"), (30.0, b"second")]
    assert recall(catalog, "hash", 1, "eyes") == {0.0: b"sign"}
    assert recall(catalog, "other", 1, "ears") == {}
    catalog.close()


def test_it_goes_with_the_last_file_that_holds_it(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.sqlite")
    add_file(catalog, "/root/a", ["kiln"])
    remember(catalog, "hash of /root/a", 1, "ears", 0.0, b"secret")
    forget_files(catalog, ["/root/a"])
    assert recall(catalog, "hash of /root/a", 1, "ears") == {}
    catalog.close()


def test_what_was_never_finished_is_kept_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = Catalog(tmp_path / "catalog.sqlite")
    add_file(catalog, "/root/a", ["kiln"])
    for source in ("half", "hash of /root/a"):
        remember(catalog, source, 1, "ears", 0.0, b"words")
    assert sweep_analyses(catalog) == 0
    monkeypatch.setattr("desktop_rag.storage.analysis_cache._KEPT_S", -1.0)
    assert sweep_analyses(catalog) == 1
    assert recall(catalog, "hash of /root/a", 1, "ears") == {0.0: b"words"}
    catalog.close()
