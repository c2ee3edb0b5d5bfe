"""How much of a GGUF model fits onto the graphics card, and how long its context can be: arithmetic, nothing is loaded.

What a model takes is estimated from its header: the weights by the size of the file, the attention's memory of the
context (keys and values of each layer, in 16 bits), and room to compute in. The estimates are on the
large side; should one be too small all the same, loading fails, and whoever loads tries again with less.
"""

from __future__ import annotations

from msgspec import Struct

from desktop_rag.errors import NoMemoryForModel
from desktop_rag.messages import say
from desktop_rag.models.llama.gguf_file import GgufHeader

MIB = 1024 * 1024
DESKTOP_BYTES = 512 * MIB
"""Of the card, for what a person looks at meanwhile; what is drawn already is not counted as free."""
SYSTEM_BYTES = 1024 * MIB
"""Of the main memory, for what other programs will want."""
CARD_START_BYTES = 384 * MIB
"""What a process takes of a card before it has loaded anything: CUDA itself and its kernels."""
PROCESS_BYTES = 256 * MIB
FAIR_CONTEXT = 4096
"""Tokens that a context should have before layers are put on the card: sources and answer need as much."""
LEAST_CONTEXT = 1024
_KEY_OR_VALUE = 2
"""Bytes."""
_NUMBER = 4


class Fit(Struct, frozen=True):
    """A way to load a model. ``gpu_layers`` run on the card, all of them when there are more than the model has;
    ``context`` and ``batch`` are in tokens. ``said`` tells a person where it runs, and what was left out."""

    gpu_layers: int
    context: int
    batch: int
    card_bytes: int
    memory_bytes: int
    said: str


def fit_chat(
    header: GgufHeader,
    file_bytes: int,
    card_free: int,
    memory_free: int,
    wanted_context: int,
    *,
    batch: int = 512,
    most_layers: int | None = None,
) -> Fit:
    """The best way to load a model into so many free bytes, of which a reserve for everything else is left alone.

    Best is what has a context of 4,096 tokens (or of all that is wanted, or that the model knows), then the most layers
    on the card, then the longest context. It never gets worse with more memory. ``most_layers`` bounds those on the
    card: 0 is the processor alone.

    Raises ``NoMemoryForModel``.
    """
    known = header.context_length or wanted_context
    longest = max(1, min(wanted_context, known))
    fair = min(FAIR_CONTEXT, longest)
    best: Fit | None = None
    for context in _contexts(longest):
        layers = _most_layers(header, file_bytes, card_free - DESKTOP_BYTES, context, batch)
        if most_layers is not None:
            layers = min(layers, most_layers)
        card, memory = _sizes(header, file_bytes, layers, context, batch)
        if memory > memory_free - SYSTEM_BYTES:
            continue
        found = Fit(layers, context, min(batch, context), card, memory, _said(header, layers, context, longest))
        if best is None or rank(found, fair) > rank(best, fair):
            best = found
    if best is None:
        needed = _sizes(header, file_bytes, 0, min(LEAST_CONTEXT, longest), batch)[1] + SYSTEM_BYTES
        raise NoMemoryForModel(
            say(
                "models.model-needs-about-memory-but-only",
                needed=_gigabytes(needed),
                free=_gigabytes(max(0, memory_free)),
            ),
            say("models.close-other-programs-choose-smaller-model"),
        )
    return best


def rank(fit: Fit, fair: int = FAIR_CONTEXT) -> tuple[int, int, int]:
    """Larger is better."""
    return min(fit.context, fair), fit.gpu_layers, fit.context


def _contexts(longest: int) -> list[int]:
    """Lengths to try: the longest and its halves, and the fair one."""
    found = {longest, min(longest, FAIR_CONTEXT)}
    while (longest := longest // 2) >= LEAST_CONTEXT:
        found.add(longest)
    return sorted(found, reverse=True)


def _most_layers(header: GgufHeader, file_bytes: int, room: int, context: int, batch: int) -> int:
    for layers in range(_all_layers(header), 0, -1):
        if _sizes(header, file_bytes, layers, context, batch)[0] <= room:
            return layers
    return 0


def _all_layers(header: GgufHeader) -> int:
    """llama.cpp counts what follows the last layer (the weights of the vocabulary) as one more."""
    return header.layers + 1


def _sizes(header: GgufHeader, file_bytes: int, layers: int, context: int, batch: int) -> tuple[int, int]:
    """Bytes on the card and in the main memory with so many layers on the card."""
    count = max(1, header.layers)
    weights = -(-file_bytes // (count + 1))
    cache = 2 * _KEY_OR_VALUE * header.kv_heads * header.head_size * context
    on_card = min(layers, count)
    # The numbers between two layers, the scores of the attention, and those of each token of the vocabulary.
    compute = _NUMBER * batch * (8 * header.embedding_length + header.heads * context + header.vocabulary)
    memory = PROCESS_BYTES + compute + file_bytes - layers * weights + (count - on_card) * cache
    if not layers:
        return 0, memory
    return CARD_START_BYTES + compute + layers * weights + on_card * cache, max(PROCESS_BYTES, memory)


def _said(header: GgufHeader, layers: int, context: int, longest: int) -> str:
    if layers >= _all_layers(header):
        where = say("models.all-graphics-card")
    elif layers:
        where = say("models.layers-on-card", layers=layers, all=_all_layers(header))
    else:
        where = say("models.runs-processor")
    if context < longest:
        short = say("models.reads-tokens-time-instead-because-memory", context=context, longest=longest)
        return say("common.two-sentences", first=where, second=short)
    return where


def _gigabytes(size: int) -> str:
    return say("models.gb", size=size / 1e9)
