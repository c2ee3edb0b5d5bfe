"""One mail of a conversation: a header to open it, then its text, attachments and original look."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QLocale, QObject, QSize, Qt, QUrl
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QVBoxLayout, QWidget

from desktop_rag.errors import DesktopRagError
from desktop_rag.gui.evidence.attachments import AttachmentList
from desktop_rag.gui.evidence.evidence_reader import EvidenceReader, placed
from desktop_rag.gui.evidence.quote_matching import Span, find_quote
from desktop_rag.gui.services.mediator import EvidenceLocation, Mediator
from desktop_rag.gui.widgets.basic import Elided, Notice, button, column, label, row, tool
from desktop_rag.gui.widgets.formatting import local_time, safe, tr
from desktop_rag.gui.widgets.icons import icon
from desktop_rag.gui.widgets.theme import GRID
from desktop_rag.types import Document, Message

if TYPE_CHECKING:
    from desktop_rag.engine.views import DocumentView, ThreadMail

_TONES = {"quoted": "quiet", "signature": "quiet"}
_MOST_PEOPLE = 6


class MailCard(QFrame):
    """Closed at first. ``show_inside`` gets the evidence of an attachment to show, ``ask_link`` the target of a clicked
    link."""

    def __init__(
        self,
        mediator: Mediator,
        mail: ThreadMail,
        show_inside: Callable[[EvidenceLocation], object],
        ask_link: Callable[[QUrl], object],
    ) -> None:
        super().__init__()
        self.setObjectName("card")
        self.mail = mail
        self._mediator = mediator
        self._body: _MailBody | None = None
        self._attachments: Sequence[Document] | None = None
        self._show_inside = show_inside
        self._ask_link = ask_link
        self.toggle = tool("forward", "")
        self.toggle.clicked.connect(self._turn)
        self._name_toggle()
        name = Elided(_sender(mail.document), mode=Qt.TextElideMode.ElideRight)
        name.setFont(label(bold=True, factor=1.0).font())
        self._first_line = Elided(_first_line(mail), "quiet", Qt.TextElideMode.ElideRight)
        self._head = QWidget()
        self._head.setCursor(Qt.CursorShape.PointingHandCursor)
        self._head.installEventFilter(self)
        head = row(self.toggle, name, label(_when(mail.document), "quiet"))
        head.setStretch(1, 1)
        lines = column(self._head, margin=GRID // 2, spacing=0)
        lines.addLayout(head)
        lines.setContentsMargins(GRID // 2, GRID // 2, 2 * GRID, GRID)
        below = row(self._first_line)
        below.setContentsMargins(self.toggle.sizeHint().width() + GRID, 0, 0, 0)
        lines.addLayout(below)
        self._column: QVBoxLayout = column(self, spacing=0)
        self._column.addWidget(self._head)

    @property
    def is_open(self) -> bool:
        return self._body is not None and not self._body.isHidden()

    @property
    def body(self) -> _MailBody | None:
        """What is seen when it is open; None as long as it never was."""
        return self._body

    def set_attachments(self, attachments: Sequence[Document]) -> None:
        self._attachments = attachments

    def open(self, quote: str = "", cited: set[int] | None = None) -> None:
        """Show the text; of the ``cited`` passages the quote is marked, or all."""
        if self._body is None:
            self._body = _MailBody(self._mediator, self.mail, self._show_inside, self._ask_link)
            self._body.write(quote, cited or set())
            self._column.addWidget(self._body)
            if self._attachments is None:
                self._ask_for_attachments()
            else:
                self._body.attached.set_documents(self.mail.path, self._attachments, self.mail.document)
        self._body.show()
        self._first_line.hide()
        self.toggle.setIcon(icon("chevron-down"))
        self._name_toggle()

    def mark_top(self) -> float:
        """How far below the top of the card the first marked words are, in pixels."""
        return 0.0 if self._body is None else self._body.y() + self._body.reader.y() + self._body.reader.mark_top()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            watched is self._head
            and isinstance(event, QMouseEvent)
            and event.type() == QEvent.Type.MouseButtonRelease
            and event.button() == Qt.MouseButton.LeftButton
        ):
            self._turn()
            return True
        return super().eventFilter(watched, event)

    def _turn(self) -> None:
        if not self.is_open or self._body is None:
            self.open()
            return
        self._body.hide()
        self._first_line.show()
        self.toggle.setIcon(icon("forward"))
        self._name_toggle()

    def _name_toggle(self) -> None:
        document = self.mail.document
        said = (
            tr("Close the email from {sender}, {when}") if self.is_open else tr("Open the email from {sender}, {when}")
        )
        self.toggle.setAccessibleName(said.format(sender=_sender(document), when=_when(document)))
        self.toggle.setToolTip(self.toggle.accessibleName())

    def _ask_for_attachments(self) -> None:
        path, document = Path(self.mail.path), self.mail.document

        def done(view: DocumentView) -> None:
            if self._body is not None:
                self._body.attached.set_documents(view.path, view.attachments, view.document)

        self._mediator.bridge.call(
            "look", lambda client, _: client.view(path, document=document.id, limit=1), self, done
        )


class _MailBody(QWidget):
    """The open part of a card."""

    def __init__(
        self,
        mediator: Mediator,
        mail: ThreadMail,
        show_inside: Callable[[EvidenceLocation], object],
        ask_link: Callable[[QUrl], object],
    ) -> None:
        super().__init__()
        self._mediator = mediator
        self._mail = mail
        self._ask_link = ask_link
        self._formatted: TallReader | None = None
        self.notice = Notice()
        self.reader = TallReader(EvidenceReader(tr("Email text")))
        self.attached = AttachmentList(show_inside)
        self.attached.setContentsMargins(2 * GRID, 0, 2 * GRID, 0)
        self.as_sent = button(tr("Show as sent"), self._show_as_sent, kind="plain")
        self.as_sent.setToolTip(tr("With its formatting. Nothing is loaded from the internet."))
        inner = column(self, spacing=0)
        head = row(label(_recipients(mail.document), "quiet", wrap=True), self.as_sent)
        head.setStretch(0, 1)
        head.setContentsMargins(2 * GRID, 0, GRID, 0)
        inner.addLayout(head)
        inner.addWidget(self.notice)
        inner.addWidget(self.reader)
        inner.addWidget(self.attached)
        inner.addSpacing(GRID)
        self._inner = inner

    @property
    def formatted(self) -> EvidenceReader | None:
        """The mail as it was sent; None until that was asked for."""
        return None if self._formatted is None else self._formatted.reader

    def write(self, quote: str, cited: set[int]) -> None:
        """Show the text; of the ``cited`` passages the quote is marked, or all."""
        reader = self.reader.reader
        reader.begin()
        spans: list[Span] = []
        whole: list[Span] = []
        for passage in self._mail.passages:
            quoted = passage.role == "quoted"
            span = reader.add(passage.text, tone=_TONES.get(passage.role, "text"), indent=int(quoted))
            if passage.id in cited:
                spans += placed(find_quote(quote, passage.text), passage.text, span[0])
                whole.append(span)
        if not self._mail.passages:
            reader.add(tr("This email has no text."), tone="quiet")
        reader.mark(spans or whole)
        self.reader.fit()

    # --- as it was sent ---

    def _show_as_sent(self) -> None:
        if self._formatted is not None:
            as_text = self.reader.isVisibleTo(self)
            self.reader.setVisible(not as_text)
            self._formatted.setVisible(as_text)
            self.as_sent.setText(tr("Show as text") if as_text else tr("Show as sent"))
            return
        from desktop_rag.gui.evidence.formatted_mail import FormattedMail, FormattedMailReader, clean_mail

        path, locator = Path(self._mail.path), self._mail.locator
        message = Message(locator.index, inner=None) if isinstance(locator, Message) and not locator.part else locator
        self.as_sent.setEnabled(False)

        def done(formatted: FormattedMail | None) -> None:
            self.as_sent.setEnabled(True)
            if formatted is None:
                self.as_sent.hide()
                self.notice.say(tr("This email was sent as plain text."))
                return
            made = FormattedMailReader()
            made.show_mail(formatted)
            made.anchorClicked.connect(self._ask_link)
            self._formatted = TallReader(made)
            self._inner.insertWidget(self._inner.indexOf(self.reader), self._formatted)
            self._formatted.fit()
            self._say_left_out(formatted.pictures, formatted.cut)
            self.reader.hide()
            self.as_sent.setText(tr("Show as text"))

        def failed(error: DesktopRagError) -> None:
            self.as_sent.setEnabled(True)
            self.notice.say(safe(str(error)), "bad")

        self._mediator.bridge.call("look", lambda client, _: clean_mail(client.part(path, message)), self, done, failed)

    def _say_left_out(self, pictures: int, cut: bool) -> None:
        said = []
        if pictures:
            said.append(tr("%n picture(s) from the internet not loaded.", pictures))
        if cut:
            said.append(tr("This email is very long, so only its beginning is shown with formatting."))
        if said:
            self.notice.say(" ".join(said))


class TallReader(QWidget):
    """A reader as tall as its text, so that the pane around it scrolls and not the text itself."""

    def __init__(self, reader: EvidenceReader) -> None:
        super().__init__()
        self.reader = reader
        reader.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        reader.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        column(self).addWidget(reader)
        reader.document().documentLayout().documentSizeChanged.connect(lambda _: self.fit())

    def mark_top(self) -> float:
        return self.reader.mark_top()

    def fit(self) -> None:
        wide = self.reader.document().size().width() > self.reader.viewport().width() + 1
        bar = self.reader.horizontalScrollBar().sizeHint().height() if wide else 0
        self.reader.setFixedHeight(round(self.reader.document().size().height()) + bar + 2)

    def sizeHint(self) -> QSize:
        return QSize(200, self.reader.height())


def _sender(document: Document) -> str:
    return safe(str(document.mail.sender) if document.mail is not None else document.author) or tr("Unknown")


def _when(document: Document) -> str:
    if document.created is None:
        return tr("no date")
    return QLocale().toString(local_time(document.created), tr("d MMM yyyy, hh:mm"))


def _first_line(mail: ThreadMail) -> str:
    own = next((passage for passage in mail.passages if passage.role == "body"), None)
    return safe(re.sub(r"\s+", " ", own.text[:300])) if own is not None else ""


def _recipients(document: Document) -> str:
    people = document.mail.recipients if document.mail is not None else ()
    if not people:
        return ""
    names = ", ".join(safe(str(person)) for person in people[:_MOST_PEOPLE])
    if len(people) > _MOST_PEOPLE:
        names = tr("{names} and %n more", len(people) - _MOST_PEOPLE).format(names=names)
    return tr("To {names}").format(names=names)
