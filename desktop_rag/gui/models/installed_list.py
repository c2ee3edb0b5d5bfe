"""Installed models: size, licence and state; to check and remove them."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QWidget

from desktop_rag.errors import DesktopRagError, ModelRefused
from desktop_rag.gui.models.backend import Installed, ModelsSnapshot, Transfer, remove_model, verify_model
from desktop_rag.gui.models.wording import languages, role_name
from desktop_rag.gui.services.background import BackgroundWorker
from desktop_rag.gui.services.errors import error_text
from desktop_rag.gui.widgets.basic import Notice, ShareBar, Tone, button, column, label, row
from desktop_rag.gui.widgets.formatting import escape_mnemonics, format_size, safe, tr
from desktop_rag.gui.widgets.theme import GRID


class InstalledList(QFrame):
    """``changed`` when a model was removed or its state has changed."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self.rows: dict[str, InstalledRow] = {}
        self._inner = column(self, margin=2 * GRID, spacing=2 * GRID)
        self._none = label(
            tr(
                "No models installed yet. Search uses the small model included with the program, and "
                "answers quote your files."
            ),
            "quiet",
            wrap=True,
        )
        self._inner.addWidget(self._none)
        self.bundled = label("", "quiet", wrap=True)
        self._inner.addWidget(self.bundled)

    def show_models(self, shown: ModelsSnapshot) -> None:
        now = {model.name: model for model in shown.installed}
        for name in [name for name in self.rows if name not in now]:
            gone = self.rows.pop(name)
            if gone.isAncestorOf(self.window().focusWidget() or self):
                self.focusNextChild()
            self._inner.removeWidget(gone)
            gone.hide()
            gone.deleteLater()
        for name, model in now.items():
            if name not in self.rows:
                self.rows[name] = InstalledRow(name)
                self.rows[name].changed.connect(self.changed)
                self._inner.insertWidget(self._inner.count() - 1, self.rows[name])
            self.rows[name].show_model(model, in_use=shown.chosen.get(model.role) == name)
        self._none.setVisible(not now)
        bundled = (f"{model.title} ({format_size(model.bytes)}, {model.licence})" for model in shown.bundled)
        self.bundled.setText(tr("Included with the program: {models}.").format(models="; ".join(bundled)))


class InstalledRow(QWidget):
    changed = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._background = BackgroundWorker(self)
        self._told = 0
        self._title = label("", bold=True)
        self._state = label("")
        self._details = label("", "quiet", wrap=True)
        self.check = button(tr("Check"), self._check)
        self.remove = button(tr("Remove"), lambda: self._ask(True), kind="danger")
        self.confirm = button("", self._remove, kind="danger")
        self._keep = button(tr("Keep"), lambda: self._ask(False))
        self._question = label("", wrap=True)
        self._sure = QWidget()
        asked = row(self._question, self.confirm, self._keep)
        asked.setStretch(0, 1)
        self._sure.setLayout(asked)
        self._bar = ShareBar("")
        self.notice = Notice()
        inner = column(self, spacing=GRID // 2)
        inner.addLayout(row(self._title, self._state, None, self.check, self.remove, spacing=GRID))
        inner.addWidget(self._details)
        for part in (self._bar, self._sure, self.notice):
            inner.addWidget(part)
            part.hide()

    def show_model(self, model: Installed, *, in_use: bool) -> None:
        title = f"{role_name(model.role)}: {safe(model.title)}"
        licence = safe(model.licence) or tr("licence unknown")
        details = [format_size(model.bytes), licence, languages(model.languages), safe(model.repository)]
        self._title.setText(title)
        self._details.setText(", ".join(filter(None, details)))
        self._set_state(*_state(model, in_use=in_use))
        freed = tr("Remove {model}? This frees {size}. You can download it again.")
        if not model.repository:
            freed = tr("Remove {model}? This frees {size}. The file you imported it from is not deleted.")
        self._question.setText(freed.format(model=safe(model.title), size=format_size(model.bytes)))
        self.confirm.setText(escape_mnemonics(tr("Remove {model}").format(model=safe(model.name))))
        self.check.setAccessibleName(tr("Check {model}").format(model=title))
        self.remove.setAccessibleName(tr("Remove {model}").format(model=title))
        self._bar.setAccessibleName(tr("Checking {model}").format(model=title))

    def _set_state(self, text: str, tone: Tone) -> None:
        self._state.setText(text)
        self._state.setProperty("tone", tone)
        self._state.style().polish(self._state)

    def _check(self) -> None:
        self.check.setEnabled(False)
        self.notice.hide()
        self._bar.set_share(0.0)
        self._bar.show()

        def verify() -> None:
            verify_model(self._name, self._on_transfer)

        self._background.run(verify, lambda _: self._on_sound(), self._on_fault)

    def _on_transfer(self, transfer: Transfer) -> None:
        """In the thread that checks: a model has thousands of blocks, and a bar a hundred places."""
        share = transfer.bytes_done / max(1, transfer.bytes_total)
        if int(share * 100) != self._told:
            self._told = int(share * 100)
            self._background.tell(lambda: self._bar.set_share(share))

    def _on_sound(self) -> None:
        self._end_check()
        self.notice.say(tr("Checked: all files are intact."), "good")
        self.changed.emit()

    def _on_fault(self, error: DesktopRagError) -> None:
        self._end_check()
        self.notice.say(error_text(error, tr("Remove it, then download it again.")), "bad")
        if isinstance(error, ModelRefused):
            self.changed.emit()

    def _end_check(self) -> None:
        self._bar.hide()
        self.check.setEnabled(True)

    def _ask(self, asked: bool) -> None:
        self._sure.setVisible(asked)
        self.remove.setVisible(not asked)
        (self._keep if asked else self.remove).setFocus(Qt.FocusReason.OtherFocusReason)

    def _remove(self) -> None:
        self.confirm.setEnabled(False)
        self._background.run(lambda: remove_model(self._name), lambda _: self.changed.emit(), self._on_kept)

    def _on_kept(self, error: DesktopRagError) -> None:
        self.confirm.setEnabled(True)
        self._ask(False)
        otherwise = tr("It may be in use. Wait until the current answer is finished, then try again.")
        self.notice.say(error_text(error, otherwise), "bad")


def _state(model: Installed, *, in_use: bool) -> tuple[str, Tone]:
    if model.fault:
        return tr("cannot be used: {fault}").format(fault=safe(model.fault)), "bad"
    return (tr("in use"), "good") if in_use else (tr("not in use"), "quiet")
