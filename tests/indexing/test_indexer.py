"""What a run looks at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from desktop_rag.config import Config
from desktop_rag.engine.library import Library
from desktop_rag.indexing.indexer import Run, RunControl, Scope, _outermost


def test_what_lies_in_another_scope_is_looked_at_once() -> None:
    inner = [
        Scope("/a", "/a/b/c.txt"),
        Scope("/a", "/a/b"),
        Scope("/a", "/a/bc"),
        Scope("/a", "/a/b"),
        Scope("/d", "/d/e"),
    ]
    assert set(_outermost(inner)) == {Scope("/a", "/a/b"), Scope("/a", "/a/bc"), Scope("/d", "/d/e")}
    assert _outermost([*inner, Scope("/a")]) == [Scope("/a"), Scope("/d", "/d/e")]


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    """Over a folder with one note that is indexed."""
    (tmp_path / "files" / "old").mkdir(parents=True)
    (tmp_path / "files" / "old" / "note.txt").write_text("The kiln is cold.", encoding="utf-8")
    with closing(Library(tmp_path / "library", Config(), read_only=False)) as opened:
        opened.catalog.add_root(str(tmp_path / "files"), datetime.now(UTC))
        _run(opened, Scope(str(tmp_path / "files")))
        yield opened


def _run(library: Library, *scopes: Scope, **control: Any) -> Run:
    with library.pools.new(1) as pool:
        return library.indexer.run(scopes, lambda: pool, RunControl(**control))


def _document(library: Library, path: Path) -> int | None:
    file = library.catalog.file(str(path))
    return None if file is None else file.document_id


def test_what_is_gone_may_have_become_what_is_still_being_written(library: Library, tmp_path: Path) -> None:
    root = tmp_path / "files"
    old, new = root / "old" / "note.txt", root / "new.txt"
    document = _document(library, old)
    old.rename(new)
    run = _run(library, Scope(str(root)), being_written={str(new)})
    assert (run.kept_back, run.gone) == ([str(old)], 0)
    assert _document(library, old) == document
    run = _run(library, Scope(str(root)))
    assert (run.moved, run.gone, run.embedded) == (1, 1, 0)
    assert (_document(library, old), _document(library, new)) == (None, document)


def test_what_is_gone_may_have_become_something_in_a_folder_that_is_not_at_rest(
    library: Library, tmp_path: Path
) -> None:
    root = tmp_path / "files"
    old = root / "old" / "note.txt"
    (root / "old").rename(root / "new")
    assert _run(library, Scope(str(root)), being_written={str(root / "new")}).kept_back == [str(old)]


def test_a_part_of_a_root_that_was_not_gone_through_yet_deletes_nothing(library: Library, tmp_path: Path) -> None:
    root = tmp_path / "files"
    old, new = root / "old" / "note.txt", root / "moved" / "note.txt"
    document = _document(library, old)
    (root / "old").rename(root / "moved")
    (root / "old").mkdir()  # a new folder of the name that another one had
    part = Scope(str(root), str(root / "old"))
    assert _run(library, part, unseen={str(root)}).gone == 0
    assert _document(library, old) == document
    assert _run(library, Scope(str(root)), unseen={str(root)}).moved == 1
    assert (_document(library, old), _document(library, new)) == (None, document)
    new.unlink()
    assert _run(library, Scope(str(root), str(root / "moved"))).gone == 1
