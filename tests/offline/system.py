"""Runs the program where the system itself shows, or sees to it, that nothing connects."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]

LOUD = {
    "ANONYMIZED_TELEMETRY": "True",
    "CHROMA_OTEL_COLLECTION_ENDPOINT": "http://192.0.2.1:4317",
    "CHROMA_OTEL_GRANULARITY": "all",
    "CHROMA_SERVER_HOST": "192.0.2.1",
    "HF_HUB_DISABLE_TELEMETRY": "0",
    "HF_HUB_OFFLINE": "0",
    "ORT_DISABLE_TELEMETRY": "0",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://192.0.2.1:4317",
}
"""An environment that asks for every connection we know of. The address is nobody's."""

_HUSHED = ("CI", "TF_BUILD", "GITHUB_ACTIONS", "GITLAB_CI", "PYTEST_CURRENT_TEST", "ORT_RUNNING_UNIT_TESTS")
"""Variables by which libraries notice that they are being tested, and are quieter than at a person's."""

NAMESPACE = ("unshare", "--map-root-user", "--net")
TRACE = ("strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=network", "-e", "signal=none", "-o")

_CALL = re.compile(r"^\d+\s+(?:<\.\.\. )?(connect|bind|sendto|sendmsg|sendmmsg)\b.*?sa_family=(AF_INET6?)\b")
_RESOLVER = re.compile(r'\bconnect\(.*sun_path="[^"]*/resolve')
"""The system's own service, which looks names up for others."""
_HERE = re.compile(r'"127\.[\d.]+"|inet_pton\(AF_INET6, "::1"')


@cache
def why_no_namespace() -> str:
    """Why no network without interfaces can be made here; "" when it can."""
    return _why_not((*NAMESPACE, "true"))


@cache
def why_no_trace() -> str:
    """Why the system's calls cannot be listed here; "" when they can."""
    return _why_not((*TRACE, os.devnull, "true"))


def _why_not(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        return f"{command[0]}: {error.strerror}"
    return done.stderr.strip() or f"{command[0]} ended with {done.returncode}" if done.returncode else ""


def environment(library: Path) -> dict[str, str]:
    """That of a person whose library, log and home are beside ``library``, and who has set ``LOUD``."""
    home = str(library.parent / "home")
    places = dict.fromkeys(("HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"), home)
    kept = {name: value for name, value in os.environ.items() if name not in _HUSHED}
    return kept | LOUD | places | {"DESKTOP_RAG_HOME": str(library), "PYTHONPATH": str(CHECKOUT)}


def run(command: Sequence[str | Path], library: Path, *before: str, codes: Sequence[int] = (0,)) -> str:
    """What ``python COMMAND`` prints, run by the program ``before``; it must end with one of ``codes``."""
    done = subprocess.run(
        [*before, sys.executable, *map(str, command)],
        cwd=library.parent,
        env=environment(library),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode in codes, f"{command} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def calls_outside(trace: Path) -> list[str]:
    """The lines of strace that show a call past this machine, or a look-up of a name."""
    return [
        line
        for line in trace.read_text(encoding="utf-8", errors="replace").splitlines()
        if _RESOLVER.search(line) or (_CALL.match(line) and not _HERE.search(line))
    ]


def skip_unless(reason: str) -> None:
    """Skip a test, and say why, when there is a ``reason``."""
    if reason:
        pytest.skip(reason)
