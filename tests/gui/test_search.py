"""The Search page, over a real engine: what a person types, sees and presses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from desktop_rag.gui.filters.popups import DatesPopup, PeoplePopup
from desktop_rag.gui.search import controller as searching
from desktop_rag.gui.search.controller import SearchUpdate
from desktop_rag.gui.search.excerpt import excerpt, name_of, origin_of
from desktop_rag.gui.search.page import SearchPage
from desktop_rag.gui.search.query import TABS, SearchQuery
from desktop_rag.gui.search.result_model import ResultModel, key_of, settled
from desktop_rag.gui.services.mediator import EvidenceLocation, Mediator, QuerySample
from desktop_rag.gui.widgets.theme import Theme
from desktop_rag.language import stem
from desktop_rag.paths import resources_dir
from desktop_rag.retrieval.filters import Filters
from desktop_rag.types import Chunk, Document, Hit, Lines, Mail, Page, Person

SAMPLES = resources_dir() / "samples"
PATIENCE_MS = 20_000


@pytest.fixture
def page(qtbot: QtBot, mediator: Mediator, theme: Theme) -> SearchPage:  # noqa: ARG001
    return shown(qtbot, mediator)


def shown(qtbot: QtBot, mediator: Mediator) -> SearchPage:
    made = SearchPage(mediator)
    qtbot.addWidget(made)
    made.resize(1000, 700)
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    mediator.bridge.refresh()
    made.field.setFocus()
    return made


def wait(qtbot: QtBot, until: Callable[[], bool]) -> None:
    qtbot.waitUntil(until, timeout=PATIENCE_MS)


def find(qtbot: QtBot, page: SearchPage, text: str) -> list[Hit]:
    """Type it, and wait for all there is."""
    page.field.selectAll()
    QTest.keyClicks(page.field, text)
    wait(qtbot, lambda: page.controller.query.text == text.strip() and page.controller.settled)
    return page.model.hits()


def titles(page: SearchPage) -> list[str]:
    return [name_of(hit) for hit in page.model.hits()]


def place(page: SearchPage) -> QWidget | None:
    """What is shown below the tabs."""
    parts = (page.welcome, page.no_library, page.nothing, page.failure, page.list, page.pictures)
    return next((part for part in parts if part.isVisible()), None)


def texts(widget: QWidget) -> list[str]:
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisible()]


def evidence_of(mediator: Mediator) -> list[EvidenceLocation | None]:
    said: list[EvidenceLocation | None] = []
    mediator.evidence_wanted.connect(said.append)
    return said


def hit(number: int, text: str = "", *, path: str = "/files/a.txt", title: str = "", mail: Mail | None = None) -> Hit:
    document = Document(number, "mail" if mail is not None else "note", "text/plain", title, mail=mail)
    chunk = Chunk(number, number, 0, text, "", Lines(1, 2))
    return Hit(chunk, document, path, Lines(1, 2), text, 1.0)


# --- results as one types ---


def test_results_come_as_one_types_first_by_words_then_by_meaning(qtbot: QtBot, page: SearchPage) -> None:
    came: list[SearchUpdate] = []
    page.controller.found.connect(came.append)
    found = find(qtbot, page, "spare key of the workshop")
    assert [step.how for step in came] == ["quick", "full"]
    assert all(step.query.text == "spare key of the workshop" for step in came)
    assert any(one.path.endswith("2024-04-11.md") for one in found[:3])
    assert place(page) is page.list


def test_what_was_shown_stays_until_it_is_known_that_there_is_nothing(qtbot: QtBot, page: SearchPage) -> None:
    find(qtbot, page, "semolina cake")
    page.field.setText("qqzzvv")
    assert place(page) is page.list
    assert page.model.rowCount()
    wait(qtbot, lambda: page.controller.settled)
    assert page.controller.query.text == "qqzzvv"


def test_a_filter_half_typed_is_no_error_until_the_person_pauses(qtbot: QtBot, page: SearchPage) -> None:
    find(qtbot, page, "cake type:xq")
    assert page.notice.isVisible()
    assert "” is not a known type of file" in " ".join(texts(page.notice))
    find(qtbot, page, "cake type:txt")
    assert not page.notice.isVisible()
    assert all(one.path.endswith(".txt") for one in page.model.hits())


def test_begin_with_words_searches_at_once_and_selects_them(qtbot: QtBot, page: SearchPage) -> None:
    page.begin("semolina cake", None)
    assert page.field.selectedText() == "semolina cake"
    wait(qtbot, lambda: page.model.rowCount() > 0)
    page.begin("", None)
    assert page.field.text() == "semolina cake"
    assert page.focusWidget() is page.field


def test_clearing_the_field_shows_what_the_page_is_for(qtbot: QtBot, page: SearchPage) -> None:
    assert place(page) is page.welcome
    find(qtbot, page, "cake")
    page.field.clear()
    assert place(page) is page.welcome
    assert page.model.rowCount() == 0


def test_an_example_is_searched_for_when_pressed(qtbot: QtBot, page: SearchPage) -> None:
    chip = next(one for one in page.welcome.findChildren(QAbstractButton) if one.text() == "type:pdf")
    chip.click()
    wait(qtbot, lambda: page.model.rowCount() > 0)
    assert all(one.path.endswith(".pdf") or ".pdf" in str(one.locator) for one in page.model.hits())


def test_more_results_come_by_scrolling_and_none_moves(
    qtbot: QtBot, page: SearchPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "LIMITS", (10, 20, 40))
    page.resize(1000, 400)
    before = [key_of(one) for one in find(qtbot, page, "workshop")]
    assert len(before) == 10
    page.list.verticalScrollBar().setValue(page.list.verticalScrollBar().maximum())
    wait(qtbot, lambda: page.model.rowCount() > 10)
    assert page.model.keys()[:10] == before


# --- nothing moves ---


def test_held_results_keep_their_rows() -> None:
    assert settled([1, 2, 3, 4], [9, 3, 1, 8], {2, 3}) == [9, 2, 3, 1, 8]
    assert settled([1, 2, 3], [3, 2, 1], ()) == [3, 2, 1]
    assert settled([1, 2, 3], [4], {3}) == [4, 3]
    assert settled([], [5, 5, 6], {1}) == [5, 6]


def test_the_selected_result_keeps_its_row_and_selection_when_others_join(qtbot: QtBot, page: SearchPage) -> None:
    found = find(qtbot, page, "board shear")
    page.list.select(3)
    chosen = page.list.selected()
    assert chosen is not None
    resets: list[int] = []
    page.model.modelReset.connect(lambda: resets.append(1))
    page.model.show([*reversed(found), hit(10**9, "new")], frozenset(), page.list.held())
    assert page.list.selected() == chosen
    assert page.model.keys()[3] == key_of(chosen)
    assert page.model.rowCount() == len(found) + 1
    assert not resets


def test_the_list_keeps_its_place_when_the_library_changes(qtbot: QtBot, page: SearchPage) -> None:
    find(qtbot, page, "board shear")
    page.list.select(2)
    before, bar = page.model.keys(), page.list.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    place_before = bar.value()
    page.controller.found.emit(
        SearchUpdate(page.controller.query, TABS[0], "again", tuple(reversed(page.model.hits())))
    )
    assert page.model.keys() == before
    assert bar.value() == place_before
    assert page.list.selected() == page.model.hits()[2]


def test_a_new_query_begins_at_the_top_with_nothing_selected(qtbot: QtBot, page: SearchPage) -> None:
    find(qtbot, page, "board shear")
    page.list.select(5)
    find(qtbot, page, "semolina cake")
    assert page.list.selected() is None
    assert page.list.verticalScrollBar().value() == 0


def test_tabs_do_not_move_when_their_numbers_change(qtbot: QtBot, page: SearchPage) -> None:
    find(qtbot, page, "board shear")
    before = [page.tabs.tabRect(at) for at in range(page.tabs.count())]
    find(qtbot, page, "semolina cake")
    assert [page.tabs.tabRect(at) for at in range(page.tabs.count())] == before


# --- kinds and filters ---


def test_tabs_count_and_narrow(qtbot: QtBot, page: SearchPage) -> None:
    found = find(qtbot, page, "board shear")
    mails = [one for one in found if one.document.kind == "mail"]
    assert page.tabs.tabText(0) == f"All {len(found)}"
    assert page.tabs.tabText(1) == f"Mail {len(mails)}"
    page.tabs.setCurrentIndex(1)
    assert page.model.hits()[: len(mails)] == mails
    page.tabs.setCurrentIndex(0)
    assert page.model.rowCount() == len(found)


def test_a_tab_with_few_results_looks_for_more_of_its_kind(qtbot: QtBot, page: SearchPage) -> None:
    everything = find(qtbot, page, "board shear")
    page.tabs.setCurrentIndex(5)
    wait(qtbot, lambda: bool(page.model.rowCount()))
    assert {one.document.kind for one in page.model.hits()} <= {"audio", "video"}
    assert not any(one.document.kind == "audio" for one in everything)


def test_filters_narrow_show_what_is_set_and_can_be_removed(qtbot: QtBot, page: SearchPage) -> None:
    before = len(find(qtbot, page, "2024"))
    page.filters.set_kind("PDF", (".pdf",), True)
    wait(qtbot, lambda: page.controller.settled)
    assert 0 < page.model.rowCount() < before
    assert all(one.path.endswith(".pdf") or ".pdf" in str(one.locator) for one in page.model.hits())
    assert page.filters.kind.value() == "PDF"
    remove = next(one for one in buttons(page.filters.kind) if one.accessibleName() == "Remove the filter “Kind: PDF”")
    remove.click()
    wait(qtbot, lambda: page.controller.settled and page.model.rowCount() == before)
    assert page.filters.kind.value() == "Any kind"


def test_a_folder_without_words_lists_what_is_in_it(qtbot: QtBot, page: SearchPage) -> None:
    page.filters.set_folder(SAMPLES / "Home")
    wait(qtbot, lambda: page.controller.settled and page.model.rowCount() > 0)
    assert {Path(one.path).parent for one in page.model.hits()} == {SAMPLES / "Home"}
    assert page.filters.folder.value() == "Home"


def test_people_are_chosen_by_name(qtbot: QtBot, page: SearchPage) -> None:
    page.filters.people.pressed.emit()
    (popup,) = page.filters.findChildren(PeoplePopup)
    wait(qtbot, lambda: popup.list.count() > 1)
    QTest.keyClicks(popup.field, "daniel os")
    wait(qtbot, lambda: popup.list.count() == 1)
    QTest.keyClick(popup.field, Qt.Key.Key_Down)
    QTest.keyClick(popup.field, Qt.Key.Key_Return)
    assert page.filters.people.value() == "from Daniel Osei"
    wait(qtbot, lambda: page.controller.settled and page.model.rowCount() > 0)
    senders = {str(one.document.mail.sender) for one in page.model.hits() if one.document.mail is not None}
    assert senders == {"Daniel Osei"}


def test_two_days_in_either_order(qtbot: QtBot, page: SearchPage) -> None:
    page.filters._offer_between()  # as its menu does
    made = page.filters.findChildren(DatesPopup)[-1]
    made.first.setDate(made.first.date().fromString("2024-03-15", Qt.DateFormat.ISODate))
    made.last.setDate(made.last.date().fromString("2024-03-11", Qt.DateFormat.ISODate))
    made.done.click()
    filters = page.filters.filters()
    assert filters.after is not None
    assert filters.before is not None
    assert (f"{filters.after:%Y-%m-%d}", f"{filters.before:%Y-%m-%d}") == ("2024-03-11", "2024-03-16")
    wait(qtbot, lambda: page.controller.settled and page.model.rowCount() > 0)
    days = {one.document.created.date() for one in page.model.hits() if one.document.created is not None}
    assert days
    assert all(datetime(2024, 3, 11).date() <= day <= datetime(2024, 3, 16).date() for day in days)


def test_what_was_understood_is_said_and_what_was_chosen_is_not_repeated(qtbot: QtBot, page: SearchPage) -> None:
    find(qtbot, page, "quote from:daniel")
    wait(qtbot, lambda: "sent by daniel" in texts(page))
    page.filters.set_kind("Mail", ("mail",), True)
    wait(qtbot, lambda: page.controller.settled and "sent by daniel" in texts(page))
    assert "only mail" not in texts(page)


def test_filters_that_had_to_be_given_up_are_told(qtbot: QtBot, page: SearchPage) -> None:
    find(qtbot, page, "mails from Zebulon about cake")
    assert page.notice.isVisible()
    assert any("so all files were searched" in text for text in texts(page.notice))


# --- the keys ---


def test_walking_and_opening_by_keys(qtbot: QtBot, page: SearchPage, mediator: Mediator) -> None:
    found = find(qtbot, page, "board shear")
    said = evidence_of(mediator)
    QTest.keyClick(page.field, Qt.Key.Key_Down)
    assert page.list.hasFocus()
    assert page.list.selected() == found[0]
    QTest.keyClick(page.list, Qt.Key.Key_Down)
    QTest.keyClick(page.list, Qt.Key.Key_Return)
    assert said == [EvidenceLocation.of_hit(found[1])]
    QTest.keyClick(page.list, Qt.Key.Key_Up)
    QTest.keyClick(page.list, Qt.Key.Key_Up)
    assert page.field.hasFocus()


def test_enter_in_the_field_shows_the_best_result_as_soon_as_it_is_there(
    qtbot: QtBot, page: SearchPage, mediator: Mediator
) -> None:
    said = evidence_of(mediator)
    QTest.keyClicks(page.field, "semolina cake")
    QTest.keyClick(page.field, Qt.Key.Key_Return)
    assert not said
    wait(qtbot, lambda: bool(said))
    assert said[0] is not None
    assert said[0].path.endswith("Semolina cake.txt")


def test_space_shows_it_and_stays_in_the_list(qtbot: QtBot, page: SearchPage, mediator: Mediator) -> None:
    found = find(qtbot, page, "board shear")
    said = evidence_of(mediator)
    QTest.keyClick(page.field, Qt.Key.Key_Down)
    QTest.keyClick(page.list, Qt.Key.Key_Space)
    assert said == [EvidenceLocation.of_hit(found[0])]
    QTest.keyClick(page.list, Qt.Key.Key_Down)
    wait(qtbot, lambda: said[-1] == EvidenceLocation.of_hit(found[1]))
    QTest.keyClick(page.list, Qt.Key.Key_Space)
    assert said[-1] is None
    assert page.list.hasFocus()


def test_ctrl_enter_opens_with_the_systems_program(
    qtbot: QtBot, page: SearchPage, mediator: Mediator, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tuple[Path, int | None]] = []
    said: list[str] = []

    def open_file(path: Path, number: int | None = None) -> str:
        opened.append((path, number))
        return "Opened it."

    monkeypatch.setattr("desktop_rag.launch.open_file", open_file)
    mediator.message.connect(said.append)
    found = find(qtbot, page, "invoice type:pdf")
    QTest.keyClick(page.field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    wait(qtbot, lambda: said == ["Opened it."])
    assert opened == [(Path(found[0].path), found[0].locator.number if isinstance(found[0].locator, Page) else None)]


def test_typing_in_the_list_goes_on_in_the_field(qtbot: QtBot, page: SearchPage) -> None:
    find(qtbot, page, "board")
    QTest.keyClick(page.field, Qt.Key.Key_Down)
    QTest.keyClicks(page.list, "s")
    assert page.field.hasFocus()
    assert page.field.text() == "boards"
    QTest.keyClick(page.field, Qt.Key.Key_Down)
    QTest.keyClick(page.list, Qt.Key.Key_Backspace)
    assert page.field.text() == "board"


def test_escape_goes_back_then_clears_then_leaves(qtbot: QtBot, page: SearchPage, mediator: Mediator) -> None:
    pages: list[str] = []
    mediator.page_wanted.connect(pages.append)
    find(qtbot, page, "board shear")
    page.filters.set_kind("Mail", ("mail",), True)
    page.field.setFocus()
    QTest.keyClick(page.field, Qt.Key.Key_Down)
    QTest.keyClick(page.list if page.list.hasFocus() else page.field, Qt.Key.Key_Escape)
    assert page.field.hasFocus()
    assert page.field.text() == "board shear"
    QTest.keyClick(page.field, Qt.Key.Key_Escape)
    assert page.field.text() == ""
    assert page.filters.filters() == Filters()
    assert not pages
    QTest.keyClick(page.field, Qt.Key.Key_Escape)
    assert pages == ["ask"]


# --- pictures and samples ---


def test_pictures_are_seen_in_a_grid_and_shown_when_clicked(qtbot: QtBot, page: SearchPage, mediator: Mediator) -> None:
    said = evidence_of(mediator)
    find(qtbot, page, "type:image")
    page.tabs.setCurrentIndex(4)
    assert place(page) is page.pictures
    wait(qtbot, lambda: is_colourful(page.pictures.viewport().grab().toImage()))
    wait(qtbot, lambda: page.controller.settled)
    first = page.model.hits()[0]
    index = page.model.index(0)
    QTest.mouseClick(page.pictures.viewport(), Qt.MouseButton.LeftButton, pos=page.pictures.visualRect(index).center())
    assert said == [EvidenceLocation.of_hit(first)]
    names = titles(page)
    assert len(names) == len(set(names)), "one picture was shown twice"


def test_things_like_a_file_are_found_and_words_are_added_to_it(qtbot: QtBot, page: SearchPage) -> None:
    cake = SAMPLES / "Home" / "Semolina cake.txt"
    page.begin("", QuerySample(str(cake), "any"))
    assert page.sample.isVisible()
    wait(qtbot, lambda: page.controller.settled)
    assert page.model.rowCount()
    assert not any(one.path == str(cake) for one in page.model.hits())
    page.field.setText("type:mail")
    wait(qtbot, lambda: page.controller.settled)
    assert {one.document.kind for one in page.model.hits()} <= {"mail"}
    remove = next(one for one in buttons(page.sample) if one.accessibleName() == "Search without this file")
    remove.click()
    assert page.controller.query.sample is None
    assert not page.sample.isVisible()


def test_a_pasted_picture_is_searched_by_and_deleted_at_the_end(
    qtbot: QtBot, page: SearchPage, mediator: Mediator
) -> None:
    pages: list[str] = []
    mediator.page_wanted.connect(pages.append)
    image = QImage(QSize(80, 60), QImage.Format.Format_RGB32)
    image.fill(QColor("teal"))
    QGuiApplication.clipboard().setImage(image)
    page.field.setFocus()
    QTest.keyClick(page.field, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    wait(qtbot, lambda: page.sample.isVisible())
    sample = page.controller.query.sample
    assert sample is not None
    assert Path(sample.path).is_file()
    wait(qtbot, lambda: page.notice.isVisible())  # no model that sees is installed
    assert place(page) is page.failure
    action = next(one for one in buttons(page.notice) if one.text() == "Choose a model")
    action.click()
    assert pages == ["models"]
    page._pasted.clear()
    assert not Path(sample.path).exists()


# --- where there is nothing ---


def test_nothing_found_says_what_to_try(qtbot: QtBot, page: SearchPage, mediator: Mediator) -> None:
    pages: list[str] = []
    mediator.page_wanted.connect(pages.append)
    page.filters.set_kind("Video", ("video",), True)
    find(qtbot, page, "semolina")
    assert place(page) is page.nothing
    next(one for one in buttons(page.nothing) if one.text() == "Why doesn't a file come up?").click()
    assert pages == ["library"]
    page.nothing.remove_filters.click()
    wait(qtbot, lambda: page.controller.settled and page.model.rowCount() > 0)
    page.tabs.setCurrentIndex(5)
    wait(qtbot, lambda: page.controller.settled)


def test_an_empty_library_asks_for_a_folder(
    qtbot: QtBot,
    make_mediator: Callable[[Path], Mediator],
    theme: Theme,  # noqa: ARG001
    tmp_path: Path,
) -> None:
    from desktop_rag.engine.service.opening import start_engine, stop_engine

    library = tmp_path / "empty"
    with start_engine(library):
        mediator = make_mediator(library)
        page = shown(qtbot, mediator)
        pages: list[str] = []
        mediator.page_wanted.connect(pages.append)
        wait(qtbot, lambda: place(page) is page.no_library)
        next(one for one in buttons(page.no_library) if one.text() == "Add a folder").click()
        assert pages == ["library"]
    mediator.bridge.close()
    stop_engine(library)


# --- what is handed on ---


def test_the_question_is_handed_on_with_its_filters(qtbot: QtBot, page: SearchPage, mediator: Mediator) -> None:
    asked: list[tuple[str, object]] = []
    mediator.ask_wanted.connect(lambda question, sample: asked.append((question, sample)))
    assert not page.ask.isEnabled()
    page.filters.set_kind("PDF", (".pdf",), True)
    find(qtbot, page, "invoice")
    page.ask.click()
    assert asked == [("invoice type:.pdf", None)]


def test_the_menu_of_a_result(qtbot: QtBot, page: SearchPage, mediator: Mediator) -> None:
    similar: list[tuple[str, QuerySample]] = []
    asked: list[str] = []
    mediator.search_wanted.connect(lambda text, sample: similar.append((text, sample)))
    mediator.ask_wanted.connect(lambda question, _: asked.append(question))
    found = find(qtbot, page, "semolina cake")
    menu = page._actions.menu(found[0], page, lambda: page._ask_of(found[0]))
    qtbot.addWidget(menu)
    actions = {action.text(): action for action in menu.actions() if action.text()}
    assert list(actions) == ["Show", "Open", "Show in folder", "Copy path", "Find similar", "Ask about this"]
    actions["Copy path"].trigger()
    assert QGuiApplication.clipboard().text() == found[0].path
    actions["Find similar"].trigger()
    assert similar == [("", QuerySample(found[0].path, "any"))]
    actions["Ask about this"].trigger()
    assert asked == ['semolina cake name:"Semolina cake.txt"']


def test_a_file_that_is_gone_is_said_in_place(qtbot: QtBot, page: SearchPage) -> None:
    page._actions.open(hit(1, path="/nowhere/gone.txt"))
    wait(qtbot, lambda: page.notice.isVisible())
    assert any("is no longer there" in text for text in texts(page.notice))


# --- what stands in a row ---


def test_the_best_stretch_of_a_passage_is_shown_with_the_words_marked() -> None:
    stems = frozenset({stem("mussels"), stem("refuse")})
    text = "The weather was fine. " * 30 + "Our daughter refused the mussels. " + "We went home. " * 30
    got = excerpt(text, stems)
    assert got.text.startswith("… Our daughter")
    assert [got.text[first:last] for first, last in got.marks] == ["refused", "mussels"]
    assert excerpt("A\n\nB", frozenset()).text == "A · B"
    assert excerpt("TITLE\n=========\nText", frozenset()).text == "TITLE · Text"


def test_names_from_files_are_shown_safely() -> None:
    turned = hit(1, title="invoice\u202efdp.exe")
    assert "\u202e" not in name_of(turned)
    mail = hit(2, mail=Mail(sender=Person("<b>Anna</b>\x07", "a@x"), subject="a\nb"))
    assert name_of(mail) == "a\ufffdb"
    assert origin_of(mail) == "<b>Anna</b>\ufffd"
    assert "\u202e" not in excerpt("the \u202eend", frozenset()).text


def test_words_of_operators_are_not_marked() -> None:
    stems = SearchQuery('invoices from:"Anna Berg" type:pdf').stems()
    assert stems == {stem("invoices")}
    assert SearchQuery("type:pdf").stems() == frozenset()


def test_rows_have_room_for_their_text_in_any_size(page: SearchPage) -> None:
    from desktop_rag.gui.search.result_delegate import row_height

    small, large = QFont(page.font()), QFont(page.font())
    large.setPointSizeF(small.pointSizeF() * 2)
    assert row_height(large) > 1.7 * row_height(small) - 40


def test_many_results_are_replaced_without_a_halt(qapp: QApplication) -> None:  # noqa: ARG001
    import time

    model = ResultModel()
    hits = [hit(number, "text") for number in range(200)]
    model.show(hits, frozenset())
    began = time.perf_counter()
    model.show(list(reversed(hits)), frozenset())
    assert time.perf_counter() - began < 0.05
    assert model.hits() == list(reversed(hits))


def test_every_control_has_a_name(qtbot: QtBot, page: SearchPage) -> None:
    page.filters.set_kind("PDF", (".pdf",), True)
    find(qtbot, page, "invoice")
    for widget in page.findChildren(QWidget):
        if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            button = isinstance(widget, QAbstractButton) and widget.text()
            inside = isinstance(widget.parent(), QLineEdit)
            assert widget.accessibleName() or button or inside, widget
    said = page.model.data(page.model.index(0), Qt.ItemDataRole.AccessibleTextRole)
    assert name_of(page.model.hits()[0]) in said


def buttons(widget: QWidget) -> list[QAbstractButton]:
    return widget.findChildren(QAbstractButton)


def is_colourful(image: QImage) -> bool:
    """Whether there is more to see than drawings in grey."""
    colours = [image.pixelColor(x, y) for x in range(0, image.width(), 8) for y in range(0, image.height(), 8)]
    return sum(colour.saturation() > 100 for colour in colours) > 20
