"""Makes tiny GGUF models that llama.cpp loads in milliseconds: a chat model, an embedder and a reranker.

Their weights come from a seed. A chat model with random weights says nonsense that depends on every token before it,
which shows whether what it remembers is right; one told what to say has no attention, and each token calls the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from numpy.typing import NDArray

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_CONTROL = ("<s>", "</s>", "<|im_start|>", "<|im_end|>")
_WORDS = (
    "the", "cat", "dog", "sat", "on", "mat", "system", "user", "assistant", "what", "is", "who", "of", "a", "boat",
    "red", "green", "invoice", "paid", "answer", "question",
)  # fmt: skip
_PIECES = ("[1", "[12", "[2]", "1]", "2].", "12", "].", " [", " [1", "a[b", "[]", "[x]", "]]", "[[", "é", "日")
_SPACE = "\N{LOWER ONE EIGHTH BLOCK}"


def tiny_chat(
    path: Path,
    *,
    says: Sequence[str] = (),
    ends: bool = True,
    template: str | None = CHATML,
    context: int = 512,
    dim: int = 64,
    layers: int = 2,
    vocabulary: int = 0,
    space_prefix: bool = False,
    seed: int = 7,
) -> Path:
    """Write a chat model of the llama architecture with a SentencePiece vocabulary that falls back to bytes.

    ``says`` are distinct texts, each a token of its own; a prompt that ends in a newline is answered with them, one
    after the other, and then the end, or the same again where it never ``ends``. Without, the weights are random.
    ``vocabulary`` pads the vocabulary to that size.
    """
    tokens, kinds = _sentencepiece(says)
    for number in range(len(tokens), vocabulary):
        tokens.append(f"{_SPACE}w{number}q")
        kinds.append(gguf.TokenType.NORMAL)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("Tiny Chat")
    _add_shape(writer, context, dim, layers, 2 * dim)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(_head_size(dim))
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    # The longer a piece, the sooner it is put together.
    writer.add_token_scores([float(len(token)) if kind == gguf.TokenType.NORMAL else 0.0
                             for token, kind in zip(tokens, kinds, strict=True)])  # fmt: skip
    writer.add_token_types(kinds)
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(tokens.index("<s>"))
    writer.add_eos_token_id(tokens.index("<|im_end|>"))
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(space_prefix)
    if template is not None:
        writer.add_chat_template(template)
    random = np.random.default_rng(seed)
    embedding = _normal(random, len(tokens), dim, scale=1.0)
    output = _normal(random, len(tokens), dim, scale=1.0)
    scale = 0.0 if says else 1.0 / np.sqrt(dim)
    if says:
        # Directions of their own for the tokens that call another, so that none is mistaken for its neighbour.
        said = [tokens.index(_spell(text)) for text in says]
        chain = [tokens.index("<0x0A>"), *said, tokens.index("<|im_end|>") if ends else said[0]]
        if len(chain) > dim:
            raise ValueError("more to say than the model has dimensions")
        embedding[:] = 0.01 * embedding
        output[:] = 0.0
        for number, (here, there) in enumerate(pairwise(chain)):
            embedding[here] = np.eye(1, dim, number)
            output[there, number] = 5.0
    writer.add_tensor("token_embd.weight", embedding)
    writer.add_tensor("output_norm.weight", np.ones(dim, np.float32))
    writer.add_tensor("output.weight", output)
    for layer in range(layers):
        block = f"blk.{layer}"
        writer.add_tensor(f"{block}.attn_norm.weight", np.ones(dim, np.float32))
        writer.add_tensor(f"{block}.ffn_norm.weight", np.ones(dim, np.float32))
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            writer.add_tensor(f"{block}.{name}.weight", _normal(random, dim, dim, scale=2 * scale))
        for name in ("ffn_gate", "ffn_up"):
            writer.add_tensor(f"{block}.{name}.weight", _normal(random, 2 * dim, dim, scale=scale))
        writer.add_tensor(f"{block}.ffn_down.weight", _normal(random, dim, 2 * dim, scale=scale))
    return _written(writer, path)


def tiny_embedder(path: Path, *, context: int = 128, dim: int = 64, seed: int = 7) -> Path:
    """Write an embedder of the BERT architecture that adds up words: those that two texts share bring them together."""
    writer, random = _bert(path, "Tiny Embedder", context, dim, gguf.PoolingType.MEAN, seed)
    _add_bert_layers(writer, random, layers=1, dim=dim, scale=0.0)
    return _written(writer, path)


def tiny_reranker(path: Path, *, context: int = 128, dim: int = 64, seed: int = 7) -> Path:
    """Write a reranker of the BERT architecture with random weights."""
    writer, random = _bert(path, "Tiny Reranker", context, dim, gguf.PoolingType.RANK, seed)
    _add_bert_layers(writer, random, layers=2, dim=dim, scale=3.0 / np.sqrt(dim))
    writer.add_tensor("cls.weight", _normal(random, dim, dim, scale=1.0 / np.sqrt(dim)))
    writer.add_tensor("cls.bias", np.zeros(dim, np.float32))
    writer.add_tensor("cls.output.weight", _normal(random, 1, dim, scale=1.0))
    writer.add_tensor("cls.output.bias", np.zeros(1, np.float32))
    return _written(writer, path)


def _sentencepiece(says: Sequence[str]) -> tuple[list[str], list[int]]:
    tokens = ["<unk>", *_CONTROL, *(f"<0x{byte:02X}>" for byte in range(256))]
    kinds = [gguf.TokenType.UNKNOWN, *[gguf.TokenType.CONTROL] * len(_CONTROL), *[gguf.TokenType.BYTE] * 256]
    # SentencePiece puts a word together from its left, so it needs all that it begins with.
    words = [word[:size] for plain in _WORDS for word in (plain, f" {plain}") for size in range(2, len(word) + 1)]
    for text in dict.fromkeys([*says, *map(chr, range(32, 127)), *words, *_PIECES]):
        if text in tokens:  # a byte or control token to be said
            continue
        tokens.append(_spell(text))
        kinds.append(gguf.TokenType.NORMAL)
    return tokens, [int(kind) for kind in kinds]


def _spell(text: str) -> str:
    return text.replace(" ", _SPACE)


def _bert(
    path: Path, name: str, context: int, dim: int, pooling: gguf.PoolingType, seed: int
) -> tuple[gguf.GGUFWriter, np.random.Generator]:
    """A writer that has all but the layers, and the generator of the weights."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = [chr(code) for code in range(33, 127) if not chr(code).isupper()]
    words = [f"{_SPACE}{word}" for word in dict.fromkeys([*letters, *_WORDS])]
    tokens = [*special, *words, *letters]
    writer = gguf.GGUFWriter(path, "bert")
    writer.add_name(name)
    _add_shape(writer, context, dim, 1 if pooling == gguf.PoolingType.MEAN else 2, 2 * dim)
    writer.add_layer_norm_eps(1e-12)
    writer.add_causal_attention(False)
    writer.add_pooling_type(pooling)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("bert")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * len(tokens))
    kinds = [gguf.TokenType.CONTROL] * len(special) + [gguf.TokenType.NORMAL] * (len(tokens) - len(special))
    writer.add_token_types([int(kind) for kind in kinds])
    writer.add_token_type_count(2)
    writer.add_pad_token_id(0)
    writer.add_unk_token_id(1)
    writer.add_bos_token_id(2)
    writer.add_sep_token_id(3)
    writer.add_eos_token_id(3)
    writer.add_mask_token_id(4)
    random = np.random.default_rng(seed)
    embedding = _normal(random, len(tokens), dim, scale=1.0)
    embedding[: len(special)] *= 0.01  # every text has them: they would make all texts alike
    writer.add_tensor("token_embd.weight", embedding)
    writer.add_tensor("token_types.weight", np.zeros((2, dim), np.float32))
    writer.add_tensor("position_embd.weight", _normal(random, context, dim, scale=0.001))
    _add_norm(writer, "token_embd_norm", dim)
    return writer, random


