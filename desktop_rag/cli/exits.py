"""Exit codes, the same for every command."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktop_rag.errors import DesktopRagError


class Exit(IntEnum):
    """What a command's exit code says."""

    OK = 0
    NOTHING = 1
    USAGE = 2
    PARTLY = 3
    BUSY = 4
    STORAGE = 5
    BUG = 70
    INTERRUPTED = 130


EXPLAINED = """\
exit codes:
  0    done
  1    nothing was found, or nothing answers the question
  2    the command, question or setting was not understood
  3    partly done: a folder or some new files could not be read,
       or the doctor found something wrong
  4    another process is writing to the library
  5    the library or the program's own files cannot be used
  70   a bug in the program
  130  stopped with Ctrl-C; what was done is kept"""


def exit_for(error: DesktopRagError) -> Exit:
    """The code to leave with because of ``error``."""
    from desktop_rag.errors import ConfigError, FileProblem, InternalError, LibraryBusy, QueryError

    if isinstance(error, InternalError):
        return Exit.BUG
    if isinstance(error, LibraryBusy):
        return Exit.BUSY
    if isinstance(error, ConfigError | QueryError):
        return Exit.USAGE
    return Exit.PARTLY if isinstance(error, FileProblem) else Exit.STORAGE
