"""Rules for which files are excluded, everywhere and in single folders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QComboBox, QFormLayout, QWidget

from desktop_rag.config import DEFAULT_IGNORE, Config, FolderRules, folder_key
from desktop_rag.engine.results import Status
from desktop_rag.errors import DesktopRagError
from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.gui.settings import setting_specs
from desktop_rag.gui.settings.fields import add_group, heading
from desktop_rag.gui.settings.rule_list import BuiltInRules, Callback, RuleList, own_rules, taken_back
from desktop_rag.gui.settings.rule_tester import RuleTester
from desktop_rag.gui.settings.settings_store import SettingsStore, reason
from desktop_rag.gui.widgets.basic import button, column, label, row
from desktop_rag.gui.widgets.controls import ChoiceBox
from desktop_rag.gui.widgets.disclosure import Disclosure
from desktop_rag.gui.widgets.formatting import safe, tr
from desktop_rag.gui.widgets.theme import GRID


class FoldersSection(QWidget):
    def __init__(self, mediator: Mediator, store: SettingsStore) -> None:
        super().__init__()
        self._store = store
        self._rules: tuple[str, ...] = ()
        inner = column(self, spacing=GRID)
        said = label(tr("Choose which folders are read in the Library."), "quiet")
        inner.addLayout(
            row(said, button(tr("Open the Library"), lambda: mediator.show_page("library"), kind="plain"), None)
        )
        self.fields = add_group(inner, setting_specs.folders(), store)

        inner.addWidget(heading(tr("Excluded files")))
        inner.addWidget(
            label(
                tr(

                        "A rule is a name or part of a path. * stands for anything: *.iso excludes all files "
                        "ending in .iso. A / at the end means folders: Archive/ excludes every folder with "
                        "that name and everything in it. A ! at the start makes an exception to an earlier "
                        "rule."

                ),
                "quiet", wrap=True,
            )
        )  # fmt: skip
        self.patterns = RuleList(tr("Your rules"), tr("You have not added any rules."), self._write_own)
        inner.addWidget(self.patterns)
        self.built_in = BuiltInRules(self._write_built_in)
        title = tr("%n built-in rule(s) for files that only programs need", len(DEFAULT_IGNORE))
        inner.addWidget(Disclosure(title, self.built_in))

        inner.addWidget(heading(tr("Is a file excluded?")))
        inner.addWidget(label(tr("Choose a file to see whether it is read, and if not, why."), "quiet", wrap=True))
        self.tester = RuleTester(mediator)
        inner.addWidget(self.tester)

        inner.addWidget(heading(tr("Settings for one folder")))
        self.one = FolderRulesForm(mediator, store)
        inner.addWidget(self.one)
        inner.addStretch()
        store.changed.connect(self._on_changed)

    def _on_changed(self, config: Config) -> None:
        if config.ignore != self._rules or not self._rules:
            self._rules = config.ignore
            self.patterns.show_rules(own_rules(config.ignore))
            self.built_in.show_rules(config.ignore)

    def _write_own(self, rules: Sequence[str], saved: Callback, failed: Callable[[DesktopRagError], object]) -> None:
        self._write((*taken_back(self._rules), *rules), saved, failed)

    def _write_built_in(self, rule: str, holds: bool) -> None:
        back = [other for other in taken_back(self._rules) if other != f"!{rule}"]
        if not holds:
            back.append(f"!{rule}")
        self._write((*back, *own_rules(self._rules)), lambda: None, lambda _: self.built_in.show_rules(self._rules))

    def _write(self, rules: Sequence[str], saved: Callback, failed: Callable[[DesktopRagError], object]) -> None:
        self._store.change("ignore", rules or None, saved, failed)


class FolderRulesForm(QWidget):
    """The rules of one chosen folder."""

    def __init__(self, mediator: Mediator, store: SettingsStore) -> None:
        super().__init__()
        self._store = store
        self._roots: tuple[str, ...] = ()
        self.empty = label(tr("Add a folder to the Library to give it its own rules here."), "quiet")
        self.folder = ChoiceBox()
        self.folder.setAccessibleName(tr("Folder"))
        self.folder.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.folder.setMinimumContentsLength(24)
        self.folder.currentIndexChanged.connect(self._show)
        self.hidden = self._choice("hidden", tr("Read hidden files in this folder"))
        self.links = self._choice("follow_links", tr("Follow links in this folder"))
        self.patterns = RuleList(
            tr("Rules for this folder"), tr("This folder has no rules of its own."), self._write_rules
        )
        self.error = label("", "bad", wrap=True)
        self.error.hide()
        self._form = QWidget()
        form = QFormLayout(self._form)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(3 * GRID)
        form.setVerticalSpacing(GRID)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.addRow(label(tr("Folder")), self.folder)
        form.addRow(label(tr("Hidden files")), self.hidden)
        form.addRow(label(tr("Links")), self.links)
        form.addRow(label(tr("Excluded files")), self.patterns)
        form.addRow(self.error)
        inner = column(self)
        inner.addWidget(self.empty)
        inner.addWidget(self._form)
        store.changed.connect(lambda _: self._fill())
        mediator.bridge.status_changed.connect(self._on_status)
        if mediator.bridge.status is not None:
            self._roots = mediator.bridge.status.roots
        self._fill()

    # --- inside ---

    def _choice(self, setting: str, name: str) -> ChoiceBox:
        made = ChoiceBox()
        made.setAccessibleName(name)
        for words, value in ((tr("Same as everywhere"), None), (tr("Yes"), "on"), (tr("No"), "off")):
            made.addItem(words, value)
        made.currentIndexChanged.connect(lambda _: self._write(setting, made.currentData()))
        return made

    def _on_status(self, status: Status) -> None:
        if status.roots != self._roots:
            self._roots = status.roots
            self._fill()

    def _fill(self) -> None:
        """The chosen folders, and those that have rules though they are no longer chosen."""
        config = self._store.config or Config()
        folders = list(dict.fromkeys((*self._roots, *config.folders)))
        if folders != [self.folder.itemData(at) for at in range(self.folder.count())]:
            chosen = self.folder.currentData()
            with QSignalBlocker(self.folder):
                self.folder.clear()
                for folder in folders:
                    self.folder.addItem(safe(folder), folder)
                self.folder.setCurrentIndex(max(0, self.folder.findData(chosen)))
        self.empty.setVisible(not folders)
        self._form.setVisible(bool(folders))
        self._show()

    def _show(self) -> None:
        folder = self.folder.currentData()
        if folder is None:
            return
        config = self._store.config or Config()
        rules = config.folders.get(folder_key(Path(folder)), FolderRules())
        for choice, value in ((self.hidden, rules.hidden), (self.links, rules.follow_links)):
            with QSignalBlocker(choice):
                choice.setCurrentIndex(0 if value is None else 1 if value else 2)
        self.patterns.show_rules(rules.ignore)

    def _write(self, setting: str, value: str | None) -> None:
        self.error.hide()
        self._store.change(setting, None if value is None else [value], lambda: None, self._on_wrong, self._chosen())

    def _write_rules(self, rules: Sequence[str], saved: Callback, failed: Callable[[DesktopRagError], object]) -> None:
        self._store.change("ignore", rules or None, saved, failed, self._chosen())

    def _chosen(self) -> Path:
        return Path(self.folder.currentData())

    def _on_wrong(self, error: DesktopRagError) -> None:
        self.error.setText(reason(error))
        self.error.show()
        self._show()
