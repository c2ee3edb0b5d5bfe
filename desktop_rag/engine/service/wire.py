"""What travels between an engine process and its clients: typed messages in MessagePack, never pickled objects.

A client connects through a local socket (a named pipe on Windows), both sides prove that they know the key in
``engine.json``, which only the owner of the library can read, and the client says which protocol it speaks. It then
sends one ``CallRequest`` at a time and gets any number of ``Update`` and one ``Result`` or ``Failure``; ``Stop`` asks
for an early end of the call that goes on. What can be requested are the calls of ``engine.api``; paths travel as bytes,
made absolute, since the engine has a working folder of its own.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from functools import cache
from pathlib import Path
from typing import Union

import msgspec
from msgspec import Struct
from platformdirs import user_runtime_path

from desktop_rag.engine.api import EngineApi
from desktop_rag.engine.call import Call, Reply, methods_of, reply_type
from desktop_rag.engine.events import Event
from desktop_rag.errors import DesktopRagError, StorageError
from desktop_rag.messages import Worded, plain, say
from desktop_rag.types import AnswerEvent, Progress

PROTOCOL = 5
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
        say("engine.there-no-suitable-folder-engines-socket"),
        say("engine.set-xdg-runtime-dir-folder-only"),
    )


# --- messages ---------------------------------------------------------------------------------------------------------


class Hello(Struct, frozen=True, tag_field="kind", tag=True):
    """The first message, in both directions."""

    protocol: int
    version: str


class CallRequest(Struct, frozen=True, tag_field="kind", tag=True):
    """A call to perform. One that must not have its effect twice has an ``id``, the same however often it is sent."""

    call: msgspec.Raw
    id: str = ""


class Stop(Struct, frozen=True, tag_field="kind", tag=True):
    """Asks for an early end of the call that goes on."""


class Subscribe(Struct, frozen=True, tag_field="kind", tag=True):
    """Answered with an ``Update`` for each event, until ``Stop``."""


class ShutDown(Struct, frozen=True, tag_field="kind", tag=True):
    """The engine process ends in an orderly way, after it has answered."""


# --- answers ---------------------------------------------------------------------------------------------------------


class Update(Struct, frozen=True, tag_field="kind", tag=True):
    """How far a call is, how an answer grows, or an event of a subscription."""

    progress: Progress | None = None
    answer: AnswerEvent | None = None
    event: Event | None = None


class Result(Struct, frozen=True, tag_field="kind", tag=True):
    """The end of a call; ``value`` is of the type that the call is answered with."""

    value: msgspec.Raw


class Failure(Worded, frozen=True, tag_field="kind", tag=True):
    """The end of a call that failed; ``code`` is that of the error, "bug" for one that nobody has thought of."""

    code: str
    message: str
    hint: str


Message = CallRequest | Hello | Stop | Subscribe | ShutDown
Answer = Update | Result | Failure | Hello


def _to_wire(value: object) -> object:
    if isinstance(value, Path):
        return os.fsencode(value.expanduser().absolute())
    return plain(value)


def _from_wire(kind: type, value: object) -> object:
    if issubclass(kind, Path) and isinstance(value, bytes):
        return Path(os.fsdecode(value))
    raise NotImplementedError(f"{kind.__name__} cannot travel.")


_encoder = msgspec.msgpack.Encoder(enc_hook=_to_wire)
_messages = msgspec.msgpack.Decoder(Message)
_answers = msgspec.msgpack.Decoder(Answer)
_calls = msgspec.msgpack.Decoder(
    Union[tuple(call for call in methods_of(EngineApi).values() if call.place == "engine")],  # noqa: UP007
    dec_hook=_from_wire,
)


def encode(message: object) -> bytes:
    return _encoder.encode(message)


def request(call: Call[object], call_id: str) -> CallRequest:
    return CallRequest(msgspec.Raw(encode(call)), call_id)


def decode_message(data: bytes) -> Message:
    """What a client sends. Raises ``msgspec.MsgspecError`` for anything else."""
    message: Message = _messages.decode(data)
    return message


def decode_call(wanted: CallRequest) -> Call[object]:
    """Raises ``msgspec.MsgspecError`` for what is no call that an engine performs."""
    call: Call[object] = _calls.decode(wanted.call)
    return call


def decode_answer(data: bytes) -> Answer:
    """What an engine sends. Raises ``msgspec.MsgspecError`` for anything else."""
    answer: Answer = _answers.decode(data)
    return answer


def reply_of(call: Call[Reply], result: Result) -> Reply:
    """Raises ``msgspec.MsgspecError`` when the value is not of the type that the call is answered with."""
    return _reply_decoder(call).decode(result.value)


def _reply_decoder(call: Call[Reply]) -> msgspec.msgpack.Decoder[Reply]:
    return _decoder(type(call))


@cache
def _decoder(call: type[Call[Reply]]) -> msgspec.msgpack.Decoder[Reply]:
    return msgspec.msgpack.Decoder(reply_type(call), dec_hook=_from_wire)


def failure_of(error: DesktopRagError) -> Failure:
    return Failure(error.code, error.message, error.hint)


def error_of(failure: Failure) -> DesktopRagError:
    """The error that the engine raised: of the same type, or for a code that is not known here, with that code."""
    message, hint = failure.worded("message"), failure.worded("hint")
    for kind in _family(DesktopRagError):
        if kind.code == failure.code:
            return kind(message, hint)
    error = DesktopRagError(message, hint)
    error.code = failure.code
    return error


def _family(kind: type[DesktopRagError]) -> list[type[DesktopRagError]]:
    return [kind, *(member for child in kind.__subclasses__() for member in _family(child))]
