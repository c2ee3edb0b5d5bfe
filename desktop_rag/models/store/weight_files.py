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
from desktop_rag.messages import say

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

TAKEN = say("models.these-can-used-gguf-file-chat")


def begins(path: Path) -> bytes:
    """What gives a format away: a pickle's one byte, or four."""
    with path.open("rb") as file:
        magic = file.read(4)
    return PICKLE if magic[:1] == PICKLE and magic[1:2] in b"\x02\x03\x04\x05" and len(magic) > 1 else magic


def refusal(path: Path) -> ModelRefused:
    magic = begins(path)
    if magic in (PICKLE, ZIP):
        what = say("models.pickle-file-can-run-any-program") if magic == PICKLE else (
            say("models.zip-archive-made-pytorch-can-run")
        )  # fmt: skip
        return ModelRefused(
            say("models.is", model=path.name, what=what), say("models.look-same-model-gguf-safetensors")
        )
    return ModelRefused(say("models.not-usable-model", name=path.name), TAKEN)


def broken(path: Path, why: str) -> ModelRefused:
    return ModelRefused(say("models.is-damaged-2", name=path.name, reason=why), say("models.get-again-source"))


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
            raise broken(path, say("common.cut-short") if length <= _MAX_HEADER else say("models.not-safetensors-file"))
        header = file.read(length)
    try:
        entries = msgspec.json.decode(header, type=dict[str, msgspec.Raw])
        entries.pop("__metadata__", None)
        tensors = [msgspec.json.decode(entry, type=_Tensor) for entry in entries.values()]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise broken(path, say("models.header-cannot-read", reason=error)) from error
    end = 0
    for tensor in sorted(tensors, key=lambda tensor: tensor.data_offsets):
        begin, after = tensor.data_offsets
        if tensor.dtype not in _SIZES or any(length < 0 for length in tensor.shape):
            raise broken(path, say("models.contains-numbers-unknown-type"))
        bits = math.prod(tensor.shape) * _SIZES[tensor.dtype]
        if begin != end or (after - begin) * 8 != bits:
            raise broken(path, say("models.header-does-not-match-contents"))
        end = after
    if not tensors:
        raise broken(path, say("models.contains-no-weights-2"))
    if 8 + length + end != size:
        raise broken(path, say("models.cut-short-bytes-2", size=size, whole=8 + length + end))


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
            raise broken(path, say("models.contains-more-than-declares"))
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
            raise broken(self._path, say("models.claims-contain-more-than-any-model"))
        return iter(range(count))

    def _read(self, count: int) -> bytes:
        data = self._file.read(count)
        if len(data) < count:
            raise self._short(count)
        return data

    def _short(self, count: int) -> ModelRefused:
        return broken(self._path, say("models.cut-short-least-bytes", size=self._size, least=self._file.tell() + count))
