"""How answers and passages look to a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from desktop_rag.cli.hanging import HangingText
from desktop_rag.cli.snippet import Snippet, passage, snippet, unwrap
from desktop_rag.cli.terminal import clean, clean_name, counted, duration, program, short_path
from desktop_rag.places import describe, page_number

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from desktop_rag.engine.results import SearchResult
    from desktop_rag.types import Answer, Citation, Hit, Locator

MARKER = "bold cyan"
PLACE = "bold"
FAINT = "dim"
TERM = "bold yellow"

_NEAREST = 3
"""Passages offered when nothing answers."""
_MODES = {"extractive": "Quoted from your files; no language model was used."}


def show_answer(answer: Answer, terms: Sequence[str]) -> Iterator[RenderableType]:
    """The sentences with their markers, where they stand, and how the answer came about."""
    from desktop_rag.cli.terminal import in_words

    answer = in_words(answer)
    if not answer.citations:
        yield from _show_no_answer(answer, terms)
        return
    yield from _blank_line_after(_sentences(answer))
    yield from _sources(answer)
    yield _text("")
    yield from _remarks(answer.understood, answer.note)
    yield from _doubts(answer)
    yield _text(_how(answer), FAINT)


def show_hits(result: SearchResult, terms: Sequence[str], *, whole: bool = False) -> Iterator[RenderableType]:
    """The passages found, best first; ``whole`` shows all of each."""
    from desktop_rag.cli.terminal import in_words

    result = in_words(result)
    for number, hit in enumerate(result.hits, 1):
        yield from _passage(f"{number}", hit, terms, whole)
        yield _text("")
    yield from _remarks(result.understood, result.note)
    if result.hits:
        yield _text(f"{counted(len(result.hits), 'passage')} in {duration(result.seconds)}.", FAINT)
    else:
        yield _text("Nothing in your files matches this.", PLACE)


def show_question(question: str) -> Iterator[RenderableType]:
    """The heading above what was found for one of several questions."""
    yield HangingText(_text(question, "bold"), "? ", MARKER)
    yield _text("")


def place_of(hit: Hit) -> str:
    """Where a passage stands, in words."""
    return clean_name(describe(hit.document, hit.path, hit.locator, hit.parent))


def source_of(answer: Answer, citation: Citation) -> Hit:
    """The passage that a citation quotes."""
    return next(hit for hit in answer.hits if (hit.path, hit.locator) == (citation.path, citation.locator))


def marked(shown: Snippet) -> Text:
    """A snippet with the question's words standing out."""
    text = _text(shown.text)
    for first, last in shown.marks:
        text.stylize(TERM, first, last)
    return text


def path_text(path: str, locator: Locator | None = None, style: str = FAINT) -> Text:
    """A path as one would type it here; on a terminal that can, a link to the file (and page)."""
    page = page_number(locator) if locator is not None else None
    address = Path(path).as_uri() + (f"#page={page}" if page else "")
    return _text(clean_name(short_path(path)), f"{style} link {address}")


def _show_no_answer(answer: Answer, terms: Sequence[str]) -> Iterator[RenderableType]:
    yield _text(answer.text, PLACE)
    if answer.hits:
        yield _text("")
        yield _text("The closest passages:")
        yield _text("")
        for number, hit in enumerate(answer.hits[:_NEAREST], 1):
            yield from _passage(f"{number}", hit, terms, False)
            yield _text("")
    yield from _remarks(answer.understood, answer.note)
    if answer.hits:
        yield _text(f"“{program()} search” shows more results.", FAINT)


def _how(answer: Answer) -> str:
    """How the answer came about."""
    usage = answer.usage
    if usage is None:
        return _MODES.get(answer.mode, f"Answered by {answer.mode} from your files.")
    rate = f", {usage.tokens_per_s:.0f} tokens a second" if usage.tokens > 1 else ""
    began = "Stopped; written" if answer.stopped else "Written"
    return f"{began} by {usage.model} from your files: first word after {duration(usage.first_token_s)}{rate}."


def _doubts(answer: Answer) -> Iterator[RenderableType]:
    """What in a model's answer the cited passages do not bear."""
    for sentence in answer.sentences:
        said = clean(answer.text[sentence.begin : sentence.end]).strip()
        if sentence.support == "unsupported":
            yield HangingText(_text(f"Not in the sources: “{said}”", "yellow"), "! ", "bold yellow")
        elif sentence.unseen:
            yield HangingText(_text(f"Not in the sources: {', '.join(sentence.unseen)}", "yellow"), "! ", "bold yellow")
        elif sentence.support == "weak":
            yield HangingText(_text(f"Check this in the sources: “{said}”", "yellow"), "? ", "bold yellow")


def _sentences(answer: Answer) -> Iterator[Text]:
    """The quotes, each with its marker; an answer in a model's own words as it stands."""
    if answer.mode not in _MODES:
        text = _text(answer.text)
        text.highlight_regex(r"\[\d+\]", MARKER)
        yield text
        return
    if answer.short:
        head = _text(answer.text.partition("\n")[0], "bold")
        head.highlight_regex(r"\[\d+\]", MARKER)
        yield head
    for citation in answer.citations:
        text = _text(unwrap(citation.quote))
        for first, last in citation.highlights:
            text.stylize(TERM, first, last)
        text.append(f" [{citation.marker}]", MARKER)
        yield text


def _sources(answer: Answer) -> Iterator[RenderableType]:
    def same_place(citation: Citation) -> tuple[str, Locator]:
        return citation.path, citation.locator

    for (path, locator), together in groupby(answer.citations, key=same_place):
        cited = list(together)
        markers = " ".join(f"[{citation.marker}]" for citation in cited)
        place = place_of(source_of(answer, cited[0]))
        yield HangingText(_text(place, PLACE), f"{markers} ", MARKER)
        yield _indented(path_text(path, locator), len(markers) + 1)


def _passage(number: str, hit: Hit, terms: Sequence[str], whole: bool) -> Iterator[RenderableType]:
    indent = len(number) + 2
    yield HangingText(_text(place_of(hit), PLACE), f"{number}  ", MARKER)
    shown = passage(clean(hit.text), terms) if whole else snippet(clean(hit.text), terms)
    yield _indented(marked(shown), indent)
    yield _indented(path_text(hit.path, hit.locator), indent)
    copies = [path for path in hit.paths if path != hit.path]
    if copies:
        more = f" and {counted(len(copies) - 1, 'other place')}" if len(copies) > 1 else ""
        yield _indented(_text(f"also in {clean_name(short_path(copies[0]))}{more}", FAINT), indent)


def _remarks(understood: Sequence[str], note: str) -> Iterator[RenderableType]:
    if note:
        yield _text(note, "yellow")
    elif understood:
        yield _text(f"Searched {', '.join(understood)}.", FAINT)


def _blank_line_after(texts: Iterator[Text]) -> Iterator[Text]:
    for text in texts:
        yield text
        yield _text("")


def _text(text: str, style: str = "") -> Text:
    from rich.text import Text

    return Text(clean(text), style)


def _indented(text: Text, indent: int) -> RenderableType:
    return HangingText(text, " " * indent)
