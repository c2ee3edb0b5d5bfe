"""The library's page: folders, files and their states, leaving out, why, care; and lists that keep their place."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QAbstractItemModel, QLocale, QObject, Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from desktop_rag.config import load_config
from desktop_rag.engine.events import Changed, Working
from desktop_rag.engine.results import Check, EngineStatus, Explanation, FolderStatus, Status
from desktop_rag.engine.service.client import EngineClient
from desktop_rag.engine.service.opening import stop_engine
from desktop_rag.engine.views import FileList
from desktop_rag.gui.library.diagnosis import diagnosis_lines
from desktop_rag.gui.library.exclusion import pattern_of
from desktop_rag.gui.library.files_model import PAGE, FilesModel, FilesQuery
from desktop_rag.gui.library.files_table import FilesTable
from desktop_rag.gui.library.header import LibraryHeader
from desktop_rag.gui.library.page import CARE, FILES, LibraryPage
from desktop_rag.gui.library.wording import describe_activity, describe_progress, describe_watching, folder_of
from desktop_rag.gui.services.errors import advice
from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.indexing.patterns import NONE, IgnorePatterns
from desktop_rag.types import File, FileState, Problem, Progress

WAIT_MS = 30_000


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """Numbers are written as English has them, whatever the machine's own language."""
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedStates))
    yield
    QLocale.setDefault(before)


@pytest.fixture
def page(qtbot: QtBot, own_mediator: Mediator) -> LibraryPage:
    return _open(qtbot, own_mediator)


def _open(qtbot: QtBot, mediator: Mediator) -> LibraryPage:
    shown = LibraryPage(mediator)
    qtbot.addWidget(shown)
    shown.resize(1000, 700)
    shown.show()
    qtbot.waitUntil(lambda: bool(shown.care._room.text()), timeout=WAIT_MS)
    return shown


def _press(where: QWidget, name: str) -> None:
    """Press the button, in sight, that is called so."""
    for kind in (QPushButton, QToolButton):
        for found in where.findChildren(kind):
            if found.isVisible() and name in (found.text(), found.accessibleName()):
                found.click()
                return
    raise AssertionError(f"no button {name!r} in sight")


def _words(where: QWidget) -> str:
    """All text in sight."""
    return "\n".join(found.text() for found in where.findChildren(QLabel) if found.isVisible())


def _names(page: LibraryPage) -> list[str]:
    model = page.files.model
    return [str(model.index(row, 0).data()) for row in range(model.rowCount())]


def _file(number: int, state: FileState = FileState.INDEXED, problem: Problem | None = None) -> File:
    return File(f"/home/ann/Docs/{number:06}.txt", "/home/ann/Docs", 1, 1, state, problem)


# --- the whole page, with a real engine ------------------------------------------------------------------------------


def test_an_empty_library_says_what_it_is_for(
    qtbot: QtBot, make_mediator: Callable[[Path], Mediator], tmp_path: Path, files: Path
) -> None:
    library = tmp_path / "empty"
    mediator = make_mediator(library)
    try:
        page = _open(qtbot, mediator)
        qtbot.waitUntil(lambda: page.empty.isVisible(), timeout=WAIT_MS)
        assert not page.tabs.isVisible()
        _press(page.empty, "Add a folder")
        dialog = page.findChild(QFileDialog)
        assert isinstance(dialog, QFileDialog)
        assert dialog.isVisible()
        dialog.filesSelected.emit([str(files)])
        dialog.close()
        qtbot.waitUntil(lambda: "3 files, all up to date" in _words(page.head), timeout=WAIT_MS)
        assert page.folders.row_of(str(files)) is not None
        assert not page.empty.isVisible()
    finally:
        mediator.bridge.close()  # else it would start the engine again
        stop_engine(library)


