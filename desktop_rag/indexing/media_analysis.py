"""Pictures, scans and sound among the events of a file -> the text that is in them.

Parsers hand on what they cannot read themselves (see ``Segment.form``). Here it is read and heard, by models, and put
in its place among the other segments. What no model is there for is named in the file's problem; ``Catalog.missed_by``
finds the file again when one has come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct
from msgspec.structs import replace

from desktop_rag.errors import ModelCrashed, ModelError
from desktop_rag.messages import say
from desktop_rag.parsing.stream import (
    DocumentEnd,
    DocumentProblem,
    DocumentSegment,
    DocumentStart,
    Event,
    FileStart,
)
from desktop_rag.types import FileState, Locator, Page, Problem, Region, Segment, TimeSpan, Whole

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NEEDS_IMAGE_MODEL = "needs-image-model"
NEEDS_SPEECH_MODEL = "needs-speech-model"


class Transcription(Protocol):
    """Listens to one recording from its beginning to its end. Both methods raise ``ModelError``."""

    def add(self, sound: bytes, start_s: float) -> Sequence[Segment]:
        """Hear some more; returns what was understood since."""
        ...

    def end(self) -> Sequence[Segment]:
        """What was understood of the rest."""
        ...


class MediaAnalyzer(Protocol):
    """What analyzes pictures and sound now. ``seen_by`` names the space in which pictures are embedded, ``heard_by``
    the model that understands speech; "" where there is none."""

    @property
    def seen_by(self) -> str: ...

    @property
    def heard_by(self) -> str: ...

    def read(
        self, image: bytes, content_hash: str, part: int, number: int, *, scan: bool
    ) -> Sequence[tuple[str, Region]]:
        """The paragraphs in picture ``number`` of a document, and where they stand. Raises ``ModelError``."""
        ...

    def hear(self, content_hash: str, part: int) -> Transcription: ...

    def embed(self, previews: Sequence[bytes]) -> NDArray[np.float32]:
        """Unit vectors [n, dim] of pictures. Raises ``ModelError``."""
        ...


class _Open(Struct):
    """A document that has begun and not ended."""

    start: DocumentStart
    pictures: int = 0
    sound: bool = False
    text: bool = False
    """There is text in it, or in a document inside it; read, heard or seen by now."""
    waits: Problem | None = None
    """What a document inside it waits for."""
    hearing: Transcription | None = None
    problem: Problem | None = None


class FileMediaAnalysis:
    """Follows the events of one file. ``check`` is called now and then, and may raise to end the work.

    Afterwards ``heard_by`` is the model that heard the sound of the file, "" if none did, None if it has none.
    """

    def __init__(self, media_analyzer: MediaAnalyzer, check: Callable[[], None]) -> None:
        self._media_analyzer = media_analyzer
        self._check = check
        self._content_hash = ""
        self._open: dict[int, _Open] = {}
        self.heard_by: str | None = None

    def follow(self, events: Iterable[Event]) -> Iterator[Event]:
        """The same events, with text in the place of scans and sound, and beside pictures."""
        for event in events:
            self._check()
            if isinstance(event, FileStart):
                self._content_hash = event.sha256
            elif isinstance(event, DocumentStart):
                self._open[event.document] = _Open(event)
            elif isinstance(event, DocumentSegment):
                if event.segment.form in ("picture", "scan", "sound"):
                    yield from self._analyze(event.document, event.segment)
                    continue
                self._open[event.document].text = True
            elif isinstance(event, DocumentEnd):
                yield from self._rest(event.document)
                event = self._ended(event)
            yield event

    def _analyze(self, number: int, segment: Segment) -> Iterator[Event]:
        document = self._open[number]
        try:
            if segment.form == "sound":
                found = self._hear(document, segment)
            else:
                document.pictures += segment.form == "picture"
                found = self._read(document, segment)
        except ModelError as error:
            found = []
            document.problem = error.as_problem()
            yield DocumentProblem(number, document.problem)
        if segment.form == "picture":
            yield DocumentSegment(number, replace(segment, image=None))
        document.text |= bool(found)
        yield from (DocumentSegment(number, item) for item in found)

    def _read(self, document: _Open, segment: Segment) -> list[Segment]:
        assert segment.image is not None
        document_number = document.start.document
        number = document.pictures
        scan = segment.form == "scan"
        if scan and isinstance(segment.locator, Page):
            number = -segment.locator.number
        found = self._media_analyzer.read(segment.image, self._content_hash, document_number, number, scan=scan)
        return [
            Segment(text, _inside(segment.locator, region), segment.headings, context=segment.context)
            for text, region in found
        ]

    def _hear(self, document: _Open, segment: Segment) -> Sequence[Segment]:
        document.sound = True
        if not (self._media_analyzer.heard_by and segment.sound) or document.problem is not None:
            return []
        assert isinstance(segment.locator, TimeSpan)
        if document.hearing is None:
            document.hearing = self._media_analyzer.hear(self._content_hash, document.start.document)
        return document.hearing.add(segment.sound, segment.locator.start_s)

    def _rest(self, number: int) -> Iterator[Event]:
        document = self._open[number]
        if document.hearing is None or document.problem is not None:
            return
        try:
            found = document.hearing.end()
        except ModelError as error:
            document.problem = error.as_problem()
            yield DocumentProblem(number, document.problem)
            return
        document.text |= bool(found)
        yield from (DocumentSegment(number, item) for item in found)

    def _ended(self, event: DocumentEnd) -> DocumentEnd:
        """The end of a document with what its pictures and sound have made of it."""
        document = self._open.pop(event.document)
        start = document.start
        if document.sound:
            # A file that crashes the model would do so again; what else went wrong may go better the next time.
            failed = document.problem is not None and document.problem.code != ModelCrashed.code
            heard = "" if failed else self._media_analyzer.heard_by
            self.heard_by = heard if self.heard_by in (None, heard) else ""
        seen = bool(document.pictures and self._media_analyzer.seen_by)
        useful = document.text or seen
        waits = document.waits
        if document.sound and not self._media_analyzer.heard_by:
            useful, waits = False, _waits_for_speech(start.name)  # its tags are not what it is about
        elif document.pictures and not seen and (start.kind == "image" or not document.text):
            waits = _waits_for_sight(start.name)
        if start.parent is not None:
            outer = self._open[start.parent]
            outer.text |= useful
            outer.waits = outer.waits or (None if useful else waits)
        problem = event.problem or document.problem or waits
        if problem is None:
            return DocumentEnd(event.document, FileState.INDEXED if useful else FileState.EMPTY)
        if useful:
            if problem is waits and start.kind != "image":
                return DocumentEnd(event.document, FileState.INDEXED)
            return DocumentEnd(event.document, FileState.PARTIAL, problem)
        if problem is waits:
            return DocumentEnd(event.document, FileState.WAITING, problem)
        ended = event.state in (FileState.FAILED, FileState.UNSUPPORTED)
        return DocumentEnd(event.document, event.state if ended else FileState.FAILED, problem)


def _inside(locator: Locator, region: Region) -> Locator:
    """The place of ``region`` of a picture that is at ``locator``."""
    if isinstance(locator, Whole):
        return region
    if isinstance(locator, Region):
        return _within(locator, region)
    if isinstance(locator, Page):
        return replace(locator, region=region if locator.region is None else _within(locator.region, region))
    return locator


def _within(outer: Region, inner: Region) -> Region:
    return Region(
        outer.x + inner.x * outer.width,
        outer.y + inner.y * outer.height,
        inner.width * outer.width,
        inner.height * outer.height,
    )


def _waits_for_sight(name: str) -> Problem:
    return Problem(
        NEEDS_IMAGE_MODEL,
        say("indexing.can-found-name-date-text-but", name=name),
        say("indexing.install-image-model-desktop-rag-models"),
    )


def _waits_for_speech(name: str) -> Problem:
    return Problem(
        NEEDS_SPEECH_MODEL,
        say("indexing.can-found-name-title-but-not", name=name),
        say("indexing.install-speech-model-desktop-rag-models"),
    )
