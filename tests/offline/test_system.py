"""What the system sees: nothing connects, nothing is looked up, and nothing is missed where there is no network."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop_rag.paths import resources_dir
from tests.offline.system import LOUD, NAMESPACE, TRACE, calls_outside, run, skip_unless, why_no_namespace, why_no_trace

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's network namespaces and strace")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A few files of different kinds; beside them, settings for Chroma that ask for connections."""
    samples = resources_dir() / "samples"
    chosen = tmp_path / "files"
    chosen.mkdir()
    for pattern in ("*.txt", "*.eml", "*.pdf", "*.xlsx", "*.html"):
        shutil.copy(sorted(samples.rglob(pattern))[0], chosen)
    (chosen / "boat.txt").write_text("The boat is moored at the second jetty.", encoding="utf-8")
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in LOUD.items()), encoding="utf-8")
    return chosen


def commands(folder: Path, *before: str) -> None:
    """Everything a person does from a terminal."""
    library = folder.parent / "library"
    desktop_rag = ("-m", "desktop_rag", "--json")
    done = json.loads(run((*desktop_rag, "index", folder), library, *before))
    assert done["states"] == {"indexed": 6}
    answer = json.loads(run((*desktop_rag, "ask", "Where is the boat moored?"), library, *before))
    assert "second jetty" in answer["text"]
    hits = json.loads(run((*desktop_rag, "search", "a ship in the harbour"), library, *before))["hits"]
    assert any("second jetty" in hit["text"] for hit in hits)
    assert json.loads(run((*desktop_rag, "status"), library, *before))["files"] == 6
    # It finds fault with the environment, and with nothing else.
    checks = json.loads(run((*desktop_rag, "doctor"), library, *before, codes=(3,)))["checks"]
    assert [check["name"] for check in checks if not check["ok"]] == ["offline"]
    assert "connections made: 0; refused: 0" in [check["detail"] for check in checks]


def watching(folder: Path, *before: str) -> None:
    """An engine that runs and keeps the library like the folder."""
    status = json.loads(run(("-m", "tests.offline.watching", folder), folder.parent / "library", *before))
    assert status["files"] == 6
    assert (status["engine"]["connections_made"], status["engine"]["connections_refused"]) == (0, 0)


SCENARIOS = pytest.mark.parametrize("scenario", [commands, watching])
"""What is done with the program; one that is added here is run in all ways below."""


@pytest.mark.slow
@SCENARIOS
def test_nothing_is_missed_without_a_network(scenario: Callable[..., None], folder: Path) -> None:
    skip_unless(why_no_namespace())
    scenario(folder, *NAMESPACE)


@pytest.mark.slow
@SCENARIOS
def test_the_system_sees_no_connection_and_no_look_up(scenario: Callable[..., None], folder: Path) -> None:
    skip_unless(why_no_trace())
    trace = folder.parent / "trace"
    scenario(folder, *TRACE[:-1], "-A", "-o", str(trace))
    assert "socket" in trace.read_text(encoding="utf-8", errors="replace"), "nothing was traced"
    assert not calls_outside(trace), "\n".join(calls_outside(trace))
    left = {path.name for path in (folder.parent / "home").rglob("*") if path.is_file()}
    assert not {name for name in left if not name.startswith(("engine.log", "desktop-rag.log"))}


@pytest.mark.parametrize(
    "code",
    [
        "socket.socket().connect_ex(('192.0.2.1', 9))",
        "socket.socket().connect_ex(('0.0.0.0', 9))",
        "socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).connect_ex(('2001:db8::1', 9))",
        "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 9))",
        "socket.socket(type=socket.SOCK_DGRAM).sendmsg([b'x'], [], 0, ('192.0.2.1', 9))",
        "socket.socket().bind(('', 0))",
        "socket.getaddrinfo('desktop-rag.invalid', 80)",
    ],
)
def test_offenders_would_be_seen(code: str, tmp_path: Path) -> None:
    skip_unless(why_no_trace() or why_no_namespace())
    trace = tmp_path / "trace"
    say = f"import socket\nsocket.setdefaulttimeout(0.1)\ntry: {code}\nexcept OSError: pass"
    # Without a network, so that nothing leaves this machine in a test either.
    run(("-c", say), tmp_path / "library", *NAMESPACE, *TRACE, str(trace))
    assert len(calls_outside(trace)) >= 1


def test_what_stays_here_is_no_offence(tmp_path: Path) -> None:
    skip_unless(why_no_trace())
    trace = tmp_path / "trace"
    say = (
        "import socket\n"
        "server = socket.create_server(('127.0.0.1', 0)); socket.create_connection(server.getsockname())\n"
        "socket.socketpair()\n"
    )
    run(("-c", say), tmp_path / "library", *TRACE, str(trace))
    assert "connect(" in trace.read_text(encoding="utf-8")
    assert not calls_outside(trace)
