"""A live engine keeps the library like the disk, in the order a person would wish, and lets questions go first."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop_rag.config import Config
from desktop_rag.engine.engine import Engine
from desktop_rag.engine.events import Changed, ModelReady
from desktop_rag.engine.sync.warmup import Warmup
from desktop_rag.errors import ConfigError
from tests.engine.waiting import until

CONFIG = Config(quiet_s=0.1)


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "boat.txt").write_text("The boat is moored at the second jetty.", encoding="utf-8")
    return folder


@pytest.fixture
def live(tmp_path: Path, notes: Path) -> Iterator[Engine]:
    with Engine(tmp_path / "library", config=CONFIG, live=True) as engine:
        engine.add_root(notes)
        until(lambda: found(engine, "jetty"), "the first file")
        yield engine


def found(engine: Engine, words: str) -> list[str]:
    """The names of the files in which all of ``words`` stand."""
    hits = engine.search(f'"{words}"', mode="keyword", limit=50).hits
    return sorted({Path(path).name for hit in hits for path in hit.paths})


def embeddings(engine: Engine) -> int:
    return engine._parts.catalog.counts()["embeddings"]


def test_changes_on_disk_are_taken_up(live: Engine, notes: Path) -> None:
    (notes / "kiln.txt").write_text("The kiln reaches twelve hundred degrees.", encoding="utf-8")
    until(lambda: found(live, "twelve hundred degrees") == ["kiln.txt"], "a new file")
    (notes / "kiln.txt").write_text("The kiln was sold to a neighbour.", encoding="utf-8")
    until(lambda: found(live, "sold to a neighbour") == ["kiln.txt"], "the new text")
    assert found(live, "twelve hundred degrees") == []
    (notes / "kiln.txt").unlink()
    until(lambda: found(live, "sold to a neighbour") == [], "a deleted file")
    assert found(live, "jetty") == ["boat.txt"]


def test_renames_and_copies_embed_nothing(live: Engine, notes: Path) -> None:
    before = embeddings(live)
    (notes / "boat.txt").rename(notes / "ship.txt")
    until(lambda: found(live, "jetty") == ["ship.txt"], "a renamed file")
    (notes / "harbour").mkdir()
    shutil.copy(notes / "ship.txt", notes / "harbour" / "copy.txt")
    until(lambda: found(live, "jetty") == ["copy.txt", "ship.txt"], "a copy")
    (notes / "harbour").rename(notes / "port")
    until(lambda: live._parts.catalog.file(str(notes / "port" / "copy.txt")) is not None, "a renamed folder")
    until(lambda: live._parts.catalog.file(str(notes / "harbour" / "copy.txt")) is None, "the folder's old name")
    (notes / "ship.txt").rename(notes / "Ship.TXT")
    until(lambda: found(live, "jetty") == ["Ship.TXT", "copy.txt"], "a name in other letters")
    assert embeddings(live) == before


def test_editors_that_replace_a_file_leave_one(live: Engine, notes: Path) -> None:
    fresh = notes / ".boat.txt.swp~"
    fresh.write_text("The boat lies in the dry dock.", encoding="utf-8")
    fresh.replace(notes / "boat.txt")
    until(lambda: found(live, "dry dock") == ["boat.txt"], "the replaced file")
    assert found(live, "jetty") == []
    assert live.status().files == 1


def test_a_file_is_not_read_while_it_is_written(live: Engine, notes: Path) -> None:
    seen: set[str] = set()
    with (notes / "log.txt").open("w", encoding="utf-8") as out:
        for number in range(40):
            out.write(f"entry {number} of the long ledger\n")
            out.flush()
            seen.update(found(live, "long ledger"))
            time.sleep(0.02)
        out.write("the very last line\n")
    assert not seen
    until(lambda: found(live, "very last line") == ["log.txt"], "the finished file")


def test_a_folder_that_vanishes_and_returns_loses_nothing(live: Engine, notes: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "unplugged"
    notes.rename(elsewhere)
    until(lambda: live.status().folders[0].how == "missing", "the folder is missed")
    assert found(live, "jetty") == ["boat.txt"]
    (elsewhere / "boat.txt").write_text("The boat came home.", encoding="utf-8")
    elsewhere.rename(notes)
    until(lambda: found(live, "came home") == ["boat.txt"], "the folder is back")
    until(lambda: live.status().folders[0].how == "events", "it is watched again")


def test_pause_holds_until_resumed_even_after_a_restart(notes: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    with Engine(library, config=CONFIG, live=True) as engine:
        engine.pause()
        engine.add_root(notes)
        until(lambda: _activity(engine) == "paused", "paused")
    with Engine(library, config=CONFIG, live=True) as engine:
        until(lambda: _activity(engine) == "paused", "still paused")
        assert found(engine, "jetty") == []
        assert engine.index([notes]).new == 1  # what a person asks for is done
        engine.resume()
        (notes / "more.txt").write_text("A second anchor was bought.", encoding="utf-8")
        until(lambda: found(engine, "second anchor"), "resumed")


def test_removed_roots_are_forgotten(live: Engine, notes: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        live.remove_root(tmp_path)
    assert live.remove_root(notes) == 1
    (notes / "late.txt").write_text("Too late for the library.", encoding="utf-8")
    assert live.status().roots == ()
    other = tmp_path / "other"
    other.mkdir()
    (other / "tea.txt").write_text("Tea is steeped for three minutes.", encoding="utf-8")
    live.add_root(other)
    until(lambda: found(live, "three minutes"), "the other folder")
    assert found(live, "too late") == []


def test_newest_files_come_first(notes: Path, tmp_path: Path) -> None:
    for number in range(30):
        path = notes / f"{number:02}.txt"
        path.write_text(f"Receipt {number} lies in a box.", encoding="utf-8")
        os.utime(path, (1_600_000_000 + number * 60, 1_600_000_000 + number * 60))
    with Engine(tmp_path / "library", config=Config(workers=1)) as engine:
        engine.index([notes])
        order = [
            Path(engine._parts.catalog.paths_of(row[0])[0]).stem
            for row in engine._parts.catalog.reader().execute("SELECT id FROM documents ORDER BY id")
        ]
    assert order == ["boat", *(f"{number:02}" for number in reversed(range(30)))]


def test_a_small_change_overtakes_a_long_run(live: Engine, tmp_path: Path, notes: Path) -> None:
    archive = tmp_path / "archive"
    archive.mkdir()
    for number in range(300):
        (archive / f"{number}.txt").write_text(f"Sheet {number}. " + "old words of no weight " * 40, encoding="utf-8")
    began = threading.Event()
    done: list[int] = []

    def run() -> None:
        hearing = live.listening(on_progress=lambda seen: began.set() if seen.files_done else None)
        done.append(hearing.index([archive]).new)

    thread = threading.Thread(target=run)
    thread.start()
    assert began.wait(60)
    (notes / "urgent.txt").write_text("The parcel must be fetched today.", encoding="utf-8")
    until(lambda: found(live, "fetched today"), "the urgent note")
    overtook = not done
    thread.join()
    assert overtook
    assert done == [300]
    assert found(live, "fetched today") == ["urgent.txt"]


def test_subscribers_hear_what_happens(notes: Path, tmp_path: Path) -> None:
    with Engine(tmp_path / "library", config=CONFIG, live=True) as engine, engine.subscribe() as subscription:
        engine.add_root(notes)
        seen: list[object] = []
        while not {Changed, ModelReady} <= {type(event) for event in seen}:
            event = subscription.get(30)
            assert event is not None
            seen.append(event)
        assert Changed(1, 0, 0, 0) in seen


def test_words_are_found_before_the_model_is_there(
    notes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = tmp_path / "library"
    with Engine(library) as engine:
        engine.index([notes])
    loaded = threading.Event()
    step = Warmup._step
    monkeypatch.setattr(Warmup, "_step", lambda self: step(self) if loaded.wait(60) else None)
    with Engine(library, config=CONFIG, live=True) as engine:
        first = engine.search("boat jetty", wait=False)
        assert first.hits
        assert not first.complete
        loaded.set()
        until(lambda: engine.search("boat jetty", wait=False).complete, "the model")


def _activity(engine: Engine) -> str:
    status = engine.status().engine
    assert status is not None
    return status.activity
