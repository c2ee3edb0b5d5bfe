"""Pictures inside documents that are no PDF: office files, books and web pages."""

from __future__ import annotations

import base64
import binascii
import posixpath
from collections.abc import Iterator
from hashlib import blake2b
from typing import TYPE_CHECKING
from urllib.parse import unquote, unquote_to_bytes, urldefrag

from desktop_rag.errors import Damaged, FileProblem, Unsupported
from desktop_rag.messages import say
from desktop_rag.parsing.archive import Archive
from desktop_rag.parsing.media.picture_files import GET_A_FRESH_COPY, read_picture
from desktop_rag.parsing.source import Source, over_cap
from desktop_rag.parsing.xml_values import attribute
from desktop_rag.types import Locator, Problem, Segment

if TYPE_CHECKING:
    from lxml.etree import _Element

_LEAST_BYTES = 1024
_LEAST_SIDE = 100
"""Pixels; what is smaller is a logo, a bullet or a line."""
_NOT_DRAWN = (".emf", ".wmf", ".emz", ".wmz", ".svg", ".pict", ".eps")
"""Drawings that are not shown; most are charts, whose words are read, or stand beside the same as pixels."""
_NO_DESCRIPTION = ("image", "picture", "bild", "grafik", "img", "screenshot", "photo")


class InnerPictures:
    """Makes segments of the pictures of one document, each once; those in parts of the file are read from its
    ``archive``."""

    def __init__(self, source: Source, archive: Archive | None = None) -> None:
        self._name = source.name
        self._archive = archive
        self._most = source.limits.attachments
        self._given = 0
        self._left_out = False
        self._damaged = 0
        self._parts: set[str] = set()
        self._seen: set[bytes] = set()

    def part(self, name: str, text: str, place: Locator) -> Iterator[Segment]:
        """The picture in a part of the file, described by ``text``; nothing when it was given before, is tiny, or
        cannot be shown."""
        if name in self._parts or name.lower().endswith(_NOT_DRAWN):
            return
        self._parts.add(name)
        assert self._archive is not None
        try:
            data = self._archive.read(name)
        except Damaged:
            self._damaged += 1
            return
        yield from self.data(data, name, text, place)

    def data(self, data: bytes, name: str, text: str, place: Locator) -> Iterator[Segment]:
        """The same for the bytes of a picture."""
        digest = blake2b(data, digest_size=16).digest()
        if len(data) < _LEAST_BYTES or digest in self._seen:
            return
        self._seen.add(digest)
        if self._given >= self._most:
            self._left_out = True
            return
        try:
            picture = read_picture(data, posixpath.basename(name))
        except Unsupported:
            return
        except FileProblem:
            self._damaged += 1
            return
        if min(picture.width, picture.height) >= _LEAST_SIDE:
            self._given += 1
            yield Segment(_described(text), place, role="picture", form="picture", image=picture.image)

    def problems(self) -> Iterator[Problem]:
        """What was left out."""
        if self._left_out:
            yield over_cap(say("parsing.only-first-pictures-read", most=self._most))
        if self._damaged:
            message = say("parsing.pictures-cannot-be-shown", count=self._damaged, name=self._name)
            yield Problem("damaged", message, GET_A_FRESH_COPY)


def framed_pictures(node: _Element) -> Iterator[tuple[str, str]]:
    """Part name and description of each picture of an OpenDocument file; the names are as the document gives them."""
    for found in node.iter("{*}image"):
        name = unquote(attribute(found, "href")).removeprefix("./")
        frame = found.getparent()
        if name and ":" not in name and frame is not None:
            yield name, frame.findtext("{*}desc") or frame.findtext("{*}title") or ""


def linked_pictures(root: _Element, page: str) -> Iterator[tuple[str, str]]:
    """The same for a page of a book: names of the parts, from the page's own."""
    for found in root.iter("{*}img", "{*}image", "img", "image"):
        address = urldefrag(attribute(found, "src") or attribute(found, "href")).url
        if address and ":" not in address:
            name = posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(address)))
            yield name, attribute(found, "alt") or attribute(found, "title")


def data_pictures(root: _Element) -> Iterator[tuple[bytes, str]]:
    """Bytes and description of the pictures that a web page holds in itself (RFC 2397)."""
    for found in root.iter("img"):
        head, comma, body = (found.get("src") or "").partition(",")
        head = head.strip().lower()
        if not comma or not head.startswith("data:image/") or "svg" in head:
            continue
        data = unquote_to_bytes(body)
        if head.endswith(";base64"):
            try:
                data = base64.b64decode(data)
            except (binascii.Error, ValueError):
                continue
        yield data, found.get("alt") or found.get("title") or ""


def _described(text: str) -> str:
    """A description on one line, without what programs write there (the file's name, "Picture 3")."""
    line = " ".join(text.split())
    bare = line.casefold().rstrip("0123456789 ")
    is_name = " " not in line and line.casefold().endswith((".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff"))
    return "" if is_name or bare in _NO_DESCRIPTION else line
