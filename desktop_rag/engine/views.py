"""What the engine shows of the files that it has read: lists of them, documents to read, and what is inside."""

from __future__ import annotations

from msgspec import Struct

from desktop_rag.types import Chunk, Document, File, Locator


class FileList(Struct, frozen=True):
    """A page of a list of files, by path. ``total`` are the files of the whole list."""

    files: tuple[File, ...]
    total: int


class ThreadMail(Struct, frozen=True):
    """A message of a conversation by mail: ``locator`` says where in the file at ``path`` it is."""

    document: Document
    path: str
    locator: Locator
    passages: tuple[Chunk, ...]


class DocumentView(Struct, frozen=True):
    """A document to read. All locators are complete from the file at ``path`` inwards."""

    path: str
    document: Document
    parent: Document | None
    """What ``document`` is inside of."""
    passages: tuple[Chunk, ...]
    """In order, around the one that was asked for."""
    before: int
    after: int
    """How many passages of the document come before and after these."""
    attachments: tuple[Document, ...]
    """The documents inside this one."""
    thread: tuple[ThreadMail, ...]
    """Of a mail: all messages of its thread, this one among them, the oldest first."""


class FilePart(Struct, frozen=True):
    """The bytes of what is inside a file: an attachment, a picture, the body of a message."""

    name: str
    mime: str
    data: bytes
