"""The header of a GGUF file: what kind of model it holds, and whether all of it is there.

Files come from anywhere, so nothing is believed before it was checked against the size of the file, and no more is kept
in memory than ``_KEPT_BYTES``. The layout is that of https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
"""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct

from desktop_rag.errors import ModelRefused
from desktop_rag.messages import say

Scalar = int | float | bool | str
Value = Scalar | list[Scalar]

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_HEADER_BYTES = 512 * 1024 * 1024
_KEPT_BYTES = 32 * 1024 * 1024
_STRING_BYTES = 2 * 1024 * 1024
"""Chat templates are the longest texts that are kept; those of today's models have up to 30 KB."""
_NAME_BYTES = 1024
_KEPT_ITEMS = 4096
"""Longer arrays (the vocabulary, its scores and merges) are only counted."""
_CHUNK = 1024 * 1024
_DIMENSIONS = 8
_NUMBER = 1 << 40
"""No count or size of a model comes near."""

_STRING, _ARRAY, _BOOL = 8, 9, 7
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", _BOOL: "B", 10: "Q", 11: "q", 12: "d"}
_LEAST_PAIR = 8 + 4 + 1
_LEAST_TENSOR = 8 + 4 + 4 + 8
_ALIGNMENT = 32

_BLOCKS = {
    # type of tensor -> weights of a block, and its bytes (ggml_type and the sizes of its blocks in ggml-common.h)
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 40),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292),
    16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 20: (32, 18), 21: (256, 110), 22: (256, 82),
    23: (256, 136), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 29: (256, 56), 30: (1, 2),
    34: (256, 54), 35: (256, 66), 39: (32, 17), 40: (64, 36), 41: (128, 18),
}  # fmt: skip
_POOLING = ("none", "mean", "cls", "last", "rank")


class GgufHeader(Struct, frozen=True):
    """What the header says. Numbers it does not state are 0, texts "".

    ``metadata`` has all its entries but for arrays longer than 4,096, of which ``lengths`` has the number of items, as
    of all arrays. ``tensor_bytes`` is the size of the weights. ``layers``, ``heads``, ``kv_heads`` (of the layer with
    the most) and ``head_size`` (in numbers) are those of the attention; ``context_length`` is what the model was
    trained for, in tokens, and ``vocabulary`` counts them. ``pooling`` is how an embedder makes one vector of a text:
    "none", "mean", "cls" or "last", or "rank" for a reranker; "" for all others.
    """

    architecture: str
    metadata: dict[str, Value]
    lengths: dict[str, int]
    tensor_bytes: int
    layers: int
    context_length: int
    embedding_length: int
    heads: int
    kv_heads: int
    head_size: int
    vocabulary: int
    pooling: str
    chat_template: str


def read_header(path: Path) -> GgufHeader:
    """Read the header, and check that the file is as long as it says. The weights themselves are not read.

    Raises ``ModelRefused`` for whatever is no whole GGUF file.
    """
    try:
        if not path.is_file():  # to open a pipe would wait for its writer
            raise ModelRefused(say("common.not-file", path=path.name), say("models.choose-model-file"))
        with path.open("rb") as file:
            return _read(_Cursor(file, path.stat().st_size, path.name))
    except OSError as error:
        raise ModelRefused(
            say("models.cannot-read", name=path.name, reason=error.strerror or error), say("models.check-folder")
        ) from error


