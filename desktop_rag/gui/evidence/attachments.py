"""Attachments of a mail, or documents inside a file, as buttons that show them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QFrame, QLabel, QWidget

from desktop_rag.gui.services.mediator import EvidenceLocation
from desktop_rag.gui.widgets.basic import button, column, label
from desktop_rag.gui.widgets.formatting import KINDS, escape_mnemonics, safe, tr
from desktop_rag.gui.widgets.theme import GRID
from desktop_rag.types import Document, Entry, Message

_MOST = 30
"""Buttons of one list: a mailbox holds thousands of mails."""
_NAME = 48
"""Characters of a name on a button."""


class AttachmentList(QFrame):
    """Hidden while empty. ``show`` gets the evidence that a button stands for."""

    def __init__(self, show: Callable[[EvidenceLocation], object]) -> None:
        super().__init__()
        self._show = show
        self._column = column(self, spacing=GRID // 2)
        self.hide()

    def set_documents(self, path: str, documents: Sequence[Document], parent: Document) -> None:
        """The documents directly inside ``parent``, of the file at ``path``."""
        while (item := self._column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        inner = [document for document in documents if document.parent_id == parent.id]
        self.setVisible(bool(inner))
        if not inner:
            return
        self._column.addWidget(_heading(parent, inner))
        for document in inner[:_MOST]:
            self._column.addWidget(self._button(path, document, parent))
        if len(inner) > _MOST:
            self._column.addWidget(label(tr("and %n more", len(inner) - _MOST), "quiet"))
        self._column.addStretch()

    def _button(self, path: str, document: Document, parent: Document) -> QWidget:
        name = name_of(document)
        shown = name if len(name) <= _NAME else f"{name[: _NAME // 2]}…{name[-_NAME // 2 + 1 :]}"
        locator = document.locator
        assert locator is not None
        made = button(
            escape_mnemonics(shown),
            lambda: self._show(EvidenceLocation(path, locator, name, document=document, parent=parent)),
            drawing=KINDS[document.kind],
        )
        made.setAccessibleName(tr("Show {name}").format(name=name))
        made.setToolTip(name)
        made.setProperty("kind", "plain")
        made.setStyleSheet("text-align: left")
        return made


def _heading(parent: Document, inner: Sequence[Document]) -> QLabel:
    if parent.mail is not None:
        return label(tr("%n attachment(s)", len(inner)), "quiet")
    if all(document.kind == "mail" for document in inner):
        return label(tr("%n email(s) inside", len(inner)), "quiet")
    return label(tr("%n file(s) inside", len(inner)), "quiet")


def name_of(document: Document) -> str:
    """The name of an inner document: its file's name, or its title."""
    place: object = document.locator
    name = ""
    while isinstance(place, Message | Entry):
        name = place.part if isinstance(place, Message) else place.name
        place = place.inner
    return safe(name or document.title) or tr("Unnamed")
