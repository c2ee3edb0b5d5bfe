"""What a worker may be made to run instead of ``parse_tree``: it does to the process what the file says."""

from __future__ import annotations

import ctypes
import os
import socket
import stat
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from desktop_rag.parsing.source import MIB, Limits
from desktop_rag.parsing.stream import DocumentEnd, DocumentSegment, DocumentStart, Event
from desktop_rag.parsing.worker.tree import parse_tree
from desktop_rag.types import FileState, Segment, Whole


def parse(path: Path, limits: Limits, hear: bool) -> Iterator[Event]:
    order = path.read_text()
    if order == "crash":
        ctypes.string_at(0)
    elif order == "leave":
        os._exit(0)
    elif order == "sleep":
        time.sleep(600)
    elif order == "be stuck":
        ctypes.PyDLL(None).sleep(600)  # native code that lets no other thread run
    elif order == "eat":
        hoard = []
        while True:
            hoard.append(bytearray(16 * 1024 * 1024))
    elif order == "swell":
        hoard = [bytearray(b"x" * MIB) for _ in range(200)]
        time.sleep(600)
        del hoard
    elif order == "drip":
        yield DocumentStart(1, None, path.name, "text", "text/plain")
        while True:
            yield DocumentSegment(1, Segment("and on it goes", Whole()))
            time.sleep(0.6)
    elif order == "say and crash":
        yield DocumentStart(1, None, path.name, "text", "text/plain")
        for _ in range(600):
            yield DocumentSegment(1, Segment("heard before the end", Whole()))
        yield DocumentStart(2, 1, "inner", "text", "text/plain")
        for _ in range(600):
            yield DocumentSegment(2, Segment("also heard", Whole()))
        ctypes.string_at(0)
    elif order == "print":
        print("noise on standard output")  # noqa: T201
        os.write(1, b"more of it")
        sys.stdin.read()
    elif order == "connect":
        socket.create_connection(("127.0.0.1", 9))
    elif order == "spawn":
        subprocess.run([sys.executable, "--version"], check=True)
    elif order == "write":
        path.with_name("written").write_text("by a parser")
    elif order == "remove":
        path.unlink()
    elif order.startswith("natively"):
        yield from _say(path, str(_natively(order.partition(" ")[2], path)))
        return
    elif order == "priority":
        yield from _say(path, str(os.getpriority(os.PRIO_PROCESS, 0)))
        return
    elif order == "half a pair":
        yield DocumentStart(1, None, "half \udce9", "text", "text/plain")
    elif order == "garbage":
        _write_to_parent(b"neither a frame nor anything else " * 100)
        time.sleep(600)
    elif order == "garbage in a frame":
        _write_to_parent(b"\xd5\xf7" + (7).to_bytes(4, "little") + b"nothing")
        time.sleep(600)
    elif order == "raise":
        raise ValueError("not caught by anybody")
    yield from parse_tree(path, limits, hear)


def _write_to_parent(data: bytes) -> None:
    """Past what guards the stream of events."""
    for number in range(3, 32):
        with suppress(OSError):
            if stat.S_ISFIFO(os.fstat(number).st_mode):
                os.write(number, data)


def _say(path: Path, text: str) -> Iterator[Event]:
    yield DocumentStart(1, None, path.name, "text", "text/plain")
    yield DocumentSegment(1, Segment(text, Whole()))
    yield DocumentEnd(1, FileState.INDEXED)


def _natively(deed: str, path: Path) -> bool:
    """Do it behind Python's back, and say whether it succeeded."""
    libc = ctypes.CDLL(None, use_errno=True)
    name = os.fsencode(path)
    if deed == "write":
        return bool(libc.open(name + b".written", os.O_WRONLY | os.O_CREAT, 0o600) >= 0)
    if deed == "truncate":
        return bool(libc.truncate(name, ctypes.c_long(0)) == 0)
    if deed == "remove":
        return bool(libc.unlink(name) == 0)
    if deed == "read":
        return bool(libc.open(name, os.O_RDONLY) >= 0)
    if deed == "run":
        child = libc.fork()
        if child == 0:
            libc.execl(os.fsencode(sys.executable), b"python", b"--version", None)
            libc._exit(99)
        status = ctypes.c_int()
        libc.waitpid(child, ctypes.byref(status), 0)
        return os.waitstatus_to_exitcode(status.value) != 99
    assert deed == "connect"
    address = struct.pack(
        "=HH4s8x", socket.AF_INET, socket.htons(int(os.environ["MISBEHAVE_PORT"])), bytes((127, 0, 0, 1))
    )
    handle = libc.socket(socket.AF_INET, socket.SOCK_STREAM, 0)
    return bool(libc.connect(handle, address, len(address)) == 0)
