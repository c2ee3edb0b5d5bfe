"""What models add: pictures are seen, recordings are heard, answers are written; all of it by real, tiny models."""

from __future__ import annotations

import random
import shutil
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from desktop_rag.engine.engine import Engine
from desktop_rag.errors import ModelError, QueryError
from desktop_rag.models.store.model_store import ModelStore
from desktop_rag.paths import resources_dir
from desktop_rag.types import AnswerEvent, FileState, Finished, Retrieved, TimeSpan, Token
from tests.engine.waiting import until
from tests.tiny.clip import CAPTIONS, draw, tiny_clip
from tests.tiny.gguf import tiny_chat, tiny_embedder, tiny_reranker
from tests.tiny.whisper import tiny_whisper

PICTURES = ("a red circle on white", "a blue square on green", "a yellow triangle on black", "two green crosses on red")
SPEECH = resources_dir() / "samples" / "Media" / "Voice memo 2024-02-19.flac"
SAYS = "We meet at the market hall on Friday."
ANSWER = "The kiln is fired at 1240 degrees [1]. "


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small model of each kind."""
    folder = tmp_path_factory.mktemp("made")
    tiny_chat(folder / "chat.gguf", says=(ANSWER,), context=4096)
    tiny_chat(folder / "talker.gguf", says=("and so on ",), ends=False, context=4096)
    tiny_embedder(folder / "embedder.gguf")
    tiny_reranker(folder / "reranker.gguf")
    tiny_clip(folder / "clip")
    tiny_whisper(folder / "whisper")
    return folder


@pytest.fixture
def model_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelStore:
    """An empty model_store that the program takes for the person's own."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "data"))
    return ModelStore()


