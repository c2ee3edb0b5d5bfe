"""Privacy: connections made, when the internet is used, and where data is stored."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QFrame, QGridLayout, QWidget

from desktop_rag import offline
from desktop_rag.engine.results import Status
from desktop_rag.errors import DesktopRagError
from desktop_rag.gui.services.background import BackgroundWorker
from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.gui.settings.fields import heading
from desktop_rag.gui.widgets.basic import Elided, button, column, label
from desktop_rag.gui.widgets.formatting import safe, tr
from desktop_rag.gui.widgets.theme import GRID
from desktop_rag.launch import open_file
from desktop_rag.paths import logs_dir, models_dir


class PrivacySection(QWidget):
    def __init__(self, mediator: Mediator) -> None:
        super().__init__()
        self._background = BackgroundWorker(self)
        inner = column(self)
        self.count = label("", factor=1.25, bold=True)
        self.refused = label("", "warn", wrap=True)
        card = QFrame()
        card.setObjectName("card")
        within = column(card, margin=2 * GRID)
        within.addWidget(self.count)
        within.addWidget(self.refused)
        within.addWidget(
            _said(
                tr(
                    "Nothing leaves this PC. Your files, questions and answers are processed on this PC "
                    "only. There is no account, and nobody learns how you use the program."
                )
            )
        )
        inner.addSpacing(GRID)
        inner.addWidget(card)
        inner.addWidget(heading(tr("When the internet is used")))
        inner.addWidget(
            _said(
                tr(
                    "Only when you download a model on the Models page. Nothing of yours is sent. You can also import "
                    "models from a file."
                )
            )
        )
        inner.addWidget(_said(tr("All other connections are blocked, and would be counted above.")))
        inner.addWidget(
            _said(
                tr(
                    "Emails are shown without loading pictures from the internet, and links open only after you "
                    "confirm."
                )
            )
        )
        inner.addWidget(heading(tr("Where your data is stored")))
        self.error = label("", "bad", wrap=True)
        self.error.hide()
        places = QWidget()
        grid = QGridLayout(places)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2 * GRID)
        grid.setColumnStretch(1, 1)
        for line, (name, folder) in enumerate(
            (
                (tr("Your library"), mediator.library),
                (tr("Models"), models_dir()),
                (tr("Error logs"), logs_dir()),
            )
        ):
            show = button(tr("Show"), partial(self._show, folder), kind="plain")
            show.setAccessibleName(tr("Show the folder “{name}”").format(name=name))
            grid.addWidget(label(name), line, 0)
            grid.addWidget(Elided(safe(str(folder)), "quiet"), line, 1)
            grid.addWidget(show, line, 2)
        inner.addWidget(places)
        inner.addWidget(self.error)
        inner.addWidget(
            _said(
                tr(
                    "The library contains text from your files so that it can be searched. Keep its folder "
                    "as private as the files. The files themselves stay where they are and are never "
                    "changed."
                )
            )
        )
        inner.addStretch()
        mediator.bridge.status_changed.connect(self.show_status)
        self.show_status(mediator.bridge.status)

    def show_status(self, status: Status | None) -> None:
        """The connections of the engine, and those of the window, which is what downloads."""
        engine = status.engine if status is not None else None
        made = offline.made() + (engine.connections_made if engine is not None else 0)
        refused = offline.refused() + (engine.connections_refused if engine is not None else 0)
        self.count.setText(tr("Connections made: {count}").format(count=made))
        self.refused.setText(tr("%n blocked connection attempt(s).", refused))
        self.refused.setVisible(bool(refused))

    def _show(self, folder: Path) -> None:
        self.error.hide()

        def failed(error: DesktopRagError) -> None:
            self.error.setText(error.message)
            self.error.show()

        self._background.run(lambda: open_file(folder if folder.exists() else _nearest(folder)), lambda _: None, failed)


def _nearest(folder: Path) -> Path:
    """Nothing was kept there yet: the folder in which it will be."""
    return next((above for above in folder.parents if above.exists()), folder)


def _said(text: str) -> QWidget:
    return label(text, "quiet", wrap=True)
