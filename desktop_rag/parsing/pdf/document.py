"""PDF files."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, BinaryIO

from msgspec.structs import replace

from desktop_rag.clock import zoned
from desktop_rag.errors import Damaged, Encrypted, FileProblem, ParserFault
from desktop_rag.messages import say
from desktop_rag.parsing.archive import SAVE_WITHOUT_PASSWORD, refuse_large
from desktop_rag.parsing.faults import fault_in, is_fault
from desktop_rag.parsing.office.ooxml import real_title
from desktop_rag.parsing.pdf.page_layout import DrawnText, clean, flow, paragraphs
from desktop_rag.parsing.pdf.page_pictures import PdfPictures
from desktop_rag.parsing.source import Source, over_cap
from desktop_rag.parsing.text.outline import Outline
from desktop_rag.types import Attachment, Entry, Metadata, Page, ParseItem, Problem, Segment

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader

_REPAIR = say("parsing.open-pdf-viewer-print-new-pdf")
_NOTES = {"/Text", "/FreeText", "/Highlight", "/Underline", "/StrikeOut", "/Squiggly", "/Caret", "/Stamp", "/Popup"}
_NO_AUTHORS = ("anonymous", "(anonymous)", "unspecified")
_NAMED_PAGES = 12
_OUTLINE_DEPTH = 8
_MOST_PARTS = 200
_HEADING_CHARACTERS = 200
_NUMBER_CHARACTERS = 8
"""A heading on the page may be longer than in the outline by its number."""

Entries = dict[int, list[tuple[int, str]]]
"""For a page (from 0) the outline's entries that point to it: level (from 1) and title."""


def parse_pdf(source: Source) -> Iterator[ParseItem]:
    """Page by page a segment per paragraph, under the headings of the outline; then the page's notes and form fields.

    A page without text is handed on as a scan, pictures on the others as pictures. Pages that fail are told and left
    out.
    """
    refuse_large(source)
    with source.open() as stream, source.open() as seen, closing(PdfPictures(seen, source.name)) as pictures:
        yield from _parse(source, stream, pictures)


def _parse(source: Source, stream: BinaryIO, pictures: PdfPictures) -> Iterator[ParseItem]:
    from pypdf.errors import LimitReachedError

    with _quiet():
        reader = _open(source, stream)
        count = _page_count(source, reader)
        metadata = _metadata(reader)
        entries = _entries(reader)
    yield metadata
    outline = Outline()
    failed: list[int] = []
    unseen: list[int] = []
    fault: ParserFault | None = None
    room = source.limits.attachments
    for index in range(min(count, source.limits.pages)):
        place = Page(index + 1)
        texts: list[str] = []
        notes: list[str] = []
        broken, look = False, True
        try:
            with _quiet():
                page = reader.pages[index]
                texts = _page_texts(page)
                notes = list(_notes(page))
                look = not texts or _holds_images(page, set())
        except LimitReachedError:  # a page that unpacks without end: nothing else may try to
            broken, look = True, False
        except Exception as error:  # pypdf raises anything at all on a broken page, and the other pages are still good
            broken = not is_fault(error)
            if not broken:
                fault = fault or fault_in(source.name, error)
        yield from _under_headings(texts, entries.get(index, []), outline, place)
        yield from (Segment(text, place, outline.path()) for text in notes)
        try:
            for segment in pictures.on_page(index, texts) if look and room >= 0 else ():
                broken &= segment.form != "scan"
                room -= segment.form == "picture"
                if room >= 0:
                    yield replace(segment, headings=outline.path())
        except ParserFault as error:
            fault = fault or error
        except FileProblem:
            unseen.append(index + 1)
        if broken:
            failed.append(index + 1)
    yield from outline.leave()
    if count > source.limits.pages:
        yield over_cap(say("parsing.only-first-pages-read", most=source.limits.pages, count=count))
    if room < 0:
        yield over_cap(say("parsing.only-first-pictures-read", most=source.limits.attachments))
    with _quiet():
        attachments = list(_attachments(reader))
    yield from attachments
    yield from _page_problems(source.name, count, failed, [number for number in unseen if number not in failed])
    if fault is not None:
        raise fault


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep pypdf from telling the log, and Python's warnings, about every flaw it mends."""
    logger = logging.getLogger("pypdf")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _open(source: Source, stream: BinaryIO) -> PdfReader:
    from pypdf import PdfReader

    try:
        reader = PdfReader(stream, strict=False)
        locked = reader.is_encrypted and not reader.decrypt("")
    except Exception as error:  # what a broken file raises is not foreseeable
        if is_fault(error):
            raise
        what = f"it is damaged or not a PDF ({_reason(error)})" if source.size else say("parsing.it-is-empty")
        raise Damaged(say("parsing.cannot-opened", name=source.name, reason=what), _REPAIR) from error
    if locked:
        raise Encrypted(say("parsing.protected-password", name=source.name), SAVE_WITHOUT_PASSWORD)
    return reader


