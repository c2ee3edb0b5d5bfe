"""The tabs above the results, with how many there are of each kind."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QTabBar

from desktop_rag.gui.search.query import TABS, Tab, title
from desktop_rag.gui.words import tr, unmarked

_WIDEST = 888


class KindTabs(QTabBar):
    """``chosen`` with the ``Tab``. Each has room for its number from the start, so that none moves when it changes."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("Kinds of results"))
        self.setExpanding(False)
        self.setDrawBase(False)
        self.setUsesScrollButtons(True)
        for tab in TABS:
            self.addTab(unmarked(title(tab)))
        self.currentChanged.connect(lambda at: self.chosen.emit(TABS[at]))

    def tab(self) -> Tab:
        return TABS[self.currentIndex()]

    def choose(self, tab: Tab) -> None:
        self.setCurrentIndex(TABS.index(tab))

    def set_count(self, tab: Tab, count: int) -> None:
        at = TABS.index(tab)
        self.setTabText(at, unmarked(f"{title(tab)} {count}" if count else title(tab)))
        self.setAccessibleTabName(at, f"{title(tab)}, {tr('%n result(s)', count)}")

    def tabSizeHint(self, index: int) -> QSize:
        size = super().tabSizeHint(index)
        shown, widest = self._width(self.tabText(index)), self._width(unmarked(f"{title(TABS[index])} {_WIDEST}"))
        return QSize(size.width() + widest - shown, size.height())

    def _width(self, text: str) -> int:
        return self.fontMetrics().size(Qt.TextFlag.TextShowMnemonic.value, text).width()
