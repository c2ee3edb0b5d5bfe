"""Makes tiny Whisper models in CTranslate2's form that say what they are told to, whatever they hear.

Their decoder attends to nothing: the position of a token alone decides what comes next. So what is generated is known,
and all that faster_whisper does with it is real: timestamps, alignment, thresholds, languages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDTH = 64
"""Also the number of tokens that are told apart by their position."""
_MELS = 80
_POSITIONS = 448
_FRAMES = 1_500
_MULTILINGUAL = ""
"""CTranslate2 takes a model with this token for one of many languages: of Whisper's, only those have it."""
_SHARP = 3.0
_APART = 17
LANGUAGES = ("en", "zh", "de", "es", "ru", "ko", "fr", "ja", "pt", "it")
"""The first of Whisper's, and one more."""


def tiny_whisper(
    folder: Path,
    said: str = "<|0.00|> We meet at the market hall on Friday.<|2.00|>",
    *,
    language: str = "",
    sharp: float = _SHARP,
    width: int = WIDTH,
    layers: int = 1,
) -> Path:
    """A model in ``folder`` that always says ``said``: words, and times every 0.02 s. With a ``language`` it is one of
    many languages that takes everything for that one. It doubts what it says when it is little ``sharp``.
    ``width`` and ``layers`` are those of its encoder and its decoder; of the tokens at most ``width`` can be said."""
    from ctranslate2.specs import WhisperSpec  # type: ignore[import-untyped]

    words = _tokens(said)
    vocabulary = _vocabulary(words, [_MULTILINGUAL] if language else [])
    ids = {token: index for index, token in enumerate(vocabulary)}
    following = dict(enumerate([*words, "<|endoftext|>"], 2 if language else 0))
    if language:
        following[0] = f"<|{language}|>"
    if max(following) >= width:
        raise ValueError(f"more than {width} tokens")
    heads = max(1, width // 64)
    spec = WhisperSpec(layers, heads, layers, heads)
    chance = np.random.default_rng(7)
    _fill_encoder(spec.encoder, width, chance)
    projection, places = _zeros(len(vocabulary), width), _zeros(_POSITIONS, width)
    for place, token in following.items():
        # Far from the next place's: 8-bit sums of neighbouring products of a token that comes twice would overflow.
        unit = place * _APART % width
        places[place, unit] = 1
        projection[ids[token], unit] = sharp
    _fill_decoder(spec.decoder, projection, places, chance)
    spec.register_vocabulary(vocabulary)
    spec.config.alignment_heads = [[0, 0]]
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = []
    spec.config.lang_ids = [ids[f"<|{code}|>"] for code in LANGUAGES]
    spec.validate()
    folder.mkdir(parents=True, exist_ok=True)
    spec.save(str(folder))
    _write_tokenizer(folder / "tokenizer.json", vocabulary)
    (folder / "preprocessor_config.json").write_text(json.dumps({"feature_size": _MELS}), encoding="utf-8")
    return folder


def _tokens(said: str) -> list[str]:
    """Times and words, each word with the space before it as byte-level tokenizers write it."""
    return [part.replace(" ", "Ġ") for part in re.findall(r"<\|[^|]*\|>| ?[^ <]+", said)]


def _bytes() -> list[str]:
    from tokenizers.pre_tokenizers import ByteLevel

    return sorted(ByteLevel.alphabet())


def _vocabulary(words: Sequence[str], more: Sequence[str]) -> list[str]:
    """Text, special tokens and times, in Whisper's order."""
    text = [*_bytes(), *more, *(word for word in dict.fromkeys(words) if not word.startswith("<|") and len(word) > 1)]
    special = ["<|endoftext|>", "<|startoftranscript|>", *(f"<|{code}|>" for code in LANGUAGES)]
    special += ["<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>"]
    special += ["<|notimestamps|>", *(f"<|{step * 0.02:.2f}|>" for step in range(1501))]
    return [*text, *special]


def _write_tokenizer(path: Path, vocabulary: Sequence[str]) -> None:
    from tokenizers import AddedToken, Tokenizer
    from tokenizers.decoders import ByteLevel as Decoder
    from tokenizers.models import BPE
    from tokenizers.pre_tokenizers import ByteLevel

    tokenizer = Tokenizer(BPE({token: index for index, token in enumerate(vocabulary)}, []))
    tokenizer.pre_tokenizer = ByteLevel(add_prefix_space=False)
    tokenizer.decoder = Decoder()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in vocabulary if token.startswith("<|")])
    tokenizer.save(str(path))


def _fill_encoder(encoder: Any, width: int, chance: np.random.Generator) -> None:
    encoder.conv1.weight = _small(chance, width, _MELS, 3)
    encoder.conv1.bias = _zeros(width)
    encoder.conv2.weight = _small(chance, width, width, 3)
    encoder.conv2.bias = _zeros(width)
    encoder.position_encodings.encodings = _small(chance, _FRAMES, width)
    _fill_norm(encoder.layer_norm, width)
    for layer in encoder.layer:
        _fill_attention(layer.self_attention, width, chance)
        _fill_feed_forward(layer.ffn, width)


def _fill_decoder(
    decoder: Any, projection: NDArray[np.float32], places: NDArray[np.float32], chance: np.random.Generator
) -> None:
    tokens, width = projection.shape
    decoder.embeddings.weight = _zeros(tokens, width)
    decoder.position_encodings.encodings = places
    decoder.projection.weight = projection
    _fill_norm(decoder.layer_norm, width)
    for layer in decoder.layer:
        _fill_attention(layer.self_attention, width, chance)
        _fill_attention(layer.attention, width, chance)
        _fill_feed_forward(layer.ffn, width)


def _fill_attention(attention: Any, width: int, chance: np.random.Generator) -> None:
    """Queries and keys that differ, so that words can be aligned with sound, and values of nothing."""
    _fill_norm(attention.layer_norm, width)
    keys_and_values = np.concatenate([_small(chance, width, width), _zeros(width, width)])
    queries = _small(chance, width, width)
    if len(attention.linear) == 2:  # to itself
        _fill_linear(attention.linear[0], np.concatenate([queries, keys_and_values]))
    else:
        _fill_linear(attention.linear[0], queries)
        _fill_linear(attention.linear[1], keys_and_values)
    _fill_linear(attention.linear[-1], _zeros(width, width))


def _fill_feed_forward(feed_forward: Any, width: int) -> None:
    _fill_norm(feed_forward.layer_norm, width)
    _fill_linear(feed_forward.linear_0, _zeros(4 * width, width))
    _fill_linear(feed_forward.linear_1, _zeros(width, 4 * width))


def _fill_linear(linear: Any, weight: NDArray[np.float32]) -> None:
    linear.weight = weight
    linear.bias = _zeros(len(weight))


def _fill_norm(norm: Any, width: int) -> None:
    norm.gamma = np.ones(width, np.float32)
    norm.beta = _zeros(width)


def _small(chance: np.random.Generator, *shape: int) -> NDArray[np.float32]:
    return chance.normal(0, 0.1, shape).astype(np.float32)


def _zeros(*shape: int) -> NDArray[np.float32]:
    return np.zeros(shape, np.float32)
