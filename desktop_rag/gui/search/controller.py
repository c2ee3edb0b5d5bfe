"""Sends queries to the engine: by words at once, and by meaning after a pause in typing."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from msgspec import Struct
from PySide6.QtCore import QObject, QTimer, Signal

from desktop_rag.engine.events import Changed, ModelReady
from desktop_rag.engine.results import Mode, SearchResult
from desktop_rag.engine.service.client import EngineClient
from desktop_rag.errors import DesktopRagError, QueryError
from desktop_rag.gui.search.query import ALL, ResultTab, SearchQuery
from desktop_rag.gui.services.bridge import EngineBridge
from desktop_rag.types import Hit

LIMITS = (50, 100, 200)
"""Results asked for: at first, and when the person has scrolled to the end of them."""
_QUICK_MS = 10
_FULL_MS = 250
"""How long after a key words are looked for, and meaning: before that, most people press the next key."""
_AGAIN_MS = 2_000
_WAITED_MS = 300
"""A wait that lasts longer is spoken of."""

UpdateKind = Literal["quick", "full", "more", "again"]
"""``quick``: by words alone. ``full``: all there is. ``more``: further ones. ``again``: the library has changed."""


class SearchUpdate(Struct, frozen=True):
    """Results for a query, best first; of one tab if they were searched for separately."""

    query: SearchQuery
    tab: ResultTab
    how: UpdateKind
    hits: tuple[Hit, ...]
    understood: tuple[str, ...] = ()
    note: str = ""
    complete: bool = True


class SearchController(QObject):
    """``found`` with results for the current query only; ``failed`` with an error; ``waiting`` while results take
    noticeably long."""

    found = Signal(object)
    failed = Signal(object)
    waiting = Signal(bool)

    def __init__(self, bridge: EngineBridge, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self.query = SearchQuery()
        self.settled = True
        """All that can be found for the query has come."""
        self._limits: dict[ResultTab, int] = {}
        self._counts: dict[ResultTab, int] = {}
        self._asking: set[ResultTab] = set()
        self._quick = QTimer(self, singleShot=True, interval=_QUICK_MS)
        self._quick.timeout.connect(self._ask_quickly)
        self._full = QTimer(self, singleShot=True, interval=_FULL_MS)
        self._full.timeout.connect(lambda: self._ask(ALL, "full"))
        self._again = QTimer(self, singleShot=True, interval=_AGAIN_MS)
        self._again.timeout.connect(self._ask_again)
        self._complete = True
        self._typed = False
        self._waited = QTimer(self, singleShot=True, interval=_WAITED_MS)
        self._waited.timeout.connect(lambda: self.waiting.emit(True))
        bridge.event_received.connect(self._on_event)

    def look_for(self, query: SearchQuery, *, at_once: bool = False) -> None:
        """From now on, this is the query."""
        if query == self.query:
            return
        self.query = query
        self._typed = not at_once
        self._limits, self._counts, self._asking = {}, {}, set()
        self._quick.stop()
        self._full.stop()
        self._again.stop()
        self.settled = query.is_empty
        self._waited.stop()
        self.waiting.emit(False)
        if query.is_empty:
            return
        self._waited.start()
        if not at_once:
            self._quick.start()
            self._full.start()
            return
        self._ask_quickly()
        self._ask(ALL, "full")

    def look_in(self, tab: ResultTab) -> None:
        """Look for results of this tab by themselves."""
        if tab not in self._limits and not self.query.is_empty:
            self._ask(tab, "full")

    def more(self, tab: ResultTab) -> None:
        """Further results, if there may be any."""
        limit = self._limits.get(tab, LIMITS[0])
        following = next((number for number in LIMITS if number > limit), None)
        if self.settled and following is not None and self._counts.get(tab, 0) >= limit and tab not in self._asking:
            self._limits[tab] = following
            self._ask(tab, "more")

    # --- inside ---

    def _ask_quickly(self) -> None:
        query = self.query
        if query.sample is not None:
            return  # what it says or shows takes a while to find out
        self._bridge.call(
            "typing",
            lambda client, _: _search(client, query, LIMITS[0], "typing", read=False),
            self,
            lambda result: self._on_found(query, ALL, "quick", result),
            lambda error: self._on_failure(query, ALL, error, quick=True),
            instead="typing",
        )

    def _ask(self, tab: ResultTab, how: UpdateKind) -> None:
        query = self.query
        limit = self._limits.setdefault(tab, LIMITS[0])
        narrowed = SearchQuery(query.text, tab.narrowed(query.filters), query.sample) if tab.types else query
        self._asking.add(tab)
        read = not self._typed  # what is typed changes sooner than it could be read
        self._bridge.call(
            "search",
            lambda client, _: _search(client, narrowed, limit, "hybrid", read=read),
            self,
            lambda result: self._on_found(query, tab, how, result),
            lambda error: self._on_failure(query, tab, error),
            instead="hybrid" if tab is ALL else f"hybrid in {tab.name}",
        )

    def _ask_again(self) -> None:
        if self.settled and not self.query.is_empty:
            for tab in (ALL, *(tab for tab in self._limits if tab is not ALL)):
                self._ask(tab, "again" if self._complete else "full")

    def _on_found(self, query: SearchQuery, tab: ResultTab, how: UpdateKind, result: SearchResult) -> None:
        if query != self.query or (how == "quick" and self.settled):
            return
        if how != "quick":
            self._asking.discard(tab)
            self._counts[tab] = len(result.hits)
        if tab is ALL and how != "quick":
            self.settled = True
            self._complete = result.complete
        if result.hits or self.settled:
            self._waited.stop()
            self.waiting.emit(False)
        self.found.emit(SearchUpdate(query, tab, how, result.hits, result.understood, result.note, result.complete))

    def _on_failure(self, query: SearchQuery, tab: ResultTab, error: DesktopRagError, *, quick: bool = False) -> None:
        if query != self.query or (quick and isinstance(error, QueryError)):
            return  # a filter that is still being typed: the full search says so after a pause
        self._asking.discard(tab)
        self.settled = True
        self._waited.stop()
        self.waiting.emit(False)
        self.failed.emit(error)

    def _on_event(self, event: object) -> None:
        if self.query.is_empty:
            return
        if isinstance(event, ModelReady) and not self._complete:
            self._again.start(0)
        elif isinstance(event, Changed) and not self._again.isActive():
            self._again.start(_AGAIN_MS)


def _search(client: EngineClient, query: SearchQuery, limit: int, mode: Mode, *, read: bool) -> SearchResult:
    sample = query.sample
    if sample is None:
        return client.search(query.text, mode=mode, limit=limit, filters=query.filters, wait=False, rerank=read)
    return client.search(
        query.text, mode=mode, limit=limit, filters=query.filters, like=Path(sample.path), like_kind=sample.kind
    )