def _reason(error: Exception) -> str:
    return (str(error) or type(error).__name__).rstrip(".")[:120]


def _page_count(source: Source, reader: PdfReader) -> int:
    try:
        return len(reader.pages)
    except Exception as error:
        if is_fault(error):
            raise
        raise Damaged(
            say("parsing.damaged-pages-cannot-found", name=source.name, reason=_reason(error)), _REPAIR
        ) from error


def _metadata(reader: PdfReader) -> Metadata:
    """Every entry by itself: one that is broken does not cost the others."""

    def entry(name: str) -> object:
        try:
            return getattr(reader.metadata, name)
        except Exception:  # what a broken file raises is not foreseeable
            return None

    language = ""
    with suppress(Exception):
        language = str(reader.root_object.get("/Lang", "")) if reader.root_object else ""
    made = entry("creation_date")
    created = zoned(made) if isinstance(made, datetime) else None
    author = entry("author")
    return Metadata(
        kind="document",
        title=real_title(_one_line(entry("title"))),
        author=_one_line(author) if author not in _NO_AUTHORS else "",
        created=created,
        language=language if language.isascii() and language.replace("-", "").isalnum() else "",
    )


def _one_line(value: object) -> str:
    text = " ".join(clean(value).split()) if isinstance(value, str) else ""
    return "" if "\ufffd" in text else text


def _entries(reader: PdfReader) -> Entries:
    found: Entries = {}

    def walk(entries: Iterable[Any], level: int) -> None:
        for entry in entries:
            if isinstance(entry, list):
                if level < _OUTLINE_DEPTH:
                    walk(entry, level + 1)
                continue
            with suppress(Exception):  # an entry that points nowhere
                number = reader.get_destination_page_number(entry)
                title = _one_line(entry.title)[:_HEADING_CHARACTERS]
                if number is not None and number >= 0 and title:
                    found.setdefault(number, []).append((level, title))

    with suppress(Exception):
        walk(reader.outline, 1)
    return found


def _page_texts(page: PageObject) -> list[str]:
    pieces: list[DrawnText] = []

    def collect(text: str, cm: list[float], tm: list[float], _font: object, font_size: float) -> None:
        if text:
            x = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
            y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
            down = tm[2] * cm[1] + tm[3] * cm[3]
            across = tm[0] * cm[1] + tm[1] * cm[3]
            pieces.append(DrawnText(text, x, y, abs(down * font_size) or 1.0, abs(across) <= abs(down) / 4))

    drawn = page.extract_text(visitor_text=collect)
    return paragraphs(pieces, drawn)


def _holds_images(part: Any, seen: set[int]) -> bool:
    """Whether a page refers to images, by itself or through the parts it draws; ``seen`` are those looked at."""
    for key in ("/Resources", "/XObject"):
        part = part[key].get_object() if key in part else {}
    for inner in part.values():
        drawn = inner.get_object()
        if drawn.get("/Subtype") == "/Image":
            return True
        if id(drawn) not in seen and len(seen) < _MOST_PARTS:
            seen.add(id(drawn))
            if _holds_images(drawn, seen):
                return True
    return False


def _under_headings(
    texts: list[str], entries: list[tuple[int, str]], outline: Outline, place: Page
) -> Iterator[Segment]:
    """The paragraphs of a page under the headings of the outline, each heading from where it stands on the page."""
    starts = _heading_places(texts, [title for _, title in entries])
    waiting = list(zip(entries, starts, strict=True))
    for at, text in enumerate(texts):
        heading = False
        while waiting and waiting[0][1] <= at:
            (level, title), _ = waiting.pop(0)
            heading = _is_heading(text, title)
            yield from outline.enter(level, " ".join(text.split()) if heading else title, place)
        if not heading and not (0 < at == len(texts) - 1 and text.isdecimal()):  # a page number
            yield Segment(text, place, outline.path())
    for (level, title), _ in waiting:
        yield from outline.enter(level, title, place)


