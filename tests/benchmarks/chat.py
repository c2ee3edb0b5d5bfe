"""What our way of running a language model costs over llama.cpp by itself, and what a second turn saves."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from desktop_rag.models.llama.chat import ProcessChat
from desktop_rag.models.llama.llm import LlamaSettings, open_model
from desktop_rag.models.llama.messages import ChatEnd, ChatMessage, ChatPiece
from desktop_rag.models.runtime.process import ModelProcess
from tests.benchmarks.report import Section, Target
from tests.tiny.gguf import tiny_chat

TITLE = "A language model's answers"
FIRST_TOKEN = 1.05
SPEED = 0.97
SECOND_TURN = 0.3
_CONTEXT = 2_048
_THREADS = 1
"""The fewer, the less other work of the machine disturbs the comparison."""


class Answered(NamedTuple):
    """Seconds to the first text, and tokens a second after it."""

    first_s: float
    tokens_per_s: float


def measure(section: Section) -> None:
    """Rows for the same prompts by llama-cpp-python and by us, and for two turns over the same sources.

    The model repeats two words, whatever it reads: its weights do not matter for how long it takes. It is small, so
    that what surrounds it shows.
    """
    rounds, tokens = (2, 16) if section.quick else (9, 128)
    with tempfile.TemporaryDirectory(prefix="desktop-rag-bench-") as folder:
        path = tiny_chat(
            Path(folder) / "model.gguf", says=(" on", " and"), ends=False, context=_CONTEXT, dim=512, layers=8,
            vocabulary=32_000,
        )  # fmt: skip
        settings = LlamaSettings(str(path), "chat", context=_CONTEXT, threads=_THREADS)
        prompts = [_messages(round_, passages=6) for round_ in range(rounds)]
        process = ModelProcess("desktop_rag.models.llama.llm", settings)
        try:
            chat = ProcessChat(process, "benchmark")
            process.load()
            _overhead(section, chat, settings, prompts, tokens)
            _second_turn(section, chat, rounds)
        finally:
            process.close()


def _overhead(
    section: Section, chat: ProcessChat, settings: LlamaSettings, prompts: Sequence[Sequence[ChatMessage]], tokens: int
) -> None:
    import llama_cpp

    with_ours: Any = open_model(settings)  # in this process, to cut the prompts into tokens for the other
    ids = [with_ours.prompt_tokens(with_ours.template.pieces(prompt)) for prompt in prompts]
    with_ours.close()
    bare = llama_cpp.Llama(
        settings.path, n_ctx=settings.context, n_batch=settings.batch, n_ubatch=settings.batch, n_threads=_THREADS,
        n_threads_batch=_THREADS, verbose=False,
    )  # fmt: skip
    _bare(bare, ids[0], 4)  # warm
    _ours(chat, prompts[0], 4)
    theirs, ours = [], []
    for prompt, part in zip(prompts[1:], ids[1:], strict=True):  # in turn: other work of the machine slows both
        theirs.append(_bare(bare, part, tokens))
        ours.append(_ours(chat, prompt, tokens))
    bare.close()
    first = [statistics.median(answered.first_s for answered in answers) for answers in (theirs, ours)]
    speed = [statistics.median(answered.tokens_per_s for answered in answers) for answers in (theirs, ours)]
    section.add(
        f"{len(ids[0]):,} tokens read",
        {"llama.cpp ms": first[0] * 1000, "ours ms": first[1] * 1000, "ours / llama.cpp": first[1] / first[0]},
        Target("ours / llama.cpp", FIRST_TOKEN, below=True),
        note="to the first token; ours in its own process, with template and checks",
    )
    section.add(
        f"{tokens} tokens written",
        {"llama.cpp tokens/s": speed[0], "ours tokens/s": speed[1], "ours / llama.cpp": speed[1] / speed[0]},
        Target("ours / llama.cpp", SPEED),
    )


def _second_turn(section: Section, chat: ProcessChat, rounds: int) -> None:
    ratios, cached = [], []
    for round_ in range(rounds):
        messages = _messages(1_000 + round_, passages=6)
        text, first = _collect(chat, messages, 24)
        again = [*messages, ChatMessage("assistant", text), ChatMessage("user", "And what did the others say of it?")]
        _, second = _collect(chat, again, 4)
        ratios.append(second.first_token_s / first.first_token_s)
        cached.append(second.cached_tokens / second.prompt_tokens)
    section.add(
        "second turn over the same sources",
        {"second / first": statistics.median(ratios), "prompt known already": statistics.median(cached)},
        Target("second / first", SECOND_TURN, below=True),
        note="time to the first token",
    )


def _messages(seed: int, passages: int) -> list[ChatMessage]:
    """A prompt about ``passages`` passages; no two seeds have a beginning in common."""
    sources = "\n\n".join(
        f"Source {number}: "
        + " ".join(f"w{(seed * 7919 + number * 104_729 + word * 31) % 31_000}q" for word in range(40))
        for number in range(1, passages + 1)
    )
    return [
        ChatMessage("system", f"{seed}: answer from the sources.\n\n{sources}"),
        ChatMessage("user", "Who paid the invoice?"),
    ]


def _bare(model: Any, tokens: list[int], count: int) -> Answered:
    start = time.perf_counter()
    first, made = 0.0, 0
    for _piece in model.create_completion(tokens, max_tokens=count, temperature=0.0, stream=True):
        first = first or time.perf_counter()
        made += 1
    return Answered(first - start, (made - 1) / (time.perf_counter() - first))


def _ours(chat: ProcessChat, messages: Sequence[ChatMessage], count: int) -> Answered:
    start = time.perf_counter()
    first, made = 0.0, 0
    for piece in chat.stream(messages, max_tokens=count, markers=6):
        first = first or time.perf_counter()
        made += isinstance(piece, ChatPiece)
    return Answered(first - start, (made - 1) / (time.perf_counter() - first))


def _collect(chat: ProcessChat, messages: Sequence[ChatMessage], count: int) -> tuple[str, ChatEnd]:
    *pieces, end = chat.stream(messages, max_tokens=count, markers=6)
    assert isinstance(end, ChatEnd)
    return "".join(piece.text for piece in pieces if isinstance(piece, ChatPiece)), end