def test_folders_are_shown_with_what_is_in_them(page: LibraryPage, files: Path) -> None:
    row = page.folders.row_of(str(files))
    assert row is not None
    assert "3 files" in row._count.text()
    assert "Changes are noticed right away." in _words(row)
    row._count.click()
    assert page.tabs.currentIndex() == FILES
    assert page.files.folder.currentData() == str(files)


def test_a_folder_is_removed_only_after_a_question_in_its_place(qtbot: QtBot, page: LibraryPage, files: Path) -> None:
    row = page.folders.row_of(str(files))
    assert row is not None
    row._remove.click()
    assert "Remove “files” and its 3 files from your library? The files themselves are not deleted." in _words(row)
    qtbot.keyClick(row._question, Qt.Key.Key_Escape)
    assert "Remove" not in _words(row)
    row._remove.click()
    _press(row, "Remove")
    qtbot.waitUntil(lambda: page.empty.isVisible(), timeout=WAIT_MS)
    assert "3 files removed" in page.jobs.all()[0].text()
    assert (files / "kiln.md").exists()


def test_a_folder_inside_a_watched_one_is_not_added_twice(qtbot: QtBot, page: LibraryPage, files: Path) -> None:
    (files / "inner").mkdir()
    page.add([files / "inner"])
    qtbot.waitUntil(lambda: page.notice.isVisible(), timeout=WAIT_MS)
    assert "as part of “files”" in _words(page.notice)


def test_what_cannot_be_added_is_said_on_the_page(qtbot: QtBot, page: LibraryPage, files: Path) -> None:
    page.add([files / "nothing"])
    qtbot.waitUntil(lambda: "does not exist" in _words(page.notice), timeout=WAIT_MS)


def test_a_missing_folder_says_that_nothing_was_deleted(qtbot: QtBot, page: LibraryPage, files: Path) -> None:
    files.rename(files.with_name("away"))
    page.check_for_changes(str(files))
    row = page.folders.row_of(str(files))
    assert row is not None
    qtbot.waitUntil(lambda: "Nothing was deleted" in _words(row) or _ask(page), timeout=WAIT_MS)
    assert "3 files" in row._count.text()


def _ask(page: LibraryPage) -> bool:
    """Have the status looked at; the engine looks for folders that are gone every few seconds."""
    page._mediator.bridge.refresh()
    return False


def test_pausing_holds_reading_up_until_it_is_resumed(qtbot: QtBot, page: LibraryPage, files: Path) -> None:
    _press(page.head, "Pause")
    qtbot.waitUntil(lambda: "Paused" in _words(page.head), timeout=WAIT_MS)
    (files / "later.txt").write_text("Written while nothing is read.\n")
    _press(page.head, "Resume")
    qtbot.waitUntil(lambda: "4 files, all up to date" in _words(page.head), timeout=WAIT_MS)
    assert "Last change just now: 1 new" in _words(page.head)


def test_a_new_file_appears_in_the_list_by_itself(qtbot: QtBot, page: LibraryPage, files: Path) -> None:
    page.show_tab(FILES)
    qtbot.waitUntil(lambda: _names(page) == ["bees.txt", "kiln.md", "roses.txt"], timeout=WAIT_MS)
    (files / "honey.txt").write_text("The honey was spun in July.\n")
    qtbot.waitUntil(lambda: _names(page) == ["bees.txt", "honey.txt", "kiln.md", "roses.txt"], timeout=WAIT_MS)
    (files / "bees.txt").unlink()
    qtbot.waitUntil(lambda: _names(page) == ["honey.txt", "kiln.md", "roses.txt"], timeout=WAIT_MS)


