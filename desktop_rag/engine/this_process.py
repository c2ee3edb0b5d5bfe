"""Performs the calls that are about no library here, in the process that makes them."""

from __future__ import annotations

from desktop_rag.engine.call import Call, CallListener, Reply
from desktop_rag.engine.local_api import LocalApi


class ThisProcess(LocalApi):
    """Performs these calls itself."""

    def perform(self, call: Call[Reply], listener: CallListener | None = None) -> Reply:
        return perform_here(call, listener)


def perform_here(call: Call[Reply], listener: CallListener | None = None) -> Reply:
    """Perform a call whose place is the caller's process."""
    import desktop_rag.engine.handlers.local  # noqa: F401  (it registers the functions)
    from desktop_rag.engine.handlers.registry import local_handler

    return local_handler(call)(call, listener or CallListener())
