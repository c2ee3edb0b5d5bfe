"""Explains why a file does, or does not, come up for a question."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QLineEdit, QWidget

from desktop_rag.engine.results import ChunkRank, Explanation
from desktop_rag.errors import DesktopRagError
from desktop_rag.gui.library.wording import full_reason_of
from desktop_rag.gui.services.errors import advice, error_text
from desktop_rag.gui.services.mediator import Mediator
from desktop_rag.gui.widgets.basic import Tone, button, clear, column, label, row
from desktop_rag.gui.widgets.formatting import safe, tr, wrappable
from desktop_rag.gui.widgets.theme import GRID
from desktop_rag.types import File

_QUOTE = 240
"""Characters of a passage that are shown."""
_NEAR = 10
"""A place up to here is seen without looking for it."""


class FileDiagnosis(QWidget):
    """A field for a question, and the explanation. ``hear`` gets what the engine knows about the file now."""

    def __init__(self, mediator: Mediator, hear: Callable[[File], None]) -> None:
        super().__init__()
        self._mediator = mediator
        self._hear = hear
        self._path = ""
        self._field = QLineEdit()
        self._field.setPlaceholderText(tr("Your question or search words"))
        self._field.setAccessibleName(tr("Your question or search words"))
        self._field.returnPressed.connect(self._ask)
        self._find_out = button(tr("Explain"), self._ask)
        self._said: list[tuple[str, Tone]] = []
        self._answer = column(spacing=GRID)
        inner = column(self)
        inner.addWidget(label(tr("Why doesn't this file come up?"), bold=True))
        line = row(self._field, self._find_out)
        line.setStretch(0, 1)
        inner.addLayout(line)
        inner.addLayout(self._answer)

    def about(self, path: str) -> None:
        """Be about another file: what was said of the last one is gone, the question stays."""
        if path != self._path:
            self._path = path
            self._show([])

    def text(self) -> str:
        """All that is said."""
        return "\n".join(said for said, _ in self._said)

    def _ask(self) -> None:
        path, question = self._path, self._field.text().strip()
        self._show([(tr("Checking…"), "quiet")])
        self._mediator.bridge.call(
            "look", lambda client, _: client.why(Path(path), question), self, self._answered, self._failed,
            instead="why",
        )  # fmt: skip

    def _answered(self, explanation: Explanation) -> None:
        if explanation.file is not None and explanation.file.path == self._path:
            self._hear(explanation.file)
        self._show(diagnosis_lines(explanation, asked=bool(self._field.text().strip())))

    def _failed(self, error: DesktopRagError) -> None:
        self._show([(error_text(error), "bad")])

    def _show(self, said: list[tuple[str, Tone]]) -> None:
        self._said = said
        clear(self._answer)
        for text, tone in said:
            self._answer.addWidget(label(text, tone, wrap=True))


def diagnosis_lines(explanation: Explanation, *, asked: bool) -> list[tuple[str, Tone]]:
    """Why a file is found or not, in sentences, the most important first. ``asked`` says whether there was a
    question."""
    if explanation.file is None:
        return [(advice(explanation.reason) or tr("This file is not in your library because a rule excludes it."), "")]
    said: list[tuple[str, Tone]] = []
    chunks = explanation.chunks
    if asked:
        said.append(_place(explanation))
    if explanation.understood:
        filters = ", ".join(map(safe, explanation.understood))
        said.append((tr("Your question was limited to: {filters}.").format(filters=filters), "quiet"))
    if not chunks:
        said.append((full_reason_of(explanation.file), ""))
    else:
        if explanation.file.problem is not None:
            said.append((full_reason_of(explanation.file), "warn"))
        said.append((tr("%n passage(s) read from this file.", len(chunks)), "quiet"))
        best = _best(chunks)
        if best is not None and asked:
            said.append((tr("Best match: “{quote}”").format(quote=_quote(best)), "quiet"))
        else:
            said.append((tr("It begins: “{quote}”").format(quote=_quote(chunks[0])), "quiet"))
    if explanation.copies:
        copies = ", ".join(safe(Path(path).name) for path in explanation.copies[:3])
        said.append(
            (
                tr("%n other file(s) with the same content: {copies}", len(explanation.copies)).format(copies=copies),
                "quiet",
            )
        )
    return said


def _place(explanation: Explanation) -> tuple[str, Tone]:
    """Where the file comes for the question, in a sentence or two."""
    if explanation.excluded_by:
        filters = ", ".join(map(safe, explanation.excluded_by))
        return tr("Your question excludes this file. It is limited to: {filters}.").format(filters=filters), "warn"
    best = _best(explanation.chunks)
    if best is None or best.hybrid_rank is None:
        if not explanation.chunks:
            return tr("This file has nothing that your question could find."), "warn"
        return (
            tr("Nothing in this file matches your question well enough. Try words that appear in the file."),
            "warn",
        )
    found = tr("This file is found: its best passage is result number {place}.").format(place=best.hybrid_rank)
    if best.keyword_rank is None:
        found += " " + tr("It contains none of your words; it was found by its meaning.")
    elif best.dense_rank is None:
        found += " " + tr("It contains your words, but seems to be about something else.")
    if best.hybrid_rank > _NEAR:
        found += " " + tr("Other files match better. Add a word that only this file contains to move it up.")
        return found, "warn"
    return found, "good"


def _best(chunks: tuple[ChunkRank, ...]) -> ChunkRank | None:
    ranked = [chunk for chunk in chunks if chunk.hybrid_rank is not None]
    return min(ranked, key=lambda chunk: chunk.hybrid_rank or 0, default=None)


def _quote(chunk: ChunkRank) -> str:
    text = " ".join(chunk.chunk.text.split())
    return wrappable(text if len(text) <= _QUOTE else text[:_QUOTE].rsplit(" ", 1)[0] + "…")
