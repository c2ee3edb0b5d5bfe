"""Nothing leaves this computer: a guard over the process's connections.

``install`` refuses every connection and look-up past this machine, and counts what it refused. It stands on an audit
hook, which no code can remove again, and sees all that Python code does, whichever library it belongs to. Native code
that opens sockets by itself it cannot see. ONNX Runtime brings such code, to tell its makers how it is used, and does
not start it when the environment says so before it is loaded: this is what ``quieten`` is for. That nothing native
connects is shown by a test that has the system list each call. The processes that parse files are confined by the
system itself.

Only the module that downloads models may ask for an exception, with ``allow``, when a person has asked for a download.
"""

from __future__ import annotations

import errno
import functools
import ipaddress
import logging
import os
import socket
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_QUIET = {
    "ORT_DISABLE_TELEMETRY": "1",  # ONNX Runtime from 1.29 on: no reports, no number for this machine in ~/.cache
    "ORT_TELEMETRY_DISABLED": "1",  # the name that some of its builds know
    "ANONYMIZED_TELEMETRY": "False",  # Chroma
    "OTEL_SDK_DISABLED": "true",  # OpenTelemetry, which Chroma brings: whatever a .env file in the current folder says
    "HF_HUB_OFFLINE": "1",  # Hugging Face, which tokenizers brings: it would look for newer files of a model
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",  # what others have agreed on
}
"""What keeps libraries from even trying; children inherit it."""

_LOCAL = {getattr(socket, name, None) for name in ("AF_UNIX", "AF_NETLINK")}
"""Families of addresses that are all on this machine: its processes and its kernel."""
_ADDRESS_AT = {"bind": 0, "connect": 0, "connect_ex": 0, "sendmsg": 3, "sendto": -1}
"""Methods of sockets, and where among the arguments the address stands."""
_REMEMBERED = 100

_allowed: ContextVar[bool] = ContextVar("allowed", default=False)
_guard = threading.Lock()
_installed = False
_refused = 0
_made = 0
_attempts: deque[tuple[str, str]] = deque(maxlen=_REMEMBERED)


class OfflineError(PermissionError):
    """Something in this process wanted to talk to another machine. Libraries take it for a network that is down."""


def quieten() -> None:
    """Turn off what libraries tell their makers, whatever a person's environment says. To be called before they are
    loaded: they look only once."""
    os.environ.update(_QUIET)


def install() -> None:
    """Guard this process from now on; once is enough."""
    global _installed
    quieten()
    with _guard:
        if _installed:
            return
        _installed = True
    sys.addaudithook(_watch)
    # These look up a name in their address first and raise their event only then: too late to keep the name here.
    for name, place in _ADDRESS_AT.items():
        setattr(socket.socket, name, _judged_first(getattr(socket.socket, name), place))


def is_installed() -> bool:
    """Whether this process is guarded; its counts say nothing otherwise."""
    return _installed


@contextmanager
def allow(reason: str) -> Iterator[None]:
    """Let this thread connect to other machines, for a download that a person has asked for; the log says so."""
    logging.getLogger("desktop_rag").info("Connections are allowed: %s", reason)
    token = _allowed.set(True)
    try:
        yield
    finally:
        _allowed.reset(token)


def made() -> int:
    """How many connections to other machines this process has made."""
    return _made


def refused() -> int:
    """How many times it wanted to reach another machine and was not allowed to."""
    return _refused


def attempts() -> tuple[tuple[str, str], ...]:
    """The last of those that were refused: what was tried, and with whom."""
    return tuple(_attempts)


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    """The audit hook: it hears of every file that is opened, too, so it looks at the name first."""
    if not event.startswith("socket."):
        return
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind"):
        _judge(event, *arguments[:2])
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo"):
        _judge(event, None, arguments[0])


def _judged_first(method: Callable[..., Any], place: int) -> Callable[..., Any]:
    @functools.wraps(method)
    def judged(self: socket.socket, *arguments: Any) -> Any:
        if len(arguments) > place and not _allowed.get():
            _judge(f"socket.{method.__name__}", self, arguments[place])
        return method(self, *arguments)

    return judged


def _judge(event: str, sock: socket.socket | None, address: Any) -> None:
    """Refuse what is past this machine. ``address`` is None for nobody in particular: a socket connected before."""
    global _made, _refused
    if address is None or (sock is not None and sock.family in _LOCAL):
        return
    host = address[0] if isinstance(address, tuple) and address else address
    name = host.decode("ascii", "replace") if isinstance(host, bytes | bytearray) else str(host)
    if _is_here(name):
        return
    with _guard:
        if _allowed.get():
            _made += event == "socket.connect"
            return
        _refused += 1
        _attempts.append((event, name))
    raise OfflineError(errno.EACCES, f"Desktop RAG makes no connections: {event} with {name!r} was refused.")


def _is_here(host: str) -> bool:
    """Whether a name or an address means this machine."""
    if host.casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False
