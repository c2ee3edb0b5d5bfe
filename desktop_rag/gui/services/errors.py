"""Errors and advice as they are shown to a person."""

from __future__ import annotations

from desktop_rag.errors import DesktopRagError
from desktop_rag.gui.widgets.formatting import tr, window_language, wrappable
from desktop_rag.log import record_bug
from desktop_rag.messages import render


def shown_error(error: BaseException) -> DesktopRagError:
    """``error`` itself if it has words for a person; any other is a mistake of ours, which is logged."""
    if isinstance(error, DesktopRagError):
        return error
    said = tr("Something went wrong in this program ({what}).").format(what=type(error).__name__)
    return DesktopRagError(said, record_bug(error))


def error_text(error: DesktopRagError, otherwise: str = "") -> str:
    """What went wrong and what to do about it; ``otherwise`` replaces advice that is about the command line."""
    message = render(error.message, window_language())
    return f"{wrappable(message)} {advice(error.hint) or otherwise}".strip()


def advice(hint: str) -> str:
    """A hint in one line; "" if it is about the command line."""
    return "" if "desktop-rag" in hint or "command" in hint else wrappable(render(hint, window_language()))