def test_files_are_narrowed_by_name_and_state(qtbot: QtBot, page: LibraryPage, files: Path) -> None:
    (files / "nothing.txt").write_bytes(b"")
    page.show_tab(FILES)
    chips = page.files.chips
    qtbot.waitUntil(lambda: chips.chip(FileState.EMPTY).isVisible(), timeout=WAIT_MS)
    assert chips.chip(FileState.EMPTY).text() == "Empty  1"
    assert chips.chip(None).text() == "All  4"
    assert not chips.chip(FileState.FAILED).isVisible()
    chips.chip(FileState.EMPTY).click()
    qtbot.waitUntil(lambda: _names(page) == ["nothing.txt"], timeout=WAIT_MS)
    page.files.narrow()
    page.files.name.setText("ROSE")
    qtbot.waitUntil(lambda: _names(page) == ["roses.txt"], timeout=WAIT_MS)
    page.files.name.setText("no such name")
    qtbot.waitUntil(lambda: "No matching files" in _words(page.files), timeout=WAIT_MS)
    _press(page.files, "Show all files")
    qtbot.waitUntil(lambda: len(_names(page)) == 4, timeout=WAIT_MS)


def test_a_file_says_what_became_of_it_and_is_read_again(qtbot: QtBot, page: LibraryPage, files: Path) -> None:
    (files / "broken.pdf").write_bytes(b"%PDF-1.7\nthis is no PDF at all")
    page.show_tab(FILES)
    qtbot.waitUntil(lambda: "broken.pdf" in _names(page), timeout=WAIT_MS)
    page.files.table.selectRow(_names(page).index("broken.pdf"))
    panel = page.files.panel
    assert panel.isVisible()
    assert panel.file is not None
    qtbot.waitUntil(lambda: panel.file is not None and panel.file.state is FileState.FAILED, timeout=WAIT_MS)
    assert "Could not be read" in _words(panel)
    assert panel.file.problem is not None
    (files / "broken.pdf").write_bytes(b"Now it is a plain text about tulips, whatever it is called.\n" * 3)
    _press(panel, "Try again")
    qtbot.waitUntil(
        lambda: panel.file is not None and panel.file.state is not FileState.PENDING and _ended(page), timeout=WAIT_MS
    )
    assert page.jobs.all()[0].text().startswith("Reading “broken.pdf” again: ")
    assert panel.isVisible()


def _ended(page: LibraryPage) -> bool:
    return all(not job.running for job in page.jobs.all())


def test_a_file_is_left_out_and_taken_back(qtbot: QtBot, page: LibraryPage, files: Path) -> None:
    page.show_tab(FILES)
    qtbot.waitUntil(lambda: "bees.txt" in _names(page), timeout=WAIT_MS)
    page.files.table.selectRow(_names(page).index("bees.txt"))
    _press(page.files.panel, "Exclude")
    qtbot.waitUntil(lambda: "“bees.txt” is now excluded" in _words(page.notice), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: _names(page) == ["kiln.md", "roses.txt"], timeout=WAIT_MS)
    assert not page.files.panel.isVisible()
    assert load_config(page._mediator.library).folders[str(files)].ignore == ("/bees.txt",)
    assert (files / "bees.txt").exists()
    _press(page.notice, "Undo")
    qtbot.waitUntil(lambda: "bees.txt" in _names(page), timeout=2 * WAIT_MS)
    assert str(files) not in load_config(page._mediator.library).folders


def test_why_a_file_is_found_or_not(qtbot: QtBot, page: LibraryPage) -> None:
    page.show_tab(FILES)
    qtbot.waitUntil(lambda: "kiln.md" in _names(page), timeout=WAIT_MS)
    page.files.table.selectRow(_names(page).index("kiln.md"))
    box = page.files.panel._why
    box._field.setText("how hot is the kiln fired")
    _press(box, "Explain")
    qtbot.waitUntil(lambda: "This file is found: its best passage is result number 1." in box.text(), timeout=WAIT_MS)
    assert "1240 degrees" in box.text()
    box._field.setText("kiln type:pdf")
    _press(box, "Explain")
    qtbot.waitUntil(lambda: "Your question excludes this file" in box.text(), timeout=WAIT_MS)
    page.files.table.selectRow(_names(page).index("bees.txt"))
    assert box.text() == ""


