"""The place of a role's model: which it is, where it runs, who uses it, and what went wrong with it."""

from __future__ import annotations

import math
import time

from msgspec import Struct

from desktop_rag.errors import ModelError
from desktop_rag.models.requests import ModelRole
from desktop_rag.models.runtime.memory_planner import MemoryPlan
from desktop_rag.models.runtime.process import ModelProcess

REPLAN_AFTER_S = 60.0
"""How often it is looked whether a model that has less than it could have can have more now."""


class Fault(Struct, frozen=True):
    """Why ``model`` does not load; it is not tried again before ``until``, on the clock of ``time.monotonic``."""

    error: ModelError
    model: str
    until: float


class ModelSlot:
    """The model of a role."""

    def __init__(self, role: ModelRole) -> None:
        self.role: ModelRole = role
        self.process: ModelProcess | None = None
        self.plan: MemoryPlan | None = None
        self.model = ""  # which it is
        self.name = ""
        self.users = 0
        self.urgent = 0  # urgent ones that use it or wait for it
        self.used_at = 0.0
        self.asked_at = -math.inf  # the last use that was urgent
        self.placed_at = 0.0
        self.best: tuple[int, ...] = ()  # the rank of the plan it would have if no other model were there
        self.loading = False
        self.too_large: MemoryPlan | None = None  # a plan that took more than there was
        self.card_failed = ""  # why it may not use the card, in a sentence
        self.crashes = 0  # in a row, while it worked
        self.fault: Fault | None = None

    @property
    def in_memory(self) -> bool:
        return self.process is not None and (self.loading or self.process.alive)

    def usable(self, model: str) -> bool:
        if self.process is None or self.loading or self.model != model or self.too_large is not None:
            return False
        if self.users:
            return True  # one that crashed in use is started again there
        return self.process.alive and not self.could_have_more

    @property
    def could_have_more(self) -> bool:
        less = self.plan is not None and self.plan.rank < self.best
        return less and time.monotonic() > self.placed_at + REPLAN_AFTER_S

    def unload(self) -> None:
        if self.process is not None:
            self.process.close()
