"""A model by its role, wherever the conductor has it run: what asks it need not know of processes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from desktop_rag.models.conductor import Conductor
from desktop_rag.models.work import ModelRole


class Conducted:
    """Answers requests by the model in use for ``role``; ``urgent`` ones come before others. Raises ``ModelError``."""

    def __init__(self, conductor: Conductor, role: ModelRole, *, urgent: bool = False) -> None:
        self._conductor = conductor
        self._role: ModelRole = role
        self._urgent = urgent

    def ask(self, request: Any, cancelled: threading.Event | None = None) -> Iterator[Any]:
        with self._conductor.use(self._role, urgent=self._urgent) as process:
            yield from process.ask(request, cancelled)
