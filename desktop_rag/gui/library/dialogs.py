"""Confirmations within the page, and file dialogs that do not block."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFileDialog, QWidget

from desktop_rag.gui.widgets.basic import button, label, row
from desktop_rag.gui.widgets.formatting import tr
from desktop_rag.gui.widgets.theme import GRID


class ConfirmationRow(QWidget):
    """Asks before something is removed. ``agreed`` when the person confirms; Escape cancels and returns the focus to
    ``back``."""

    agreed = Signal()

    def __init__(self, back: QWidget, *, indent: int = 0) -> None:
        super().__init__()
        self._back = back
        self._text = label(wrap=True)
        self._yes = button("", self._agree, kind="danger")
        self._no = button("", self.leave)
        line = row(self._text, self._yes, self._no)
        line.setStretch(0, 1)
        line.setContentsMargins(indent, GRID // 2, 0, GRID // 2)
        self.setLayout(line)
        self.hide()

    def ask(self, text: str, yes: str, no: str) -> None:
        self._text.setText(text)
        self._yes.setText(yes)
        self._no.setText(no)
        self.show()
        self._no.setFocus()

    def leave(self) -> None:
        self.hide()
        self._back.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            super().keyPressEvent(event)

    def _agree(self) -> None:
        self.leave()
        self.agreed.emit()


def choose_folder(parent: QWidget, chosen: Callable[[list[Path]], object]) -> None:
    """Ask for a folder of this PC; ``chosen`` hears of it, if one is."""
    dialog = _dialog(parent, tr("Add a folder"), chosen)
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly)
    dialog.setLabelText(QFileDialog.DialogLabel.Accept, tr("Add"))
    dialog.open()


def choose_files(parent: QWidget, chosen: Callable[[list[Path]], object]) -> None:
    dialog = _dialog(parent, tr("Add files"), chosen)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
    dialog.setLabelText(QFileDialog.DialogLabel.Accept, tr("Add"))
    dialog.open()


def choose_backup(parent: QWidget, chosen: Callable[[list[Path]], object], *, new: str = "") -> None:
    """Ask for a backup that is there, or, with a name for a ``new`` one, for where it is to be written."""
    dialog = _dialog(parent, tr("Back up the library") if new else tr("Restore a backup"), chosen)
    dialog.setNameFilters([tr("Backups (*.zip)"), tr("All files (*)")])
    if new:
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("zip")
        dialog.selectFile(new)
    else:
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.open()


def _dialog(parent: QWidget, title: str, chosen: Callable[[list[Path]], object]) -> QFileDialog:
    dialog = QFileDialog(parent, title, str(Path.home()))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.filesSelected.connect(lambda names: chosen([Path(name) for name in names]))
    return dialog
