"""The tabs above the results, with the number of results of each kind."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QTabBar

from desktop_rag.gui.search.query import TABS, ResultTab, tab_title
from desktop_rag.gui.widgets.formatting import escape_mnemonics, tr

_WIDEST = 888


class KindTabs(QTabBar):
    """``chosen`` with the ``ResultTab``. Each keeps room for its number, so that none moves."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("Kinds of results"))
        self.setExpanding(False)
        self.setDrawBase(False)
        self.setUsesScrollButtons(True)
        for tab in TABS:
            self.addTab(escape_mnemonics(tab_title(tab)))
        self.currentChanged.connect(lambda at: self.chosen.emit(TABS[at]))

    def tab(self) -> ResultTab:
        return TABS[self.currentIndex()]

    def choose(self, tab: ResultTab) -> None:
        self.setCurrentIndex(TABS.index(tab))

    def set_count(self, tab: ResultTab, count: int) -> None:
        at = TABS.index(tab)
        self.setTabText(at, escape_mnemonics(f"{tab_title(tab)} {count}" if count else tab_title(tab)))
        self.setAccessibleTabName(at, f"{tab_title(tab)}, {tr('%n result(s)', count)}")

    def tabSizeHint(self, index: int) -> QSize:
        size = super().tabSizeHint(index)
        shown, widest = (
            self._width(self.tabText(index)),
            self._width(escape_mnemonics(f"{tab_title(TABS[index])} {_WIDEST}")),
        )
        return QSize(size.width() + widest - shown, size.height())

    def _width(self, text: str) -> int:
        return self.fontMetrics().size(Qt.TextFlag.TextShowMnemonic.value, text).width()
