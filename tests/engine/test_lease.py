"""What a search uses stays open until it ends, whatever comes into use meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop_rag.engine.engine import Engine
from desktop_rag.engine.lease import Leased
from desktop_rag.models.store.model_store import ModelStore
from desktop_rag.retrieval.retriever import Retriever
from tests.tiny.gguf import tiny_embedder

PATIENCE_S = 60.0


@pytest.fixture
def ended() -> list[str]:
    return []


@pytest.fixture
def leased(ended: list[str]) -> Leased[str]:
    return Leased("old", retire=ended.append, close=lambda value: ended.append(f"{value} closed"))


def test_what_is_replaced_ends_when_its_last_user_leaves(leased: Leased[str], ended: list[str]) -> None:
    with leased.use() as first:
        with leased.use() as again:
            leased.replace("new")
            assert (first, again, leased.current, leased.newest) == ("old", "old", "old", "new")
        with leased.use() as within:
            assert within == "old"
        assert (ended, leased.has_retired) == ([], True)
    assert (ended, leased.current, leased.has_retired) == (["old"], "new", False)
    leased.replace("newer")
    assert ended == ["old", "new"]
    leased.close()
    assert ended == ["old", "new", "newer closed"]


def test_one_can_wait_until_nobody_uses_what_was_replaced(leased: Leased[str], ended: list[str]) -> None:
    used, leave = threading.Event(), threading.Event()

    def use() -> None:
        with leased.use():
            used.set()
            leave.wait(PATIENCE_S)

    user = threading.Thread(target=use)
    user.start()
    assert used.wait(PATIENCE_S)
    leased.replace("new")
    waiting = threading.Thread(target=leased.wait_for_retired)
    waiting.start()
    assert ended == []
    leave.set()
    for thread in (user, waiting):
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
    assert ended == ["old"]


def test_what_fails_to_end_holds_up_nobody(ended: list[str]) -> None:
    def fail(value: str) -> None:
        ended.append(value)
        raise RuntimeError

    leased = Leased("old", retire=fail, close=ended.append)
    with pytest.raises(RuntimeError):
        leased.replace("new")
    assert not leased.has_retired
    leased.wait_for_retired()
    assert ended == ["old"]


@pytest.mark.parametrize("ask", ["search", "why"])
def test_a_search_goes_on_while_another_embedder_takes_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: str
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "data"))
    note = tmp_path / "files" / "pottery.txt"
    note.parent.mkdir()
    note.write_text("The kiln is fired at 1240 degrees.", encoding="utf-8")
    tiny_embedder(tmp_path / "embedder.gguf")
    begun, go_on = threading.Event(), threading.Event()
    rank: Callable[..., object] = Retriever.rank

    def slow(*args: object, **kwargs: object) -> object:
        begun.set()
        assert go_on.wait(PATIENCE_S)
        return rank(*args, **kwargs)

    found: list[object] = []

    def search() -> None:
        found.append(engine.search("kiln") if ask == "search" else engine.why(note, "kiln"))

    with Engine(tmp_path / "library") as engine:
        engine.index([note.parent])
        engine.search("kiln")
        old = engine._parts.vectors
        assert old.is_open
        monkeypatch.setattr(Retriever, "rank", slow)
        searching = threading.Thread(target=search)
        searching.start()
        assert begun.wait(PATIENCE_S)
        ModelStore().import_model(tmp_path / "embedder.gguf")
        engine.index()
        assert engine._parts.vectors.folder != old.folder
        assert old.is_open
        assert old.exists()
        go_on.set()
        searching.join(PATIENCE_S)
        assert len(found) == 1
        assert not old.is_open
        assert not old.exists()
        assert engine.search("kiln").hits
