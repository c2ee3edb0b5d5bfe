"""Whatever is raised in the threads of a live engine is told, and their work goes on."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import ParamSpec, TypeVar

import pytest

from desktop_rag.config import Config
from desktop_rag.engine.engine import Engine
from desktop_rag.engine.events import Subscription, Trouble
from desktop_rag.engine.library import Library
from desktop_rag.engine.queries.status_queries import StatusQueries
from desktop_rag.engine.sync.model_watcher import ModelWatcher
from desktop_rag.indexing.indexer import Indexer, Run, RunControl, Scope
from desktop_rag.indexing.model_analysis import ModelMediaAnalyzer
from desktop_rag.models.onnx.text_embedding import TextEmbedder
from desktop_rag.parsing.worker.sandbox import ParserPool
from desktop_rag.storage.catalog import Catalog
from tests.engine.waiting import until

P = ParamSpec("P")
T = TypeVar("T")

CONFIG = Config(quiet_s=0.1)
UNEXPECTED = [RuntimeError("x"), sqlite3.OperationalError("x"), KeyError("x"), MemoryError(), SystemExit(1)]


class Fault:
    """Puts errors into calls: the next ones raise, the others go through."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []

    def into(self, function: Callable[P, T]) -> Callable[P, T]:
        def faulty(*args: P.args, **kwargs: P.kwargs) -> T:
            if self.errors:
                raise self.errors.pop()
            return function(*args, **kwargs)

        return faulty


@pytest.fixture
def fault() -> Fault:
    return Fault()


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "boat.txt").write_text("The boat is moored at the second jetty.", encoding="utf-8")
    return folder


def found(engine: Engine, words: str) -> bool:
    return bool(engine.search(f'"{words}"', mode="keyword").hits)


def trouble(subscription: Subscription) -> Trouble:
    """The next trouble that is told."""
    while not isinstance(event := subscription.get(60), Trouble):
        assert event is not None
    return event


@pytest.fixture
def live(tmp_path: Path, notes: Path) -> Iterator[Engine]:
    with Engine(tmp_path / "library", config=CONFIG, live=True) as engine:
        engine.add_root(notes)
        until(lambda: found(engine, "jetty"), "the first file")
        yield engine


