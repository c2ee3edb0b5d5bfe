"""The mediator between views: how they ask each other for things without knowing each other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from PySide6.QtCore import QObject, QSettings, Signal

from desktop_rag.gui.services.bridge import EngineBridge
from desktop_rag.types import Answer, Citation, Document, Hit, Locator, Region, TimeSpan

if TYPE_CHECKING:
    from desktop_rag.engine.results import SampleKind

PageName = Literal["ask", "search", "library", "models", "settings"]


class EvidenceLocation(Struct, frozen=True):
    """A place in a file to show. ``quote`` is what to mark there, "" for all of it; ``text`` is the passage as it was
    read, in case the file is gone."""

    path: str
    locator: Locator
    title: str
    quote: str = ""
    document: Document | None = None
    chunk_id: int | None = None
    parent: Document | None = None
    text: str = ""

    @classmethod
    def of_hit(cls, hit: Hit, quote: str = "") -> EvidenceLocation:
        return cls(hit.path, hit.locator, hit.document.title, quote, hit.document, hit.chunk.id, hit.parent, hit.text)

    @classmethod
    def of_citation(cls, citation: Citation, answer: Answer) -> EvidenceLocation:
        """With what the passage of the citation tells beside the quote, where the answer still has it."""
        for hit in answer.hits:
            if hit.path == citation.path and citation.quote in hit.text:
                return cls(
                    citation.path, citation.locator, citation.document_title, citation.quote, hit.document,
                    hit.chunk.id, hit.parent, hit.text,
                )  # fmt: skip
        return cls(citation.path, citation.locator, citation.document_title, citation.quote)


class QuerySample(Struct, frozen=True):
    """A picture or a recording to search by: a file on disk."""

    path: str
    kind: SampleKind


class Mediator(QObject):
    """There is one for the window; each view is given it.

    ``settings`` remember how the person likes the window; what belongs to the library is asked of the engine.
    """

    page_wanted = Signal(str)
    """A ``PageName``."""
    evidence_wanted = Signal(object)
    """``EvidenceLocation``, or None to close it."""
    ask_wanted = Signal(str, object)
    """A question, and a ``QuerySample`` or None."""
    search_wanted = Signal(str, object)
    """A query, and a ``QuerySample`` or None."""
    message = Signal(str)
    """Something that is worth a line for a few seconds: "Copied"."""
    notify = Signal(str, str)
    """Something the person waits for has ended: a title, and a sentence."""
    settings_changed = Signal()
    """The library's settings were changed, and hold from now on."""
    models_changed = Signal()
    """A model was installed, removed or chosen."""

    def __init__(self, bridge: EngineBridge, settings: QSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.bridge = bridge
        self.settings = settings

    @property
    def library(self) -> Path:
        return self.bridge.library

    def show_page(self, name: PageName) -> None:
        self.page_wanted.emit(name)

    def show_evidence(self, evidence: EvidenceLocation) -> None:
        self.evidence_wanted.emit(evidence)


def region_of(locator: Locator) -> Region | None:
    """The rectangle a place is, if it is one."""
    if isinstance(locator, Region):
        return locator
    inner = getattr(locator, "inner", None) or getattr(locator, "region", None)
    return region_of(inner) if inner is not None else None


def time_of(locator: Locator) -> TimeSpan | None:
    """The stretch of a recording a place is, if it is one."""
    if isinstance(locator, TimeSpan):
        return locator
    inner = getattr(locator, "inner", None)
    return time_of(inner) if inner is not None else None
