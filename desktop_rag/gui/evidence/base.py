"""Loads what the evidence pane shows, and the base class of the views that show it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from desktop_rag.errors import QueryError
from desktop_rag.gui.evidence.quote_matching import find_quote, innermost, overlap
from desktop_rag.gui.services.mediator import EvidenceLocation, Mediator
from desktop_rag.types import Cells, Chunk, Entry, Message, Page

if TYPE_CHECKING:
    from desktop_rag.engine.service.client import EngineClient
    from desktop_rag.engine.views import DocumentView

ViewName = Literal["pdf", "mail", "text", "sheet", "picture", "sound"]
OnDisk = Literal["as read", "changed", "gone", "read again"]
"""How the file is now: as it was read; not so; not there; or read again since the evidence was found in it."""

AROUND = 40
"""Passages of a document that are asked for at once."""
_LOOKS = 25
"""How often the next passages are asked for to find a place that was told without its passage."""


class LoadedEvidence(Struct, frozen=True):
    """``cited`` are the passages that are the evidence; a view marks the quote in them, or all of them."""

    evidence: EvidenceLocation
    view: DocumentView
    cited: tuple[Chunk, ...]
    on_disk: OnDisk

    @property
    def is_inside(self) -> bool:
        """Whether the document is inside of a file, and not the file itself."""
        return self.view.document.parent_id is not None

    @property
    def holder(self) -> Message | Entry | None:
        """The place of a document that is inside of a file."""
        found = self.view.document.locator
        return found if self.is_inside and isinstance(found, Message | Entry) else None


class EvidenceView(QWidget):
    """One way to show evidence. An instance is used again for the next evidence."""

    failed = Signal(str)
    """It cannot be shown this way; says why, in words."""
    inside = Signal(object)
    """``EvidenceLocation`` that the person wants to see instead: an attachment, say."""

    def __init__(self, mediator: Mediator) -> None:
        super().__init__()
        self.mediator = mediator

    def show_evidence(self, shown: LoadedEvidence) -> None:
        raise NotImplementedError

    def leave(self) -> None:
        """It is no longer visible: stop playing, and free memory."""


def load(client: EngineClient, evidence: EvidenceLocation) -> LoadedEvidence:
    """Load what there is to show. Raises ``QueryError`` if the library does not know the file."""
    path = Path(evidence.path)
    view, again = _view(client, path, evidence)
    cited = _cited(view, evidence)
    for _ in range(_LOOKS):
        if cited or not view.after or not view.passages or (evidence.chunk_id is None and not _is_told(evidence)):
            break
        view = client.view(path, document=view.document.id, chunk=view.passages[-1].id, limit=AROUND)
        cited = _cited(view, evidence)
    on_disk = _on_disk(client, path)
    return LoadedEvidence(evidence, view, cited, "read again" if again and on_disk == "as read" else on_disk)


def view_name(shown: LoadedEvidence) -> ViewName:
    """The view that suits the document best."""
    document = shown.view.document
    if document.kind in ("audio", "video"):
        return "sound"
    if document.kind == "image":
        return "picture"
    if document.kind == "mail" and (shown.view.thread or shown.view.passages):
        return "mail"
    if document.mime == "application/pdf":
        return "pdf"
    cited = shown.cited or shown.view.passages[:1]
    if any(isinstance(innermost(passage.locator), Cells) for passage in cited):
        return "sheet"
    return "text"


def _is_told(evidence: EvidenceLocation) -> bool:
    """Whether the evidence says by itself where in the document it is."""
    return bool(evidence.quote) or overlap(evidence.locator, evidence.locator)


def _view(client: EngineClient, path: Path, evidence: EvidenceLocation) -> tuple[DocumentView, bool]:
    """The document, and whether it is another than the evidence was found in."""
    again = False
    document = None if evidence.document is None else evidence.document.id
    try:
        view = client.view(path, document=document, chunk=evidence.chunk_id, limit=AROUND)
    except QueryError:  # it was read again since, and its passages have other numbers
        view = client.view(path, limit=AROUND)
        document, again = None, True
    while document is None:
        inner = next((one for one in view.attachments if _is_in(evidence, one.locator)), None)
        if inner is None:
            break
        view = client.view(path, document=inner.id, limit=AROUND)
    return view, again


def _is_in(evidence: EvidenceLocation, holder: object) -> bool:
    """Whether the place of the evidence is inside of ``holder``."""
    place: object = evidence.locator
    while isinstance(place, Message | Entry) and isinstance(holder, Message | Entry):
        named = (place.index, place.part) if isinstance(place, Message) else place.name
        if named != ((holder.index, holder.part) if isinstance(holder, Message) else holder.name):
            return False
        place, holder = place.inner, holder.inner
        if holder is None:
            return True
    return False


def _cited(view: DocumentView, evidence: EvidenceLocation) -> tuple[Chunk, ...]:
    known = [passage for passage in view.passages if passage.id == evidence.chunk_id]
    near = [passage for passage in view.passages if overlap(passage.locator, evidence.locator)]
    if isinstance(innermost(evidence.locator), Page) and known:
        near = []  # all of the page was not meant
    both = {passage.id: passage for passage in (*known, *near)}
    if evidence.quote and not any(find_quote(evidence.quote, passage.text) for passage in both.values()):
        # Neighbours are found as one passage, which has the number of the best of them.
        both |= {passage.id: passage for passage in view.passages if find_quote(evidence.quote, passage.text)}
    return tuple(sorted(both.values(), key=lambda passage: passage.ordinal))


def _on_disk(client: EngineClient, path: Path) -> OnDisk:
    try:
        now = path.stat()
    except OSError:
        return "gone"
    known = next(iter(client.files(root=path, limit=1).files), None)
    if known is None or (known.size, known.mtime_ns) == (now.st_size, now.st_mtime_ns):
        return "as read"
    return "changed"
