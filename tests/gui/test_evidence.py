"""The evidence pane: what a person sees of a place in a file, whatever the file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QTextCursor
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop_rag.engine.service.client import EngineClient
from desktop_rag.engine.views import DocumentView, FilePart
from desktop_rag.gui.evidence import footer
from desktop_rag.gui.evidence.base import LoadedEvidence
from desktop_rag.gui.evidence.formatted_mail import clean_mail
from desktop_rag.gui.evidence.mail_card import MailCard
from desktop_rag.gui.evidence.mail_view import MailView
from desktop_rag.gui.evidence.pane import EvidencePane
from desktop_rag.gui.evidence.pdf_view import PdfView
from desktop_rag.gui.evidence.picture_view import PictureView
from desktop_rag.gui.evidence.quote_matching import find_quote
from desktop_rag.gui.evidence.recording_view import RecordingView
from desktop_rag.gui.evidence.sheet_view import SheetView, cells_of, columns_of
from desktop_rag.gui.evidence.text_view import TextView
from desktop_rag.gui.services.mediator import EvidenceLocation, Mediator, QuerySample
from desktop_rag.gui.widgets.theme import Theme
from desktop_rag.paths import resources_dir
from desktop_rag.types import Chunk, Document, Message, Page, TimeSpan, Whole
from tests.gui.conftest import settle

TIMEOUT = 20_000
SAMPLES = resources_dir() / "samples"
SHEAR = SAMPLES / "Mail" / "Board shear" / "2024-03-06 Re Board shear - quote attached.eml"

Show = Callable[[EvidenceLocation], EvidencePane]


@pytest.fixture
def show(mediator: Mediator, qtbot: QtBot, theme: Theme) -> Show:  # noqa: ARG001 (the pane is drawn with it)
    return _shower(mediator, qtbot)


def _shower(mediator: Mediator, qtbot: QtBot) -> Show:
    pane = EvidencePane(mediator)
    qtbot.addWidget(pane)
    pane.resize(480, 700)
    pane.show()
    qtbot.waitExposed(pane)

    def show(evidence: EvidenceLocation) -> EvidencePane:
        pane.show_evidence(evidence)
        qtbot.waitUntil(lambda: pane.view is not None or pane.notice.isVisible(), timeout=TIMEOUT)
        QApplication.processEvents()  # a new view is filled in the next turn
        return pane

    return show


def _evidence(path: Path, quote: str = "", locator: object = None) -> EvidenceLocation:
    return EvidenceLocation(str(path), locator or Whole(), path.stem, quote)  # type: ignore[arg-type]


def _texts(widget: QWidget) -> str:
    """What can be read in the notice of a pane."""
    return "\n".join(child.text() for child in widget.findChildren(QWidget) if hasattr(child, "text"))


# --- finding a quote -------------------------------------------------------------------------------------------------


def test_a_quote_is_found_whatever_its_spaces_and_breaks() -> None:
    text = "The keys are handed\r\nover on the ﬁrst\u00a0day; a lost key costs £45."
    assert [text[a:b] for a, b in find_quote("handed over on the first day", text)] == [
        "handed\r\nover on the ﬁrst\u00a0day"
    ]
    assert [text[a:b] for a, b in find_quote("The keys are handed over. … A lost key costs £45.", text)] == [
        "The keys are handed\r\nover",
        "a lost key costs £45",
    ]
    assert find_quote("something else entirely", text) == []
    assert find_quote(" ", text) == []


def test_rows_become_cells_again() -> None:
    context = "Bank > Columns: Date, Price, net, Remark"
    row = "Date: 2024-01-01; Price, net: 80; Remark: four lessons; Note: hire: extra"
    names = columns_of(context, [row])
    assert names == ["Date", "Price, net", "Remark"]
    assert cells_of(row, names) == {
        "Date": "2024-01-01",
        "Price, net": "80",
        "Remark": "four lessons; Note: hire: extra",
    }
    assert cells_of("Total | 12", ()) == {"1": "Total", "2": "12"}


# --- PDF -------------------------------------------------------------------------------------------------------------


def test_a_pdf_is_opened_at_its_page_with_the_quote_marked(show: Show, qtbot: QtBot) -> None:
    quote = "A lost key for the street door costs the Tenants £45"
    pane = show(_evidence(SAMPLES / "Home" / "Tenancy agreement.pdf", quote, Page(1)))
    view = pane.view
    assert isinstance(view, PdfView)
    qtbot.waitUntil(lambda: not view.canvas.image().isNull(), timeout=TIMEOUT)
    assert view.number.text() == "Page 1 of 3"
    (mark,) = view.canvas.marks()
    assert 0.2 < mark.top() < 0.6
    assert mark.height() < 0.05
    assert pane.place.full_text() == "Tenancy agreement.pdf, page 1"
    assert pane.footer.quote.text() == f"“{quote}”"
    assert not view.previous.isEnabled()

    qtbot.keyClick(view.canvas, Qt.Key.Key_PageDown)
    while view.page == 0:
        qtbot.keyClick(view.canvas, Qt.Key.Key_PageDown)
    assert view.number.text() == "Page 2 of 3"
    assert view.canvas.marks() == []
    qtbot.keyClick(view.canvas, Qt.Key.Key_PageUp)
    assert view.number.text() == "Page 1 of 3"

    narrow = view.canvas.wanted_pixels(1e9).width()
    qtbot.keyClick(view.canvas, Qt.Key.Key_Plus, Qt.KeyboardModifier.ControlModifier)
    assert view.canvas.wanted_pixels(1e9).width() > narrow
    qtbot.waitUntil(lambda: view.canvas.image().width() > narrow, timeout=TIMEOUT)
    qtbot.keyClick(view.canvas, Qt.Key.Key_0, Qt.KeyboardModifier.ControlModifier)
    assert view.canvas.zoom == 1


def test_a_pdf_attached_to_a_mail_is_shown_from_within_it(show: Show, qtbot: QtBot) -> None:
    pane = show(_evidence(SHEAR, "", Message(1)))
    view = pane.view
    assert isinstance(view, MailView)
    (card,) = [card for card in view.cards if card.is_open]
    assert card.body is not None
    (attachment,) = [
        child for child in card.body.attached.findChildren(QPushButton) if child.text() == "Quote QT-2024-0318.pdf"
    ]
    attachment.click()
    qtbot.waitUntil(lambda: isinstance(pane.view, PdfView), timeout=TIMEOUT)
    inner = pane.view
    assert isinstance(inner, PdfView)
    qtbot.waitUntil(lambda: inner.number.text() == "Page 1 of 1", timeout=TIMEOUT)
    assert "Board shear" in pane.place.full_text()
    assert pane.back.isVisible()
    pane.back.click()
    qtbot.waitUntil(lambda: isinstance(pane.view, MailView), timeout=TIMEOUT)
    assert not pane.back.isVisible()


# --- mail ------------------------------------------------------------------------------------------------------------


def test_a_mail_stands_open_in_its_conversation(show: Show, qtbot: QtBot) -> None:
    pane = show(_evidence(SHEAR, "The price holds for thirty days.", Message(1)))
    view = pane.view
    assert isinstance(view, MailView)
    dates = [card.mail.document.created for card in view.cards]
    assert len(dates) == 6
    assert dates == sorted(dates)  # type: ignore[type-var]
    (card,) = [card for card in view.cards if card.is_open]
    assert card.mail.path == str(SHEAR)
    assert card.body is not None
    assert card.body.reader.reader.marked() == ["The price holds for thirty days."]
    other = view.cards[0]
    assert isinstance(other, MailCard)
    assert other.toggle.accessibleName().startswith("Open the email from Nora Whitlock")
    other.toggle.setFocus()
    qtbot.keyClick(other.toggle, Qt.Key.Key_Space)
    assert other.is_open
    assert other.body is not None
    assert "a pipe burst above our bench" in other.body.reader.reader.toPlainText()
    qtbot.keyClick(other.toggle, Qt.Key.Key_Space)
    assert not other.is_open


def test_a_mail_of_plain_text_has_no_other_look(show: Show, qtbot: QtBot) -> None:
    pane = show(_evidence(SHEAR, "", Message(1)))
    view = pane.view
    assert isinstance(view, MailView)
    body = next(card.body for card in view.cards if card.body is not None)
    body.as_sent.click()
    qtbot.waitUntil(body.notice.isVisible, timeout=TIMEOUT)
    assert "plain text" in _texts(body.notice)


def test_what_could_run_or_load_is_taken_out_of_a_mail() -> None:
    page = """<html><head><title>T</title><style>p { background: url(http://x/1) }</style></head><body
        onload="evil()"><script>evil()</script><p style="color: red; background: url(http://x/2); position: fixed">Hi
        <img src="http://x/3.png" alt="a <b>logo"><img src="cid:4"><img src="/etc/hostname">
        <img src="data:image/png;base64,iVBORw0KGgo="><img src="data:image/svg+xml,<svg/>">
        <form action="http://x/5"><input name="a"><b>inside</b></form><iframe src="http://x/6"></iframe>
        <a href="javascript:evil()">one</a> <a href="file:///etc/passwd">two</a> <a href="https://x/7">three</a>
        <table background="http://x/8"><tr><td>cell</td></tr></table><object data="http://x/9">o</object></body></html>"""
    letter = clean_mail(FilePart("mail.html", "text/html", page.encode()))
    assert letter is not None
    for forbidden in ("evil", "url(", "position", "cid:", "hostname", "svg", "form", "input", "iframe", "passwd"):
        assert forbidden not in letter.html, forbidden
    assert "http://" not in letter.html
    assert letter.pictures == 1
    assert "a &lt;b&gt;logo" in letter.html
    assert 'src="data:image/png' in letter.html
    assert "<b>inside</b>" in letter.html
    assert '<a href="https://x/7"' in letter.html
    assert clean_mail(FilePart("mail.txt", "text/plain", b"<p>no")) is None
    deep = clean_mail(FilePart("mail.html", "text/html", b"<table><tr><td>" * 60 + b"deep"))
    assert deep is not None
    assert "deep" in deep.html
    assert "<table" not in deep.html


# --- text, tables, pictures -----------------------------------------------------------------------------------------


def test_a_note_has_its_headings_and_the_quote_marked(show: Show) -> None:
    quote = "a jar of paste lasts two weeks in the fridge"
    pane = show(_evidence(SAMPLES / "Notes" / "Workshop" / "Wheat paste.md", quote))
    view = pane.view
    assert isinstance(view, TextView)
    lines = view.reader.toPlainText().split("\n")
    assert "Cooking" in lines
    assert lines.index("Cooking") < lines.index("Keeping it")
    assert view.reader.marked() == [quote]
    cursor = QTextCursor(view.reader.document())
    cursor.setPosition(view.reader.toPlainText().index(quote))
    assert view.reader.viewport().rect().contains(view.reader.cursorRect(cursor))


def test_rows_of_a_table_are_a_table_with_the_cited_cell_marked(show: Show) -> None:
    pane = show(_evidence(SAMPLES / "Home" / "Budget.xlsx", "Item: Cello lessons for Ella"))
    view = pane.view
    assert isinstance(view, SheetView)
    model = view.model
    assert model.columns == ["Item", "Category", "Per month 2023", "Per month 2024", "Remark"]
    at = model.first_marked()
    assert at is not None
    assert at.data() == "Cello lessons for Ella"
    assert model.headerData(at.row(), Qt.Orientation.Vertical) == "8"
    assert sum(len(row.marked) for row in model.rows) == 1
    remark = model.index(at.row(), 4).data()
    assert remark == "Mrs Adeyemi, four lessons; cello hire is extra"


def test_more_rows_come_when_they_are_scrolled_to(show: Show, qtbot: QtBot) -> None:
    pane = show(_evidence(SAMPLES / "Home" / "Bank 2024.csv"))
    view = pane.view
    assert isinstance(view, SheetView)
    known = view.model.rowCount()
    while view.passages.after:
        view.table.scrollToBottom()
        before = view.model.rowCount()
        qtbot.waitUntil(lambda before=before: view.model.rowCount() > before, timeout=TIMEOUT)  # type: ignore[misc]
    assert view.model.rowCount() >= known
    numbers = [row.number for row in view.model.rows if row.number is not None]
    assert numbers == sorted(set(numbers))


def test_a_picture_has_its_box(mediator: Mediator, show: Show, qtbot: QtBot) -> None:
    scan = SAMPLES / "Workshop" / "Invoices" / "Scan_20240412.jpg"
    pane = show(_evidence(scan, "Balance due by 26 April 2024"))
    view = pane.view
    assert isinstance(view, PictureView)
    qtbot.waitUntil(lambda: not view.canvas.image().isNull(), timeout=TIMEOUT)
    (box,) = view.canvas.marks()
    assert 0.3 < box.top() < 0.5
    assert 0.6 < box.width() < 0.9
    with qtbot.waitSignal(mediator.search_wanted) as wanted:
        pane.footer.similar.click()
    assert wanted.args == ["", QuerySample(str(scan), "image")]


# --- sound -----------------------------------------------------------------------------------------------------------


def test_a_recording_plays_when_it_is_told_to(show: Show, qtbot: QtBot) -> None:
    pane = show(_evidence(SAMPLES / "Media" / "Voice memo 2024-02-19.flac"))
    view = pane.view
    assert isinstance(view, RecordingView)
    qtbot.waitUntil(lambda: "21 seconds" in view.about.text(), timeout=TIMEOUT)
    assert not view.player.is_playing()
    qtbot.keyClick(view.player.slider, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: view.player.is_playing() or view.notice.isVisible(), timeout=TIMEOUT)
    if view.notice.isVisible():
        pytest.skip("recordings cannot be played here")
    assert view.player.play.text() == "Pause"
    pane.hide()
    assert not view.player.is_playing()


def test_what_is_said_is_followed_and_gone_to(mediator: Mediator, qtbot: QtBot, theme: Theme) -> None:  # noqa: ARG001
    path = str(SAMPLES / "Media" / "Voice memo 2024-02-19.flac")
    document = Document(7, "audio", "audio/flac", "Voice memo")
    said = tuple(
        Chunk(at, 7, at, f"words of passage {at} " * 12, "Voice memo", TimeSpan(10.0 * at, 10.0 * at + 10), "speech")
        for at in range(4)
    )
    evidence = EvidenceLocation(path, TimeSpan(10.0, 20.0), "Voice memo", document=document, chunk_id=1)
    view = RecordingView(mediator)
    qtbot.addWidget(view)
    view.resize(420, 600)
    view.show()
    view.show_evidence(
        LoadedEvidence(evidence, DocumentView(path, document, None, said, 0, 0, (), ()), (said[1],), "as read")
    )
    assert view.player.at_s() == 10
    assert view.player.play.text() == "Play from 0:10"
    lines = view.transcript.lines
    assert view.transcript.currentIndex().row() == 1
    assert lines.speak(12.0) is None
    found = lines.speak(25.0)
    assert found is not None
    assert found.row() == 2
    qtbot.keyClick(view.transcript, Qt.Key.Key_Down)
    view.transcript.activated.emit(view.transcript.currentIndex())
    assert view.player.at_s() == 20


# --- files that are not as they were ---------------------------------------------------------------------------------


@pytest.fixture
def paused(own_mediator: Mediator, files: Path) -> Iterator[Path]:
    """The folder of a library that reads nothing more, with files of all kinds in it."""
    client = EngineClient.connect(own_mediator.library)
    assert client is not None
    with client:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "Ann <ann@a.example>", "bo@b.example", "The boat"
        message["Date"] = "Mon, 4 Mar 2024 09:12:00 +0000"
        message.set_content("The boat is blue.")
        message.add_alternative(
            '<p>The <b>boat</b> is <a href="https://boat.example/a?b=1">blue</a>.<img src="http://t.example/1.gif"></p>',
            subtype="html",
        )
        (files / "boat.eml").write_bytes(message.as_bytes())
        (files / "lease.pdf").write_bytes((SAMPLES / "Home" / "Tenancy agreement.pdf").read_bytes())
        (files / "tool.py").write_text("import os\n\n\ndef turn(angle):\n    return os.sep * angle\n", encoding="utf-8")
        (files / "a\u202egnp.txt").write_text("Turned round.\n", encoding="utf-8")
        client.index([files])
        settle(client)
        client.pause()
        yield files
        client.resume()


def test_a_file_that_is_gone_is_shown_as_it_was_read(own_mediator: Mediator, paused: Path, qtbot: QtBot) -> None:
    show = _shower(own_mediator, qtbot)
    (paused / "roses.txt").unlink()
    pane = show(_evidence(paused / "roses.txt", "pruned in March"))
    assert isinstance(pane.view, TextView)
    assert "This file is gone" in _texts(pane.notice)
    assert pane.view.reader.marked() == ["pruned in March"]
    assert not pane.footer.open.isEnabled()


def test_a_file_that_has_changed_is_shown_as_it_was_read(own_mediator: Mediator, paused: Path, qtbot: QtBot) -> None:
    show = _shower(own_mediator, qtbot)
    (paused / "lease.pdf").write_bytes((SAMPLES / "Town" / "Alderbridge Courier June 2024.pdf").read_bytes())
    pane = show(_evidence(paused / "lease.pdf", "A lost key for the street door", Page(1)))
    assert isinstance(pane.view, TextView)
    assert "has changed" in _texts(pane.notice)
    assert pane.view.reader.marked() == ["A lost key for the street door"]
    (now,) = [child for child in pane.notice.findChildren(QPushButton) if child.text() == "Show the current file"]
    now.click()
    qtbot.waitUntil(lambda: isinstance(pane.view, PdfView), timeout=TIMEOUT)


def test_a_broken_pdf_is_shown_as_text_and_says_so(own_mediator: Mediator, paused: Path, qtbot: QtBot) -> None:
    path = paused / "lease.pdf"
    stamp = path.stat()
    path.write_bytes(b"x" * stamp.st_size)
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    show = _shower(own_mediator, qtbot)
    pane = show(_evidence(path, "A lost key for the street door", Page(1)))
    qtbot.waitUntil(lambda: isinstance(pane.view, TextView), timeout=TIMEOUT)
    assert "cannot be shown" in _texts(pane.notice)
    view = pane.view
    assert isinstance(view, TextView)
    qtbot.waitUntil(lambda: view.reader.marked() == ["A lost key for the street door"], timeout=TIMEOUT)


def test_a_file_the_library_does_not_know(show: Show, tmp_path: Path) -> None:
    pane = show(_evidence(tmp_path / "nothing.pdf", "what it once said", Page(3)))
    assert pane.view is None
    assert "not in the library" in _texts(pane.notice)
    assert pane.footer.similar.isEnabled() is False


# --- what others wrote -----------------------------------------------------------------------------------------------


def test_a_mail_as_it_was_sent_asks_before_it_follows_a_link(
    own_mediator: Mediator, paused: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    pane = _shower(own_mediator, qtbot)(_evidence(paused / "boat.eml", "", Message(1)))
    view = pane.view
    assert isinstance(view, MailView)
    body = view.cards[0].body
    assert body is not None
    body.as_sent.click()
    qtbot.waitUntil(lambda: body.formatted is not None, timeout=TIMEOUT)
    letter = body.formatted
    assert letter is not None
    assert letter.toPlainText().strip() == "The boat is blue."
    assert not body.reader.isVisible()
    assert "1 picture from the internet not loaded" in _texts(body.notice)
    letter.anchorClicked.emit(QUrl("https://boat.example/a?b=1"))
    assert opened == []
    assert view.links.target.text().replace("\u200b", "") == "https://boat.example/a?b=1"
    view.links.copy.click()
    assert QApplication.clipboard().text() == "https://boat.example/a?b=1"
    letter.anchorClicked.emit(QUrl("https://аpple.example/"))  # the first letter is Cyrillic  # noqa: RUF001
    assert "xn--" in view.links.target.text()
    view.links.open.click()
    assert len(opened) == 1
    letter.anchorClicked.emit(QUrl("file:///etc/passwd"))
    assert not view.links.open.isVisible()
    with qtbot.assertNotEmitted(own_mediator.evidence_wanted):
        qtbot.keyClick(view.links.cancel, Qt.Key.Key_Escape)
    assert not view.links.isVisible()
    assert len(opened) == 1
    body.as_sent.click()
    assert body.reader.isVisible()


def test_code_has_the_numbers_of_its_lines(own_mediator: Mediator, paused: Path, qtbot: QtBot) -> None:
    pane = _shower(own_mediator, qtbot)(_evidence(paused / "tool.py", "def turn(angle):"))
    view = pane.view
    assert isinstance(view, TextView)
    qtbot.waitUntil(lambda: "\n\n\n" in view.reader.toPlainText(), timeout=TIMEOUT)
    assert [number for number, _ in view.reader.visible_numbers()] == [1, 2, 3, 4, 5]
    assert view.reader.marked() == ["def turn(angle):"]


def test_a_name_that_turns_the_text_round_is_made_plain(own_mediator: Mediator, paused: Path, qtbot: QtBot) -> None:
    pane = _shower(own_mediator, qtbot)(_evidence(paused / "a\u202egnp.txt"))
    assert "\u202e" not in pane.title.full_text() + pane.place.full_text() + pane.footer.open.toolTip()
    assert "\ufffd" in pane.title.full_text()


# --- what can be done ------------------------------------------------------------------------------------------------


def test_it_is_closed_by_escape(mediator: Mediator, show: Show, qtbot: QtBot) -> None:
    pane = show(_evidence(SAMPLES / "Notes" / "Workshop" / "Wheat paste.md"))
    pane.activateWindow()
    assert isinstance(pane.view, TextView)
    pane.view.reader.setFocus()
    with qtbot.waitSignal(mediator.evidence_wanted) as wanted:
        qtbot.keyClick(pane.view.reader, Qt.Key.Key_Escape)
    assert wanted.args == [None]


def test_its_file_is_opened_and_more_like_it_is_looked_for(
    mediator: Mediator, show: Show, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = SAMPLES / "Home" / "Tenancy agreement.pdf"
    asked: list[tuple[Path, int | None]] = []

    def open_file(path: Path, page: int | None) -> str:
        asked.append((path, page))
        return "Opened it."

    monkeypatch.setattr(footer, "open_file", open_file)
    monkeypatch.setattr(footer, "show_in_folder", lambda path: f"Opened the folder of {path.name}.")
    pane = show(_evidence(path, "A lost key for the street door", Page(1)))
    with qtbot.waitSignal(mediator.message, timeout=TIMEOUT):
        pane.footer.open.click()
    assert asked == [(path, 1)]
    with qtbot.waitSignal(mediator.message, timeout=TIMEOUT) as said:
        pane.footer.folder.click()
    assert said.args == ["Opened the folder of Tenancy agreement.pdf."]
    with qtbot.waitSignal(mediator.search_wanted) as wanted:
        pane.footer.similar.click()
    assert wanted.args == ["A lost key for the street door", None]


def test_evidence_of_a_passage_that_has_been_read_again(show: Show, qtbot: QtBot) -> None:
    path = SAMPLES / "Notes" / "Workshop" / "Wheat paste.md"
    old = replace(_evidence(path, "words that are not there"), document=Document(10**9, "note", "", ""), chunk_id=10**9)
    pane = show(old)
    qtbot.waitUntil(lambda: pane.view is not None, timeout=TIMEOUT)
    assert "has changed" in _texts(pane.notice)
    found = replace(old, quote="a jar of paste lasts two weeks")
    pane.show_evidence(found)
    view = pane.view
    assert isinstance(view, TextView)
    qtbot.waitUntil(lambda: view.reader.marked() == ["a jar of paste lasts two weeks"], timeout=TIMEOUT)
    assert not pane.notice.isVisible()


def test_every_control_has_a_name(show: Show) -> None:
    for path in ("Home/Tenancy agreement.pdf", "Home/Budget.xlsx", "Media/Voice memo 2024-02-19.flac"):
        pane = show(_evidence(SAMPLES / path))
        for widget in pane.findChildren(QWidget):
            if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
                name = widget.accessibleName() or (widget.text() if hasattr(widget, "text") else "")
                assert name, widget
