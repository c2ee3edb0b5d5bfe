"""``status`` and ``why``: what the library holds, and what became of one file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_rag.cli.exits import Exit
from desktop_rag.cli.options import Arguments, Subparsers, add_command, library_of, question_of

if TYPE_CHECKING:
    from rich.console import RenderableType

    from desktop_rag.engine.results import ChunkRank, Explanation
    from desktop_rag.types import Document

_PASSAGES_SHOWN = 6


def add_to(commands: Subparsers) -> None:
    status = add_command(
        commands,
        "status",
        "show what the library contains",
        "Shows which folders are indexed, how many files are in each state, and how big the library is.",
        "desktop-rag status",
    )
    status.set_defaults(run=_status)

    why = add_command(
        commands,
        "why",
        "explain why a file is found or not",
        "Explains what happened to a file: whether it is indexed, what went wrong, which passages it has. With a "
        "question it also shows where each passage ranked in the search by words and in the search by meaning.",
        "desktop-rag why ~/Documents/report.pdf",
        'desktop-rag why ~/Documents/report.pdf "When is the flat inspected?"',
    )
    why.add_argument("path", metavar="PATH", help="the file")
    why.add_argument("question", nargs="*", metavar="QUESTION", help="a question that should or should not find it")
    why.set_defaults(run=_why)


def _status(arguments: Arguments) -> int:
    from desktop_rag.cli.overview import show_status
    from desktop_rag.cli.terminal import show, show_json
    from desktop_rag.engine.service.opening import open_engine

    with open_engine(library_of(arguments), read_only=True) as engine:
        status = engine.status()
    if arguments.json:
        show_json(status)
    else:
        show(*show_status(status))
    return Exit.OK


def _why(arguments: Arguments) -> int:
    from desktop_rag.cli.asking import terms_of
    from desktop_rag.cli.terminal import show, show_json
    from desktop_rag.engine.service.opening import open_engine

    question = question_of(arguments.question)
    with open_engine(library_of(arguments), read_only=True) as engine:
        explanation = engine.why(Path(arguments.path).expanduser(), question)
    if arguments.json:
        show_json(explanation)
    else:
        show(*show_explanation(explanation, terms_of(question) if question else ()))
    return Exit.OK if explanation.file else Exit.NOTHING


def show_explanation(explanation: Explanation, terms: Sequence[str]) -> Iterator[RenderableType]:
    """A file's state and passages; with a question, the passages that came first, first."""
    from rich.text import Text

    from desktop_rag.cli.overview import labelled
    from desktop_rag.cli.render import PLACE, path_text
    from desktop_rag.cli.terminal import clean, clean_name, counted, in_words, short_path

    explanation = in_words(explanation)

    yield path_text(explanation.path, style=PLACE)
    yield Text(clean(explanation.reason))
    if explanation.file is None or not explanation.documents:
        return
    yield Text("")
    yield labelled("Contains", _documents(explanation))
    for copy in explanation.copies:
        yield labelled("Same as", clean_name(short_path(copy)))
    if explanation.understood:
        yield labelled("Searched", ", ".join(explanation.understood))
    for excluded in explanation.excluded_by:
        yield labelled("Left out", f"it is not “{excluded}”")
    ranked = sorted(explanation.chunks, key=_order)
    for rank in ranked[:_PASSAGES_SHOWN]:
        yield Text("")
        yield from _passage(rank, explanation, terms)
    if len(ranked) > _PASSAGES_SHOWN:
        yield Text("")
        yield Text(f"and {counted(len(ranked) - _PASSAGES_SHOWN, 'more passage')}; --json lists all", "dim")


def _documents(explanation: Explanation) -> str:
    from desktop_rag.cli.terminal import clean, counted

    first, *inner = explanation.documents
    title = f" “{clean(first.title)}”" if first.title else ""
    more = f", with {counted(len(inner), 'document')} inside" if inner else ""
    return f"{first.kind}{title}{more}; {counted(len(explanation.chunks), 'passage')}"


def _order(rank: ChunkRank) -> tuple[int, int]:
    """Ranked passages first, the others in reading order."""
    best = min((place for place in (rank.hybrid_rank, rank.keyword_rank, rank.dense_rank) if place), default=1 << 30)
    return best, rank.chunk.id


def _passage(rank: ChunkRank, explanation: Explanation, terms: Sequence[str]) -> Iterator[RenderableType]:
    from rich.text import Text

    from desktop_rag.cli.hanging import HangingText
    from desktop_rag.cli.render import FAINT, PLACE, marked
    from desktop_rag.cli.snippet import snippet
    from desktop_rag.cli.terminal import clean, clean_name
    from desktop_rag.places import describe

    documents = {document.id: document for document in explanation.documents}
    document = documents[rank.chunk.document_id]
    parent = documents.get(document.parent_id) if document.parent_id is not None else None
    name = _own_name(document, explanation.path)
    yield Text(clean_name(describe(document, name, rank.chunk.locator, parent)), PLACE)
    if terms:
        yield HangingText(Text(_ranks(rank), FAINT), "  ")
    yield HangingText(marked(snippet(clean(rank.chunk.text), terms, 160)), "  ")


def _own_name(document: Document, path: str) -> str:
    """What a document is called where it lies: the file, an attachment's name, or the title."""
    from desktop_rag.types import Entry, Message

    match document.locator:
        case None:
            return path
        case Message(part=name) | Entry(name=name) if name:
            return name
    return document.title or document.kind


def _ranks(rank: ChunkRank) -> str:
    def said(place: int | None) -> str:
        return f"rank {place}" if place else "not found"

    score = f", score {rank.score:.2f}" if rank.score is not None else ""
    apart = f"by words: {said(rank.keyword_rank)}; by meaning: {said(rank.dense_rank)}"
    return f"{apart}; together: {said(rank.hybrid_rank)}{score}"
