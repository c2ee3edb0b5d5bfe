"""How hard indexing may work now, and why."""

from __future__ import annotations

import threading
import time

from desktop_rag.config import Config, Pace
from desktop_rag.messages import say
from desktop_rag.models.hardware import GraphicsLoad, on_battery

_LOOK_EVERY_S = 10.0
_ORDER: tuple[Pace, ...] = ("full", "slow", "pause")


class Throttle:
    """Asks the machine at most every ten seconds. Safe from any thread."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._guard = threading.Lock()
        self._graphics: GraphicsLoad | None = None
        self._looked = float("-inf")
        self._found: tuple[Pace, str] = ("full", "")

    def pace(self) -> Pace:
        return self.current()[0]

    def current(self) -> tuple[Pace, str]:
        """The pace and, where it is not full, the reason in words."""
        with self._guard:
            now = time.monotonic()
            if now - self._looked >= _LOOK_EVERY_S:
                self._looked = now
                self._found = self._decide()
            return self._found

    def _decide(self) -> tuple[Pace, str]:
        reasons: list[tuple[Pace, str]] = [("full", "")]
        if self._config.on_battery != "full" and on_battery():
            reasons.append((self._config.on_battery, say("engine.computer-running-battery")))
        if self._config.on_gpu_busy != "full":
            if self._graphics is None:
                self._graphics = GraphicsLoad()
            if self._graphics.busy_elsewhere():
                reasons.append((self._config.on_gpu_busy, say("engine.another-program-using-graphics-card")))
        return max(reasons, key=lambda reason: _ORDER.index(reason[0]))
