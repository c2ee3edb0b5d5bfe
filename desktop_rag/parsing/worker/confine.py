"""What a process that parses gives up before it sees the first file: memory beyond its share, the network, other
programs, and writing anything anywhere.

Python's own calls are refused everywhere. On Linux the system refuses them to native code too, as far as it is able
and willing to: a network namespace without interfaces, Landlock, and limits on resources. What one system lacks is
passed over, as the others still hold.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import stat
import sys

_FORBIDDEN = frozenset(
    (
        # other programs
        *("os.exec", "os.fork", "os.forkpty", "os.kill", "os.killpg", "os.posix_spawn", "os.spawn", "os.startfile"),
        *("os.system", "pty.spawn", "subprocess.Popen"),
        # the network
        *("socket.bind", "socket.connect", "socket.getaddrinfo", "socket.gethostbyaddr", "socket.gethostbyname"),
        *("socket.sendmsg", "socket.sendto"),
        # changes of files and folders
        *("os.chmod", "os.chown", "os.link", "os.mkdir", "os.remove", "os.removexattr", "os.rename", "os.rmdir"),
        *("os.setxattr", "os.symlink", "os.truncate", "os.utime", "tempfile.mkdtemp", "tempfile.mkstemp"),
    )
)
"""Python's names of the calls (its audit events)."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_LOG_BYTES = 1024 * 1024
_OPEN_FILES = 256
_POLITE = 10

_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000

_LANDLOCK_CREATE, _LANDLOCK_RESTRICT = 444, 446
_LANDLOCK_VERSION = 1
_PR_SET_NO_NEW_PRIVS = 38


def confine(memory_bytes: int) -> None:
    """Confine this process for good. Call it before any second thread runs: only then can the network be left."""
    if sys.platform != "win32":  # the parent asks Windows for the priority when it starts us
        os.nice(_POLITE)
        _limit_resources(memory_bytes)
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        _leave_network(libc)
        _forbid_changes(libc)
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event in _FORBIDDEN:
        raise PermissionError(f"a parser may not use {event}")
    if event == "open" and isinstance(flags := arguments[2], int) and flags & _WRITING:
        raise PermissionError("a parser may not use open for writing")


def _limit_resources(memory_bytes: int) -> None:
    import resource

    log = os.fstat(2)
    # A program has one limit for all it writes; its log, if that is a file, may still grow by a little.
    written = log.st_size + _LOG_BYTES if stat.S_ISREG(log.st_mode) else 0
    for limit, value in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, written),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
    ):
        with contextlib.suppress(ValueError, OSError):  # macOS knows the limit on memory and refuses it
            resource.setrlimit(limit, (value, value))


def _leave_network(libc: ctypes.CDLL) -> None:
    """Move into a network of our own, without any interface. One who is not root needs a user namespace for it; the
    rights to files stay those of the person."""
    libc.unshare(_CLONE_NEWNET if os.geteuid() == 0 else _CLONE_NEWUSER | _CLONE_NEWNET)


class _Ruleset(ctypes.Structure):
    """``struct landlock_ruleset_attr``: what is forbidden unless a rule allows it. There are no rules."""

    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("reach", ctypes.c_uint64))


def _forbid_changes(libc: ctypes.CDLL) -> None:
    """Have Landlock forbid all changes of files and the running of programs, and where it can (it grew over the years)
    TCP, abstract sockets and signals to others."""
    version = libc.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), _LANDLOCK_VERSION)
    if version < 1:
        return
    files = 0b1_1111_1111_0011  # all but reading files and listing folders
    files |= sum(1 << bit for bit, since in ((13, 2), (14, 3), (15, 5)) if version >= since)
    rules = _Ruleset(files, 0b11 if version >= 4 else 0, 0b11 if version >= 6 else 0)
    handle = libc.syscall(_LANDLOCK_CREATE, ctypes.byref(rules), ctypes.c_size_t(ctypes.sizeof(rules)), 0)
    if handle < 0:
        return
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, *map(ctypes.c_ulong, (1, 0, 0, 0))) == 0:
        libc.syscall(_LANDLOCK_RESTRICT, handle, 0)
    os.close(handle)
