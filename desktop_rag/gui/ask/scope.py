"""What a question is asked of: all files, or those of a folder, a kind, a time or a person. A chip for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QCompleter, QFileDialog, QLineEdit, QMenu, QPushButton, QWidget, QWidgetAction

from desktop_rag.gui.desk import Desk
from desktop_rag.gui.theme import GRID
from desktop_rag.gui.widgets import row
from desktop_rag.gui.words import safe, tr

if TYPE_CHECKING:
    from desktop_rag.retrieval.filters import Filters
    from desktop_rag.types import Person

_KINDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Mail", ("mail",)),
    ("Notes and documents", ("note", "text", "document", "slides", "book")),
    ("Tables", ("spreadsheet", "data")),
    ("Pictures", ("image",)),
    ("Sound and video", ("audio", "video")),
    ("Appointments and contacts", ("event", "contact")),
    ("Web pages and code", ("web", "code")),
)
_TIMES = (("Last week", 7), ("Last month", 31), ("Last three months", 92), ("Last year", 366))
_PEOPLE = 12


class Scope(QWidget):
    """The chips; ``changed`` when one was set. ``filters()`` is what they come to."""

    changed = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._folder = ""
        self._kinds: tuple[str, ...] = ()
        self._days = 0
        self._person = ""
        self._folder_chip = _Chip(tr("All folders"), tr("Folder to ask about"), self._fill_folders)
        self._kind_chip = _Chip(tr("Any kind"), tr("Kind of file to ask about"), self._fill_kinds)
        self._time_chip = _Chip(tr("Any time"), tr("Time to ask about"), self._fill_times)
        self._person_chip = _Chip(tr("Anyone"), tr("Person to ask about"), self._fill_people)
        self.setLayout(row(self._folder_chip, self._kind_chip, self._time_chip, self._person_chip, spacing=GRID // 2))

    def filters(self) -> Filters:
        from desktop_rag.retrieval.filters import Filters

        after = datetime.now(UTC) - timedelta(days=self._days) if self._days else None
        return Filters(
            types=self._kinds,
            folders=(self._folder,) if self._folder else (),
            senders=(self._person,) if self._person else (),
            after=after,
        )

    # --- the menus ---

    def _fill_folders(self, menu: QMenu) -> None:
        _choice(menu, tr("All folders"), not self._folder, lambda: self._set_folder(""))
        status = self._desk.bridge.status
        for root in status.roots if status is not None else ():
            _choice(menu, safe(Path(root).name or root), root == self._folder, partial(self._set_folder, root))
        menu.addSeparator()
        _plain(menu, tr("Another folder…"), self._choose_folder)

    def _choose_folder(self) -> None:
        dialog = QFileDialog(self, tr("Ask about a folder"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self._set_folder)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _set_folder(self, folder: str) -> None:
        self._folder = folder
        self._folder_chip.show_value(safe(Path(folder).name) if folder else "")
        self.changed.emit()

    def _fill_kinds(self, menu: QMenu) -> None:
        _choice(menu, tr("Any kind"), not self._kinds, lambda: self._set_kinds("", ()))
        for name, kinds in _KINDS:
            _choice(menu, tr(name), kinds == self._kinds, partial(self._set_kinds, tr(name), kinds))

    def _set_kinds(self, name: str, kinds: tuple[str, ...]) -> None:
        self._kinds = kinds
        self._kind_chip.show_value(name)
        self.changed.emit()

    def _fill_times(self, menu: QMenu) -> None:
        _choice(menu, tr("Any time"), not self._days, lambda: self._set_days("", 0))
        for name, days in _TIMES:
            _choice(menu, tr(name), days == self._days, partial(self._set_days, tr(name), days))

    def _set_days(self, name: str, days: int) -> None:
        self._days = days
        self._time_chip.show_value(name)
        self.changed.emit()

    def _fill_people(self, menu: QMenu) -> None:
        """Those who wrote most, and a field for others."""
        _choice(menu, tr("Anyone"), not self._person, lambda: self._set_person(""))
        field = QLineEdit(self._person)
        field.setPlaceholderText(tr("Name or address"))
        field.setAccessibleName(tr("Name or address"))
        field.returnPressed.connect(lambda: self._set_person(field.text().strip()))
        field.returnPressed.connect(menu.close)
        holder = QWidgetAction(menu)
        holder.setDefaultWidget(field)
        menu.addAction(holder)

        def show(people: Sequence[Person]) -> None:
            names = [safe(str(person)) for person in people if str(person)]
            for name in names[:_PEOPLE]:
                _choice(menu, name, name == self._person, partial(self._set_person, name))
            completer = QCompleter(names, field)
            completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
            completer.setFilterMode(Qt.MatchFlag.MatchContains)
            field.setCompleter(completer)

        self._desk.bridge.call("look", lambda client, _: client.people("", 200), menu, show, instead="people")

    def _set_person(self, person: str) -> None:
        self._person = person
        self._person_chip.show_value(person)
        self.changed.emit()


class _Chip(QPushButton):
    """Says what is set; a press opens the choice. A new menu each time: what there is to choose from changes."""

    def __init__(self, nothing: str, name: str, fill: Callable[[QMenu], None]) -> None:
        super().__init__()
        self._nothing = nothing
        self._name = name
        self._fill = fill
        self.setProperty("kind", "chip")
        self.setCheckable(True)
        self.clicked.connect(self._open)
        self.show_value("")

    def show_value(self, value: str) -> None:
        self._set = bool(value)
        shown = value if len(value) <= 24 else f"{value[:23]}…"
        self.setText((shown or self._nothing).replace("&", "&&"))
        self.setChecked(self._set)
        self.setAccessibleName(f"{self._name}: {value or self._nothing}")
        self.setToolTip(self._name)

    def _open(self) -> None:
        self.setChecked(self._set)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._fill(menu)
        menu.popup(self.mapToGlobal(self.rect().bottomLeft()))


def _choice(menu: QMenu, text: str, chosen: bool, do: Callable[[], Any]) -> None:
    group = menu.findChild(QActionGroup) or QActionGroup(menu)
    action = QAction(text.replace("&", "&&"), menu)
    action.setCheckable(True)
    action.setChecked(chosen)
    action.triggered.connect(lambda: do())
    group.addAction(action)
    menu.addAction(action)


def _plain(menu: QMenu, text: str, do: Callable[[], Any]) -> None:
    action = QAction(text, menu)
    action.triggered.connect(lambda: do())
    menu.addAction(action)