@pytest.fixture(autouse=True)
def query_bank(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is everyday to a model that has seen nothing but coloured shapes."""
    others = [caption for caption in CAPTIONS if caption not in PICTURES]
    monkeypatch.setattr("desktop_rag.retrieval.pictures.CAPTIONS", tuple(random.Random(1).sample(others, 64)))


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    for number, caption in enumerate(PICTURES, 1):
        (folder / f"IMG_{number}.png").write_bytes(draw(caption, side=320))
    (folder / "pottery.txt").write_text(
        "The kiln is fired at 1240 degrees. Glaze is mixed on Monday.", encoding="utf-8"
    )
    (folder / "garden.txt").write_text("The roses are pruned in March. The hedge is cut in June.", encoding="utf-8")
    return folder


@pytest.fixture
def engine(tmp_path: Path, files: Path, model_store: ModelStore) -> Iterator[Engine]:  # noqa: ARG001 (first of all)
    with Engine(tmp_path / "library") as opened:
        opened.index([files])
        yield opened


def _name(path: str) -> str:
    return Path(path).name


# --- pictures --------------------------------------------------------------------------------------------------------


def test_pictures_wait_for_a_model_and_are_taken_up_when_it_comes(
    engine: Engine, files: Path, model_store: ModelStore, made: Path
) -> None:
    assert engine.status().waiting == {"image": 4}
    assert engine.status().states == {"indexed": 2, "waiting": 4}
    assert _name(engine.search("IMG_2").hits[0].path) == "IMG_2.png"
    with pytest.raises(ModelError, match="image model"):
        engine.search(like=files / "IMG_1.png", like_kind="image")

    model_store.import_model(made / "clip")
    report = engine.index()
    assert (report.changed, report.unchanged) == (4, 2)
    status = engine.status()
    assert (status.waiting, status.states) == ({}, {"indexed": 6})
    assert "image" in status.models
    for number, caption in enumerate(PICTURES, 1):
        best = engine.search(caption).hits[0]
        assert _name(best.path) == f"IMG_{number}.png", caption
        assert best.why.picture_rank == 1
    assert engine.index().unchanged == 6
    answer = engine.ask("a red circle on white")
    assert answer.mode == "pictures"
    assert _name(answer.citations[0].path) == "IMG_1.png"


def test_a_picture_is_the_question(
    engine: Engine, files: Path, model_store: ModelStore, made: Path, tmp_path: Path
) -> None:
    model_store.import_model(made / "clip")
    engine.index()
    asked = tmp_path / "asked.jpg"
    asked.write_bytes(draw(PICTURES[2], seed=5, side=500, form="JPEG"))
    hits = engine.search(like=asked, like_kind="image").hits
    assert _name(hits[0].path) == "IMG_3.png"
    own = engine.search(like=files / "IMG_3.png").hits
    assert "IMG_3.png" not in {_name(hit.path) for hit in own}
    with pytest.raises(QueryError, match="not a picture"):
        engine.search(like=files / "garden.txt", like_kind="image")


def test_no_kind_drowns_the_others(engine: Engine, files: Path, model_store: ModelStore, made: Path) -> None:
    (files / "shapes.txt").write_text("A red circle is painted on the white wall of the studio.", encoding="utf-8")
    model_store.import_model(made / "clip")
    engine.index()
    hits = engine.search("a red circle on white", limit=3).hits
    assert {"shapes.txt", "IMG_1.png"} <= {_name(hit.path) for hit in hits[:2]}
    assert _name(engine.search("When are the roses pruned?").hits[0].path) == "garden.txt"
    assert _name(engine.search("kiln temperature").hits[0].path) == "pottery.txt"


def test_the_same_picture_smaller_is_not_shown_twice(
    engine: Engine, files: Path, model_store: ModelStore, made: Path
) -> None:
    from PIL import Image

    with Image.open(files / "IMG_1.png") as picture:
        picture.convert("RGB").resize((200, 200)).save(files / "smaller.jpg", quality=80)
    model_store.import_model(made / "clip")
    engine.index()
    hits = engine.search(PICTURES[0], limit=5).hits
    alike = [hit for hit in hits if {_name(path) for path in hit.paths} & {"IMG_1.png", "smaller.jpg"}]
    assert len(alike) == 1
    assert {_name(path) for path in alike[0].paths} == {"IMG_1.png", "smaller.jpg"}


def test_pictures_survive_the_loss_of_chroma(engine: Engine, model_store: ModelStore, made: Path) -> None:
    model_store.import_model(made / "clip")
    engine.index()
    pictures = engine._parts.pictures()
    assert pictures is not None
    assert len(pictures.stored_ids()) == 4
    pictures.remove()
    engine.rebuild()
    assert len(pictures.stored_ids()) == 4
    engine.forget(Path(engine.search(PICTURES[0]).hits[0].path))
    assert len(pictures.stored_ids()) == 3


# --- sound -----------------------------------------------------------------------------------------------------------


def test_what_is_said_is_found_at_its_second(engine: Engine, files: Path, model_store: ModelStore, made: Path) -> None:
    shutil.copy(SPEECH, files / "memo.flac")
    engine.index()
    waiting = engine.why(files / "memo.flac")
    assert waiting.file is not None
    assert waiting.file.state is FileState.WAITING
    assert engine.status().waiting["speech"] == 1

    model_store.import_model(made / "whisper")
    assert engine.index().changed == 1
    assert "speech" not in engine.status().waiting
    (hit, *_) = engine.search(SAYS).hits
    assert _name(hit.path) == "memo.flac"
    assert isinstance(hit.locator, TimeSpan)
    assert 0 <= hit.locator.start_s < hit.locator.end_s <= 21
    asked = engine.search(like=SPEECH, like_kind="audio")
    assert SAYS in asked.question
    assert engine.index().unchanged == 7


def test_what_was_heard_once_is_not_heard_again(
    engine: Engine, files: Path, model_store: ModelStore, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(SPEECH, files / "memo.flac")
    model_store.import_model(made / "whisper")
    engine.index()
    monkeypatch.setattr(engine._parts.scheduler, "use", lambda *_, **__: pytest.fail("a model was asked"))
    assert engine.index([files / "memo.flac"], force=True).changed == 1
    assert SAYS in engine.search(SAYS).hits[0].text


def test_a_running_engine_takes_up_what_waited_when_the_model_comes(
    tmp_path: Path, files: Path, model_store: ModelStore, made: Path
) -> None:
    for path in files.iterdir():
        path.unlink()
    shutil.copy(SPEECH, files / "memo.flac")
    with Engine(tmp_path / "library", live=True) as engine:
        engine.index([files])
        assert engine.status().waiting == {"speech": 1}
        model_store.import_model(made / "whisper")
        until(lambda: not engine.status().waiting, "the recording is heard", within_s=60)
        assert SAYS in engine.search(SAYS).hits[0].text
        installed = model_store.import_model(made / "embedder.gguf")
        until(lambda: engine.status().model == installed.name, "the texts are embedded anew", within_s=60)
        assert _name(engine.search("market hall").hits[0].path) == "memo.flac"


# --- answers ---------------------------------------------------------------------------------------------------------


def test_a_chat_model_answers_with_checked_citations(engine: Engine, model_store: ModelStore, made: Path) -> None:
    model_store.import_model(made / "chat.gguf")
    events: list[AnswerEvent] = []
    answer = engine.listening(on_event=events.append).ask("How hot is the kiln fired?")
    assert answer.mode == "Tiny Chat"
    assert answer.text == ANSWER.strip()
    assert [_name(citation.path) for citation in answer.citations] == ["pottery.txt"]
    assert "1240" in answer.citations[0].quote
    assert [sentence.support for sentence in answer.sentences] == ["supported"]
    assert answer.usage is not None
    assert answer.usage.prompt_tokens > 50
    assert isinstance(events[0], Retrieved)
    assert events[-1] == Finished(answer)
    assert "".join(event.text for event in events if isinstance(event, Token)).strip() == ANSWER.strip()
    assert engine.ask("How hot is the kiln fired?", quote=True).mode == "extractive"


def test_an_answer_with_nothing_behind_it_is_none(engine: Engine, model_store: ModelStore, made: Path) -> None:
    model_store.import_model(made / "chat.gguf")
    answer = engine.ask("When are the roses pruned?", limit=1)
    assert answer.mode == "nothing found"
    assert answer.hits


def test_an_answer_can_be_stopped(engine: Engine, model_store: ModelStore, made: Path) -> None:
    model_store.import_model(made / "talker.gguf")
    stop = threading.Event()
    pieces: list[str] = []

    def hear(event: AnswerEvent) -> None:
        if isinstance(event, Token):
            pieces.append(event.text)
            if len(pieces) == 3:
                stop.set()

    answer = engine.listening(on_event=hear, stop=stop).ask("How hot is the kiln fired?")
    assert answer.stopped
    assert answer.usage is not None
    assert answer.usage.tokens < 100


def test_an_answer_can_be_stopped_while_its_model_is_loaded(
    engine: Engine, model_store: ModelStore, made: Path
) -> None:
    model_store.import_model(made / "chat.gguf")
    stop = threading.Event()
    stop.set()
    answer = engine.listening(stop=stop).ask("How hot is the kiln fired?")
    assert (answer.stopped, answer.text, answer.mode) == (True, "", "Tiny Chat")
    assert answer.hits


def test_a_model_that_dies_costs_its_answer_alone(engine: Engine, model_store: ModelStore, made: Path) -> None:
    model_store.import_model(made / "talker.gguf")

    def kill(event: AnswerEvent) -> None:
        if isinstance(event, Token):
            for child in psutil.Process().children():
                with suppress(psutil.Error):  # one that has just ended by itself
                    if "desktop_rag.models.runtime.child" in child.cmdline():
                        child.kill()

    answer = engine.listening(on_event=kill).ask("How hot is the kiln fired?")
    assert answer.mode == "extractive"
    assert "crashed" in answer.note
    assert "1240" in answer.text
    stop = threading.Event()
    hearing = engine.listening(on_event=lambda event: stop.set() if event else None, stop=stop)
    again = hearing.ask("How hot is the kiln fired?")
    assert again.stopped or again.mode != "extractive"


def test_conversations_are_kept(engine: Engine, model_store: ModelStore, made: Path) -> None:
    model_store.import_model(made / "chat.gguf")
    first = engine.ask("How hot is the kiln fired?", remember=True)
    assert first.conversation is not None
    second = engine.ask("And when is glaze mixed?", conversation=first.conversation)
    assert second.conversation == first.conversation
    (talk,) = engine.conversations()
    assert (talk.title, talk.turns) == ("How hot is the kiln fired?", 2)
    engine.rename_conversation(talk.id, "Pottery")
    assert engine.conversations()[0].title == "Pottery"
    assert [turn.question for turn in engine.turns(talk.id)] == [
        "How hot is the kiln fired?",
        "And when is glaze mixed?",
    ]
    text = engine.export_conversation(talk.id)
    assert "Pottery" in text
    assert "1240" in text
    engine.delete_conversation(talk.id)
    assert engine.conversations() == []
    with pytest.raises(QueryError):
        engine.turns(talk.id)


def test_a_reranking_model_orders_the_passages(engine: Engine, model_store: ModelStore, made: Path) -> None:
    model_store.import_model(made / "reranker.gguf")
    answer = engine.ask("How hot is the kiln fired?", limit=5)
    scores = [hit.score for hit in answer.hits]
    assert scores == sorted(scores, reverse=True)
    assert any(model.role == "reranking" for model in engine._parts.scheduler.loaded())


# --- another embedder ------------------------------------------------------------------------------------------------


def test_another_embedder_takes_over_and_goes_again(
    tmp_path: Path, files: Path, model_store: ModelStore, made: Path
) -> None:
    library = tmp_path / "library"
    with Engine(library) as engine:
        engine.index([files])
        chunks = engine.status().chunks
    installed = model_store.import_model(made / "embedder.gguf")
    with Engine(library) as engine:
        assert engine.status().model == "all-MiniLM-L6-v2"
        assert _name(engine.search("roses pruned").hits[0].path) == "garden.txt"
        report = engine.index()
        assert (report.changed, report.unchanged) == (0, 6)
        assert engine.status().model == installed.name
        assert len(engine._parts.vectors.stored_ids()) == chunks
        assert {path.name for path in library.glob("chroma*")} == {engine._parts.vectors.folder.name}
        (files / "late.txt").write_text("Wool is dyed in October.", encoding="utf-8")
        assert engine.index().new == 1
        assert _name(engine.search("wool dyed").hits[0].path) == "late.txt"
        assert engine.search("wool dyed", mode="dense").hits
    with Engine(library) as engine:
        assert engine.status().model == installed.name
    model_store.remove(installed.name)
    with Engine(library) as engine:
        assert _name(engine.search("wool dyed").hits[0].path) == "late.txt"
        engine.index()
        assert engine.status().model == "all-MiniLM-L6-v2"
        assert engine.search("wool dyed", mode="dense").hits[0].score > 0.3
