"""Files come, change, move and go; libraries are rebuilt, killed and opened again."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from desktop_rag.engine.engine import CATALOG_NAME, VECTORS_NAME, Engine
from desktop_rag.models.onnx.text_embedding import TextEmbedder
from desktop_rag.parsing.worker.sandbox import ParserPool
from desktop_rag.storage.catalog import Catalog


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    for name, text in {
        "kiln.txt": "The kiln reaches twelve hundred degrees after nine hours.",
        "boat.txt": "The boat is moored at the second jetty, behind the fish market.",
        "bees.txt": "Two hives stand on the flat roof and need morning sun.",
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_only_what_changed_is_read(notes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Engine(tmp_path / "library") as engine:
        first = engine.index([notes])
        assert (first.new, first.embedded, first.states) == (3, 3, {"indexed": 3})
        (notes / "boat.txt").write_text("The boat was sold.", encoding="utf-8")
        shutil.move(notes / "kiln.txt", notes / "oven.txt")
        shutil.copy(notes / "bees.txt", notes / "bees copy.txt")
        second = engine.index()
        assert (second.changed, second.moved, second.gone, second.embedded) == (1, 2, 1, 1)
        hit = engine.search("how hot does the kiln get").hits[0]
        assert Path(hit.path).name == "oven.txt"
        assert {Path(path).name for path in engine.search("hives on the roof").hits[0].paths} == {
            "bees.txt", "bees copy.txt",
        }  # fmt: skip
        assert "jetty" not in " ".join(hit.text for hit in engine.search("boat jetty").hits)

        def refuse(*_: Any) -> None:
            raise AssertionError("a parser was started")

        monkeypatch.setattr(ParserPool, "parse_many", refuse)
        third = engine.index()
        assert (third.unchanged, third.new + third.changed + third.gone) == (4, 0)


def test_missing_root_keeps_what_is_known(notes: Path, tmp_path: Path) -> None:
    with Engine(tmp_path / "library") as engine:
        engine.index([notes])
        shutil.move(notes, tmp_path / "elsewhere")
        report = engine.index()
        assert report.missing_roots == (str(notes),)
        assert engine.status().files == 3


def test_forget_takes_files_out(notes: Path, tmp_path: Path) -> None:
    with Engine(tmp_path / "library") as engine:
        engine.index([notes])
        assert engine.forget(notes / "boat.txt") == 1
        assert not [hit for hit in engine.search("jetty").hits if "jetty" in hit.text]
        assert engine.forget(notes) == 2
        assert (engine.status().roots, engine.status().chunks) == ((), 0)
        assert (notes / "bees.txt").exists()


def test_rebuild_restores_chroma_without_a_model(notes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = tmp_path / "library"
    with Engine(library) as engine:
        engine.index([notes])
        before = engine._parts.vectors.query(engine._parts.embedder.embed(["hot oven"])[0], 3)
    shutil.rmtree(library / VECTORS_NAME)
    vector = TextEmbedder().embed(["hot oven"])[0]
    with Engine(library) as engine:
        assert [check.name for check in engine.doctor() if not check.ok] == ["vectors"]
    monkeypatch.setattr(TextEmbedder, "load", lambda _: pytest.fail("the model was loaded"))
    with Engine(library) as engine:
        assert engine.rebuild() == 3
        after = engine._parts.vectors.query(vector, 3)
    assert [number for number, _ in after] == [number for number, _ in before]
    assert [score for _, score in after] == pytest.approx([score for _, score in before], abs=2e-3)


def test_stop_keeps_what_is_done(notes: Path, tmp_path: Path) -> None:
    for number in range(600):
        (notes / f"{number}.txt").write_text(f"Receipt {number} lies in box {number % 7}.", encoding="utf-8")
    stop = threading.Event()
    with Engine(tmp_path / "library") as engine:
        hearing = engine.listening(on_progress=lambda seen: stop.set() if seen.files_done else None, stop=stop)
        report = hearing.index([notes])
        kept = engine.status().files
        assert report.stopped
        assert 0 < kept < 603
        finished = engine.index()
        assert finished.new == 603 - kept
        assert finished.states == {"indexed": 603}


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_killed_while_indexing_leaves_a_sound_library(notes: Path, tmp_path: Path) -> None:
    for number in range(1500):
        (notes / f"{number}.txt").write_text(f"Receipt {number} lies in box {number % 7}.", encoding="utf-8")
    library = tmp_path / "library"
    script = (
        "import sys; from pathlib import Path; from desktop_rag.engine.engine import Engine\n"
        "with Engine(Path(sys.argv[1])) as engine: engine.index([Path(sys.argv[2])])\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(library), str(notes)])
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None and not _files_in(library):
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with Engine(library) as engine:
        assert engine._parts.catalog.check() == []
        assert engine.index([notes]).states == {"indexed": 1503}
        assert [check.name for check in engine.doctor() if not check.ok] == []


def _files_in(library: Path) -> int:
    if not (library / CATALOG_NAME).exists():
        return 0
    try:
        catalog = Catalog(library / CATALOG_NAME, read_only=True)
    except Exception:
        return 0  # it is being made at this moment
    try:
        return catalog.counts()["files"]
    finally:
        catalog.close()


def test_nothing_leaves_the_machine(notes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _, address: called.append(address))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **_: called.append(arguments))
    with Engine(tmp_path / "library") as engine:
        engine.index([notes])
        engine._parts.vectors.query(engine._parts.embedder.embed(["boat"])[0], 2)
        engine.ask("Where is the boat?")
    assert called == []


def test_backup_of_a_live_library_is_restored_whole(notes: Path, tmp_path: Path) -> None:
    file = tmp_path / "library.backup"
    with Engine(tmp_path / "library", live=True) as engine:
        engine.index([notes])
        before = engine.search("hives on the roof").hits
        assert engine.backup(file).files == 3
        (notes / "boat.txt").write_text("The boat was sold.", encoding="utf-8")
        (notes / "bees.txt").unlink()
        engine.index()
        assert "morning sun" not in " ".join(hit.text for hit in engine.search("hives on the roof").hits)
        engine.pause()
        assert engine.restore(file).documents == 3
        assert engine.search("hives on the roof").hits == before
        assert [check.name for check in engine.doctor() if not check.ok] == []
        assert engine.index().gone == 1


def test_chroma_is_mended_after_a_crash_or_when_it_is_gone(notes: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    with Engine(library) as engine:
        engine.index([notes])
        engine._parts.catalog.set_setting("open", "1")
        ids = sorted(engine._parts.vectors.stored_ids())
        engine._parts.vectors.delete(ids[:1])
        engine._parts.vectors.upsert([999_999], engine._parts.embedder.embed(["left by a crash"]))
        engine._parts._note_closing = lambda: None  # type: ignore[method-assign]
        engine._parts._closing.pop_all()  # the process dies here
        engine._parts.vectors.close()
        engine._parts.catalog.close()
        engine._parts.lock.release()
    with Engine(library) as engine:
        engine.index()
        assert sorted(engine._parts.vectors.stored_ids()) == ids
    shutil.rmtree(library / VECTORS_NAME)
    with Engine(library) as engine:
        engine.index()
        assert sorted(engine._parts.vectors.stored_ids()) == ids


@pytest.mark.skipif(sys.platform == "win32", reason="has no such rights")
def test_a_library_is_for_its_owner_alone(notes: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir(mode=0o755)
    (library / "config.toml").write_text("", encoding="utf-8")
    with Engine(library) as engine:
        engine.index([notes])
    for path in (library, *library.rglob("*")):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path
