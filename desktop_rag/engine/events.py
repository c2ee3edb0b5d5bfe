"""What an engine tells those who listen: progress, changes, troubles."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from types import TracebackType
from typing import Literal, Self

from desktop_rag.messages import Worded
from desktop_rag.types import Problem, Progress

_KEPT = 1000

Activity = Literal["starting", "idle", "indexing", "paused", "polite", "troubled"]
"""``polite``: there is work, but the machine runs on battery or is busy with something else."""


class _EngineEvent(Worded, frozen=True, omit_defaults=False, tag_field="event", tag=True):
    """Base of the events; the field ``event`` names the type."""


class Working(_EngineEvent, frozen=True):
    """Indexing goes on."""

    progress: Progress


class Changed(_EngineEvent, frozen=True):
    """The library was brought up to date with changes on disk; the numbers are of files."""

    new: int
    changed: int
    moved: int
    gone: int


class NowDoing(_EngineEvent, frozen=True):
    """The engine has turned to something else."""

    activity: Activity
    detail: str = ""


class ModelReady(_EngineEvent, frozen=True):
    """From now on questions are searched by meaning, too."""

    model: str


class Trouble(_EngineEvent, frozen=True):
    """Something of the engine's own does not work; it goes on trying."""

    problem: Problem


Event = Working | Changed | NowDoing | ModelReady | Trouble


class Subscription:
    """The events since it was made: iterate over it, or ``get`` one. Close it when done.

    One who does not keep up loses the oldest events.
    """

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus
        self._events: deque[Event] = deque(maxlen=_KEPT)
        self._news = threading.Condition()
        self._closed = False

    def get(self, timeout_s: float | None = None) -> Event | None:
        """The next event; None when there was none in time, or when closed."""
        with self._news:
            self._news.wait_for(lambda: self._events or self._closed, timeout_s)
            return self._events.popleft() if self._events else None

    def __iter__(self) -> Iterator[Event]:
        while (event := self.get()) is not None:
            yield event

    def put(self, event: Event) -> None:
        with self._news:
            self._events.append(event)
            self._news.notify_all()

    def close(self) -> None:
        self._bus.leave(self)
        with self._news:
            self._closed = True
            self._news.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class EventBus:
    """Hands each event to all subscriptions. Safe from any thread."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._subscriptions: list[Subscription] = []

    def subscribe(self) -> Subscription:
        subscription = Subscription(self)
        with self._guard:
            self._subscriptions.append(subscription)
        return subscription

    def leave(self, subscription: Subscription) -> None:
        with self._guard:
            if subscription in self._subscriptions:
                self._subscriptions.remove(subscription)

    def publish(self, event: Event) -> None:
        with self._guard:
            subscriptions = list(self._subscriptions)
        for subscription in subscriptions:
            subscription.put(event)

    def close(self) -> None:
        for subscription in list(self._subscriptions):
            subscription.close()
