"""The text of notes, documents, code, web pages and books, with the evidence marked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtCore import QUrl
from PySide6.QtGui import QImage, QTextCursor, QTextDocument, QTextImageFormat
from PySide6.QtWidgets import QFrame, QPushButton, QScrollArea

from desktop_rag.gui.evidence.attachments import AttachmentList
from desktop_rag.gui.evidence.base import EvidenceView, LoadedEvidence
from desktop_rag.gui.evidence.evidence_reader import EvidenceReader, placed
from desktop_rag.gui.evidence.passage_pager import PassagePager
from desktop_rag.gui.evidence.quote_matching import Span, find_quote, innermost
from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.gui.widgets.basic import EmptyState, Notice, button, column
from desktop_rag.gui.widgets.formatting import tr
from desktop_rag.gui.widgets.theme import GRID
from desktop_rag.types import Chunk, Document, Lines, Page, Whole

if TYPE_CHECKING:
    from desktop_rag.engine.service.client import EngineClient


_FILES_HEIGHT = 160
_UNLIMITED = 16_777_215


class _Written(Struct, frozen=True):
    """A passage, its text as it was written, and where."""

    passage: Chunk
    text: str
    span: Span


class TextView(EvidenceView):
    """The passages around the cited ones; more of them when they are wanted."""

    def __init__(self, mediator: Mediator) -> None:
        super().__init__(mediator)
        self._shown: LoadedEvidence | None = None
        self._pictures: dict[int, QImage] = {}
        self.passages = PassagePager(mediator, self)
        self.passages.added.connect(self._on_added)
        self.notice = Notice()
        self.passages.failed.connect(lambda said: self.notice.say(said, "bad"))
        self.reader = EvidenceReader(tr("File text"))
        self.earlier = self._more_button(tr("Show earlier text"), before=True)
        self.later = self._more_button(tr("Show later text"), before=False)
        self._attached = AttachmentList(self.inside.emit)
        self._files = QScrollArea()
        self._files.setWidgetResizable(True)
        self._files.setFrameShape(QFrame.Shape.NoFrame)
        self._files.setAccessibleName(tr("Files inside"))
        self._files.setWidget(self._attached)
        self._lines: list[str] = []
        self._empty = EmptyState("file", tr("No text"), tr("This file has no text to show."))
        inner = column(self, spacing=0)
        for part in (self.notice, self.earlier):
            inner.addWidget(part)
        inner.addWidget(self.reader, 1)
        inner.addWidget(self._empty, 1)
        inner.addWidget(self.later)
        inner.addWidget(self._files, 1)
        self._attached.setContentsMargins(2 * GRID, GRID, 2 * GRID, GRID)

    def show_evidence(self, shown: LoadedEvidence) -> None:
        self._shown = shown
        self._pictures, self._lines = {}, []
        self.notice.hide()
        self.passages.begin(shown.view)
        self._attached.set_documents(shown.view.path, shown.view.attachments, shown.view.document)
        self._files.setVisible(not self._attached.isHidden())
        self._files.setMaximumHeight(_FILES_HEIGHT if shown.view.passages else _UNLIMITED)
        self._write()
        self.reader.show_mark()
        if shown.view.document.kind == "code" and shown.on_disk != "gone" and not shown.is_inside:
            self._ask_for_lines(shown)
        self._ask_for_pictures(self.passages.known)

    def leave(self) -> None:
        self._shown = None
        self._pictures, self._lines = {}, []
        self.reader.begin()

    def _more_button(self, text: str, *, before: bool) -> QPushButton:
        return button(
            text,
            lambda: self.passages.more(before=before),
            kind="plain",
            drawing="chevron-up" if before else "chevron-down",
        )

    def _on_added(self, before: bool, fresh: Sequence[Chunk]) -> None:
        """Write the text anew, and keep the place."""
        bar = self.reader.verticalScrollBar()
        below, above = bar.maximum() - bar.value(), bar.value()
        self._write()
        bar.setValue(bar.maximum() - below if before else above)
        self._ask_for_pictures(fresh)

    def _write(self) -> None:
        shown = self._shown
        if shown is None:
            return
        document, known = shown.view.document, self.passages.known
        cited = {passage.id for passage in shown.cited}
        self.earlier.setVisible(self.passages.before > 0)
        self.later.setVisible(self.passages.after > 0)
        self.reader.setVisible(bool(known))
        self._empty.setVisible(not known and self._attached.isHidden())
        self.reader.begin(code=document.kind == "code")
        spans = self._write_code(known) if document.kind == "code" else self._write_prose(known, document)
        self.reader.mark(_marks(shown.evidence.quote, [part for part in spans if part.passage.id in cited]))

    def _write_prose(self, known: Sequence[Chunk], document: Document) -> list[_Written]:
        written = []
        above: tuple[str, ...] = ()
        for passage in known:
            above = self._write_headings(above, headings(passage, document))
            span = self.reader.add(passage.text, tone="quiet" if passage.role == "picture" else "text")
            self._write_picture(passage)
            written.append(_Written(passage, passage.text, span))
        return written

    def _write_headings(self, above: tuple[str, ...], path: tuple[str, ...]) -> tuple[str, ...]:
        """The headings between two passages: those that were not above the one before."""
        same = 0
        while same < min(len(above), len(path)) and above[same] == path[same]:
            same += 1
        for level, heading in enumerate(path[same:], same):
            self.reader.add(heading, factor=max(1.0, 1.3 - 0.1 * level), bold=True, gap=1.5)
        return path

    # --- code ---

    def _write_code(self, known: Sequence[Chunk]) -> list[_Written]:
        """With the numbers of the lines, where they are known; a line that two passages share is written once."""
        written = []
        last = 0
        for passage in known:
            place = innermost(passage.locator)
            if not isinstance(place, Lines):
                written.append(_Written(passage, passage.text, self.reader.add(passage.text)))
                continue
            text, first = passage.text, place.first
            if place.last <= len(self._lines):
                first = max(first, last + 1)
                text = "\n".join(self._lines[first - 1 : place.last])
            if first > place.last:
                continue
            span = self.reader.add(text, gap=float(first > last + 1))
            whole = text.count("\n") == place.last - first  # or else blank lines were left out
            self.reader.number_lines(span if whole else (span[0], span[0]), first)
            written.append(_Written(passage, text, span))
            last = place.last
        return written

    def _ask_for_lines(self, shown: LoadedEvidence) -> None:
        """The lines of the file itself: passages are cut where they are too long, and go without blank lines."""
        path = Path(shown.view.path)

        def done(lines: list[str]) -> None:
            if shown is self._shown and self._are_of_passages(lines):
                self._lines = lines
                self._write()
                self.reader.show_mark()

        def read(client: EngineClient, _call: object) -> list[str]:
            return client.part(path, Whole()).data.decode("utf-8", "replace").split("\n")

        self.mediator.bridge.call("look", read, self, done, lambda _: None)

    def _are_of_passages(self, lines: Sequence[str]) -> bool:
        """Whether the file is still the one that the passages are of."""
        places = [(innermost(passage.locator), passage) for passage in self.passages.known]
        return all(
            place.first <= len(lines) and passage.text.split("\n")[0].strip() in lines[place.first - 1]
            for place, passage in places
            if isinstance(place, Lines)
        )

    # --- pictures ---

    def _ask_for_pictures(self, passages: Sequence[Chunk]) -> None:
        wanted = [passage.id for passage in passages if passage.role == "picture"]
        shown = self._shown
        if not wanted or shown is None:
            return

        def done(found: dict[int, QImage]) -> None:
            if found and shown is self._shown:
                self._pictures |= found
                bar = self.reader.verticalScrollBar()
                place = bar.value()
                self._write()
                bar.setValue(place)
                if any(passage.id in found for passage in shown.cited):
                    self.reader.show_mark()

        self.mediator.bridge.call(
            "look",
            lambda client, _: {
                chunk: image
                for chunk, data in client.previews(wanted).items()
                if not (image := QImage.fromData(data)).isNull()
            },
            self,
            done,
        )

    def _write_picture(self, passage: Chunk) -> None:
        image = self._pictures.get(passage.id)
        if image is None:
            return
        name = f"picture:{passage.id}"
        self.reader.add("", gap=0.5)
        cursor = QTextCursor(self.reader.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        self.reader.document().addResource(QTextDocument.ResourceType.ImageResource.value, QUrl(name), image)
        form = QTextImageFormat()
        form.setName(name)
        form.setWidth(min(image.width(), self.reader.viewport().width() - 5 * GRID))
        cursor.insertImage(form)


def headings(passage: Chunk, document: Document) -> tuple[str, ...]:
    """The headings above a passage, outermost first; a slide is one of them."""
    context = passage.context.removeprefix(document.title).removeprefix(" > ")
    parts = [part for part in context.split(" > ") if part and not part.startswith("Columns: ")]
    place = innermost(passage.locator)
    if isinstance(place, Page):
        parts.insert(0, f"{place.label.capitalize()} {place.number}")
    return tuple(parts)


def _marks(quote: str, cited: Sequence[_Written]) -> list[Span]:
    """The quote in the cited passages; all of them when there is none, or none is found."""
    found: list[Span] = []
    for part in cited if quote else ():
        found += placed(find_quote(quote, part.text), part.text, part.span[0])
    return found or [part.span for part in cited]
