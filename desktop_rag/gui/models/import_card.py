"""Imports models from a file or folder, and downloads any model of the hub by its name."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QFrame, QLineEdit

from desktop_rag.errors import DesktopRagError
from desktop_rag.gui.models.backend import HubReference, Installed, Transfer, import_model
from desktop_rag.gui.models.download_consent import DownloadConsent
from desktop_rag.gui.models.wording import role_name
from desktop_rag.gui.services.background import BackgroundWorker
from desktop_rag.gui.services.errors import error_text
from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.gui.widgets.basic import Notice, ShareBar, button, column, label, row
from desktop_rag.gui.widgets.formatting import format_size, safe, tr
from desktop_rag.gui.widgets.theme import GRID

_REPOSITORY = re.compile(
    r"(?:https?://[^/]+/)?([\w.-]+/[\w.-]+)(?:/(?:(?:blob|resolve)/[\w.-]+/)?([^/?]+\.gguf))?", re.I
)
"""``owner/name`` or ``owner/name/file.gguf``, also as the address of its page."""


class ImportCard(QFrame):
    """``changed`` when a model was installed, ``agreed`` when a download has started."""

    changed = Signal()
    agreed = Signal()

    def __init__(self, mediator: Mediator) -> None:
        super().__init__()
        self.setObjectName("card")
        self._background = BackgroundWorker(self)
        self._told = -1
        self.file = button(tr("Import a model file…"), self._choose_file, drawing="file")
        self.folder = button(tr("Import a model folder…"), self._choose_folder, drawing="folder")
        self._bar = ShareBar(tr("Copying the model"))
        self.notice = Notice()
        self._said = label("", "quiet", wrap=True)
        self.address = QLineEdit()
        self.address.setPlaceholderText(tr("owner/name or owner/name/file.gguf"))
        self.address.setAccessibleName(tr("Name of a model on Hugging Face"))
        self.address.setMaxLength(300)
        self.address.returnPressed.connect(self._look_up)
        self._look = button(tr("Look up"), self._look_up)
        self.consent = DownloadConsent(mediator)
        self.consent.agreed.connect(self.agreed)
        self._lay_out()

    def import_from(self, path: Path) -> None:
        """Install a copy of the model in a file or folder."""
        self.file.setEnabled(False)
        self.folder.setEnabled(False)
        self.notice.hide()
        self._bar.set_share(0.0)
        self._bar.show()
        self._said.setText(tr("Checking “{name}”…").format(name=safe(path.name)))
        self._said.show()
        self._background.run(lambda: import_model(path, self._on_transfer), self._on_installed, self._on_refused)

    # --- inside ---

    def _lay_out(self) -> None:
        inner = column(self, margin=2 * GRID, spacing=GRID)
        about = tr(
            "Import a model from this PC or a USB drive, without the internet. A language or search model "
            "is a file that ends in .gguf; a picture model (open_clip) or a speech model (faster-whisper) "
            "is a folder."
        )
        inner.addWidget(label(about, "quiet", wrap=True))
        inner.addLayout(row(self.file, self.folder, None))
        for part in (self._bar, self._said, self.notice):
            inner.addWidget(part)
            part.hide()
        inner.addSpacing(GRID)
        inner.addWidget(label(tr("Or download any model from Hugging Face by its name:"), "quiet", wrap=True))
        line = row(self.address, self._look)
        line.setStretch(0, 1)
        inner.addLayout(line)
        inner.addWidget(self.consent)

    def _choose_file(self) -> None:
        title, kinds = tr("Import a model file"), tr("Models (*.gguf *.bin *.safetensors);;All files (*)")
        name, _ = QFileDialog.getOpenFileName(self, title, str(Path.home()), kinds)
        if name:
            self.import_from(Path(name))

    def _choose_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, tr("Import a model folder"), str(Path.home()))
        if name:
            self.import_from(Path(name))

    def _look_up(self) -> None:
        named = _REPOSITORY.fullmatch(self.address.text().strip().rstrip("/"))
        if named is None:
            self.consent.put_away()
            self.notice.say(
                tr("This is not a model name. Type “owner/name”, or paste the address of the model's page."), "bad"
            )
            return
        self.notice.hide()
        self.consent.get([HubReference(named[1], named[2] or "")])

    def _on_transfer(self, transfer: Transfer) -> None:
        """In the thread that copies."""
        share = transfer.bytes_done / max(1, transfer.bytes_total)
        if int(share * 100) == self._told:
            return
        self._told = int(share * 100)
        said = tr("Copying: {done} of {total}").format(
            done=format_size(transfer.bytes_done), total=format_size(transfer.bytes_total)
        )
        if transfer.bytes_done >= transfer.bytes_total:
            said = tr("Checking the copy…")

        def show() -> None:
            self._bar.set_share(share)
            self._said.setText(said)

        self._background.tell(show)

    def _on_installed(self, model: Installed) -> None:
        self._end()
        said = tr("{model} is installed and checked. It is used for: {role}.")
        self.notice.say(said.format(model=safe(model.title), role=role_name(model.role)), "good")
        self.changed.emit()

    def _on_refused(self, error: DesktopRagError) -> None:
        self._end()
        otherwise = tr("Remove the other model first, or rename the file.")
        self.notice.say(error_text(error, otherwise), "bad")

    def _end(self) -> None:
        self._bar.hide()
        self._said.hide()
        self.file.setEnabled(True)
        self.folder.setEnabled(True)