def test_the_library_is_checked_backed_up_rebuilt_and_restored(
    qtbot: QtBot, page: LibraryPage, files: Path, tmp_path: Path
) -> None:
    page.show_tab(CARE)
    assert "Your library uses" in _words(page.care)
    page.care.check()
    qtbot.waitUntil(lambda: page.care._checks.isVisible(), timeout=WAIT_MS)
    assert "All your folders can be reached" in _words(page.care)
    assert "no problems found." in _words(page.jobs)

    page.care.rebuild()
    qtbot.waitUntil(lambda: "searchable." in _words(page.jobs), timeout=WAIT_MS)

    backup = tmp_path / "kept.zip"
    page.care.back_up([backup])
    qtbot.waitUntil(lambda: "Backup: saved as kept.zip (3 files" in _words(page.jobs), timeout=WAIT_MS)
    (files / "honey.txt").write_text("The honey was spun in July.\n")
    qtbot.waitUntil(lambda: "4 files" in _words(page.head), timeout=WAIT_MS)
    page.care._ask_restore([backup])
    assert "with the backup “kept.zip”?" in _words(page.care)
    page._mediator.bridge.call("look", lambda client, _: client.pause(), page)
    _press(page.care, "Replace")
    qtbot.waitUntil(lambda: "kept.zip restored (3 files" in _words(page.jobs), timeout=WAIT_MS)


def test_everything_can_be_reached_and_has_a_name(page: LibraryPage) -> None:
    for tab in range(page.tabs.count()):
        page.show_tab(tab)
        for kind in (QPushButton, QToolButton):
            for found in page.findChildren(kind):
                if found.isVisible():
                    assert found.text() or found.accessibleName(), found
                    assert found.focusPolicy() & Qt.FocusPolicy.TabFocus


# --- jobs ------------------------------------------------------------------------------------------------------------


def test_a_job_can_be_stopped_and_says_so(qtbot: QtBot, page: LibraryPage) -> None:
    def work(_: EngineClient, report: Callable[[Progress], None], stop: threading.Event) -> bool:
        report(Progress("indexing", files_done=1, files_total=4))
        return stop.wait(WAIT_MS / 1000)

    job = page.jobs.start("Reading", work, lambda stopped: "stopped." if stopped else "never stopped.", stops=True)
    assert page.jobs.start("Reading", work, str, stops=True) is job  # it goes on already
    qtbot.waitUntil(lambda: job.text() == "Reading: 1 of 4 files read", timeout=WAIT_MS)
    _press(job, "Stop")
    qtbot.waitUntil(lambda: job.text() == "Reading: stopped.", timeout=WAIT_MS)
    _press(job, "Close this message")
    assert page.jobs.all() == []


def test_the_end_of_long_work_is_told_of(qtbot: QtBot, page: LibraryPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop_rag.gui.library.tasks._LONG_S", 0.0)
    with qtbot.waitSignal(page._mediator.notify, timeout=WAIT_MS) as told:
        page.jobs.start("Check", lambda *_: None, lambda _: "no problems found.")
    assert told.args == ["Check", "no problems found."]


def test_failed_checks_say_what_is_wrong_and_offer_repair(page: LibraryPage) -> None:
    page.show_tab(CARE)
    wrong = Check("vectors", False, "10 stored, 2 missing", "Run “desktop-rag rebuild”.")
    page.care._show_checks([Check("disk", True, "5 GiB free"), wrong])
    assert "There is enough disk space" in _words(page.care)
    assert "Not everything that was read can be searched: 10 stored, 2 missing. Choose “Repair” to fix it." in _words(
        page.care
    )
    assert page.care._repair.isVisible()


# --- the list of files, 100,000 long ---------------------------------------------------------------------------------


class _Engine(QObject):
    """A bridge to files of one's own that answers when it is told to: the engine's lists, without an engine."""

    def __init__(self, files: Sequence[File]) -> None:
        super().__init__()
        self.files_there = list(files)
        self.waiting: list[Callable[[], None]] = []

    def call(self, _lane: str, work: Any, _owner: QObject, done: Any, _failed: Any) -> _Call:
        call = _Call()
        self.waiting.append(lambda: None if call.dropped else done(work(self, call)))
        return call

    def answer(self) -> None:
        while self.waiting:
            self.waiting.pop(0)()

    def files(self, *, states: Sequence[FileState], root: Path | None, name: str, after: str, limit: int) -> FileList:
        assert root is None
        found = [file for file in self.files_there if (not states or file.state in states) and name in file.path]
        return FileList(tuple([file for file in found if file.path > after][:limit]), len(found))


class _Call:
    dropped = False

    def drop(self) -> None:
        self.dropped = True


def _listed(model: FilesModel) -> list[File | None]:
    return [model.file(row) for row in range(model.rowCount())]


def _model(engine: _Engine, *, tested: bool = False) -> FilesModel:
    """A model that begins with the first page; one that is ``tested`` is asked for more by Qt's own tester."""
    model = FilesModel(engine)  # type: ignore[arg-type]
    if tested:
        QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal, model)
    model.choose(FilesQuery())
    engine.answer()
    return model


