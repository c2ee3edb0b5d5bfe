"""What starts the engine again ends when it is told to, whatever it is doing."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from desktop_rag.engine.service.supervisor import TRACE_NAME
from tests.engine.waiting import until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")

PATIENCE_S = 30.0

_SUPERVISE = """
import sys
from desktop_rag.engine.service import supervisor
sys.executable, supervisor._FIRST_WAIT_S = sys.argv[2], float(sys.argv[3])
sys.exit(supervisor.main([sys.argv[1]]))
"""


def supervise(library: Path, engine: str, first_wait_s: float) -> subprocess.Popen[bytes]:
    """A supervisor whose engine is a shell script."""
    script = library / "engine"
    script.write_text(f"#!/bin/sh\necho $$ >> {library}/started\n{engine}\n", encoding="utf-8")
    script.chmod(0o700)
    return subprocess.Popen([sys.executable, "-c", _SUPERVISE, str(library), str(script), str(first_wait_s)])


def starts(library: Path) -> int:
    path = library / "started"
    return len(path.read_text(encoding="utf-8").split()) if path.exists() else 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_while_it_waits_to_start_the_engine_again(tmp_path: Path, number: int) -> None:
    with supervise(tmp_path, "kill -SEGV $$", 3600.0) as running:
        until((tmp_path / TRACE_NAME).exists, "the first crash")
        running.send_signal(number)
        assert running.wait(PATIENCE_S) == 0
    assert starts(tmp_path) == 1


def test_an_engine_that_dies_of_the_signal_is_not_started_again(tmp_path: Path) -> None:
    with supervise(tmp_path, "exec sleep 600", 0.01) as running:
        until(lambda: starts(tmp_path), "the engine")
        running.send_signal(signal.SIGTERM)
        assert running.wait(PATIENCE_S) == 0
    assert starts(tmp_path) == 1


def test_an_engine_that_crashes_is_started_again_until_it_ends_by_itself(tmp_path: Path) -> None:
    with supervise(tmp_path, f"[ $(wc -l < {tmp_path}/started) -ge 3 ] && exit 4\nkill -SEGV $$", 0.01) as running:
        assert running.wait(PATIENCE_S) == 4
    assert starts(tmp_path) == 3
    assert (tmp_path / TRACE_NAME).read_text(encoding="utf-8").count("was stopped by signal 11") == 2
