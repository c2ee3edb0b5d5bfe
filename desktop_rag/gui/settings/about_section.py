"""Version, licence and keyboard shortcuts."""

from __future__ import annotations

from PySide6.QtCore import qVersion
from PySide6.QtWidgets import QWidget

from desktop_rag import __version__
from desktop_rag.gui.settings.fields import heading
from desktop_rag.gui.widgets.basic import button, column, label, row
from desktop_rag.gui.widgets.formatting import tr
from desktop_rag.gui.widgets.shortcuts import KeysDialog
from desktop_rag.gui.widgets.theme import GRID


class AboutSection(QWidget):
    def __init__(self) -> None:
        super().__init__()
        inner = column(self)
        inner.addSpacing(GRID)
        inner.addWidget(label("Desktop RAG", factor=1.5, bold=True))
        inner.addWidget(label(tr("Version {version}").format(version=__version__), "quiet"))
        inner.addWidget(
            label(tr("Answers questions from your own files, offline on this PC, with sources."), wrap=True)
        )
        inner.addWidget(heading(tr("Licence")))
        inner.addWidget(
            label(
                tr(
                    "Free software under the Apache License 2.0. You may use, share and change it. There is no "
                    "warranty."
                ),
                "quiet", wrap=True,
            )
        )  # fmt: skip
        inner.addWidget(
            label(
                tr("Uses Qt {version} under the GNU Lesser General Public License 3.").format(
                    version=qVersion()
                ),
                "quiet", wrap=True,
            )
        )  # fmt: skip
        inner.addWidget(heading(tr("Keyboard shortcuts")))
        inner.addLayout(row(button(tr("Show keyboard shortcuts"), self._show_keys, drawing="keys"), None))
        inner.addStretch()

    def _show_keys(self) -> None:
        KeysDialog(self.window()).open()
