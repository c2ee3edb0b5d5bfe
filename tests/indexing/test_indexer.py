"""What a run looks at."""

from __future__ import annotations

from desktop_rag.indexing.indexer import Scope, _outermost


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
