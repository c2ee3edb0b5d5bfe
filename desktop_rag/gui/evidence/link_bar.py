"""Shows where a link leads before it is opened; nothing opens by itself."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QFrame

from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.gui.widgets.basic import button, column, label, row
from desktop_rag.gui.widgets.formatting import safe, tr
from desktop_rag.gui.widgets.theme import GRID

OPENED = ("http", "https", "mailto")
"""What a browser or mail program may be given. Everything else could start programs or open files."""
_LONGEST = 600


class LinkBar(QFrame):
    """Hidden until a link is clicked. Shows the encoded address, so that look-alike letters can be told apart."""

    def __init__(self, mediator: Mediator) -> None:
        super().__init__()
        self.setObjectName("banner")
        self._mediator = mediator
        self._target = ""
        self._leads = label(tr("This link goes to:"), "quiet")
        self.target = label(wrap=True)
        self.target.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.target.setAccessibleName(tr("Link address"))
        self.open = button(tr("Open in browser"), self._open)
        self.copy = button(tr("Copy"), self._copy)
        self.cancel = button(tr("Cancel"), self.hide)
        inner = column(self, margin=GRID)
        inner.addWidget(self._leads)
        inner.addWidget(self.target)
        inner.addLayout(row(self.open, self.copy, self.cancel, None))
        self.hide()

    def ask(self, url: QUrl) -> None:
        self._target = bytes(url.toEncoded().data()).decode("ascii", "replace")
        shown = safe(self._target)
        self.target.setText(_breakable(shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"))
        allowed = url.scheme().lower() in OPENED
        self._leads.setText(tr("This link goes to:") if allowed else tr("This link was not opened. It goes to:"))
        self.open.setVisible(allowed)
        self.show()
        self.cancel.setFocus(Qt.FocusReason.PopupFocusReason)

    def event(self, event: QEvent) -> bool:
        """Escape closes this, and not what is around it."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)

    def _open(self) -> None:
        QDesktopServices.openUrl(QUrl.fromEncoded(self._target.encode()))
        self.hide()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._target)
        self._mediator.message.emit(tr("Copied"))
        self.hide()


def _breakable(address: str) -> str:
    """With places to break the line at: an address has no spaces."""
    return address.replace("/", "/\u200b").replace("&", "&\u200b").replace("?", "\u200b?").replace("=", "=\u200b")
