"""Tells a fault of the program from what a library makes of a broken file.

Libraries meet broken files with exceptions of every kind, a ``TypeError`` too. Raised in our own code, or by a call
that does not fit what it calls, the same exception is a bug, and no file is to be blamed for it.
"""

from __future__ import annotations

import re
from types import TracebackType

from desktop_rag.errors import ParserFault
from desktop_rag.messages import say

_BUGS = (TypeError, AttributeError, NameError, AssertionError)
_OURS = __name__.partition(".")[0]
_MISFIT = re.compile(
    r"unexpected keyword argument|invalid keyword argument|multiple values for|missing \d+ required|"
    r"takes .*arguments? |takes no (?:keyword )?arguments"
)
"""What Python, and compiled code, say of arguments that a function does not take."""


def is_fault(error: BaseException) -> bool:
    """Whether an exception that was caught is a bug of the program."""
    if not isinstance(error, _BUGS):
        return False
    ours = [_is_ours(frame) for frame in _frames(error)]
    # Compiled functions appear in a traceback as the Python ones do: then it is their caller that is looked at.
    return ours[-1:] == [True] or (_MISFIT.search(str(error)) is not None and ours[-2:-1] == [True])


def fault_in(name: str, error: BaseException) -> ParserFault:
    """The problem of the file ``name`` for a bug. It says where the bug is, and nothing of what the file holds."""
    last = [frame for frame in _frames(error) if _is_ours(frame)][-1]
    where = f"{last.tb_frame.f_globals['__name__']}, line {last.tb_lineno}"
    return ParserFault(
        say("parsing.could-not-read-because-fault-desktop", name=name),
        say("parsing.nothing-wrong-file-please-report-fault", kind=type(error).__name__, where=where),
    )


def _frames(error: BaseException) -> list[TracebackType]:
    """Where an exception went through, its origin last."""
    frames, frame = [], error.__traceback__
    while frame is not None:
        frames.append(frame)
        frame = frame.tb_next
    return frames


def _is_ours(frame: TracebackType) -> bool:
    return str(frame.tb_frame.f_globals.get("__name__", "")).partition(".")[0] == _OURS
