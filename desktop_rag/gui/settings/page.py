"""The Settings page: a list of sections, and the selected one."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtWidgets import QFrame, QListWidget, QListWidgetItem, QScrollArea, QStackedWidget, QWidget

from desktop_rag.errors import DesktopRagError
from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.gui.settings import setting_specs
from desktop_rag.gui.settings.about_section import AboutSection
from desktop_rag.gui.settings.appearance_section import AppearanceSection
from desktop_rag.gui.settings.fields import SettingField, add_group
from desktop_rag.gui.settings.folders_section import FoldersSection
from desktop_rag.gui.settings.privacy_section import PrivacySection
from desktop_rag.gui.settings.settings_store import SettingsStore
from desktop_rag.gui.widgets.basic import Notice, column, label, row
from desktop_rag.gui.widgets.formatting import tr
from desktop_rag.gui.widgets.icons import icon
from desktop_rag.gui.widgets.theme import GRID, text_width

_LIST_WIDTH = 24 * GRID


class SettingsPage(QWidget):
    """Each change is saved at once and takes effect a moment later. A section is made when it is first shown."""

    def __init__(self, mediator: Mediator) -> None:
        super().__init__()
        self.mediator = mediator
        self.store = SettingsStore(mediator, self)
        self.fields: dict[str, SettingField] = {}
        self.sections: dict[str, QWidget] = {}
        self._makers: dict[str, tuple[str, str, Callable[[], QWidget]]] = {
            "folders": (tr("Folders & rules"), "folder", self._make_folders),
            "reading": (tr("Reading"), "book", lambda: self._make_groups(*setting_specs.reading())),
            "appearance": (tr("Appearance"), "grid", lambda: AppearanceSection(mediator)),
            "answers": (tr("Answers"), "ask", lambda: self._make_groups(setting_specs.answers())),
            "privacy": (tr("Privacy"), "privacy", lambda: PrivacySection(mediator)),
            "about": (tr("About"), "info", AboutSection),
        }
        self.notice = Notice()
        self.list = QListWidget()
        self.list.setObjectName("sections")
        self.list.setAccessibleName(tr("Settings sections"))
        self.list.setIconSize(QSize(18, 18))
        for name, (title, drawing, _) in self._makers.items():
            item = QListWidgetItem(icon(drawing), title)
            item.setData(Qt.ItemDataRole.UserRole, name)
            item.setSizeHint(QSize(0, self.fontMetrics().height() + 2 * GRID))
            self.list.addItem(item)
        self._stack = QStackedWidget()
        self._lay_out()
        self.setFocusProxy(self.list)
        self.store.changed.connect(lambda _: self.notice.hide())
        self.store.failed.connect(self._on_failure)
        self.list.currentItemChanged.connect(lambda item, _: self.show_section(item.data(Qt.ItemDataRole.UserRole)))
        self.list.setCurrentRow(0)
        self.store.load()

    def show_section(self, name: str) -> None:
        """ "folders", "reading", "appearance", "answers", "privacy" or "about"."""
        if name not in self.sections:
            title, _, make = self._makers[name]
            self.sections[name] = self._framed(title, make())
            self._stack.addWidget(self.sections[name])
            if self.store.config is not None:
                self.store.changed.emit(self.store.config)
        self._stack.setCurrentWidget(self.sections[name])
        self.list.setCurrentRow(list(self._makers).index(name))

    # --- inside ---

    def _lay_out(self) -> None:
        side = QWidget()
        side.setObjectName("side")
        side.setFixedWidth(_LIST_WIDTH)
        beside = column(side, margin=GRID)
        title = label(tr("Settings"), factor=1.25, bold=True)
        title.setContentsMargins(GRID, GRID, 0, GRID)
        beside.addWidget(title)
        beside.addWidget(self.list)
        right = QWidget()
        across = column(right, spacing=0)
        across.addWidget(self.notice)
        across.addWidget(self._stack, 1)
        both = row(side, right, spacing=0)
        both.setStretch(1, 1)
        self.setLayout(both)

    def _framed(self, title: str, section: QWidget) -> QWidget:
        """A section under its title, in a column that is easily read, and that can be scrolled."""
        content = _Content(text_width(self) + 20 * GRID)
        content.setObjectName("content")
        inner = column(content, margin=3 * GRID, spacing=0)
        inner.addWidget(label(title, factor=1.4, bold=True))
        inner.addSpacing(GRID)
        inner.addWidget(section, 1)
        area = QScrollArea()
        area.setWidget(content)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return area

    def _make_folders(self) -> QWidget:
        made = FoldersSection(self.mediator, self.store)
        self.fields.update(made.fields)
        return made

    def _make_groups(self, *groups: setting_specs.SettingGroup) -> QWidget:
        made = QWidget()
        inner = column(made, spacing=0)
        for group in groups:
            self.fields.update(add_group(inner, group, self.store))
        inner.addStretch()
        return made

    def _on_failure(self, error: DesktopRagError) -> None:
        self.notice.say(str(error), "bad", tr("Try again"), self.store.load)


class _Content(QWidget):
    """Lines of a width that is easily read; as high as they are then, which the area around it does not ask for."""

    def __init__(self, widest: int) -> None:
        super().__init__()
        self._widest = widest

    def event(self, event: QEvent) -> bool:
        handled = super().event(event)
        layout = self.layout()
        if layout is not None and event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize):
            margins = layout.contentsMargins()
            margins.setRight(max(margins.left(), self.width() - margins.left() - self._widest))
            layout.setContentsMargins(margins)
            self.setMinimumHeight(layout.totalHeightForWidth(self.width()))
        return handled
