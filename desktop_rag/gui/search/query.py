"""A search query, and the tabs of results."""

from __future__ import annotations

import re

from msgspec import Struct
from msgspec.structs import replace

from desktop_rag.engine.questions import OPERATORS, Filters, search_terms
from desktop_rag.gui.services.mediator import QuerySample
from desktop_rag.gui.widgets.formatting import tr
from desktop_rag.language import stem
from desktop_rag.types import Hit

_OPERATOR = re.compile(rf'(?<!\S)(?:{"|".join(OPERATORS)}):(?:"[^"]*"|[^\s"])*', re.IGNORECASE)


class SearchQuery(Struct, frozen=True):
    """The words typed, the filters chosen beside them, and a picture or recording to search by."""

    text: str = ""
    filters: Filters = Filters()
    sample: QuerySample | None = None

    @property
    def is_empty(self) -> bool:
        return not self.text and self.filters.is_empty and self.sample is None

    def in_words(self) -> str:
        """The words with the filters as operators, as one could have typed them."""
        filters = self.filters
        operators = [f"type:{','.join(filters.types)}"] if filters.types else []
        operators += [f'folder:"{folder}"' for folder in filters.folders]
        operators += [f'from:"{sender}"' for sender in filters.senders]
        operators += [f"after:{filters.after:%Y-%m-%d}"] if filters.after else []
        operators += [f"before:{filters.before:%Y-%m-%d}"] if filters.before else []
        return " ".join(filter(None, (self.text, *operators)))

    def stems(self) -> frozenset[str]:
        """The words to mark in what was found, in their shortest form: those of operators are left out."""
        text = _OPERATOR.sub(" ", self.text).strip()
        return frozenset(stem(term) for term in search_terms(text)) if text else frozenset()


class ResultTab(Struct, frozen=True):
    """Some of the results; without ``types``, all of them."""

    name: str
    types: tuple[str, ...] = ()

    def holds(self, hit: Hit) -> bool:
        if not self.types or hit.document.kind in self.types:
            return True
        return self is PICTURES and hit.chunk.role == "picture"

    def narrowed(self, filters: Filters) -> Filters:
        """With these, the engine looks for results of this tab alone. Types a person has chosen come first."""
        return filters if filters.types else replace(filters, types=self.types)


ALL = ResultTab("all")
PICTURES = ResultTab("pictures", ("image",))
TABS = (
    ALL,
    ResultTab("mail", ("mail",)),
    ResultTab("documents", ("document", "note", "text", "slides", "book", "event", "contact")),
    ResultTab("tables", ("spreadsheet", "data")),
    PICTURES,
    ResultTab("recordings", ("audio", "video")),
    ResultTab("web", ("web", "code")),
)


def tab_title(tab: ResultTab) -> str:
    return {
        "all": tr("All"), "mail": tr("Mail"), "documents": tr("Notes & documents"), "tables": tr("Tables"),
        "pictures": tr("Pictures"), "recordings": tr("Audio & video"), "web": tr("Web & code"),
    }[tab.name]  # fmt: skip
