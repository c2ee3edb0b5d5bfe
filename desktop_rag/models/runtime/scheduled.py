"""A model by its role, wherever the scheduler has it run: what asks it need not know of processes."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import TypeVar

from desktop_rag.errors import ModelError
from desktop_rag.models.installed_model import Installed
from desktop_rag.models.requests import ModelRequest, ModelRole
from desktop_rag.models.runtime.scheduler import InstalledModels, ModelScheduler

R = TypeVar("R")


def model_in_use(scheduler: ModelScheduler, model_store: InstalledModels, role: ModelRole) -> Installed | None:
    """The installed model for ``role``, if it works; None also when the list of models cannot be read: what needs no
    model goes on."""
    try:
        return None if scheduler.fault(role) is not None else model_store.chosen(role)
    except ModelError as error:
        logging.getLogger("desktop_rag").error("%s: %s", error.code, error.message)
        return None


class ScheduledModel:
    """Answers requests by the model in use for ``role``; ``urgent`` ones come before others. Raises ``ModelError``;
    ``ModelStopped`` when it was ``cancelled`` before the model was loaded."""

    def __init__(self, scheduler: ModelScheduler, role: ModelRole, *, urgent: bool = False) -> None:
        self._scheduler = scheduler
        self._role: ModelRole = role
        self._urgent = urgent

    def ask(self, request: ModelRequest[R], cancelled: threading.Event | None = None) -> Iterator[R]:
        with self._scheduler.use(self._role, urgent=self._urgent, cancelled=cancelled) as process:
            yield from process.ask(request, cancelled)
