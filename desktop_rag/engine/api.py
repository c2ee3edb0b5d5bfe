"""The engine's API: every call that a library can be asked, declared once. See ``call`` for what a declaration means.

``Engine`` and ``EngineClient`` are both ``EngineApi``: a method of it makes a call, and they perform it. A new call is
a declaration here and a function in ``handlers``; ``make api-docs`` then writes it into docs/api.md.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from desktop_rag.engine.call import NEVER, Call, CallListener, Performer, Reply, method
from desktop_rag.engine.local_api import LocalApi
from desktop_rag.engine.models import Transfer
from desktop_rag.engine.results import (
    BackupReport,
    Check,
    Explanation,
    IndexReport,
    Mode,
    SampleKind,
    SearchResult,
    Status,
)
from desktop_rag.engine.views import DocumentView, FileList, PartContent
from desktop_rag.retrieval.filters import Filters
from desktop_rag.types import Answer, AnswerEvent, Conversation, FileState, Locator, Person, Progress, Turn

# --- keeping ----------------------------------------------------------------------------------------------------------


class AddRoot(Call[str], frozen=True):
    """Remember a folder or file; a live engine reads it soon and watches it. Returns the root that it is, or lies in.
    Raises ``ConfigError`` for a path that does not exist."""

    lane = "work"
    writes = True
    path: Path


class RemoveRoot(Call[int], frozen=True):
    """Forget a chosen folder or file, with all files in it; returns how many. The files themselves stay. Raises
    ``ConfigError`` when it is none that was chosen."""

    lane = "work"
    repeat = "once"
    writes = True
    path: Path


class IndexFiles(Call[IndexReport], frozen=True):
    """Remember ``paths`` (folders or files) as roots and bring them up to date; without paths, all known roots. With
    ``force`` files that have not changed are read again, too.

    ``stop`` ends the run soon after it is set; what was done is kept. Raises ``ConfigError`` for a path that does not
    exist.
    """

    lane = "work"
    tells = "progress"
    writes = True
    paths: Sequence[Path] | None = None
    force: bool = False


class ForgetFiles(Call[int], frozen=True):
    """Remove a file, or all files of a folder or root, from the library; the files themselves stay. Returns how many
    were removed. A forgotten root is not indexed again."""

    lane = "work"
    repeat = "once"
    writes = True
    path: Path


class PauseIndexing(Call[None], frozen=True):
    """Index nothing in the background until ``resume``, even after a restart; what a person asks for is done. Raises
    ``ConfigError`` when no engine runs."""

    lane = "control"


class ResumeIndexing(Call[None], frozen=True):
    """End a pause. Raises ``ConfigError`` when no engine runs."""

    lane = "control"


class RebuildVectors(Call[int], frozen=True):
    """Make Chroma's collections again from the catalog; nothing is parsed or embedded. Returns the vectors stored."""

    lane = "work"
    tells = "progress"
    writes = True


class BackUp(Call[BackupReport], frozen=True):
    """Write what the library knows, and its settings, to one file; whatever else goes on may go on. Raises
    ``ConfigError`` when the file exists, unless ``force`` is set, and ``DiskFull``."""

    lane = "work"
    repeat = "once"
    tells = "progress"
    file: Path
    force: bool = False


class RestoreBackup(Call[BackupReport], frozen=True):
    """Put a backup in the place of what the library knows; its settings hold from the next start on. A crash leaves
    the old library or the new one. Raises ``BackupDamaged`` before anything is touched."""

    lane = "work"
    tells = "progress"
    writes = True
    file: Path


# --- questions --------------------------------------------------------------------------------------------------------


class Search(Call[SearchResult], frozen=True):
    """The passages, pictures and recordings found, best first: for a question, for a file that they are to be ``like``
    (a picture, a recording of a question, or any other), or for both. Raises ``QueryError`` for a filter that makes no
    sense or a file that is not of ``like_kind``, ``ModelError`` when the file needs a model that is not installed.

    Without ``wait`` a live engine whose model is not loaded yet searches by words alone, and says so: ask again after
    ``ModelReady``. Without ``rerank`` the bundled reader does not read what was found.
    """

    lane = "question"
    question: str = ""
    limit: int = 10
    mode: Mode = "hybrid"
    filters: Filters = Filters()
    per_document: int | None = None
    like: Path | None = None
    like_kind: SampleKind = "any"
    wait: bool = True
    rerank: bool = True


class AskQuestion(Call[Answer], frozen=True):
    """An answer from the files, or the statement that nothing answers: in the words of the chat model in use, or
    quoted where there is none, where it fails, or with ``quote``.

    The question may be in words, in a file (see ``search``), or both. With a ``conversation`` it may refer to what was
    asked before, and is added to it; ``remember`` begins a new one. ``stop`` ends it within a token, and what there is
    of the answer counts. Without ``rerank`` the bundled reader does not read what was found, and marks no answer.
    Raises ``QueryError``, ``ModelError``.
    """

    lane = "question"
    repeat = "kept"
    tells = "answer"
    question: str = ""
    filters: Filters = Filters()
    limit: int = 8
    like: Path | None = None
    like_kind: SampleKind = "any"
    conversation: int | None = None
    remember: bool = False
    quote: bool = False
    rerank: bool = True

    def changes(self) -> bool:
        return self.remember or self.conversation is not None

    def once(self) -> bool:
        return self.changes()


