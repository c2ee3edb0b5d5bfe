"""The tray icon: reading status, a quick question, and notifications."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QAction, QCursor, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QSystemTrayIcon, QWidget

from desktop_rag.engine.results import Status
from desktop_rag.errors import DesktopRagError
from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.gui.services.preferences import CLOSE_TO_TRAY
from desktop_rag.gui.shell.single_instance import bring_to_front
from desktop_rag.gui.shell.status_line import describe_engine, describe_files
from desktop_rag.gui.widgets.basic import column, label
from desktop_rag.gui.widgets.formatting import tr
from desktop_rag.gui.widgets.icons import icon
from desktop_rag.gui.widgets.theme import GRID, scaled


class TrayIcon(QObject):
    """Shown where the system has a tray. Without one, only the task bar entry asks for attention."""

    def __init__(self, mediator: Mediator, window: QWidget) -> None:
        super().__init__(window)
        self._mediator = mediator
        self._window = window
        self._paused = False
        self.question = QuickQuestion(mediator, window)
        self.icon: QSystemTrayIcon | None = None
        self.menu = QMenu(window)
        self._pause = QAction(tr("Pause reading"), self.menu)
        self._fill_menu()
        if QSystemTrayIcon.isSystemTrayAvailable():
            self.icon = QSystemTrayIcon(icon("program", "accent"), self)
            self.icon.setContextMenu(self.menu)
            self.icon.activated.connect(self._on_pressed)
            self.icon.messageClicked.connect(self._open)
            self.icon.show()
        mediator.notify.connect(self._notify)
        mediator.bridge.status_changed.connect(self.show_status)
        self.show_status(mediator.bridge.status)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Closing the window ends the program, unless it is to stay in the tray."""
        if event.type() == QEvent.Type.Close and watched is self._window:
            QApplication.setQuitOnLastWindowClosed(not self._stays())
        return False

    def show_status(self, status: Status | None) -> None:
        self._paused = bool(status and status.engine and status.engine.activity == "paused")
        self._pause.setText(tr("Resume reading") if self._paused else tr("Pause reading"))
        self._pause.setEnabled(status is not None)
        if self.icon is not None:
            said = () if status is None else (describe_files(status), describe_engine(status))
            self.icon.setToolTip("\n".join(filter(None, ("Desktop RAG", *said))))

    # --- inside ---

    def _stays(self) -> bool:
        wanted = bool(self._mediator.settings.value(CLOSE_TO_TRAY, False, type=bool))
        return wanted and self.icon is not None and self.icon.isVisible()

    def _fill_menu(self) -> None:
        self.menu.addAction(tr("Ask…"), self.question.show_up)
        self._pause.triggered.connect(self._pause_or_resume)
        self.menu.addAction(self._pause)
        self.menu.addSeparator()
        self.menu.addAction(tr("Open the window"), self._open)
        self.menu.addAction(tr("Quit"), QApplication.quit)

    def _on_pressed(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason == QSystemTrayIcon.ActivationReason.Trigger:
            self._open()

    def _open(self) -> None:
        bring_to_front(self._window)

    def _pause_or_resume(self) -> None:
        resume = self._paused
        self._mediator.bridge.call(
            "status",
            lambda client, _: client.resume() if resume else client.pause(),
            self,
            lambda _: self._mediator.bridge.refresh(),
            self._on_failure,
        )

    def _on_failure(self, error: DesktopRagError) -> None:
        self._mediator.message.emit(error.message)

    def _notify(self, title: str, sentence: str) -> None:
        if self._window.isActiveWindow():
            return
        QApplication.alert(self._window)
        if self.icon is not None:
            self.icon.showMessage(_plain(title), _plain(sentence), self.icon.icon())


class QuickQuestion(QWidget):
    """A question field on top of all windows; the answer is shown in the main window."""

    def __init__(self, mediator: Mediator, window: QWidget) -> None:
        super().__init__(
            window,
            Qt.WindowType.Window | Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowStaysOnTopHint,
        )
        self.setObjectName("quickQuestion")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose, False)
        self.setWindowTitle(tr("Ask about your files"))
        self._mediator = mediator
        self._window = window
        self.field = QLineEdit()
        self.field.setPlaceholderText(tr("Ask about your files…"))
        self.field.setAccessibleName(tr("Question"))
        self.field.setFont(scaled(self.field.font(), 1.4))
        self.field.returnPressed.connect(self._ask)
        inner = column(self, margin=2 * GRID)
        inner.addWidget(self.field)
        inner.addWidget(label(tr("Press Enter to ask, Esc to close."), "quiet"))
        self.setMinimumWidth(72 * GRID)

    def show_up(self) -> None:
        """In the upper third of the screen that the person points at."""
        screen = QGuiApplication.screenAt(QCursor.pos()) or QGuiApplication.primaryScreen()
        place = screen.availableGeometry()
        self.adjustSize()
        self.move(place.topLeft() + QPoint((place.width() - self.width()) // 2, place.height() // 4))
        self.field.selectAll()
        bring_to_front(self)
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.WindowDeactivate:
            self.hide()
        return super().event(event)

    def _ask(self) -> None:
        question = self.field.text().strip()
        if not question:
            return
        self.hide()
        self.field.clear()
        bring_to_front(self._window)
        self._mediator.ask_wanted.emit(question, None)


def _plain(text: str) -> str:
    """Some systems take what looks like HTML in a message for HTML; names of files may look so."""
    return text.replace("<", "\u2039").replace(">", "\u203a")
