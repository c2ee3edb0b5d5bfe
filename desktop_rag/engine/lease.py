"""Parts that may be replaced while they are in use: the old one is closed when the last who uses it is done."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")


class _Holding(Generic[T]):
    def __init__(self, value: T) -> None:
        self.value = value
        self.users = 0


class _ThreadHoldings(threading.local, Generic[T]):
    def __init__(self) -> None:
        self.stack: list[_Holding[T]] = []


class Leased(Generic[T]):
    """A value that threads use and that another may take the place of. ``retire`` is called with each value that was
    replaced, in the thread of its last user, or at once when nobody uses it; it should not raise. ``close`` is called
    with those that are left at the end."""

    def __init__(self, value: T, *, retire: Callable[[T], None], close: Callable[[T], None]) -> None:
        self._now = _Holding(value)
        self._retire = retire
        self._close = close
        self._changed = threading.Condition()
        self._retired: list[_Holding[T]] = []
        self._mine: _ThreadHoldings[T] = _ThreadHoldings()

    @property
    def current(self) -> T:
        """The value that this thread uses already, or else the newest."""
        return self._mine.stack[-1].value if self._mine.stack else self.newest

    @property
    def newest(self) -> T:
        return self._now.value

    @property
    def is_mine(self) -> bool:
        """Whether this thread uses a value."""
        return bool(self._mine.stack)

    @contextmanager
    def use(self) -> Iterator[T]:
        """The current value, which stays open for as long."""
        with self._changed:
            holding = self._mine.stack[-1] if self._mine.stack else self._now
            holding.users += 1
        self._mine.stack.append(holding)
        try:
            yield holding.value
        finally:
            self._mine.stack.pop()
            with self._changed:
                holding.users -= 1
                last = not holding.users and holding in self._retired
            if last:
                self._end(holding)

    def replace(self, value: T) -> None:
        """Whoever comes from now on uses ``value``."""
        with self._changed:
            old, self._now = self._now, _Holding(value)
            self._retired.append(old)
            unused = not old.users
        if unused:
            self._end(old)

    @property
    def has_retired(self) -> bool:
        """Whether a value that was replaced is still in use, or not closed yet."""
        return bool(self._retired)

    def wait_for_retired(self) -> None:
        """Until all values that were replaced are closed. Not to be called by one who uses one."""
        with self._changed:
            self._changed.wait_for(lambda: not self._retired)

    def close(self) -> None:
        """Close what is open now, whoever uses it."""
        with self._changed:
            holdings = [*self._retired, self._now]
            self._retired.clear()
        for holding in holdings:
            self._close(holding.value)

    def _end(self, holding: _Holding[T]) -> None:
        try:
            self._retire(holding.value)
        finally:
            with self._changed:
                if holding in self._retired:
                    self._retired.remove(holding)
                self._changed.notify_all()
