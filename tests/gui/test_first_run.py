"""The first minutes: places are found, folders chosen, and a question asked while the files are read."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from desktop_rag.engine.service.opening import stop_engine
from desktop_rag.gui.first_run.file_counts import describe_counts, group_of
from desktop_rag.gui.first_run.sources import SuggestedSource, count_files, find_sources
from desktop_rag.gui.first_run.wizard import FirstRun
from desktop_rag.gui.services.mediator import Mediator
from tests.gui.conftest import MakeMediator

PATIENCE_MS = 60_000
MAIL = "From: A <a@example.org>\nTo: b@example.org\nSubject: Hello\n\nThe boat is blue.\n"


def text_of(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel) if label.isVisibleTo(widget))


# --- finding ---------------------------------------------------------------------------------------------------------


def found(home: Path, *usual: str) -> dict[str, SuggestedSource]:
    return {place.sort: place for place in find_sources(home, {name: home / name for name in usual})}


def write(path: Path, text: str = MAIL) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_usual_folders_that_exist(tmp_path: Path) -> None:
    (tmp_path / "Documents").mkdir()
    usual = {"Documents": tmp_path / "Documents", "Desktop": tmp_path, "Music": tmp_path / "Music"}
    assert find_sources(tmp_path, usual) == [
        SuggestedSource("folder", "Documents", tmp_path / "Documents", (tmp_path / "Documents",))
    ], "the home folder itself is none, and neither is one that does not exist"
    assert find_sources(tmp_path / "gone", {}) == []


@pytest.mark.parametrize("base", [".thunderbird", "Library/Thunderbird", "AppData/Roaming/Thunderbird"])
def test_thunderbird(tmp_path: Path, base: str) -> None:
    write(tmp_path / base / "profiles.ini", "[Profile0]\nName=home\nIsRelative=1\nPath=Profiles/ab12.default\n")
    profile = tmp_path / base / "Profiles" / "ab12.default"
    write(profile / "ImapMail" / "imap.example.org" / "INBOX")
    write(profile / "Mail" / "Local Folders" / "Trash.msf")
    place = found(tmp_path)["thunderbird"]
    assert (place.name, place.path, place.roots) == ("home", profile, (profile / "ImapMail",))


def test_thunderbird_without_mail_or_with_a_broken_list(tmp_path: Path) -> None:
    write(tmp_path / ".thunderbird" / "profiles.ini", "no list at all")
    (tmp_path / ".thunderbird" / "x.default" / "Mail").mkdir(parents=True)
    assert found(tmp_path) == {}
    write(tmp_path / ".thunderbird" / "x.default" / "Mail" / "Local Folders" / "Inbox")
    assert found(tmp_path)["thunderbird"].name == "default"


def test_hidden_folders_of_a_maildir_are_named(tmp_path: Path) -> None:
    mail = tmp_path / "Maildir"
    for folder in (mail, mail / ".Sent", mail / ".Trash"):
        write(folder / "cur" / "1:2,S")
        (folder / "new").mkdir()
    assert found(tmp_path)["maildir"].roots == (mail / "cur", mail / "new", mail / ".Sent")
    evolution = tmp_path / ".local/share/evolution/mail/local"
    for name in ("cur", "new"):
        (evolution / name).mkdir(parents=True)
    assert found(tmp_path)["evolution"].roots == (evolution,)


def test_apple_mail_is_found_and_said_not_to_be_read(tmp_path: Path) -> None:
    (tmp_path / "Library" / "Mail" / "V10").mkdir(parents=True)
    assert not found(tmp_path)["apple mail"].readable


def test_exported_mail(tmp_path: Path) -> None:
    write(tmp_path / "Documents" / "archive" / "2019.mbox")
    place = found(tmp_path, "Documents")["exported mail"]
    assert place.roots == (tmp_path / "Documents" / "archive",)
    loose = write(tmp_path / "Downloads" / "one.eml")
    write(tmp_path / "Downloads" / "film.txt")
    places = find_sources(tmp_path, {"Downloads": tmp_path / "Downloads"})
    assert [place.roots for place in places if place.sort == "exported mail"] == [(loose,)]


def test_files_are_counted_up_to_a_limit(tmp_path: Path) -> None:
    for number in range(12):
        write(tmp_path / "a" / f"{number}.txt")
    write(tmp_path / ".hidden" / "x.txt")
    write(tmp_path / ".secret")
    assert count_files([tmp_path], 100, threading.Event()) == (12, True)
    assert count_files([tmp_path, tmp_path / "a"], 5, threading.Event()) == (5, False)
    assert count_files([tmp_path / "a" / "1.txt"], 5, threading.Event()) == (1, True)


def test_files_by_what_they_are() -> None:
    assert group_of("/home/a/Scan.PDF") == "documents"
    assert group_of("/home/a/.thunderbird/x/ImapMail/host/INBOX") == "mail"
    assert describe_counts({"pictures": 12, "mail": 0, "notes": 1}) == [
        ("pictures", "12 pictures"),
        ("notes", "1 note"),
    ]


# --- the steps -------------------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with a few files and some mail, and no models."""
    home = tmp_path / "home"
    write(home / "Documents" / "kiln.md", "# The kiln\n\nThe kiln is fired to 1240 degrees, always on a Friday.\n")
    write(home / "Documents" / "roses.txt", "The roses are pruned in March, before the first warm week.\n")
    write(home / "Music" / "song.txt", "A song about a boat.\n")
    write(home / ".thunderbird" / "ab.default" / "Mail" / "Local Folders" / "Inbox", f"From - 2024\n{MAIL}")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return home


