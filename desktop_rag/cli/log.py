"""The log file: what libraries warn about, and the trace of what should not have happened. No text of files goes in."""

from __future__ import annotations

import logging
import traceback
from logging.handlers import RotatingFileHandler

from desktop_rag.paths import logs_dir

_NAME = "desktop-rag.log"
_BYTES = 1024 * 1024
_MESSAGE = 200
"""Characters kept of an unexpected error's own message, which may quote what it stumbled over."""


def start_log() -> None:
    """Send what is logged, and Python's warnings, to the file; without a folder to write in, nowhere."""
    root = logging.getLogger()
    if any(isinstance(handler, RotatingFileHandler) for handler in root.handlers):
        return
    try:
        logs_dir().mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = RotatingFileHandler(
            logs_dir() / _NAME, maxBytes=_BYTES, backupCount=2, encoding="utf-8", delay=True
        )
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.captureWarnings(True)


def record_bug(error: Exception) -> str:
    """Write the trace of an unexpected error to the log; returns the words that say where it is."""
    where = "".join(traceback.format_tb(error.__traceback__))
    message = " ".join(str(error).split())[:_MESSAGE]
    logging.getLogger("desktop_rag").error("%s: %s\n%s", type(error).__name__, message, where)
    return f"The log says more: {logs_dir() / _NAME}"
