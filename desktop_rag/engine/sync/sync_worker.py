"""Keeps a library like the disk: waits for changes, rescans now and then, and indexes what differs.

One thread does all of it. What was dropped or changed just now comes first, then what has to be gone through anyway,
the newest files first. Questions, a person's own commands and what else the machine is used for come before it.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from desktop_rag.engine.events import Activity, Changed, EventBus, NowDoing, Trouble, Working
from desktop_rag.engine.library import Library
from desktop_rag.engine.sync.priority_gate import PriorityGate
from desktop_rag.engine.sync.throttle import Throttle
from desktop_rag.indexing.debounce import Debouncer
from desktop_rag.indexing.indexer import Run, RunControl, Scope
from desktop_rag.indexing.pipeline import Stopped
from desktop_rag.indexing.watch import Watcher, Watching
from desktop_rag.models.hardware import give_back_memory
from desktop_rag.storage.storage_errors import storage_errors
from desktop_rag.types import Problem, Progress
from desktop_rag.worker_thread import Backoff, WorkerThread

_PAUSED = "paused"
_REFRESH_S = 5.0
_LONGEST_PAUSE_S = 30.0
"""After errors in a row."""
_TOGETHER_S = 0.05
_UPKEEP_AFTER_S = 300.0
_SMALL = 256 * 1024
"""Bytes of a file that is indexed in between, while a long run goes on; a larger one has the run end first."""
_SCAN_SHARE = 20
"""A folder that must be polled is looked through for at most one part in so many of the time."""


class SyncWorker:
    """Watches the roots of ``library``. ``start`` begins, ``close`` ends it; all else is safe from any thread.

    ``upkeep`` is called when nothing else is to be done, some time after changes.
    """

    def __init__(
        self,
        library: Library,
        throttle: Throttle,
        gate: PriorityGate,
        bus: EventBus,
        closing: threading.Event,
        upkeep: Callable[[], None],
    ) -> None:
        self._library = library
        self._throttle = throttle
        self._gate = gate
        self._bus = bus
        self._closing = closing
        self._upkeep = upkeep
        self._upkeep_at = math.inf
        self._wake = threading.Condition()
        self._debouncer = Debouncer(library.config.quiet_s)
        self._watcher: Watcher | None = None
        self._todo: dict[Scope, None] = {}
        self._looked: dict[str, tuple[float, float]] = {}
        """For each root when it was last gone through, and how many seconds that took."""
        self._writing = threading.RLock()
        self._claims = 0
        self._in_between = False
        self._overtaken: set[Scope] = set()
        self._taken: dict[Scope, None] = {}
        """What the step at hand looks at; it goes back when the step fails."""
        self._failed: dict[Scope, None] = {}
        """Places in ``_todo`` that failed when they were last looked at: one at a time, and after all others, so that
        what is wrong with one holds up no other."""
        self._refresh_at = 0.0
        self._activity: tuple[Activity, str] = ("starting", "")
        self._trouble: Problem | None = None
        self._progress: Progress | None = None
        self._paused = library.catalog.setting(_PAUSED) is not None
        self._worker = WorkerThread(
            "indexing",
            self._step,
            report=self._in_trouble,
            requeue=self._requeue,
            backoff=Backoff(1.0, _LONGEST_PAUSE_S),
            stopping=closing,
        )

    # --- for the engine ----------------------------------------------------------------------------------------------

    def start(self) -> None:
        self._worker.start()

    def close(self) -> None:
        """Set ``closing``, and wait for the thread to end."""
        self._closing.set()
        with self._wake:
            self._wake.notify_all()
        self._worker.stop()
        if self._watcher is not None:
            self._watcher.close()

    def follow(self, scopes: Sequence[Scope], *, first: bool = True) -> None:
        """Watch the roots of ``scopes``, and look at these soon: before everything else, or after it."""
        with self._wake:
            if first:
                self._todo = dict.fromkeys(scopes) | self._todo
            else:
                self._todo.update(dict.fromkeys(scopes))
            self._refresh_at = 0.0
            self._wake.notify_all()
        self._worker.wake()

    def pause(self) -> None:
        """Index nothing in the background until ``resume``, also after a restart. Questions are answered."""
        self._library.catalog.set_setting(_PAUSED, "1")
        self._set_paused(True)

    def resume(self) -> None:
        self._library.catalog.remove_setting(_PAUSED)
        self._set_paused(False)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """The right to write for a person's own command: what runs in the background ends soon and goes on later."""
        with self._wake:
            self._claims += 1
        try:
            with self._writing:
                yield
        finally:
            with self._wake:
                self._claims -= 1
                self._wake.notify_all()

    def control(self, stop: threading.Event, on_progress: Callable[[Progress], None], *, force: bool) -> RunControl:
        """How a person's own indexing run behaves: it takes everything as it is, what is still being written, too."""
        return self._control(stop, on_progress, self._checkpoint_in_command, being_written=(), force=force)

    def looked_at(self, run: Run, scopes: Sequence[Scope], seconds: float) -> None:
        """A run over ``scopes`` has ended."""
        now = time.monotonic()
        with self._wake:
            for scope in scopes:
                if not scope.at:
                    self._looked[scope.root] = (now, seconds)
            # A change that was indexed in between may have been overwritten by what the run had read before.
            self._todo = dict.fromkeys(self._overtaken) | self._todo
            self._overtaken.clear()
        for path in run.kept_back:
            self._hint(path)
        if not run.did_nothing:
            self._upkeep_at = min(self._upkeep_at, now + _UPKEEP_AFTER_S)
            self._bus.publish(Changed(run.new, run.changed, run.moved, run.gone))

    def state(self) -> tuple[Activity, str, int, Progress | None, Problem | None]:
        """What it does now and why, how many places wait to be looked at, how far it is, and what is wrong."""
        with self._wake:
            waiting = len(self._todo) + len(self._debouncer)
            return *self._activity, waiting, self._progress, self._trouble

    def watching(self) -> dict[str, Watching]:
        """How each root is watched."""
        return {state.root: state for state in self._watcher.states()} if self._watcher is not None else {}

    # --- the thread --------------------------------------------------------------------------------------------------

    def _step(self) -> float:
        with storage_errors(self._library.folder):
            if self._watcher is None:
                roots = self._library.catalog.roots()
                self._watcher = Watcher(
                    self._hint, own=(self._library.folder,), report=lambda problem: self._bus.publish(Trouble(problem))
                )
                self.follow([Scope(root) for root in roots], first=False)
            self._refresh()
            scopes = self._next()
            if scopes:
                self._bring_up_to_date(scopes)
            elif time.monotonic() >= self._upkeep_at:
                self._upkeep_at = time.monotonic() + _UPKEEP_AFTER_S  # if it fails
                with self._writing:
                    self._upkeep()
                self._upkeep_at = math.inf
        with self._wake:
            if not self._failed:
                self._trouble = None
        return 0.0

    def _refresh(self) -> None:
        """Now and then: roots that came, went or came back."""
        now = time.monotonic()
        if now < self._refresh_at or self._watcher is None:
            return
        self._refresh_at = now + _REFRESH_S
        roots = set(self._library.catalog.roots())
        self._debouncer.roots = tuple(roots)
        watched = self._watcher.states()
        for state in watched:
            if state.root not in roots:
                self._watcher.unwatch(state.root)
                self._looked.pop(state.root, None)
        for root in sorted(roots - {state.root for state in watched}):
            self._watcher.watch(root, self._library.indexer.leaves_out(root))
        self._watcher.refresh()

    def _hint(self, path: str) -> None:
        with self._wake:
            idle = self._debouncer.next_due() is None
            self._debouncer.hint(path, time.monotonic())
            if idle:
                self._wake.notify_all()

    def _next(self) -> list[Scope]:
        """What to look at now; waits for it, but not for longer than till the next refresh."""
        with self._wake:
            now = time.monotonic()
            hold = self._hold()
            if not hold:
                self._take_ready(now)
                self._take_due(now)
                if self._todo:
                    return self._take()
            self._say(hold or ("troubled" if self._trouble else "idle"))
            due = [self._refresh_at]
            if not hold and (moment := self._debouncer.next_due()) is not None:
                due.append(moment + _TOGETHER_S)
            self._wake.wait(max(0.01, min(due) - now))
        return []

    def _hold(self) -> Activity | None:
        """Why nothing may run in the background now."""
        if self._paused:
            return "paused"
        if self._throttle.pace() == "pause":
            return "polite"
        return "indexing" if self._claims else None

    def _take_ready(self, now: float) -> None:
        """Put places that have changed, and have come to rest, before everything else."""
        self._todo = dict.fromkeys(self._ready(now)) | self._todo

    def _ready(self, now: float) -> list[Scope]:
        """Places that have come to rest, with those that do a moment later: the old and the new name of a file are to
        be looked at together."""
        due = self._debouncer.next_due()
        if due is None or now < due + _TOGETHER_S:
            return []
        paths = self._debouncer.ready(now)
        try:
            return [scope for path in paths if (scope := self._scope(path)) is not None]
        except BaseException:
            for path in paths:
                self._debouncer.hint(path, now)
            raise

    def _take_due(self, now: float) -> None:
        """Add roots that should be gone through again: events may have been missed."""
        for root, state in self.watching().items():
            looked, seconds = self._looked.get(root, (-math.inf, 0.0))
            every = 60.0 * self._library.config.rescan_minutes
            if state.how == "polling":
                every = max(float(self._library.config.poll_s), _SCAN_SHARE * seconds)
            if state.how != "missing" and now - looked >= every:
                self._todo.setdefault(Scope(root))

    def _take(self) -> list[Scope]:
        """The changes, all together; when there are none, the roots."""
        sound = [scope for scope in self._todo if scope not in self._failed]
        scopes = [scope for scope in sound if scope.at] or sound or [next(iter(self._todo))]
        self._taken = dict.fromkeys(scopes)
        for scope in scopes:
            del self._todo[scope]
            self._failed.pop(scope, None)
        return scopes

    def _requeue(self) -> None:
        with self._wake:
            self._todo.update(self._taken)
            self._failed.update(self._taken)
            self._taken = {}

    def _scope(self, path: str) -> Scope | None:
        for root in self._library.catalog.roots():
            if path == root:
                return Scope(root)
            if Path(path).is_relative_to(root):
                return Scope(root, path)
        return None

    def _bring_up_to_date(self, scopes: list[Scope]) -> None:
        began = time.monotonic()
        with self._writing:
            self._say("indexing")
            try:
                run = self._library.indexer.run(
                    scopes,
                    lambda: self._library.pools.shared("deep"),
                    self._control(
                        self._closing,
                        self._tell,
                        self._checkpoint_in_background,
                        being_written=self._debouncer.pending(),
                    ),
                )
            finally:
                self._progress = None
        with self._wake:
            self._taken = {}
            if run.stopped:
                self._todo.update(dict.fromkeys(scopes))
        self.looked_at(run, [] if run.stopped else scopes, time.monotonic() - began)
        give_back_memory()

    def _in_trouble(self, problem: Problem) -> None:
        """A step failed, and comes again after a pause."""
        with self._wake:
            self._trouble = problem
        self._say("troubled")
        self._bus.publish(Trouble(problem))

    # --- checkpoints --------------------------------------------------------------------------------------------------

    def _control(
        self,
        stop: threading.Event,
        on_progress: Callable[[Progress], None],
        checkpoint: Callable[[], None],
        *,
        being_written: Collection[str],
        force: bool = False,
        nested: bool = False,
    ) -> RunControl:
        crashes = self._library.crashes
        activity = "indexing in between" if nested else "indexing"
        return RunControl(
            stop,
            on_progress,
            checkpoint,
            lambda paths: crashes.working_on(paths, activity),
            crashes.suspects,
            being_written,
            self._unseen(),
            force,
            nested,
        )

    def _unseen(self) -> frozenset[str]:
        """The roots that were not gone through since the start."""
        return frozenset(self._library.catalog.roots()) - self._looked.keys()

    def _checkpoint_in_background(self) -> None:
        self._gate.checkpoint()
        if self._closing.is_set() or self._hold():
            raise Stopped
        if not self._index_in_between():
            raise Stopped

    def _checkpoint_in_command(self) -> None:
        self._gate.checkpoint()
        self._index_in_between()

    def _index_in_between(self) -> bool:
        """Index small files that changed just now; False if something larger waits to come first."""
        if self._in_between:
            return True
        with self._wake:
            scopes = self._ready(time.monotonic())
        if not scopes:
            return True
        small = [scope for scope in scopes if scope.at and _is_small(Path(scope.at))]
        large = [scope for scope in scopes if scope not in small]
        with self._wake:
            self._todo = dict.fromkeys(large) | self._todo
        if small:
            self._in_between = True
            try:
                being_written = self._debouncer.pending()
                control = self._control(
                    self._closing, lambda _: None, self._gate.checkpoint, being_written=being_written, nested=True
                )
                run = self._library.indexer.run(small, lambda: self._library.pools.shared("quick", 1), control)
            except BaseException:
                with self._wake:
                    self._todo.update(dict.fromkeys(small))
                    self._failed.update(dict.fromkeys(small))
                raise
            finally:
                self._in_between = False
            with self._wake:
                self._overtaken.update(small)
            for path in run.kept_back:
                self._hint(path)
            if not run.did_nothing:
                self._bus.publish(Changed(run.new, run.changed, run.moved, run.gone))
        return not large

    # --- telling -----------------------------------------------------------------------------------------------------

    def _tell(self, progress: Progress) -> None:
        self._progress = progress
        self._bus.publish(Working(progress))

    def _say(self, activity: Activity) -> None:
        detail = self._throttle.current()[1] if activity in ("polite", "indexing") else ""
        if (activity, detail) != self._activity:
            self._activity = (activity, detail)
            self._bus.publish(NowDoing(activity, detail))

    def _set_paused(self, paused: bool) -> None:
        with self._wake:
            self._paused = paused
            self._wake.notify_all()
        self._worker.wake()


def _is_small(path: Path) -> bool:
    """Whether what is at ``path`` is a small file, or nothing (any more)."""
    try:
        return path.is_file() and path.stat().st_size <= _SMALL if path.exists() else True
    except OSError:
        return True
