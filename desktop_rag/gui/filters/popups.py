"""The popups below filter chips: a list of people, and two dates."""

from __future__ import annotations

from PySide6.QtCore import QDate, QEvent, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDateEdit, QFrame, QLineEdit, QListWidget, QListWidgetItem, QWidget

from desktop_rag.errors import DesktopRagError
from desktop_rag.gui.services.bridge import EngineBridge
from desktop_rag.gui.widgets.basic import button, column, label, row
from desktop_rag.gui.widgets.formatting import safe, tr
from desktop_rag.gui.widgets.theme import GRID
from desktop_rag.types import Person

_PAUSE_MS = 60
_SHOWN = 12


class _Popup(QFrame):
    """Closes on Esc or a click elsewhere."""

    def __init__(self, parent: QWidget, name: str) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("card")
        self.setAccessibleName(name)

    def open_at(self, place: QPoint) -> None:
        """Show it with its left upper corner there, as far as the screen has room."""
        self.adjustSize()
        screen = self.screen().availableGeometry()
        left = min(place.x(), screen.right() - self.width())
        top = min(place.y(), screen.bottom() - self.height())
        self.move(max(left, screen.left()), max(top, screen.top()))
        self.show()


class PeoplePopup(_Popup):
    """People who have sent mails or written documents, the most frequent first. ``chosen`` with a ``Person``: what was
    typed, if nobody known has that name."""

    chosen = Signal(object)

    def __init__(self, bridge: EngineBridge, parent: QWidget) -> None:
        super().__init__(parent, tr("People"))
        self._bridge = bridge
        self.field = QLineEdit()
        self.field.setPlaceholderText(tr("Name or address"))
        self.field.setAccessibleName(tr("Name or address"))
        self.field.installEventFilter(self)
        self.field.returnPressed.connect(self._take)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("People"))
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.itemClicked.connect(self._take_item)
        self.list.itemActivated.connect(self._take_item)
        self._empty = label(tr("Nobody with this name has sent or written anything."), "quiet", wrap=True)
        self._empty.hide()
        inner = column(self, margin=GRID)
        for part in (self.field, self._empty, self.list):
            inner.addWidget(part)
        self.setFixedWidth(self.fontMetrics().averageCharWidth() * 60)
        self._soon = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._soon.timeout.connect(self._ask)
        self.field.textChanged.connect(self._soon.start)
        self.field.setFocus()
        self._ask()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
            if step is not None and self.list.count():
                self.list.setCurrentRow((self.list.currentRow() + step) % self.list.count())
                return True
        return super().eventFilter(watched, event)

    def _ask(self) -> None:
        name = self.field.text().strip()
        self._bridge.call(
            "look", lambda client, _: client.people(name, _SHOWN), self, self._show, self._fail, instead="people"
        )

    def _show(self, people: tuple[Person, ...]) -> None:
        self.list.clear()
        for person in people:
            address = person.address if person.name else ""
            item = QListWidgetItem(safe(f"{person}   {address}" if address else str(person)))
            item.setData(Qt.ItemDataRole.UserRole, person)
            self.list.addItem(item)
        self.list.setVisible(bool(people))
        self._empty.setVisible(not people)

    def _fail(self, error: DesktopRagError) -> None:
        self._empty.setText(str(error))
        self._empty.show()

    def _take(self) -> None:
        item, typed = self.list.currentItem(), self.field.text().strip()
        if item is not None:
            self._take_item(item)
        elif typed:
            self.chosen.emit(Person(typed))
            self.close()

    def _take_item(self, item: QListWidgetItem) -> None:
        self.chosen.emit(item.data(Qt.ItemDataRole.UserRole))
        self.close()


class DatesPopup(_Popup):
    """``chosen`` are the first and the last day (``QDate``), whichever was given first."""

    chosen = Signal(object, object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, tr("Choose dates"))
        today = QDate.currentDate()
        self.first = _day_field(tr("First day"), today.addMonths(-1))
        self.last = _day_field(tr("Last day"), today)
        inner = column(self, margin=2 * GRID)
        for name, field in ((tr("From"), self.first), (tr("To"), self.last)):
            inner.addLayout(row(label(name, "quiet"), None, field))
        self.done = button(tr("Apply"), self._take, kind="next")
        inner.addLayout(row(None, self.done))
        self.first.setFocus()

    def _take(self) -> None:
        first, last = sorted((self.first.date(), self.last.date()), key=QDate.toJulianDay)
        self.chosen.emit(first, last)
        self.close()


def _day_field(name: str, day: QDate) -> QDateEdit:
    made = QDateEdit(day)
    made.setCalendarPopup(True)
    made.setAccessibleName(name)
    return made
