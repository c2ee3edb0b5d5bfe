"""Chat templates that never end, in real processes: refused when a model is installed, and no question waits for them.

Some hold Python up in C, where no thread of the process can do anything about it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from desktop_rag.errors import ModelRefused
from desktop_rag.models.llama.llm import Complete, DescribeLlama, LlamaSettings
from desktop_rag.models.llama.messages import ChatEnd, ChatMessage
from desktop_rag.models.runtime.process import ModelProcess
from desktop_rag.models.store.checks import examine
from desktop_rag.models.store.model_store import ModelStore
from desktop_rag.models.template_check import check_template
from tests.tiny.gguf import CHATML, tiny_chat

ROUNDS = "{{ 5|round(-2000000000) }}"
LOOPS = (
    "{% for a in range(4000) %}{% for b in range(4000) %}{% for c in range(4000) %}{% endfor %}{% endfor %}{% endfor %}"
)
TRICKY = "{% if messages|length == 2 %}{{ messages|length|round(-2000000000) }}{% endif %}" + CHATML
QUESTION = (ChatMessage("system", "Be brief."), ChatMessage("user", "Who?"))


@pytest.mark.parametrize("template", [ROUNDS, LOOPS, CHATML + ROUNDS], ids=["rounds", "loops", "rounds at the end"])
def test_a_template_that_never_ends_is_refused(template: str) -> None:
    with pytest.raises(ModelRefused, match="chat template takes longer than"):
        check_template(template)


@pytest.mark.parametrize(
    "template",
    [CHATML, "", "{% if", "{{ range(10**12)|list }}", "{{ 'a' * 10**12 }}", "{{ ''.__class__ }}", "{{ 9 * '9' * 10 }}"],
)
def test_one_that_only_fails_gives_way_to_a_common_form(template: str) -> None:
    check_template(template)


def test_a_model_with_such_a_template_is_not_installed(tmp_path: Path) -> None:
    path = tiny_chat(tmp_path / "evil.gguf", template=CHATML + ROUNDS)
    with pytest.raises(ModelRefused, match="takes longer"):
        examine(path)
    model_store = ModelStore(tmp_path / "models")
    with pytest.raises(ModelRefused, match="takes longer"):
        model_store.import_model(path)
    assert model_store.installed() == ()


@pytest.fixture
def tricky(tmp_path: Path) -> Iterator[ModelProcess]:
    """A model whose template behaves while it is tried, and never ends once it is asked a question."""
    path = tiny_chat(tmp_path / "tricky.gguf", says=("Hello",), template=TRICKY)
    process = ModelProcess("desktop_rag.models.llama.llm", LlamaSettings(str(path), "chat", threads=1), name="Tricky")
    yield process
    process.close()


def test_a_question_ends_with_an_error_and_the_next_one_is_answered(tricky: ModelProcess) -> None:
    check_template(TRICKY)
    with pytest.raises(ModelRefused, match="takes longer"):
        list(tricky.ask(Complete(QUESTION)))
    assert not tricky.alive
    *_, end = tricky.ask(Complete(QUESTION[1:]))
    assert isinstance(end, ChatEnd)


def test_it_is_ended_even_when_nobody_waits_for_it_any_more(tricky: ModelProcess) -> None:
    tricky.load()
    pid, cancelled = tricky.pid, threading.Event()
    threading.Timer(0.5, cancelled.set).start()
    assert list(tricky.ask(Complete(QUESTION), cancelled)) == []
    assert pid is not None
    with suppress(psutil.NoSuchProcess):
        psutil.Process(pid).wait(120)
    deadline = time.monotonic() + 30
    while tricky.alive and time.monotonic() < deadline:  # its end is noted a moment after it
        time.sleep(0.01)
    assert not tricky.alive
    assert [description.name for description in tricky.ask(DescribeLlama())] == ["Tiny Chat"]


def test_a_model_that_was_installed_before_does_not_hang_when_it_is_loaded(tmp_path: Path) -> None:
    path = tiny_chat(tmp_path / "evil.gguf", template=ROUNDS + CHATML)
    process = ModelProcess("desktop_rag.models.llama.llm", LlamaSettings(str(path), "chat", threads=1), name="Evil")
    with pytest.raises(ModelRefused, match="takes longer"):
        process.load()
    assert process.pid is None
