"""What the machine is doing (on battery or not, its graphics card busy with something else), and its memory."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

_M_ARENA_MAX = -8
_BUSY_PERCENT = 40
"""A desktop that is being drawn stays well below; a game or a render is well above."""


def on_battery() -> bool:
    """Whether the machine runs on its battery; False where there is none."""
    import psutil

    try:
        battery = psutil.sensors_battery()
    except (OSError, NotImplementedError):
        return False
    return battery is not None and battery.power_plugged is False


def keep_memory_together() -> None:
    """Have all threads of this process share two pools of memory: with one for each, much of it lies free. To be called
    before there are threads; only glibc has such pools."""
    _glibc("mallopt", _M_ARENA_MAX, 2)


def give_back_memory() -> None:
    """Return to the system what was freed, where its C library keeps such memory (glibc's does)."""
    _glibc("malloc_trim", 0)


def _glibc(function: str, *arguments: int) -> None:
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library
            getattr(ctypes.CDLL("libc.so.6"), function)(*arguments)


class GraphicsLoad:
    """How busy the NVIDIA cards are with other programs. Without a card, or its driver, they never are.

    ``connect`` gives the module to ask (that of nvidia-ml-py).
    """

    def __init__(self, connect: Callable[[], Any] | None = None) -> None:
        self._nvml: Any = None
        try:
            self._nvml = (connect or _connect)()
        except Exception:  # the library's own errors are of a family that only exists with it
            return

    def busy_elsewhere(self) -> bool:
        """Whether a card is used by another process for more than the drawing of a desktop."""
        if self._nvml is None:
            return False
        nvml = self._nvml
        try:
            cards = [nvml.nvmlDeviceGetHandleByIndex(number) for number in range(nvml.nvmlDeviceGetCount())]
            return any(self._busy(card) for card in cards)
        except nvml.NVMLError:
            return False

    def _busy(self, card: Any) -> bool:
        if self._nvml.nvmlDeviceGetUtilizationRates(card).gpu < _BUSY_PERCENT:
            return False
        try:
            used = self._nvml.nvmlDeviceGetProcessUtilization(card, 0)
        except self._nvml.NVMLError:  # not told on every card and system: then it is not ours if we use no card
            ours = self._nvml.nvmlDeviceGetComputeRunningProcesses(card)
            return all(process.pid != os.getpid() for process in ours)
        return bool(sum(sample.smUtil for sample in used if sample.pid != os.getpid()) >= _BUSY_PERCENT)


def _connect() -> Any:
    import pynvml

    pynvml.nvmlInit()
    return pynvml