class SuggestQuestions(Call[tuple[str, ...]], frozen=True):
    """Questions that the files of the library answer: of different kinds, about what is newest."""

    limit: int = 4


class ListConversations(Call[list[Conversation]], frozen=True):
    """The conversations of the library, the latest first."""

    limit: int = 50


class ReadTurns(Call[list[Turn]], frozen=True):
    """What was asked and answered in a conversation. Raises ``QueryError`` for one that is not there."""

    conversation: int


class RenameConversation(Call[None], frozen=True):
    """Raises ``QueryError`` for a conversation that is not there."""

    writes = True
    conversation: int
    title: str


class DeleteConversation(Call[None], frozen=True):
    """Raises ``QueryError`` for a conversation that is not there."""

    repeat = "once"
    writes = True
    conversation: int


class ExportConversation(Call[str], frozen=True):
    """A conversation as Markdown, with its sources. Raises ``QueryError`` for one that is not there."""

    conversation: int


class RateTurn(Call[None], frozen=True):
    """Note what the person thinks of an answer: -1, 0 (nothing any more) or 1; ``turn`` counts from 0. Raises
    ``QueryError`` for one that is not there."""

    writes = True
    conversation: int
    turn: int
    rating: int


# --- looking ----------------------------------------------------------------------------------------------------------


class GetStatus(Call[Status], frozen=True):
    """What the library holds, and what a live engine does."""

    lane = "control"


class ListFiles(Call[FileList], frozen=True):
    """The files known, by path: of any of ``states``, at or below ``root``, with ``name`` as a part of their names
    (case does not matter). A page has at most ``limit`` of them; the next is what comes ``after`` its last path."""

    states: Sequence[FileState] = ()
    root: Path | None = None
    name: str = ""
    after: str = ""
    limit: int = 200


class ViewDocument(Call[DocumentView], frozen=True):
    """The document of a file to read, or the one inside it of the number ``document``, or the one that ``chunk`` is of:
    at most ``limit`` passages, from the beginning or around ``chunk``. Raises ``QueryError`` for a file or document
    that is not known; a ``chunk`` that is gone is passed over."""

    path: Path
    document: int | None = None
    chunk: int | None = None
    limit: int = 60


class ReadPart(Call[PartContent], frozen=True):
    """The bytes of what is at ``locator`` in a file: the picture, or scanned page, that stands just there; else the
    innermost thing that holds the place (an attachment, an embedded file, the file itself), or the body of a message,
    in HTML if it has one. What is shown by few programs (HEIC, TIFF, a drawing) comes as JPEG or PNG. Raises a
    ``FileProblem``."""

    path: Path
    locator: Locator


class ReadPreviews(Call[dict[int, bytes]], frozen=True):
    """Small JPEGs of what the given chunks show, by chunk; those that show nothing, or cannot be shown any more, are
    left out."""

    chunks: Sequence[int]


class FindPeople(Call[tuple[Person, ...]], frozen=True):
    """Who has sent mails or written documents, the most frequent first; with ``name``, those who have it in their name
    or address (case does not matter)."""

    name: str = ""
    limit: int = 20


class ExplainFile(Call[Explanation], frozen=True):
    """Why a file was found, or not; with a question, where each of its chunks came."""

    path: Path
    question: str = ""


class Examine(Call[list[Check]], frozen=True):
    """Look at everything that can be wrong with library, models and machine; with ``repair`` after mending what can be
    mended while the library is open: Chroma by the catalog, and what was set aside is tried again."""

    lane = "work"
    repair: bool = False

    def changes(self) -> bool:
        return self.repair


class EngineApi(LocalApi):
    """Everything that can be asked of a library."""

    add_root = method(AddRoot)
    remove_root = method(RemoveRoot)
    index = method(IndexFiles)
    forget = method(ForgetFiles)
    pause = method(PauseIndexing)
    resume = method(ResumeIndexing)
    rebuild = method(RebuildVectors)
    backup = method(BackUp)
    restore = method(RestoreBackup)
    search = method(Search)
    ask = method(AskQuestion)
    suggestions = method(SuggestQuestions)
    conversations = method(ListConversations)
    turns = method(ReadTurns)
    rename_conversation = method(RenameConversation)
    delete_conversation = method(DeleteConversation)
    export_conversation = method(ExportConversation)
    rate = method(RateTurn)
    status = method(GetStatus)
    files = method(ListFiles)
    view = method(ViewDocument)
    part = method(ReadPart)
    previews = method(ReadPreviews)
    people = method(FindPeople)
    why = method(ExplainFile)
    doctor = method(Examine)

    def listening(
        self,
        *,
        on_progress: Callable[[Progress], None] = lambda _: None,
        on_event: Callable[[AnswerEvent], None] = lambda _: None,
        on_transfer: Callable[[Transfer], None] = lambda _: None,
        stop: threading.Event = NEVER,
    ) -> EngineApi:
        """The same calls, heard by these functions while they are performed, and ended early by ``stop``."""
        return _Listening(self, CallListener(on_progress, on_event, on_transfer, stop))


class _Listening(EngineApi):
    def __init__(self, performer: Performer, listener: CallListener) -> None:
        self._performer, self._listener = performer, listener

    def perform(self, call: Call[Reply], listener: CallListener | None = None) -> Reply:
        return self._performer.perform(call, listener or self._listener)
