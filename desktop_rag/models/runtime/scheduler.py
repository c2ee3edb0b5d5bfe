"""Which models are in memory: one budget, of the card and of the main memory, over all of them.

A model is loaded when it is first used. For want of room those are ended that have been idle the longest; all end after
a while without use. A model that is unloaded has no process at all: that alone gives a card's memory back entirely,
and the system keeps the files in its cache, from which they come back in seconds. Questions are urgent, and come before
indexing.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from desktop_rag.errors import ModelCrashed, ModelError, ModelStopped, NoMemoryForModel
from desktop_rag.messages import Worded, say, sentences
from desktop_rag.models.hardware import Machine
from desktop_rag.models.installed_model import Installed
from desktop_rag.models.requests import ModelRole
from desktop_rag.models.runtime.memory_planner import KINDS, Kind, MemoryPlan, Planner, Room, Where, room_for
from desktop_rag.models.runtime.process import ModelProcess
from desktop_rag.models.runtime.slot import Fault, ModelSlot
from desktop_rag.worker_thread import Report, WorkerThread, log_only

_PATIENCE_S = 60.0
"""How long a question waits for indexing to let go of the room it needs; after that it makes do with less."""
_ASKED_LATELY_S = 120.0
"""So long after a question its model is not unloaded for indexing: the next question is likely to come."""
_MEMORY_MAY_COME_S = 300.0
"""How long a model counts as broken that found no memory."""
_CRASHES = 2
"""So many crashes in a row on a card, and the model goes to the processor."""
_LOOK_EVERY_S = 0.1
"""How soon one that waits is stopped."""
_STOPS_SOON_S = 60.0
_CRASHED = say("models.crashed-graphics-card")
_NOTHING = "-1"
"""For CUDA: no card. A model on the processor would otherwise take some of a card's memory for nothing."""
_WHAT: dict[ModelRole, str] = {
    "chat": say("models.chat-model"),
    "embedding": say("models.embedding-model"),
    "reranking": say("models.reranking-model"),
    "image": say("models.image-model"),
    "speech": say("models.speech-model"),
    "ocr": say("models.text-recognition-model"),
}


class InstalledModels(Protocol):
    """What the scheduler needs of the installed models."""

    def chosen(self, role: ModelRole) -> Installed | None: ...


class Loaded(Worded, frozen=True, omit_defaults=False):
    """A model that is in memory. ``bytes`` is what it takes of the card (an estimate) and of the main memory together;
    ``said`` tells a person where it runs and what was left out."""

    role: ModelRole
    name: str
    where: Where
    bytes: int
    said: str


