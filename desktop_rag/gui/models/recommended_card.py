"""The set of models recommended for this PC."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel

from desktop_rag.gui.models.backend import Listed, ModelsSnapshot
from desktop_rag.gui.models.download_consent import DownloadConsent
from desktop_rag.gui.models.wording import GIB, ICONS, describe_machine, languages, memory, what_it_does
from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.gui.widgets.basic import button, column, label, row
from desktop_rag.gui.widgets.formatting import tr
from desktop_rag.gui.widgets.icons import pixmap
from desktop_rag.gui.widgets.theme import GRID, theme


class RecommendedCard(QFrame):
    """``agreed`` when the person has confirmed the download."""

    agreed = Signal()

    def __init__(self, mediator: Mediator, get: str = "") -> None:
        super().__init__()
        self.setObjectName("card")
        self._shown: ModelsSnapshot | None = None
        self._key: object = None
        self._coming: set[str] = set()
        self._machine = label(tr("Checking this PC's hardware…"), "quiet", wrap=True)
        self._title = label("", factor=1.15, bold=True, wrap=True)
        self._rows = QGridLayout()
        self._rows.setHorizontalSpacing(GRID)
        self._rows.setVerticalSpacing(GRID)
        self._rows.setColumnStretch(1, 1)
        self._icons: list[tuple[QLabel, str]] = []
        self._note = label("", "quiet", wrap=True)
        self.get = button(get or tr("Download the recommended set"), self._get, kind="next", drawing="download")
        self.consent = DownloadConsent(mediator)
        self.consent.busy_changed.connect(self._on_busy)
        self.consent.agreed.connect(self.agreed)
        self._buttons = row(self.get, None)
        inner = column(self, margin=2 * GRID, spacing=GRID)
        inner.addWidget(self._title)
        inner.addWidget(self._machine)
        inner.addSpacing(GRID // 2)
        inner.addLayout(self._rows)
        inner.addWidget(self._note)
        inner.addLayout(self._buttons)
        inner.addWidget(self.consent)
        for part in (self._title, self._note, self.get):
            part.hide()
        theme().changed.connect(self._paint)

    def show_models(self, shown: ModelsSnapshot, coming: set[str]) -> None:
        """``coming`` are the names of those that are being fetched."""
        self._shown = shown
        self._machine.setText(describe_machine(shown.machine))
        advice = shown.advice
        key = (advice, frozenset(shown.sound), frozenset(coming))
        if key == self._key:
            return
        self._key, self._coming = key, set(coming)
        self._title.setText(tr("Recommended for this PC"))
        self._title.show()
        while (item := self._rows.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self._icons = []
        for number, model in enumerate(advice.models):
            self._add(number, model, shown, coming)
        self._paint()
        self._note.setText(self._what_remains())
        self._note.show()
        self._on_busy(not self.consent.isHidden())

    # --- inside ---

    def _add(self, number: int, model: Listed, shown: ModelsSnapshot, coming: set[str]) -> None:
        drawing = QLabel()
        self._icons.append((drawing, ICONS[model.role]))
        what = label(what_it_does(model.role), wrap=True)
        details = label(", ".join(filter(None, (model.title, languages(model.languages), model.licence))), "quiet")
        details.setWordWrap(True)
        text = column(spacing=2)
        text.addWidget(what)
        text.addWidget(details)
        holder = QFrame()
        holder.setLayout(text)
        if model.name in shown.sound:
            state = label(tr("installed"), "good")
        elif model.name in coming:
            state = label(tr("downloading"), "quiet")
        else:
            state = label(tr("about {memory} of memory").format(memory=memory(model.memory_gb * GIB)), "quiet")
        self._rows.addWidget(drawing, number, 0)
        self._rows.addWidget(holder, number, 1)
        self._rows.addWidget(state, number, 2)

    def _lacking(self) -> list[Listed]:
        lacking = self._shown.lacking if self._shown is not None else ()
        return [model for model in lacking if model.name not in self._coming]

    def _what_remains(self) -> str:
        if self._lacking():
            return tr("You'll see the size and confirm first.")
        return tr("Downloading.") if self._coming else tr("All of these are installed.")

    def _get(self) -> None:
        self.consent.get(self._lacking())

    def _on_busy(self, busy: bool) -> None:
        self.get.setVisible(not busy and bool(self._lacking()))

    def _paint(self) -> None:
        for drawing, name in self._icons:
            drawing.setPixmap(pixmap(name, 20, "quiet", self.devicePixelRatioF()))
