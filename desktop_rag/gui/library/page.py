"""The Library page: activity, folders, files and maintenance."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedWidget, QTabBar, QWidget

from desktop_rag.engine.results import Explanation, IndexReport, Status
from desktop_rag.engine.service.client import EngineClient
from desktop_rag.errors import DesktopRagError
from desktop_rag.gui.library.dialogs import choose_files, choose_folder
from desktop_rag.gui.library.exclusion import leave_out, take_back
from desktop_rag.gui.library.files_view import FilesView
from desktop_rag.gui.library.folders_view import FoldersView
from desktop_rag.gui.library.header import LibraryHeader
from desktop_rag.gui.library.maintenance import MaintenanceView
from desktop_rag.gui.library.tasks import TaskList
from desktop_rag.gui.library.wording import full_reason_of, root_name
from desktop_rag.gui.services.errors import error_text
from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.gui.widgets.basic import EmptyState, Notice, button, column
from desktop_rag.gui.widgets.formatting import safe, tr
from desktop_rag.gui.widgets.theme import GRID
from desktop_rag.types import File, Progress

FOLDERS, FILES, CARE = range(3)


class LibraryPage(QWidget):
    """Follows the engine's status and events by itself."""

    def __init__(self, mediator: Mediator) -> None:
        super().__init__()
        self._mediator = mediator
        self.notice = Notice()
        self.jobs = TaskList(mediator)
        self.head = LibraryHeader(mediator, self.fail)
        self.folders = FoldersView()
        self.files = FilesView(mediator, self.fail)
        self.care = MaintenanceView(mediator, self.jobs)
        self.tabs = QTabBar()
        self.empty = EmptyState(
            "library",
            tr("Your library is empty"),
            tr(
                "Choose the folders you want to search: documents, pictures, email, notes. They are read "
                "on this PC and stay where they are."
            ),
            button(tr("Add a folder"), lambda: choose_folder(self, self.add), kind="next", drawing="plus"),
            button(tr("Add files…"), lambda: choose_files(self, self.add)),
        )
        self._lay_out()
        self._listen()
        if mediator.bridge.status is not None:
            self._on_status(mediator.bridge.status)
        else:
            mediator.bridge.refresh()

    def show_tab(self, tab: int) -> None:
        """``FOLDERS``, ``FILES`` or ``CARE``."""
        self.tabs.setCurrentIndex(tab)

    def fail(self, error: DesktopRagError) -> None:
        """Say what went wrong, on the page."""
        self.notice.say(error_text(error), "bad")

    # --- what can be done ---

    def add(self, paths: Sequence[Path]) -> None:
        """Have the library watch these."""

        def work(client: EngineClient, _: object) -> list[tuple[Path, str]]:
            return [(path, client.add_root(path)) for path in paths]

        self._mediator.bridge.call("look", work, self, self._added, self.fail)

    def remove(self, root: str) -> None:
        """Stop watching, and forget, a chosen folder."""
        self.jobs.start(
            tr("Removing “{name}”").format(name=root_name(root)),
            lambda client, _, __: client.remove_root(Path(root)),
            lambda count: tr(
                "done, %n file(s) removed from your library. The files themselves are not deleted.", count
            ),
        )

    def check_for_changes(self, root: str = "") -> None:
        """Look through one chosen folder now, or through all of them."""
        title = tr("Checking “{name}”").format(name=root_name(root)) if root else tr("Checking everything")
        paths = [Path(root)] if root else None
        self.jobs.start(
            title,
            lambda client, report, stop: client.listening(on_progress=report, stop=stop).index(paths),
            _describe_report,
            stops=True,
        )

    def try_again(self, file: File) -> None:
        """Read one file anew, whatever became of it before."""
        path = Path(file.path)

        def work(client: EngineClient, report: Callable[[Progress], None], stop: threading.Event) -> Explanation:
            client.listening(on_progress=report, stop=stop).index([path], force=True)
            return client.why(path)

        self.jobs.start(
            tr("Reading “{name}” again").format(name=safe(path.name)),
            work,
            lambda explained: _describe_file(explained.file),
            stops=True,
            done=lambda explained: self._read_again(explained.file),
        )

    def leave_out(self, file: File) -> None:
        """Forget one file for good, with a way back."""
        name = safe(Path(file.path).name)

        def done(_: object) -> None:
            self._mediator.settings_changed.emit()
            self.notice.say(
                tr("“{name}” is now excluded. The file itself is not deleted.").format(name=name),
                action=tr("Undo"),
                do=lambda: self._take_back(file),
            )
            self.files.check_for_changes()

        self.files.forget(file)
        self.notice.say(tr("Excluding “{name}”…").format(name=name))
        self._mediator.bridge.call("work", lambda client, _: leave_out(client, file), self, done, self.fail)

    # --- inside ---

    def _lay_out(self) -> None:
        self._stack = QStackedWidget()
        for name, view in (
            (tr("Folders"), self.folders), (tr("Files"), self.files), (tr("Storage and backup"), self.care)
        ):  # fmt: skip
            self.tabs.addTab(name)
            self._stack.addWidget(view)
        self.tabs.setExpanding(False)
        self.tabs.setDrawBase(False)
        self.tabs.setAccessibleName(tr("Parts of the library"))
        self.tabs.currentChanged.connect(self._stack.setCurrentIndex)
        filled = QWidget()
        inner = column(filled)
        inner.addWidget(self.tabs, 0, Qt.AlignmentFlag.AlignLeft)
        inner.addWidget(self._stack, 1)
        self._body = QStackedWidget()
        self._body.addWidget(filled)
        self._body.addWidget(self.empty)
        page = QWidget()
        down = column(page, margin=3 * GRID, spacing=2 * GRID)
        down.addWidget(self.head)
        down.addWidget(self.jobs)
        down.addWidget(self._body, 1)
        outer = column(self, spacing=0)
        outer.addWidget(self.notice)
        outer.addWidget(page, 1)
        self.setFocusProxy(self.tabs)
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self, self._find)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)

    def _listen(self) -> None:
        bridge = self._mediator.bridge
        bridge.status_changed.connect(self._on_status)
        bridge.event_received.connect(self._on_event)
        self.head.check_for_changes.connect(self.check_for_changes)
        self.folders.add.connect(self.add)
        self.folders.remove.connect(self.remove)
        self.folders.check_for_changes.connect(self.check_for_changes)
        self.folders.show_files.connect(self._show_files)
        self.folders.show_in_folder.connect(self._show_in_folder)
        self.folders.show_rules.connect(lambda: self._mediator.show_page("settings"))
        panel = self.files.panel
        panel.open_file.connect(self._open)
        panel.show_in_folder.connect(lambda file: self._show_in_folder(file.path))
        panel.try_again.connect(self.try_again)
        panel.leave_out.connect(self.leave_out)

    def _on_status(self, status: Status) -> None:
        self.head.show_status(status)
        self.folders.show_folders(status.folders)
        self.files.show_status(status)
        self.care.show_status(status)
        self._body.setCurrentIndex(0 if status.roots else 1)
        self.head.setVisible(bool(status.roots))

    def _on_event(self, event: object) -> None:
        self.head.hear(event)
        self.files.hear(event)

    def _added(self, added: list[tuple[Path, str]]) -> None:
        inside = [(path, root) for path, root in added if Path(root) != path and path.is_relative_to(root)]
        if inside:
            path, root = inside[0]
            self.notice.say(
                tr("“{name}” is already in your library, as part of “{folder}”.").format(
                    name=safe(path.name), folder=root_name(root)
                )
            )
        self._mediator.bridge.refresh()

    def _show_files(self, root: str) -> None:
        self.files.narrow(root=root)
        self.show_tab(FILES)
        self.files.table.setFocus()

    def _find(self) -> None:
        self.show_tab(FILES)
        self.files.name.setFocus()

    def _open(self, file: File) -> None:
        def work(_: EngineClient, __: object) -> str:
            from desktop_rag.launch import open_file

            return open_file(Path(file.path), None)

        self._mediator.bridge.call("look", work, self, self._mediator.message.emit, self.fail)

    def _show_in_folder(self, path: str) -> None:
        def work(_: EngineClient, __: object) -> None:
            from desktop_rag.launch import show_in_folder

            show_in_folder(Path(path))

        self._mediator.bridge.call("look", work, self, None, self.fail)

    def _read_again(self, file: File | None) -> None:
        self.files.check_for_changes()
        panel = self.files.panel
        if file is not None and panel.file is not None and panel.file.path == file.path:
            panel.show_file(file)

    def _take_back(self, file: File) -> None:
        name = safe(Path(file.path).name)

        def done(_: object) -> None:
            self.notice.say(tr("“{name}” is included again and will be read.").format(name=name))
            self._mediator.settings_changed.emit()

        self.notice.say(tr("Including “{name}” again…").format(name=name))
        self._mediator.bridge.call("work", lambda client, _: take_back(client, file), self, done, self.fail)


def _describe_report(report: IndexReport) -> str:
    """What looking through folders has brought."""
    counts = (
        (report.new, tr("%n new", report.new)), (report.changed, tr("%n changed", report.changed)),
        (report.moved, tr("%n moved or copied", report.moved)), (report.gone, tr("%n deleted", report.gone)),
    )  # fmt: skip
    said = ", ".join(words for count, words in counts if count) or tr("no changes")
    if report.stopped:
        return tr("stopped, and what was read is kept ({what}).").format(what=said)
    return f"{said}."


def _describe_file(file: File | None) -> str:
    return full_reason_of(file) if file is not None else tr("The file no longer exists.")
