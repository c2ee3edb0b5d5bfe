"""The first step: which files to read."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Signal
from PySide6.QtWidgets import QCheckBox, QFileDialog, QFrame, QWidget

from desktop_rag.gui.first_run.sources import SuggestedSource, count_files, find_sources
from desktop_rag.gui.services.background import BackgroundWorker
from desktop_rag.gui.widgets.basic import Elided, button, column, label, row
from desktop_rag.gui.widgets.formatting import escape_mnemonics, safe, short_path, tr
from desktop_rag.gui.widgets.theme import GRID

_MOST = 20_000
"""Files that are counted of one place."""
_TICKED = ("Documents", "Pictures", "Desktop")


class FoldersStep(QWidget):
    """A check box for each source. ``changed`` when the choice has changed."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._background = BackgroundWorker(self)
        self._stop = threading.Event()
        self.destroyed.connect(self._stop.set)
        self.boxes: dict[Path, QCheckBox] = {}
        self._places: dict[Path, SuggestedSource] = {}
        self._looking = label(tr("Looking for folders and email on this PC…"), "quiet")
        self._folders = _SourceGroup(tr("Folders"))
        self._mail = _SourceGroup(tr("Email on this PC"))
        self.other = button(tr("Add another folder…"), self._choose, drawing="plus")
        inner = column(self, spacing=2 * GRID)
        about = tr(
            "Choose what Desktop RAG may read. Your files stay where they are, are never changed, and "
            "never leave this PC. You can change this at any time."
        )
        inner.addWidget(label(tr("Which files do you want to ask about?"), factor=1.6, bold=True, wrap=True))
        inner.addWidget(label(about, "quiet", wrap=True))
        for part in (self._looking, self._folders, self._mail):
            inner.addWidget(part)
        inner.addLayout(row(self.other, None))
        inner.addStretch(1)
        usual = _usual()
        home = Path.home()
        self._background.run(lambda: find_sources(home, usual), self.show_sources, lambda _: self.show_sources([]))

    def chosen(self) -> tuple[Path, ...]:
        """The folders and files to add."""
        ticked = [self._places[path] for path, box in self.boxes.items() if box.isChecked() and box.isEnabled()]
        return tuple(root for place in ticked for root in place.roots)

    def show_sources(self, places: Sequence[SuggestedSource]) -> None:
        self._looking.hide()
        for place in places:
            self._add(place, ticked=place.sort == "folder" and place.name in _TICKED)
        self._settle()
        if self.isVisible() and self.boxes:
            next(iter(self.boxes.values())).setFocus()

    def add_folder(self, path: Path) -> None:
        """One that the person has named."""
        if path in self.boxes:
            self.boxes[path].setChecked(True)
            self._settle()
        else:
            self._add(SuggestedSource("folder", path.name, path, (path,)), ticked=True)
            self._settle()

    # --- inside ---

    def _add(self, place: SuggestedSource, *, ticked: bool) -> None:
        box = QCheckBox(escape_mnemonics(_title(place)))
        box.setChecked(ticked)
        box.setEnabled(place.readable)
        path = Elided(short_path(str(place.path)), "quiet")
        count = label("", "quiet")
        said = tr(
            "Apple Mail's own files cannot be read. In Mail, choose “Mailbox”, then “Export Mailbox…”, and add "
            "the exported files."
        )
        box.setAccessibleDescription(f"{path.full_text()} {'' if place.readable else said}".strip())
        box.clicked.connect(self._settle)
        line = row(box, path, count, spacing=2 * GRID)
        line.setStretch(1, 1)
        entry = QWidget()
        inner = column(entry, spacing=2)
        inner.addLayout(line)
        if not place.readable:
            inner.addWidget(label(said, "quiet", wrap=True))
        (self._folders if place.sort == "folder" else self._mail).add(entry)
        self.boxes[place.path], self._places[place.path] = box, place
        if place.readable:
            count.setText(tr("counting…"))
            stop, roots = self._stop, place.roots
            self._background.run(
                lambda: count_files(roots, _MOST, stop),
                lambda counted: count.setText(_count(*counted)),
                lambda _: count.setText(""),
            )

    def _settle(self) -> None:
        """What is inside a chosen folder is included with it, and cannot be chosen separately."""
        ticked = {path for path, box in self.boxes.items() if box.isChecked() and self._places[path].roots == (path,)}
        for path, box in self.boxes.items():
            comes_with = bool(ticked & {*path.parents, *([] if self._places[path].roots == (path,) else [path])})
            if comes_with or (self._places[path].readable and not box.isEnabled()):
                box.setChecked(comes_with)
            box.setEnabled(self._places[path].readable and not comes_with)
        self.changed.emit()

    def _choose(self) -> None:
        name = QFileDialog.getExistingDirectory(self, tr("Choose a folder"), str(Path.home()))
        if name:
            self.add_folder(Path(name))


class _SourceGroup(QFrame):
    """Hidden as long as there is nothing in it."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setObjectName("card")
        self._inner = column(self, margin=2 * GRID, spacing=GRID)
        self._inner.addWidget(label(title, bold=True))
        self.hide()

    def add(self, entry: QWidget) -> None:
        self._inner.addWidget(entry)
        self.show()


def _usual() -> dict[str, Path]:
    """The person's own folders, in the order they are shown."""
    names = {
        "Documents": QStandardPaths.StandardLocation.DocumentsLocation,
        "Pictures": QStandardPaths.StandardLocation.PicturesLocation,
        "Desktop": QStandardPaths.StandardLocation.DesktopLocation,
        "Downloads": QStandardPaths.StandardLocation.DownloadLocation,
        "Music": QStandardPaths.StandardLocation.MusicLocation,
        "Videos": QStandardPaths.StandardLocation.MoviesLocation,
    }
    found = {name: QStandardPaths.writableLocation(where) for name, where in names.items()}
    return {name: Path(path) for name, path in found.items() if path}


def _title(place: SuggestedSource) -> str:
    name = safe(place.name)
    match place.sort:
        case "thunderbird":
            return tr("Thunderbird email ({profile})").format(profile=name)
        case "evolution":
            return tr("Evolution email")
        case "apple mail":
            return tr("Apple Mail")
        case "maildir":
            return tr("Mail folder “{name}”").format(name=name)
        case "exported mail":
            return tr("Saved email in “{name}”").format(name=name)
    usual = {
        "Documents": tr("Documents"), "Pictures": tr("Pictures"), "Desktop": tr("Desktop"),
        "Downloads": tr("Downloads"), "Music": tr("Music"), "Videos": tr("Videos"),
    }  # fmt: skip
    return usual.get(place.name, name)


def _count(count: int, complete: bool) -> str:
    if complete:
        return tr("%n file(s)", count) if count else tr("empty")
    return tr("more than %n file(s)", count)
