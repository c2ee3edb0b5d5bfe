"""EPUB books."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import unquote, urldefrag

from msgspec.structs import replace

from desktop_rag.errors import Damaged, Encrypted
from desktop_rag.messages import say
from desktop_rag.parsing.archive import GET_A_FRESH_COPY, Archive, open_archive
from desktop_rag.parsing.media.embedded_pictures import InnerPictures, linked_pictures
from desktop_rag.parsing.source import Source, over_cap
from desktop_rag.parsing.web.html import html_segments, page_text, page_tree
from desktop_rag.parsing.xml_values import attribute, local, moment
from desktop_rag.types import Metadata, Page, ParseItem, Problem

if TYPE_CHECKING:
    from lxml.etree import _Element

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_PAGES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document")
_FONT_OBFUSCATION = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
"""Algorithms that hide fonts only: the text is open."""


def parse_epub(source: Source) -> Iterator[ParseItem]:
    """Chapter by chapter (the files of the book's spine, in order), by the headings inside them, and after each the
    pictures in it."""
    with open_archive(source) as archive:
        package_name = _package_name(archive)
        package = archive.xml(package_name)
        yield _metadata(package)
        chapters = _spine(package, posixpath.dirname(package_name))
        locked = _locked(archive)
        if locked & set(chapters):
            raise Encrypted(
                say("parsing.copy-protected-drm", name=source.name),
                say("parsing.can-only-opened-program-bought"),
            )
        pictures = InnerPictures(source, archive)
        for number, name in enumerate(chapters[: source.limits.pages], 1):
            try:
                data = archive.read(name)
            except Damaged as error:
                yield error.as_problem()
                continue
            place = Page(number, label="chapter")
            for segment in html_segments(data, boilerplate=False):
                yield replace(segment, locator=place)
            tree = page_tree(page_text(data)) if b"<im" in data else None
            for inner, text in linked_pictures(tree, name) if tree is not None else ():
                yield from pictures.part(inner, text, place)
        if len(chapters) > source.limits.pages:
            yield over_cap(say("parsing.only-first-chapters-read", pages=source.limits.pages, count=len(chapters)))
        yield from pictures.problems()
        if archive.mended:
            yield Problem(
                "damaged", say("parsing.parts-damaged-much-possible-read", name=source.name), GET_A_FRESH_COPY
            )


def _package_name(archive: Archive) -> str:
    """The name of the file that lists what the book is made of."""
    if _CONTAINER in archive:
        for node in archive.xml(_CONTAINER).iter("{*}rootfile"):
            name = unquote(node.get("full-path", ""))
            if name in archive:
                return name
    name = next((name for name in archive.names if name.lower().endswith(".opf")), "")
    if not name:
        raise Damaged(say("parsing.damaged-list-contents-missing", name=archive.name), GET_A_FRESH_COPY)
    return name


def _metadata(package: _Element) -> Metadata:
    values: dict[str, str] = {}
    authors: list[str] = []
    subjects: list[str] = []
    metadata = package.find("{*}metadata")
    for node in metadata.iter("{*}*") if metadata is not None else ():
        text = " ".join("".join(str(part) for part in node.itertext()).split())
        if text and local(node) == "creator":
            authors.append(text)
        elif text and local(node) == "subject":
            subjects.append(text)
        elif text:
            values.setdefault(local(node), text)
    date = values.get("date", "")
    return Metadata(
        kind="book",
        title=values.get("title", ""),
        author=", ".join(authors),
        created=moment(date) or moment(f"{date}-01") or moment(f"{date}-01-01"),
        language=values.get("language", ""),
        tags=tuple(subjects),
    )


def _spine(package: _Element, folder: str) -> list[str]:
    """Names of the chapters' files in reading order; those that the spine leaves out are no text of the book."""
    files = {}
    for item in package.iterfind("{*}manifest/{*}item"):
        if item.get("media-type", "").lower() in _PAGES and "nav" not in item.get("properties", "").split():
            name = posixpath.normpath(posixpath.join(folder, unquote(urldefrag(item.get("href", "")).url)))
            files[item.get("id", "")] = name
    order = [item.get("idref", "") for item in package.iterfind("{*}spine/{*}itemref")]
    return [files[key] for key in order if key in files] or list(files.values())


def _locked(archive: Archive) -> set[str]:
    """Names of the members that are encrypted, fonts aside."""
    if _ENCRYPTION not in archive:
        return set()
    found = set()
    for node in archive.xml(_ENCRYPTION).iter("{*}EncryptedData"):
        method = node.find("{*}EncryptionMethod")
        reference = node.find("{*}CipherData/{*}CipherReference")
        if reference is not None and (method is None or attribute(method, "Algorithm") not in _FONT_OBFUSCATION):
            found.add(unquote(reference.get("URI", "")))
    return found