class ModelScheduler:
    """The models of ``model_store`` in processes of their own, as far as ``machine`` has room for them. Thread-safe.

    ``threads`` of the processor are used by each; ``idle_s`` is how long one is kept without being used. ``log_dir``
    gets a log for each role. ``start`` makes a process, and ``kinds`` says how the models of a role are loaded.
    ``report`` is told what goes wrong in the background.
    """

    def __init__(
        self,
        model_store: InstalledModels,
        machine: Callable[[], Machine],
        *,
        threads: int,
        idle_s: float = 300,
        log_dir: Path | None = None,
        start: Callable[..., ModelProcess] = ModelProcess,
        kinds: Mapping[ModelRole, Kind] = KINDS,
        report: Report = log_only,
    ) -> None:
        self._model_store = model_store
        self._machine = machine
        self._threads = threads
        self._idle_s = idle_s
        self._log_dir = log_dir
        self._start = start
        self._kinds = kinds
        self._slots = {role: ModelSlot(role) for role in kinds}
        self._changed = threading.Condition()
        self._placing = False  # one at a time: what is free is measured before it is taken
        self._pressing = 0  # urgent ones that wait for room
        self._watcher = WorkerThread(say("models.ending-idle-models"), self._end_idle, report=report)
        self._watching = False
        self._closed = False

    @contextmanager
    def use(
        self, role: ModelRole, *, urgent: bool = False, cancelled: threading.Event | None = None
    ) -> Iterator[ModelProcess]:
        """The process of the model in use for a role, with the model loaded. Several threads may use it at once.

        While anything ``urgent`` uses a model, or waits for it, no other use of it begins; and a model that is not in
        use may be unloaded for an urgent one. Raises ``ModelError`` when none is installed or it does not load, and
        ``ModelStopped`` when it was ``cancelled`` before it was ready.
        """
        slot = self._slots[role]
        with self._changed:
            slot.urgent += urgent
        try:
            process = self._enter(slot, urgent, cancelled)
            try:
                yield process
                slot.crashes = 0
            except NoMemoryForModel:
                slot.too_large = slot.plan
                raise
            except ModelCrashed:
                slot.crashes += 1
                if slot.crashes >= _CRASHES and slot.plan is not None and slot.plan.where != "processor":
                    slot.card_failed, slot.too_large = _CRASHED, slot.plan
                raise
            finally:
                self._leave(slot, urgent)
        finally:
            with self._changed:
                slot.urgent -= urgent
                self._changed.notify_all()

    def loaded(self) -> tuple[Loaded, ...]:
        """What is in memory, ready to be used."""
        with self._changed:
            ready = [
                (slot.role, slot.name, slot.plan, slot.process, slot.card_failed)
                for slot in self._slots.values()
                if slot.in_memory and not slot.loading
            ]
        return tuple(
            Loaded(role, name, plan.where, plan.card_bytes + process.memory_bytes(), sentences(plan.said, failed))
            for role, name, plan, process, failed in ready
            if plan is not None and process is not None
        )

    def fault(self, role: ModelRole) -> ModelError | None:
        """Why the model in use for a role does not load; None when it does, or was not tried yet."""
        fault = self._slots[role].fault
        if fault is None or time.monotonic() > fault.until or self._model_of(role)[0] != fault.model:
            return None
        return fault.error

    def retry(self, role: ModelRole) -> None:
        """Try a model again that was set aside."""
        with self._changed:
            slot = self._slots[role]
            slot.fault, slot.too_large, slot.card_failed, slot.crashes = None, None, "", 0
            if slot.process is not None:
                slot.process.clear_crashes()

    def close(self) -> None:
        """End all processes. Whoever uses one gets a ``ModelError``."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for slot in self._slots.values():
            slot.unload()
        self._watcher.stop()

    def _enter(self, slot: ModelSlot, urgent: bool, cancelled: threading.Event | None) -> ModelProcess:
        model, installed = self._model_of(slot.role)
        if installed is None and slot.role != "ocr":
            what = _WHAT[slot.role]
            raise ModelError(
                say("models.no-installed", what=what), say("models.download-one-desktop-rag-models-download")
            )

        def is_my_turn() -> bool:
            if not urgent and (slot.urgent or self._pressing):
                return False
            return slot.usable(model) or not (self._placing or slot.users)

        with self._changed:
            while not (self._closed or is_my_turn()):
                self._wait(cancelled)
            self._stay_open()
            if slot.usable(model):
                assert slot.process is not None
                slot.users += 1
                return slot.process
            self._placing = slot.loading = True
            if slot.model != model:
                slot.unload()
                slot.process, slot.too_large, slot.card_failed, slot.crashes = None, None, "", 0
                slot.model, slot.name = model, installed.title if installed else _WHAT[slot.role]
        process: ModelProcess | None = None
        try:
            process = self._load(slot, installed, urgent, cancelled)
            return process
        except ModelStopped:
            raise
        except ModelError as error:
            until = time.monotonic() + _MEMORY_MAY_COME_S if isinstance(error, NoMemoryForModel) else math.inf
            slot.fault, slot.too_large = Fault(error, model, until), None
            raise
        finally:
            with self._changed:
                self._placing = slot.loading = False
                slot.users += process is not None
                self._changed.notify_all()

    def _leave(self, slot: ModelSlot, urgent: bool) -> None:
        with self._changed:
            slot.users -= 1
            slot.used_at = time.monotonic()
            if urgent:
                slot.asked_at = slot.used_at
            if not slot.users and slot.too_large is not None:
                slot.unload()
            self._changed.notify_all()

    def _model_of(self, role: ModelRole) -> tuple[str, Installed | None]:
        """What tells the model in use for a role from others, and the model."""
        installed = None if role == "ocr" else self._model_store.chosen(role)
        if installed is None:
            return "built in", None
        return f"{installed.folder} {installed.installed} {installed.fingerprint}", installed

    def _wait(self, cancelled: threading.Event | None, timeout_s: float = math.inf) -> None:
        """Until something changed, or may have."""
        if cancelled is not None:
            timeout_s = min(timeout_s, _LOOK_EVERY_S)
        self._changed.wait(None if timeout_s == math.inf else timeout_s)
        if cancelled is not None and cancelled.is_set():
            raise ModelStopped(say("models.question-stopped"))

    def _stay_open(self) -> None:
        if self._closed:
            raise ModelError(say("models.models-unloaded"), say("models.restart-desktop-rag"))

    def _load(
        self, slot: ModelSlot, installed: Installed | None, urgent: bool, cancelled: threading.Event | None
    ) -> ModelProcess:
        """Load the model of a slot, with less if need be."""
        kind = self._kinds[slot.role]
        planner = kind.planner(installed, self._threads)
        while True:
            plan = self._place(slot, planner, urgent, cancelled)
            slot.placed_at = time.monotonic()
            if self._is_good_enough(slot, plan):
                assert slot.process is not None
                return slot.process
            environment = {"CUDA_VISIBLE_DEVICES": plan.card if plan.card_bytes else _NOTHING}
            with self._changed:
                self._stay_open()
                slot.plan = plan
                if slot.process is None:
                    log = None if self._log_dir is None else self._log_dir / f"model-{slot.role}.log"
                    slot.process = self._start(
                        kind.module, plan.settings, name=slot.name, log=log, environment=environment
                    )
                else:
                    slot.process.restart_with(plan.settings, environment)
            try:
                slot.process.load(cancelled)
                if not slot.process.alive and cancelled is not None and cancelled.is_set():
                    slot.unload()
                    raise ModelStopped(say("models.question-stopped"))
            except NoMemoryForModel:
                if not self._unload_idle(slot):
                    if planner(self._room(self._machine(), slot, ()), plan) is None:
                        raise
                    slot.too_large = plan
            except ModelStopped:
                raise
            except ModelCrashed:  # llama.cpp aborts when a card refuses it memory; another crash sets the model aside
                slot.card_failed = _CRASHED
            except ModelError as error:  # of a card's driver and libraries any may be missing, too old or damaged
                if plan.where == "processor":
                    raise
                slot.card_failed = say("models.graphics-card-not-used", reason=error.message)
            else:
                if slot.too_large is not None:
                    slot.best = plan.rank  # what was tried is not to be tried again soon
                slot.too_large = slot.fault = None
                self._watch()
                return slot.process

    def _is_good_enough(self, slot: ModelSlot, plan: MemoryPlan) -> bool:
        """Whether the model is loaded, and the plan no better than what it has."""
        if slot.process is None or slot.plan is None or slot.too_large is not None:
            return False
        return slot.process.alive and plan.rank <= slot.plan.rank

    def _place(self, slot: ModelSlot, planner: Planner, urgent: bool, cancelled: threading.Event | None) -> MemoryPlan:
        """Make room for a model; returns the best plan for what there is then. Raises ``NoMemoryForModel``."""
        patient_until = time.monotonic() + _PATIENCE_S if urgent else 0.0

        while True:
            machine = self._machine()

            def attempt(freed: Sequence[ModelSlot], machine: Machine = machine) -> MemoryPlan | NoMemoryForModel:
                try:
                    plan = planner(self._room(machine, slot, freed), slot.too_large)
                except NoMemoryForModel as error:
                    return error
                return plan or NoMemoryForModel(
                    say("models.there-not-enough-memory", name=slot.name), say("models.close-other-programs-try-again")
                )

            with self._changed:
                self._stay_open()
                left = patient_until - time.monotonic()
                others = sorted(self._others(slot), key=lambda other: other.used_at)
                slot.best = _rank(attempt(others))
                able = [other for other in others if not other.users or (left > 0 and not other.urgent)]
                recent = time.monotonic() - _ASKED_LATELY_S
                quiet = [other for other in able if urgent or other.asked_at < recent]
                if _rank(attempt(quiet)):  # else it has to be one that was asked lately
                    able = quiet
                now, best = attempt(()), attempt(able)
                if _rank(best) <= _rank(now):
                    if isinstance(now, MemoryPlan):
                        return now
                    if slot.process is not None and slot.process.alive and slot.plan and slot.too_large is None:
                        return slot.plan  # it is in memory, though it would not be let in now
                    raise now
                for other in reversed(able[:]):  # those used last stay, if they can
                    rest = [candidate for candidate in able if candidate is not other]
                    if _rank(attempt(rest)) == _rank(best):
                        able = rest
                idle = [other for other in able if not other.users]
                if idle:
                    idle[0].unload()
                else:
                    self._pressing += 1
                    try:
                        self._wait(cancelled, left)
                    finally:
                        self._pressing -= 1

    def _room(self, machine: Machine, slot: ModelSlot, freed: Sequence[ModelSlot]) -> Room:
        """What would be free for a slot without what it has itself, and without the models of ``freed``."""
        held = [other.plan for other in self._others(slot) if other.plan]
        given = [other.plan for other in freed if other.plan]
        own = slot.plan if slot.process is not None and slot.process.alive else None
        return room_for(machine, held, given, own, with_card=not slot.card_failed)

    def _others(self, slot: ModelSlot) -> list[ModelSlot]:
        return [other for other in self._slots.values() if other is not slot and other.in_memory]

    def _unload_idle(self, slot: ModelSlot) -> bool:
        """Unload all that nobody uses; whether there was any."""
        with self._changed:
            idle = [other for other in self._others(slot) if not other.users]
            for other in idle:
                other.unload()
        return bool(idle)

    def _watch(self) -> None:
        with self._changed:
            if not self._watching and not self._closed:
                self._watching = True
                self._watcher.start()

    def _end_idle(self) -> float:
        with self._changed:
            if self._closed:
                return _STOPS_SOON_S
            now, due = time.monotonic(), math.inf
            for slot in self._slots.values():
                if slot.users or slot.loading or not slot.in_memory:
                    continue
                if slot.used_at + self._idle_s <= now:
                    slot.unload()
                    slot.card_failed = ""
                else:
                    due = min(due, slot.used_at + self._idle_s)
            self._changed.wait(None if due == math.inf else due - now)
        return 0.0


def _rank(plan: MemoryPlan | NoMemoryForModel) -> tuple[int, ...]:
    return plan.rank if isinstance(plan, MemoryPlan) else ()
