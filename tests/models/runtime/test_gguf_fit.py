"""What fits is arithmetic: never more than there is, and never less with more."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop_rag.errors import NoMemoryForModel
from desktop_rag.models.llama.gguf_file import GgufHeader
from desktop_rag.models.runtime.gguf_fit import DESKTOP_BYTES, FAIR_CONTEXT, SYSTEM_BYTES, Fit, fit_chat, rank

GB = 10**9
PLENTY = 64 * GB

headers = st.builds(
    GgufHeader,
    architecture=st.just("llama"),
    metadata=st.just({}),
    lengths=st.just({}),
    tensor_bytes=st.just(0),
    layers=st.integers(0, 80),
    context_length=st.sampled_from([0, 512, 2048, 4096, 32_768]),
    embedding_length=st.sampled_from([384, 2048, 5120]),
    heads=st.integers(1, 64),
    kv_heads=st.integers(1, 16),
    head_size=st.sampled_from([64, 128, 256]),
    vocabulary=st.sampled_from([32_000, 151_936]),
    pooling=st.just(""),
    chat_template=st.just(""),
)
sizes = st.integers(0, 30 * GB)
contexts = st.sampled_from([512, 1024, 4096, 6000, 8192, 32_768])


def _seven_billion(**changes: Any) -> GgufHeader:
    """The shape of a model of seven thousand million weights with grouped keys (that of Mistral 7B)."""
    shape: dict[str, Any] = {
        "layers": 32, "context_length": 32_768, "embedding_length": 4096, "heads": 32, "kv_heads": 8, "head_size": 128,
        "vocabulary": 32_000,
    }  # fmt: skip
    return GgufHeader("llama", {}, {}, 0, pooling="", chat_template="", **shape | changes)


def _fit(header: GgufHeader, *means: int, **options: Any) -> Fit | None:
    try:
        return fit_chat(header, *means, **options)
    except NoMemoryForModel:
        return None


@given(header=headers, size=sizes, card=sizes, memory=sizes, context=contexts)
def test_never_more_than_there_is(header: GgufHeader, size: int, card: int, memory: int, context: int) -> None:
    fit = _fit(header, size, card, memory, context)
    if fit is None:
        assert memory < size + 40 * GB
        return
    assert fit.memory_bytes + SYSTEM_BYTES <= memory
    assert (fit.card_bytes == 0) == (fit.gpu_layers == 0)
    assert not fit.card_bytes or fit.card_bytes + DESKTOP_BYTES <= card
    assert 0 <= fit.gpu_layers <= header.layers + 1
    assert 1 <= fit.context <= context
    assert fit.context <= (header.context_length or context)
    assert fit.batch <= fit.context


@given(header=headers, size=sizes, card=sizes, memory=sizes, more=sizes, context=contexts)
def test_never_less_with_more(header: GgufHeader, size: int, card: int, memory: int, more: int, context: int) -> None:
    fair = min(FAIR_CONTEXT, context, header.context_length or context)
    before = _fit(header, size, card, memory, context)
    for after in (
        _fit(header, size, card + more, memory, context),
        _fit(header, size, card, memory + more, context),
    ):
        if before is not None:
            assert after is not None
            assert rank(after, fair) >= rank(before, fair)


@pytest.mark.parametrize(
    ("card", "layers", "context", "words"),
    [
        (24 * GB, 33, 8192, "It runs entirely on the graphics card."),
        (8 * GB, 33, 8192, "It runs entirely on the graphics card."),
        (6 * GB, 31, 4096, "31 of its 33 layers run on the graphics card, the rest on the processor. It reads"),
        (GB, 0, 8192, "It runs on the processor."),
        (0, 0, 8192, "It runs on the processor."),
    ],
)
def test_a_model_of_four_gigabytes_on_usual_cards(card: int, layers: int, context: int, words: str) -> None:
    fit = fit_chat(_seven_billion(), 4_370_000_000, card, PLENTY, 8192)
    assert (fit.gpu_layers, fit.context) == (layers, context)
    assert fit.said.startswith(words)


def test_the_context_gives_way_before_the_layers() -> None:
    fit = fit_chat(_seven_billion(), 4_370_000_000, 6_600_000_000, PLENTY, 32_768)
    assert fit.gpu_layers == 33
    assert FAIR_CONTEXT <= fit.context < 32_768
    assert f"It reads {fit.context:,} tokens at a time instead of 32,768" in fit.said


def test_fewer_layers_when_asked() -> None:
    assert fit_chat(_seven_billion(), 4_370_000_000, 24 * GB, PLENTY, 8192, most_layers=16).gpu_layers == 16
    assert fit_chat(_seven_billion(), 4_370_000_000, 24 * GB, PLENTY, 8192, most_layers=0).card_bytes == 0


def test_what_fits_nowhere_is_said_with_numbers() -> None:
    with pytest.raises(NoMemoryForModel, match=r"needs about \d+\.\d GB of memory, but only 4\.0 GB is free"):
        fit_chat(_seven_billion(), 40 * GB, 0, 4 * GB, 8192)