def _add_bert_layers(
    writer: gguf.GGUFWriter, random: np.random.Generator, *, layers: int, dim: int, scale: float
) -> None:
    for layer in range(layers):
        block = f"blk.{layer}"
        shapes = dict.fromkeys(("attn_q", "attn_k", "attn_v", "attn_output"), (dim, dim))
        shapes |= {"ffn_up": (2 * dim, dim), "ffn_down": (dim, 2 * dim)}
        for name, (rows, columns) in shapes.items():
            writer.add_tensor(f"{block}.{name}.weight", _normal(random, rows, columns, scale=scale))
            writer.add_tensor(f"{block}.{name}.bias", np.zeros(rows, np.float32))
        _add_norm(writer, f"{block}.attn_output_norm", dim)
        _add_norm(writer, f"{block}.layer_output_norm", dim)


def _add_shape(writer: gguf.GGUFWriter, context: int, dim: int, layers: int, feed_forward: int) -> None:
    writer.add_context_length(context)
    writer.add_embedding_length(dim)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(feed_forward)
    writer.add_head_count(dim // _head_size(dim))
    writer.add_head_count_kv(dim // _head_size(dim))
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)


def _head_size(dim: int) -> int:
    """As in models that people use, where there is room for more than one head."""
    return 64 if dim >= 256 else 16


def _add_norm(writer: gguf.GGUFWriter, name: str, dim: int) -> None:
    writer.add_tensor(f"{name}.weight", np.ones(dim, np.float32))
    writer.add_tensor(f"{name}.bias", np.zeros(dim, np.float32))


def _normal(random: np.random.Generator, rows: int, columns: int, *, scale: Any) -> NDArray[np.float32]:
    return np.asarray(random.standard_normal((rows, columns)) * scale, np.float32)


def _written(writer: gguf.GGUFWriter, path: Path) -> Path:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
