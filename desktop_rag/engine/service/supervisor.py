"""Starts the engine process, and starts it again when it dies.

Run as ``python -m desktop_rag.engine.service.supervisor LIBRARY``.

It does nothing but wait for its child, so it hears of its end at once. What only a parent can see of a crash (a kill
for lack of memory, Windows' own codes) it adds to the library's crash record.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from desktop_rag.messages import say

TRACE_NAME = "crash.log"
RESTARTS = "DESKTOP_RAG_RESTARTS"
"""Environment variable by which the engine hears how often it was started again."""
_DELIBERATE = (0, 2, 4, 5)
"""Exit codes by which the engine says that it need not be started again; see ``server``."""
_STEADY_S = 60.0
"""An engine that ran this long is started again at once; one that dies sooner waits longer each time."""
_FIRST_WAIT_S = 0.25
_LONGEST_WAIT_S = 60.0
_LOOK_EVERY_S = 0.05
"""How soon a signal is noticed while it waits."""
_WINDOWS_CRASH = 0xC0000000
_VMSTAT = Path("/proc/vmstat")


def main(argv: Sequence[str] | None = None) -> int:
    """Run until the engine ends deliberately, or we are told to end; returns the exit code."""
    (library,) = argv if argv is not None else sys.argv[1:]
    child: subprocess.Popen[bytes] | None = None
    told = 0
    """The signal that said so."""

    def pass_on(number: int, _frame: object) -> None:
        nonlocal told
        told = number
        if child is not None:
            child.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, pass_on)
    restarts, wait = 0, 0.0
    while not told:
        began, killed_before = time.monotonic(), _killed_for_memory()
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", "desktop_rag.engine.service.server", library],
            env=os.environ | {RESTARTS: str(restarts)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        if told:  # it came while there was nobody to pass it on to
            child.send_signal(told)
        code = child.wait()
        if code in _DELIBERATE:
            return code
        reason = reason_of(code, memory_kills=_killed_for_memory() - killed_before)
        if reason:
            with suppress(OSError), (Path(library) / TRACE_NAME).open("a", encoding="utf-8") as trace:
                trace.write(f"\n{reason}\n")
        restarts += 1
        wait = 0.0 if time.monotonic() - began >= _STEADY_S else min(_LONGEST_WAIT_S, 2 * wait) or _FIRST_WAIT_S
        until = time.monotonic() + wait
        while not told and time.monotonic() < until:
            time.sleep(_LOOK_EVERY_S)
    return 0


def reason_of(code: int, *, memory_kills: int = 0, windows: bool = sys.platform == "win32") -> str:
    """Why a process with this exit code crashed, in words; "" when it was killed from outside, which is nobody's
    fault. ``memory_kills`` counts what the system killed for lack of memory meanwhile."""
    if windows:
        return say("engine.windows-ended-engine-code", code=code) if code & 0xFFFFFFFF >= _WINDOWS_CRASH else ""
    if code == -signal.SIGKILL:
        return say("engine.system-ended-engine-because-memory-ran") if memory_kills else ""
    if code < 0 and code not in (-signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP):
        return say("engine.engine-ended-signal", signal=-code)
    return ""


def _killed_for_memory() -> int:
    """How many processes the system has killed for lack of memory since it was started."""
    try:
        lines = _VMSTAT.read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("oom_kill ")), 0)


if __name__ == "__main__":
    sys.exit(main())
