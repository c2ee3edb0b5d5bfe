"""What the Search page shows when there are no results, and why."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QWidget

from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.gui.widgets.basic import EmptyState, button, column
from desktop_rag.gui.widgets.chips import example_chip
from desktop_rag.gui.widgets.formatting import tr

EXAMPLES = ("type:pdf", "from:anna", '"in these words"', "last summer")


def welcome(look_for: Callable[[str], None]) -> EmptyState:
    """Before anything is typed; the examples can be pressed."""
    return EmptyState(
        "search",
        tr("Find anything in your files"),
        tr(
            "Type a word, a name or a topic. Emails, notes, documents, pictures and recordings appear as you "
            "type. Paste a picture to find similar ones."
        ),
        *(example_chip(text, partial(look_for, text)) for text in EXAMPLES),
    )  # fmt: skip


def no_library(mediator: Mediator) -> EmptyState:
    return EmptyState(
        "folder",
        tr("Nothing to search yet"),
        tr("Choose the folders Desktop RAG may read. They stay where they are, and nothing leaves this PC."),
        button(tr("Add a folder"), lambda: mediator.show_page("library"), kind="next"),
    )


def could_not_search() -> EmptyState:
    return EmptyState("warn", tr("This search did not work"), tr("The message above says why and what you can do."))


class NothingFound(QWidget):
    """With what could be tried instead."""

    def __init__(self, mediator: Mediator, remove_filters: Callable[[], None], show_all: Callable[[], None]) -> None:
        super().__init__()
        self.remove_filters = button(tr("Remove filters"), remove_filters)
        self.show_all = button(tr("Show all results"), show_all)
        why = button(tr("Why doesn't a file come up?"), lambda: mediator.show_page("library"), kind="plain")
        self.state = EmptyState(
            "search", tr("Nothing found"), tr("Try other words."), self.remove_filters, self.show_all, why
        )
        column(self).addWidget(self.state)

    def explain(self, *, filtered: bool, elsewhere: int) -> None:
        """Whether filters are set, and how many results of other kinds there are."""
        self.remove_filters.setVisible(filtered)
        self.show_all.setVisible(bool(elsewhere))
        if elsewhere:
            said = tr("Nothing of this kind, but %n other result(s).", elsewhere)
        elif filtered:
            said = tr("Try other words or remove the filters.")
        else:
            said = tr("Try fewer or different words. A file you have just added may not have been read yet.")
        sentence = self.state.sentence
        sentence.setText(said)
        sentence.setMinimumHeight(sentence.heightForWidth(sentence.maximumWidth()))
