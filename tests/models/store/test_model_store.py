"""Installing, choosing, checking and removing models."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections import namedtuple
from pathlib import Path

import msgspec
import pytest

from desktop_rag.errors import DiskFull, ModelError, ModelRefused
from desktop_rag.models.installed_model import Installed
from desktop_rag.models.store.model_store import ModelStore, Transfer
from tests.models.model_files import open_clip_folder, whisper_folder
from tests.tiny.gguf import tiny_chat, tiny_embedder


@pytest.fixture
def model_store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


@pytest.fixture
def chat(tmp_path: Path) -> Path:
    return tiny_chat(tmp_path / "Tiny-Chat.Q8_0.gguf")


def left(model_store: ModelStore) -> list[str]:
    """What an installation has left lying about."""
    return [
        str(path)
        for path in model_store.folder.rglob("*")
        if ".incoming" in path.parts and path.suffix != ".lock" and path.name != ".incoming"
    ]


def test_an_empty_shelf(model_store: ModelStore) -> None:
    assert model_store.installed() == ()
    assert model_store.chosen("chat") is None
    assert model_store.stamp() == ()
    assert model_store.unfinished() == ()
    assert not model_store.folder.exists()


def test_a_file_is_copied_and_recorded(model_store: ModelStore, chat: Path) -> None:
    told: list[Transfer] = []
    model = model_store.import_model(chat, on_transfer=told.append)
    assert (model.name, model.role, model.form, model.title) == ("tiny-chat.q8_0", "chat", "gguf", "Tiny Chat")
    assert Path(model.folder, model.main).read_bytes() == chat.read_bytes()
    assert model.files["Tiny-Chat.Q8_0.gguf"].size == model.bytes == chat.stat().st_size
    assert told[-1] == Transfer("Tiny-Chat.Q8_0.gguf", model.bytes, model.bytes)
    assert ModelStore(model_store.folder).installed() == (model,)
    assert model_store.chosen("chat") == model
    assert left(model_store) == []


def test_a_folder_is_copied_without_what_no_model_needs(model_store: ModelStore, tmp_path: Path) -> None:
    image = model_store.import_model(open_clip_folder(tmp_path / "CLIP model"))
    assert image.name == "clip-model"
    assert sorted(path.name for path in Path(image.folder).iterdir()) == sorted(image.files)
    assert "README.md" not in image.files
    speech = model_store.import_model(whisper_folder(tmp_path / "w"), role="speech", name="ears")
    assert model_store.chosen("speech") == speech
    assert model_store.chosen("image") == image


def test_links_in_a_folder_are_followed(model_store: ModelStore, tmp_path: Path) -> None:
    source = open_clip_folder(tmp_path / "blobs")
    linked = tmp_path / "snapshot"
    linked.mkdir()
    for name in ("open_clip_model.safetensors", "open_clip_config.json"):
        (linked / name).symlink_to(source / name)
    model = model_store.import_model(linked)
    assert not any(path.is_symlink() for path in Path(model.folder).iterdir())


def test_the_newest_is_used_until_a_person_chooses(model_store: ModelStore, tmp_path: Path) -> None:
    first = model_store.import_model(tiny_chat(tmp_path / "a.gguf", seed=1))
    second = model_store.import_model(tiny_chat(tmp_path / "b.gguf", seed=2))
    assert first.fingerprint != second.fingerprint
    assert model_store.chosen("chat") == second
    stamp = model_store.stamp()
    model_store.use("chat", "a")
    assert model_store.stamp() != stamp
    third = model_store.import_model(tiny_chat(tmp_path / "c.gguf", seed=3))
    assert model_store.chosen("chat") == first
    model_store.use("chat", None)
    assert model_store.chosen("chat") is None
    model_store.use("chat", "b")
    model_store.remove("b")
    assert model_store.chosen("chat") == third
    with pytest.raises(ModelError, match="No model called “b” is installed"):
        model_store.use("chat", "b")
    with pytest.raises(ModelRefused, match="a is a chat model"):
        model_store.use("embedding", "a")


def test_the_same_model_is_not_kept_twice(model_store: ModelStore, chat: Path, tmp_path: Path) -> None:
    model = model_store.import_model(chat)
    assert model_store.import_model(Path(shutil.copy(chat, tmp_path / "other.gguf"))) == model
    assert model_store.installed() == (model,)
    assert left(model_store) == []
    with pytest.raises(ModelError, match=r"There is already a model called tiny-chat\.q8_0"):
        model_store.import_model(chat)


def test_the_fingerprint_is_that_of_the_contents(model_store: ModelStore, tmp_path: Path) -> None:
    one = model_store.import_model(tiny_embedder(tmp_path / "one.gguf"))
    other = ModelStore(tmp_path / "other").import_model(Path(shutil.copy(tmp_path / "one.gguf", tmp_path / "two.gguf")))
    assert one.fingerprint == other.fingerprint
    assert msgspec.structs.replace(one, role="reranking").fingerprint != one.fingerprint


def test_what_is_refused_leaves_nothing(model_store: ModelStore, chat: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelRefused, match="not a text embedding model"):
        model_store.import_model(chat, role="embedding")
    data = chat.read_bytes()
    (tmp_path / "cut.gguf").write_bytes(data[: len(data) // 2])
    with pytest.raises(ModelRefused, match="cut short"):
        model_store.import_model(tmp_path / "cut.gguf")
    assert model_store.installed() == ()
    assert left(model_store) == []


@pytest.mark.parametrize("name", ["../up", "a/b", "models.lock", ".incoming", "con", "my model", "+x"])
def test_names_that_no_model_can_have(model_store: ModelStore, chat: Path, name: str) -> None:
    with pytest.raises(ModelError, match="cannot be called"):
        model_store.import_model(chat, name=name)


def test_a_folder_of_somebody_elses_is_not_touched(model_store: ModelStore, chat: Path) -> None:
    (model_store.folder / "mine").mkdir(parents=True)
    (model_store.folder / "mine" / "diary").write_text("x", encoding="utf-8")
    with pytest.raises(ModelError, match="There is already a folder called mine"):
        model_store.import_model(chat, name="mine")
    with pytest.raises(ModelError, match="No model called"):
        model_store.remove("mine")
    assert (model_store.folder / "mine" / "diary").exists()


def test_a_changed_file_is_found_and_the_model_not_used(model_store: ModelStore, chat: Path, tmp_path: Path) -> None:
    older = model_store.import_model(tiny_chat(tmp_path / "older.gguf", seed=1))
    model = model_store.import_model(chat)
    model_store.verify(model.name)
    path = Path(model.folder, model.main)
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert model_store.chosen("chat") is not None, "the size is the same: only checking tells"
    stamp = model_store.stamp()
    with pytest.raises(ModelRefused, match=r"Tiny-Chat\.Q8_0\.gguf has changed\..*models remove tiny-chat"):
        model_store.verify(model.name)
    assert model_store.stamp() != stamp
    assert model_store.chosen("chat") == older
    assert model_store.find(model.name).fault
    with pytest.raises(ModelRefused, match="cannot be used"):
        model_store.use("chat", model.name)
    path.write_bytes(data)
    model_store.verify(model.name)
    assert model_store.chosen("chat") == model


def test_a_file_that_is_cut_short_or_gone_shows_at_once(model_store: ModelStore, chat: Path) -> None:
    model = model_store.import_model(chat)
    path = Path(model.folder, model.main)
    path.write_bytes(path.read_bytes()[:100])
    assert model_store.chosen("chat") is None
    assert model_store.installed()[0].fault == "Tiny-Chat.Q8_0.gguf has changed."
    path.unlink()
    assert model_store.installed()[0].fault == "Tiny-Chat.Q8_0.gguf is missing."
    with pytest.raises(ModelRefused, match="missing"):
        model_store.verify(model.name)
    assert model_store.import_model(chat).fault == "", "it can be put back under its name"
    assert model_store.chosen("chat") is not None
    assert left(model_store) == []


def test_removing(model_store: ModelStore, chat: Path) -> None:
    model = model_store.import_model(chat)
    model_store.remove(model.name)
    assert model_store.installed() == ()
    assert not Path(model.folder).exists()
    assert left(model_store) == []
    with model_store.staging("half") as folder:
        (folder / "x.part").write_bytes(b"1234")
    assert model_store.unfinished() == (("half", 4),)
    model_store.remove("half")
    assert model_store.unfinished() == ()


def test_no_room_is_said_before_anything_is_copied(
    model_store: ModelStore, chat: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9 - 10**8, 10**8))
    with pytest.raises(DiskFull, match=r"has only 0\.1 GB free"):
        model_store.import_model(chat)
    assert left(model_store) == []


def test_what_a_crash_left_is_swept_away_and_what_is_under_way_is_not(model_store: ModelStore, chat: Path) -> None:
    crashed = model_store.folder / ".incoming" / "+old"
    crashed.mkdir(parents=True)
    (crashed / "half.gguf").write_bytes(b"x")
    with model_store.staging("+busy") as busy:
        (busy / "half.gguf").write_bytes(b"x")
        model_store.import_model(chat)
        assert (busy / "half.gguf").exists()
        with pytest.raises(ModelError, match="Another process"), ModelStore(model_store.folder).staging("+busy"):
            pass
        (busy / "half.gguf").unlink()
    assert left(model_store) == []


def test_a_crash_between_record_and_files_is_mended_by_installing_again(model_store: ModelStore, chat: Path) -> None:
    model = model_store.import_model(chat)
    shutil.rmtree(model.folder)
    assert model_store.chosen("chat") is None
    assert model_store.import_model(chat).fingerprint == model.fingerprint
    assert len(model_store.installed()) == 1


def test_several_at_once(model_store: ModelStore, tmp_path: Path) -> None:
    files = [tiny_chat(tmp_path / f"m{number}.gguf", seed=number) for number in range(4)]
    code = (
        "import sys; from pathlib import Path; from desktop_rag.models.store.model_store import ModelStore\n"
        "ModelStore(Path(sys.argv[1])).import_model(Path(sys.argv[2]))"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code, str(model_store.folder), str(file)]) for file in files[:2]
    ]
    threads = [threading.Thread(target=ModelStore(model_store.folder).import_model, args=(file,)) for file in files[2:]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [process.wait(60) for process in processes] == [0, 0]
    assert {model.name for model in model_store.installed()} == {"m0", "m1", "m2", "m3"}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"models": {"a": 3}}'])
def test_a_damaged_lock_is_named(model_store: ModelStore, text: str) -> None:
    model_store.folder.mkdir()
    (model_store.folder / "models.lock").write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=r"models\.lock is damaged"):
        model_store.installed()


@pytest.mark.parametrize(("name", "file"), [("../up", "a"), ("a", "../../.ssh/id_rsa"), ("a", "/etc/passwd")])
def test_a_lock_that_leads_elsewhere_is_refused(model_store: ModelStore, chat: Path, name: str, file: str) -> None:
    model = model_store.import_model(chat, name="a")
    record = next(iter(model.files.values()))
    bad = msgspec.structs.replace(model, name=name, files={file: record})
    (model_store.folder / "models.lock").write_bytes(msgspec.json.encode({"models": {name: bad}}))
    with pytest.raises(ModelError, match="names files that do not belong to it"):
        model_store.remove(name)


def test_the_record_travels(model_store: ModelStore, chat: Path) -> None:
    model = model_store.import_model(chat)
    assert msgspec.json.decode(msgspec.json.encode(model), type=Installed) == model
