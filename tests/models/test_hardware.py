"""The machine as the models see it."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from desktop_rag.models import hardware
from desktop_rag.models.hardware import Card, GraphicsLoad, read_cards, read_machine


class FakeNvml:
    """A driver with two cards, of which the second may have fallen off the bus. Its texts may be bytes, as in old
    versions."""

    class NVMLError(Exception):
        pass

    def __init__(self, *, as_bytes: bool = False, lost: bool = False, silent: bool = False, busy: int = 0) -> None:
        self.as_bytes = as_bytes
        self.lost = lost
        self.silent = silent
        self.busy = busy

    def nvmlSystemGetDriverVersion(self) -> str | bytes:
        if self.silent:
            raise self.NVMLError("uninitialized")
        return self._text("550.90")

    def nvmlDeviceGetCount(self) -> int:
        return 2

    def nvmlDeviceGetHandleByIndex(self, number: int) -> int:
        if number == 1 and self.lost:
            raise self.NVMLError("lost")
        return number

    def nvmlDeviceGetMemoryInfo(self, card: int) -> Any:
        return SimpleNamespace(total=8_000 + card, free=6_000 + card)

    def nvmlDeviceGetName(self, card: int) -> str | bytes:
        return self._text(f"Card {card}")

    def nvmlDeviceGetUUID(self, card: int) -> str | bytes:
        return self._text(f"GPU-{card}{card}")

    def nvmlDeviceGetCudaComputeCapability(self, card: int) -> tuple[int, int]:
        if card == 1:
            raise self.NVMLError("not supported")
        return 8, 6

    def nvmlDeviceGetUtilizationRates(self, _card: int) -> Any:
        return SimpleNamespace(gpu=95)

    def nvmlDeviceGetProcessUtilization(self, _card: int, _since: int) -> list[Any]:
        return [SimpleNamespace(pid=self.busy, smUtil=90)]

    def _text(self, text: str) -> str | bytes:
        return text.encode() if self.as_bytes else text


FIRST = Card("Card 0", 8_000, 6_000, "550.90", (8, 6), "GPU-00")
SECOND = Card("Card 1", 8_001, 6_001, "550.90", (0, 0), "GPU-11")


@pytest.fixture(autouse=True)
def _all_cards_visible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


@pytest.mark.parametrize("as_bytes", [False, True])
def test_cards_are_told(as_bytes: bool) -> None:
    assert read_cards(lambda: FakeNvml(as_bytes=as_bytes)) == (FIRST, SECOND)


def test_a_lost_card_does_not_hide_the_other() -> None:
    assert read_cards(lambda: FakeNvml(lost=True)) == (FIRST,)


def test_without_a_driver_there_is_no_card() -> None:
    def missing() -> Any:
        raise OSError("no library")

    assert read_cards(missing) == ()
    assert read_cards(lambda: FakeNvml(silent=True)) == ()


@pytest.mark.parametrize(
    ("visible", "cards"), [("1", (SECOND,)), ("GPU-0", (FIRST,)), ("", ()), ("-1", ()), ("1,0", (FIRST, SECOND))]
)
def test_cards_hidden_from_cuda_are_none(
    monkeypatch: pytest.MonkeyPatch, visible: str, cards: tuple[Card, ...]
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert read_cards(FakeNvml) == cards


def test_this_machine() -> None:
    machine = read_machine(FakeNvml)
    assert machine.cards == (FIRST, SECOND)
    assert 0 < machine.free_memory_bytes <= machine.memory_bytes == psutil.virtual_memory().total
    assert 1 <= machine.cores <= (os.cpu_count() or 1)


def test_the_processor_is_asked_once_and_only_when_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    import cpuinfo  # type: ignore[import-untyped]

    asked: list[int] = []

    def fake_info() -> dict[str, Any]:
        asked.append(1)
        return {"brand_raw": "Fake Processor", "flags": ["fpu", "avx2", "avx512f"]}

    monkeypatch.setattr(cpuinfo, "get_cpu_info", fake_info)
    hardware._processor.cache_clear()
    machine = read_machine(FakeNvml)
    assert not asked
    assert (machine.cpu_name, machine.cpu_features) == ("Fake Processor", ("avx2", "avx512f"))
    assert (machine.cpu_name, asked) == ("Fake Processor", [1])
    hardware._processor.cache_clear()


def test_a_card_that_our_own_models_use_is_not_busy_elsewhere() -> None:
    assert GraphicsLoad(lambda: FakeNvml(busy=1)).busy_elsewhere()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert not GraphicsLoad(lambda: FakeNvml(busy=child.pid)).busy_elsewhere()
