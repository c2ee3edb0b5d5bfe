"""How the program and a child process of its own talk: frames over the child's standard input and output.

A frame is a mark, the length of what follows, and that. The mark tells what is none at once; a length read from
anything else would be waited for.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import warnings
from typing import BinaryIO

_MARK = b"\xd5\xf7"
_LENGTH_BYTES = 4
_FRAME_BYTES = 1 << 31


def write_frame(stream: BinaryIO, payload: bytes) -> None:
    """Write the payload, its length before it, and flush. Raises ``OSError`` when nobody reads."""
    stream.write(_MARK + len(payload).to_bytes(_LENGTH_BYTES, "little") + payload)
    stream.flush()


def read_frame(stream: BinaryIO) -> bytes | None:
    """The next payload; None when the other side has gone, be it in the middle of one, or what comes is no frame."""
    if stream.read(len(_MARK)) != _MARK:
        return None
    length = int.from_bytes(stream.read(_LENGTH_BYTES), "little")
    payload = stream.read(length) if 0 < length < _FRAME_BYTES else b""
    return payload if payload and len(payload) == length else None


def whole_characters(value: object) -> object:
    """Builtins as they can be encoded: half of a surrogate pair, which broken files and names may hold, is no text; it
    becomes "?"."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {key: whole_characters(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [whole_characters(inner) for inner in value]
    return value


def take_over_standard_streams() -> tuple[BinaryIO, BinaryIO]:
    """In a child, first of all: the streams from and to the parent. What anybody else prints from now on goes to
    standard error, with the trace of a crash and without warnings, and reading gives nothing. Ctrl-C is for the parent,
    which then closes our input."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    faulthandler.enable()
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return requests, replies
