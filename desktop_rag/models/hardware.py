"""What the machine has (graphics cards, memory, processor), and what it is doing: on battery or not, its card busy with
something else."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any

from msgspec import Struct

_M_ARENA_MAX = -8
_BUSY_PERCENT = 40
"""A desktop that is being drawn stays well below; a game or a render is well above."""

_FEATURES = ("sse4_2", "avx", "avx2", "f16c", "fma", "avx512f", "avx512_vnni", "avx_vnni", "amx_int8", "asimd")
"""What the libraries make use of, in the names of py-cpuinfo."""


class Card(Struct, frozen=True):
    """An NVIDIA card. ``uuid`` names it to CUDA; ``compute_capability`` is (0, 0) when the driver does not say."""

    name: str
    total_bytes: int
    free_bytes: int
    driver: str
    compute_capability: tuple[int, int]
    uuid: str


class Machine(Struct, frozen=True):
    """What models can run on. ``free_memory_bytes`` is what programs can have without others being swapped out;
    ``cores`` are those of the processor itself, not its threads."""

    cards: tuple[Card, ...]
    memory_bytes: int
    free_memory_bytes: int
    cores: int

    @property
    def cpu_name(self) -> str:
        """Found out when it is first asked for, which takes a second."""
        return _processor()[0]

    @property
    def cpu_features(self) -> tuple[str, ...]:
        """Those of the processor's extensions that make models quicker; found out like the name."""
        return _processor()[1]


def read_machine(connect: Callable[[], Any] | None = None) -> Machine:
    """The machine as it is now. ``connect`` gives the module that knows the cards (that of nvidia-ml-py)."""
    import psutil

    memory = psutil.virtual_memory()
    cores = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    return Machine(read_cards(connect), memory.total, memory.available, cores)


def read_cards(connect: Callable[[], Any] | None = None) -> tuple[Card, ...]:
    """The cards that CUDA may use: none without a driver, and none that CUDA_VISIBLE_DEVICES leaves out."""
    try:
        nvml = (connect or _connect)()
    except Exception:  # the library's own errors are of a family that only exists with it
        return ()
    try:
        driver = nvml.nvmlSystemGetDriverVersion()
        count = nvml.nvmlDeviceGetCount()
    except nvml.NVMLError:
        return ()
    cards = []
    for number in range(count):
        with suppress(nvml.NVMLError):  # one that fell off the bus, or is lent to a virtual machine
            card = nvml.nvmlDeviceGetHandleByIndex(number)
            memory = nvml.nvmlDeviceGetMemoryInfo(card)
            name, uuid = _text(nvml.nvmlDeviceGetName(card)), _text(nvml.nvmlDeviceGetUUID(card))
            if not _visible(number, uuid):
                continue
            capability = (0, 0)
            with suppress(nvml.NVMLError):
                major, minor = nvml.nvmlDeviceGetCudaComputeCapability(card)
                capability = int(major), int(minor)
            cards.append(Card(name, int(memory.total), int(memory.free), _text(driver), capability, uuid))
    return tuple(cards)


def _visible(number: int, uuid: str) -> bool:
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is None:
        return True
    names = [name.strip() for name in named.split(",")]
    return str(number) in names or any(name and uuid.startswith(name) for name in names)


def _text(value: str | bytes) -> str:
    """Older versions of nvidia-ml-py give bytes."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


@cache
def _processor() -> tuple[str, tuple[str, ...]]:
    """Name and extensions of the processor."""
    import cpuinfo  # type: ignore[import-untyped]

    try:
        found = cpuinfo.get_cpu_info()
    except Exception:  # it asks a dozen sources, and which of them fails how depends on the system
        return "", ()
    flags = set(found.get("flags", ()))
    return found.get("brand_raw", ""), tuple(name for name in _FEATURES if name in flags)


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
        ours = _our_processes()
        try:
            used = self._nvml.nvmlDeviceGetProcessUtilization(card, 0)
        except self._nvml.NVMLError:  # not told on every card and system: then it is not ours if we use no card
            return all(process.pid not in ours for process in self._nvml.nvmlDeviceGetComputeRunningProcesses(card))
        return bool(sum(sample.smUtil for sample in used if sample.pid not in ours) >= _BUSY_PERCENT)


def _our_processes() -> set[int]:
    """This process and its children, in which the models run."""
    import psutil

    try:
        return {os.getpid(), *(child.pid for child in psutil.Process().children(recursive=True))}
    except psutil.Error:
        return {os.getpid()}


def _connect() -> Any:
    import pynvml

    pynvml.nvmlInit()
    return pynvml
