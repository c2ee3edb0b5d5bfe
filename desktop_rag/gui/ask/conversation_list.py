"""Past conversations, newest first: to search, rename, export and delete."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMarginsF, QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeySequence, QPageLayout, QPageSize, QPdfWriter, QShortcut, QTextDocument
from PySide6.QtWidgets import QFileDialog, QLineEdit, QListWidget, QListWidgetItem, QMenu, QWidget

from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.gui.widgets.basic import Notice, column, label, row, tool
from desktop_rag.gui.widgets.formatting import safe, tr
from desktop_rag.gui.widgets.theme import GRID, scaled
from desktop_rag.types import Conversation

if TYPE_CHECKING:
    from desktop_rag.errors import DesktopRagError

_KNOWN = 2_000
_REGRET_MS = 7_000
"""How long a deletion can be taken back."""
_ID = Qt.ItemDataRole.UserRole


class ConversationList(QWidget):
    """``chosen`` with the number of a conversation, or None for a new one; ``gone`` when the open one was deleted."""

    chosen = Signal(object)
    gone = Signal(int)

    def __init__(self, mediator: Mediator) -> None:
        super().__init__()
        self.setObjectName("side")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(180)
        self._mediator = mediator
        self._known: list[Conversation] = []
        self._current: int | None = None
        self._dying: dict[int, QTimer] = {}
        self._field = QLineEdit()
        self._field.setPlaceholderText(tr("Search conversations"))
        self._field.setAccessibleName(tr("Search conversations"))
        self._field.setClearButtonEnabled(True)
        self._field.textChanged.connect(lambda: self._show())
        self._list = QListWidget()
        self._list.setAccessibleName(tr("Conversations"))
        self._list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._list.setEditTriggers(QListWidget.EditTrigger.EditKeyPressed)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self._list.customContextMenuRequested.connect(self._open_menu)
        self._list.itemActivated.connect(self._choose)
        self._list.itemClicked.connect(self._choose)
        self._list.itemChanged.connect(self._renamed)
        self._empty = label(tr("Your questions are kept here, on this PC."), "quiet", wrap=True)
        self._notice = Notice()
        fresh = tool("plus", tr("New question"), lambda: self.chosen.emit(None), keys="Ctrl+N")
        inner = column(self, margin=GRID)
        inner.addLayout(row(label(tr("Conversations"), bold=True), None, fresh))
        inner.addWidget(self._field)
        inner.addWidget(self._empty)
        inner.addWidget(self._list, 1)
        inner.addWidget(self._notice)
        QShortcut(
            QKeySequence.StandardKey.Delete, self._list, self._delete_current, context=Qt.ShortcutContext.WidgetShortcut
        )
        mediator.bridge.connected.connect(self.refresh)

    def refresh(self) -> None:
        self._mediator.bridge.call(
            "look", lambda client, _: client.conversations(_KNOWN), self, self._on_known, self._failed,
            instead="conversations",
        )  # fmt: skip

    def set_current(self, conversation: int | None) -> None:
        self._current = conversation
        self._select()

    # --- inside ---

    def _on_known(self, known: Sequence[Conversation]) -> None:
        self._known = list(known)
        self._show()

    def _show(self) -> None:
        wanted = self._field.text().casefold()
        shown = [talk for talk in self._known if talk.id not in self._dying and wanted in talk.title.casefold()]
        self._empty.setVisible(not self._known)
        self._list.blockSignals(True)
        place = self._list.verticalScrollBar().value()
        self._list.clear()
        before = ""
        for talk in shown:
            heading = _day_of(talk.changed)
            if heading != before:
                before = heading
                line = QListWidgetItem(heading)
                line.setFlags(Qt.ItemFlag.NoItemFlags)
                line.setFont(scaled(self.font(), 0.9, bold=True))
                self._list.addItem(line)
            item = QListWidgetItem(safe(talk.title))
            item.setData(_ID, talk.id)
            item.setToolTip(safe(talk.title))
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            self._list.addItem(item)
        self._list.verticalScrollBar().setValue(place)
        self._list.blockSignals(False)
        self._select()

    def _select(self) -> None:
        self._list.blockSignals(True)
        self._list.setCurrentIndex(QModelIndex())
        for at in range(self._list.count()):
            if self._current is not None and self._list.item(at).data(_ID) == self._current:
                self._list.setCurrentRow(at)
        self._list.blockSignals(False)

    def _choose(self, item: QListWidgetItem) -> None:
        number = item.data(_ID)
        if number is not None and number != self._current:
            self._current = number
            self.chosen.emit(number)

    def _open_menu(self, at: QPoint) -> None:
        item = self._list.itemAt(at)
        if item is None or item.data(_ID) is None:
            return
        number = item.data(_ID)
        menu = QMenu(self)
        for text, do in (
            (tr("Rename"), lambda: self._list.editItem(item)),
            (tr("Save as Markdown…"), lambda: self._export(number, ".md")),
            (tr("Save as PDF…"), lambda: self._export(number, ".pdf")),
            (tr("Delete"), lambda: self._delete(number)),
        ):
            action = QAction(text, menu)
            action.triggered.connect(do)
            menu.addAction(action)
        menu.popup(self._list.viewport().mapToGlobal(at))

    def _renamed(self, item: QListWidgetItem) -> None:
        number, title = item.data(_ID), item.text().strip()
        if number is None or not title:
            self._show()
            return
        self._mediator.bridge.call(
            "look",
            lambda client, _: client.rename_conversation(number, title),
            self,
            lambda _: self.refresh(),
            self._failed,
        )

    def _delete_current(self) -> None:
        item = self._list.currentItem()
        if item is not None and item.data(_ID) is not None:
            self._delete(item.data(_ID))

    def _delete(self, number: int) -> None:
        """Hide it now, and delete it a little later, unless that is undone."""
        timer = QTimer(self, singleShot=True, interval=_REGRET_MS)
        timer.timeout.connect(lambda: self._delete_now(number))
        timer.start()
        self._dying[number] = timer
        self._show()
        if number == self._current:
            self._current = None
            self.gone.emit(number)
        self._notice.say(tr("Conversation deleted."), action=tr("Undo"), do=lambda: self._keep(number))

    def _keep(self, number: int) -> None:
        timer = self._dying.pop(number, None)
        if timer is not None:
            timer.stop()
        self._notice.hide()
        self._show()

    def _delete_now(self, number: int) -> None:
        def deleted(_: object) -> None:
            self._dying.pop(number, None)
            self.refresh()

        self._notice.hide()
        self._mediator.bridge.call(
            "look", lambda client, _: client.delete_conversation(number), self, deleted, self._failed
        )

    def _export(self, number: int, suffix: str) -> None:
        title = next((talk.title for talk in self._known if talk.id == number), "")
        name = "".join(char if char.isalnum() or char in " -_" else " " for char in title).strip()[:60] or tr(
            "Conversation"
        )
        dialog = QFileDialog(self, tr("Save the conversation"), str(Path.home() / f"{name}{suffix}"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(suffix[1:])
        dialog.fileSelected.connect(lambda path: self.export_to(number, Path(path)))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def export_to(self, number: int, file: Path) -> None:
        """Write a conversation to a file: Markdown, or PDF if its name ends so."""
        self._mediator.bridge.call(
            "look",
            lambda client, _: client.export_conversation(number),
            self,
            lambda text: self._write(text, file),
            self._failed,
        )

    def _write(self, text: str, file: Path) -> None:
        try:
            if file.suffix.lower() == ".pdf":
                write_pdf(text, file)
            else:
                file.write_text(text, encoding="utf-8")
        except OSError as error:
            self._notice.say(
                tr("{file} could not be saved: {reason}.").format(file=safe(str(file)), reason=error.strerror or error),
                "bad",
            )
            return
        self._mediator.message.emit(tr("Saved as {name}").format(name=safe(file.name)))

    def _failed(self, error: DesktopRagError) -> None:
        self._notice.say(str(error), "bad")


def write_pdf(markdown: str, file: Path) -> None:
    """Markdown as a PDF on A4. Raises ``OSError``."""
    with file.open("wb"):
        pass  # QPdfWriter does not say why it cannot write
    writer = QPdfWriter(str(file))
    writer.setPageLayout(
        QPageLayout(QPageSize(QPageSize.PageSizeId.A4), QPageLayout.Orientation.Portrait, QMarginsF(20, 20, 20, 20),
                    QPageLayout.Unit.Millimeter)
    )  # fmt: skip
    document = QTextDocument()
    document.setMarkdown(markdown, QTextDocument.MarkdownFeature.MarkdownNoHTML)
    document.print_(writer)


def _day_of(when: datetime) -> str:
    """The heading under which a conversation stands."""
    days = (datetime.now(UTC).astimezone().date() - when.astimezone().date()).days
    if days <= 0:
        return tr("Today")
    if days == 1:
        return tr("Yesterday")
    return tr("Last week") if days < 8 else tr("Last month") if days < 32 else tr("Older")