@pytest.mark.usefixtures("qapp")
def test_a_long_list_is_read_in_pages() -> None:
    engine = _Engine([_file(number) for number in range(450)])
    model = _model(engine)
    counts: list[int] = []
    model.counted.connect(counts.append)
    assert model.rowCount() == PAGE
    while model.canFetchMore():
        model.fetchMore()
        assert not model.canFetchMore()  # one page at a time
        engine.answer()
    assert _listed(model) == engine.files_there
    assert counts[-1] == 450


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("first", [0, 150, 300, 380])
def test_what_is_in_sight_is_brought_up_to_date(first: int) -> None:
    engine = _Engine([_file(number) for number in range(0, 800, 2)])
    model = _model(engine, tested=True)
    model.more()
    engine.answer()
    model.more()
    engine.answer()
    assert model.look_at(first, first + 19)
    assert not engine.waiting  # nothing had changed
    at = 2 * first
    engine.files_there = [file for file in engine.files_there if not at <= int(file.path[-10:-4]) < at + 10]
    engine.files_there += [_file(at + 1), _file(at + 3), _file(at + 23), _file(900)]
    changed = _file(at + 12, FileState.FAILED, Problem("damaged", "It is damaged."))
    engine.files_there = sorted(
        [changed if file.path == changed.path else file for file in engine.files_there], key=lambda file: file.path
    )
    model.outdate()
    assert model.look_at(first, first + 19)
    engine.answer()
    rows = _listed(model)
    begin = rows.index(_file(at + 1))
    there = engine.files_there.index(_file(at + 1))
    assert rows[begin : begin + 20] == engine.files_there[there : there + 20]
    assert model.look_at(begin, begin + 15)
    assert not engine.waiting
    while model.rowCount() and (model.canFetchMore() or not model.look_at(0, model.rowCount() - 1) or engine.waiting):
        model.more()
        engine.answer()
    assert _listed(model) == engine.files_there


@pytest.mark.usefixtures("qapp")
def test_a_list_that_was_empty_fills() -> None:
    engine = _Engine([])
    model = _model(engine)
    assert model.rowCount() == 0
    engine.files_there = [_file(1), _file(2)]
    model.outdate()
    model.look_at(0, 20)
    engine.answer()
    assert _listed(model) == engine.files_there
    engine.files_there = []
    model.outdate()
    model.look_at(0, 20)
    engine.answer()
    assert model.rowCount() == 0


@pytest.mark.usefixtures("qapp")
def test_of_two_choices_only_the_later_is_shown() -> None:
    engine = _Engine([_file(number, FileState.FAILED if number % 2 else FileState.INDEXED) for number in range(10)])
    model = _model(engine)
    model.choose(FilesQuery((FileState.FAILED,)))
    model.choose(FilesQuery((FileState.INDEXED,)))
    engine.answer()
    assert _listed(model) == [_file(number) for number in range(0, 10, 2)]


