"""An answer: its text while it is written and when it is complete, and the list of its sources."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QHelpEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QTextBrowser, QToolTip, QWidget

from desktop_rag.gui.ask.answer_document import CITE, fill, stress_first, underline
from desktop_rag.gui.services.mediator import EvidenceLocation, Mediator
from desktop_rag.gui.widgets.basic import clear, column, label
from desktop_rag.gui.widgets.formatting import KINDS, escape_mnemonics, safe, tr
from desktop_rag.gui.widgets.icons import icon
from desktop_rag.gui.widgets.theme import GRID, scaled, text_width, theme
from desktop_rag.places import describe, where
from desktop_rag.types import Answer, Citation, Hit, Locator, Sentence

_PAINT_MS = 40
"""How often text that is being written is laid out."""
_QUOTE = 400
_SHOWN = 6
"""Sources that are shown at first."""


class AnswerText(QTextBrowser):
    """The text of an answer, as tall as its content; ``cited`` with the number of a citation that was clicked."""

    cited = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.setUndoRedoEnabled(False)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Answer"))
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextBrowserInteraction | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setFont(scaled(self.font(), 1.08))
        self.document().setDocumentMargin(0)
        self.viewport().setMouseTracking(True)
        self.anchorClicked.connect(self._press)
        self.document().documentLayout().documentSizeChanged.connect(lambda _: self._fit())
        self._text = ""
        self._citations: Sequence[Citation] = ()
        self._sentences: Sequence[Sentence] = ()
        self._spans: list[tuple[int, int]] = []
        self._lead = False
        self._late = QTimer(self, singleShot=True, interval=_PAINT_MS)
        self._late.timeout.connect(self._lay_out)
        theme().changed.connect(self._lay_out)

    def begin(self) -> None:
        """Empty, for an answer that is about to be written."""
        self._text, self._citations, self._sentences, self._lead = "", (), (), False
        self._lay_out()

    def add(self, piece: str) -> None:
        """A little more of the text; its markers become links once it is complete."""
        self._text += piece
        if not self._late.isActive():
            self._late.start()

    def complete(
        self, text: str, citations: Sequence[Citation], sentences: Sequence[Sentence], *, lead: bool = False
    ) -> None:
        """Show all of the text; with ``lead`` the first paragraph is the answer, and the others are what it is based
        on."""
        self._late.stop()
        self._text, self._citations, self._sentences, self._lead = text, citations, sentences, lead
        self._lay_out()

    def written(self) -> str:
        return self._text

    # --- inside ---

    def _lay_out(self) -> None:
        look = theme()
        fill(self.document(), self._text, look, citations=max((each.marker for each in self._citations), default=0))
        if self._lead:
            stress_first(self.document())
        self._spans = underline(self.document(), self._text, self._sentences, look)
        self._fit()

    def _fit(self) -> None:
        self.document().setTextWidth(self.viewport().width())
        self.setFixedHeight(max(1, round(self.document().size().height()) + 2))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def sizeHint(self) -> QSize:
        return QSize(text_width(self), super().sizeHint().height())

    def loadResource(self, _kind: int, _name: QUrl | str) -> None:
        """Nothing that an answer names is loaded."""

    def _press(self, address: QUrl) -> None:
        if address.toString().startswith(CITE):
            self.cited.emit(int(address.toString()[len(CITE) :]))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        said = self.said_at(event.position().toPoint())
        if said:
            QToolTip.showText(event.globalPosition().toPoint(), _escaped(said), self)
        else:
            QToolTip.hideText()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):  # what there is to say is said at once, see ``mouseMoveEvent``
            return True
        return super().event(event)

    def said_at(self, at: QPoint) -> str:
        """The tooltip at a point: the quote of a citation, or why a sentence needs checking."""
        address = self.anchorAt(at)
        if address.startswith(CITE):
            marker = int(address[len(CITE) :])
            return next((_tip(each) for each in self._citations if each.marker == marker), "")
        position = self.cursorForPosition(at).position()
        for sentence, (begin, end) in zip(self._sentences, self._spans, strict=False):
            if begin <= position < end:
                return doubt(sentence)
        return ""


class AnswerView(QWidget):
    """An answer with its sources. Clicking a citation or a source shows it in the evidence pane."""

    def __init__(self, mediator: Mediator) -> None:
        super().__init__()
        self._mediator = mediator
        self._answer: Answer | None = None
        self.text = AnswerText()
        self.text.cited.connect(self._show_citation)
        self._sources = column(spacing=2)
        inner = column(self)
        inner.addWidget(self.text)
        inner.addLayout(self._sources)

    def begin(self) -> None:
        self._answer = None
        clear(self._sources)
        self.text.begin()

    def complete(self, answer: Answer) -> None:
        self._answer = answer
        self.text.complete(answer.text, answer.citations, answer.sentences, lead=bool(answer.short))
        clear(self._sources)
        if answer.citations:
            self._add_sources(_by_place(answer.citations))
        elif answer.mode == "nothing found" and answer.hits:
            self._add_nearest(answer.hits)

    def _add_sources(self, places: Sequence[tuple[Citation, str]], *, all_of_them: bool = False) -> None:
        assert self._answer is not None
        for citation, markers in places if all_of_them else places[:_SHOWN]:
            evidence = EvidenceLocation.of_citation(citation, self._answer)
            self._sources.addWidget(_SourceLink(markers, evidence, self._mediator, _tip(citation)))
        rest = len(places) - _SHOWN
        if rest > 0 and not all_of_them:

            def show_rest() -> None:
                clear(self._sources)
                self._add_sources(places, all_of_them=True)

            more = QPushButton(tr("%n more source(s)", rest))
            more.setProperty("kind", "plain")
            more.clicked.connect(show_rest)
            self._sources.addWidget(more, 0, Qt.AlignmentFlag.AlignLeft)

    def _add_nearest(self, hits: Sequence[Hit]) -> None:
        self._sources.addWidget(label(tr("Closest matches:"), "quiet"))
        for hit in hits[:3]:
            self._sources.addWidget(_SourceLink("", EvidenceLocation.of_hit(hit), self._mediator, hit.text[:_QUOTE]))

    def _show_citation(self, marker: int) -> None:
        assert self._answer is not None
        for citation in self._answer.citations:
            if citation.marker == marker:
                self._mediator.show_evidence(EvidenceLocation.of_citation(citation, self._answer))
                return


class _SourceLink(QPushButton):
    """A place in a file, as a line to click."""

    def __init__(self, markers: str, evidence: EvidenceLocation, mediator: Mediator, tip: str) -> None:
        super().__init__()
        self.setProperty("kind", "source")
        place = place_of(evidence)
        kind = evidence.document.kind if evidence.document is not None else "document"
        self.setIcon(icon(KINDS.get(kind, "file"), "quiet"))
        self._full = f"{markers}  {place}" if markers else place
        self.setAccessibleName(tr("Source: {place}").format(place=self._full))
        self.setToolTip(_escaped(tip))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.clicked.connect(lambda: mediator.show_evidence(evidence))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = self.width() - self.iconSize().width() - 4 * GRID
        self.setText(escape_mnemonics(self.fontMetrics().elidedText(self._full, Qt.TextElideMode.ElideRight, room)))

    def sizeHint(self) -> QSize:
        return QSize(200, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(100, super().minimumSizeHint().height())


def place_of(evidence: EvidenceLocation) -> str:
    """``invoice.pdf, page 2``"""
    if evidence.document is not None:
        return safe(describe(evidence.document, evidence.path, evidence.locator, evidence.parent))
    return safe(", ".join(filter(None, (evidence.title or evidence.path, where(evidence.locator)))))


def doubt(sentence: Sentence) -> str:
    """Why a sentence needs checking; "" for one that its sources support."""
    if sentence.unseen:
        return tr("The sources do not mention {words}. Check this before you rely on it.").format(
            words=", ".join(sentence.unseen)
        )
    if sentence.support == "unsupported":
        return tr("No source says this. Check it before you rely on it.")
    if sentence.support == "weak":
        return tr("The sources support this only in part. Check it before you rely on it.")
    return ""


def plain_text(answer: Answer) -> str:
    """An answer with its sources, to paste elsewhere."""
    lines = [answer.text.strip()]
    if answer.citations:
        lines.append("")
        for citation, markers in _by_place(answer.citations):
            lines.append(f"{markers} {place_of(EvidenceLocation.of_citation(citation, answer))} — {citation.path}")
    return "\n".join(lines)


def _by_place(citations: Sequence[Citation]) -> list[tuple[Citation, str]]:
    """The first citation of each place, with the markers of all."""

    def place(citation: Citation) -> tuple[str, Locator]:
        return citation.path, citation.locator

    return [
        (together[0], "".join(f"[{each.marker}]" for each in together))
        for together in (list(group) for _, group in groupby(citations, key=place))
    ]


def _tip(citation: Citation) -> str:
    quote = " ".join(citation.quote.split())
    shown = quote if len(quote) <= _QUOTE else f"{quote[:_QUOTE].rstrip()}…"
    place = ", ".join(
        filter(None, (citation.document_title or citation.path.rpartition("/")[2], where(citation.locator)))
    )
    return f"{safe(place)}\n“{shown}”"


def _escaped(text: str) -> str:
    """A tooltip that Qt never takes for HTML."""
    return f"<p style='white-space:pre-wrap'>{escape(text, quote=False)}</p>"