@pytest.fixture
def new_desk(make_mediator: MakeMediator, tmp_path: Path, home: Path) -> Iterator[Mediator]:  # noqa: ARG001 (found in it)
    library = tmp_path / "library"
    yield make_mediator(library)
    stop_engine(library)


@pytest.fixture
def first(qtbot: QtBot, new_desk: Mediator) -> FirstRun:
    made = FirstRun(new_desk)
    qtbot.addWidget(made)
    made.resize(1000, 700)
    made.show()
    qtbot.waitUntil(lambda: len(made.folders.boxes) >= 3, timeout=PATIENCE_MS)
    return made


def press(button: QPushButton) -> None:
    assert button.isVisible()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def test_from_nothing_to_the_first_question(qtbot: QtBot, first: FirstRun, new_desk: Mediator, home: Path) -> None:
    boxes = first.folders.boxes
    assert boxes[home / "Documents"].isChecked()
    assert not boxes[home / "Music"].isChecked()
    mail = boxes[home / ".thunderbird" / "ab.default"]
    assert mail.text() == "Thunderbird email (default)"
    assert not mail.isChecked(), "mail is only read when the person wants it"
    qtbot.waitUntil(lambda: "2 files" in text_of(first.folders), timeout=PATIENCE_MS)
    mail.click()
    assert first.next.text() == "Read 2 locations"
    assert first.stepper.accessibleName() == "Step 1 of 3: Your files"

    press(first.next)
    assert first.step == 1
    qtbot.waitUntil(lambda: "Recommended for this PC" in text_of(first.models), timeout=PATIENCE_MS)
    assert first.next.text() == "Not now"
    press(first.next)
    assert first.step == 2
    qtbot.waitUntil(lambda: "3 files read" in text_of(first.ask), timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: "1 email file" in text_of(first.ask), timeout=PATIENCE_MS)
    assert "2 notes" in text_of(first.ask)

    asked: list[tuple[str, object]] = []
    new_desk.ask_wanted.connect(lambda text, sample: asked.append((text, sample)))
    QTest.keyClicks(first.ask.question, "How hot is the kiln?")
    with qtbot.waitSignal(first.finished, timeout=PATIENCE_MS):
        QTest.keyClick(first.ask.question, Qt.Key.Key_Return)
    assert asked == [("How hot is the kiln?", None)]


def test_what_is_ticked_off_again_is_forgotten(qtbot: QtBot, first: FirstRun, new_desk: Mediator, home: Path) -> None:
    def roots() -> set[str]:
        new_desk.bridge.refresh()
        return set(new_desk.bridge.status.roots) if new_desk.bridge.status is not None else set()

    first.folders.boxes[home / "Music"].click()
    press(first.next)
    qtbot.waitUntil(lambda: roots() == {str(home / "Documents"), str(home / "Music")}, timeout=PATIENCE_MS)
    press(first.back)
    first.folders.boxes[home / "Music"].click()
    press(first.next)
    qtbot.waitUntil(lambda: roots() == {str(home / "Documents")}, timeout=PATIENCE_MS)


def test_what_lies_in_a_chosen_folder_comes_with_it(qtbot: QtBot, new_desk: Mediator, home: Path) -> None:
    write(home / "Documents" / "archive" / "2019.mbox")
    first = FirstRun(new_desk)
    qtbot.addWidget(first)
    qtbot.waitUntil(lambda: len(first.folders.boxes) >= 4, timeout=PATIENCE_MS)
    documents, mail = (first.folders.boxes[path] for path in (home / "Documents", home / "Documents" / "archive"))
    assert mail.isChecked()
    assert not mail.isEnabled()
    assert first.folders.chosen() == (home / "Documents",)
    documents.click()
    assert not mail.isChecked()
    mail.click()
    assert first.folders.chosen() == (home / "Documents" / "archive",)


def test_nothing_chosen_and_skip(qtbot: QtBot, first: FirstRun, new_desk: Mediator, home: Path) -> None:
    first.folders.boxes[home / "Documents"].click()
    assert not first.next.isEnabled()
    first.folders.add_folder(home / "Music")
    assert first.next.isEnabled()
    with qtbot.waitSignal(first.finished, timeout=PATIENCE_MS):
        press(first.skip)
    assert new_desk.bridge.status is None or not new_desk.bridge.status.roots


def test_all_of_it_by_keyboard(first: FirstRun) -> None:
    first.activateWindow()
    seen: set[QWidget | None] = set()
    for _ in range(30):
        QTest.keyClick(first.focusWidget() or first, Qt.Key.Key_Tab)
        seen.add(first.focusWidget())
    assert {first.skip, first.next, first.folders.other, *first.folders.boxes.values()} <= seen