@pytest.mark.parametrize("error", UNEXPECTED, ids=lambda error: type(error).__name__)
def test_a_run_that_fails_comes_again(
    live: Engine, notes: Path, fault: Fault, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    monkeypatch.setattr(Indexer, "run", fault.into(Indexer.run))
    with live.subscribe() as subscription:
        fault.errors.append(error)
        (notes / "kiln.txt").write_text("The kiln reaches twelve hundred degrees.", encoding="utf-8")
        assert trouble(subscription).problem.code in ("bug", "storage")
    until(lambda: found(live, "twelve hundred degrees"), "the file whose run failed")
    until(lambda: not _problems(live), "the trouble is over")


def test_changes_are_not_lost_when_the_catalog_fails(
    live: Engine, notes: Path, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = live._sync_worker
    assert worker is not None
    monkeypatch.setattr(worker, "_scope", fault.into(worker._scope))
    with live.subscribe() as subscription:
        fault.errors.append(sqlite3.OperationalError("x"))
        (notes / "kiln.txt").write_text("The kiln reaches twelve hundred degrees.", encoding="utf-8")
        trouble(subscription)
    until(lambda: found(live, "twelve hundred degrees"), "the change")


def test_a_folder_that_always_fails_holds_up_no_other(
    live: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = tmp_path / "broken", tmp_path / "sound"
    for folder in (broken, sound):
        folder.mkdir()
        (folder / "text.txt").write_text(f"The {folder.name} folder.", encoding="utf-8")
    run = Indexer.run

    def failing(self: Indexer, scopes: Sequence[Scope], pool: Callable[[], ParserPool], control: RunControl) -> Run:
        if any(scope.root == str(broken) for scope in scopes):
            raise KeyError
        return run(self, scopes, pool, control)

    monkeypatch.setattr(Indexer, "run", failing)
    for folder in (broken, sound):
        live.add_root(folder)
    until(lambda: found(live, "sound folder"), "the sound folder")
    assert not found(live, "broken folder")
    monkeypatch.setattr(Indexer, "run", run)
    until(lambda: found(live, "broken folder"), "the folder that failed")


def test_a_root_that_was_never_gone_through_is_due(notes: Path, tmp_path: Path) -> None:
    with Engine(tmp_path / "library", config=CONFIG, live=True) as engine:
        worker = engine._sync_worker
        assert worker is not None
        engine._index_commands.add_root(notes)  # as if what was to follow had failed
        until(lambda: found(engine, "jetty"), "the root")


@pytest.mark.parametrize("error", UNEXPECTED, ids=lambda error: type(error).__name__)
def test_the_beginning_may_fail(
    notes: Path, tmp_path: Path, fault: Fault, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    with Engine(tmp_path / "library") as engine:
        engine._index_commands.add_root(notes)
    monkeypatch.setattr("desktop_rag.engine.sync.sync_worker.Watcher", fault.into(_watcher()))
    fault.errors.append(error)
    with Engine(tmp_path / "library", config=CONFIG, live=True) as engine:
        until(lambda: found(engine, "jetty"), "the root")


@pytest.mark.parametrize("error", UNEXPECTED, ids=lambda error: type(error).__name__)
def test_models_are_watched_after_an_error(
    notes: Path, tmp_path: Path, fault: Fault, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    looked: list[int] = []
    to_come = Library.embedder_to_come

    def count(self: Library) -> None:
        looked.append(1)
        to_come(self)

    monkeypatch.setattr(Library, "embedder_to_come", fault.into(count))
    monkeypatch.setattr("desktop_rag.engine.sync.model_watcher._LOOK_EVERY_S", 0.05)
    fault.errors.append(error)
    with Engine(tmp_path / "library", config=CONFIG, live=True) as engine:
        engine.add_root(notes)
        until(lambda: len(looked) > 1, "it looks again")


@pytest.mark.parametrize("error", UNEXPECTED, ids=lambda error: type(error).__name__)
def test_the_model_gets_ready_after_an_error(
    tmp_path: Path, fault: Fault, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    monkeypatch.setattr(TextEmbedder, "load", fault.into(TextEmbedder.load))
    fault.errors.append(error)
    with Engine(tmp_path / "library", config=CONFIG, live=True) as engine:
        until(lambda: (status := engine.status().engine) is not None and status.model_ready, "the model")
        until(lambda: not _problems(engine), "the trouble is over")


def _problems(engine: Engine) -> bool:
    status = engine.status().engine
    return status is None or bool(status.problems)


def _watcher() -> Callable[..., object]:
    from desktop_rag.indexing.watch import Watcher

    return Watcher


def test_nothing_is_left_open_when_opening_fails(
    notes: Path, tmp_path: Path, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = tmp_path / "library"
    closed: list[int] = []
    close = Catalog.close

    def count(self: Catalog) -> None:
        closed.append(1)
        close(self)

    monkeypatch.setattr(Catalog, "close", count)
    monkeypatch.setattr("desktop_rag.engine.engine.StatusQueries", fault.into(StatusQueries))
    fault.errors.append(RuntimeError("x"))
    with pytest.raises(RuntimeError):
        Engine(library, config=CONFIG, live=True)
    assert closed
    assert not Engine.lock_of(library).is_held()
    monkeypatch.setattr(ModelWatcher, "start", fault.into(ModelWatcher.start))
    fault.errors.append(RuntimeError("x"))
    with pytest.raises(RuntimeError):
        Engine(library, config=CONFIG, live=True)
    assert not Engine.lock_of(library).is_held()
    with Engine(library, config=CONFIG, live=True) as engine:
        engine.add_root(notes)
        until(lambda: found(engine, "jetty"), "the first file")


def test_what_hears_is_asked_for_again(tmp_path: Path, fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    """The raw error of a catalog in the middle of the question which models there are."""
    with Engine(tmp_path / "library", config=CONFIG, live=True) as engine, engine.subscribe() as subscription:
        monkeypatch.setattr(ModelMediaAnalyzer, "seen_by", property(fault.into(lambda _: "nobody")))
        fault.errors.append(sqlite3.DatabaseError("x"))
        assert trouble(subscription).problem.code == "storage"
