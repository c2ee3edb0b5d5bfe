"""The log files: what libraries warn about, and the trace of what should not have happened.

They rotate, and no text of a person's files goes in: of an unexpected error only its type and the lines of our own code
are kept, as its message may quote what it stumbled over.
"""

from __future__ import annotations

import logging
import traceback
from logging.handlers import RotatingFileHandler
from pathlib import Path

from desktop_rag.messages import say
from desktop_rag.paths import logs_dir

COMMANDS = "desktop-rag.log"
ENGINE = "engine.log"
"""Files of their own: two processes that rotate one file lose lines of each other."""
_BYTES = 1024 * 1024


def start_log(name: str = COMMANDS, level: int = logging.WARNING) -> None:
    """Send what is logged, and Python's warnings, to the file; without a folder to write in, nowhere."""
    root = logging.getLogger()
    if any(isinstance(handler, RotatingFileHandler) for handler in root.handlers):
        return
    try:
        logs_dir().mkdir(parents=True, exist_ok=True, mode=0o700)
        handler: logging.Handler = RotatingFileHandler(
            logs_dir() / name, maxBytes=_BYTES, backupCount=2, encoding="utf-8", delay=True
        )
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("desktop_rag").setLevel(level)
    logging.captureWarnings(True)


def log_path(name: str = COMMANDS) -> Path:
    return logs_dir() / name


def record_bug(error: BaseException, name: str = COMMANDS) -> str:
    """Write the trace of an unexpected error to the log; returns the words that say where it is."""
    where = "".join(traceback.format_tb(error.__traceback__))
    reason = f" ({error.strerror})" if isinstance(error, OSError) and error.strerror else ""
    logging.getLogger("desktop_rag").error("%s%s\n%s", type(error).__name__, reason, where)
    return say("common.log-details", path=log_path(name))
