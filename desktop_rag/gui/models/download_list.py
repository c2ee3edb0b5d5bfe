"""Downloads in progress, and earlier ones that were interrupted: to pause, resume or discard."""

from __future__ import annotations

import time

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QWidget

from desktop_rag.errors import DesktopRagError
from desktop_rag.gui.models.backend import Listed, ModelsSnapshot, remove_model
from desktop_rag.gui.models.download_consent import DownloadConsent
from desktop_rag.gui.models.download_queue import Download, DownloadQueue
from desktop_rag.gui.models.wording import role_name
from desktop_rag.gui.services.background import BackgroundWorker
from desktop_rag.gui.services.errors import error_text
from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.gui.widgets.basic import Notice, ShareBar, Tone, button, clear, column, label, row
from desktop_rag.gui.widgets.formatting import format_duration, format_size, safe, tr
from desktop_rag.gui.widgets.theme import GRID

_SILENT_S = 4.0


class DownloadList(QFrame):
    """A row for each download; hidden when there is none."""

    def __init__(self, mediator: Mediator) -> None:
        super().__init__()
        self.setObjectName("card")
        self._downloads = DownloadQueue.of(mediator)
        self._rows: dict[str, _DownloadRow] = {}
        self._inner = column(spacing=2 * GRID)
        self._put_away = button(tr("OK"), self._dismiss_done)
        self._put_away.setAccessibleName(tr("Dismiss finished downloads"))
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
                self._rows[name] = _DownloadRow(self._downloads, name)
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


class UnfinishedDownloads(QFrame):
    """Hidden when there are none. ``agreed`` when one is resumed, ``changed`` when one was deleted."""

    agreed = Signal()
    changed = Signal()

    def __init__(self, mediator: Mediator) -> None:
        super().__init__()
        self.setObjectName("card")
        self._mediator = mediator
        self._background = BackgroundWorker(self)
        self._key: object = None
        self.notice = Notice()
        self._rows = column(spacing=GRID)
        inner = column(self, margin=2 * GRID, spacing=GRID)
        inner.addWidget(label(tr("Unfinished downloads"), factor=1.15, bold=True))
        inner.addLayout(self._rows)
        inner.addWidget(self.notice)
        self.hide()

    def show_models(self, shown: ModelsSnapshot, coming: set[str]) -> None:
        left = tuple((name, count) for name, count in shown.unfinished if name not in coming)
        if left == self._key:
            return
        self._key = left
        clear(self._rows)
        known = {model.name: model for model in shown.catalogue.models}
        for name, count in left:
            self._rows.addWidget(self._row(name, count, known.get(name)))
        self.setVisible(bool(left))

    def _row(self, name: str, count: int, model: Listed | None) -> QWidget:
        made = QWidget()
        inner = column(made, spacing=GRID // 2)
        title = safe(model.title if model is not None else name)
        said = label(tr("{model}: {size} downloaded so far.").format(model=title, size=format_size(count)), wrap=True)
        delete = button(tr("Delete"), lambda: self._delete(name), kind="plain")
        delete.setAccessibleName(tr("Delete the unfinished download of {model}").format(model=title))
        if model is None:
            said.setText(f"{said.text()} {tr('To continue, look it up again below by its name on Hugging Face.')}")
            line = row(said, delete)
        else:
            consent = DownloadConsent(self._mediator)
            go_on = button(tr("Resume"), lambda: consent.get([model]), drawing="play")
            go_on.setAccessibleName(tr("Resume the download of {model}").format(model=title))
            consent.busy_changed.connect(lambda busy: go_on.setVisible(not busy))
            consent.agreed.connect(self.agreed)
            line = row(said, go_on, delete)
            inner.addWidget(consent)
        line.setStretch(0, 1)
        inner.insertLayout(0, line)
        return made

    def _delete(self, name: str) -> None:
        def failed(error: DesktopRagError) -> None:
            self.notice.say(error_text(error), "bad")

        self._background.run(lambda: remove_model(name), lambda _: self.changed.emit(), failed)


class _DownloadRow(QWidget):
    def __init__(self, downloads: DownloadQueue, name: str) -> None:
        super().__init__()
        self._downloads = downloads
        self._name = name
        self._title = label("", bold=True)
        self._bar = ShareBar("")
        self._said = label("", "quiet", wrap=True)
        self._pause = button(tr("Pause"), lambda: downloads.pause(name), drawing="pause")
        self._go_on = button(tr("Resume"), lambda: downloads.resume(name), drawing="play")
        self._dismiss = button(tr("Discard"), lambda: downloads.dismiss(name), kind="plain")
        head = row(self._title, None, self._pause, self._go_on, self._dismiss)
        inner = column(self, spacing=GRID // 2)
        inner.addLayout(head)
        inner.addWidget(self._bar)
        inner.addWidget(self._said)

    def show_download(self, download: Download) -> None:
        offer, state = download.offer, download.state
        title = f"{role_name(offer.role)}: {safe(offer.title)}" if offer.role else safe(offer.title)
        self._title.setText(title)
        self._bar.setAccessibleName(tr("Download progress of {model}").format(model=title))
        self._bar.set_share(download.bytes_done / offer.bytes if offer.bytes else 0.0)
        self._bar.setVisible(state != "done")
        said, tone = describe_download(download)
        self._said.setText(said)
        if self._said.property("tone") != tone:
            self._said.setProperty("tone", tone)
            self._said.style().polish(self._said)
        had_focus = self._pause.hasFocus() or self._go_on.hasFocus()
        self._pause.setVisible(state in ("waiting", "fetching", "pausing"))
        self._pause.setEnabled(state != "pausing")
        self._go_on.setVisible(state in ("paused", "failed"))
        self._go_on.setText(tr("Try again") if state == "failed" else tr("Resume"))
        self._dismiss.setVisible(state in ("paused", "failed"))
        for part in (self._pause, self._go_on, self._dismiss):
            part.setAccessibleName(f"{part.text()}: {title}")
        if had_focus and self._go_on.isVisible():
            self._go_on.setFocus(Qt.FocusReason.OtherFocusReason)
        elif had_focus and self._pause.isVisible() and self._pause.isEnabled():
            self._pause.setFocus(Qt.FocusReason.OtherFocusReason)


def describe_download(download: Download) -> tuple[str, Tone]:
    """The progress of a download in words, and the tone to say it in."""
    amount = tr("{done} of {total}").format(
        done=format_size(download.bytes_done), total=format_size(download.offer.bytes)
    )
    match download.state:
        case "waiting":
            return tr("Waiting."), "quiet"
        case "pausing":
            return tr("{amount}. Pausing…").format(amount=amount), "quiet"
        case "paused":
            return tr("{amount}. Paused.").format(amount=amount), "quiet"
        case "failed":
            otherwise = tr("“Try again” continues where it stopped.")
            return error_text(download.error, otherwise) if download.error is not None else "", "bad"
        case "done":
            return tr("Installed and checked."), "good"
    if download.bytes_done >= download.offer.bytes:
        return tr("{amount}. Checking the files…").format(amount=amount), "quiet"
    if time.monotonic() - download.heard_at > _SILENT_S:
        return tr("{amount}. The connection has stalled. Trying again…").format(amount=amount), "warn"
    said = [amount]
    if download.rate > 0:
        said.append(tr("{size} per second").format(size=format_size(round(download.rate))))
    if download.seconds_left is not None:
        said.append(tr("{time} left").format(time=format_duration(download.seconds_left)))
    return ", ".join(said), "quiet"
