"""Where a model runs, and with which settings, given the room there is: on the card, on the processor, or on both.

Sizes are estimates on the large side: a model is given less only when an estimate was too small all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from msgspec import Struct

from desktop_rag.messages import say
from desktop_rag.models.hardware import Machine
from desktop_rag.models.installed_model import Installed
from desktop_rag.models.llama.gguf_file import read_header
from desktop_rag.models.requests import ModelRole
from desktop_rag.models.runtime.gguf_fit import CARD_START_BYTES, DESKTOP_BYTES, LEAST_CONTEXT, MIB, fit_chat, rank

Where = Literal["card", "processor", "both"]

CHAT_CONTEXT = 8192
"""Tokens of sources, conversation and answer; more takes memory and time that few questions repay."""
_PASSAGE_CONTEXT = 1024
"""Tokens of a passage, or of a question and a passage, for an embedder or reranker: several times those of a chunk."""
_PICTURES_BYTES = 768 * MIB
"""What open_clip and torch take besides the weights, for a batch of pictures."""
_PICTURES = 32
_SPEECH_BYTES = 768 * MIB
_OCR_BYTES = 512 * MIB
_HALF_SINCE = (7, 0)
"""Compute capability of the cards that are quicker with 16 bits: Volta and later."""


class Room(Struct, frozen=True):
    """What is free, in bytes, of the main memory and of the card on which most is."""

    card_bytes: int
    memory_bytes: int
    card: str = ""
    """Its name for CUDA; "" without a card."""
    compute_capability: tuple[int, int] = (0, 0)


class MemoryPlan(Struct, frozen=True):
    """Settings of a model, and what it is expected to take. Of two plans the one with the larger ``rank`` is better."""

    settings: Struct
    where: Where
    card_bytes: int
    memory_bytes: int
    rank: tuple[int, ...]
    said: str
    card: str = ""


Planner = Callable[[Room, MemoryPlan | None], MemoryPlan | None]
"""Makes the best plan for a room; after a plan that took more than there was a smaller one, or None if there is none.
Raises ``NoMemoryForModel``."""


def room_for(
    machine: Machine,
    held: Sequence[MemoryPlan],
    given: Sequence[MemoryPlan],
    own: MemoryPlan | None,
    *,
    with_card: bool,
) -> Room:
    """The room for a model among others, on the card with the most: as measured, and by what ours were counted on to
    take, whichever is less.

    ``held`` are the plans of the other models in memory; those of ``given``, which are among them, are to make room.
    ``own`` is the plan by which the model itself is in memory now.
    """
    leaving = [*given, own] if own is not None else given
    memory = sum(plan.memory_bytes for plan in leaving) + machine.free_memory_bytes
    kept = sum(plan.memory_bytes for plan in held) - sum(plan.memory_bytes for plan in given)
    best = Room(0, min(memory, machine.memory_bytes - kept))
    for card in machine.cards if with_card else ():
        free = sum(plan.card_bytes for plan in leaving if plan.card == card.uuid) + card.free_bytes
        kept = sum(plan.card_bytes for plan in held if plan.card == card.uuid)
        kept -= sum(plan.card_bytes for plan in given if plan.card == card.uuid)
        free = min(free, card.total_bytes - kept)
        if free > best.card_bytes:
            best = Room(free, best.memory_bytes, card.uuid, card.compute_capability)
    return best


class Kind(NamedTuple):
    """What loads the models of a role: a module, and what plans for it, given the model and the number of threads."""

    module: str
    planner: Callable[[Installed | None, int], Planner]


def _gguf(role: Literal["chat", "embedding", "reranking"]) -> Callable[[Installed | None, int], Planner]:
    wanted, batch = (CHAT_CONTEXT, 512) if role == "chat" else (_PASSAGE_CONTEXT, _PASSAGE_CONTEXT)

    def planner(installed: Installed | None, threads: int) -> Planner:
        from desktop_rag.models.llama.llm import LlamaSettings

        assert installed is not None
        path = Path(installed.folder) / installed.main
        header = read_header(path)

        def plan(room: Room, failed: MemoryPlan | None) -> MemoryPlan | None:
            longest, most_layers = wanted, None
            if failed is not None:
                assert isinstance(failed.settings, LlamaSettings)
                longest, most_layers = failed.settings.context, failed.settings.gpu_layers // 2
                if not failed.settings.gpu_layers:
                    longest //= 2
                    if longest < min(LEAST_CONTEXT, header.context_length or wanted):
                        return None
            fit = fit_chat(
                header, installed.bytes, room.card_bytes, room.memory_bytes, longest,
                batch=batch, most_layers=most_layers,
            )  # fmt: skip
            where: Where = "processor" if not fit.gpu_layers else "card" if fit.gpu_layers > header.layers else "both"
            settings = LlamaSettings(str(path), role, fit.context, fit.gpu_layers, fit.batch, threads)
            said = (
                fit.said
                if failed is None
                else say("common.two-sentences", first=fit.said, second="It was given less, as memory ran out.")
            )
            return MemoryPlan(settings, where, fit.card_bytes, fit.memory_bytes, rank(fit), said, room.card)

        return plan

    return planner


def _placed(
    room: Room, failed: MemoryPlan | None, on_card: tuple[Struct, int], on_processor: tuple[Struct, int]
) -> MemoryPlan | None:
    """The whole model on the card if it fits, or else on the processor. Each is given as settings and bytes."""
    settings, size = on_card
    if failed is None and room.card and size + DESKTOP_BYTES <= room.card_bytes:
        return MemoryPlan(settings, "card", size, _PICTURES_BYTES, (1,), say("models.graphics-card"), room.card)
    if failed is not None and failed.where == "processor":
        return None
    settings, size = on_processor
    if not room.card:
        said = say("models.runs-processor")
    elif failed is None:
        said = say("models.runs-processor-no-room")
    else:
        said = say("models.runs-processor-memory-ran-out")
    return MemoryPlan(settings, "processor", 0, size, (0,), said)


def _image(installed: Installed | None, threads: int) -> Planner:
    from desktop_rag.models.vision.image_embedding import ImageModelSettings

    assert installed is not None
    folder, weights = installed.folder, installed.files[installed.main].size

    def plan(room: Room, failed: MemoryPlan | None) -> MemoryPlan | None:
        card = ImageModelSettings(folder, "cuda", room.compute_capability >= _HALF_SINCE, threads, _PICTURES)
        processor = ImageModelSettings(folder, "cpu", False, threads, _PICTURES)
        on_card = CARD_START_BYTES + weights + _PICTURES_BYTES
        return _placed(room, failed, (card, on_card), (processor, weights + _PICTURES_BYTES))

    return plan


def _speech(installed: Installed | None, threads: int) -> Planner:
    from desktop_rag.models.speech.whisper import WhisperSettings

    assert installed is not None
    folder, weights = installed.folder, installed.files[installed.main].size

    def plan(room: Room, failed: MemoryPlan | None) -> MemoryPlan | None:
        form = "float16" if room.compute_capability >= _HALF_SINCE else "int8"
        card = WhisperSettings(folder, device="cuda", compute_type=form, threads=threads)
        processor = WhisperSettings(folder, device="cpu", compute_type="int8", threads=threads)
        on_card = CARD_START_BYTES + weights + _SPEECH_BYTES
        return _placed(room, failed, (card, on_card), (processor, weights + _SPEECH_BYTES))

    return plan


def _ocr(installed: Installed | None, threads: int) -> Planner:  # noqa: ARG001 (a planner as the others)
    from desktop_rag.models.vision.ocr import OcrSettings

    def plan(room: Room, failed: MemoryPlan | None) -> MemoryPlan | None:  # noqa: ARG001
        if failed is not None:
            return None
        return MemoryPlan(OcrSettings(threads), "processor", 0, _OCR_BYTES, (0,), say("models.runs-processor"))

    return plan


KINDS: dict[ModelRole, Kind] = {
    "chat": Kind("desktop_rag.models.llama.llm", _gguf("chat")),
    "embedding": Kind("desktop_rag.models.llama.llm", _gguf("embedding")),
    "reranking": Kind("desktop_rag.models.llama.llm", _gguf("reranking")),
    "image": Kind("desktop_rag.models.vision.image_embedding", _image),
    "speech": Kind("desktop_rag.models.speech.whisper", _speech),
    "ocr": Kind("desktop_rag.models.vision.ocr", _ocr),
}
