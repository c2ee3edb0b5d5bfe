"""Headers of GGUF files: true ones, and those that somebody made to be harmful."""

from __future__ import annotations

import os
import struct
import sys
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desktop_rag.errors import ModelRefused
from desktop_rag.models.llama.gguf_file import GgufHeader, read_header
from tests.tiny.gguf import CHATML, tiny_chat, tiny_embedder, tiny_reranker

_U8, _U32, _FLOAT, _BOOL, _STRING, _ARRAY, _U64 = 0, 4, 6, 7, 8, 9, 10


@pytest.fixture(scope="module")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_chat(tmp_path_factory.mktemp("chat") / "chat.gguf", vocabulary=5000)


def _text(text: str | bytes) -> bytes:
    data = text.encode() if isinstance(text, str) else text
    return struct.pack("<Q", len(data)) + data


def _pair(key: str, kind: int, value: bytes) -> bytes:
    return _text(key) + struct.pack("<I", kind) + value


def _tensor(name: str, shape: tuple[int, ...], kind: int = 0, offset: int = 0) -> bytes:
    return _text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)


def _file(pairs: list[bytes], tensors: list[bytes] | None = None, **options: Any) -> bytes:
    """A file without data, of one architecture unless the pairs say another."""
    tensors = tensors or []
    if options.get("named", True):
        pairs = [_pair("general.architecture", _STRING, _text("llama")), *pairs]
    head = struct.pack("<4sIQQ", b"GGUF", options.get("version", 3), len(tensors), options.get("count", len(pairs)))
    return b"".join([head, *pairs, *tensors, options.get("data", b"")])


def _read(folder: Path, data: bytes) -> GgufHeader:
    path = folder / "model.gguf"
    path.write_bytes(data)
    return read_header(path)


def test_a_chat_model(chat: Path) -> None:
    header = read_header(chat)
    assert (header.architecture, header.pooling, header.chat_template) == ("llama", "", CHATML)
    assert (header.layers, header.embedding_length, header.context_length) == (2, 64, 512)
    assert (header.heads, header.kv_heads, header.head_size) == (4, 4, 16)
    assert header.vocabulary == header.lengths["tokenizer.ggml.tokens"] == 5000
    assert header.metadata["general.name"] == "Tiny Chat"
    assert "tokenizer.ggml.tokens" not in header.metadata
    tensors = gguf.GGUFReader(chat).tensors
    assert header.tensor_bytes == sum(int(tensor.n_bytes) for tensor in tensors)


def test_an_embedder_and_a_reranker_say_how_they_pool(tmp_path: Path) -> None:
    embedder = read_header(tiny_embedder(tmp_path / "embedder.gguf"))
    assert (embedder.architecture, embedder.pooling) == ("bert", "mean")
    assert read_header(tiny_reranker(tmp_path / "reranker.gguf")).pooling == "rank"


@pytest.mark.parametrize("kind", ["Q4_0", "Q8_0", "Q5_1", "BF16", "F16"])
def test_quantized_weights_have_their_size(tmp_path: Path, kind: str) -> None:
    path, form = tmp_path / "model.gguf", gguf.GGMLQuantizationType[kind]
    writer = gguf.GGUFWriter(path, "llama")
    data = gguf.quants.quantize(np.ones((8, 256), np.float32), form)
    writer.add_tensor("weights", data, raw_dtype=form)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    assert read_header(path).tensor_bytes == data.nbytes


def test_every_known_type_has_the_size_that_gguf_gives_it(tmp_path: Path) -> None:
    for kind, (weights, size) in gguf.GGML_QUANT_SIZES.items():
        data = _file([], [_tensor("w", (weights,), int(kind))], data=bytes(4096))
        assert _read(tmp_path, data).tensor_bytes == size, kind


def test_values_of_every_type(tmp_path: Path) -> None:
    pairs = [
        _pair("a", _U8, b"\xff"),
        _pair("b", _BOOL, b"\1"),
        _pair("c", _FLOAT, struct.pack("<f", 0.5)),
        _pair("d", _U64, struct.pack("<Q", 2**63)),
        _pair("e", _STRING, _text(b"caf\xe9")),
        _pair("f", _ARRAY, struct.pack("<IQ3I", _U32, 3, 1, 2, 3)),
        _pair("g", _ARRAY, struct.pack("<IQ", _STRING, 2) + _text("x") + _text("y")),
        _pair("llama.attention.head_count_kv", _ARRAY, struct.pack("<IQ3I", _U32, 3, 2, 8, 4)),
    ]
    header = _read(tmp_path, _file(pairs, version=2))
    assert [header.metadata[key] for key in "abcdefg"] == [255, True, 0.5, 2**63, "caf\ufffd", [1, 2, 3], ["x", "y"]]
    assert header.lengths == {"f": 3, "g": 2, "llama.attention.head_count_kv": 3}
    assert header.kv_heads == 8


