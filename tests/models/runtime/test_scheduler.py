"""Which models are in memory, when, and where: real processes, on a machine that says what memory it has."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from desktop_rag.errors import ModelCrashed, ModelError, ModelRefused, ModelStopped, NoMemoryForModel
from desktop_rag.models.hardware import Card, Machine
from desktop_rag.models.installed_model import FileRecord, Installed
from desktop_rag.models.llama import llm
from desktop_rag.models.llama.messages import ChatMessage, ChatPiece
from desktop_rag.models.requests import ModelRole
from desktop_rag.models.runtime import scheduler as scheduler_module
from desktop_rag.models.runtime import slot
from desktop_rag.models.runtime.memory_planner import Kind, MemoryPlan, Planner, Room, Where
from desktop_rag.models.runtime.scheduler import Loaded, ModelScheduler
from desktop_rag.models.runtime.slot import ModelSlot
from desktop_rag.models.store.model_store import ModelStore
from desktop_rag.types import Problem
from tests.models.echo_model import Misbehave, Settings, Variable, Word
from tests.tiny.gguf import tiny_chat, tiny_embedder, tiny_reranker

GB = 10**9
PATIENCE_S = 30.0
ROLES: tuple[ModelRole, ...] = ("chat", "image", "speech", "ocr")


class FakeMachine:
    """A machine that measures nothing: what is free is what the scheduler does not count as taken."""

    def __init__(self, card_bytes: int, memory_bytes: int) -> None:
        self.card_bytes = card_bytes
        self.memory_bytes = memory_bytes

    def __call__(self) -> Machine:
        card = Card("Fake", self.card_bytes, self.card_bytes, "1", (8, 6), "GPU-fake")
        return Machine((card,) if self.card_bytes else (), self.memory_bytes, self.memory_bytes, 2)


class FakeModelStore:
    """Models of the sizes given, in bytes. How one loads is its licence."""

    def __init__(self, **sizes: int) -> None:
        self.models: dict[str, Installed] = {}
        for role, size in sizes.items():
            self.install(role, size)  # type: ignore[arg-type]

    def install(self, role: ModelRole, size: int, name: str = "", loading: str = "", mark: str = "") -> None:
        name = name or role
        self.models[role] = Installed(
            name, role, "gguf", name.title(), f"/models/{name}", "weights", {"weights": FileRecord(name, size)},
            licence=loading, repository=mark,
        )  # fmt: skip

    def chosen(self, role: ModelRole) -> Installed | None:
        return self.models.get(role)


def _planner(installed: Installed | None, threads: int) -> Planner:
    size = installed.bytes if installed else GB
    settings = Settings(installed.name if installed else "ocr", installed.licence if installed else "")
    settings = replace(settings, mark=installed.repository if installed else "")

    def plan(room: Room, failed: MemoryPlan | None) -> MemoryPlan | None:
        if failed is None and size <= room.card_bytes:
            return _plan("card", size, 0, (2,), room.card)
        if failed is not None and failed.where == "processor":
            return None
        if size > room.memory_bytes:
            raise NoMemoryForModel("It is too large.")
        return _plan("processor", 0, size, (1,), "")

    def _plan(where: Where, card_bytes: int, memory_bytes: int, rank: tuple[int, ...], card: str) -> MemoryPlan:
        said = f"{where} with {threads} threads"
        return MemoryPlan(replace(settings, where=where), where, card_bytes, memory_bytes, rank, said, card)

    return plan


Open = Callable[..., ModelScheduler]


@pytest.fixture
def control() -> Iterator[Open]:
    opened: list[ModelScheduler] = []

    def control(
        model_store: FakeModelStore,
        card: int = 0,
        memory: int = 8 * GB,
        machine: FakeMachine | None = None,
        **options: Any,
    ) -> ModelScheduler:
        kinds = {role: Kind("tests.models.echo_model", _planner) for role in ROLES}
        opened.append(
            ModelScheduler(model_store, machine or FakeMachine(card, memory), threads=2, kinds=kinds, **options)
        )
        return opened[-1]

    yield control
    for scheduler in opened:
        scheduler.close()


def _word(scheduler: ModelScheduler, role: ModelRole, *, urgent: bool = False) -> str:
    with scheduler.use(role, urgent=urgent) as process:
        (word,) = process.ask(Word())
        return str(word)


def _where(scheduler: ModelScheduler) -> dict[str, str]:
    return {model.role: model.where for model in scheduler.loaded()}


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_what_is_used_is_loaded_and_stays(control: Open, tmp_path: Path) -> None:
    scheduler = control(FakeModelStore(chat=GB), card=4 * GB, log_dir=tmp_path / "logs")
    assert scheduler.loaded() == ()
    with scheduler.use("chat", urgent=True) as process:
        assert list(process.ask(Variable("CUDA_VISIBLE_DEVICES"))) == ["GPU-fake"]
        first = process.pid
    with scheduler.use("chat") as process:
        assert process.pid == first
    (loaded,) = scheduler.loaded()
    assert loaded.bytes > GB
    assert replace(loaded, bytes=0) == Loaded("chat", "Chat", "card", 0, "card with 2 threads")
    scheduler.close()
    assert scheduler.loaded() == ()
    assert "chatter" in (tmp_path / "logs" / "model-chat.log").read_text()


def test_a_model_on_the_processor_sees_no_card(control: Open) -> None:
    scheduler = control(FakeModelStore(chat=4 * GB), card=2 * GB)
    with scheduler.use("chat") as process:
        assert list(process.ask(Variable("CUDA_VISIBLE_DEVICES"))) == ["-1"]
    assert _where(scheduler) == {"chat": "processor"}


def test_without_a_model_the_hint_says_where_from(control: Open) -> None:
    scheduler = control(FakeModelStore())
    with pytest.raises(ModelError, match=r"No speech model is installed\..*models download"):
        _word(scheduler, "speech")
    assert _word(scheduler, "ocr") == "ocr"
    assert [model.name for model in scheduler.loaded()] == ["text recognition model"]


def test_another_choice_is_loaded_at_the_next_use(control: Open) -> None:
    model_store = FakeModelStore(chat=GB)
    scheduler = control(model_store)
    assert _word(scheduler, "chat") == "chat"
    model_store.install("chat", 2 * GB, "larger")
    assert _word(scheduler, "chat") == "larger"
    assert [model.name for model in scheduler.loaded()] == ["Larger"]


def test_the_one_idle_the_longest_makes_room(control: Open) -> None:
    scheduler = control(FakeModelStore(chat=3 * GB, image=2 * GB, speech=2 * GB), card=6 * GB, memory=3 * GB)
    for role in ("chat", "image", "chat", "speech"):
        _word(scheduler, role)
    assert _where(scheduler) == {"chat": "card", "speech": "card"}


def test_nothing_is_put_away_that_would_not_help(control: Open) -> None:
    scheduler = control(FakeModelStore(chat=5 * GB, image=2 * GB, speech=3 * GB), card=4 * GB, memory=6 * GB)
    _word(scheduler, "image")
    _word(scheduler, "chat")  # is too large for the card, whoever leaves it
    assert _where(scheduler) == {"image": "card", "chat": "processor"}
    _word(scheduler, "speech")  # wants the card, and nothing of the memory
    assert _where(scheduler) == {"speech": "card", "chat": "processor"}


def test_indexing_takes_the_place_of_a_question_only_if_there_is_no_other(control: Open) -> None:
    scheduler = control(FakeModelStore(chat=3 * GB, image=2 * GB, speech=3 * GB), memory=4 * GB)
    _word(scheduler, "chat", urgent=True)
    _word(scheduler, "image")
    assert _where(scheduler) == {"image": "processor"}
    _word(scheduler, "speech", urgent=True)
    assert _where(scheduler) == {"speech": "processor"}


def test_what_is_in_memory_stays_when_memory_becomes_short(control: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slot, "REPLAN_AFTER_S", 0.0)
    machine = FakeMachine(4 * GB, 4 * GB)
    scheduler = control(FakeModelStore(chat=3 * GB, image=3 * GB), machine=machine)
    with scheduler.use("chat", urgent=True):
        with scheduler.use("image") as process:
            pid = process.pid
        machine.memory_bytes = -GB
        with scheduler.use("image") as process:
            assert process.pid == pid
    assert _where(scheduler) == {"chat": "card", "image": "processor"}


def test_what_is_in_use_stays_and_the_next_makes_do(control: Open) -> None:
    scheduler = control(FakeModelStore(chat=3 * GB, image=3 * GB, speech=6 * GB), card=4 * GB, memory=4 * GB)
    with scheduler.use("chat", urgent=True):
        _word(scheduler, "image")
        assert _where(scheduler) == {"chat": "card", "image": "processor"}
        with pytest.raises(NoMemoryForModel):
            _word(scheduler, "speech")
    assert isinstance(scheduler.fault("speech"), NoMemoryForModel)
    assert scheduler.fault("chat") is None


def test_a_question_waits_for_the_room_that_indexing_holds(control: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    scheduler = control(FakeModelStore(chat=3 * GB, image=3 * GB), card=4 * GB, memory=4 * GB)
    said: list[str] = []
    asking = threading.Thread(target=lambda: said.append(_word(scheduler, "chat", urgent=True)))
    with scheduler.use("image") as process:
        pid = process.pid
        asking.start()
        _until(lambda: scheduler._pressing == 1)
        assert process.alive
        indexing = threading.Thread(target=_word, args=(scheduler, "image"))
        indexing.start()
    asking.join(PATIENCE_S)
    indexing.join(PATIENCE_S)
    assert said == ["chat"]
    with scheduler.use("image") as process:
        assert process.pid != pid
    # It was asked just now, so indexing leaves it where it is; for a while.
    assert _where(scheduler) == {"chat": "card", "image": "processor"}
    monkeypatch.setattr(scheduler_module, "_ASKED_LATELY_S", 0.0)
    _word(scheduler, "image")
    assert _where(scheduler) == {"chat": "card", "image": "processor"}
    monkeypatch.setattr(slot, "REPLAN_AFTER_S", 0.0)
    _word(scheduler, "image")
    assert _where(scheduler) == {"image": "card"}


def test_questions_come_first(control: Open) -> None:
    scheduler = control(FakeModelStore(chat=GB))
    order: list[str] = []

    def index() -> None:
        with scheduler.use("chat"):
            order.append("indexing")

    def ask() -> None:
        with scheduler.use("chat", urgent=True):
            order.append("question")

    with scheduler.use("chat", urgent=True):
        indexing = threading.Thread(target=index)
        indexing.start()
        asking = threading.Thread(target=ask)
        asking.start()
        asking.join(PATIENCE_S)
        assert order == ["question"]  # at the same time; what indexes waits
    indexing.join(PATIENCE_S)
    assert order == ["question", "indexing"]


def test_idle_models_are_put_away_in_time(control: Open) -> None:
    scheduler = control(FakeModelStore(chat=GB, image=GB), idle_s=0.2)
    with scheduler.use("image"):
        _word(scheduler, "chat")
        _until(lambda: _where(scheduler) == {"image": "processor"})
    _until(lambda: not scheduler.loaded())
    assert _word(scheduler, "chat") == "chat"


@pytest.mark.parametrize("error", [RuntimeError("x"), OSError(5, "x"), KeyError("x"), MemoryError()], ids=repr)
def test_idle_models_are_unloaded_after_an_error(
    control: Open, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    problems: list[Problem] = []
    errors: list[BaseException] = []
    unload = ModelSlot.unload

    def failing(self: ModelSlot) -> None:
        if errors:
            raise errors.pop()
        unload(self)

    scheduler = control(FakeModelStore(chat=GB), idle_s=0.2, report=problems.append)
    monkeypatch.setattr(ModelSlot, "unload", failing)
    with scheduler.use("chat"):
        errors.append(error)
    _until(lambda: not scheduler.loaded())
    assert [problem.code for problem in problems] == ["bug"]
    assert _word(scheduler, "chat") == "chat"


def test_what_finds_no_memory_is_loaded_with_less(control: Open) -> None:
    model_store = FakeModelStore(image=GB)
    model_store.install("chat", GB, loading="no memory on the card")
    scheduler = control(model_store, card=4 * GB)
    _word(scheduler, "image")
    assert _word(scheduler, "chat") == "chat"
    assert _where(scheduler) == {"chat": "processor"}  # what was idle went first
    assert scheduler.fault("chat") is None


def test_what_never_finds_memory_says_so(control: Open) -> None:
    model_store = FakeModelStore()
    model_store.install("chat", GB, loading="no memory")
    scheduler = control(model_store, card=4 * GB)
    for _ in range(2):
        with pytest.raises(NoMemoryForModel, match="There is no room"):
            _word(scheduler, "chat")
    assert isinstance(scheduler.fault("chat"), NoMemoryForModel)
    model_store.install("chat", GB, "other")
    assert scheduler.fault("chat") is None
    assert _word(scheduler, "chat") == "other"


def test_memory_that_runs_out_at_work_means_less_the_next_time(control: Open) -> None:
    scheduler = control(FakeModelStore(chat=GB), card=4 * GB)
    with pytest.raises(NoMemoryForModel), scheduler.use("chat") as process:
        list(process.ask(Misbehave("cuda")))
    assert scheduler.loaded() == ()
    assert _word(scheduler, "chat") == "chat"
    assert _where(scheduler) == {"chat": "processor"}


def test_a_model_that_crashes_on_the_card_goes_to_the_processor(control: Open) -> None:
    scheduler = control(FakeModelStore(chat=GB), card=4 * GB)
    for _ in range(2):
        _word(scheduler, "chat")
        assert _where(scheduler) == {"chat": "card"}
        with pytest.raises(ModelCrashed), scheduler.use("chat") as process:
            list(process.ask(Misbehave("crash")))
    assert _word(scheduler, "chat") == "chat"
    assert _where(scheduler) == {"chat": "card"}


def test_a_model_that_fails_on_the_card_goes_to_the_processor_and_says_why(control: Open) -> None:
    model_store = FakeModelStore()
    model_store.install("chat", GB, loading="no driver for the card")
    scheduler = control(model_store, card=4 * GB)
    assert _word(scheduler, "chat") == "chat"
    (loaded,) = scheduler.loaded()
    assert loaded.where == "processor"
    assert "The graphics card is not used: The driver is too old." in loaded.said
    assert scheduler.fault("chat") is None


def test_whoever_waits_for_a_model_to_load_can_stop(control: Open) -> None:
    model_store = FakeModelStore()
    model_store.install("chat", GB, loading="for ever")
    scheduler = control(model_store)
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    with pytest.raises(ModelStopped), scheduler.use("chat", urgent=True, cancelled=stop):
        pass
    assert (scheduler.loaded(), scheduler.fault("chat")) == ((), None)
    model_store.install("chat", GB)
    assert _word(scheduler, "chat") == "chat"


def test_whoever_waits_for_room_can_stop(control: Open) -> None:
    scheduler = control(FakeModelStore(chat=3 * GB, image=3 * GB), card=4 * GB, memory=4 * GB)
    stop = threading.Event()
    with scheduler.use("image"):
        threading.Timer(0.5, stop.set).start()
        with pytest.raises(ModelStopped), scheduler.use("chat", urgent=True, cancelled=stop):
            pass
    assert _word(scheduler, "chat") == "chat"


def test_one_crash_while_loading_is_tried_again_and_two_set_it_aside(control: Open, tmp_path: Path) -> None:
    model_store = FakeModelStore()
    model_store.install("image", GB, loading="crash once", mark=str(tmp_path / "image"))
    model_store.install("chat", GB, loading="crash", mark=str(tmp_path / "chat"))
    scheduler = control(model_store, card=4 * GB)
    assert _word(scheduler, "image") == "image"
    assert _where(scheduler) == {"image": "processor"}
    for _ in range(2):
        with pytest.raises(ModelError, match="disabled"):
            _word(scheduler, "chat")
    assert (tmp_path / "chat").read_text().count("loaded") == 2
    assert "disabled" in str(scheduler.fault("chat"))
    scheduler.retry("chat")
    assert scheduler.fault("chat") is None
    with pytest.raises(ModelError, match="disabled"):
        _word(scheduler, "chat")
    assert (tmp_path / "chat").read_text().count("loaded") == 4


def test_a_refused_model_is_a_fault_of_its_own(control: Open) -> None:
    model_store = FakeModelStore(image=GB)
    model_store.install("chat", GB, loading="refuse")
    scheduler = control(model_store)
    with pytest.raises(ModelRefused):
        _word(scheduler, "chat")
    assert isinstance(scheduler.fault("chat"), ModelRefused)
    assert _word(scheduler, "image") == "image"


def test_closing_ends_what_is_in_use_and_who_waits(control: Open) -> None:
    scheduler = control(FakeModelStore(chat=GB))
    problems: list[ModelError] = []

    def index() -> None:
        with pytest.raises(ModelError) as caught:
            _word(scheduler, "chat")
        problems.append(caught.value)

    with scheduler.use("chat", urgent=True) as process:
        indexing = threading.Thread(target=index)
        indexing.start()
        scheduler.close()
        assert not process.alive
        indexing.join(PATIENCE_S)
    assert len(problems) == 1
    with pytest.raises(ModelError, match="unloaded"):
        _word(scheduler, "chat")


def test_installed_models_for_real(tmp_path: Path) -> None:
    model_store = ModelStore(tmp_path / "models")
    model_store.import_model(tiny_chat(tmp_path / "chat.gguf", says=("Good", " day", ".")), "chat")
    model_store.import_model(tiny_embedder(tmp_path / "embedder.gguf"), "embedding")
    model_store.import_model(tiny_reranker(tmp_path / "reranker.gguf"), "reranking")
    scheduler = ModelScheduler(model_store, FakeMachine(0, 8 * GB), threads=1)
    try:
        with scheduler.use("chat", urgent=True) as process:
            replies = list(process.ask(llm.Complete((ChatMessage("user", "Hello"),))))
        assert "".join(reply.text for reply in replies if isinstance(reply, ChatPiece)) == "Good day."
        with scheduler.use("embedding") as process:
            assert len(b"".join(process.ask(llm.Embed(("a cat", "a dog"))))) == 2 * 64 * 4
        with scheduler.use("reranking") as process:
            (scores,) = process.ask(llm.Rerank("a cat", ("a dog", "a mat")))
            assert all(0.0 <= score <= 1.0 for score in scores)
        assert _where(scheduler) == dict.fromkeys(("chat", "embedding", "reranking"), "processor")
        model_store.use("chat", None)
        with pytest.raises(ModelError, match="No chat model"), scheduler.use("chat"):
            pass
    finally:
        scheduler.close()


def test_many_threads_and_little_room(control: Open) -> None:
    scheduler = control(FakeModelStore(chat=2 * GB, image=2 * GB, speech=2 * GB), card=0, memory=4 * GB)
    problems: list[BaseException] = []

    def work(role: ModelRole, urgent: bool) -> None:
        try:
            for _ in range(4):
                assert _word(scheduler, role, urgent=urgent) == role
        except NoMemoryForModel:  # all room was in use at that moment
            pass
        except BaseException as error:
            problems.append(error)

    uses: list[tuple[ModelRole, bool]] = [("chat", True), ("image", False), ("speech", False), ("image", True)]
    threads = [threading.Thread(target=work, args=use) for use in uses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
    assert problems == []
    assert len(scheduler.loaded()) <= 2
