"""Parts that every view is made of: names from files are shown as they are."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from desktop_rag.gui.services.errors import error_text, shown_error
from desktop_rag.gui.widgets.chips import ChoiceChips, FilterChip, chip
from desktop_rag.gui.widgets.disclosure import Disclosure
from desktop_rag.gui.widgets.formatting import tr

pytestmark = pytest.mark.usefixtures("theme")


def test_an_ampersand_in_a_name_marks_no_letter(qtbot: QtBot) -> None:
    made = chip("R&D", lambda: None)
    qtbot.addWidget(made)
    assert made.text() == "R&&D", "which Qt shows as one"
    narrowed = FilterChip("Folder", "All folders")
    qtbot.addWidget(narrowed)
    narrowed.set_value("R&D")
    assert narrowed.value() == "R&D"


def test_one_of_the_chips_is_chosen(qtbot: QtBot) -> None:
    chips = ChoiceChips([(None, "All"), ("a", "Apples"), ("b", "Bees & wasps")])
    qtbot.addWidget(chips)
    chips.show()
    chips.show_counts({None: 1_203, "a": 1_203})
    assert chips.chip(None).text() == f"All  {QLocale().toString(1_203)}"
    assert not chips.chip("b").isVisible(), "there are none"
    with qtbot.waitSignal(chips.chosen) as chosen:
        chips.choose("b")
    assert chosen.args == ["b"]
    chips.show_counts({None: 1_203, "a": 1_203})
    assert chips.chip("b").isVisible(), "the chosen one stays"
    assert chips.chip("b").text() == "Bees && wasps  0"


def test_a_disclosure_says_what_it_does(qtbot: QtBot) -> None:
    inside = QPushButton("inside")
    made = Disclosure("More", inside)
    qtbot.addWidget(made)
    made.show()
    assert not inside.isVisible()
    with qtbot.waitSignal(made.toggled) as toggled:
        made.button.click()
    assert toggled.args == [True]
    assert inside.isVisible()


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 files"), (1, "1 file"), (2, "2 files"), (48_211, f"{QLocale().toString(48_211)} files")]
)
def test_counts_have_their_plural(count: int, said: str) -> None:
    assert tr("%n file(s)", count) == said


def test_an_unexpected_error_has_words_and_a_log() -> None:
    shown = shown_error(ZeroDivisionError("secret of a file"))
    assert "ZeroDivisionError" in error_text(shown)
    assert "secret" not in error_text(shown)
