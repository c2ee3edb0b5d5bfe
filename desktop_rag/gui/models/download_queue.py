"""Downloads models from the hub one at a time, in a thread, whatever page is shown."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Literal

import msgspec
from msgspec import Struct
from PySide6.QtCore import QObject, Signal
from shiboken6 import isValid

from desktop_rag.errors import DesktopRagError
from desktop_rag.gui.models.backend import (
    ModelOffers,
    Offer,
    Requested,
    Transfer,
    discard_download,
    download_model,
    find_offers,
)
from desktop_rag.gui.services.background import BackgroundWorker
from desktop_rag.gui.services.errors import shown_error
from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.gui.widgets.formatting import safe, tr
from desktop_rag.worker_thread import WorkerThread, log_only

State = Literal["waiting", "fetching", "pausing", "paused", "failed", "done"]

_RATE_OVER_S = 5.0
_WORTH_A_NOTICE_S = 10.0


class Download(Struct, frozen=True):
    """A download that the person has confirmed. ``rate`` is in bytes a second over the last few, ``heard_at`` the time
    (``time.monotonic``) of the last progress."""

    offer: Offer
    state: State
    bytes_done: int = 0
    rate: float = 0.0
    heard_at: float = 0.0
    error: DesktopRagError | None = None

    @property
    def seconds_left(self) -> float | None:
        return (self.offer.bytes - self.bytes_done) / self.rate if self.rate > 0 else None


class _DownloadPaused(Exception):
    """Thrown from the middle of a download, to end it; what came is kept."""


class DownloadQueue(QObject):
    """All downloads of a window, oldest first. Questions to the hub go first, and interrupt a download in progress: the
    hub's library cannot do two things at once."""

    changed = Signal()
    installed = Signal(object)
    """A model (``Installed``) has come."""

    def __init__(self, mediator: Mediator) -> None:
        super().__init__(mediator)
        self._mediator = mediator
        self._now: dict[str, Download] = {}
        self._began = 0.0
        self._samples: deque[tuple[float, int]] = deque()
        self._background = BackgroundWorker(self)
        self._news = threading.Condition()
        self._questions: deque[Callable[[], None]] = deque()
        self._offers: dict[str, Offer] = {}
        self._leave: set[str] = set()
        self._thread: WorkerThread | None = None

    @classmethod
    def of(cls, mediator: Mediator) -> DownloadQueue:
        """The queue of this window."""
        found = mediator.findChild(cls)
        return found if isinstance(found, cls) else cls(mediator)

    def all(self) -> tuple[Download, ...]:
        return tuple(self._now.values())

    def find(self, name: str) -> Download | None:
        return self._now.get(name)

    def ask(
        self,
        wanted: Sequence[Requested],
        owner: QObject,
        done: Callable[[ModelOffers], object],
        failed: Callable[[DesktopRagError], object],
    ) -> None:
        """Ask the hub what there is to fetch. Heard only as long as ``owner`` lives."""

        def ask() -> None:
            try:
                answered = find_offers(wanted)
            except Exception as error:
                problem = shown_error(error)
                self._background.tell(lambda: failed(problem) if isValid(owner) else None)
            else:
                self._background.tell(lambda: done(answered) if isValid(owner) else None)

        with self._news:
            self._questions.append(ask)
            self._work_on()

    def fetch(self, agreed: ModelOffers) -> None:
        """Fetch these, one after the other, after those that wait already."""
        if not self._busy():
            self._began = time.monotonic()
        for offer in agreed.offers:
            self._now.pop(offer.name, None)
            self._now[offer.name] = Download(offer, "waiting", agreed.here[offer.name])
            self._put(offer)
        self.changed.emit()

    def pause(self, name: str) -> None:
        """End a download for now; what has come is kept."""
        download = self._now.get(name)
        if download is None or download.state not in ("waiting", "fetching"):
            return
        with self._news:
            waited = self._offers.pop(name, None) is not None and download.state == "waiting"
            self._leave.add(name)
        self._set(name, state="paused" if waited else "pausing")

    def resume(self, name: str) -> None:
        """Go on with one that was paused or has failed."""
        download = self._now.get(name)
        if download is not None and download.state in ("paused", "failed"):
            self._set(name, state="waiting", rate=0.0, error=None)
            self._put(download.offer)

    def dismiss(self, name: str) -> None:
        """Remove a download from the list that has ended or is no longer wanted; an unfinished one is deleted."""
        download = self._now.get(name)
        if download is None or download.state not in ("paused", "failed", "done"):
            return
        del self._now[name]
        self.changed.emit()
        if download.state != "done":
            self._background.run(
                lambda: discard_download(name), lambda _: self._mediator.models_changed.emit(), lambda _: None
            )

    # --- inside: the main thread ---

    def _busy(self) -> bool:
        return any(download.state in ("waiting", "fetching", "pausing") for download in self._now.values())

    def _put(self, offer: Offer) -> None:
        with self._news:
            self._leave.discard(offer.name)
            self._offers[offer.name] = offer
            self._work_on()

    def _work_on(self) -> None:
        if self._thread is None:
            self._thread = WorkerThread("downloads", self._work, report=log_only)
            self._thread.start()
        self._news.notify()

    def _set(self, name: str, **changes: object) -> None:
        if name in self._now:
            self._now[name] = msgspec.structs.replace(self._now[name], **changes)
            self.changed.emit()

    def _on_begun(self, name: str) -> None:
        self._samples.clear()
        download = self._now.get(name)
        if download is not None and download.state == "waiting":
            self._set(name, state="fetching", heard_at=time.monotonic())

    def _on_transfer(self, name: str, transfer: Transfer) -> None:
        now = time.monotonic()
        self._samples.append((now, transfer.bytes_done))
        while now - self._samples[0][0] > _RATE_OVER_S:
            self._samples.popleft()
        (first_at, first), passed = self._samples[0], now - self._samples[0][0]
        rate = (transfer.bytes_done - first) / passed if passed > 0.2 and first_at < now else 0.0
        download = self._now.get(name)
        if download is not None:
            state = "fetching" if download.state == "waiting" else download.state
            self._set(name, state=state, bytes_done=transfer.bytes_done, rate=rate, heard_at=now)

    def _on_left(self, name: str) -> None:
        download = self._now.get(name)
        if download is not None and download.state == "pausing":
            self._set(name, state="paused", rate=0.0)

    def _on_failed(self, name: str, error: DesktopRagError) -> None:
        self._set(name, state="failed", rate=0.0, error=error)
        self._on_end()

    def _on_installed(self, name: str, model: object) -> None:
        self._set(name, state="done", rate=0.0)
        self._mediator.models_changed.emit()
        self._mediator.bridge.refresh()
        self.installed.emit(model)
        self._on_end()

    def _on_end(self) -> None:
        if self._busy() or time.monotonic() - self._began < _WORTH_A_NOTICE_S:
            return
        failed = [download for download in self._now.values() if download.state == "failed"]
        if failed:
            names = ", ".join(safe(download.offer.title) for download in failed)
            self._mediator.notify.emit(
                tr("Download failed"), tr("{names} could not be downloaded.").format(names=names)
            )
        else:
            self._mediator.notify.emit(tr("Your models are ready"), tr("They were checked and are now in use."))

    # --- inside: the thread of the downloads ---

    def _work(self) -> float:
        with self._news:
            self._news.wait_for(lambda: self._questions or self._offers)
            question = self._questions.popleft() if self._questions else None
            offer = None if question is not None else next(iter(self._offers.values()))
        if question is not None:
            question()
        elif offer is not None:
            self._fetch(offer)
        return 0.0

    def _fetch(self, offer: Offer) -> None:
        name, tell = offer.name, self._background.tell

        def on_transfer(transfer: Transfer) -> None:
            tell(lambda: self._on_transfer(name, transfer))
            if name in self._leave or self._questions:
                raise _DownloadPaused

        tell(lambda: self._on_begun(name))
        try:
            model = download_model(offer, on_transfer)
        except _DownloadPaused:
            if name in self._leave:
                self._offers.pop(name, None)
                tell(lambda: self._on_left(name))
            return
        except Exception as error:
            problem = shown_error(error)
            self._offers.pop(name, None)
            tell(lambda: self._on_failed(name, problem))
        else:
            self._offers.pop(name, None)
            tell(lambda: self._on_installed(name, model))
