"""The filters under a question or a search: kind, folder, people and dates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from PySide6.QtCore import QDate, Signal
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from desktop_rag.engine.questions import Filters
from desktop_rag.gui.filters.popups import DatesPopup, PeoplePopup
from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.gui.widgets.basic import row
from desktop_rag.gui.widgets.chips import FilterChip
from desktop_rag.gui.widgets.formatting import escape_mnemonics, format_date, safe, short_path, tr
from desktop_rag.gui.widgets.icons import icon
from desktop_rag.gui.widgets.theme import GRID
from desktop_rag.types import Person

_DAYS = {"week": 7, "month": 30, "year": 365}


class FilterRow(QWidget):
    """``changed`` when another filter is set, or one is removed."""

    changed = Signal()

    def __init__(self, mediator: Mediator) -> None:
        super().__init__()
        self._mediator = mediator
        self._kinds: dict[str, tuple[str, ...]] = {}
        self._folder: Path | None = None
        self._person: Person | None = None
        self._after: datetime | None = None
        self._before: datetime | None = None
        self.kind = FilterChip(tr("Kind"), tr("Any kind"))
        self.folder = FilterChip(tr("Folder"), tr("All folders"))
        self.people = FilterChip(tr("From"), tr("Anyone"))
        self.dates = FilterChip(tr("Date"), tr("Any time"))
        for chip, offer, clear in (
            (self.kind, self._offer_kinds, self.clear_kinds),
            (self.folder, self._offer_folders, lambda: self.set_folder(None)),
            (self.people, self._offer_people, lambda: self.set_person(None)),
            (self.dates, self._offer_dates, lambda: self.set_dates(None, None)),
        ):
            chip.pressed.connect(offer)
            chip.cleared.connect(clear)
        line = row(self.kind, self.folder, self.people, self.dates, spacing=GRID)
        self.setLayout(line)

    def filters(self) -> Filters:
        """What is set."""
        types = tuple(dict.fromkeys(type_ for types in self._kinds.values() for type_ in types))
        person = self._person
        return Filters(
            types=types,
            folders=(str(self._folder),) if self._folder is not None else (),
            senders=(person.address or person.name,) if person is not None else (),
            after=self._after,
            before=self._before,
        )

    def clear(self) -> None:
        """Remove them all."""
        if self.filters() != Filters():
            self._kinds, self._folder, self._person, self._after, self._before = {}, None, None, None, None
            for chip in (self.kind, self.folder, self.people, self.dates):
                chip.set_value("")
            self.changed.emit()

    def set_kind(self, name: str, types: tuple[str, ...], on: bool) -> None:
        if on:
            self._kinds[name] = types
        else:
            self._kinds.pop(name, None)
        names = list(self._kinds)
        said = ", ".join(names[:2]) + (f" +{len(names) - 2}" if len(names) > 2 else "")
        self.kind.set_value(said, ", ".join(names))
        self.changed.emit()

    def clear_kinds(self) -> None:
        self._kinds = {}
        self.kind.set_value("")
        self.kind.focus()
        self.changed.emit()

    def set_folder(self, folder: Path | None) -> None:
        self._folder = folder
        self.folder.set_value("" if folder is None else folder.name or str(folder), str(folder or ""))
        self.folder.focus()
        self.changed.emit()

    def set_person(self, person: Person | None) -> None:
        self._person = person
        self.people.set_value("" if person is None else tr("from {name}").format(name=person), _in_full(person))
        self.people.focus()
        self.changed.emit()

    def set_dates(self, after: datetime | None, before: datetime | None, said: str = "") -> None:
        """``after <= date < before``; ``said`` is what the chip says of it."""
        self._after, self._before = after, before
        if not said and after is not None and before is not None:
            said = f"{format_date(after)} - {format_date(before - timedelta(days=1))}"
        self.dates.set_value(said)
        self.dates.focus()
        self.changed.emit()

    # --- what each chip offers ---

    def _offer_kinds(self) -> None:
        menu = QMenu(self)
        for name, types in _kinds():
            action = menu.addAction(name)
            action.setCheckable(True)
            action.setChecked(name in self._kinds)
            action.toggled.connect(lambda on, name=name, types=types: self.set_kind(name, types, on))
        self.kind.offer(menu)

    def _offer_folders(self) -> None:
        menu = QMenu(self)
        menu.addAction(tr("All folders")).triggered.connect(lambda: self.set_folder(None))
        status = self._mediator.bridge.status
        for root in status.roots if status is not None else ():
            action = menu.addAction(icon("folder"), escape_mnemonics(short_path(root)))
            action.triggered.connect(lambda _checked=False, root=root: self.set_folder(Path(root)))
        menu.addSeparator()
        menu.addAction(tr("Choose…")).triggered.connect(self._choose_folder)
        self.folder.offer(menu)

    def _choose_folder(self) -> None:
        status = self._mediator.bridge.status
        begin = str(self._folder or (status.roots[0] if status is not None and status.roots else Path.home()))
        chosen = QFileDialog.getExistingDirectory(self, tr("Only this folder"), begin)
        if chosen:
            self.set_folder(Path(chosen))

    def _offer_people(self) -> None:
        popup = PeoplePopup(self._mediator.bridge, self)
        popup.chosen.connect(self.set_person)
        popup.open_at(self.people.below())

    def _offer_dates(self) -> None:
        menu = QMenu(self)
        menu.addAction(tr("Any time")).triggered.connect(lambda: self.set_dates(None, None))
        for name, said in (
            ("week", tr("Last week")), ("month", tr("Last month")), ("year", tr("Last year")),
        ):  # fmt: skip
            action = menu.addAction(said)
            action.triggered.connect(lambda _checked=False, name=name, said=said: self._set_last(_DAYS[name], said))
        menu.addSeparator()
        menu.addAction(tr("Between…")).triggered.connect(self._offer_between)
        self.dates.offer(menu)

    def _set_last(self, days: int, said: str) -> None:
        self.set_dates(_midnight(QDate.currentDate().addDays(-days)), None, said)

    def _offer_between(self) -> None:
        popup = DatesPopup(self)
        popup.chosen.connect(lambda first, last: self.set_dates(_midnight(first), _midnight(last.addDays(1))))
        popup.open_at(self.dates.below())


def _midnight(day: QDate) -> datetime:
    """The first moment of a day where the person is."""
    return datetime.fromtimestamp(day.startOfDay().toSecsSinceEpoch(), UTC).astimezone()


def _in_full(person: Person | None) -> str:
    return "" if person is None else safe(" ".join(filter(None, (person.name, person.address))))


def _kinds() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What a person calls each kind of file, and what the engine calls it."""
    return (
        (tr("Mail"), ("mail",)),
        (tr("PDF"), (".pdf",)),
        (tr("Documents"), ("document",)),
        (tr("Notes and text files"), ("note", "text")),
        (tr("Tables"), ("spreadsheet", "data")),
        (tr("Slides"), ("slides",)),
        (tr("Pictures"), ("image",)),
        (tr("Audio"), ("audio",)),
        (tr("Video"), ("video",)),
        (tr("Web pages"), ("web",)),
        (tr("Code"), ("code",)),
        (tr("Books"), ("book",)),
        (tr("Events"), ("event",)),
        (tr("Contacts"), ("contact",)),
    )
