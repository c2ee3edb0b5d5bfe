"""The events of one parsed file -> drafts of its documents, each with its passages and their context."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from desktop_rag.indexing.chunking import ChunkDraft, Tokenizer, context_of, passages
from desktop_rag.parsing.stream import (
    FILE,
    DocumentEnd,
    DocumentMetadata,
    DocumentProblem,
    DocumentSegment,
    DocumentStart,
    Event,
    FileStart,
)
from desktop_rag.places import day
from desktop_rag.types import FileState, Locator, Metadata, Problem, Segment

PART_PASSAGES = 512
"""A mailbox is handed on in parts of about this many passages, so that its size does not show in memory."""


class DocumentDraft(Struct):
    """A document of the file, ready to be embedded. ``contexts`` has one line for each passage."""

    number: int
    parent: int | None
    name: str
    kind: str
    mime: str
    locator: Locator | None
    metadata: Metadata
    state: FileState = FileState.PENDING
    problem: Problem | None = None
    passages: list[ChunkDraft] = []
    contexts: list[str] = []
    seen_by: str | None = None
    heard_by: str | None = None


class AssembledPart(Struct):
    """Some documents of one file; its own comes first in each part. ``last`` closes the file."""

    documents: list[DocumentDraft]
    last: bool
    sha256: str
    size: int


def assemble(events: Iterable[Event], tokenizer: Tokenizer) -> Iterator[AssembledPart]:
    """Follow the events of one file. An unreadable file gives one part without a hash."""
    open_documents: dict[int, tuple[DocumentDraft, list[Segment]]] = {}
    closed: list[DocumentDraft] = []
    waiting = 0
    sha256, size = "", 0
    for event in events:
        if isinstance(event, FileStart):
            sha256, size = event.sha256, event.size
        elif isinstance(event, DocumentStart):
            draft = DocumentDraft(
                event.document, event.parent, event.name, event.kind, event.mime, event.locator, Metadata()
            )
            open_documents[event.document] = (draft, [])
        elif isinstance(event, DocumentMetadata):
            open_documents[event.document][0].metadata = event.metadata
        elif isinstance(event, DocumentSegment):
            open_documents[event.document][1].append(event.segment)
        elif isinstance(event, DocumentProblem):
            draft = open_documents[event.document][0]
            draft.problem = draft.problem or event.problem
        elif isinstance(event, DocumentEnd):
            draft, segments = open_documents.pop(event.document)
            draft.state, draft.problem = event.state, draft.problem or event.problem
            parent = open_documents[draft.parent][0] if draft.parent is not None else None
            _cut(draft, segments, parent, tokenizer)
            if draft.number == FILE:
                yield AssembledPart([draft, *_in_order(closed)], True, sha256, size)
                return
            closed.append(draft)
            waiting += len(draft.passages)
            if draft.parent == FILE and waiting >= PART_PASSAGES:
                yield AssembledPart([open_documents[FILE][0], *_in_order(closed)], False, sha256, size)
                closed, waiting = [], 0


def _in_order(drafts: list[DocumentDraft]) -> list[DocumentDraft]:
    """Parents before what is inside them."""
    return sorted(drafts, key=lambda draft: draft.number)


def _cut(draft: DocumentDraft, segments: list[Segment], parent: DocumentDraft | None, tokenizer: Tokenizer) -> None:
    draft.passages = list(passages(segments, tokenizer))
    lines: dict[tuple[tuple[str, ...], str], str] = {}
    outer = _outer(draft, parent)
    for passage in draft.passages:
        key = (passage.headings, passage.context)
        if key not in lines:
            lines[key] = context_of(draft.metadata.title, [*outer, *passage.headings, passage.context], tokenizer)
        draft.contexts.append(lines[key])


def _outer(draft: DocumentDraft, parent: DocumentDraft | None) -> list[str]:
    """What stands between a document's title and its headings: for mail who sent it and when, for an attachment the
    mail it came with."""
    mail = draft.metadata.mail
    if mail is not None:
        return [
            ", ".join(filter(None, (f"from {mail.sender}" if str(mail.sender) else "", day(draft.metadata.created))))
        ]
    if parent is not None and parent.metadata.mail is not None:
        return [f"attached to {parent.metadata.title}", *_outer(parent, None)]
    return []
