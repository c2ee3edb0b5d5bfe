"""The Search page."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage, QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from desktop_rag.engine.results import Status
from desktop_rag.errors import DesktopRagError, ModelError
from desktop_rag.gui.filters.filter_row import FilterRow
from desktop_rag.gui.filters.sample_chip import SampleChip
from desktop_rag.gui.search.actions import HitActions
from desktop_rag.gui.search.controller import SearchController, SearchUpdate
from desktop_rag.gui.search.empty_states import NothingFound, could_not_search, no_library, welcome
from desktop_rag.gui.search.keyboard import KeyboardNavigator
from desktop_rag.gui.search.preview_cache import PreviewCache
from desktop_rag.gui.search.query import ALL, PICTURES, TABS, ResultTab, SearchQuery
from desktop_rag.gui.search.result_model import ResultModel, ResultPool, key_of
from desktop_rag.gui.search.result_view import PictureGrid, ResultView
from desktop_rag.gui.search.search_field import SearchField
from desktop_rag.gui.search.tabs import KindTabs
from desktop_rag.gui.services.dropped import dropped_paths
from desktop_rag.gui.services.images import PastedImages
from desktop_rag.gui.services.mediator import Mediator, QuerySample
from desktop_rag.gui.widgets.basic import Notice, button, label, row
from desktop_rag.gui.widgets.chips import UnderstoodChips
from desktop_rag.gui.widgets.formatting import safe, tr
from desktop_rag.gui.widgets.theme import GRID
from desktop_rag.types import Hit

_FEW = 20
"""With fewer results, a tab looks for more of its own kind."""


class SearchPage(QWidget):
    """Shows results as the person types, in a list or grid; ``begin`` starts a search from elsewhere."""

    def __init__(self, mediator: Mediator) -> None:
        super().__init__()
        self._mediator = mediator
        self.field = SearchField()
        self.filters = FilterRow(mediator)
        self.sample = SampleChip(mediator.bridge, tr("Search without this file"))
        self.tabs = KindTabs()
        self.notice = Notice()
        self.model = ResultModel(self)
        self.controller = SearchController(mediator.bridge, self)
        previews = PreviewCache(mediator.bridge, self)
        self.list = ResultView(self.model, previews, tr("Results"))
        self.pictures = PictureGrid(self.model, previews, tr("Picture results"))
        self.pictures.setSelectionModel(self.list.selectionModel())
        self.welcome = welcome(self._type)
        self.no_library = no_library(mediator)
        self.nothing = NothingFound(mediator, self.filters.clear, lambda: self.tabs.choose(ALL))
        self.failure = could_not_search()
        self.ask = button(tr("Ask about this"), self._ask, drawing="ask")
        self._pile = ResultPool()
        self._shown_for = SearchQuery()
        self._actions = HitActions(mediator, self)
        self._walker = KeyboardNavigator(mediator, self.field, (self.list, self.pictures), self._view, self._actions)
        self._pasted = PastedImages(mediator.bridge, self)
        self.setAcceptDrops(True)
        self.setFocusProxy(self.field)
        self._lay_out()
        self._listen()
        self._show_place()

    def begin(self, text: str, sample: QuerySample | None) -> None:
        """Ready to be typed into; with ``text`` or a ``sample``, search for that at once."""
        if text or sample is not None:
            self.field.setText(text)
            self._set_sample(sample)
            self._look(at_once=True)
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    # --- how it is made ---

    def _lay_out(self) -> None:
        self._remarks = UnderstoodChips()
        self._doing = label("", "quiet")
        self._doing.setMinimumWidth(self.fontMetrics().averageCharWidth() * 12)
        self._stack = QStackedWidget()
        for part in (self.welcome, self.no_library, self.nothing, self.failure, self.list, self.pictures):
            self._stack.addWidget(part)
        head = QVBoxLayout()
        head.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 0)
        head.setSpacing(GRID)
        first = row(self.field, self.ask)
        first.setStretch(0, 1)
        narrowed = row(self.filters, self._remarks)
        narrowed.setStretch(1, 1)
        head.addLayout(first)
        head.addWidget(self.sample)
        head.addLayout(narrowed)
        kinds = row(self.tabs, self._doing)
        kinds.setStretch(0, 1)
        head.addLayout(kinds)
        down = QVBoxLayout(self)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(GRID // 2)
        down.addLayout(head)
        down.addWidget(self.notice)
        below = row(self._stack)
        below.setContentsMargins(GRID, 0, 0, 0)
        down.addLayout(below, 1)
        for before, after in ((self.field, self.ask), (self.ask, self.filters), (self.filters, self.tabs)):
            QWidget.setTabOrder(before, after)

    def _listen(self) -> None:
        self.field.textChanged.connect(lambda _: self._look())
        self.filters.changed.connect(self._look)
        self.sample.removed.connect(self._without_sample)
        self.tabs.chosen.connect(self._show_tab)
        self.field.escaped.connect(self._escape)
        self.field.pasted.connect(self._paste)
        self._pasted.saved.connect(self._search_like)
        self._pasted.failed.connect(lambda why: self.notice.say(why, "bad"))
        self.controller.found.connect(self._on_found)
        self.controller.failed.connect(self._on_failure)
        self.controller.waiting.connect(self._on_waiting)
        self._actions.failed.connect(self._on_failure)
        for view in (self.list, self.pictures):
            view.copied.connect(self._actions.copy_path)
            view.menu_wanted.connect(self._offer)
            view.near_end.connect(lambda: self.controller.more(self.tabs.tab()))
        self._mediator.bridge.status_changed.connect(self._on_status)
        shortcut = QShortcut(QKeySequence("Ctrl+F"), self, self._walker.go_up)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)

    # --- what is looked for ---

    def _look(self, *, at_once: bool = False) -> None:
        query = SearchQuery(self.field.text().strip(), self.filters.filters(), self.sample.sample)
        if query == self.controller.query:
            return
        self._walker.wait_for_results(not query.is_empty)
        self.ask.setEnabled(not query.is_empty)
        self.controller.look_for(query, at_once=at_once)
        if query.is_empty:
            self._pile.clear()
            self._doing.setText("")
            self.notice.hide()
            self._show_understood(())
            self._show_results(())

    def _type(self, text: str) -> None:
        self.field.setText(text)
        self.field.setFocus()

    def _ask(self) -> None:
        query = self.controller.query
        self._mediator.ask_wanted.emit(query.in_words(), query.sample)

    def _search_like(self, sample: QuerySample) -> None:
        self._set_sample(sample)
        self._look(at_once=True)
        self.field.setFocus()

    def _without_sample(self) -> None:
        self._set_sample(None)
        self._look()
        self.field.setFocus()

    def _set_sample(self, sample: QuerySample | None) -> None:
        name = safe(Path(sample.path).name) if sample is not None else ""
        self.sample.set_sample(sample, tr("Similar to {name}").format(name=name))
        self.field.setPlaceholderText(tr("Add words to narrow down the results") if sample else tr("Search your files"))

    def _paste(self, pasted: QuerySample | QImage) -> None:
        if isinstance(pasted, QuerySample):
            self._search_like(pasted)
        else:
            self._pasted.save(pasted)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """A picture out of another program; files are taken by the window, which says what becomes of them."""
        if event.mimeData().hasImage() and not dropped_paths(event.mimeData()):
            event.acceptProposedAction()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self._pasted.save(QImage(event.mimeData().imageData()))

    # --- what was found ---

    def _on_found(self, found: SearchUpdate) -> None:
        if found.how == "quick" and not found.hits and not self.controller.settled:
            return  # what is shown stays until it is known that there is nothing
        anew = found.query != self._shown_for
        self._shown_for = found.query
        self._pile.take(found)
        if found.tab is ALL:
            self._show_understood(found.understood)
            self._say(found)
        tab = self.tabs.tab()
        if anew:
            for view in (self.list, self.pictures):
                view.forget()
        self._show_results(self._held(found, anew=anew))
        if tab is not ALL and found.tab is ALL and found.how != "quick":
            self._look_further(tab)
        self._walker.on_results()

    def _held(self, found: SearchUpdate, *, anew: bool) -> set[int]:
        """The results that must not move: those a person has to do with; all of them, if nothing was asked for."""
        if anew:
            return set()
        fresh = {key_of(hit) for hit in self._pile.of(self.tabs.tab())}
        if found.how in ("more", "again") or found.tab is not ALL:
            return set(self.model.keys()) & fresh
        return self._view().held()

    def _show_results(self, held: set[int] | tuple[()] = ()) -> None:
        for tab in TABS:
            self.tabs.set_count(tab, len(self._pile.of(tab)))
        self.model.show(self._pile.of(self.tabs.tab()), self.controller.query.stems(), held)
        self._show_place()

    def _show_tab(self, tab: ResultTab) -> None:
        for view in (self.list, self.pictures):
            view.forget()
        self._show_results()
        if self.controller.settled:
            self._look_further(tab)

    def _look_further(self, tab: ResultTab) -> None:
        chosen = self.controller.query.filters.types  # then everything of that kind was looked for already
        if tab is not ALL and not chosen and len(self._pile.of(tab)) < _FEW:
            self.controller.look_in(tab)

    def _show_place(self) -> None:
        """The results, or why there are none."""
        query, status = self.controller.query, self._mediator.bridge.status
        if self.model.rowCount():
            self._stack.setCurrentWidget(self._view())
        elif query.is_empty:
            empty = status is not None and not status.roots and not status.files
            self._stack.setCurrentWidget(self.no_library if empty else self.welcome)
        elif self.controller.settled:
            self.nothing.explain(
                filtered=not query.filters.is_empty,
                elsewhere=len(self._pile.of(ALL)) if self.tabs.tab() is not ALL else 0,
            )
            self._stack.setCurrentWidget(self.nothing)
        self.tabs.setVisible(not query.is_empty)
        self.ask.setEnabled(not query.is_empty)

    def _show_understood(self, understood: tuple[str, ...]) -> None:
        """What was read out of the words; what was chosen beside them is seen there."""
        chosen = self.controller.query.filters.describe()
        self._remarks.say(tuple(text for text in understood if text not in chosen))

    def _say(self, found: SearchUpdate) -> None:
        if found.note:
            self.notice.say(found.note)
        else:
            self.notice.hide()
        self._doing.setText("" if found.complete else tr("Searched by words only so far"))

    def _on_failure(self, error: DesktopRagError) -> None:
        if isinstance(error, ModelError):
            self.notice.say(error.message, "warn", tr("Choose a model"), lambda: self._mediator.show_page("models"))
        else:
            self.notice.say(str(error), "warn")
        if not self.model.rowCount():
            self._stack.setCurrentWidget(self.failure)

    def _on_waiting(self, waiting: bool) -> None:
        sample = self.sample.sample
        looking = {"image": tr("Looking at the picture…"), "audio": tr("Listening…")}
        said = tr("Searching…") if sample is None else looking.get(sample.kind, tr("Reading the file…"))
        self._doing.setText(said if waiting else "")

    def _on_status(self, _status: Status) -> None:
        if self.controller.query.is_empty:
            self._show_place()

    def _view(self) -> ResultView:
        return self.pictures if self.tabs.tab() is PICTURES else self.list

    def _escape(self) -> None:
        """Clear what is looked for; when there is nothing to leave."""
        if self.controller.query.is_empty and not self.field.text():
            self._mediator.show_page("ask")
            return
        self.field.clear()
        self._set_sample(None)
        self.filters.clear()
        self._look()

    def _offer(self, hit: Hit, place: QPoint) -> None:
        menu = self._actions.menu(hit, self, lambda: self._ask_of(hit))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(place)

    def _ask_of(self, hit: Hit) -> None:
        """A question about one file: its name narrows it down."""
        name = hit.path.replace("\\", "/").rpartition("/")[2].replace('"', "*")
        question = self.field.text().strip() or tr("What is this about?")
        self._mediator.ask_wanted.emit(f'{question} name:"{name}"', None)
