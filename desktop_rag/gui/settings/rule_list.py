"""Rules for excluded files: an editable list of own rules, and the built-in ones with a check box each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QListWidget, QListWidgetItem, QWidget

from desktop_rag.config import DEFAULT_IGNORE
from desktop_rag.errors import DesktopRagError
from desktop_rag.gui.settings.settings_store import reason
from desktop_rag.gui.widgets.basic import button, column, label, row
from desktop_rag.gui.widgets.formatting import tr
from desktop_rag.gui.widgets.theme import GRID

Callback = Callable[[], object]
Write = Callable[[Sequence[str], Callback, Callable[[DesktopRagError], object]], object]
"""Keeps these rules instead of those there were."""

_ROWS = 6


class RuleList(QWidget):
    """A list of rules: to add, edit and remove."""

    def __init__(self, name: str, empty: str, write: Write) -> None:
        super().__init__()
        self._write = write
        self._rules: tuple[str, ...] = ()
        self.error = label("", "bad", wrap=True)
        self.error.hide()
        self.list = QListWidget()
        self.list.setObjectName("rules")
        self.list.setAccessibleName(name)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.itemChanged.connect(self._on_edited)
        self.list.itemSelectionChanged.connect(self._on_selected)
        QShortcut(QKeySequence.StandardKey.Delete, self.list, self._remove, Qt.ShortcutContext.WidgetShortcut)
        self.field = QLineEdit()
        self.field.setPlaceholderText(tr("For example: *.iso or Archive/"))
        self.field.setAccessibleName(tr("New rule: {name}").format(name=name))
        self.field.returnPressed.connect(self._add)
        self.field.textEdited.connect(lambda _: self.error.hide())
        self.add = button(tr("Add"), self._add)
        self.remove = button(tr("Remove"), self._remove, kind="plain")
        self.remove.setEnabled(False)
        self.empty = label(empty, "quiet")
        inner = column(self)
        new = row(self.field, self.add, self.remove)
        new.setStretch(0, 1)
        inner.addLayout(new)
        inner.addWidget(self.error)
        inner.addWidget(self.empty)
        inner.addWidget(self.list)
        self.show_rules(())

    def show_rules(self, rules: Sequence[str]) -> None:
        self._rules = tuple(rules)
        chosen = self.list.currentRow()
        with QSignalBlocker(self.list):
            self.list.clear()
            for rule in rules:
                item = QListWidgetItem(rule)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
                self.list.addItem(item)
        self.list.setCurrentRow(min(chosen, len(rules) - 1))
        self.list.setVisible(bool(rules))
        self.remove.setVisible(bool(rules))
        self.empty.setVisible(not rules)
        height = self.list.sizeHintForRow(0) if rules else 0
        self.list.setFixedHeight(height * min(len(rules), _ROWS) + GRID)

    # --- inside ---

    def _add(self) -> None:
        rule = self.field.text().strip()
        if not rule:
            self.field.setFocus(Qt.FocusReason.OtherFocusReason)
        elif rule in self._rules:
            self._say(tr("“{rule}” is already in the list.").format(rule=rule))
        else:
            self._keep((*self._rules, rule), self.field.clear)

    def _remove(self) -> None:
        gone = {self.list.row(item) for item in self.list.selectedItems()}
        if gone:
            self._keep([rule for at, rule in enumerate(self._rules) if at not in gone], lambda: None)

    def _on_edited(self, item: QListWidgetItem) -> None:
        rules = list(self._rules)
        rules[self.list.row(item)] = item.text().strip()
        self._keep([rule for rule in rules if rule], lambda: None)

    def _on_selected(self) -> None:
        self.remove.setEnabled(bool(self.list.selectedItems()))

    def _keep(self, rules: Sequence[str], done: Callback) -> None:
        self.error.hide()
        self._write(rules, done, self._on_wrong)

    def _on_wrong(self, error: DesktopRagError) -> None:
        self._say(reason(error))
        self.show_rules(self._rules)

    def _say(self, text: str) -> None:
        self.error.setText(text)
        self.error.show()


class BuiltInRules(QWidget):
    """The built-in rules; clearing a box switches its rule off."""

    def __init__(self, change: Callable[[str, bool], object]) -> None:
        super().__init__()
        self._change = change
        self.list = QListWidget()
        self.list.setObjectName("rules")
        self.list.setAccessibleName(tr("Built-in rules"))
        with QSignalBlocker(self.list):
            for rule in DEFAULT_IGNORE:
                item = QListWidgetItem(rule)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(Qt.CheckState.Checked)
                self.list.addItem(item)
        self.list.setFixedHeight(self.list.sizeHintForRow(0) * _ROWS + GRID)
        self.list.itemChanged.connect(self._on_changed)
        inner = column(self)
        inner.addWidget(label(tr("Clear a rule's box to switch it off."), "quiet", wrap=True))
        inner.addWidget(self.list)

    def show_rules(self, rules: Sequence[str]) -> None:
        """``rules`` are the person's, those that take a built-in one back among them."""
        with QSignalBlocker(self.list):
            for at in range(self.list.count()):
                item = self.list.item(at)
                back = f"!{item.text()}" in rules
                item.setCheckState(Qt.CheckState.Unchecked if back else Qt.CheckState.Checked)

    def _on_changed(self, item: QListWidgetItem) -> None:
        self._change(item.text(), item.checkState() == Qt.CheckState.Checked)


def own_rules(rules: Sequence[str]) -> tuple[str, ...]:
    """Without those that only take a built-in one back."""
    return tuple(rule for rule in rules if not _takes_back(rule))


def taken_back(rules: Sequence[str]) -> tuple[str, ...]:
    return tuple(rule for rule in rules if _takes_back(rule))


def _takes_back(rule: str) -> bool:
    return rule.startswith("!") and rule[1:] in DEFAULT_IGNORE
