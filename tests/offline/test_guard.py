"""The guard refuses and counts what is past this machine, and lets through what is on it."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGE = CHECKOUT / "desktop_rag"

_REPORT = """
import json
print(json.dumps({"refused": offline.refused(), "made": offline.made(), "attempts": offline.attempts()}))
"""


def guarded(code: str, **environment: str) -> dict[str, Any]:
    """What the guard says after ``code`` has run in a process of its own: a hook cannot be taken out again."""
    start = "import contextlib, os, socket\nfrom desktop_rag import offline\noffline.install()\noffline.install()\n"
    done = subprocess.run(
        [sys.executable, "-c", start + code + _REPORT],
        cwd=CHECKOUT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return report


@pytest.mark.parametrize(
    ("code", "attempt"),
    [
        ("socket.create_connection(('192.0.2.1', 80), timeout=1)", ["socket.getaddrinfo", "192.0.2.1"]),
        ("socket.socket().connect(('192.0.2.1', 80))", ["socket.connect", "192.0.2.1"]),
        ("socket.socket().connect_ex(('192.0.2.1', 80))", ["socket.connect_ex", "192.0.2.1"]),
        ("socket.socket(socket.AF_INET6).connect(('2001:db8::1', 80))", ["socket.connect", "2001:db8::1"]),
        ("socket.socket(socket.AF_INET6).connect(('fe80::1%1', 80, 0, 1))", ["socket.connect", "fe80::1%1"]),
        ("socket.socket().connect(('example.org', 80))", ["socket.connect", "example.org"]),
        ("socket.socket().connect((b'example.org', 80))", ["socket.connect", "example.org"]),
        (
            "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
            ["socket.sendto", "192.0.2.1"],
        ),
        (
            "socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', 0, ('example.org', 53))",
            ["socket.sendto", "example.org"],
        ),
        pytest.param(
            "socket.socket(type=socket.SOCK_DGRAM).sendmsg([b'x'], [], 0, ('192.0.2.1', 53))",
            ["socket.sendmsg", "192.0.2.1"],
            marks=pytest.mark.skipif(sys.platform == "win32", reason="Windows has no sendmsg"),
        ),
        ("socket.socket().bind(('0.0.0.0', 0))", ["socket.bind", "0.0.0.0"]),
        ("socket.create_server(('', 0))", ["socket.bind", ""]),
        ("socket.getaddrinfo('example.org', 443)", ["socket.getaddrinfo", "example.org"]),
        ("socket.gethostbyname('example.org')", ["socket.gethostbyname", "example.org"]),
        ("socket.gethostbyname_ex('example.org')", ["socket.gethostbyname", "example.org"]),
        ("socket.gethostbyaddr('192.0.2.1')", ["socket.gethostbyaddr", "192.0.2.1"]),
        ("socket.getnameinfo(('192.0.2.1', 80), 0)", ["socket.getnameinfo", "192.0.2.1"]),
        ("import _socket; _socket.socket().connect(('192.0.2.1', 80))", ["socket.connect", "192.0.2.1"]),
    ],
)
def test_what_is_past_this_machine_is_refused_and_counted(code: str, attempt: list[str]) -> None:
    setup, _, call = code.rpartition("; ")
    tried = f"{setup}\ntry:\n    {call}\nexcept PermissionError as error: assert 'makes no connections' in str(error)\n"
    assert guarded(f"{tried}else: raise AssertionError\n") == {"refused": 1, "made": 0, "attempts": [attempt]}


def test_urllib_takes_it_for_a_network_that_is_down() -> None:
    code = """
import urllib.error, urllib.request
for address in ("https://example.org/model.gguf", "http://192.0.2.1/", "ftp://example.org/"):
    try: urllib.request.urlopen(address, timeout=1)
    except urllib.error.URLError as error: assert "makes no connections" in str(error)
    else: raise AssertionError
"""
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "ftp_proxy"), "")
    report = guarded(code, **proxies)
    assert (report["refused"], report["made"]) == (3, 0)
    assert ["socket.getaddrinfo", "example.org"] in report["attempts"]


def test_loopback_and_local_sockets_are_let_through() -> None:
    code = """
import socketserver, tempfile, threading
for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "localhost"), (socket.AF_INET6, "::1")):
    if family == socket.AF_INET6 and not socket.has_ipv6: continue
    try: server = socket.create_server((host, 0), family=family)
    except offline.OfflineError: raise
    except OSError: continue  # this machine has no IPv6
    with server, socket.create_connection(server.getsockname()[:2]) as client, server.accept()[0] as other:
        client.sendall(b"x"); assert other.recv(1) == b"x"
