"""Indexing gives way: to questions, on battery, and to whoever uses the graphics card."""

from __future__ import annotations

import os
import threading
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from desktop_rag.config import Config
from desktop_rag.engine.sync import throttle
from desktop_rag.engine.sync.priority_gate import PriorityGate
from desktop_rag.engine.sync.throttle import Throttle
from desktop_rag.models.hardware import GraphicsLoad, on_battery


class FakeNvml:
    """A driver with one card: its load, and the load by process."""

    class NVMLError(Exception):
        pass

    def __init__(self, load: int, by_process: dict[int, int] | None) -> None:
        self.load = load
        self.by_process = by_process

    def nvmlDeviceGetCount(self) -> int:
        return 1

    def nvmlDeviceGetHandleByIndex(self, number: int) -> int:
        return number

    def nvmlDeviceGetUtilizationRates(self, _card: int) -> Any:
        return SimpleNamespace(gpu=self.load)

    def nvmlDeviceGetProcessUtilization(self, _card: int, _since: int) -> list[Any]:
        if self.by_process is None:
            raise self.NVMLError("not supported")
        return [SimpleNamespace(pid=pid, smUtil=load) for pid, load in self.by_process.items()]

    def nvmlDeviceGetComputeRunningProcesses(self, _card: int) -> list[Any]:
        return []


@pytest.mark.parametrize(
    ("load", "by_process", "busy"),
    [(5, {}, False), (95, {1: 90}, True), (95, {os.getpid(): 95}, False), (95, None, True), (30, None, False)],
)
def test_a_card_is_busy_when_others_use_it(load: int, by_process: dict[int, int] | None, busy: bool) -> None:
    assert GraphicsLoad(lambda: FakeNvml(load, by_process)).busy_elsewhere() is busy


def test_without_a_driver_no_card_is_busy() -> None:
    def missing() -> Any:
        raise OSError("no library")

    assert not GraphicsLoad(missing).busy_elsewhere()
    assert GraphicsLoad().busy_elsewhere() in (False, True)  # the real library, whatever this machine has


@pytest.mark.parametrize(("battery", "expected"), [(None, False), (True, False), (False, True)])
def test_battery(battery: bool | None, expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    found = None if battery is None else SimpleNamespace(power_plugged=battery)
    monkeypatch.setattr(psutil, "sensors_battery", lambda: found, raising=False)
    assert on_battery() is expected


@pytest.mark.parametrize(
    ("settings", "battery", "game", "expected"),
    [
        (Config(), False, False, "full"),
        (Config(), True, False, "slow"),
        (Config(on_battery="pause"), True, False, "pause"),
        (Config(on_battery="full"), True, False, "full"),
        (Config(on_gpu_busy="pause"), True, True, "pause"),
        (Config(on_battery="full", on_gpu_busy="full"), True, True, "full"),
    ],
)
def test_pace(settings: Config, battery: bool, game: bool, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "on_battery", lambda: battery)
    monkeypatch.setattr(throttle, "GraphicsLoad", lambda: SimpleNamespace(busy_elsewhere=lambda: game))
    found, reason = Throttle(settings).current()
    assert found == expected
    assert bool(reason) is (expected != "full")


def test_indexing_waits_for_questions() -> None:
    gate = PriorityGate(lambda: "full", threading.Event())
    passed = threading.Event()

    def index() -> None:
        gate.checkpoint()
        passed.set()

    with gate.question():
        thread = threading.Thread(target=index)
        thread.start()
        assert not passed.wait(0.2)
    thread.join(5)
    assert passed.is_set()


def test_a_slow_pace_rests_and_ends_when_closing() -> None:
    rests: list[float] = []

    class FakeEvent(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            rests.append(timeout or 0.0)
            return True

    for chosen, rested in (("full", 0), ("slow", 1)):
        rests.clear()
        PriorityGate(lambda chosen=chosen: chosen, FakeEvent()).checkpoint()  # type: ignore[misc]
        assert len(rests) == rested
