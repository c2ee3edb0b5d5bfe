"""The settings page: each change is kept at once, said to be, and in use a moment later."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop_rag.config import DEFAULT_IGNORE, config_path, load_config, setting_names
from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.gui.settings.appearance_section import AppearanceSection
from desktop_rag.gui.settings.fields import SettingField
from desktop_rag.gui.settings.folders_section import FoldersSection
from desktop_rag.gui.settings.page import SettingsPage
from desktop_rag.gui.settings.privacy_section import PrivacySection
from desktop_rag.gui.settings.setting_specs import all_settings
from desktop_rag.gui.widgets.controls import ChoiceBox, NumberBox, Switch
from desktop_rag.gui.widgets.disclosure import Disclosure
from desktop_rag.gui.widgets.theme import Theme
from tests.gui.conftest import MakeMediator

pytestmark = pytest.mark.usefixtures("theme")

Kind = TypeVar("Kind", bound=QWidget)
SECTIONS = ("folders", "reading", "appearance", "answers", "privacy", "about")


def opened(mediator: Mediator, qtbot: QtBot) -> SettingsPage:
    made = SettingsPage(mediator)
    qtbot.addWidget(made)
    made.resize(1000, 700)
    made.show()
    qtbot.waitUntil(lambda: made.store.config is not None, timeout=20000)
    return made


@pytest.fixture
def page(make_mediator: MakeMediator, tmp_path: Path, qtbot: QtBot) -> SettingsPage:
    """On a library that no engine runs for: what is only written needs none."""
    mediator = make_mediator(tmp_path / "alone")
    mediator.bridge.close()
    return opened(mediator, qtbot)


def section(page: SettingsPage, name: str, kind: type[Kind]) -> Kind:
    page.show_section(name)
    found = page.sections[name].findChild(kind)
    assert found is not None
    return found


def saved(page: SettingsPage, qtbot: QtBot, name: str) -> SettingField:
    field = page.fields[name]
    qtbot.waitUntil(lambda: field.note.text() == "Saved", timeout=20000)
    return field


def library(page: SettingsPage) -> Path:
    return page.mediator.library


def test_every_setting_has_its_place() -> None:
    assert {setting.name for setting in all_settings()} | {"ignore"} == set(setting_names())


def test_a_switch_is_kept_at_once_and_can_be_reset(page: SettingsPage, qtbot: QtBot) -> None:
    field = page.fields["hidden"]
    assert isinstance(field.control, Switch)
    assert not field.reset.isVisible()
    field.control.click()
    saved(page, qtbot, "hidden")
    assert load_config(library(page)).hidden
    field.reset.click()
    qtbot.waitUntil(lambda: not field.reset.isVisible(), timeout=20000)
    assert not field.control.isChecked()
    assert "hidden" not in config_path(library(page)).read_text()


def test_a_number_is_kept_in_its_unit(page: SettingsPage, qtbot: QtBot) -> None:
    field = page.fields["largest_bytes"]
    assert isinstance(field.control, NumberBox)
    assert field.control.text() == "4,096 MiB"
    field.control.selectAll()
    qtbot.keyClicks(field.control, "100")
    qtbot.keyClick(field.control, Qt.Key.Key_Return)
    saved(page, qtbot, "largest_bytes")
    assert load_config(library(page)).largest_bytes == 100 * 1024 * 1024


def test_a_choice_is_kept(page: SettingsPage, qtbot: QtBot) -> None:
    page.show_section("reading")
    field = page.fields["on_battery"]
    assert isinstance(field.control, ChoiceBox)
    field.control.setCurrentIndex(field.control.findText("Wait"))
    saved(page, qtbot, "on_battery")
    assert load_config(library(page)).on_battery == "pause"


def test_scrolling_over_a_field_changes_nothing(page: SettingsPage) -> None:
    page.show_section("reading")
    for field in page.fields.values():
        before = field.value()
        middle = QPointF(field.control.rect().center())
        wheel = QWheelEvent(
            middle, field.control.mapToGlobal(middle), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(field.control, wheel)
        assert field.value() == before


def test_rules_are_added_and_removed(page: SettingsPage, qtbot: QtBot) -> None:
    rules = section(page, "folders", FoldersSection).patterns
    assert rules.empty.isVisible()
    for rule in ("*.iso", "Archive/"):
        qtbot.keyClicks(rules.field, rule)
        qtbot.keyClick(rules.field, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: rules.field.text() == "", timeout=20000)
    assert [rules.list.item(at).text() for at in range(2)] == ["*.iso", "Archive/"]
    assert load_config(library(page)).ignore == ("*.iso", "Archive/")
    rules.list.setCurrentRow(0)
    qtbot.keyClick(rules.list, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: rules.list.count() == 1, timeout=20000)
    assert load_config(library(page)).ignore == ("Archive/",)


def test_a_rule_that_is_none_is_said_where_it_was_typed(page: SettingsPage, qtbot: QtBot) -> None:
    rules = section(page, "folders", FoldersSection).patterns
    qtbot.keyClicks(rules.field, "# not a rule")
    rules.add.click()
    qtbot.waitUntil(rules.error.isVisible, timeout=20000)
    assert "# not a rule" in rules.error.text()
    assert str(library(page)) not in rules.error.text()
    assert rules.field.text() == "# not a rule", "it can be mended"
    assert rules.list.count() == 0


def test_a_built_in_rule_is_switched_off_and_on(page: SettingsPage, qtbot: QtBot) -> None:
    shown = section(page, "folders", FoldersSection)
    item = shown.built_in.list.item(DEFAULT_IGNORE.index("*.bak"))
    item.setCheckState(Qt.CheckState.Unchecked)
    qtbot.waitUntil(lambda: load_config(library(page)).ignore == ("!*.bak",), timeout=20000)
    qtbot.waitUntil(lambda: page.store.config is not None and page.store.config.ignore != (), timeout=20000)
    assert shown.patterns.list.count() == 0, "it is no rule of the person's"
    item.setCheckState(Qt.CheckState.Checked)
    qtbot.waitUntil(lambda: load_config(library(page)).ignore == (), timeout=20000)


def test_a_file_of_settings_that_is_wrong_is_said_and_can_be_tried_again(
    make_mediator: MakeMediator, tmp_path: Path, qtbot: QtBot
) -> None:
    (tmp_path / "wrong").mkdir()
    config_path(tmp_path / "wrong").write_text("threads = 'many'")
    mediator = make_mediator(tmp_path / "wrong")
    mediator.bridge.close()
    page = SettingsPage(mediator)
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(page.notice.isVisible, timeout=20000)
    config_path(tmp_path / "wrong").write_text("threads = 2")
    again = next(one for one in page.notice.findChildren(QPushButton) if one.text() == "Try again")
    again.click()
    qtbot.waitUntil(lambda: not page.notice.isVisible(), timeout=20000)
    page.show_section("reading")
    assert page.fields["threads"].value() == 2


def test_the_theme_changes_at_once_and_is_remembered(page: SettingsPage, theme: Theme) -> None:
    look = section(page, "appearance", AppearanceSection)
    look.themes["dark"].click()
    assert theme.colours.dark
    assert page.mediator.settings.value("window/theme") == "dark"
    look.themes["light"].click()
    assert not theme.colours.dark
    assert not look.stay.isEnabled(), "there is no tray without a screen"


def test_more_is_shown_when_asked_for(page: SettingsPage, qtbot: QtBot) -> None:
    page.show_section("reading")
    pages = page.fields["limits.pages"]
    assert not pages.isVisible()
    for more in page.sections["reading"].findChildren(Disclosure):
        qtbot.mouseClick(more.button, Qt.MouseButton.LeftButton)
    assert pages.isVisible()


def test_everything_has_a_name_for_those_who_do_not_see_it(page: SettingsPage) -> None:
    for name in SECTIONS:
        page.show_section(name)
        for widget in page.sections[name].findChildren(QWidget):
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isVisible():
                named = widget.accessibleName() or getattr(widget, "text", str)()
                assert named, f"{name}: {widget}"


def test_privacy_counts_connections_and_says_where_things_are(own_mediator: Mediator, qtbot: QtBot) -> None:
    page = opened(own_mediator, qtbot)
    privacy = section(page, "privacy", PrivacySection)
    own_mediator.bridge.refresh()
    qtbot.waitUntil(lambda: own_mediator.bridge.status is not None, timeout=20000)
    assert privacy.count.text() == "Connections made: 0"
    assert not privacy.refused.isVisible()
    said = " ".join(label.text() for label in privacy.findChildren(QLabel))
    assert "Nothing leaves this PC" in said
    assert own_mediator.library.name in said


def test_a_new_rule_is_in_use_after_a_quiet_restart(own_mediator: Mediator, files: Path, qtbot: QtBot) -> None:
    page = opened(own_mediator, qtbot)
    shown = section(page, "folders", FoldersSection)
    own_mediator.bridge.refresh()
    qtbot.waitUntil(lambda: own_mediator.bridge.status is not None, timeout=20000)
    engine = own_mediator.bridge.status.engine if own_mediator.bridge.status is not None else None
    assert engine is not None
    with qtbot.waitSignal(own_mediator.settings_changed, timeout=60000):
        qtbot.keyClicks(shown.patterns.field, "bees*")
        shown.patterns.add.click()

    def left_out() -> bool:
        own_mediator.bridge.refresh()
        status = own_mediator.bridge.status
        return (
            status is not None and status.files == 2 and status.engine is not None and status.engine.pid != engine.pid
        )

    qtbot.waitUntil(left_out, timeout=60000)
    shown.tester.field.setText(str(files / "bees.txt"))
    shown.tester.test.click()
    qtbot.waitUntil(shown.tester.said.isVisible, timeout=20000)
    assert "bees*" in shown.tester.said.text()
    assert "desktop-rag" not in shown.tester.said.text(), "nobody is sent to a terminal"


def test_one_folder_has_rules_of_its_own(own_mediator: Mediator, files: Path, qtbot: QtBot) -> None:
    page = opened(own_mediator, qtbot)
    one = section(page, "folders", FoldersSection).one
    own_mediator.bridge.refresh()
    qtbot.waitUntil(lambda: one.folder.findData(str(files.resolve())) >= 0, timeout=20000)
    one.folder.setCurrentIndex(one.folder.findData(str(files.resolve())))
    one.hidden.setCurrentIndex(one.hidden.findText("Yes"))
    qtbot.keyClicks(one.patterns.field, "draft*")
    qtbot.keyClick(one.patterns.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: one.patterns.list.count() == 1, timeout=20000)
    rules = load_config(own_mediator.library).folders[str(files.resolve())]
    assert (rules.hidden, rules.ignore) == (True, ("draft*",))
    one.hidden.setCurrentIndex(one.hidden.findText("Same as everywhere"))
    qtbot.waitUntil(
        lambda: load_config(own_mediator.library).folders[str(files.resolve())].hidden is None, timeout=20000
    )