socket.getaddrinfo(None, 80); socket.getaddrinfo("127.3.2.1", 80); socket.gethostbyname("localhost")
with socket.socket(type=socket.SOCK_DGRAM) as here, socket.socket(type=socket.SOCK_DGRAM) as there:
    there.bind(("127.0.0.1", 0)); here.sendto(b"x", there.getsockname()); assert there.recv(1) == b"x"
for pair in [socket.socketpair()]:
    with pair[0] as here, pair[1] as there: here.sendall(b"x"); assert there.recv(1) == b"x"
if hasattr(socket, "AF_UNIX") and os.name != "nt":
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
        server.bind(folder + "/s"); server.listen()
        with socket.socket(socket.AF_UNIX) as client: client.connect(folder + "/s")
from multiprocessing.connection import Client, Listener
with Listener() as listener:
    threading.Thread(target=Client, args=(listener.address,)).start()
    listener.accept().close()
"""
    assert guarded(code) == {"refused": 0, "made": 0, "attempts": []}


def test_a_download_that_was_asked_for_is_let_through_and_counted() -> None:
    code = """
with offline.allow("a test"), socket.socket() as sock, contextlib.suppress(OSError):
    sock.settimeout(0.01)
    sock.connect(("192.0.2.1", 9))  # an address that is nobody's
assert offline.made() == 1
import threading
def try_it():
    with socket.socket() as sock, contextlib.suppress(offline.OfflineError): sock.connect(("192.0.2.1", 9))
with offline.allow("for this thread alone"):
    thread = threading.Thread(target=try_it); thread.start(); thread.join()
try_it()
"""
    assert guarded(code) == {"refused": 2, "made": 1, "attempts": [["socket.connect", "192.0.2.1"]] * 2}


def test_only_the_last_attempts_are_remembered_and_all_are_counted() -> None:
    code = """
for number in range(250):
    with contextlib.suppress(OSError): socket.gethostbyname(f"{number}.example.org")
"""
    report = guarded(code)
    assert report["refused"] == 250
    assert len(report["attempts"]) == 100
    assert report["attempts"][-1] == ["socket.gethostbyname", "249.example.org"]


def test_libraries_are_told_to_be_quiet_whatever_the_environment_says() -> None:
    loud = {
        "HF_HUB_OFFLINE": "0",
        "HF_HUB_DISABLE_TELEMETRY": "0",
        "ANONYMIZED_TELEMETRY": "True",
        "ORT_DISABLE_TELEMETRY": "0",
        "OTEL_SDK_DISABLED": "false",
    }
    code = """
import subprocess, sys
from chromadb.config import Settings
from huggingface_hub import constants
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import NoOpTracer
assert constants.HF_HUB_OFFLINE and constants.HF_HUB_DISABLE_TELEMETRY
assert not Settings().anonymized_telemetry
assert isinstance(TracerProvider().get_tracer("x"), NoOpTracer)
say = "import os; print(os.environ['ORT_DISABLE_TELEMETRY'], os.environ['HF_HUB_OFFLINE'])"
assert subprocess.run([sys.executable, "-c", say], capture_output=True, text=True).stdout == "1 1\\n"
"""
    assert guarded(code, **loud)["refused"] == 0


def _exceptions(source: str) -> Iterator[int]:
    """Lines in which the guard is circumvented, or reached into."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module == "desktop_rag.offline":
            yield node.lineno
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
            holder = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
            if holder == "offline" and (node.attr == "allow" or node.attr.startswith("_")):
                yield node.lineno


def test_only_the_download_module_may_ask_for_an_exception() -> None:
    download = PACKAGE / "models" / "store" / "download.py"
    found = [
        f"{path.relative_to(CHECKOUT)}:{line}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if path != download
        for line in _exceptions(path.read_text(encoding="utf-8"))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "source",
    [
        "from desktop_rag.offline import allow",
        "from desktop_rag import offline\nwith offline.allow('x'): pass",
        "import desktop_rag.offline\ndesktop_rag.offline.allow('x')",
        "from desktop_rag import offline\noffline._allowed.set(True)",
    ],
)
def test_exceptions_would_be_seen(source: str) -> None:
    assert list(_exceptions(source))
    assert not list(_exceptions("from desktop_rag import offline\noffline.install()"))


def test_doctor_says_what_was_counted(tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from desktop_rag.engine.engine import Engine
def connections():
    return next(check for check in engine.doctor() if check.name == "connections")
with Engine(Path({str(tmp_path)!r}) / "library") as engine:
    check = connections()
    assert (check.ok, check.detail) == (True, "connections made: 0; refused: 0"), check
    with contextlib.suppress(OSError): socket.getaddrinfo("example.org", 80)
    check = connections()
    assert (check.ok, check.detail) == (False, "connections made: 0; refused: 1 (with example.org)"), check
"""
    assert guarded(code)["refused"] == 1