def _heading_places(texts: list[str], titles: list[str]) -> list[int]:
    """For each title the index of the paragraph it stands over.

    One whose words are not on the page stands where the next one stands, or after the last paragraph; a first one of
    that kind stands over the whole page.
    """
    places: list[int | None] = []
    start = 0
    for title in titles:
        found = next((at for at in range(start, len(texts)) if _starts(texts[at], title)), None)
        start = start if found is None else found + 1
        places.append(found)
    if places and places[0] is None:
        places[0] = 0
    following = len(texts)
    for index in reversed(range(len(places))):
        here = places[index]
        following = places[index] = following if here is None else here
    return [place for place in places if place is not None]


def _starts(text: str, title: str) -> bool:
    return _is_heading(text, title) or _plain(text).startswith(_plain(title))


def _is_heading(text: str, title: str) -> bool:
    """Whether a paragraph is the heading and nothing more, its number aside."""
    short, wanted = _plain(text), _plain(title)
    return short.endswith(wanted) and len(short) <= len(wanted) + _NUMBER_CHARACTERS


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _notes(page: PageObject) -> Iterator[str]:
    """What readers wrote on a page, and what was filled into its fields."""
    seen = set()
    for reference in page.annotations or ():
        with suppress(Exception):  # one broken annotation among others
            note = reference.get_object()
            kind = note.get("/Subtype")
            if kind in _NOTES:
                text = flow(clean(str(note.get("/Contents", ""))).split("\n"))
                author = _one_line(note.get("/T"))
                if text and text not in seen:
                    seen.add(text)
                    yield f"Note by {author}: {text}" if author else f"Note: {text}"
            elif kind == "/Widget":
                text = _field(note)
                if text and text not in seen:
                    seen.add(text)
                    yield text


def _field(widget: Any) -> str:
    """A form field as "name: value"; "" for one that is not filled in."""
    parts = [widget]
    while "/Parent" in parts[-1] and len(parts) < _OUTLINE_DEPTH:
        parts.append(parts[-1]["/Parent"].get_object())
    value = next((part["/V"] for part in parts if "/V" in part), None)
    label = next((_one_line(part.get("/TU")) or _one_line(part.get("/T")) for part in parts if "/T" in part), "")
    value = value.get_object() if value is not None else ""
    text = ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)
    text = flow(clean(text.removeprefix("/")).split("\n"))
    if not text or text == "Off" or parts[-1].get("/FT") == "/Sig" or parts[0].get("/FT") == "/Sig":
        return ""
    return f"{label}: {text}" if label else text


def _attachments(reader: PdfReader) -> Iterator[ParseItem]:
    try:
        for name, contents in reader.attachments.items():
            for data in contents:
                yield Attachment(name, "", bytes(data), Entry(name))
    except Exception as error:
        if is_fault(error):
            raise
        yield Problem("damaged", say("parsing.files-embedded-pdf-cannot-read", reason=_reason(error)), _REPAIR)


def _page_problems(name: str, count: int, failed: list[int], unseen: list[int]) -> Iterator[Problem]:
    if failed:
        yield Problem("damaged", say("parsing.cannot-read", pages=_pages(failed, count), name=name), _REPAIR)
    if unseen:
        yield Problem(
            "damaged", say("parsing.some-pictures-cannot-shown", name=name, unseen=_pages(unseen, count)), _REPAIR
        )


def _pages(numbers: list[int], count: int) -> str:
    """ "Page 3", "Pages 1 to 4 and 9", "All 12 pages"."""
    if len(numbers) == count:
        return say("parsing.all-pages", count=count) if count > 1 else say("parsing.only-page")
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][-1] + 1:
            ranges[-1][1:] = [number]
        else:
            ranges.append([number])
    words = [" to ".join(map(str, ends)) for ends in ranges]
    if len(words) > _NAMED_PAGES:
        return say("parsing.of-pages", number=len(numbers), count=count)
    *first, last = words
    if not first:
        return say("parsing.pages", count=len(numbers), pages=last)
    return say("parsing.pages-and", pages=", ".join(first), last=last)
