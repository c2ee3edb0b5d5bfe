"""From a model's stream to a checked answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from desktop_rag.answering.generate import CUT_SHORT, LONGEST, generate
from desktop_rag.answering.respond import NOTHING, NOTHING_TEXT
from desktop_rag.errors import ModelCrashed
from desktop_rag.models.llama.chat import ChatModel, ProcessChat
from desktop_rag.models.llama.llm import open_model
from desktop_rag.models.llama.loaded_model import LlamaSettings
from desktop_rag.models.onnx.text_embedding import TextEmbedder
from desktop_rag.retrieval.analysis import analyze_text
from desktop_rag.types import Answer, AnswerEvent, Finished, Hit, Retrieved, Token
from tests.answering.passages import FakeChat, hit, turn
from tests.tiny.gguf import tiny_chat

EMBEDDER = TextEmbedder()
QUESTION = "When was the bridge built?"
BRIDGE = hit("Ferries ran before. The bridge was built in 1904 of local stone.", 1, score=0.9)
MILL = hit("A mill stood by the river until 1880.", 2, score=0.4)


def ask(chat: ChatModel, *hits: Hit, asked: str = QUESTION, cancelled: threading.Event | None = None) -> Any:
    events: list[AnswerEvent] = []
    answer = generate(
        QUESTION, analyze_text(asked), hits or (BRIDGE, MILL), [], chat, embed=EMBEDDER.embed, on_event=events.append,
        cancelled=cancelled or threading.Event(), began=time.monotonic(),
    )  # fmt: skip
    return answer, events


def test_an_answer_is_streamed_checked_and_cited() -> None:
    chat = FakeChat("\n ", "The bridge was ", "built in 1904 [1]", ". A mill stood by the river until 1880 [2].\n")
    answer, events = ask(chat)
    assert answer.text == "The bridge was built in 1904 [1]. A mill stood by the river until 1880 [2]."
    assert [sentence.support for sentence in answer.sentences] == ["supported", "supported"]
    assert [citation.path for citation in answer.citations] == ["/files/1.txt", "/files/2.txt"]
    assert "built in 1904" in answer.citations[0].quote
    assert answer.mode == "Fake"
    assert answer.hits == (BRIDGE, MILL)
    assert answer.confidence > 0.5
    assert not answer.stopped
    assert isinstance(events[0], Retrieved)
    assert events[0].hits == (BRIDGE, MILL)
    assert "".join(event.text for event in events if isinstance(event, Token)).startswith("The bridge was built")
    assert events[-1] == Finished(answer)
    assert (chat.markers, chat.settings) == (2, (0.0, 0, ()))


def test_what_it_took_is_told() -> None:
    answer, _ = ask(FakeChat("The bridge was built in 1904 [1]."))
    assert answer.usage is not None
    assert (answer.usage.model, answer.usage.prompt_tokens, answer.usage.cached_tokens) == ("Fake", 10, 4)
    assert answer.usage.first_token_s > 0


@pytest.mark.parametrize(
    "said",
    [
        "Your files do not say.", "Ihre Dateien sagen dazu nichts.", "I don't know.", "", "Sure!",
        "Photosynthesis turns light into sugar [1]. Plants need the sugar to grow quickly.",
    ],
)  # fmt: skip
def test_an_answer_with_nothing_behind_it_becomes_a_plain_no(said: str) -> None:
    answer, _ = ask(FakeChat(said))
    assert (answer.text, answer.mode, answer.citations) == (NOTHING_TEXT, NOTHING, ())
    assert answer.hits == (BRIDGE, MILL)


def test_part_of_an_answer_may_be_unknown() -> None:
    answer, _ = ask(FakeChat("The bridge was built in 1904 [1]. The passages do not mention the price."))
    assert [sentence.support for sentence in answer.sentences] == ["supported", "none"]


def test_invented_figures_are_named() -> None:
    answer, _ = ask(FakeChat("The bridge was built in 1905 of local stone [1]."))
    assert answer.sentences[0].unseen == ("1905",)
    assert answer.sentences[0].support == "weak"


def test_a_stopped_answer_is_what_there_is_of_it() -> None:
    answer, events = ask(FakeChat("The bridge was built in 1904 [1]. ", "Nobody", "knows", stop_after=2),
                         cancelled=threading.Event())  # fmt: skip
    assert answer.stopped
    assert answer.text.startswith("The bridge was built in 1904 [1]. Nobody")
    assert events[-1] == Finished(answer)
    nothing, _ = ask(FakeChat("The", stop_after=0))
    assert (nothing.text, nothing.stopped, nothing.mode) == ("", True, "Fake")


def test_an_answer_that_was_cut_says_so() -> None:
    answer, _ = ask(FakeChat("The bridge was built in 1904 [1].", *[" "] * LONGEST))
    assert answer.note == CUT_SHORT


def test_without_a_passage_no_model_is_asked() -> None:
    chat = FakeChat("Yes.")
    empty = hit("", 3)
    answer, events = ask(chat, empty)
    assert (answer.mode, answer.hits, chat.asked) == (NOTHING, (empty,), [])
    assert [type(event) for event in events] == [Retrieved, Finished]


def test_a_model_that_fails_is_heard_of() -> None:
    with pytest.raises(ModelCrashed):
        ask(FakeChat("The", fault=ModelCrashed("It died.", "Try again.")))


def test_a_completed_question_is_shown() -> None:
    chat = FakeChat("It was built in 1904 [1].")
    _, events = ask(chat, asked="When was the old bridge built?")
    assert isinstance(events[0], Retrieved)
    assert events[0].asked == "When was the old bridge built?"
    assert "In full: When was the old bridge built?" in chat.asked[0][-1].content


class FakeProcess:
    """Answers requests with a model in this process."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def ask(self, request: Any, cancelled: threading.Event | None = None) -> Iterator[Any]:
        yield from request.perform(self.model, cancelled or threading.Event())


def test_a_real_model_answers_from_a_real_prompt(tmp_path: Path) -> None:
    says = ("The", " bridge", " was", " built", " in 1904", " [2", "].")
    path = tiny_chat(tmp_path / "model.gguf", says=says, context=4096)
    chat = ProcessChat(FakeProcess(open_model(LlamaSettings(str(path), "chat", context=4096, threads=1))), "Tiny")
    answer, events = ask(chat, MILL, BRIDGE)
    assert answer.text == "The bridge was built in 1904 [1]."
    assert answer.citations[0].path == "/files/1.txt"
    assert answer.usage is not None
    assert answer.usage.prompt_tokens > 300
    assert answer.usage.tokens == len(says)
    again: Sequence[Any] = [turn(QUESTION, answer.text, answer.hits)]
    follow = generate(
        "How was the bridge built?", analyze_text("How was the bridge built?"), [BRIDGE, MILL], again, chat,
        embed=EMBEDDER.embed, on_event=events.append, cancelled=threading.Event(), began=time.monotonic(),
    )  # fmt: skip
    assert isinstance(follow, Answer)
    assert follow.usage is not None
    assert follow.usage.cached_tokens > 0.6 * answer.usage.prompt_tokens