def test_the_place_is_kept_while_files_come_and_go(qtbot: QtBot) -> None:
    engine = _Engine([_file(number) for number in range(0, 100_000, 10)])
    model = _model(engine)
    table = FilesTable(model)
    qtbot.addWidget(table)
    table.resize(800, 400)
    table.show()
    while model.canFetchMore():
        model.more()
        engine.answer()
    bar = table.verticalScrollBar()
    bar.setValue(bar.maximum() // 2 + 7)
    table.look()
    engine.answer()
    top, offset = _top(table)
    table.selectRow(table.rowAt(50))
    picked = table.currentIndex().data()
    engine.files_there = sorted(
        [*engine.files_there, *(_file(number) for number in range(49_501, 50_000, 10))], key=lambda file: file.path
    )
    model.outdate()
    rows = model.rowCount()
    table.look()
    engine.answer()
    assert model.rowCount() > rows
    assert _top(table) == (top, offset)
    assert table.currentIndex().data() == picked


def _top(table: FilesTable) -> tuple[str, int]:
    """What is at the top of a table, and how much of it is out of sight."""
    row = table.rowAt(0)
    return str(table.model().index(row, 0).data()), table.rowViewportPosition(row)


def test_no_other_file_is_chosen_for_one_that_goes(qtbot: QtBot) -> None:
    engine = _Engine([_file(number) for number in range(10)])
    model = _model(engine)
    table = FilesTable(model)
    qtbot.addWidget(table)
    table.resize(800, 400)
    table.show()
    table.selectRow(4)
    picked: list[File] = []
    table.picked.connect(picked.append)
    del engine.files_there[4]
    model.outdate()
    table.look()
    engine.answer()
    assert model.rowCount() == 9
    assert picked == []
    assert table.selectionModel().selectedRows() == []


def test_opening_and_leaving_with_the_keyboard(qtbot: QtBot) -> None:
    engine = _Engine([_file(1), _file(2)])
    table = FilesTable(_model(engine))
    qtbot.addWidget(table)
    table.show()
    opened: list[File] = []
    table.opened.connect(opened.append)
    table.selectRow(0)
    qtbot.keyClick(table, Qt.Key.Key_Down)
    qtbot.keyClick(table, Qt.Key.Key_Return)
    assert opened == [_file(2)]
    with qtbot.waitSignal(table.left):
        qtbot.keyClick(table, Qt.Key.Key_Escape)


# --- words -----------------------------------------------------------------------------------------------------------


def _status(activity: Any = "idle", files: int = 3, **more: Any) -> Status:
    engine = EngineStatus(1, 0.0, activity, "", 0, True, 1, **more)
    return Status("/l", ("/d",), {}, {}, files, files, files, 1, "m", engine=engine)


def test_what_goes_on_is_said_in_words(qapp: QApplication) -> None:  # noqa: ARG001
    assert describe_activity(None, None)[0] == "Opening your library…"
    assert describe_activity(_status(files=1), None)[0] == "1 file, all up to date"
    busy = Progress("indexing", files_done=12_400, files_total=48_211, seconds_left=240.0)
    assert describe_activity(_status("indexing"), busy)[0] == "12,400 of 48,211 files read, about 4 minutes left"
    scanning = Progress("scanning", current="/home/ann/Documents")
    assert describe_activity(_status("indexing"), scanning)[0] == "Checking “Documents”…"
    troubled = _status("troubled", problems=(Problem("disk-full", "The disk is full."),))
    assert describe_activity(troubled, None) == ("The disk is full.", "bad")
    assert describe_progress(Progress("indexing", bytes_done=30, bytes_total=60), in_files=False) == (0.5, "50 % done")
    assert describe_progress(Progress("indexing"))[0] < 0


def test_the_rate_is_told_while_files_are_read(
    qtbot: QtBot, own_mediator: Mediator, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr("desktop_rag.gui.library.header.time.monotonic", lambda: now[0])
    head = LibraryHeader(own_mediator, lambda _: None)
    qtbot.addWidget(head)
    head.show()
    head.show_status(_status("indexing", progress=Progress("indexing", 0, 1000)))
    for done in (0, 10, 20):
        head.hear(Working(Progress("indexing", done, 1000)))
        now[0] += 5.0
    assert "about 120 files per minute" in _words(head)
    head.hear(Changed(2, 0, 0, 1))
    assert "Last change just now: 2 new, 1 deleted" in _words(head)


def test_how_folders_are_watched_is_said_in_words(qapp: QApplication) -> None:  # noqa: ARG001
    missing = describe_watching(FolderStatus("/mnt/stick", 12, "missing", "This folder cannot be found."))
    assert missing[0].startswith("This folder cannot be found. Nothing was deleted")
    assert missing[1] == "warn"
    assert describe_watching(FolderStatus("/d", 1, "polling", "It is a network drive."))[0] == "It is a network drive."


def test_advice_for_the_terminal_is_not_shown(qapp: QApplication) -> None:  # noqa: ARG001
    assert advice("Run “desktop-rag rebuild”.") == ""
    assert advice("Get a fresh copy.") == "Get a fresh copy."


def test_names_that_hide_what_they_are_are_shown_plainly(qapp: QApplication) -> None:  # noqa: ARG001
    file = File("/home/ann/Docs/a\u202eb/x\ny.txt", "/home/ann/Docs", 1, 1, FileState.INDEXED)
    assert folder_of(file) == "Docs/a\ufffdb"


@pytest.mark.parametrize(
    "name", ["a.txt", "#a.txt", "!a", "a*b?[c].txt", "back\\slash", "trailing ", "two  ", " lead", "sub/Ärger (1).pdf"]
)
def test_the_pattern_of_a_file_means_just_this_file(name: str) -> None:
    file = File(f"/d/{name}", "/d", 1, 1, FileState.INDEXED)
    patterns = IgnorePatterns([pattern_of(file)])
    assert patterns.last(name, folder=False) != NONE
    for other in (f"x{name}", f"in/{name}", name.replace("a", "b") + "x", name + "x"):
        assert patterns.last(other, folder=False) == NONE


def test_what_a_rule_leaves_out_is_explained_without_commands(qapp: QApplication) -> None:  # noqa: ARG001
    left_out = Explanation(
        "/d/a", None, "It is skipped because of the pattern “*.bak” (built in). desktop-rag config set x"
    )
    assert diagnosis_lines(left_out, asked=True) == [
        ("This file is not in your library because a rule excludes it.", "")
    ]
    outside = Explanation("/d/a", None, "It is outside the folders you chose.")
    assert diagnosis_lines(outside, asked=False)[0][0] == "It is outside the folders you chose."


def test_reading_the_list_of_a_hundred_thousand_files_does_not_stall(qtbot: QtBot) -> None:
    engine = _Engine([_file(number) for number in range(100_000)])
    model = FilesModel(engine)  # type: ignore[arg-type]
    table = FilesTable(model)
    qtbot.addWidget(table)
    table.show()
    model.choose(FilesQuery())
    engine.answer()
    page = engine.files_there[-PAGE:]
    model.beginResetModel()
    model._rows, model._paths = engine.files_there[:-PAGE], [file.path for file in engine.files_there[:-PAGE]]
    model._read_at = [0] * len(model._rows)
    model.endResetModel()
    began = datetime.now(UTC)
    model._merge(model._paths[-1], FileList(tuple(page), 100_000), PAGE)
    model.changed.emit()
    table.verticalScrollBar().setValue(table.verticalScrollBar().maximum())
    QApplication.processEvents()
    assert datetime.now(UTC) - began < timedelta(seconds=0.25)  # 0.05 s on a PC that does nothing else
    assert isinstance(table.model(), QAbstractItemModel)
