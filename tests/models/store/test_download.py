"""Fetching models from a hub: whole, broken off, wrong, refused."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from desktop_rag import offline
from desktop_rag.errors import DiskFull, DownloadFailed, ModelRefused
from desktop_rag.models.store.catalogue import Listed
from desktop_rag.models.store.download import fetch, look_up, look_up_other
from desktop_rag.models.store.model_store import ModelStore, Transfer
from tests.models.hub import Hub, serving
from tests.models.model_files import open_clip_folder, whisper_folder
from tests.tiny.gguf import tiny_chat, tiny_embedder

CHAT = Listed("tiny", "chat", "gguf", "Tiny", "us/tiny-GGUF", ("tiny.gguf",), "MIT", ("en",), 0.1, "cpu")
EARS = Listed(
    "ears", "speech", "ctranslate2", "Ears", "us/ears", ("model.bin", "config.json", "tokenizer.json", "vocabulary.*"),
    "MIT", ("many",), 0.1, "cpu", extras=("preprocessor_config.json", "absent.json"),
)  # fmt: skip


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with serving() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        hub.repositories["us/tiny-GGUF"] = {
            "tiny.gguf": tiny_chat(tmp_path / "source.gguf").read_bytes(),
            "README.md": b"# Tiny",
            "other.gguf": b"GGUF",
        }
        hub.repositories["us/ears"] = files_of(whisper_folder(tmp_path / "source-ears")) | {"1/x.json": b"{}"}
        hub.repositories["us/eyes"] = files_of(open_clip_folder(tmp_path / "source-eyes"))
        yield hub


@pytest.fixture
def model_store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def nothing_placed(model_store: ModelStore) -> bool:
    return not model_store.installed() and not [path for path in model_store.folder.glob("[!.]*") if path.is_dir()]


def test_a_model_is_fetched_checked_and_recorded(hub: Hub, model_store: ModelStore) -> None:
    told: list[Transfer] = []
    offer = look_up(CHAT)
    data = hub.repositories["us/tiny-GGUF"]["tiny.gguf"]
    assert (offer.bytes, offer.endpoint, [file.name for file in offer.files]) == (len(data), hub.address, ["tiny.gguf"])
    assert hub.requests == [], "nothing is fetched before a person agreed"
    model = fetch(offer, model_store, on_transfer=told.append)
    assert Path(model.folder, model.main).read_bytes() == data
    assert (model.name, model.role, model.repository, model.licence) == ("tiny", "chat", "us/tiny-GGUF", "MIT")
    assert model.revision == hub.describe("us/tiny-GGUF")["sha"]
    assert model.files["tiny.gguf"].sha256 == hashlib.sha256(data).hexdigest()
    assert told[-1] == Transfer("tiny.gguf", len(data), len(data))
    assert model_store.chosen("chat") == model
    assert model_store.unfinished() == ()
    model_store.verify("tiny")


def test_a_model_of_several_files_large_and_small(hub: Hub, model_store: ModelStore) -> None:
    offer = look_up(EARS)
    assert {file.name: file.git for file in offer.files} == {
        "model.bin": False,
        "config.json": True,
        "tokenizer.json": True,
        "vocabulary.json": True,
        "preprocessor_config.json": True,
    }
    model = fetch(offer, model_store)
    assert files_of(Path(model.folder)) == {file.name: hub.repositories["us/ears"][file.name] for file in offer.files}


def test_a_download_that_breaks_off_goes_on_where_it_stopped(hub: Hub, model_store: ModelStore) -> None:
    hub.breaks = [3000, 5000, 0, 7000]
    size = len(hub.repositories["us/tiny-GGUF"]["tiny.gguf"])
    fetch(look_up(CHAT), model_store, pauses_s=(0.0,))
    assert [wanted for _, wanted in hub.requests] == [f"bytes={n}-" for n in (0, 3000, 8000, 8000, 15000)]
    assert hub.sent == size, "no byte came twice"


def test_what_came_is_kept_when_it_is_given_up(hub: Hub, model_store: ModelStore) -> None:
    hub.breaks = [3000, 0, 0, 0]
    with pytest.raises(
        DownloadFailed, match=r"connection was lost while downloading tiny\.gguf .*Run the same command again"
    ):
        fetch(look_up(CHAT), model_store, pauses_s=(0.0,))
    assert nothing_placed(model_store)
    assert model_store.unfinished() == (("tiny", 3000),)
    hub.breaks = []
    offer = look_up(CHAT)
    assert offer.bytes_here(model_store.download_folder("tiny")) == 3000
    fetch(offer, model_store)
    assert hub.requests[-1] == ("tiny.gguf", "bytes=3000-")
    assert hub.sent == offer.bytes


def test_files_that_came_whole_are_not_fetched_again(hub: Hub, model_store: ModelStore) -> None:
    hub.instead["vocabulary.json"] = b"[]"
    with pytest.raises(DownloadFailed, match="checksum differs"):
        fetch(look_up(EARS), model_store)
    hub.instead.clear()
    hub.requests.clear()
    fetch(look_up(EARS), model_store)
    assert [file for file, _ in hub.requests] == ["vocabulary.json", "preprocessor_config.json"]


def test_a_part_of_another_version_is_not_gone_on_with(hub: Hub, model_store: ModelStore, tmp_path: Path) -> None:
    hub.breaks = [3000, 0]
    with pytest.raises(DownloadFailed):
        fetch(look_up(CHAT), model_store, pauses_s=())
    hub.breaks = []
    fresh = tiny_chat(tmp_path / "fresh.gguf", seed=99).read_bytes()
    hub.repositories["us/tiny-GGUF"]["tiny.gguf"] = fresh
    model = fetch(look_up(CHAT), model_store)
    assert Path(model.folder, "tiny.gguf").read_bytes() == fresh
    assert hub.requests[-1] == ("tiny.gguf", "bytes=0-")
    assert list(Path(model.folder).iterdir()) == [Path(model.folder, "tiny.gguf")]


def test_a_server_that_cannot_begin_in_the_middle(hub: Hub, model_store: ModelStore) -> None:
    hub.ranges = False
    hub.breaks = [3000]
    model = fetch(look_up(CHAT), model_store, pauses_s=(0.0,))
    assert Path(model.folder, "tiny.gguf").read_bytes() == hub.repositories["us/tiny-GGUF"]["tiny.gguf"]


def test_wrong_bytes_are_deleted_and_nothing_installed(hub: Hub, model_store: ModelStore) -> None:
    data = hub.repositories["us/tiny-GGUF"]["tiny.gguf"]
    hub.instead["tiny.gguf"] = data[:-1] + bytes([data[-1] ^ 1])
    with pytest.raises(DownloadFailed, match=r"tiny\.gguf is not what the hub had announced: its checksum differs"):
        fetch(look_up(CHAT), model_store)
    assert nothing_placed(model_store)
    assert model_store.unfinished() == ()


def test_more_than_was_told_is_not_written(hub: Hub, model_store: ModelStore) -> None:
    hub.instead["tiny.gguf"] = hub.repositories["us/tiny-GGUF"]["tiny.gguf"] * 2
    hub.block = 1000
    with pytest.raises(DownloadFailed, match="sent more of"):
        fetch(look_up(CHAT), model_store)
    assert nothing_placed(model_store)


def test_fewer_bytes_than_told_never_become_a_model(hub: Hub, model_store: ModelStore) -> None:
    hub.instead["tiny.gguf"] = hub.repositories["us/tiny-GGUF"]["tiny.gguf"][:-10]
    with pytest.raises(DownloadFailed, match="The connection was lost while downloading"):
        fetch(look_up(CHAT), model_store, pauses_s=(0.0,))
    assert nothing_placed(model_store)


def test_what_is_no_such_model_is_refused_though_its_checksum_is_right(
    hub: Hub, model_store: ModelStore, tmp_path: Path
) -> None:
    hub.repositories["us/tiny-GGUF"]["tiny.gguf"] = tiny_embedder(tmp_path / "e.gguf").read_bytes()
    with pytest.raises(ModelRefused, match=r"is a text embedding model .* not a chat model"):
        fetch(look_up(CHAT), model_store)
    hub.repositories["us/tiny-GGUF"]["tiny.gguf"] = b"\x80\x04" + bytes(2000)
    with pytest.raises(ModelRefused):
        fetch(look_up(CHAT), model_store)
    assert nothing_placed(model_store)
    assert model_store.unfinished() == ()


@pytest.mark.parametrize("status", [401, 403, 404, 410, 400, 451])
def test_a_refusal_is_said_in_words_and_not_repeated(hub: Hub, model_store: ModelStore, status: int) -> None:
    offer = look_up(CHAT)
    hub.file_status = status
    begun = len(hub.headers)
    with pytest.raises(DownloadFailed, match="us/tiny-GGUF"):
        fetch(offer, model_store)
    assert len(hub.headers) == begun + 1
    hub.status = status
    with pytest.raises(DownloadFailed, match="us/tiny-GGUF"):
        look_up(CHAT)


def test_a_hub_that_is_busy_is_asked_again(hub: Hub, model_store: ModelStore) -> None:
    offer = look_up(CHAT)
    hub.file_status = 503
    with pytest.raises(DownloadFailed, match="answered with 503"):
        fetch(offer, model_store, pauses_s=(0.0, 0.0))
    hub.status = 429
    with pytest.raises(DownloadFailed, match=r"could not be reached .*429"):
        look_up(CHAT)


@pytest.mark.usefixtures("hub")
def test_a_repository_that_is_not_there() -> None:
    with pytest.raises(DownloadFailed, match="us/gone does not exist or is not public"):
        look_up_other("us/gone")
    with pytest.raises(DownloadFailed, match=r"“us/../gone” is not the name of a repository"):
        look_up_other("us/../gone")


@pytest.mark.usefixtures("hub")
def test_a_file_that_is_not_there_any_more() -> None:
    with pytest.raises(DownloadFailed, match=r"us/tiny-GGUF no longer has a file gone\.gguf"):
        look_up(msgspec.structs.replace(CHAT, files=("gone.gguf",)))


@pytest.mark.usefixtures("hub")
def test_no_network_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(DownloadFailed, match=r"http://127\.0\.0\.1:9 could not be reached .*models import"):
        look_up(CHAT)
    for odd in ("ftp://example.org", "huggingface", "https://"):
        monkeypatch.setenv("HF_ENDPOINT", odd)
        with pytest.raises(DownloadFailed, match="” is not the address of a hub"):
            look_up(CHAT)


def test_no_room_is_said_before_anything_is_fetched(
    hub: Hub, model_store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = look_up(CHAT)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 0))
    with pytest.raises(DiskFull, match=r"has only 0\.0 GB free"):
        fetch(offer, model_store)
    assert hub.requests == []


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files")
def test_a_disk_that_fills_up_meanwhile(hub: Hub, model_store: ModelStore) -> None:
    assert len(hub.repositories["us/tiny-GGUF"]["tiny.gguf"]) > 30_000
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, resource.RLIM_INFINITY))\n"
    process = guarded(model_store, limit)
    out, _ = process.communicate(timeout=60)
    assert out.startswith("DiskFull: ")
    assert model_store.unfinished() == (("tiny", 30_000),)
    fetch(look_up(CHAT), model_store)
    assert hub.requests[-1] == ("tiny.gguf", "bytes=30000-")


def test_names_that_lead_elsewhere_are_not_fetched(hub: Hub) -> None:
    for name in ("../../evil.gguf", "sub/evil.gguf", "C:evil.gguf", ".evil.gguf"):
        hub.repositories["us/evil"] = {name: b"GGUF" + bytes(2000)}
        with pytest.raises(ModelRefused, match="does not contain a usable model"):
            look_up_other("us/evil")


@pytest.mark.usefixtures("hub")
def test_other_repositories(model_store: ModelStore) -> None:
    with pytest.raises(DownloadFailed, match=r"has 2 GGUF files\..*one of them: tiny\.gguf, other\.gguf"):
        look_up_other("us/tiny-GGUF")
    with pytest.raises(DownloadFailed, match=r"has no GGUF file called README\.md"):
        look_up_other("us/tiny-GGUF", "README.md")
    model = fetch(look_up_other("us/tiny-GGUF", "tiny.gguf", "chat"), model_store)
    assert (model.name, model.licence, model.role) == ("tiny", "apache-2.0", "chat")
    assert fetch(look_up_other("us/eyes"), model_store).role == "image"
    assert fetch(look_up_other("us/ears", name="mine"), model_store).name == "mine"


def test_only_what_a_person_set_for_it_is_sent(
    hub: Hub, model_store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = Path(os.environ.get("HF_HOME", Path.home() / ".cache" / "huggingface"))
    monkeypatch.setenv("HUGGING_FACE_HUB_TOKEN", "hf_of_another_program")
    fetch(look_up(CHAT), model_store)
    assert all("authorization" not in {name.lower() for name in headers} for headers in hub.headers)
    agents = {headers.get("User-Agent", headers.get("user-agent", "")).partition("/")[0] for headers in hub.headers}
    assert agents == {"desktop-rag"}
    assert not any("torch" in value for headers in hub.headers for value in headers.values())
    assert not (keys / "hub" / "models--us--tiny-GGUF").exists()
    model_store.remove("tiny")
    monkeypatch.setenv("HF_TOKEN", "hf_mine")
    look_up(CHAT)
    assert hub.headers[-1].get("authorization", hub.headers[-1].get("Authorization")) == "Bearer hf_mine"


@pytest.mark.usefixtures("hub")
def test_the_rest_of_the_program_stays_offline(model_store: ModelStore) -> None:
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    fetch(look_up(CHAT), model_store)
    assert before == constants.HF_HUB_OFFLINE
    assert not offline._allowed.get()


GUARDED = """
import sys
from pathlib import Path
from desktop_rag import offline
offline.install()
from desktop_rag.errors import DesktopRagError
from desktop_rag.models.store.download import fetch, look_up
from desktop_rag.models.store.model_store import ModelStore
from tests.models.store.test_download import CHAT
model_store = ModelStore(Path(sys.argv[1]))
try:
    print(fetch(look_up(CHAT), model_store).name, offline.refused(), flush=True)
