"""The models to download, those that fit this PC first."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QPushButton, QWidget

from desktop_rag.gui.models.backend import INSTALLABLE, Listed, Means, ModelsSnapshot
from desktop_rag.gui.models.download_consent import DownloadConsent
from desktop_rag.gui.models.wording import describe_fit, describe_terms, fits, role_name, what_it_does
from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.gui.widgets.basic import button, clear, column, label, row
from desktop_rag.gui.widgets.formatting import tr
from desktop_rag.gui.widgets.theme import GRID


class CatalogueList(QFrame):
    """Grouped by role. ``agreed`` when the person has confirmed a download."""

    agreed = Signal()

    def __init__(self, mediator: Mediator) -> None:
        super().__init__()
        self.setObjectName("card")
        self._mediator = mediator
        self._key: object = None
        self.buttons: dict[str, QPushButton] = {}
        self._inner = column(self, margin=2 * GRID, spacing=GRID)

    def show_models(self, shown: ModelsSnapshot, coming: set[str]) -> None:
        here = frozenset(shown.sound | coming)
        key = (here, shown.means)
        if key == self._key:
            return
        self._key = key
        clear(self._inner)
        self.buttons = {}
        for role in INSTALLABLE:
            others = [model for model in shown.catalogue.models if model.role == role and model.name not in here]
            if not others:
                continue
            if self._inner.count():
                self._inner.addSpacing(GRID)
            self._inner.addWidget(label(role_name(role), bold=True))
            self._inner.addWidget(label(what_it_does(role), "quiet", wrap=True))
            for model in sorted(others, key=lambda model: not fits(model, shown.means)):
                self._inner.addWidget(self._row(model, shown.means))
        if not self.buttons:
            self._inner.addWidget(label(tr("You already have every model in this list."), "quiet", wrap=True))

    def _row(self, model: Listed, means: Means) -> QWidget:
        made = QWidget()
        inner = column(made, spacing=2)
        how = label(describe_fit(model, means), "warn" if not fits(model, means) else "quiet")
        consent = DownloadConsent(self._mediator)
        get = button(tr("Download"), lambda: consent.get([model]), drawing="download")
        get.setAccessibleName(tr("Download {model}").format(model=model.title))
        consent.busy_changed.connect(lambda busy: get.setVisible(not busy))
        consent.agreed.connect(self.agreed)
        inner.addLayout(row(label(model.title), how, None, get))
        inner.addWidget(label(describe_terms(model), "quiet", wrap=True))
        inner.addWidget(consent)
        self.buttons[model.name] = get
        return made