class _Cursor:
    """Reads forward through a file of ``size`` bytes, a chunk at a time."""

    def __init__(self, file: BinaryIO, size: int, name: str) -> None:
        self._file = file
        self._name = name
        self._chunk = b""
        self._at = 0  # in the chunk
        self._begin = 0  # of the chunk, in the file
        self._kept = 0
        self.size = size

    @property
    def position(self) -> int:
        return self._begin + self._at

    @property
    def left(self) -> int:
        return self.size - self.position

    def take(self, count: int) -> bytes:
        """The next bytes; asked for no more than ``_STRING_BYTES``."""
        self._have(count)
        found = self._chunk[self._at : self._at + count]
        self._at += count
        return found

    def number(self, form: str) -> int | float:
        found: int | float
        (found,) = struct.unpack(f"<{form}", self.take(struct.calcsize(form)))
        return found

    def u32(self) -> int:
        return int(self.number("I"))

    def u64(self) -> int:
        return int(self.number("Q"))

    def text(self, longest: int) -> str:
        length = self.u64()
        if length > longest:
            raise self.refused(
                say("models.contains-text-longer-than-file")
                if length > self.left
                else say("models.contains-text-too-long")
            )
        self.keep(length)
        return self.take(length).decode("utf-8", "replace")

    def skip(self, count: int) -> None:
        """Go on by so many bytes, without reading those past the chunk."""
        if count > self.left:
            raise self.cut_short()
        self._at += count
        if self._at > len(self._chunk):
            self._begin, self._chunk, self._at = self.position, b"", 0
            self._file.seek(self._begin)
        self._look_at_length()

    def skip_texts(self, count: int) -> None:
        for _ in range(count):
            if self._at + 8 > len(self._chunk):
                self._have(8)
            length = int.from_bytes(self._chunk[self._at : self._at + 8], "little")
            if self._at + 8 + length <= len(self._chunk):
                self._at += 8 + length
            else:
                self.skip(8 + length)

    def keep(self, size: int) -> None:
        """Count what stays in memory."""
        self._kept += size
        if self._kept > _KEPT_BYTES:
            raise self.refused(say("models.header-too-large"))

    def fits(self, count: int, least: int) -> int:
        """A count of things of at least so many bytes each."""
        if count > self.left // least:
            raise self.refused(say("models.cut-short-damaged-claims-entries-bytes", count=count, left=self.left))
        return count

    def refused(self, what: str) -> ModelRefused:
        return ModelRefused(
            say("models.text", name=self._name, what=what), say("models.download-file-again-choose-another-model")
        )

    def cut_short(self) -> ModelRefused:
        return self.refused(say("models.cut-short-ends-inside-header-after", size=self.size))

    def _have(self, count: int) -> None:
        if self._at + count <= len(self._chunk):
            return
        rest = self._chunk[self._at :]
        self._begin, self._at = self.position, 0
        self._chunk = rest + self._file.read(max(count, _CHUNK))
        if len(self._chunk) < count:
            raise self.cut_short()
        self._look_at_length()

    def _look_at_length(self) -> None:
        if self._begin > _HEADER_BYTES:
            raise self.refused(say("models.header-too-large"))


def _read(cursor: _Cursor) -> GgufHeader:
    if cursor.size < len(_MAGIC) or cursor.take(len(_MAGIC)) != _MAGIC:
        raise cursor.refused(say("models.not-gguf-file"))
    version = cursor.u32()
    if version not in _VERSIONS:
        raise cursor.refused(
            say("models.computers-opposite-byte-order")
            if version & 0xFFFF == 0
            else say("models.uses-version-gguf-format-only-versions", version=version)
        )
    tensors, pairs = cursor.u64(), cursor.u64()
    cursor.fits(tensors, _LEAST_TENSOR)
    cursor.fits(pairs, _LEAST_PAIR)
    metadata: dict[str, Value] = {}
    lengths: dict[str, int] = {}
    for _ in range(pairs):
        key = cursor.text(_NAME_BYTES)
        if key in metadata or key in lengths:
            raise cursor.refused(say("models.contains-twice", key=key[:100]))
        kind = cursor.u32()
        if kind == _ARRAY:
            items, length = _array(cursor)
            lengths[key] = length
            if items is not None:
                metadata[key] = items
        else:
            metadata[key] = _scalar(cursor, kind)
    weights = _tensor_bytes(cursor, tensors, metadata)
    return _described(cursor, metadata, lengths, weights)


def _scalar(cursor: _Cursor, kind: int) -> Scalar:
    if kind == _STRING:
        return cursor.text(_STRING_BYTES)
    if kind not in _SCALARS:
        raise cursor.refused(say("models.contains-value-unknown-type", kind=kind))
    cursor.keep(8)
    found = cursor.number(_SCALARS[kind])
    return bool(found) if kind == _BOOL else found


