"""Downloads as they go on: how far each is, how quick, how long it will take; pause, and what went wrong."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QWidget

from desktop_rag.gui.desk import Desk
from desktop_rag.gui.models.downloads import Download, Downloads
from desktop_rag.gui.models.said import role_name, told
from desktop_rag.gui.theme import GRID
from desktop_rag.gui.widgets import Bar, Tone, button, column, label, row
from desktop_rag.gui.words import duration, safe, size, tr

_SILENT_S = 4.0


class Transfers(QFrame):
    """A row for each download; hidden when there is none."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("card")
        self._downloads = Downloads.of(desk)
        self._rows: dict[str, _Row] = {}
        self._inner = column(spacing=2 * GRID)
        self._put_away = button(tr("OK"), self._dismiss_done)
        self._put_away.setAccessibleName(tr("Put the finished downloads away"))
        outer = column(self, margin=2 * GRID, spacing=GRID)
        outer.addLayout(self._inner)
        outer.addLayout(row(self._put_away, None))
        self._silence = QTimer(self, interval=1000)
        self._silence.timeout.connect(self._show)
        self._downloads.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        now = {download.offer.name: download for download in self._downloads.all()}
        for name in [name for name in self._rows if name not in now]:
            gone = self._rows.pop(name)
            self._inner.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        for name, download in now.items():
            if name not in self._rows:
                self._rows[name] = _Row(self._downloads, name)
                self._inner.addWidget(self._rows[name])
            self._rows[name].show_download(download)
        self.setVisible(bool(now))
        self._put_away.setVisible(any(download.state == "done" for download in now.values()))
        going_on = any(download.state == "fetching" for download in now.values())
        if going_on != self._silence.isActive():
            self._silence.start() if going_on else self._silence.stop()

    def _dismiss_done(self) -> None:
        for download in self._downloads.all():
            if download.state == "done":
                self._downloads.dismiss(download.offer.name)


class _Row(QWidget):
    def __init__(self, downloads: Downloads, name: str) -> None:
        super().__init__()
        self._downloads = downloads
        self._name = name
        self._title = label("", bold=True)
        self._bar = Bar("")
        self._said = label("", "quiet", wrap=True)
        self._pause = button(tr("Pause"), lambda: downloads.pause(name), drawing="pause")
        self._go_on = button(tr("Go on"), lambda: downloads.resume(name), drawing="play")
        self._dismiss = button(tr("Give up"), lambda: downloads.dismiss(name), kind="plain")
        head = row(self._title, None, self._pause, self._go_on, self._dismiss)
        inner = column(self, spacing=GRID // 2)
        inner.addLayout(head)
        inner.addWidget(self._bar)
        inner.addWidget(self._said)

    def show_download(self, download: Download) -> None:
        offer, state = download.offer, download.state
        title = f"{role_name(offer.role)}: {safe(offer.title)}" if offer.role else safe(offer.title)
        self._title.setText(title)
        self._bar.setAccessibleName(tr("Progress of {model}").format(model=title))
        self._bar.set_share(download.bytes_done / offer.bytes if offer.bytes else 0.0)
        self._bar.setVisible(state != "done")
        said, tone = in_words(download)
        self._said.setText(said)
        if self._said.property("tone") != tone:
            self._said.setProperty("tone", tone)
            self._said.style().polish(self._said)
        had_focus = self._pause.hasFocus() or self._go_on.hasFocus()
        self._pause.setVisible(state in ("waiting", "fetching", "pausing"))
        self._pause.setEnabled(state != "pausing")
        self._go_on.setVisible(state in ("paused", "failed"))
        self._go_on.setText(tr("Try again") if state == "failed" else tr("Go on"))
        self._dismiss.setVisible(state in ("paused", "failed"))
        for part in (self._pause, self._go_on, self._dismiss):
            part.setAccessibleName(f"{part.text()}: {title}")
        if had_focus and self._go_on.isVisible():
            self._go_on.setFocus(Qt.FocusReason.OtherFocusReason)
        elif had_focus and self._pause.isVisible() and self._pause.isEnabled():
            self._pause.setFocus(Qt.FocusReason.OtherFocusReason)


def in_words(download: Download) -> tuple[str, Tone]:
    """How far a download is, and how that is to be said."""
    amount = tr("{done} of {total}").format(done=size(download.bytes_done), total=size(download.offer.bytes))
    match download.state:
        case "waiting":
            return tr("Waits for its turn."), "quiet"
        case "pausing":
            return tr("{amount}. Pausing…").format(amount=amount), "quiet"
        case "paused":
            return tr("{amount}. Paused: what has come is kept.").format(amount=amount), "quiet"
        case "failed":
            otherwise = tr("What has come is kept; “Try again” goes on from there.")
            return told(download.error, otherwise) if download.error is not None else "", "bad"
        case "done":
            return tr("Installed and checked."), "good"
    if download.bytes_done >= download.offer.bytes:
        return tr("{amount}. Checking every file…").format(amount=amount), "quiet"
    if time.monotonic() - download.heard_at > _SILENT_S:
        return tr("{amount}. Nothing comes at the moment; it is tried again.").format(amount=amount), "warn"
    said = [amount]
    if download.rate > 0:
        said.append(tr("{size} a second").format(size=size(round(download.rate))))
    if download.seconds_left is not None:
        said.append(tr("{time} left").format(time=duration(download.seconds_left)))
    return ", ".join(said), "quiet"
