"""The frozen value types that every part of the program hands to the next.

They are ``msgspec`` structs: immutable, slotted, compared by value, and written to JSON or MessagePack with the name of
their type beside their fields, so that the catalog, the parser's child process and ``--json`` share one form.
"""

from __future__ import annotations

import math
from datetime import datetime
from enum import StrEnum
from typing import Literal

from msgspec import Struct

from desktop_rag.messages import Worded


class _Value(Struct, frozen=True, omit_defaults=True):
    """Base of the plain value types."""


class _Tagged(Struct, frozen=True, omit_defaults=True, tag_field="at", tag=str.lower):
    """Base of the locators: the field ``at`` names the type in JSON."""


# --- where in a file -------------------------------------------------------------------------------------------------


class Region(_Tagged, frozen=True):
    """A rectangle of a page or picture, as fractions (0 to 1) of its width and height from the top left corner."""

    x: float
    y: float
    width: float
    height: float


class Page(_Tagged, frozen=True):
    """A page of a PDF, or a slide of a presentation; ``number`` counts from 1."""

    number: int
    region: Region | None = None
    label: str = "page"
    """What a reader calls it: "page", "slide" or "chapter"."""


class Lines(_Tagged, frozen=True):
    """Lines of a text file, both ends included, counted from 1."""

    first: int
    last: int


class TimeSpan(_Tagged, frozen=True):
    """A stretch of sound or video, in seconds from its start."""

    start_s: float
    end_s: float


class Cells(_Tagged, frozen=True):
    """Rows of a sheet (both ends included, counted from 1 as spreadsheet programs show them)."""

    sheet: str
    first: int
    last: int


class Whole(_Tagged, frozen=True):
    """The whole file: it has no smaller part that a program could open."""


class Message(_Tagged, frozen=True):
    """A message of a mailbox file and a part of it.

    ``index`` counts the messages of the file from 1 (1 for a file of one message); ``part`` is the name of the
    attachment, or "" for the message's own text; ``inner`` is the place inside that part.
    """

    index: int
    part: str = ""
    inner: Page | Lines | TimeSpan | Region | Cells | Message | Entry | Whole | None = None


class Entry(_Tagged, frozen=True):
    """A member of a container that is no mail (a file embedded in a document), and the place inside it."""

    name: str
    inner: Page | Lines | TimeSpan | Region | Cells | Message | Entry | Whole | None = None


Locator = Page | Lines | TimeSpan | Region | Cells | Message | Entry | Whole


# --- what a parser yields --------------------------------------------------------------------------------------------

Kind = Literal[
    "text", "note", "document", "spreadsheet", "slides", "web", "code", "data", "book", "mail", "event", "contact",
    "image", "audio", "video",
]  # fmt: skip

Role = Literal["body", "quoted", "signature", "picture", "speech"]
"""Who speaks: the author; somebody the author quotes (an earlier mail); the block of contact details below a mail; a
picture, of which the text is a description; a recording, of which the text is what was understood."""


class Problem(Worded, frozen=True):
    """Why a file, or a part of it, could not be used; in words a person understands.

    ``code`` is stable and short ("encrypted", "damaged", "over-cap", …), ``message`` says what happened and ``hint``
    what the person can do about it; ``worded`` gives both in a form that can be told in other languages.
    """

    code: str
    message: str
    hint: str = ""


class Person(_Value, frozen=True):
    """Somebody named in a mail, an event or a contact."""

    name: str = ""
    address: str = ""

    def __str__(self) -> str:
        return self.name or self.address


class Mail(_Value, frozen=True):
    """The headers of a message that searches and threads need. Identifiers are without angle brackets."""

    message_id: str = ""
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    sender: Person = Person()
    recipients: tuple[Person, ...] = ()
    subject: str = ""


class Metadata(_Value, frozen=True):
    """What a parser knows about the whole document. Later ones of the same document fill what earlier ones left out."""

    kind: Kind | None = None
    title: str = ""
    author: str = ""
    created: datetime | None = None
    """When it was written or sent, as the file itself says; always with a time zone."""
    language: str = ""
    mail: Mail | None = None
    tags: tuple[str, ...] = ()


IMAGE_SIDE = 2_048
"""Pixels of the longer side of a picture that a parser hands on."""
PREVIEW_SIDE = 640
"""Pixels of the longer side of the small form of a picture that is embedded and shown in lists."""
SOUND_RATE = 16_000
"""Samples a second of the sound that a parser hands on."""


