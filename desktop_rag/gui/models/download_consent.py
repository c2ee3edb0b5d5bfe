"""Asks the hub for the size of models, shows it, and downloads only after the person confirms."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QFrame, QScrollArea, QVBoxLayout, QWidget

from desktop_rag.errors import DesktopRagError
from desktop_rag.gui.models.backend import ModelOffers, Offer, Requested, hub_endpoint
from desktop_rag.gui.models.download_queue import DownloadQueue
from desktop_rag.gui.models.wording import host, role_name
from desktop_rag.gui.services.errors import error_text
from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.gui.widgets.basic import Notice, button, clear, column, label, row
from desktop_rag.gui.widgets.formatting import format_size, safe, tr
from desktop_rag.gui.widgets.theme import GRID

_SPARE_BYTES = 512 * 1024 * 1024
"""What must stay free on the disk."""


class DownloadConsent(QWidget):
    """Appears below the button that was pressed. ``busy_changed`` while it is shown, so that the button can be hidden;
    ``agreed`` when a download has started."""

    busy_changed = Signal(bool)
    agreed = Signal()

    def __init__(self, mediator: Mediator) -> None:
        super().__init__()
        self._mediator = mediator
        self._downloads = DownloadQueue.of(mediator)
        self._asked = 0
        self._wanted: tuple[Requested, ...] = ()
        self.notice = Notice()
        self._waiting = label("", "quiet")
        self._leave_it = button(tr("Cancel"), self.put_away)
        self._wait = QWidget()
        self._wait.setLayout(row(self._waiting, self._leave_it, None))
        self._panel = QFrame()
        self._panel.setObjectName("consent")
        self._inner = column(self._panel, margin=2 * GRID, spacing=GRID)
        inner = column(self, spacing=GRID)
        for part in (self.notice, self._wait, self._panel):
            inner.addWidget(part)
        self.put_away()

    def get(self, wanted: Sequence[Requested]) -> None:
        """Ask the hub about these models, then the person."""
        self._wanted = tuple(wanted)
        self._asked += 1
        number = self._asked
        try:
            where = host(hub_endpoint())
        except DesktopRagError as error:
            self._on_failure(number, error)
            return
        self.notice.hide()
        self._panel.hide()
        self._waiting.setText(tr("Asking {host} for the download size…").format(host=safe(where)))
        self._wait.show()
        self.show()
        self.busy_changed.emit(True)
        self._downloads.ask(
            wanted, self, lambda found: self._on_answer(number, found), lambda error: self._on_failure(number, error)
        )

    def put_away(self) -> None:
        """Hide it, and ignore an answer that may still arrive."""
        self._asked += 1
        for part in (self.notice, self._wait, self._panel):
            part.hide()
        self.hide()
        self.busy_changed.emit(False)

    # --- inside ---

    def _on_failure(self, number: int, error: DesktopRagError) -> None:
        if number != self._asked:
            return
        self.put_away()
        self.show()
        otherwise = tr(
            "Check your internet connection. If this PC has none, copy the model from another PC and "
            "choose “Import a model file…” on the Models page."
        )
        self.notice.say(error_text(error, otherwise), "bad", tr("Try again"), lambda: self.get(self._wanted))

    def _on_answer(self, number: int, found: ModelOffers) -> None:
        if number != self._asked:
            return
        self._wait.hide()
        if not found.offers:
            self.put_away()
            self.show()
            self.notice.say(tr("Already installed."))
            return
        self._fill(found)
        self._panel.show()
        QTimer.singleShot(0, self, self._reveal)

    def _fill(self, found: ModelOffers) -> None:
        clear(self._inner)
        self._inner.addWidget(label(tr("Download these models?"), factor=1.1, bold=True))
        for offer in found.offers:
            self._inner.addLayout(_described(offer, found.here[offer.name]))
        for failure in found.failures:
            self._inner.addWidget(label(error_text(failure), "warn", wrap=True))
        self._inner.addWidget(_room(found))
        self._inner.addWidget(
            label(
                tr(
                    "Nothing of yours is sent. As with any download, {host} sees your internet address. "
                    "Every file is checked before it is used."
                ).format(host=safe(host(found.offers[0].endpoint))),
                "quiet",
                wrap=True,
            )
        )
        fetch = button(
            tr("Download {size}").format(size=format_size(found.bytes)), lambda: self._agree(found), kind="next"
        )
        fetch.setEnabled(_has_room(found))
        refuse = button(tr("Not now"), self.put_away)
        self._inner.addLayout(row(fetch, refuse, None))
        (fetch if fetch.isEnabled() else refuse).setFocus(Qt.FocusReason.OtherFocusReason)

    def _reveal(self) -> None:
        """Scroll to what the person is asked."""
        above = self.parentWidget()
        while above is not None and not isinstance(above, QScrollArea):
            above = above.parentWidget()
        if above is None:
            return
        QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)
        above.ensureWidgetVisible(self._panel, 0, 2 * GRID)

    def _agree(self, found: ModelOffers) -> None:
        self.put_away()
        self._downloads.fetch(found)
        self.agreed.emit()


def _described(offer: Offer, here: int) -> QVBoxLayout:
    amount = format_size(offer.bytes)
    if here:
        amount = tr("{size}, {here} already downloaded").format(size=amount, here=format_size(here))
    head = f"{role_name(offer.role)}: {safe(offer.title)}" if offer.role else safe(offer.title)
    licence = safe(offer.origin.licence) or tr("not stated, see the model's page")
    lines = column(spacing=2)
    lines.addLayout(row(label(head), None, label(amount)))
    source = f"{host(offer.endpoint)}/{offer.origin.repository}"
    details = tr("from {source}; licence: {licence}").format(source=safe(source), licence=licence)
    lines.addWidget(label(details, "quiet", wrap=True))
    return lines


def _has_room(found: ModelOffers) -> bool:
    return found.bytes + _SPARE_BYTES <= found.free_bytes


def _room(found: ModelOffers) -> QWidget:
    said = tr("{total} in total. Saved in {folder}, which has {free} free.").format(
        total=format_size(found.bytes), folder=safe(str(found.folder)), free=format_size(found.free_bytes)
    )
    if not _has_room(found):
        return label(f"{said} {tr('That is not enough: free some space or choose smaller models.')}", "bad", wrap=True)
    return label(said, wrap=True)
