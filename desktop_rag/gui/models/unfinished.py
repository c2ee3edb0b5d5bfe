"""Downloads that were broken off before the window was opened: to go on with, or to delete."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QWidget

from desktop_rag.errors import DesktopRagError
from desktop_rag.gui.background import Background
from desktop_rag.gui.desk import Desk
from desktop_rag.gui.models.getter import Getter
from desktop_rag.gui.models.said import told
from desktop_rag.gui.models.shown import Shown
from desktop_rag.gui.theme import GRID
from desktop_rag.gui.widgets import Notice, button, clear, column, label, row
from desktop_rag.gui.words import safe, size, tr
from desktop_rag.models.store.catalogue import Listed
from desktop_rag.models.store.model_store import ModelStore


class Unfinished(QFrame):
    """Hidden when there are none. ``agreed`` when one goes on, ``changed`` when one was deleted."""

    agreed = Signal()
    changed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setObjectName("card")
        self._desk = desk
        self._background = Background(self)
        self._key: object = None
        self.notice = Notice()
        self._rows = column(spacing=GRID)
        inner = column(self, margin=2 * GRID, spacing=GRID)
        inner.addWidget(label(tr("Not complete yet"), factor=1.15, bold=True))
        inner.addLayout(self._rows)
        inner.addWidget(self.notice)
        self.hide()

    def show_models(self, shown: Shown, coming: set[str]) -> None:
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
        said = label(tr("Of {model}, {size} have come.").format(model=title, size=size(count)), wrap=True)
        delete = button(tr("Delete it"), lambda: self._delete(name), kind="plain")
        delete.setAccessibleName(tr("Delete what came of {model}").format(model=title))
        if model is None:
            said.setText(f"{said.text()} {tr('To go on, look it up again below, by its name on Hugging Face.')}")
            line = row(said, delete)
        else:
            getter = Getter(self._desk)
            go_on = button(tr("Go on"), lambda: getter.get([model]), drawing="play")
            go_on.setAccessibleName(tr("Go on with {model}").format(model=title))
            getter.busy_changed.connect(lambda busy: go_on.setVisible(not busy))
            getter.agreed.connect(self.agreed)
            line = row(said, go_on, delete)
            inner.addWidget(getter)
        line.setStretch(0, 1)
        inner.insertLayout(0, line)
        return made

    def _delete(self, name: str) -> None:
        def failed(error: DesktopRagError) -> None:
            self.notice.say(told(error), "bad")

        self._background.run(lambda: ModelStore().remove(name), lambda _: self.changed.emit(), failed)