class Segment(_Value, frozen=True):
    """A paragraph, table row, list or code block: the smallest piece of text that has a place of its own.

    ``text`` of a segment located by ``Lines`` has exactly one line of text for each line of the range, so that a part
    of it can be located again by counting newlines. ``headings`` is the path of headings above it, outermost first.
    ``context`` is repeated with every chunk made from it (a table's header, say): embedded and indexed, not quoted.
    """

    text: str
    locator: Locator
    headings: tuple[str, ...] = ()
    role: Role = "body"
    form: Literal["prose", "row", "code", "picture", "scan", "sound"] = "prose"
    """A "picture" is to be seen and read, ``text`` describes it; a "scan" is a page that is only to be read; "sound" is
    to be heard."""
    context: str = ""
    image: bytes | None = None
    """Of a picture or scan: a JPEG or PNG that is upright, in sRGB, and at most ``IMAGE_SIDE`` pixels a side."""
    preview: bytes | None = None
    """Of a picture: a JPEG of at most ``PREVIEW_SIDE`` pixels a side."""
    looks: int = 0
    """Of a picture: 64 bits, of which few differ between near-identical pictures."""
    sound: bytes | None = None
    """Of a sound: samples of 16 bits (little-endian, signed), one channel, ``SOUND_RATE`` a second. None at all, b"",
    say that there is sound, to somebody who does not hear it."""


class Attachment(_Value, frozen=True):
    """A file inside a file, to be parsed again as a document of its own.

    ``locator`` says where in its parent it is: ``Message`` for a part of a mail or a message of a mailbox, ``Entry``
    for everything else. ``mime`` may be "" when the container does not say.
    """

    name: str
    mime: str
    data: bytes
    locator: Message | Entry


ParseItem = Metadata | Segment | Attachment | Problem


# --- what the catalog holds ------------------------------------------------------------------------------------------


class FileState(StrEnum):
    """What became of a file."""

    PENDING = "pending"
    INDEXED = "indexed"
    PARTIAL = "partial"  # indexed, but something was left out: ``problem`` says what
    EMPTY = "empty"  # nothing in it to search
    WAITING = "waiting"  # for a model, named by ``problem``
    UNSUPPORTED = "unsupported"
    FAILED = "failed"


class File(_Value, frozen=True):
    """A file on disk as it was last seen. Many files may hold one document (the same bytes)."""

    path: str
    root: str
    size: int
    mtime_ns: int
    state: FileState
    problem: Problem | None = None
    document_id: int | None = None


class Document(_Value, frozen=True):
    """What one file, or one message or attachment inside a file, holds."""

    id: int
    kind: Kind
    mime: str
    title: str
    author: str = ""
    created: datetime | None = None
    language: str = ""
    parent_id: int | None = None
    thread_id: int | None = None
    locator: Locator | None = None
    """Where in its parent an inner document is."""
    recipe: str = ""
    mail: Mail | None = None
    tags: tuple[str, ...] = ()


class Chunk(_Value, frozen=True):
    """A passage of a document, small enough for the embedding model.

    ``context`` (title, heading path; for mail sender, date and subject) is embedded and indexed with the text, and is
    never quoted.
    """

    id: int
    document_id: int
    ordinal: int
    text: str
    context: str
    locator: Locator
    role: Role = "body"


class Space(_Value, frozen=True):
    """An embedding space: vectors of two spaces are never compared."""

    model: str
    revision: str
    dim: int
    metric: Literal["cosine"] = "cosine"


# --- what a question gets back ---------------------------------------------------------------------------------------


class Reading(_Value, frozen=True):
    """The likeliest answer in a text, as the reader marks it: the characters ``begin`` to ``end``.

    ``score`` is the log of how much likelier the answer is to stand there than nowhere in the text; ``strength`` is the
    part of it that speaks for the place, which can be compared between texts; ``lead`` is the log of how much likelier
    it is to stand there than anywhere else in the text.
    """

    begin: int
    end: int
    score: float
    strength: float
    lead: float = 0.0

    @property
    def likelihood(self) -> float:
        """The score as a likelihood, 0 to 1."""
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, self.score))))


class Why(_Value, frozen=True):
    """How a hit was found: its rank (from 1) in each search that found it, and the scores that were fused."""

    keyword_rank: int | None = None
    dense_rank: int | None = None
    keyword_score: float = 0.0
    dense_score: float = 0.0
    picture_rank: int | None = None
    picture_score: float = 0.0
    reading: Reading | None = None
    """Of the hit's chunk, if it was read."""