def test_a_file_cut_anywhere_is_refused(chat: Path, tmp_path: Path) -> None:
    data = chat.read_bytes()
    for size in [*range(0, 4000, 37), len(data) // 2, len(data) - 1]:
        with pytest.raises(ModelRefused):
            _read(tmp_path, data[:size])
    with pytest.raises(ModelRefused, match=f"is cut short: it has {len(data) - 1:,} of {len(data):,} bytes"):
        _read(tmp_path, data[:-1])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not a GGUF file"),
        (b"PK\3\4" + bytes(100), "not a GGUF file"),
        (_file([], version=1), "version 1"),
        (_file([], version=3 << 24), "is for computers with the opposite byte order"),
        (_file([], count=2**63), "claims"),
        (_file([], count=2), "ends inside its header|claims"),
        (struct.pack("<4sIQQ", b"GGUF", 3, 2**60, 0), "claims"),
        (_file([], named=False), "what kind"),
        (_file([_pair("x", _STRING, struct.pack("<Q", 2**62))]), "longer than the file"),
        (_file([_pair("x", _ARRAY, struct.pack("<IQ", _STRING, 2**61))]), "claims"),
        (_file([_pair("x", _ARRAY, struct.pack("<IQ", _U8, 5000))], data=bytes(4000)), "claims"),
        (_file([_pair("x", _ARRAY, struct.pack("<IQ", _STRING, 5000))], data=b"\xff" * 60_000), "cut short"),
        (_file([_pair("x", _ARRAY, struct.pack("<IQ", _ARRAY, 1))], data=bytes(99)), "unknown type"),
        (_file([_pair("x", 77, b"")]), "unknown type"),
        (_file([_pair("x", _U8, b"1"), _pair("x", _U8, b"1")]), "twice"),
        (_file([_pair("general.alignment", _U32, struct.pack("<I", 0))]), "where its weights"),
        (_file([_pair("general.alignment", _U32, struct.pack("<I", 48))]), "where its weights"),
        (_file([_pair("llama.block_count", _STRING, _text("many"))]), "impossible value for block_count"),
        (_file([_pair("llama.block_count", _U64, struct.pack("<Q", 2**60))]), "impossible value for block_count"),
        (_file([], [_tensor("w", (1,) * 9)]), "9 dimensions"),
        (_file([], [_tensor("w", (2**63, 2**63))]), "cut short"),
        (_file([], [_tensor("w", (4,), offset=2**63)]), "cut short"),
        (_file([], [_tensor("w", (33,), kind=2)], data=bytes(500)), "incomplete block"),
        (_file([], [_tensor("w", (90,)), _tensor("v", (90,))], data=bytes(450)), "is damaged: its weights overlap"),
    ],
)
def test_what_is_no_whole_model_is_refused(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(ModelRefused, match=words):
        _read(tmp_path, data)


def test_a_header_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    text = _text(bytes(2 * 1024 * 1024))
    with pytest.raises(ModelRefused, match="has a header that is too large"):
        _read(tmp_path, _file([_pair(f"k{number}", _STRING, text) for number in range(20)]))


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelRefused, match="is not a file"):
        read_header(tmp_path)
    with pytest.raises(ModelRefused, match="is not a file"):
        read_header(tmp_path / "missing.gguf")
    if sys.platform != "win32":
        os.mkfifo(tmp_path / "pipe.gguf")
        with pytest.raises(ModelRefused, match="is not a file"):
            read_header(tmp_path / "pipe.gguf")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.integers(4, 3000), st.binary(min_size=1, max_size=8)), min_size=1, max_size=6))
def test_a_changed_header_is_read_or_refused(chat: Path, tmp_path: Path, changes: list[tuple[int, bytes]]) -> None:
    data = bytearray(chat.read_bytes())
    for place, change in changes:
        data[place : place + len(change)] = change
    try:
        header = _read(tmp_path, bytes(data))
    except ModelRefused:
        return
    assert 0 <= header.tensor_bytes <= len(data)
    assert min(header.layers, header.heads, header.kv_heads, header.head_size, header.vocabulary) >= 0