def _array(cursor: _Cursor) -> tuple[list[Scalar] | None, int]:
    """The items, or None if they are too many; and their number."""
    kind, count = cursor.u32(), cursor.u64()
    if kind != _STRING and kind not in _SCALARS:
        raise cursor.refused(say("models.contains-array-unknown-type", kind=kind))
    width = 8 if kind == _STRING else struct.calcsize(_SCALARS[kind])
    cursor.fits(count, width)
    if count <= _KEPT_ITEMS:
        return [_scalar(cursor, kind) for _ in range(count)], count
    if kind == _STRING:
        cursor.skip_texts(count)
    else:
        cursor.skip(count * width)
    return None, count


def _tensor_bytes(cursor: _Cursor, count: int, metadata: dict[str, Value]) -> int:
    """The size of all tensors, which have to lie within the file."""
    alignment = metadata.get("general.alignment", _ALIGNMENT)
    if not isinstance(alignment, int) or alignment <= 0 or alignment & (alignment - 1) or alignment > _CHUNK:
        raise cursor.refused(say("models.does-not-state-correctly-where-weights"))
    total = end = 0
    for _ in range(cursor.fits(count, _LEAST_TENSOR)):
        name = cursor.text(_NAME_BYTES)
        dimensions = cursor.u32()
        if dimensions > _DIMENSIONS:
            raise cursor.refused(say("models.contains-tensor-dimensions", name=name[:100], dimensions=dimensions))
        shape = [cursor.u64() for _ in range(dimensions)]
        kind, offset = cursor.u32(), cursor.u64()
        # A type that came after this program says nothing of its size: then only its beginning can be looked for.
        weights, size = _BLOCKS.get(kind, (1, 0))
        if shape and shape[0] % weights:
            raise cursor.refused(say("models.contains-tensor-incomplete-block", name=name[:100]))
        length = math.prod(shape) // weights * size
        total += length
        end = max(end, offset + length)
    begin = -(-cursor.position // alignment) * alignment
    if count and begin + end > cursor.size:
        raise cursor.refused(say("models.cut-short-bytes", size=cursor.size, whole=begin + end))
    if total > cursor.size:
        raise cursor.refused(say("models.damaged-weights-overlap"))
    return total


def _described(cursor: _Cursor, metadata: dict[str, Value], lengths: dict[str, int], weights: int) -> GgufHeader:
    architecture = metadata.get("general.architecture")
    if not isinstance(architecture, str) or not architecture:
        raise cursor.refused(say("models.does-not-say-what-kind-model"))

    def number(key: str) -> int:
        """A number of the architecture, of the layer with the most where they differ."""
        found = metadata.get(f"{architecture}.{key}", 0)
        found = max((item for item in found if isinstance(item, int)), default=0) if isinstance(found, list) else found
        if not isinstance(found, int) or not 0 <= found < _NUMBER:
            raise cursor.refused(say("models.impossible-value", key=key))
        return int(found)

    def text(key: str) -> str:
        found = metadata.get(key, "")
        return found if isinstance(found, str) else ""

    heads, width = number("attention.head_count"), number("embedding_length")
    key_size = number("attention.key_length") or (width // heads if heads else 0)
    pooling = number("pooling_type") if f"{architecture}.pooling_type" in metadata else None
    return GgufHeader(
        architecture=architecture,
        metadata=metadata,
        lengths=lengths,
        tensor_bytes=weights,
        layers=number("block_count"),
        context_length=number("context_length"),
        embedding_length=width,
        heads=heads,
        kv_heads=number("attention.head_count_kv") or heads,
        head_size=max(key_size, number("attention.value_length")),
        vocabulary=lengths.get("tokenizer.ggml.tokens", 0) or number("vocab_size"),
        pooling=_POOLING[pooling] if pooling is not None and pooling < len(_POOLING) else "",
        chat_template=text("tokenizer.chat_template"),
    )