class Selection(_Value, frozen=True):
    """What a search is narrowed to. The values of one field are alternatives; all fields must be met."""

    types: tuple[str, ...] = ()
    """A ``Kind``, or a suffix with its dot (".pdf")."""
    folders: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """Parts of file names, or patterns with ``*`` and ``?``."""
    after: datetime | None = None
    before: datetime | None = None
    """The interval is ``after <= date < before``."""


class Hit(_Value, frozen=True):
    """A passage found for a question: one chunk, or several neighbours merged.

    ``locator`` covers the whole passage and is complete from the file on disk inwards (message, attachment, page);
    ``score`` is between 0 and 1. ``paths`` are all files that hold the document.
    """

    chunk: Chunk
    document: Document
    path: str
    locator: Locator
    text: str
    score: float
    why: Why = Why()
    paths: tuple[str, ...] = ()
    parent: Document | None = None
    """What ``document`` is inside of: the mail of an attachment, say."""


class Citation(_Value, frozen=True):
    """The evidence of one claim: ``quote`` stands in the file at ``path``, ``locator``."""

    marker: int
    quote: str
    path: str
    locator: Locator
    document_title: str = ""
    highlights: tuple[tuple[int, int], ...] = ()
    """Start and end of the answer, or else of the question's words, within ``quote``, in characters."""


Support = Literal["supported", "weak", "unsupported", "none"]
"""How well the cited passages bear a sentence; "none" for one that claims nothing (a greeting, a heading)."""


class Sentence(_Value, frozen=True):
    """A sentence of an answer: characters ``begin`` to ``end`` of its text.

    ``markers`` are the citations it names. ``unseen`` are numbers, dates and names in it that no cited passage has.
    """

    begin: int
    end: int
    markers: tuple[int, ...] = ()
    support: Support = "none"
    score: float = 0.0
    unseen: tuple[str, ...] = ()


class Usage(_Value, frozen=True):
    """What an answer of a language model took. ``cached_tokens`` of the prompt were known from the turn before."""

    model: str
    prompt_tokens: int = 0
    cached_tokens: int = 0
    tokens: int = 0
    first_token_s: float = 0.0
    """From the question to the first token, the search included."""
    tokens_per_s: float = 0.0


class Answer(Worded, frozen=True):
    """An answer and its evidence. ``mode`` is "extractive", "nothing found" or the name of the language model used."""

    question: str
    text: str
    citations: tuple[Citation, ...]
    support: tuple[float, ...]
    """How well the evidence bears each sentence, 0 to 1, in the order of the citations."""
    mode: str
    hits: tuple[Hit, ...] = ()
    confidence: float = 0.0
    understood: tuple[str, ...] = ()
    """The filters read out of the question, in words."""
    note: str = ""
    """What the person should know: filters that were given up because nothing matched, say."""
    sentences: tuple[Sentence, ...] = ()
    """The checked sentences of a language model's answer."""
    usage: Usage | None = None
    stopped: bool = False
    """The person stopped it before it was complete."""
    short: str = ""
    """What answers, in a few words that stand in the quotes; "" where sentences are all there is."""
    asked: str = ""
    """The question as it was searched for, when it had to be completed from the conversation."""
    conversation: int | None = None


class _Event(Struct, frozen=True, omit_defaults=True, tag_field="event", tag=str.lower):
    """Base of what happens while an answer is made."""


class Retrieved(_Event, frozen=True):
    """The passages the answer is going to be made from."""

    hits: tuple[Hit, ...]
    asked: str = ""


class Token(_Event, frozen=True):
    """A little more of the answer's text."""

    text: str


class Finished(_Event, frozen=True):
    """The whole answer, checked. Its text replaces what was streamed."""

    answer: Answer


class Failed(_Event, frozen=True):
    """No answer could be made; what was streamed is void."""

    problem: Problem


AnswerEvent = Retrieved | Token | Finished | Failed


class Turn(_Value, frozen=True):
    """A question of a conversation and its answer."""

    asked_at: datetime
    question: str
    answer: Answer
    rating: int = 0
    """What the person thinks of the answer: -1, 0 (nothing said) or 1."""


class Conversation(_Value, frozen=True):
    """A conversation without its turns. ``title`` is its first question unless the person has renamed it."""

    id: int
    title: str
    began: datetime
    changed: datetime
    turns: int


class Progress(_Value, frozen=True):
    """How far indexing is. ``phase`` is "scanning", "indexing" or "done"; rates are over the last few seconds."""

    phase: Literal["scanning", "indexing", "done"]
    files_done: int = 0
    files_total: int = 0
    bytes_done: int = 0
    bytes_total: int = 0
    chunks_done: int = 0
    current: str = ""
    seconds_left: float | None = None
