"""Asking in the window: answers, citations, conversations, stopping."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage, QTextCursor, QTextDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from desktop_rag.gui.ask.answer import doubt, plain_text
from desktop_rag.gui.ask.answer_document import CITE, fill, positions, underline
from desktop_rag.gui.ask.page import AskPage
from desktop_rag.gui.services.mediator import EvidenceLocation, Mediator
from desktop_rag.gui.widgets.theme import Theme
from desktop_rag.types import Sentence

PATIENCE_MS = 60_000


@pytest.fixture
def page(mediator: Mediator, qtbot: QtBot) -> AskPage:
    qtbot.waitUntil(lambda: mediator.bridge.status is not None, timeout=PATIENCE_MS)
    made = AskPage(mediator)
    qtbot.addWidget(made)
    made.resize(1000, 700)
    made.show()
    return made


def ask(page: AskPage, qtbot: QtBot, question: str) -> Any:
    page.composer.field.setPlainText(question)
    QTest.keyClick(page.composer.field, Qt.Key.Key_Return)
    assert page.is_answering
    qtbot.waitUntil(lambda: not page.is_answering, timeout=PATIENCE_MS)
    return page.thread_view.turns()[-1]


def test_a_question_is_answered_with_sources_that_open(page: AskPage, mediator: Mediator, qtbot: QtBot) -> None:
    turn = ask(page, qtbot, "How much is invoice TR-2024-018, and when must it be paid?")
    assert page.composer.field.toPlainText() == ""
    assert "1,284.00" in turn.view.text.toPlainText()
    assert "word for word" in turn._note.text()
    sources = [part for part in turn.view.findChildren(QPushButton) if part.property("kind") == "source"]
    assert sources
    assert "TR-2024-018.pdf, page 1" in sources[0].accessibleName()
    with qtbot.waitSignal(mediator.evidence_wanted) as shown:
        QTest.mouseClick(sources[0], Qt.MouseButton.LeftButton)
    (evidence,) = shown.args
    assert isinstance(evidence, EvidenceLocation)
    assert Path(evidence.path).name == "Invoice TR-2024-018.pdf"
    assert evidence.quote


def test_a_number_in_the_answer_shows_its_quote_and_opens_it(page: AskPage, mediator: Mediator, qtbot: QtBot) -> None:
    turn = ask(page, qtbot, "Where is the spare key of the workshop hidden?")
    text = turn.view.text
    cursor = QTextCursor(text.document())
    while not cursor.charFormat().anchorHref().startswith(CITE):
        assert cursor.movePosition(QTextCursor.MoveOperation.NextCharacter)
    at = text.cursorRect(cursor).center() - QPoint(2, 0)
    assert "teapot" in text.said_at(at)
    with qtbot.waitSignal(mediator.evidence_wanted):
        QTest.mouseClick(text.viewport(), Qt.MouseButton.LeftButton, pos=at)


def test_an_answer_from_nothing_looks_different(page: AskPage, qtbot: QtBot) -> None:
    turn = ask(page, qtbot, "Which submarine won the chess tournament on Mars?")
    assert turn.property("nothing") is True
    assert turn.answer.citations == ()


def test_conversations_are_listed_renamed_exported_and_deleted(page: AskPage, qtbot: QtBot, tmp_path: Path) -> None:
    ask(page, qtbot, "When will the board shear be delivered?")
    talks = page.conversations
    qtbot.waitUntil(lambda: any("board shear" in talk.title for talk in talks._known), timeout=PATIENCE_MS)
    number = next(talk.id for talk in talks._known if "board shear" in talk.title)
    item = next(talks._list.item(at) for at in range(talks._list.count()) if talks._list.item(at).data(256) == number)
    item.setText("The shear")
    qtbot.waitUntil(lambda: any(talk.title == "The shear" for talk in talks._known), timeout=PATIENCE_MS)
    for name, begins in (("talk.md", b"# The shear"), ("talk.pdf", b"%PDF")):
        with qtbot.waitSignal(page._mediator.message, timeout=PATIENCE_MS):
            talks.export_to(number, tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(begins)
    talks._delete(number)
    assert page.thread_view.turns() == []
    talks._keep(number)
    assert any(talks._list.item(at).data(256) == number for at in range(talks._list.count()))
    talks._delete(number)
    talks._delete_now(number)
    qtbot.waitUntil(lambda: all(talk.id != number for talk in talks._known), timeout=PATIENCE_MS)


def test_a_conversation_is_taken_up_again(page: AskPage, qtbot: QtBot) -> None:
    ask(page, qtbot, "Who is the driver of the board shear?")
    number = page._conversation
    page.begin("", None)
    assert page.thread_view.turns() == []
    page._choose(number)
    qtbot.waitUntil(lambda: bool(page.thread_view.turns()), timeout=PATIENCE_MS)
    assert page.thread_view.turns()[0].question == "Who is the driver of the board shear?"
    ask(page, qtbot, "And when does he come?")
    assert page._conversation == number


def test_thumbs_are_kept(page: AskPage, qtbot: QtBot) -> None:
    turn = ask(page, qtbot, "Where is the spare key of the workshop hidden?")
    number = page._conversation
    QTest.mouseClick(turn._good, Qt.MouseButton.LeftButton)
    assert turn._good.isChecked()
    qtbot.wait(1)
    page.begin("", None)
    page._choose(number)
    qtbot.waitUntil(lambda: bool(page.thread_view.turns()), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: page.thread_view.turns()[0]._good.isChecked(), timeout=PATIENCE_MS)


def test_a_question_asked_while_another_is_answered_gets_its_answer(page: AskPage, qtbot: QtBot) -> None:
    first = page.ask("Where is the spare key of the workshop hidden?")
    second = page.ask("How much is invoice TR-2024-018, and when must it be paid?")
    qtbot.waitUntil(lambda: first.answer is not None, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: not page.is_answering, timeout=PATIENCE_MS)
    assert second.answer is not None
    assert "1,284.00" in second.view.text.toPlainText()


def test_a_new_question_can_begin_while_another_is_answered(page: AskPage, qtbot: QtBot) -> None:
    page.ask("Where is the spare key of the workshop hidden?")
    page.begin("", None)
    assert not page.is_answering
    assert page.thread_view.turns() == []
    turn = ask(page, qtbot, "How much is invoice TR-2024-018, and when must it be paid?")
    assert len(page.thread_view.turns()) == 1
    assert "1,284.00" in turn.view.text.toPlainText()


def test_what_is_copied_has_its_sources(page: AskPage, qtbot: QtBot) -> None:
    turn = ask(page, qtbot, "Where is the spare key of the workshop hidden?")
    turn.copy()
    copied = QGuiApplication.clipboard().text()
    assert copied == plain_text(turn.answer)
    assert "[1]" in copied
    assert turn.answer.citations[0].path in copied


def test_suggested_questions_come_from_the_files(page: AskPage, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: page.suggested() > 1, timeout=PATIENCE_MS)
    chip = next(part for part in page.findChildren(QPushButton) if part.toolTip() == "Ask this")
    QTest.mouseClick(chip, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not page.is_answering, timeout=PATIENCE_MS)
    assert page.thread_view.turns()[0].answer is not None


def test_the_scope_narrows_what_is_asked(page: AskPage, qtbot: QtBot) -> None:
    page.composer.scope.set_kind("Mail", ("mail",), True)
    turn = ask(page, qtbot, "When will the board shear be delivered?")
    assert turn.answer is not None
    assert {hit.document.kind for hit in turn.answer.hits} <= {"mail"}


# --- the text of an answer ---


def test_markdown_is_laid_out_and_nothing_in_it_loads_or_links(theme: Theme) -> None:
    document = QTextDocument()
    words = "**Bold** <b>not</b> ![x](http://example.org/x.png) [here](http://example.org)"
    text = f"{words}\n\n| a | b |\n|---|---|\n| 1 | 2 |"
    fill(document, text, theme, citations=0)
    html = document.toHtml()
    assert "<b>not</b>" in document.toPlainText()
    assert "<img" not in html
    assert "href" not in html
    assert "<table" in html


def test_only_citations_that_exist_become_numbers(theme: Theme) -> None:
    document = QTextDocument()
    fill(document, "It is 5 [1], or 6 [7]. `array[1]`", theme, citations=2)
    assert document.toHtml().count(f'href="{CITE}') == 1
    assert "[7]" in document.toPlainText()
    assert "array[1]" in document.toPlainText()
    assert "\u2060" in document.toRawText()  # no line breaks before the number


def test_doubtful_sentences_are_underlined_where_they_stand(theme: Theme) -> None:
    text = "The rent is **700 euros** [1]. It rose in *March* [2]."
    second = text.index("It rose")
    sentences = (
        Sentence(0, second - 1, (1,), "supported", 0.9),
        Sentence(second, len(text), (2,), "weak", 0.4),
    )
    document = QTextDocument()
    fill(document, text, theme, citations=2)
    spans = underline(document, text, sentences, theme)
    plain = document.toRawText()
    assert plain[slice(*spans[0])].startswith("The rent is 700 euros")
    assert plain[slice(*spans[1])].startswith("It rose in March")
    cursor = QTextCursor(document)
    cursor.setPosition(spans[1][0] + 3)
    assert cursor.charFormat().underlineStyle() == cursor.charFormat().UnderlineStyle.DotLine
    cursor.setPosition(spans[0][0] + 3)
    assert cursor.charFormat().underlineStyle() == cursor.charFormat().UnderlineStyle.NoUnderline


def test_positions_rise_in_both(theme: Theme) -> None:
    document = QTextDocument()
    text = "- one *two*\n- three `four`\n\n1. five"
    fill(document, text, theme, citations=0)
    found = positions(text, document)
    assert found == sorted(found)
    assert "".join(text[at] for at, _ in found) == "onetwothreefourfive"


def test_a_doubt_is_said_in_words() -> None:
    assert doubt(Sentence(0, 1, (1,), "supported")) == ""
    assert "only in part" in doubt(Sentence(0, 1, (1,), "weak"))
    assert "184.50" in doubt(Sentence(0, 1, (1,), "supported", unseen=("184.50",)))


def test_a_pasted_picture_is_shown_before_it_is_asked_with(qtbot: QtBot, page: AskPage) -> None:
    image = QImage(QSize(80, 60), QImage.Format.Format_RGB32)
    image.fill(QColor("teal"))
    QGuiApplication.clipboard().setImage(image)
    page.composer.field.paste()
    qtbot.waitUntil(lambda: page.composer._attached.isVisible(), timeout=PATIENCE_MS)
    sample = page.composer._attached.sample
    assert sample is not None
    assert Path(sample.path).name == "Pasted picture 1.png"
    assert page.composer._send_button.isEnabled(), "a picture alone is a question"
    page.composer.attach(None)
    assert not page.composer._attached.isVisible()
    page.composer._pasted.clear()
    assert not Path(sample.path).exists()
