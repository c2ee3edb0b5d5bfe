"""What a worker may be made to run instead of ``parse_tree``: it does to the process what the file says."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from desktop_rag.parsing.source import Limits
from desktop_rag.parsing.stream import DocumentSegment, DocumentStart, Event
from desktop_rag.parsing.tree import parse_tree
from desktop_rag.types import Segment, Whole


def parse(path: Path, limits: Limits) -> Iterator[Event]:
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
    elif order == "half a pair":
        yield DocumentStart(1, None, "half \udce9", "text", "text/plain")
    elif order == "raise":
        raise ValueError("not caught by anybody")
    yield from parse_tree(path, limits)
