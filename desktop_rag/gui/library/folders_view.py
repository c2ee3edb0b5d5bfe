"""The folders and files that the library watches."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QMenu, QScrollArea, QVBoxLayout, QWidget

from desktop_rag.engine.results import FolderStatus
from desktop_rag.gui.library.dialogs import ConfirmationRow, choose_files, choose_folder
from desktop_rag.gui.library.wording import describe_watching, root_name
from desktop_rag.gui.widgets.basic import Elided, button, column, label, row, tool
from desktop_rag.gui.widgets.formatting import safe, tr
from desktop_rag.gui.widgets.icons import icon, pixmap
from desktop_rag.gui.widgets.theme import GRID, scaled, theme

_PICTURE = 24


class FoldersView(QWidget):
    """All of them, and how to add more. ``add`` hears the paths chosen; the other signals name a chosen folder."""

    add = Signal(list)
    remove = Signal(str)
    check_for_changes = Signal(str)
    show_files = Signal(str)
    show_in_folder = Signal(str)
    show_rules = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[str, FolderRow] = {}
        content = QWidget()
        content.setObjectName("content")
        self._list: QVBoxLayout = column(content)
        self._list.setContentsMargins(0, 0, GRID, GRID)
        self._list.addStretch()
        scroll = QScrollArea()
        scroll.setWidget(content)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.add_folder = button(tr("Add folder…"), lambda: choose_folder(self, self.add.emit), drawing="plus")
        add_files = button(tr("Add files…"), lambda: choose_files(self, self.add.emit), drawing="file")
        hint = label(tr("Your files stay where they are. You can also drop them anywhere on this window."), "quiet")
        inner = column(self)
        inner.addLayout(row(self.add_folder, add_files, hint, None))
        inner.addWidget(scroll, 1)

    def show_folders(self, folders: Sequence[FolderStatus]) -> None:
        """Bring the rows up to date; those that were there stay where they are."""
        found = {folder.path: folder for folder in folders}
        for path in [path for path in self._rows if path not in found]:
            gone = self._rows.pop(path)
            gone.hide()
            gone.deleteLater()
        for at, (path, folder) in enumerate(found.items()):
            if path not in self._rows:
                self._rows[path] = FolderRow(path, self)
                self._list.insertWidget(at, self._rows[path])
            self._rows[path].show_folder(folder)

    def row_of(self, path: str) -> FolderRow | None:
        return self._rows.get(path)


class FolderRow(QFrame):
    """One chosen folder or file."""

    def __init__(self, path: str, view: FoldersView) -> None:
        super().__init__()
        self.setObjectName("card")
        self.path = path
        self._view = view
        self._name = root_name(path)
        self._files = -1
        self._drawing = "folder"
        self._picture = QLabel()
        title = Elided(self._name)
        title.setFont(scaled(title.font(), 1.0, bold=True))
        where = Elided(safe(path), "quiet")
        self._count = button("", lambda: view.show_files.emit(path), kind="plain")
        self._watched = label("", "quiet", wrap=True)
        self._remove = tool("trash", tr("Remove “{name}”").format(name=self._name), self._ask)
        self._more = tool("more", tr("More actions for “{name}”").format(name=self._name), self._show_menu)
        words = column(spacing=2)
        words.addWidget(title)
        words.addWidget(where)
        top = row(self._picture, spacing=2 * GRID)
        top.addLayout(words, 1)
        top.addLayout(row(self._count, self._remove, self._more))
        self._question = ConfirmationRow(self._remove, indent=_PICTURE + 2 * GRID)
        self._question.agreed.connect(self._agree)
        inner = column(self, margin=GRID, spacing=GRID // 2)
        inner.setContentsMargins(2 * GRID, GRID, GRID, GRID)
        inner.addLayout(top)
        below = row(self._watched)
        below.setContentsMargins(_PICTURE + 2 * GRID, 0, 0, 0)
        inner.addLayout(below)
        inner.addWidget(self._question)
        theme().changed.connect(self._paint)

    def show_folder(self, folder: FolderStatus) -> None:
        said, tone = describe_watching(folder)
        if said != self._watched.text():
            self._watched.setText(said)
            self._watched.setProperty("tone", tone)
            self._watched.style().polish(self._watched)
        if folder.files != self._files:
            self._files = folder.files
            self._count.setText(tr("%n file(s)", folder.files))
            self._count.setAccessibleName(tr("Show the %n file(s) in “{name}”", folder.files).format(name=self._name))
        self._drawing = "warn" if folder.how == "missing" else "folder"
        self._paint()

    def _paint(self) -> None:
        colour = "warn" if self._drawing == "warn" else "quiet"
        self._picture.setPixmap(pixmap(self._drawing, _PICTURE, colour, self.devicePixelRatioF()))

    def _show_menu(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        view = self._view
        menu.addAction(icon("folder"), tr("Show in folder"), lambda: view.show_in_folder.emit(self.path))
        menu.addAction(icon("retry"), tr("Check for changes"), lambda: view.check_for_changes.emit(self.path))
        menu.addAction(icon("settings"), tr("Excluded files…"), view.show_rules.emit)
        menu.popup(self._more.mapToGlobal(self._more.rect().bottomLeft()))

    def _ask(self) -> None:
        self._question.ask(
            tr(
                "Remove “{name}” and its %n file(s) from your library? The files themselves are not deleted.",
                self._files,
            ).format(name=self._name),
            tr("Remove"),
            tr("Keep"),
        )

    def _agree(self) -> None:
        self._view.remove.emit(self.path)
