"""What travels between an engine process and its clients: typed messages in MessagePack, never pickled objects.

A client connects through a local socket (a named pipe on Windows), both sides prove that they know the key in
``engine.json``, which only the owner of the library can read, and the client says which protocol it speaks. It then
sends one ``Call`` at a time and gets any number of ``Update`` and one ``Result`` or ``Failure``; ``Stop`` asks for an
early end of the call that goes on.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from pathlib import Path

import msgspec
from msgspec import Struct
from platformdirs import user_runtime_path

from desktop_rag import errors
from desktop_rag.engine.api import AnyCall
from desktop_rag.engine.events import Event
from desktop_rag.errors import DesktopRagError, StorageError
from desktop_rag.messages import Worded, plain
from desktop_rag.types import AnswerEvent, Progress

PROTOCOL = 4
MAX_BYTES = 256 * 1024 * 1024
"""Size of a message; a longer one ends the connection."""
_ADDRESS_NAME = "engine.json"
_LONGEST_SOCKET_PATH = 100


class Address(Struct, frozen=True):
    """Where a library's engine listens, and the key that clients must know."""

    address: str
    key: str
    pid: int
    protocol: int
    version: str


def address_path(library: Path) -> Path:
    return library / _ADDRESS_NAME


def read_address(library: Path) -> Address | None:
    """What the engine of this library wrote when it started, if there is one."""
    try:
        return msgspec.json.decode(address_path(library).read_bytes(), type=Address)
    except (OSError, msgspec.MsgspecError):
        return None


def write_address(library: Path, address: Address) -> None:
    """Readable by the owner alone. Raises ``OSError``."""
    path = address_path(library)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(msgspec.json.encode(address))
    fresh.replace(path)


def endpoint(library: Path) -> str:
    """The name of the pipe or the path of the socket for this library; its folder is made, for the owner alone."""
    name = hashlib.sha256(os.fsencode(library.resolve())).hexdigest()[:16]
    if sys.platform == "win32":
        return rf"\\.\pipe\desktop-rag-{name}"
    for folder in (user_runtime_path("desktop-rag"), Path(tempfile.gettempdir()) / f"desktop-rag-{os.getuid()}"):
        path = folder / f"{name}.sock"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            status = folder.lstat()
        except OSError:
            continue
        if status.st_uid == os.getuid() and not status.st_mode & 0o077 and len(str(path)) < _LONGEST_SOCKET_PATH:
            return str(path)
    raise StorageError(
        "There is no folder for the engine's socket.",
        "Set XDG_RUNTIME_DIR to a folder that only you can read, with a short name.",
    )


# --- messages ---------------------------------------------------------------------------------------------------------


class Hello(Struct, frozen=True, tag_field="kind", tag=True):
    """The first message, in both directions."""

    protocol: int
    version: str


class Stop(Struct, frozen=True, tag_field="kind", tag=True):
    """Asks for an early end of the call that goes on."""


# --- answers ---------------------------------------------------------------------------------------------------------


class Update(Struct, frozen=True, tag_field="kind", tag=True):
    """How far a call is, how an answer grows, or an event of a subscription."""

    progress: Progress | None = None
    answer: AnswerEvent | None = None
    event: Event | None = None


class Result(Struct, frozen=True, tag_field="kind", tag=True):
    """The end of a call; ``value`` is of the type its ``returns`` names."""

    value: msgspec.Raw


class Failure(Worded, frozen=True, tag_field="kind", tag=True):
    """The end of a call that failed in an expected way."""

    code: str
    message: str
    hint: str


_encoder = msgspec.msgpack.Encoder(enc_hook=plain)
_calls = msgspec.msgpack.Decoder(AnyCall | Hello | Stop)
_answers = msgspec.msgpack.Decoder(Update | Result | Failure | Hello)


def encode(message: object) -> bytes:
    return _encoder.encode(message)


def decode_call(data: bytes) -> AnyCall | Hello | Stop:
    """Raises ``msgspec.MsgspecError`` for anything else."""
    call: AnyCall | Hello | Stop = _calls.decode(data)
    return call


def decode_answer(data: bytes) -> Update | Result | Failure | Hello:
    """Raises ``msgspec.MsgspecError`` for anything else."""
    answer: Update | Result | Failure | Hello = _answers.decode(data)
    return answer


def failure_of(error: DesktopRagError) -> Failure:
    return Failure(error.code, error.message, error.hint)


def error_of(failure: Failure) -> DesktopRagError:
    """The error that the engine raised, as an error of the same type."""
    return _TYPES.get(failure.code, StorageError)(failure.worded("message"), failure.worded("hint"))


def _family(kind: type[DesktopRagError]) -> list[type[DesktopRagError]]:
    return [kind, *(member for child in kind.__subclasses__() for member in _family(child))]


_TYPES = {kind.code: kind for kind in _family(errors.DesktopRagError)}
