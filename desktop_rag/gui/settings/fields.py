"""One setting on the page: title, explanation, control, default, and whether a change was saved."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, QTimer
from PySide6.QtWidgets import QGridLayout, QSpinBox, QVBoxLayout, QWidget

from desktop_rag.config import Config, get_setting
from desktop_rag.errors import DesktopRagError
from desktop_rag.gui.settings.setting_specs import SettingGroup, SettingSpec, format_value
from desktop_rag.gui.settings.settings_store import SettingsStore, reason
from desktop_rag.gui.widgets.basic import button, column, label, row
from desktop_rag.gui.widgets.controls import ChoiceBox, DecimalBox, NumberBox, Switch
from desktop_rag.gui.widgets.disclosure import Disclosure
from desktop_rag.gui.widgets.formatting import tr
from desktop_rag.gui.widgets.theme import GRID

_SAVED_MS = 3_000
_TYPED_MS = 400
"""A number is written when it has stood still for so long: arrows held down run through many."""
_CONTROL_WIDTH = 20 * GRID


class SettingField(QWidget):
    """A setting with its control. Shows the stored value, and saves a change at once."""

    def __init__(self, setting: SettingSpec, store: SettingsStore) -> None:
        super().__init__()
        self._setting = setting
        self._store = store
        self._default = get_setting(Config(), setting.name)
        self._value: Any = self._default
        self._later = QTimer(self, singleShot=True, interval=_TYPED_MS)
        self._later.timeout.connect(self._write)
        self.control = self._make_control()
        self.control.setAccessibleName(setting.title)
        self.control.setAccessibleDescription(setting.sentence)
        self.control.setMinimumWidth(_CONTROL_WIDTH)
        self.note = label("", "quiet", 0.9)
        self.reset = button(tr("Reset"), self._reset, kind="plain")
        self.reset.setAccessibleName(tr("Reset “{title}”").format(title=setting.title))
        self._quiet = QTimer(self, singleShot=True, interval=_SAVED_MS)
        self._quiet.timeout.connect(self._show_default)
        self.error = label("", "bad", wrap=True)
        self.error.hide()
        self._lay_out()
        store.changed.connect(self._on_changed)
        self._show_value()

    def value(self) -> Any:
        """What the control says now, as the setting has it."""
        match self.control:
            case Switch():
                return self.control.isChecked()
            case ChoiceBox():
                return self.control.currentData()
            case NumberBox() | DecimalBox():
                return self.control.value() * self._setting.unit

    # --- inside ---

    def _make_control(self) -> Switch | ChoiceBox | NumberBox | DecimalBox:
        setting = self._setting
        if setting.shown == "switch":
            switch = Switch()
            switch.toggled.connect(self._write)
            return switch
        if setting.shown == "choice":
            choice = ChoiceBox()
            for value, words in setting.choices:
                choice.addItem(words, value)
            choice.currentIndexChanged.connect(self._write)
            return choice
        number: NumberBox | DecimalBox
        if setting.shown == "decimal":
            number = DecimalBox()
            number.setRange(setting.least, setting.most)
        else:
            number = NumberBox()
            number.setRange(int(setting.least), int(setting.most))
        number.setSuffix(setting.suffix)
        number.setStepType(QSpinBox.StepType.AdaptiveDecimalStepType)
        number.valueChanged.connect(lambda _: self._later.start())
        return number

    def _lay_out(self) -> None:
        title = label(self._setting.title)
        title.setBuddy(self.control)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, GRID, 0, GRID)
        grid.setHorizontalSpacing(3 * GRID)
        grid.setVerticalSpacing(2)
        grid.addWidget(title, 0, 0)
        grid.addWidget(label(self._setting.sentence, "quiet", 0.95, wrap=True), 1, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.control, 0, 1)
        under = row(self.note, None, self.reset)
        grid.addLayout(under, 1, 1, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.error, 2, 0, 1, 2)
        grid.setColumnStretch(0, 1)

    def _on_changed(self, config: Config) -> None:
        self._value = get_setting(config, self._setting.name)
        if not self._later.isActive():  # the person is still at it
            self._show_value()

    def _show_value(self) -> None:
        with QSignalBlocker(self.control):
            match self.control:
                case Switch():
                    self.control.setChecked(self._value)
                case ChoiceBox():
                    self.control.setCurrentIndex(self.control.findData(self._value))
                case NumberBox():
                    self.control.setValue(min(round(self._value / self._setting.unit), self.control.maximum()))
                case DecimalBox():
                    self.control.setValue(self._value / self._setting.unit)
        self.reset.setVisible(self._value != self._default)
        if not self._quiet.isActive():
            self._show_default()

    def _show_default(self) -> None:
        words = format_value(self._setting, self._default)
        same = self._value == self._default
        self._say(tr("Default") if same else tr("Default: {value}").format(value=words), "quiet")

    def _say(self, text: str, tone: str) -> None:
        self.note.setText(text)
        self.note.setProperty("tone", tone)
        self.note.style().polish(self.note)

    def _write(self) -> None:
        value = self.value()
        if value == self._value:
            return
        self._store.change(self._setting.name, [_written(value)], self._on_saved, self._on_wrong)

    def _reset(self) -> None:
        self._later.stop()
        self.control.setFocus(Qt.FocusReason.OtherFocusReason)  # the button goes away
        self._store.change(self._setting.name, None, self._on_saved, self._on_wrong)

    def _on_saved(self) -> None:
        self.error.hide()
        self._say(tr("Saved"), "good")
        self._quiet.start()

    def _on_wrong(self, error: DesktopRagError) -> None:
        self.error.setText(reason(error))
        self.error.show()
        self._show_value()


def _written(value: bool | str | float) -> str:
    """A value as ``change_setting`` reads it."""
    match value:
        case bool():
            return "on" if value else "off"
        case float():
            return f"{value:.10g}"
    return str(value)


def heading(text: str) -> QWidget:
    made = label(text, factor=1.1, bold=True)
    made.setContentsMargins(0, 2 * GRID, 0, 0)
    return made


def add_group(layout: QVBoxLayout, group: SettingGroup, store: SettingsStore) -> dict[str, SettingField]:
    """Put the settings of a group into a layout; returns their fields by name."""
    fields = {setting.name: SettingField(setting, store) for setting in group.settings}
    if not group.more:
        if group.title:
            layout.addWidget(heading(group.title))
        for field in fields.values():
            layout.addWidget(field)
        return fields
    inside = QWidget()
    inner = column(inside, spacing=0)
    inner.setContentsMargins(2 * GRID, 0, 0, 0)
    for field in fields.values():
        inner.addWidget(field)
    layout.addSpacing(GRID)
    layout.addWidget(Disclosure(group.title, inside))
    return fields
