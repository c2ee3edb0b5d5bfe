"""Whether a file of weights is what it claims to be, and whole: safetensors and CTranslate2.

What a file says of itself is checked against its size; the weights are skipped. Each function raises ``ModelRefused``
for a broken file, and ``OSError``.
"""

from __future__ import annotations

import math
import os
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec
from msgspec import Struct

from desktop_rag.errors import ModelRefused

_MAX_HEADER = 100 * 1000 * 1000
"""Bytes of a safetensors header, as its specification has it."""
_MAX_VARIABLES = 100_000
PICKLE = b"\x80"
ZIP = b"PK\x03\x04"
_SIZES = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
    "I32": 32, "U32": 32, "F32": 32, "I64": 64, "U64": 64, "F64": 64, "C64": 64, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
}  # fmt: skip
"""Bits of the numbers that safetensors knows."""

TAKEN = (
    "What can be used: a GGUF file (chat, embedding, reranking), a folder of open_clip with open_clip_config.json and "
    "a safetensors file (images), a folder of faster-whisper with model.bin and tokenizer.json (speech)."
)


def begins(path: Path) -> bytes:
    """What gives a format away: a pickle's one byte, or four."""
    with path.open("rb") as file:
        magic = file.read(4)
    return PICKLE if magic[:1] == PICKLE and magic[1:2] in b"\x02\x03\x04\x05" and len(magic) > 1 else magic


def refusal(path: Path) -> ModelRefused:
    magic = begins(path)
    if magic in (PICKLE, ZIP):
        what = "a pickle: such a file can run any program on your computer" if magic == PICKLE else (
            "a ZIP archive, as PyTorch writes it: what is in it can run any program on your computer"
        )  # fmt: skip
        return ModelRefused(f"{path.name} is {what}.", "Look for the same model as GGUF or safetensors.")
    return ModelRefused(f"{path.name} is no model that can be used.", TAKEN)


def broken(path: Path, why: str) -> ModelRefused:
    return ModelRefused(f"{path.name} is broken: {why}.", "Get it again from where you have it.")


class _Tensor(Struct):
    dtype: str
    shape: list[int]
    data_offsets: tuple[int, int]


def check_safetensors(path: Path) -> None:
    """The header of a safetensors file: it must describe the rest of the file, all of it and no more.

    The format: https://github.com/huggingface/safetensors#format
    """
    if begins(path) in (PICKLE, ZIP):
        raise refusal(path)
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(8)
        length = int.from_bytes(head, "little")
        if len(head) < 8 or length > min(size - 8, _MAX_HEADER):
            raise broken(path, "it is cut short" if length <= _MAX_HEADER else "it is no safetensors file")
        header = file.read(length)
    try:
        entries = msgspec.json.decode(header, type=dict[str, msgspec.Raw])
        entries.pop("__metadata__", None)
        tensors = [msgspec.json.decode(entry, type=_Tensor) for entry in entries.values()]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise broken(path, f"its header cannot be read ({error})") from error
    end = 0
    for tensor in sorted(tensors, key=lambda tensor: tensor.data_offsets):
        begin, after = tensor.data_offsets
        if tensor.dtype not in _SIZES or any(length < 0 for length in tensor.shape):
            raise broken(path, "it holds numbers of an unknown kind")
        bits = math.prod(tensor.shape) * _SIZES[tensor.dtype]
        if begin != end or (after - begin) * 8 != bits:
            raise broken(path, "its header does not fit what it describes")
        end = after
    if not tensors:
        raise broken(path, "it holds no weights")
    if 8 + length + end != size:
        raise broken(path, f"it is cut short: {size:,} of {8 + length + end:,} bytes")


def check_ctranslate2(path: Path) -> str:
    """A CTranslate2 model: its variables one by one, their weights skipped. Returns the name of its specification.

    The format, since version 4, is what ``ModelSpec._serialize`` of CTranslate2 writes.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        reader = _HeaderReader(path, file, size)
        version = reader.number("I")
        spec = reader.text()
        if not 4 <= version <= 99 or not re.fullmatch(r"[A-Za-z0-9]+", spec):
            raise refusal(path)
        reader.number("I")  # revision
        for _ in reader.times():
            reader.text()
            reader.skip(4 * reader.number("B"))  # shape
            reader.number("B")  # kind of number
            reader.skip(reader.number("I"))
        for _ in reader.times():
            reader.text()
            reader.text()
        if file.tell() != size:
            raise broken(path, "there is more in it than it says")
    return spec


class _HeaderReader:
    """Reads the parts of a CTranslate2 file. Raises ``ModelRefused`` where the file ends too soon."""

    def __init__(self, path: Path, file: BinaryIO, size: int) -> None:
        self._path, self._file, self._size = path, file, size

    def number(self, kind: str) -> int:
        number: int = struct.unpack(f"<{kind}", self._read(struct.calcsize(f"<{kind}")))[0]
        return number

    def text(self) -> str:
        return self._read(self.number("H")).rstrip(b"\0").decode("utf-8", "replace")

    def skip(self, count: int) -> None:
        if self._file.tell() + count > self._size:
            raise self._short(count)
        self._file.seek(count, os.SEEK_CUR)

    def times(self) -> Iterator[int]:
        count = self.number("I")
        if count > _MAX_VARIABLES:
            raise broken(self._path, "it claims to hold more than any model does")
        return iter(range(count))

    def _read(self, count: int) -> bytes:
        data = self._file.read(count)
        if len(data) < count:
            raise self._short(count)
        return data

    def _short(self, count: int) -> ModelRefused:
        return broken(self._path, f"it is cut short: {self._size:,} of at least {self._file.tell() + count:,} bytes")
