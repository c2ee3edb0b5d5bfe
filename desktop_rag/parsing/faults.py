"""Tells a fault of the program from what a library makes of a broken file.

Libraries meet broken files with exceptions of every kind, a ``TypeError`` too. Raised in our own code, or by a call
that does not fit what it calls, the same exception is a bug, and no file is to be blamed for it.
"""

from __future__ import annotations

import logging
import re
import traceback
from types import TracebackType

from desktop_rag.errors import ParserFault

_log = logging.getLogger(__name__)

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
    frames = _ours(error.__traceback__)
    # Compiled functions appear in a traceback as the Python ones do: then it is their caller that is looked at.
    return frames[-1:] == [True] or (_MISFIT.search(str(error)) is not None and frames[-2:-1] == [True])


def fault_in(name: str, error: BaseException) -> ParserFault:
    """The problem of the file ``name`` for a bug, which is told to the log: where it is, and nothing of the file."""
    kind = type(error).__name__
    _log.error("A parser failed with %s:\n%s", kind, "".join(traceback.format_tb(error.__traceback__)))
    return ParserFault(
        f"{name} could not be read because of a fault in Desktop RAG ({kind}).",
        "Nothing is wrong with the file. Please report the fault; the log says where it is.",
    )


def _ours(frame: TracebackType | None) -> list[bool]:
    """Whether each frame, from the outermost on, is one of our own code."""
    found = []
    while frame is not None:
        name = str(frame.tb_frame.f_globals.get("__name__", ""))
        found.append(name.partition(".")[0] == _OURS)
        frame = frame.tb_next
    return found