except KeyboardInterrupt:
    print("stopped", flush=True)
except DesktopRagError as error:
    print(f"{type(error).__name__}: {error}", flush=True)
"""


def guarded(model_store: ModelStore, before: str = "") -> subprocess.Popen[str]:
    """A process of its own, under the guard over connections, that fetches the model."""
    command = [sys.executable, "-c", before + GUARDED, str(model_store.folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.usefixtures("hub")
def test_it_works_under_the_guard(model_store: ModelStore) -> None:
    out, _ = guarded(model_store).communicate(timeout=60)
    assert out == "tiny 0\n"


@pytest.mark.skipif(sys.platform == "win32", reason="sends the signal of Ctrl-C")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_stopped_or_killed_it_goes_on_where_it_was(hub: Hub, model_store: ModelStore, number: int) -> None:
    hub.block, hub.pause_s = 2000, 0.02
    process = guarded(model_store)
    while hub.sent < 20_000:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(number)
    out, _ = process.communicate(timeout=60)
    assert out == ("stopped\n" if number == signal.SIGINT else "")
    assert nothing_placed(model_store)
    ((name, here),) = model_store.unfinished()
    assert name == "tiny"
    assert here > 0
    hub.pause_s = 0.0
    fetch(look_up(CHAT), model_store)
    assert hub.requests[-1] == ("tiny.gguf", f"bytes={here}-")


@pytest.mark.usefixtures("hub")
def test_the_lock_can_be_read_by_a_person(model_store: ModelStore) -> None:
    fetch(look_up(CHAT), model_store)
    lock = json.loads((model_store.folder / "models.lock").read_text(encoding="utf-8"))
    record = lock["models"]["tiny"]
    assert record["repository"] == "us/tiny-GGUF"
    assert len(record["revision"]) == 40
    assert len(record["files"]["tiny.gguf"]["sha256"]) == 64
