"""A model for tests of processes: it does to its process what it is asked to."""

# ruff: noqa: ARG002 (each request gets what any request may need)

from __future__ import annotations

import ctypes
import os
import socket
import stat
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgspec import Struct

from desktop_rag import errors
from desktop_rag.models.requests import ModelRequest

MIB = 1024 * 1024


class Settings(Struct, frozen=True):
    """``loading``: "" loads, "crash" dies, "crash once" dies unless ``mark`` exists, and the rest raises."""

    word: str = "echo"
    loading: str = ""
    mark: str = ""
    megabytes: int = 0
    where: str = "processor"


class Model(Struct):
    settings: Settings
    ballast: bytes


def open_model(settings: Settings) -> Model:
    sys.stdout.write("chatter of a library\n")
    sys.stdout.flush()
    os.write(1, b"chatter of native code\n")
    order = settings.loading
    if settings.mark:
        with Path(settings.mark).open("a") as file:
            file.write("loaded\n")
    if order == "crash":
        ctypes.string_at(0)
    elif order == "killed":
        os.kill(os.getpid(), 9)
    elif order == "crash once" and Path(settings.mark).read_text().count("loaded") == 1:
        ctypes.string_at(0)
    elif order == "slow":
        time.sleep(1)
    elif order == "no memory" or (order == "no memory on the card" and settings.where == "card"):
        raise errors.NoMemoryForModel("There is no room.", "Buy some.")
    elif order == "for ever":
        time.sleep(600)
    elif order == "no driver for the card" and settings.where == "card":
        raise errors.ModelRefused("The driver is too old.", "Update it.")
    elif order == "refuse":
        raise errors.ModelRefused("It is no model.", "Get another.")
    elif order == "library":
        raise ImportError("No module named 'heavy'", name="heavy")
    return Model(settings, b"x" * (settings.megabytes * MIB))


class Echo(ModelRequest[str], frozen=True):
    texts: tuple[str, ...]

    def perform(self, model: Any, cancelled: threading.Event) -> Iterator[str]:
        yield from self.texts


class EchoBytes(ModelRequest[bytes], frozen=True):
    data: bytes

    def perform(self, model: Any, cancelled: threading.Event) -> Iterator[bytes]:
        yield self.data


class Word(ModelRequest[str], frozen=True):
    def perform(self, model: Any, cancelled: threading.Event) -> Iterator[str]:
        yield model.settings.word


class Variable(ModelRequest[str], frozen=True):
    """A variable of the environment; "" when it is not set."""

    name: str

    def perform(self, model: Any, cancelled: threading.Event) -> Iterator[str]:
        yield os.environ.get(self.name, "")


class CountUp(ModelRequest[int], frozen=True):
    """Counts without end, until it is cancelled."""

    def perform(self, model: Any, cancelled: threading.Event) -> Iterator[int]:
        number = 0
        while not cancelled.wait(0.01):
            yield number
            number += 1


class Misbehave(ModelRequest[str], frozen=True):
    how: str

    def perform(self, model: Any, cancelled: threading.Event) -> Iterator[str]:
        yield "begun"
        if self.how == "crash":
            ctypes.string_at(0)
        elif self.how == "killed":
            os.kill(os.getpid(), 9)
        elif self.how == "hang":
            time.sleep(600)
        elif self.how == "value":
            raise ValueError(" ".join(["a", "secret", "text"]))
        elif self.how == "memory":
            raise MemoryError
        elif self.how == "cuda":
            raise RuntimeError("CUDA failed with error out of memory")
        elif self.how == "connect":
            socket.create_connection(("192.0.2.1", 80), timeout=1)
        elif self.how == "exit":
            sys.exit(3)
        elif self.how == "rust":
            raise BaseException("a panic of native code")
        elif self.how == "garbage":
            _write_to_parent(b"neither a frame nor anything else " * 100)
            time.sleep(600)
        elif self.how == "garbage in a frame":
            _write_to_parent(b"\xd5\xf7" + (7).to_bytes(4, "little") + b"nothing")
            time.sleep(600)
        elif self.how == "print":
            sys.stdout.write("x" * 3 * MIB)
            sys.stdout.flush()
        yield "done"


def _write_to_parent(data: bytes) -> None:
    """Past what guards the stream of replies."""
    for number in range(3, 32):
        with suppress(OSError):
            if stat.S_ISFIFO(os.fstat(number).st_mode):
                os.write(number, data)


SETTINGS = Settings
REQUESTS = Echo | EchoBytes | Word | Variable | CountUp | Misbehave
