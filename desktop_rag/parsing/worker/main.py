"""The child process that parses: ``python -m desktop_rag.parsing.worker.main``, started by ``sandbox``.

It reads a ``WorkerSetup`` and then lists of requests from its standard input, and writes lists of events to its
standard output; nothing else can write there. It is confined (see ``confine``), and ends when its parent does: at once
when Python can run, and after two time limits when a parser is stuck in native code.
"""

from __future__ import annotations

import faulthandler
import importlib
import mmap
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import BinaryIO

from desktop_rag.framing import read_frame, take_over_standard_streams, write_frame
from desktop_rag.parsing import stream
from desktop_rag.parsing.source import Limits
from desktop_rag.parsing.worker.confine import confine

_BATCH_BYTES = 64 * 1024
_BATCH_EVENTS = 512
_BATCH_S = 0.5
_STATM = Path("/proc/self/statm")

ParseTree = Callable[[Path, Limits, bool], Iterator[stream.Event]]


def main() -> None:
    requests, events = take_over_standard_streams()
    first = read_frame(requests)
    if first is None:
        return
    setup = stream.decode_setup(first)
    confine(setup.memory_bytes)
    asked: SimpleQueue[stream.ParseRequest] = SimpleQueue()
    threading.Thread(target=_receive, args=(requests, asked), daemon=True).start()
    threading.Thread(target=_prove_alive, args=(setup.timeout_s,), daemon=True).start()
    module, _, function = setup.parse.partition(":")
    parse: ParseTree = getattr(importlib.import_module(module), function)
    try:
        for _ in range(setup.retire_after):
            request = asked.get()
            if request.place is None:
                _send(parse(request.file, setup.limits, setup.hear), events)
            else:
                from desktop_rag.parsing.worker.part_reader import read_part

                _send(read_part(request.file, request.place, setup.limits), events)
            if _memory_bytes() > setup.memory_bytes / 2:
                break  # what a large file left behind would be missing for the next
    except MemoryError:
        os._exit(stream.OUT_OF_MEMORY)
    os._exit(0)  # at once, without waiting for what libraries may have started


def _receive(requests: BinaryIO, asked: SimpleQueue[stream.ParseRequest]) -> None:
    status = 1
    try:
        while (frame := read_frame(requests)) is not None:
            for request in stream.decode_requests(frame):
                asked.put(request)
        status = 0  # the parent has closed our input, or is no more
    finally:
        os._exit(status)  # without this thread the process would wait for ever


def _prove_alive(timeout_s: float) -> None:
    """Keep putting off an alarm that needs no Python to ring: it does when native code lets no other thread run."""
    while True:
        faulthandler.dump_traceback_later(2 * timeout_s, exit=True)
        time.sleep(timeout_s / 4)


def _send(events: Iterator[stream.Event], out: BinaryIO) -> None:
    """Write the events of one file in batches; the last batch ends with the file."""
    batch: list[stream.Event] = []
    size = 0
    due = time.monotonic() + _BATCH_S
    for event in events:
        batch.append(event)
        if isinstance(event, stream.PartRead):
            size += len(event.data)
        if isinstance(event, stream.DocumentSegment):
            segment = event.segment
            size += len(segment.text) + sum(map(len, filter(None, (segment.image, segment.preview, segment.sound))))
        if size > _BATCH_BYTES or len(batch) >= _BATCH_EVENTS or time.monotonic() > due:
            write_frame(out, stream.encode_events(batch))
            batch, size = [], 0
            due = time.monotonic() + _BATCH_S
    if batch:
        write_frame(out, stream.encode_events(batch))


def _memory_bytes() -> int:
    """The address space in use, which is what the cap is on; 0 where the system does not tell as cheaply as Linux."""
    try:
        return int(_STATM.read_bytes().split()[0]) * mmap.PAGESIZE
    except OSError:
        return 0


if __name__ == "__main__":
    main()
